//! The plans: what comes next for a task, from the specs and from what engines answered so far.
//!
//! Creates go forward and, on failure, back; deletions only go forward. Targets have a file of their own.
//! Source: `reference/mayastor-control-plane.md` section 4.

use super::leader::Leader;
use super::task::{Deed, Goal, NewKey, Next, Task};
use crate::volume::Context;
use crate::volume::id::{EngineId, Key, PoolId, Uuid};
use crate::volume::object::{EngineError, EngineOp, Instance, Nexus, Object, Replica};
use crate::volume::policy::{CreateSequence, VolumeDelete};
use crate::volume::spec::{Body, Operation, Owner, Spec, Status, Target, VolumeWant};
use crate::volume::user::Reply;

impl Leader {
    pub(super) fn plan(&self, key: Key, task: &Task, cx: &Context<'_>) -> Next {
        match &task.goal {
            Goal::Create(body) => self.plan_create(key, body, task, cx),
            Goal::Destroy => self.plan_destroy(key, task),
            Goal::Node(body) => self.plan_node(key, body, task),
            Goal::CreateVolume(want) => self.plan_create_volume(key, *want, task, cx),
            Goal::DestroyVolume => self.plan_destroy_volume(key, task, cx),
            Goal::Clear => self.plan_clear(key),
            Goal::Answer(reply) => Next::End(*reply),
            Goal::Share(on) => self.plan_share(key, *on, task),
            Goal::Publish(_) | Goal::Unpublish { .. } | Goal::Republish { .. } | Goal::Grow(_) | Goal::Shrink(..) => {
                self.plan_update(key, task, cx)
            }
        }
    }

    fn plan_create(&self, key: Key, body: &Body, task: &Task, cx: &Context<'_>) -> Next {
        let Some(spec) = self.spec(key) else {
            return match task.error {
                Some(error) => Next::End(error),
                None => Next::New(NewKey::Given(key), body.clone()),
            };
        };
        if let Some(error) = task.error {
            return self.step_destroy(key, spec, task).unwrap_or(Next::End(error));
        }
        match self.step_create(key, spec, task, cx) {
            Ok(next) => next.unwrap_or(Next::End(Reply::Ok)),
            Err(error) => Next::Fail(reply_to(error)),
        }
    }

    fn plan_destroy(&self, key: Key, task: &Task) -> Next {
        let Some(spec) = self.spec(key) else { return Next::End(Reply::NoContent) };
        self.step_destroy(key, spec, task).unwrap_or_else(|| {
            let instance = Instance { key, birth: spec.birth };
            let failed = task.result(Deed::Destroy(instance)).and_then(Result::err);
            Next::End(failed.map_or(Reply::Internal, reply_to))
        })
    }

    /// A node operation is written down once, when it is decided.
    fn plan_node(&self, key: Key, body: &Body, task: &Task) -> Next {
        if task.begun {
            return Next::End(Reply::Ok);
        }
        let birth = self.spec(key).map(|spec| spec.birth).unwrap_or_default();
        Next::Write(key, Some(Spec { birth, status: Status::Created, operation: None, body: body.clone() }))
    }

    fn plan_clear(&self, key: Key) -> Next {
        match self.spec(key) {
            Some(spec) if spec.is_dirty() => Next::Write(key, Some(spec.with(None))),
            Some(_) | None => Next::End(Reply::Ok),
        }
    }

