use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{NodeId, Observation, View};

use super::{engine, leader, leads, members, owner, shared_object, store};
use crate::monitor::Property;
use crate::volume::id::VolumeId;
use crate::volume::{Birth, Body, EngineId, Fact, Instance, Key, Node, NodeSet, Object, Owner, Request, Spec, Status, Uuid};

/// S9: what is acknowledged is so: what was put is there as asked for, what was deleted is gone.
///
/// A deletion may leave behind what is on a node that did not answer for a while, if that is on record as on its way out.
/// A nexus that was made may have gone with its process since. What no spec speaks of is no-orphan's to judge; and what a
/// deposed agent says was so when it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AckMeansMet {
    judged: bool,
    /// Nexuses that were made and not destroyed.
    nexuses: BTreeSet<Key>,
    /// Volumes being deleted: which life, and the nodes that did not answer at some time since.
    deletions: BTreeMap<VolumeId, (Birth, NodeSet)>,
}

impl Property<Node> for AckMeansMet {
    const NAME: &'static str = "ack-means-met";
    const CLAIM: &'static str = "what is put and acknowledged is there as asked for, and what is deleted is gone";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Observation::Fact { by, fact } = *seen else { return Ok(()) };
        if let Fact::Admitted { request, .. } = fact
            && let Request::DeleteVolume { volume } = **request
            && let Some(spec) = spec_of(Key::Volume(volume), view)
        {
            self.deletions.insert(volume, (spec.birth, NodeSet::default()));
        }
        self.note_silence(fact, view);
        match *fact {
            Fact::Made { object: Instance { key: key @ Key::Nexus(_), .. }, .. } => _ = self.nexuses.insert(key),
            Fact::Destroyed { object: Instance { key, .. }, .. } => _ = self.nexuses.remove(&key),
            Fact::Replied { ref request, reply, .. } if reply.is_success() => {
                return self.acknowledged(by, request, view);
            }
            Fact::Replied { .. }
            | Fact::Made { .. }
            | Fact::Asked { .. }
            | Fact::Answered { .. }
            | Fact::Admitted { .. }
            | Fact::Leads { .. }
            | Fact::Claimed { .. }
            | Fact::SteppedDown { .. }
            | Fact::Stored { .. }
            | Fact::ChildRemoved { .. }
            | Fact::Changed { .. }
            | Fact::Vouched { .. }
            | Fact::DiskFailed { .. }
            | Fact::Missed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl AckMeansMet {
    /// Takes note of the nodes that do not answer; one that is claimed did not until now.
    fn note_silence(&mut self, fact: &Fact, view: &dyn View<Node>) {
        if self.deletions.is_empty() {
            return;
        }
        let back = |id: EngineId| matches!(*fact, Fact::Claimed { engine, .. } if engine == id);
        let silent = |&id: &EngineId| back(id) || leader(view).is_none_or(|leader| !leader.is_online(id));
        let silent = NodeSet::of(view.config().cluster.engines().filter(silent));
        self.deletions.values_mut().for_each(|(_, nodes)| nodes.0 |= silent.0);
    }

    fn acknowledged(
        &mut self,
        by: NodeId,
        request: &Request,
        view: &dyn View<Node>,
    ) -> Result<(), String> {
        if !leads(view, by) {
            return Ok(());
        }
        self.judged = true;
        match *request {
            Request::PutPool { pool, size, .. } => has_size(Key::Pool(pool), size, view),
            Request::PutReplica { replica, size, .. } => has_size(Key::Replica(Uuid::Given(replica)), size, view),
            Request::PutNexus { nexus, .. } => self.was_made(Key::Nexus(Uuid::Given(nexus))),
            Request::PutVolume { volume, want } => {
                has_replicas(volume, want.replicas, view)?;
                if want.nexuses > 0 { self.is_published(volume, None, view) } else { Ok(()) }
            }
            Request::SetReplicas { volume, replicas } => has_replicas(volume, replicas, view),
            Request::Publish { volume, node } => self.is_published(volume, node, view),
            Request::Republish { volume } => self.is_published(volume, None, view),
            Request::Unpublish { volume, .. } => is_unpublished(volume, view),
            Request::DeleteVolume { volume } => {
                let Some((birth, silent)) = self.deletions.remove(&volume) else { return Ok(()) };
                is_gone(Owner { volume, birth }, silent, view)
            }
            Request::ShareReplica { replica, on } => is_offered(Key::Replica(Uuid::Given(replica)), on, view),
            Request::ShareVolume { volume, on } => is_offered(Key::Volume(volume), on, view),
            Request::DeletePool { .. } | Request::DeleteReplica { .. } | Request::DeleteNexus { .. } => {
                request.key().map_or(Ok(()), |key| has_no_spec(key, view))
            }
            Request::Cordon { node, on } => is_cordoned(node, on, view),
            Request::Drain { node } => is_cordoned(node, true, view),
            Request::Refuse { .. } | Request::Ail { .. } | Request::FailDisk { .. } | Request::MissWrite { .. } => Ok(()),
        }
    }

    fn was_made(&self, nexus: Key) -> Result<(), String> {
        let made = self.nexuses.contains(&nexus);
        if made { Ok(()) } else { Err(format!("{nexus} is acknowledged, and is not there")) }
    }

    fn is_published(&self, volume: VolumeId, node: Option<EngineId>, view: &dyn View<Node>) -> Result<(), String> {
        let key = Key::Volume(volume);
        let Some(store) = store(view) else { return Ok(()) };
        match store.spec(key).and_then(|spec| spec.volume()?.1) {
            Some(target) if node.is_some_and(|node| node != target.node) => {
                Err(format!("{key} is acknowledged as published, and its target is on {}", target.node))
            }
            Some(target) if self.nexuses.contains(&Key::Nexus(target.nexus)) => Ok(()),
            Some(_) => Err(format!("{key} is acknowledged as published, and its target is not there")),
            None => Err(format!("{key} is acknowledged as published, and is not")),
        }
    }
}

fn spec_of(key: Key, view: &dyn View<Node>) -> Option<&Spec> {
    store(view).and_then(|store| store.spec(key))
}

fn has_replicas(volume: VolumeId, wanted: u8, view: &dyn View<Node>) -> Result<(), String> {
    let key = Key::Volume(volume);
    let Some((store, spec)) = store(view).and_then(|store| Some((store, store.spec(key)?))) else { return Ok(()) };
    let Some(owner) = owner(key, spec) else { return Ok(()) };
    let missing = |(key, spec): &(Key, &Spec)| {
        let instance = Instance { key: *key, birth: spec.birth };
        spec.node().and_then(|node| engine(view, node)).is_some_and(|engine| !engine.objects().has(instance))
    };
    let found = members(store, owner).filter(|member| !missing(member)).count();
    if found < usize::from(wanted) {
        return Err(format!("{key} is acknowledged with {wanted} replicas, and has {found}"));
    }
    match spec.volume() {
        Some((want, _)) if want.replicas != wanted => {
            Err(format!("{key} is acknowledged with {wanted} replicas, and is to have {}", want.replicas))
        }
        Some(_) | None => Ok(()),
    }
}

fn has_size(key: Key, wanted: u8, view: &dyn View<Node>) -> Result<(), String> {
    let node = spec_of(key, view).and_then(Spec::node);
    let Some(engine) = node.and_then(|node| engine(view, node)) else { return Ok(()) };
    let size = match engine.objects().get(key) {
        Some((_, Object::Pool(size))) => *size,
        Some((_, Object::Replica(replica))) => replica.size,
        Some((_, Object::Nexus(..))) | None => return Err(format!("{key} is acknowledged, and is not there")),
    };
    if size == wanted { Ok(()) } else { Err(format!("{key} is acknowledged with size {wanted}, and has size {size}")) }
}

fn has_no_spec(key: Key, view: &dyn View<Node>) -> Result<(), String> {
    match spec_of(key, view) {
        Some(_) => Err(format!("{key} is acknowledged as deleted, and is on record")),
        None => Ok(()),
    }
}

/// On record and, while its node is up, there.
fn is_offered(key: Key, on: bool, view: &dyn View<Node>) -> Result<(), String> {
    let Some(spec) = spec_of(key, view) else { return Ok(()) };
    let is = match shared_object(view, key, spec) {
        Some(object) => spec.is_shared() == Some(on) && object.is_shared() == Some(on),
        None => spec.is_shared() == Some(on),
    };
    if is { Ok(()) } else { Err(format!("{key} is acknowledged as {}, and is not", if on { "shared" } else { "unshared" })) }
}

fn is_cordoned(node: EngineId, on: bool, view: &dyn View<Node>) -> Result<(), String> {
    let key = Key::Node(node);
    let is = matches!(spec_of(key, view).map(|spec| &spec.body), Some(Body::Node { cordoned: true, .. }));
    if store(view).is_none() || is == on {
        return Ok(());
    }
    Err(format!("{key} is acknowledged as {}, and is not", if on { "cordoned" } else { "free" }))
}

fn is_unpublished(volume: VolumeId, view: &dyn View<Node>) -> Result<(), String> {
    let key = Key::Volume(volume);
    let Some((store, spec)) = store(view).and_then(|store| Some((store, store.spec(key)?))) else { return Ok(()) };
    let serves = |(key, part): &(Key, &Spec)| {
        matches!(key, Key::Nexus(_)) && part.owner() == owner(Key::Volume(volume), spec) && part.status != Status::Deleting
    };
    if spec.volume().is_some_and(|(_, target)| target.is_some()) || store.specs().any(|part| serves(&part)) {
        return Err(format!("{key} is acknowledged as unpublished, and has a target"));
    }
    Ok(())
}

fn is_gone(life: Owner, silent: NodeSet, view: &dyn View<Node>) -> Result<(), String> {
    let Some(store) = store(view) else { return Ok(()) };
    let key = Key::Volume(life.volume);
    if store.spec(key).is_some_and(|spec| spec.birth == life.birth) {
        return Err(format!("{key} is acknowledged as deleted, and is on record"));
    }
    let excused = |spec: &Spec| spec.status == Status::Deleting && spec.node().is_some_and(|node| silent.has(node));
    let left = store.specs().find(|(_, spec)| spec.owner() == Some(life) && !excused(spec));
    match left {
        Some((part, _)) => Err(format!("{key} is acknowledged as deleted, and {part} is still on record")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::volume::{PoolId, Reply};

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
    fn a_deleted_volume_of_which_a_replica_is_on_record_is_bad_unless_its_node_was_silent() {
        let mut still = Still::whole();
        let delete = || Request::DeleteVolume { volume: V1 };
        let mut property = AckMeansMet::default();
        still.tell(&mut property, &[admitted(0, delete())]).unwrap();
        let answered = [replied(0, delete(), Reply::NoContent)];
        let verdict = |still: &Still| still.tell(&mut property.clone(), &answered);
        assert_eq!(verdict(&still).unwrap_err(), "volume 1 is acknowledged as deleted, and is on record");
        still.put(Key::Volume(V1), None);
        let evidence = verdict(&still).unwrap_err();
        assert_eq!(evidence, "volume 1 is acknowledged as deleted, and replica 1.2 is still on record");
        still.put(replica(2), None);
        still.put(replica(3), Some(spec(3, replica_body(E2)).deleting()));
        assert_eq!(verdict(&still), Ok(()), "no node answers this leader");
    }

    #[test]
    fn what_was_put_has_to_be_there_as_asked_for() {
        let still = Still::whole();
        let pool = |size| Request::PutPool { pool: PoolId(0), node: E1, size };
        assert_eq!(verdict(&still, pool(4), Reply::Ok), Ok(()));
        let evidence = verdict(&still, pool(5), Reply::Ok).unwrap_err();
        assert_eq!(evidence, "pool 0 is acknowledged with size 5, and has size 4");
        let nexus = Request::PutNexus { nexus: 1, node: E1, children: vec![1] };
        assert_eq!(verdict(&still, nexus, Reply::Ok).unwrap_err(), "nexus 1 is acknowledged, and is not there");
        let gone = Request::DeletePool { pool: PoolId(0) };
        let evidence = verdict(&still, gone, Reply::NoContent).unwrap_err();
        assert_eq!(evidence, "pool 0 is acknowledged as deleted, and is on record");
        let cordon = Request::Cordon { node: E1, on: true };
        assert_eq!(verdict(&still, cordon, Reply::Ok).unwrap_err(), "node e1 is acknowledged as cordoned, and is not");
        let fewer = Request::SetReplicas { volume: V1, replicas: 1 };
        let evidence = verdict(&still, fewer, Reply::Ok).unwrap_err();
        assert_eq!(evidence, "volume 1 is acknowledged with 1 replicas, and is to have 2");
    }

    #[test]
    fn an_unpublished_volume_has_no_target_on_record() {
        let mut still = Still::whole();
        let unpublish = || Request::Unpublish { volume: V1, force: false };
        assert_eq!(verdict(&still, unpublish(), Reply::Ok), Ok(()));
        still.put(nexus(4), Some(spec(4, Body::Nexus { node: E1, owner: Some(OWNER), children: Vec::new() })));
        let evidence = verdict(&still, unpublish(), Reply::Ok).unwrap_err();
        assert_eq!(evidence, "volume 1 is acknowledged as unpublished, and has a target");
    }

    #[test]
    fn a_volume_without_a_target_is_not_published() {
        let publish = Request::Publish { volume: V1, node: None };
        assert!(verdict(&Still::whole(), publish, Reply::Ok).is_err());
    }
}
