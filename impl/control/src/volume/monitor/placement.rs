use quiesce_machine::{Observation, View};

use super::{engine, store};
use crate::monitor::Property;
use crate::volume::{EngineId, Fact, Key, Node, Object, Replica, Role};

/// S8: a volume's replicas are on different nodes, on nodes it allows, and no pool promises more than it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Placement {
    judged: bool,
}

impl Property<Node> for Placement {
    const NAME: &'static str = "placement";
    const CLAIM: &'static str = "replicas of a volume are on different allowed nodes, and no pool is overcommitted";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: &Fact::Made { object, .. } } = seen else { return Ok(()) };
        let (Key::Replica(uuid), Role::Engine(id)) = (object.key, view.config().cluster.role(by)) else { return Ok(()) };
        let Some(replica) = engine(view, id).and_then(|engine| engine.objects().replica(uuid)) else { return Ok(()) };
        self.judged = true;
        judge(id, object.key, *replica.1, view)
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

fn judge(id: EngineId, key: Key, made: Replica, view: &dyn View<Node>) -> Result<(), String> {
    let Some(engine) = engine(view, id) else { return Ok(()) };
    let objects = engine.objects();
    let pool = made.pool;
    if let Some((_, Object::Pool(size))) = objects.get(Key::Pool(pool))
        && objects.used(pool) > u32::from(*size)
    {
        return Err(format!("pool {} of size {size} on {id} holds replicas of {}", pool.0, objects.used(pool)));
    }
    let live = |key: Key| {
        let spec = store(view).and_then(|store| store.spec(key));
        spec.is_some_and(|spec| spec.status < crate::volume::Status::Deleting)
    };
    // One that comes late, when no spec speaks of it any more, is collected.
    let Some(owner) = made.owner.filter(|_| live(key)) else { return Ok(()) };
    let twin = objects.iter().find(|(instance, object)| {
        instance.key != key && matches!(object, Object::Replica(other) if other.owner == Some(owner))
    });
    if let Some((twin, _)) = twin.filter(|(twin, _)| live(twin.key)) {
        return Err(format!("{key} and {} of volume {} are both on {id}", twin.key, owner.volume.0));
    }
    let want = store(view).and_then(|store| store.spec(Key::Volume(owner.volume))).and_then(|spec| spec.volume());
    match want {
        Some((want, _)) if !want.allowed.allows(id) => {
            Err(format!("{key} of volume {} is on {id}, which the volume does not allow", owner.volume.0))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::volume::spec::{Body, NodeSet, VolumeWant};

    fn verdict(still: &Still, engine: EngineId, number: u16) -> Result<(), String> {
        let history = [(Role::Engine(engine), Fact::Made { object: made(replica(number), number), epoch: 1 })];
        let mut property = Placement::default();
        let verdict = still.tell(&mut property, &history);
        assert!(property.armed());
        verdict
    }

    #[test]
    fn replicas_on_different_nodes_with_room_are_good() {
        assert_eq!(verdict(&Still::whole(), E2, 3), Ok(()));
    }

    #[test]
    fn two_replicas_of_a_volume_on_one_node_are_bad() {
        let mut still = Still::whole();
        still.hold(E2, 4);
        still.put(replica(4), Some(spec(4, replica_body(E2))));
        let evidence = verdict(&still, E2, 4).unwrap_err();
        assert_eq!(evidence, "replica 1.4 and replica 1.3 of volume 1 are both on e2");
    }

    #[test]
    fn a_replica_on_a_node_that_the_volume_does_not_allow_is_bad() {
        let mut still = Still::whole();
        let want = VolumeWant { allowed: NodeSet::of([E1]), ..WANT };
        still.put(Key::Volume(V1), Some(spec(1, Body::Volume { want, target: None })));
        assert!(verdict(&still, E2, 3).unwrap_err().ends_with("which the volume does not allow"));
    }
}