    fn plan_create_volume(&self, key: Key, want: VolumeWant, task: &Task, cx: &Context<'_>) -> Next {
        let Some(spec) = self.spec(key) else {
            return match task.error {
                Some(error) => Next::End(error),
                None => Next::New(NewKey::Given(key), Body::Volume { want, target: None }),
            };
        };
        let owner = owner_of(key, spec);
        if task.error.is_some() {
            return self.step_destroy_parts(owner, task, cx).unwrap_or(Next::Write(key, None));
        }
        if spec.status == Status::Created {
            return Next::End(Reply::Ok);
        }
        if cx.config().policies.create_sequence == CreateSequence::AllAtOnce {
            return self.plan_create_at_once(key, spec, want, task, cx);
        }
        if let Some(next) = self.step_join(owner, cx).or_else(|| self.step_replicas(owner, want, task, cx)) {
            return next;
        }
        if want.nexuses == 0 {
            return Next::Write(key, Some(spec.created()));
        }
        self.step_target(owner, want, None, None, task, cx).unwrap_or_else(|target: Target| {
            let body = Body::Volume { want, target: Some(target) };
            Next::Write(key, Some(Spec { body, ..spec.created() }))
        })
    }

    fn plan_destroy_volume(&self, key: Key, task: &Task, cx: &Context<'_>) -> Next {
        let Some(spec) = self.spec(key) else { return Next::End(Reply::NoContent) };
        if spec.status != Status::Deleting {
            return Next::Write(key, Some(spec.deleting()));
        }
        let owner = owner_of(key, spec);
        if cx.config().policies.volume_delete == VolumeDelete::PartsGone {
            if let Some(next) = self.step_destroy_parts(owner, task, cx) {
                return next;
            }
            let left = self.parts(owner).find(|(_, part)| part.node().is_some_and(|node| self.is_online(node)));
            if left.is_some() {
                return Next::End(Reply::Internal);
            }
        }
        Next::Write(key, None)
    }

    /// The published defect (H12): a replica that names the volume's uuid joins it, whatever life it is of.
    fn step_join(&self, owner: Owner, cx: &Context<'_>) -> Option<Next> {
        let leftover = |(key, spec): (Key, &Spec)| match spec.body {
            Body::Replica { pool, node, size, owner: Some(was), shared }
                if was.volume == owner.volume && was != owner && spec.status == Status::Created =>
            {
                let body = Body::Replica { pool, node, size, owner: Some(owner), shared };
                Some(Next::Write(key, Some(Spec { body, ..spec.clone() })))
            }
            Body::Replica { .. } | Body::Node { .. } | Body::Pool { .. } | Body::Nexus { .. } | Body::Volume { .. } => {
                None
            }
        };
        cx.config().policies.owns_by_uuid().then(|| self.specs().find_map(leftover))?
    }

    /// Makes replicas until there are as many as wanted, one candidate after the other.
    fn step_replicas(&self, owner: Owner, want: VolumeWant, task: &Task, cx: &Context<'_>) -> Option<Next> {
        let replicas: Vec<(Key, &Spec)> = self.owned(owner, true).collect();
        for &(key, spec) in replicas.iter().filter(|(_, spec)| spec.status == Status::Creating) {
            match self.step_create(key, spec, task, cx) {
                Ok(Some(next)) => return Some(next),
                Ok(None) => (),
                Err(_) => return Some(Next::Write(key, Some(spec.deleting()))),
            }
        }
        let made = self.members(owner).count();
        let lacking = usize::from(want.replicas).checked_sub(made).filter(|&lacking| lacking > 0)?;
        let candidates = self.candidates(owner, want);
        if replicas.is_empty() && candidates.len() < lacking {
            return Some(Next::Fail(Reply::ResourceExhausted));
        }
        Some(match candidates.first() {
            None => Next::Fail(Reply::ReplicaCreateNumber),
            Some(&(pool, node)) => Next::New(NewKey::Replica, replica_of(owner, pool, node, want.size)),
        })
    }

    /// Destroys what a volume owns; what cannot be reached is left on its way out.
    pub(super) fn step_destroy_parts(&self, owner: Owner, task: &Task, cx: &Context<'_>) -> Option<Next> {
        let all = !cx.config().policies.owns_by_uuid();
        let mut parts =
            self.parts(owner).filter(|(_, part)| all || part.node().is_some_and(|node| self.is_online(node)));
        parts.find_map(|(key, spec)| self.step_destroy(key, spec, task))
    }

