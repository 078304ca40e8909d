use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{CallId, NodeId, Observation, View};

use super::{is_stale, members, owner, serves, store};
use crate::monitor::Property;
use crate::volume::id::Key;
use crate::volume::spec::Status;
use crate::volume::{Fact, Instance, Node, Reply, Request};

/// S1: nothing that a user was promised is destroyed unless somebody asked for it.
///
/// Promised are pools, replicas, nexuses and volumes that were acknowledged, and a volume's target. A replica may leave
/// its volume, which is when it is on record as on its way out, as long as another one is there and healthy, or was when
/// its engine was asked for that; or if its own disk failed, or it missed writes. A request stands until it is answered,
/// and beyond if the answer leaves open what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoLiveDestroy {
    promised: BTreeSet<Key>,
    /// Requests that take something away.
    standing: BTreeMap<Key, Requests>,
    /// Replicas that make up a volume: others have nothing to lose.
    complete: BTreeSet<Key>,
    /// Replicas whose disk failed: nothing is lost with them.
    failed: BTreeSet<Key>,
    /// Replicas that an engine vouched for since one left their volume.
    vouched: BTreeSet<Key>,
}

/// What each request about a resource takes away, and how far it has come.
type Requests = BTreeMap<(NodeId, CallId), (Takes, Standing)>;

/// What a request takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Takes {
    /// The resource.
    All,
    /// A volume's target.
    Target,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Standing {
    /// Not answered; one leader knows of it.
    Open,
    /// Not answered; a former leader may have begun it.
    Inherited,
    /// Answered, and what became of it is open, or it was done.
    Closed,
}

impl Property<Node> for NoLiveDestroy {
    const NAME: &'static str = "no-live-destroy";
    const CLAIM: &'static str = "nothing that a user was promised is destroyed unless somebody asked for it";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Observation::Fact { by, fact } = *seen else { return Ok(()) };
        match fact {
            Fact::Asked { call, request } => {
                if let Some((key, takes)) = takes_away(request) {
                    self.standing.entry(key).or_default().insert((by, *call), (takes, Standing::Open));
                }
            }
            Fact::Answered { call, request, reply } => self.answered(by, *call, request, *reply),
            Fact::Replied { request, reply, .. } => self.replied(request, *reply),
            Fact::Stored { key: key @ Key::Replica(_), status: Some(Status::Deleting), birth } => {
                let judged = self.leaves(Instance { key: *key, birth: *birth }, view);
                self.use_up_vouchers(*key, view);
                self.complete.remove(key);
                if self.is_promised(*key, Takes::All) {
                    return Err(format!("{key} is on its way out, and nobody asks for that"));
                }
                self.promised.remove(key);
                return judged;
            }
            Fact::Stored { key, status: None | Some(Status::Deleting), .. } => {
                if self.is_promised(*key, Takes::All) {
                    return Err(format!("{key} is on its way out, and nobody asks for that"));
                }
                self.promised.remove(key);
            }
            Fact::Stored { key: key @ Key::Replica(_), status: Some(Status::Created), .. } => {
                self.complete.insert(*key);
            }
            Fact::Leads { .. } => {
                for (_, standing) in self.standing.values_mut().flat_map(BTreeMap::values_mut) {
                    if *standing == Standing::Open {
                        *standing = Standing::Inherited;
                    }
                }
            }
            Fact::Destroyed { object, .. } => return self.destroyed(*object, view),
            Fact::DiskFailed { replica } => _ = self.failed.insert(*replica),
            Fact::Vouched { replica: object } | Fact::Changed { object, .. } => _ = self.vouched.insert(object.key),
            Fact::Stored { .. }
            | Fact::Admitted { .. }
            | Fact::Claimed { .. }
            | Fact::SteppedDown { .. }
            | Fact::Made { .. }
            | Fact::ChildRemoved { .. }
            | Fact::Missed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        !self.promised.is_empty() || !self.standing.is_empty()
    }
}

impl NoLiveDestroy {
    /// Whether a user was promised that resource, and nobody asks for that much of it to go.
    fn is_promised(&self, key: Key, what: Takes) -> bool {
        let asked = self.standing.get(&key).into_iter().flat_map(BTreeMap::values);
        let mut asked = asked.filter(|(takes, _)| *takes == Takes::All || *takes == what);
        self.promised.contains(&key) && asked.next().is_none()
    }

