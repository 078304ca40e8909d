//! Plans that change a volume: its target and its number of replicas. Each keeps an operation record in the spec until
//! it is over, forward or back.
//!
//! A target starts only after every replica was told to accept it alone (policy `target-fence`): an older target that
//! nobody could stop can write no more. A replica that could not be told is left out, for good.
//! Source: `reference/mayastor-control-plane.md` section 4.

use super::leader::Leader;
use super::plan::{begin, owner_of, replica_of, replica_uuid, reply_to};
use super::task::{Deed, Goal, NewKey, Next, Task};
use crate::volume::Context;
use crate::volume::id::{EngineId, Key, Uuid};
use crate::volume::object::{EngineError, EngineOp, Instance};
use crate::volume::policy::FailedUnpublish;
use crate::volume::spec::{Body, Operation, Owner, Spec, Status, Target, VolumeWant};
use crate::volume::user::Reply;

/// A volume under change.
#[derive(Clone, Copy)]
struct Change<'a> {
    key: Key,
    spec: &'a Spec,
    owner: Owner,
    want: VolumeWant,
    target: Option<Target>,
    task: &'a Task,
}

impl Change<'_> {
    /// The operation is over: the record goes, and the volume is as said.
    fn commit(&self, want: VolumeWant, target: Option<Target>) -> Next {
        let body = Body::Volume { want, target };
        Next::Write(self.key, Some(Spec { operation: None, body, ..self.spec.clone() }))
    }

    /// The operation came to nothing.
    fn give_up(&self) -> Next {
        self.commit(self.want, self.target)
    }
}

impl Leader {
    pub(super) fn plan_update(&self, key: Key, task: &Task, cx: &Context<'_>) -> Next {
        let Some((spec, (want, target))) = self.spec(key).and_then(|spec| Some((spec, spec.volume()?))) else {
            return Next::End(Reply::NotFound);
        };
        let change = Change { key, spec, owner: owner_of(key, spec), want, target, task };
        if spec.operation.is_none() {
            return match (task.error, task.begun) {
                (Some(error), _) => Next::End(error),
                (None, false) => self.begin_change(change),
                (None, true) => self.after_change(change),
            };
        }
        match task.goal {
            Goal::Publish(node) => self.move_target(change, node, None, cx),
            Goal::Republish { away } => {
                let stay = target.map(|target| target.node).filter(|&node| away.is_none() && self.is_online(node));
                self.move_target(change, stay, away, cx)
            }
            Goal::Unpublish { force } => self.drop_target(change, force, cx),
            Goal::Grow(replicas) => self.grow(change, replicas, cx),
            Goal::Shrink(victim, replicas) => self.shrink(change, victim, replicas),
            Goal::Create(_)
            | Goal::Destroy
            | Goal::CreateVolume(_)
            | Goal::DestroyVolume
            | Goal::Node(_)
            | Goal::Clear
            | Goal::Share(_)
            | Goal::Answer(_) => unreachable!("no change of a volume: {task:?}"),
        }
    }

    fn begin_change(&self, change: Change<'_>) -> Next {
        let operation = match change.task.goal {
            Goal::Publish(_) => Operation::Publish,
            Goal::Unpublish { .. } => Operation::Unpublish,
            Goal::Republish { .. } => Operation::Republish,
            Goal::Grow(replicas) => Operation::Grow(replicas),
            Goal::Shrink(victim, replicas) => Operation::Shrink(victim, replicas),
            Goal::Create(_)
            | Goal::Destroy
            | Goal::CreateVolume(_)
            | Goal::DestroyVolume
            | Goal::Node(_)
            | Goal::Clear
            | Goal::Share(_)
            | Goal::Answer(_) => unreachable!("no change of a volume: {:?}", change.task),
        };
        begin(change.key, change.spec, operation)
    }

    /// What is left to do once the volume is as asked for: the target that was replaced goes, if it can be reached.
    fn after_change(&self, change: Change<'_>) -> Next {
        let stray = self.stray_nexuses(change.owner, change.target);
        let step = stray.into_iter().find_map(|(key, spec)| self.step_destroy(key, spec, change.task));
        step.unwrap_or(Next::End(Reply::Ok))
    }

    /// Publishes a volume, or moves its target.
    fn move_target(
        &self,
        change: Change<'_>,
        node: Option<EngineId>,
        away: Option<EngineId>,
        cx: &Context<'_>,
    ) -> Next {
        let Change { owner, want, target, task, .. } = change;
        if task.error.is_some() {
            let stray = self.stray_nexuses(owner, target);
            let step = stray.into_iter().find_map(|(key, spec)| self.step_destroy(key, spec, task));
            return step.unwrap_or_else(|| change.give_up());
        }
        self.step_target(owner, want, node, away, task, cx).unwrap_or_else(|target| change.commit(want, Some(target)))
    }

