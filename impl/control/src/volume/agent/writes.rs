//! Writes to the store: one at a time, each numbered, each sent again until its outcome is known.
//! Source: `reference/mayastor-control-plane.md` section 3.

use std::sync::Arc;

use super::leader::Leader;
use crate::volume::id::{Key, Role};
use crate::volume::mark;
use crate::volume::message::{Stale, ToStore};
use crate::volume::policy::{FailedDelete, NodeOperation};
use crate::volume::spec::{Operation, Owner, Spec, Status};
use crate::volume::timer::Timer;
use crate::volume::{Context, send};

/// A write to be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pending {
    /// For which task.
    task: Key,
    key: Key,
    /// None: the key is to go.
    spec: Option<Arc<Spec>>,
}

impl Leader {
    /// Specs of resources that are being written down for the first time.
    pub(super) fn newborn(&self) -> impl Iterator<Item = &Spec> {
        let fresh = self.writes.iter().filter(|write| !self.specs.contains_key(&write.key));
        fresh.filter_map(|write| write.spec.as_deref())
    }

    pub(super) fn write(&mut self, task: Key, key: Key, spec: Option<Spec>, cx: &mut Context<'_>) {
        self.writes.push_back(Pending { task, key, spec: spec.map(Arc::new) });
        if self.writes.len() == 1 {
            self.send_next_write(cx);
        }
    }

    /// The store took a write, or refused it.
    pub(super) fn write_done(&mut self, revision: u32, applied: bool, stale: Stale, cx: &mut Context<'_>) {
        if revision == self.revision && !self.has_heard_of(revision) {
            self.stale = stale;
            self.end_write(applied, cx);
        }
    }

    /// Whether the store's answer to that write is known.
    pub(super) fn has_heard_of(&self, revision: u32) -> bool {
        revision < self.revision || (revision == self.revision && self.writes.is_empty())
    }

    /// The store has not answered.
    pub(super) fn write_overdue(&mut self, cx: &mut Context<'_>) {
        if cx.config().policies.resolves_writes() {
            cx.reach(mark::WRITE_AGAIN);
            self.send_write(cx);
        } else {
            self.end_write(false, cx);
        }
    }

    fn end_write(&mut self, applied: bool, cx: &mut Context<'_>) {
        let Some(Pending { task, key, spec }) = self.writes.pop_front() else { return };
        cx.disarm(Timer::Write);
        self.send_next_write(cx);
        match applied {
            true => {
                match spec {
                    Some(spec) => _ = self.specs.insert(key, spec),
                    None => self.forget(key, cx),
                }
                self.written(task, cx);
            }
            false => {
                self.remember_refused(key, spec.as_deref(), cx);
                self.refused(task, cx);
            }
        }
    }

    fn forget(&mut self, key: Key, cx: &mut Context<'_>) {
        let Some(gone) = self.specs.remove(&key) else { return };
        if let Key::Volume(volume) = key {
            let owner = Owner { volume, birth: gone.birth };
            if self.specs().any(|(_, spec)| spec.owner() == Some(owner)) {
                cx.reach(mark::PARTS_LEFT);
            }
        }
        // Of a volume without a target, what its last one wrote down is needed still.
        let volume = gone.owner().and_then(|owner| self.volume_lives(owner)).and_then(Spec::volume);
        if let Key::Nexus(nexus) = key
            && volume.is_none_or(|(_, target)| target.is_some())
            && !cx.config().policies.keeps_health_with_replica()
        {
            send(cx, Role::Store, ToStore::Forget { epoch: self.epoch, nexus });
        }
    }

    /// What stays in memory of a write that failed: nothing, unless a policy says so.
    fn remember_refused(&mut self, key: Key, spec: Option<&Spec>, cx: &Context<'_>) {
        let Some(spec) = spec else { return };
        let policies = &cx.config().policies;
        if spec.status == Status::Deleting && policies.failed_delete == FailedDelete::StaysDeleting {
            self.specs.insert(key, Arc::new(spec.with(None)));
        }
        if matches!(key, Key::Node(_)) && policies.node_operation == NodeOperation::Forgotten {
            let dirty = self.spec(key).unwrap_or(spec).with(Some(Operation::Cordon(true)));
            self.specs.insert(key, Arc::new(dirty));
        }
    }

    fn send_next_write(&mut self, cx: &mut Context<'_>) {
        if !self.writes.is_empty() {
            self.revision += 1;
            self.send_write(cx);
        }
    }

    fn send_write(&self, cx: &mut Context<'_>) {
        let Some(Pending { key, spec, .. }) = self.writes.front() else { return };
        let (epoch, revision, key, spec) = (self.epoch, self.revision, *key, spec.clone());
        send(cx, Role::Store, ToStore::Write { epoch, revision, key, spec });
        if let Some(timeout) = cx.config().timing.store_timeout {
            cx.arm(Timer::Write, timeout);
        }
    }
}