    fn answered(&mut self, by: NodeId, call: CallId, request: &Request, reply: Reply) {
        let Some((key, takes)) = takes_away(request) else { return };
        let standing = self.standing.entry(key).or_default();
        match standing.get(&(by, call)) {
            Some((_, Standing::Open)) if has_no_effect(reply) => _ = standing.remove(&(by, call)),
            Some(_) | None => _ = standing.insert((by, call), (takes, Standing::Closed)),
        }
    }

    /// What an agent acknowledges is promised, whether or not the user hears of it.
    fn replied(&mut self, request: &Request, reply: Reply) {
        if let (Some(key), true) = (request.key(), reply.is_success() && promises(request)) {
            self.standing.entry(key).or_default().retain(|_, (_, standing)| *standing != Standing::Closed);
            self.promised.insert(key);
        }
    }

    /// One voucher is good for one replica that goes.
    fn use_up_vouchers(&mut self, gone: Key, view: &dyn View<Node>) {
        let owner = |key| store(view).and_then(|store| store.spec(key)).and_then(|spec| spec.owner());
        if let Some(gone) = owner(gone) {
            self.vouched.retain(|&key| owner(key) != Some(gone));
        }
    }

    fn destroyed(&self, object: Instance, view: &dyn View<Node>) -> Result<(), String> {
        let Some(store) = store(view) else { return Ok(()) };
        let Some(spec) = store.spec(object.key).filter(|spec| spec.birth == object.birth) else { return Ok(()) };
        if self.is_promised(object.key, Takes::All) {
            return Err(format!("{object} is destroyed, and nobody asks for that"));
        }
        let Some(owned) = spec.owner() else { return Ok(()) };
        let key = Key::Volume(owned.volume);
        let Some(volume) = store.spec(key).filter(|spec| owner(key, spec) == Some(owned)) else { return Ok(()) };
        let target = volume.volume().and_then(|(_, target)| target).map(|target| Key::Nexus(target.nexus));
        if Some(object.key) == target && self.is_promised(key, Takes::Target) {
            return Err(format!("{object} is destroyed, the target of {key}, and nobody asks for that"));
        }
        if spec.status == Status::Deleting { Ok(()) } else { self.leaves(object, view) }
    }

    /// A replica leaves its volume: what becomes of it afterwards, and of the others, does not matter any more.
    fn leaves(&self, replica: Instance, view: &dyn View<Node>) -> Result<(), String> {
        let Some(store) = store(view) else { return Ok(()) };
        let Some(owned) = store.spec(replica.key).and_then(|spec| spec.owner()) else { return Ok(()) };
        let key = Key::Volume(owned.volume);
        let lives = store.spec(key).is_some_and(|spec| owner(key, spec) == Some(owned));
        let useless = self.failed.contains(&replica.key) || is_stale(store, replica.key);
        let counts = self.complete.contains(&replica.key) && !useless;
        let others = members(store, owned).any(|(member, spec)| {
            // What is on a node that is down is durable.
            let sound = serves(view, member, spec).unwrap_or(true) || self.vouched.contains(&member);
            member != replica.key && sound
        });
        if lives && counts && !others && self.is_promised(key, Takes::All) {
            return Err(format!("{replica} leaves {key}, the last that is sound, and nobody asks for that"));
        }
        Ok(())
    }
}

fn takes_away(request: &Request) -> Option<(Key, Takes)> {
    let moves = matches!(request, Request::Unpublish { .. } | Request::Republish { .. });
    let takes = if moves { Takes::Target } else { request.is_delete().then_some(Takes::All)? };
    Some((request.key()?, takes))
}

/// Whether success means that something is there from now on.
fn promises(request: &Request) -> bool {
    matches!(request, Request::Publish { .. } | Request::Republish { .. } | Request::SetReplicas { .. }) || request.is_put()
}

