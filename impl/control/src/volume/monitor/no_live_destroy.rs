use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{CallId, NodeId, Observation, View};

use super::{engines, members, owner, store};
use crate::monitor::Property;
use crate::volume::id::{Key, VolumeId};
use crate::volume::spec::Status;
use crate::volume::{Fact, Instance, Node, Reply, Request};

/// S1: nothing of a volume that a user was promised is destroyed unless somebody asked for it.
///
/// A replica may be replaced as long as another of the volume is there. A request stands until it is answered, and
/// beyond if the answer leaves open what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoLiveDestroy {
    promised: BTreeSet<VolumeId>,
    /// Requests that take something away.
    standing: BTreeMap<VolumeId, BTreeMap<(NodeId, CallId), Standing>>,
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
    const CLAIM: &'static str = "nothing of a volume that a user was promised is destroyed unless somebody asked for it";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Observation::Fact { by, fact } = *seen else { return Ok(()) };
        match fact {
            Fact::Asked { call, request } => {
                if let Some(volume) = takes_away(request) {
                    self.standing.entry(volume).or_default().insert((by, *call), Standing::Open);
                }
            }
            Fact::Answered { call, request, reply } => self.answered(by, *call, request, *reply),
            Fact::Replied { request, reply, .. } => self.replied(request, *reply),
            Fact::Stored { key: Key::Volume(volume), status: None | Some(Status::Deleting), .. } => {
                if self.is_promised(*volume) {
                    return Err(format!("volume {} is on its way out, and nobody asks for that", volume.0));
                }
                self.promised.remove(volume);
            }
            Fact::Leads { .. } => {
                for standing in self.standing.values_mut().flat_map(BTreeMap::values_mut) {
                    if *standing == Standing::Open {
                        *standing = Standing::Inherited;
                    }
                }
            }
            Fact::Destroyed { object, .. } => return self.destroyed(*object, view),
            Fact::Stored { .. }
            | Fact::Admitted { .. }
            | Fact::Claimed { .. }
            | Fact::SteppedDown { .. }
            | Fact::Made { .. }
            | Fact::ChildRemoved { .. }
            | Fact::Changed { .. }
            | Fact::DiskFailed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        !self.promised.is_empty() || !self.standing.is_empty()
    }
}

impl NoLiveDestroy {
    fn is_promised(&self, volume: VolumeId) -> bool {
        self.promised.contains(&volume) && self.standing.get(&volume).is_none_or(BTreeMap::is_empty)
    }

    fn answered(&mut self, by: NodeId, call: CallId, request: &Request, reply: Reply) {
        let Some(Key::Volume(volume)) = request.key() else { return };
        let standing = self.standing.entry(volume).or_default();
        if takes_away(request).is_some() {
            match standing.get(&(by, call)) {
                Some(Standing::Open) if has_no_effect(reply) => _ = standing.remove(&(by, call)),
                Some(_) | None => _ = standing.insert((by, call), Standing::Closed),
            }
        }
    }

    /// What an agent acknowledges is promised, whether or not the user hears of it.
    fn replied(&mut self, request: &Request, reply: Reply) {
        if let (Some(Key::Volume(volume)), None, true) = (request.key(), takes_away(request), reply.is_success()) {
            self.standing.entry(volume).or_default().retain(|_, standing| *standing != Standing::Closed);
            self.promised.insert(volume);
        }
    }

    fn destroyed(&self, object: Instance, view: &dyn View<Node>) -> Result<(), String> {
        let Some(store) = store(view) else { return Ok(()) };
        let Some(owner_) = store.spec(object.key).filter(|spec| spec.birth == object.birth).and_then(|spec| spec.owner())
        else {
            return Ok(());
        };
        let key = Key::Volume(owner_.volume);
        let Some(spec) = store.spec(key).filter(|spec| owner(key, spec) == Some(owner_)) else { return Ok(()) };
        if !self.is_promised(owner_.volume) {
            return Ok(());
        }
        let target = spec.volume().and_then(|(_, target)| target).map(|target| Key::Nexus(target.nexus));
        if Some(object.key) == target {
            return Err(format!("{object} is destroyed, the target of {key}, and nobody asks for that"));
        }
        let is_there = |member: Key| engines(view).any(|(_, engine)| engine.objects().get(member).is_some());
        let down = engines(view).count() < view.config().cluster.engines().count();
        let others = down || members(store, owner_).any(|(member, _)| is_there(member));
        match object.key {
            Key::Replica(_) if !others => Err(format!("{object} is destroyed, the last of {key}, and nobody asks for that")),
            Key::Node(_) | Key::Pool(_) | Key::Replica(_) | Key::Nexus(_) | Key::Volume(_) => Ok(()),
        }
    }
}

fn takes_away(request: &Request) -> Option<VolumeId> {
    match *request {
        Request::DeleteVolume { volume }
        | Request::Unpublish { volume, .. }
        | Request::Republish { volume }
        | Request::SetReplicas { volume, .. } => Some(volume),
        Request::PutPool { .. } | Request::DeletePool { .. } | Request::PutReplica { .. } | Request::DeleteReplica { .. } | Request::PutNexus { .. } | Request::DeleteNexus { .. } | Request::PutVolume { .. } | Request::Publish { .. } | Request::Cordon { .. } | Request::Drain { .. } | Request::Refuse { .. } | Request::Ail { .. } | Request::FailDisk { .. } => None,
    }
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
    fn a_replica_may_be_replaced_but_the_last_one_may_not_go() {
        let mut still = Still::whole();
        let destroyed = |number| {
            (crate::volume::Role::Engine(E1), Fact::Destroyed { object: made(replica(number), number), epoch: 1 })
        };
        let promise = replied(0, put_volume(), Reply::Ok);
        assert_eq!(still.tell(&mut NoLiveDestroy::default(), &[promise.clone(), destroyed(2)]), Ok(()));
        for (engine, number) in [(E1, 2), (E2, 3)] {
            still.call(engine, crate::volume::EngineOp::Destroy(made(replica(number), number)));
        }
        let evidence = still.tell(&mut NoLiveDestroy::default(), &[promise, destroyed(2)]).unwrap_err();
        assert_eq!(evidence, "replica 1.2 (born 1.2) is destroyed, the last of volume 1, and nobody asks for that");
    }
}
