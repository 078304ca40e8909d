//! Shares: a replica, or the target of a volume, is offered to initiators, or no longer.
//!
//! Resumed forward, like a removal, and as often as it takes; what a copy of an old call changed is set right by the next
//! pass. The nexus of a user's own and the replicas of a volume have no shares here.
//! Source: `reference/mayastor-control-plane.md` section 5, row `PUT share`, and section 7.

use std::sync::Arc;

use super::leader::Leader;
use super::plan::{begin, reply_to};
use super::task::{Deed, Goal, Next, Task};
use crate::volume::Context;
use crate::volume::id::{EngineId, Key};
use crate::volume::object::{EngineOp, Instance};
use crate::volume::spec::{Operation, Owner, Spec, Status};
use crate::volume::user::Reply;

impl Leader {
    pub(super) fn admit_share(&self, spec: Option<&Spec>, on: bool) -> Result<Goal, Reply> {
        let spec = spec.ok_or(Reply::NotFound)?;
        let node = spec.node().or_else(|| Some(spec.volume()?.1?.node));
        match (spec.status, spec.is_shared()) {
            (Status::Created, Some(shared)) if shared != on => match node {
                Some(node) if self.is_online(node) => Ok(Goal::Share(on)),
                Some(_) | None => Err(Reply::Unavailable),
            },
            // Shared already, or not shared, or not published.
            (Status::Created | Status::Creating | Status::Deleting, _) => Err(Reply::FailedPrecondition),
        }
    }

    pub(super) fn plan_share(&self, key: Key, on: bool, task: &Task) -> Next {
        let Some(spec) = self.spec(key) else { return Next::End(Reply::NotFound) };
        if spec.operation.is_none() {
            return match (task.error, task.begun) {
                (Some(error), _) => Next::End(error),
                (None, false) => begin(key, spec, Operation::Share(on)),
                (None, true) => Next::End(Reply::Ok),
            };
        }
        if task.error.is_some() {
            return Next::Write(key, Some(spec.with(None)));
        }
        let Some((node, object)) = self.offered(key, spec) else { return Next::Fail(Reply::FailedPrecondition) };
        match task.result(Deed::Share(object, on)) {
            None => Next::Call(node, EngineOp::Share(object, on)),
            Some(Ok(())) => Next::Write(key, Some(spec.shared(on))),
            Some(Err(error)) => Next::Fail(reply_to(error)),
        }
    }

    /// What is offered to initiators of a replica or a volume, and where.
    fn offered(&self, key: Key, spec: &Spec) -> Option<(EngineId, Instance)> {
        match key {
            Key::Replica(_) => Some((spec.node()?, Instance { key, birth: spec.birth })),
            Key::Volume(_) => {
                let target = spec.volume()?.1?;
                let key = Key::Nexus(target.nexus);
                Some((target.node, Instance { key, birth: self.spec(key)?.birth }))
            }
            Key::Node(_) | Key::Pool(_) | Key::Nexus(_) => None,
        }
    }

    /// Whether a new target of that volume is to be offered: as the one that it replaces.
    pub(super) fn shares_target(&self, owner: Owner) -> bool {
        self.volume_lives(owner).and_then(Spec::is_shared).unwrap_or(true)
    }

    /// Offers what is on record as shared, and nothing else.
    pub(super) fn restore_shares(&self, cx: &mut Context<'_>) {
        for (key, spec) in self.specs().filter(|&(key, _)| !self.is_busy(key)) {
            let Some((node, object)) = self.offered(key, spec).filter(|_| spec.status == Status::Created) else {
                continue;
            };
            let held = self.engines.get(&node).and_then(|view| view.objects()).filter(|held| held.has(object));
            let there = held.and_then(|held| held.get(object.key)?.1.is_shared());
            if let (Some(on), Some(there), false) = (spec.is_shared(), there, spec.is_dirty())
                && on != there
            {
                self.send_call(node, Arc::new(EngineOp::Share(object, on)), cx);
            }
        }
    }
}
