use quiesce_machine::{Observation, View};

use super::{engine, promised, store};
use crate::monitor::Property;
use crate::volume::{Body, EngineId, Fact, Key, Node, Object, Replica, Role, Status};

/// S8: a volume's replicas are on different nodes, on nodes it allows, and no pool promises more than it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Placement {
    judged: bool,
}

impl Property<Node> for Placement {
    const NAME: &'static str = "placement";
    const CLAIM: &'static str = "replicas of a volume are on different allowed nodes, and no pool is overcommitted";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Observation::Fact { by, fact } = *seen else { return Ok(()) };
        if let &Fact::Stored { key, status: Some(Status::Creating), .. } = fact {
            return written(key, view);
        }
        let &Fact::Made { object, .. } = fact else { return Ok(()) };
        let (Key::Replica(uuid), Role::Engine(id)) = (object.key, view.config().cluster.role(by)) else { return Ok(()) };
        let Some(replica) = engine(view, id).and_then(|engine| engine.objects().replica(uuid)) else { return Ok(()) };
        self.judged = true;
        judge(id, object.key, *replica.1, view)
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

/// Whether the pool of a replica that is written down has promised no more than it has.
fn written(key: Key, view: &dyn View<Node>) -> Result<(), String> {
    let Some(store) = store(view) else { return Ok(()) };
    let Some(&Body::Replica { pool, .. }) = store.spec(key).map(|spec| &spec.body) else { return Ok(()) };
    let Some(&Body::Pool { size, .. }) = store.spec(Key::Pool(pool)).map(|spec| &spec.body) else { return Ok(()) };
    let promised = promised(store, pool);
    if promised > u32::from(size) {
        return Err(format!("pool {} of size {size} is promised to replicas of {promised}, {key} the last", pool.0));
    }
    Ok(())
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
        spec.is_some_and(|spec| spec.status < Status::Deleting)
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
    use crate::volume::spec::{NodeSet, VolumeWant};

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
    fn a_pool_that_is_promised_to_more_than_it_holds_is_bad() {
        let written = |still: &Still, number: u16| {
            let fact = Fact::Stored { key: replica(number), birth: birth(number), status: Some(Status::Creating) };
            still.tell(&mut Placement::default(), &[(Role::Store, fact)])
        };
        let mut still = Still::whole();
        for number in 4..7 {
            still.put(replica(number), Some(spec(number, replica_body(E2))));
        }
        assert_eq!(written(&still, 6), Ok(()), "the pool is full");
        still.put(replica(7), Some(spec(7, replica_body(E2))));
        let evidence = written(&still, 7).unwrap_err();
        assert_eq!(evidence, "pool 1 of size 4 is promised to replicas of 5, replica 1.7 the last");
    }

    #[test]
    fn a_replica_on_a_node_that_the_volume_does_not_allow_is_bad() {
        let mut still = Still::whole();
        let want = VolumeWant { allowed: NodeSet::of([E1]), ..WANT };
        still.put(Key::Volume(V1), Some(spec(1, Body::Volume { want, target: None })));
        assert!(verdict(&still, E2, 3).unwrap_err().ends_with("which the volume does not allow"));
    }
}
