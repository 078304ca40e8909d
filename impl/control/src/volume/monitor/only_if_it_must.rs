use std::collections::BTreeMap;

use quiesce_machine::{CallId, NodeId, Observation, View};

use super::{leader, store, takers};
use crate::monitor::Property;
use crate::volume::agent::leader::Leader;
use crate::volume::id::VolumeId;
use crate::volume::{Body, EngineId, Fact, Key, Node, NodeSet, Reply, Request, Spec, Status, VolumeWant};

/// Seed 004: an operation that fails could not be met. A volume is refused for want of replicas only if too few nodes
/// could take one.
///
/// A node counts if it had room and was up and known to answer the whole time, nobody else placed a replica on it or
/// wanted it out of use, and it was not asked in vain to make one. Volumes that are to have a target from the start are not judged: the target may be what failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OnlyIfItMust {
    open: BTreeMap<(NodeId, u8, CallId), Create>,
    judged: bool,
}

/// A create under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Create {
    volume: VolumeId,
    want: VolumeWant,
    /// Nodes that could take a replica.
    able: NodeSet,
    /// Nodes that were to make one.
    tried: NodeSet,
    /// Nodes with one that is complete.
    made: NodeSet,
}

impl Property<Node> for OnlyIfItMust {
    const NAME: &'static str = "only-if-it-must";
    const CLAIM: &'static str = "a volume is refused for want of replicas only if too few nodes could take one";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Observation::Fact { by, fact } = *seen else { return Ok(()) };
        match *fact {
            Fact::Admitted { user, call, ref request } => {
                if let (Request::PutVolume { volume, want }, Some(leader)) = (request.as_ref(), leader(view))
                    && want.nexuses == 0
                {
                    let (able, none) = (able(view, leader, *want), NodeSet::default());
                    let create = Create { volume: *volume, want: *want, able, tried: none, made: none };
                    self.open.insert((by, user, call), create);
                }
                self.in_question(request, view);
            }
            Fact::Claimed { engine, .. } => self.open.values_mut().for_each(|create| remove(&mut create.able, engine)),
            Fact::Stored { key: key @ Key::Replica(_), status: Some(Status::Creating), .. } => self.placed(key, view),
            Fact::Stored { key: key @ Key::Replica(_), status: Some(Status::Created), .. } => self.made(key, view),
            Fact::Leads { .. } => self.open.clear(),
            Fact::Replied { user, call, reply, .. } => {
                if let Some(create) = self.open.remove(&(by, user, call)) {
                    self.judged = true;
                    return judge(create, reply, view);
                }
            }
            Fact::Asked { .. }
            | Fact::Answered { .. }
            | Fact::SteppedDown { .. }
            | Fact::Stored { .. }
            | Fact::Made { .. }
            | Fact::Destroyed { .. }
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

impl OnlyIfItMust {
    /// A replica was written down: one of a volume that is being created, or one that takes room from it.
    fn placed(&mut self, key: Key, view: &dyn View<Node>) {
        let Some((volume, node)) = place(key, view) else { return };
        for create in self.open.values_mut() {
            match volume == Some(create.volume) {
                true => create.tried.0 |= NodeSet::of([node]).0,
                false => remove(&mut create.able, node),
            }
        }
    }

    /// Somebody wants to take a pool or a node out of use: whether or not that comes to pass, nothing is placed there.
    fn in_question(&mut self, request: &Request, view: &dyn View<Node>) {
        let node = match request.key() {
            Some(Key::Node(node)) => Some(node),
            Some(key @ Key::Pool(_)) => store(view).and_then(|store| store.spec(key)).and_then(Spec::node),
            Some(Key::Replica(_) | Key::Nexus(_) | Key::Volume(_)) | None => None,
        };
        if let Some(node) = node {
            self.open.values_mut().for_each(|create| remove(&mut create.able, node));
        }
    }

    fn made(&mut self, key: Key, view: &dyn View<Node>) {
        let Some((Some(volume), node)) = place(key, view) else { return };
        for create in self.open.values_mut().filter(|create| create.volume == volume) {
            create.made.0 |= NodeSet::of([node]).0;
        }
    }
}

fn remove(set: &mut NodeSet, node: EngineId) {
    set.0 &= !NodeSet::of([node]).0;
}

/// The nodes that could take a replica, and that the leader knows to answer.
fn able(view: &dyn View<Node>, leader: &Leader, want: VolumeWant) -> NodeSet {
    let takers = takers(view, None, want);
    NodeSet::of(view.config().cluster.engines().filter(|&node| takers.has(node) && leader.is_online(node)))
}

/// Where a replica is to be, and of which volume it is.
fn place(key: Key, view: &dyn View<Node>) -> Option<(Option<VolumeId>, EngineId)> {
    let spec = store(view)?.spec(key)?;
    match spec.body {
        Body::Replica { node, owner, .. } => Some((owner.map(|owner| owner.volume), node)),
        Body::Node { .. } | Body::Pool { .. } | Body::Nexus { .. } | Body::Volume { .. } => None,
    }
}

fn judge(create: Create, reply: Reply, view: &dyn View<Node>) -> Result<(), String> {
    let for_want = [Reply::ResourceExhausted, Reply::ReplicaCreateNumber, Reply::Internal, Reply::Unavailable];
    let Some(leader) = leader(view).filter(|_| for_want.contains(&reply)) else { return Ok(()) };
    let failed = |node| create.tried.has(node) && !create.made.has(node);
    let able_still = able(view, leader, create.want);
    let able = |&node: &EngineId| create.able.has(node) && able_still.has(node) && !failed(node);
    let able = view.config().cluster.engines().filter(able).count();
    if able >= usize::from(create.want.replicas) {
        let (volume, wanted) = (create.volume.0, create.want.replicas);
        return Err(format!("volume {volume} is refused ({reply}): {able} nodes could have taken its {wanted} replicas"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use quiesce_machine::Incarnation;

    use super::super::testing::*;
    use super::*;
    use crate::volume::message::ToAgent;
    use crate::volume::{Birth, Objects, PoolId, Role};

    /// A leader that knows of a pool on each of two nodes that answer.
    fn led() -> Still {
        let mut still = Still::new();
        [E1, E2].into_iter().for_each(|node| still.pool(node, 4));
        let pool = |node: EngineId| {
            let spec = Spec::creating(Birth::default(), Body::Pool { node, size: 4 }).created();
            (Key::Pool(PoolId(node.0)), Arc::new(spec))
        };
        let specs = Arc::new(vec![pool(E1), pool(E2)]);
        still.deliver(Role::Store, A1, ToAgent::Granted { epoch: 2, life: Incarnation(0), revision: 0, specs, stale: Arc::default() });
        for engine in [E1, E2] {
            let objects = Arc::<Objects>::default();
            let listing = ToAgent::Listing { epoch: 2, life: Incarnation(1), changes: 0, objects };
            still.deliver(Role::Engine(engine), A1, listing);
        }
        still
    }

    #[test]
    fn a_refusal_while_enough_nodes_could_take_a_replica_is_bad() {
        let history = [admitted(0, put_volume()), replied(0, put_volume(), Reply::Internal)];
        let mut property = OnlyIfItMust::default();
        let evidence = led().tell(&mut property, &history).unwrap_err();
        assert_eq!(evidence, "volume 1 is refused (500 internal): 2 nodes could have taken its 2 replicas");
        assert!(property.armed());
    }

    #[test]
    fn a_refusal_is_good_if_a_node_failed_or_was_away_or_nothing_was_lacking() {
        let refused = replied(0, put_volume(), Reply::Internal);
        let away = (A1, Fact::Claimed { engine: E1, epoch: 2 });
        let history = [admitted(0, put_volume()), away, refused.clone()];
        assert_eq!(led().tell(&mut OnlyIfItMust::default(), &history), Ok(()));
        let other = replied(0, put_volume(), Reply::FailedPersist);
        assert_eq!(led().tell(&mut OnlyIfItMust::default(), &[admitted(0, put_volume()), other]), Ok(()));
        let mut still = led();
        still.put(replica(2), Some(spec(2, replica_body(E1))));
        let tried = Fact::Stored { key: replica(2), birth: birth(2), status: Some(Status::Creating) };
        let history = [admitted(0, put_volume()), (Role::Store, tried), refused];
        assert_eq!(still.tell(&mut OnlyIfItMust::default(), &history), Ok(()));
    }
}