/// Whether an answer says that nothing was done and nothing will be.
fn has_no_effect(reply: Reply) -> bool {
    match reply {
        Reply::FailedPersist
        | Reply::StoreDirty
        | Reply::Conflict
        | Reply::InUse
        | Reply::FailedPrecondition
        | Reply::InvalidArgument
        | Reply::NotFound
        | Reply::ResourceExhausted => true,
        Reply::Ok
        | Reply::NoContent
        | Reply::Deleting
        | Reply::ReplicaCreateNumber
        | Reply::AlreadyExists
        | Reply::Internal
        | Reply::Unavailable
        | Reply::Timeout
        | Reply::Done => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::volume::{Body, PoolId, Target, Uuid};

    const DELETE: Request = Request::DeleteVolume { volume: V1 };

    fn gone() -> (crate::volume::Role, Fact) {
        let status = Some(Status::Deleting);
        (crate::volume::Role::Store, Fact::Stored { key: Key::Volume(V1), birth: BORN, status })
    }

    #[test]
    fn a_volume_may_go_while_somebody_asks_for_it() {
        let mut property = NoLiveDestroy::default();
        let history = [replied(0, put_volume(), Reply::Ok), asked(1, DELETE), gone()];
        assert_eq!(Still::whole().tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_deletion_that_was_refused_must_not_happen_after_all() {
        let refused = answered(1, DELETE, Reply::FailedPersist);
        let history = [replied(0, put_volume(), Reply::Ok), asked(1, DELETE), refused, gone()];
        let evidence = Still::whole().tell(&mut NoLiveDestroy::default(), &history).unwrap_err();
        assert_eq!(evidence, "volume 1 is on its way out, and nobody asks for that");
    }

    #[test]
    fn a_pool_a_replica_or_a_nexus_that_was_promised_must_not_go_unasked() {
        for (request, key) in [
            (Request::PutPool { pool: PoolId(0), node: E1, size: 4 }, Key::Pool(PoolId(0))),
            (Request::PutReplica { replica: 1, pool: PoolId(0), size: 1 }, Key::Replica(Uuid::Given(1))),
            (Request::PutNexus { nexus: 1, node: E1, children: vec![1] }, Key::Nexus(Uuid::Given(1))),
        ] {
            let gone = (crate::volume::Role::Store, Fact::Stored { key, birth: BORN, status: Some(Status::Deleting) });
            let promise = replied(0, request, Reply::Ok);
            let evidence = Still::whole().tell(&mut NoLiveDestroy::default(), &[promise, gone]).unwrap_err();
            assert_eq!(evidence, format!("{key} is on its way out, and nobody asks for that"));
        }
    }

    #[test]
    fn a_target_may_go_when_it_is_to_move_and_the_volume_may_not() {
        let mut still = Still::whole();
        let target = Some(Target { nexus: Uuid::Minted(birth(4)), node: E1, shared: true });
        still.put(Key::Volume(V1), Some(volume(target)));
        let body = Body::Nexus { node: E1, owner: Some(OWNER), children: Vec::new() };
        still.put(nexus(4), Some(spec(4, body)));
        let promise = replied(0, Request::Publish { volume: V1, node: None }, Reply::Ok);
        let destroyed =
            (crate::volume::Role::Engine(E1), Fact::Destroyed { object: made(nexus(4), 4), epoch: 1 });
        let moves = asked(1, Request::Republish { volume: V1 });
        let mut property = NoLiveDestroy::default();
        assert_eq!(still.tell(&mut property, &[promise.clone(), moves, destroyed.clone()]), Ok(()));
        assert!(still.tell(&mut property, &[gone()]).is_err());
        let evidence = still.tell(&mut NoLiveDestroy::default(), &[promise, destroyed]).unwrap_err();
        assert_eq!(evidence, "nexus 1.4 (born 1.4) is destroyed, the target of volume 1, and nobody asks for that");
    }

    #[test]
    fn a_replica_may_be_replaced_but_the_last_one_may_not_go() {
        let mut still = Still::whole();
        let destroyed = |number| {
            (crate::volume::Role::Engine(E1), Fact::Destroyed { object: made(replica(number), number), epoch: 1 })
        };
        let promise = replied(0, put_volume(), Reply::Ok);
        let complete = |number| {
            let (key, birth) = (replica(number), birth(number));
            (crate::volume::Role::Store, Fact::Stored { key, birth, status: Some(Status::Created) })
        };
        let history = [complete(2), promise.clone(), destroyed(2)];
        assert_eq!(still.tell(&mut NoLiveDestroy::default(), &history), Ok(()));
        for (engine, number) in [(E1, 2), (E2, 3)] {
            still.call(engine, crate::volume::EngineOp::Destroy(made(replica(number), number)));
        }
        let history = [promise.clone(), destroyed(2)];
        assert_eq!(still.tell(&mut NoLiveDestroy::default(), &history), Ok(()), "it never counted");
        let history = [complete(2), promise.clone(), destroyed(2)];
        let evidence = still.tell(&mut NoLiveDestroy::default(), &history).unwrap_err();
        assert_eq!(evidence, "replica 1.2 (born 1.2) leaves volume 1, the last that is sound, and nobody asks for that");
        let failed = (crate::volume::Role::Engine(E1), Fact::DiskFailed { replica: replica(2) });
        assert_eq!(still.tell(&mut NoLiveDestroy::default(), &[complete(2), promise, failed, destroyed(2)]), Ok(()));
    }
}
