use std::collections::BTreeSet;

use quiesce_machine::{Observation, View};

use super::{engine, engines, leader, members, owner, store};
use crate::monitor::Property;
use crate::volume::id::VolumeId;
use crate::volume::{Fact, Instance, Key, Node, Object, Reply, Request, Status, Uuid};

/// S9: what is acknowledged is so: what was put is there as asked for, what was deleted is gone.
///
/// A deletion may leave behind what is on a node that does not answer, if that is on record as on its way out. What no
/// spec speaks of is no-orphan's to judge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AckMeansMet {
    judged: bool,
    /// Nexuses that were made; one may have gone with its process since.
    nexuses: BTreeSet<Key>,
}

impl Property<Node> for AckMeansMet {
    const NAME: &'static str = "ack-means-met";
    const CLAIM: &'static str = "what is put and acknowledged is there as asked for, and what is deleted is gone";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        if let Observation::Fact { fact: &Fact::Made { object: Instance { key: key @ Key::Nexus(_), .. }, .. }, .. } = *seen {
            self.nexuses.insert(key);
        }
        let Observation::Fact { fact: Fact::Replied { request, reply, .. }, .. } = seen else { return Ok(()) };
        if !reply.is_success() {
            return Ok(());
        }
        self.judged = true;
        match **request {
            Request::PutVolume { volume, want } => has_replicas(volume, want.replicas, view),
            Request::SetReplicas { volume, replicas } => has_replicas(volume, replicas, view),
            Request::PutReplica { replica, size, .. } => has_size(Uuid::Given(replica), size, view),
            Request::Publish { volume, .. } => self.is_published(volume, view),
            Request::DeleteVolume { volume } if *reply == Reply::NoContent => is_gone(volume, view),
            Request::PutPool { .. } | Request::DeletePool { .. } | Request::DeleteReplica { .. } | Request::PutNexus { .. } | Request::DeleteNexus { .. } | Request::DeleteVolume { .. } | Request::Unpublish { .. } | Request::Republish { .. } | Request::Cordon { .. } | Request::Drain { .. } | Request::Refuse { .. } | Request::Ail { .. } | Request::FailDisk { .. } => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl AckMeansMet {
    fn is_published(&self, volume: VolumeId, view: &dyn View<Node>) -> Result<(), String> {
        let key = Key::Volume(volume);
        let Some(store) = store(view) else { return Ok(()) };
        match store.spec(key).and_then(|spec| spec.volume()?.1) {
            Some(target) if self.nexuses.contains(&Key::Nexus(target.nexus)) => Ok(()),
            Some(_) => Err(format!("{key} is acknowledged as published, and its target was never made")),
            None => Err(format!("{key} is acknowledged as published, and is not")),
        }
    }
}

fn has_replicas(volume: VolumeId, wanted: u8, view: &dyn View<Node>) -> Result<(), String> {
    let key = Key::Volume(volume);
    let Some((store, spec)) = store(view).and_then(|store| Some((store, store.spec(key)?))) else { return Ok(()) };
    let Some(owner) = owner(key, spec) else { return Ok(()) };
    let missing = |(key, spec): &(Key, &crate::volume::Spec)| {
        let instance = Instance { key: *key, birth: spec.birth };
        spec.node().and_then(|node| engine(view, node)).is_some_and(|engine| !engine.objects().has(instance))
    };
    let found = members(store, owner).filter(|member| !missing(member)).count();
    if found < usize::from(wanted) {
        return Err(format!("{key} is acknowledged with {wanted} replicas, and has {found}"));
    }
    Ok(())
}

fn has_size(uuid: Uuid, wanted: u8, view: &dyn View<Node>) -> Result<(), String> {
    let key = Key::Replica(uuid);
    let node = store(view).and_then(|store| store.spec(key)).and_then(|spec| spec.node());
    let Some(engine) = node.and_then(|node| engine(view, node)) else { return Ok(()) };
    match engine.objects().replica(uuid) {
        Some((_, replica)) if replica.size == wanted => Ok(()),
        Some((_, replica)) => Err(format!("{key} is acknowledged with size {wanted}, and has size {}", replica.size)),
        None => Err(format!("{key} is acknowledged, and is not there")),
    }
}

fn is_gone(volume: VolumeId, view: &dyn View<Node>) -> Result<(), String> {
    let key = Key::Volume(volume);
    let live = store(view).and_then(|store| store.spec(key)).map(|spec| spec.birth);
    let online = |id| leader(view).is_none_or(|leader| leader.is_online(id));
    let stays = |instance: Instance| {
        let spec = store(view).and_then(|store| store.spec(instance.key));
        spec.is_some_and(|spec| spec.birth == instance.birth && spec.status != Status::Deleting)
    };
    for (id, engine) in engines(view).filter(|&(id, _)| online(id)) {
        let left = engine.objects().iter().find(|(instance, object)| match object {
            Object::Replica(replica) => {
                replica.owner.is_some_and(|o| o.volume == volume && Some(o.birth) != live) && stays(*instance)
            }
            Object::Nexus(..) | Object::Pool(_) => false,
        });
        if let Some((instance, _)) = left {
            return Err(format!("{key} is acknowledged as deleted, and {instance} is still on {id}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn verdict(still: &Still, request: Request, reply: Reply) -> Result<(), String> {
        let mut property = AckMeansMet::default();
        let verdict = still.tell(&mut property, &[replied(0, request, reply)]);
        assert_eq!(property.armed(), reply.is_success());
        verdict
    }

    #[test]
    fn a_volume_with_every_replica_is_good_and_one_that_lacks_one_is_bad() {
        let mut still = Still::whole();
        assert_eq!(verdict(&still, put_volume(), Reply::Ok), Ok(()));
        still.call(E1, crate::volume::EngineOp::Destroy(made(replica(2), 2)));
        assert_eq!(
            verdict(&still, put_volume(), Reply::Ok),
            Err("volume 1 is acknowledged with 2 replicas, and has 1".to_owned())
        );
        assert_eq!(verdict(&still, put_volume(), Reply::Internal), Ok(()));
    }

    #[test]
    fn a_deleted_volume_of_which_a_replica_remains_is_bad() {
        let mut still = Still::whole();
        still.put(Key::Volume(V1), None);
        let delete = Request::DeleteVolume { volume: V1 };
        assert_eq!(
            verdict(&still, delete.clone(), Reply::NoContent),
            Err("volume 1 is acknowledged as deleted, and replica 1.2 (born 1.2) is still on e1".to_owned())
        );
        for (engine, number) in [(E1, 2), (E2, 3)] {
            still.call(engine, crate::volume::EngineOp::Destroy(made(replica(number), number)));
        }
        assert_eq!(verdict(&still, delete, Reply::NoContent), Ok(()));
    }

    #[test]
    fn a_volume_without_a_target_is_not_published() {
        let publish = Request::Publish { volume: V1, node: None };
        assert!(verdict(&Still::whole(), publish, Reply::Ok).is_err());
    }
}