    /// Takes a new target from nothing to created; then says which it is.
    pub(super) fn step_target(
        &self,
        owner: Owner,
        want: VolumeWant,
        node: Option<EngineId>,
        away: Option<EngineId>,
        task: &Task,
        cx: &Context<'_>,
    ) -> Result<Next, Target> {
        let current = self.volume_lives(owner).and_then(Spec::volume).and_then(|(_, target)| target);
        let stray = self.stray_nexuses(owner, current);
        let Some(&(key, spec)) = stray.iter().find(|(_, spec)| spec.status != Status::Deleting) else {
            return Ok(match node.or_else(|| self.target_node(owner, want, away)) {
                Some(node) => Next::New(NewKey::Nexus, Body::Nexus { node, owner: Some(owner), children: Vec::new() }),
                None => Next::Fail(Reply::ResourceExhausted),
            });
        };
        let (Key::Nexus(nexus), Some(node)) = (key, spec.node()) else { unreachable!("no nexus: {spec:?}") };
        if spec.status == Status::Created {
            return Err(Target { nexus, node, shared: self.shares_target(owner) });
        }
        if let Some(next) = self.step_leave_out(owner) {
            return Ok(next);
        }
        if let Some(next) = self.step_fence(owner, Instance { key, birth: spec.birth }, task, cx) {
            return Ok(next);
        }
        if self.members(owner).next().is_none() {
            return Ok(Next::Fail(Reply::FailedPrecondition));
        }
        match self.step_create(key, spec, task, cx) {
            Ok(next) => Ok(next.expect("a nexus that is being created has a next step")),
            Err(error) => Ok(Next::Fail(reply_to(error))),
        }
    }

    /// Takes a replica that missed writes out of its volume: with a new target on record, no earlier one acknowledges
    /// a write any more that some replica did not get, so that all are known.
    fn step_leave_out(&self, owner: Owner) -> Option<Next> {
        let (key, spec) = self.to_serve(owner).find(|&(key, _)| self.is_stale(key))?;
        match self.to_serve(owner).all(|(key, _)| self.is_stale(key)) {
            true => Some(Next::Fail(Reply::FailedPrecondition)),
            false => Some(Next::Write(key, Some(spec.deleting()))),
        }
    }

    /// Tells every replica to accept that nexus alone, and leaves out those that cannot be told.
    pub(super) fn step_fence(&self, owner: Owner, nexus: Instance, task: &Task, cx: &Context<'_>) -> Option<Next> {
        if !cx.config().policies.fences_targets() {
            return None;
        }
        let mut told = 0;
        let mut deaf = None;
        for (key, spec) in self.to_serve(owner) {
            let replica = Instance { key, birth: spec.birth };
            match task.result(Deed::Allow(replica, nexus.birth)) {
                None => return Some(Next::Call(spec.node()?, EngineOp::Allow(replica, nexus.birth))),
                Some(Ok(())) => told += 1,
                Some(Err(_)) => deaf = Some((key, spec)),
            }
        }
        match deaf {
            Some(_) if told == 0 => Some(Next::Fail(Reply::Unavailable)),
            Some((key, spec)) => Some(Next::Write(key, Some(spec.deleting()))),
            None => None,
        }
    }

    /// Unpublishes a volume.
    fn drop_target(&self, change: Change<'_>, force: bool, cx: &Context<'_>) -> Next {
        let Change { want, target: Some(target), task, .. } = change else { return change.give_up() };
        if task.error.is_some() {
            return change.give_up();
        }
        let key = Key::Nexus(target.nexus);
        let Some(spec) = self.spec(key) else { return change.commit(want, None) };
        let instance = Instance { key, birth: spec.birth };
        let early = cx.config().policies.failed_unpublish == FailedUnpublish::NexusDeleting;
        match task.result(Deed::Destroy(instance)) {
            None if early && spec.status != Status::Deleting => Next::Write(key, Some(spec.deleting())),
            None => Next::Call(target.node, EngineOp::Destroy(instance)),
            Some(Ok(()) | Err(EngineError::Down)) => Next::Write(key, None),
            Some(Err(_)) if force && spec.status == Status::Deleting => change.commit(want, None),
            Some(Err(_)) if force => Next::Write(key, Some(spec.deleting())),
            Some(Err(error)) => Next::Fail(reply_to(error)),
        }
    }

    /// One replica more: it counts only once it is a child of the target, if there is one.
    fn grow(&self, change: Change<'_>, replicas: u8, cx: &Context<'_>) -> Next {
        let Change { owner, want, target, task, .. } = change;
        let fresh = self.owned(owner, true).find(|(_, spec)| spec.status == Status::Creating);
        if task.error.is_some() {
            return self.take_back_growth(change, fresh);
        }
        if self.members(owner).count() >= usize::from(replicas) {
            return change.commit(VolumeWant { replicas, ..want }, target);
        }
        let Some((key, spec)) = fresh else {
            return match self.candidates(owner, want).first() {
                None => Next::Fail(Reply::ResourceExhausted),
                Some(&(pool, node)) => Next::New(NewKey::Replica, replica_of(owner, pool, node, want.size)),
            };
        };
        match self.created(task, Instance { key, birth: spec.birth }, cx) {
            Some(Ok(())) => self.attach(change, key, spec, cx),
            Some(Err(_)) => Next::Write(key, Some(spec.deleting())),
            None => self.step_create(key, spec, task, cx).ok().flatten().expect("a replica in creation has a step"),
        }
    }