    /// What a volume owns, nexuses first.
    fn parts(&self, owner: Owner) -> impl Iterator<Item = (Key, &Spec)> {
        self.owned(owner, false).chain(self.owned(owner, true))
    }

    /// Takes one resource from written down to created.
    pub(super) fn step_create(
        &self,
        key: Key,
        spec: &Spec,
        task: &Task,
        cx: &Context<'_>,
    ) -> Result<Option<Next>, EngineError> {
        if spec.status != Status::Creating {
            return Ok(None);
        }
        let instance = Instance { key, birth: spec.birth };
        match self.created(task, instance, cx) {
            None => Ok(self.call_to_create(instance, spec)),
            Some(Ok(())) => Ok(Some(Next::Write(key, Some(spec.created())))),
            Some(Err(error)) => Err(error),
        }
    }

    /// Takes one resource out of the world. None: nothing more can be done about it now.
    pub(super) fn step_destroy(&self, key: Key, spec: &Spec, task: &Task) -> Option<Next> {
        if spec.status != Status::Deleting {
            return Some(Next::Write(key, Some(spec.deleting())));
        }
        let instance = Instance { key, birth: spec.birth };
        match task.result(Deed::Destroy(instance)) {
            None => Some(Next::Call(spec.node()?, EngineOp::Destroy(instance))),
            Some(Ok(())) => Some(Next::Write(key, None)),
            Some(Err(EngineError::Down)) if matches!(key, Key::Nexus(_)) => Some(Next::Write(key, None)),
            Some(Err(_)) => None,
        }
    }

    pub(super) fn call_to_create(&self, instance: Instance, spec: &Spec) -> Option<Next> {
        let (node, object) = match &spec.body {
            Body::Pool { node, size } => (*node, Object::Pool(*size)),
            &Body::Replica { pool, node, size, owner, shared } => {
                (node, Object::Replica(Replica { pool, size, owner, allowed: None, failed: false, shared }))
            }
            Body::Nexus { node, owner, children } => {
                let children: Vec<Uuid> = match owner {
                    Some(owner) => self.to_serve(*owner).filter_map(|(key, _)| replica_uuid(key)).collect(),
                    None => children.clone(),
                };
                let shared = owner.is_some_and(|owner| self.shares_target(owner));
                (*node, Object::Nexus(Nexus::new(*owner, children, shared)))
            }
            Body::Node { .. } | Body::Volume { .. } => return None,
        };
        Some(Next::Call(node, EngineOp::Create(instance, object)))
    }
}

/// The owner that parts of a volume name.
pub(super) fn owner_of(key: Key, spec: &Spec) -> Owner {
    let Key::Volume(volume) = key else { unreachable!("only volumes own anything, found {key}") };
    Owner { volume, birth: spec.birth }
}

/// A replica that a volume is to have.
pub(super) fn replica_of(owner: Owner, pool: PoolId, node: EngineId, size: u8) -> Body {
    Body::Replica { pool, node, size, owner: Some(owner), shared: false }
}

pub(super) fn replica_uuid(key: Key) -> Option<Uuid> {
    match key {
        Key::Replica(uuid) => Some(uuid),
        Key::Node(_) | Key::Pool(_) | Key::Nexus(_) | Key::Volume(_) => None,
    }
}

/// How an engine's error reads to a user.
pub(super) fn reply_to(error: EngineError) -> Reply {
    match error {
        EngineError::NoSpace => Reply::ResourceExhausted,
        EngineError::NotFound => Reply::NotFound,
        EngineError::LastHealthy | EngineError::Unfit => Reply::FailedPrecondition,
        EngineError::Offline | EngineError::Down => Reply::Unavailable,
        EngineError::Exists(_) | EngineError::Stale(_) | EngineError::Internal => Reply::Internal,
    }
}

/// A volume's spec with that operation under way.
pub(super) fn begin(key: Key, spec: &Spec, operation: Operation) -> Next {
    Next::Write(key, Some(spec.with(Some(operation))))
}