    fn attach(&self, change: Change<'_>, key: Key, spec: &Spec, cx: &Context<'_>) -> Next {
        let whole = Next::Write(key, Some(spec.created()));
        let Some((target, nexus)) = self.target_of(change) else { return whole };
        let replica = Instance { key, birth: spec.birth };
        let (Some(uuid), Some(node)) = (replica_uuid(key), spec.node()) else { return whole };
        let fenced = cx.config().policies.fences_targets();
        let failed = |error| {
            if error == EngineError::Unfit {
                Next::Write(key, Some(spec.deleting()))
            } else {
                Next::Fail(reply_to(error))
            }
        };
        match change.task.result(Deed::Allow(replica, nexus.birth)) {
            None if fenced => return Next::Call(node, EngineOp::Allow(replica, nexus.birth)),
            Some(Err(error)) => return failed(error),
            None | Some(Ok(())) => (),
        }
        match change.task.result(Deed::AddChild(nexus, uuid)) {
            None => Next::Call(target.node, EngineOp::AddChild(nexus, uuid)),
            Some(Ok(())) => whole,
            Some(Err(error)) => failed(error),
        }
    }

    /// A replica that is not to be after all leaves the target before it goes.
    fn take_back_growth(&self, change: Change<'_>, fresh: Option<(Key, &Spec)>) -> Next {
        let Some((key, spec)) = fresh else {
            // It is destroyed at once if that can be: the next try may want its place.
            let leaving = self.owned(change.owner, true).filter(|(_, spec)| spec.status == Status::Deleting);
            let mut steps = leaving.filter_map(|(key, spec)| self.step_destroy(key, spec, change.task));
            return steps.next().unwrap_or_else(|| change.give_up());
        };
        if let (Some((target, nexus)), Some(uuid)) = (self.target_of(change), replica_uuid(key))
            && change.task.result(Deed::RemoveChild(nexus, uuid)).is_none()
        {
            return Next::Call(target.node, EngineOp::RemoveChild(nexus, uuid));
        }
        Next::Write(key, Some(spec.deleting()))
    }

    /// One replica less: it leaves the target, which refuses if it is the last healthy one, and then goes.
    fn shrink(&self, change: Change<'_>, victim: Uuid, replicas: u8) -> Next {
        let Change { owner, want, target, task, .. } = change;
        if task.error.is_some() {
            return change.give_up();
        }
        let done = change.commit(VolumeWant { replicas, ..want }, target);
        let key = Key::Replica(victim);
        let Some(spec) = self.spec(key) else { return done };
        if spec.status == Status::Deleting {
            return self.step_destroy(key, spec, task).unwrap_or(done);
        }
        if self.members(owner).count() <= 1 {
            return Next::Fail(Reply::FailedPrecondition);
        }
        let gone = Next::Write(key, Some(spec.deleting()));
        let Some((target, nexus)) = self.target_of(change) else { return self.vouched(change, key).unwrap_or(gone) };
        match task.result(Deed::RemoveChild(nexus, victim)) {
            None => Next::Call(target.node, EngineOp::RemoveChild(nexus, victim)),
            Some(Ok(())) => gone,
            Some(Err(EngineError::NotFound | EngineError::Down)) => self.vouched(change, key).unwrap_or(gone),
            Some(Err(error)) => Next::Fail(reply_to(error)),
        }
    }

    /// Where no target guards the last sound replica, another one's engine has to vouch for it before `victim` goes:
    /// what is known from before may be old (H17). None: one has, or nothing is lost with the victim.
    fn vouched(&self, change: Change<'_>, victim: Key) -> Option<Next> {
        if self.is_lost(victim) {
            return None;
        }
        let others = self.members(change.owner).filter(|&(key, _)| key != victim && !self.is_stale(key));
        for (key, spec) in others {
            let replica = Instance { key, birth: spec.birth };
            match change.task.result(Deed::Vouch(replica)) {
                None => return Some(Next::Call(spec.node()?, EngineOp::Vouch(replica))),
                Some(Ok(())) => return None,
                Some(Err(_)) => (),
            }
        }
        Some(Next::Fail(Reply::FailedPrecondition))
    }

    /// A volume's target and its nexus, if it has one.
    fn target_of(&self, change: Change<'_>) -> Option<(Target, Instance)> {
        let target = change.target?;
        let key = Key::Nexus(target.nexus);
        Some((target, Instance { key, birth: self.spec(key)?.birth }))
    }

    /// Nexuses of a volume that are not its target.
    pub(super) fn stray_nexuses(&self, owner: Owner, target: Option<Target>) -> Vec<(Key, &Spec)> {
        let target = target.map(|target| Key::Nexus(target.nexus));
        self.owned(owner, false).filter(|&(key, _)| Some(key) != target).collect()
    }
}
