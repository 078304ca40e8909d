//! Reconciliation: what is written down is made true, what is left over goes. One pass, again and again.
//! Source: `reference/mayastor-control-plane.md` sections 3, 7 and 8. The faulted-child wait is left out: it is zero.

use std::sync::Arc;

use super::leader::Leader;
use super::plan::{owner_of, replica_uuid};
use super::task::{Goal, Next, Task, Waiting};
use crate::volume::Context;
use crate::volume::id::{EngineId, Key, Uuid};
use crate::volume::mark;
use crate::volume::object::{EngineOp, Instance, Object, Objects};
use crate::volume::policy::{NewResource, Orphans};
use crate::volume::spec::{Body, Drain, Operation, Owner, Spec, Status, Target};
use crate::volume::timer::Timer;
use crate::volume::user::Reply;

impl Leader {
    /// One pass over every resource, then over what engines hold besides; and the caches are refreshed.
    pub(super) fn reconcile(&mut self, cx: &mut Context<'_>) {
        if cx.config().policies.new_resource == NewResource::Unguarded {
            self.take_newborn_for_leftovers();
        }
        if self.is_ready() {
            let keys: Vec<Key> = self.specs.keys().copied().collect();
            for key in keys {
                if let Some(task) = self.remedy(key, cx) {
                    self.mark_remedy(key, &task, cx);
                    self.start(key, task, cx);
                }
            }
            self.restore_unowned(cx);
            self.restore_shares(cx);
            if cx.config().policies.orphans == Orphans::Collected {
                self.collect_orphans(cx);
            }
        }
        for engine in cx.config().cluster.engines() {
            self.list(engine, cx);
        }
        cx.arm(Timer::Reconcile, cx.config().timing.reconcile);
    }

    /// The watcher says that initiators lost a node: its targets move, where that is possible.
    pub(super) fn path_lost(&mut self, engine: EngineId, cx: &mut Context<'_>) {
        if !self.is_ready() {
            return;
        }
        let keys: Vec<Key> = self.specs.keys().copied().filter(|key| matches!(key, Key::Volume(_))).collect();
        for key in keys {
            if let Some(task) = self.move_away(key, engine) {
                cx.reach(mark::TARGET_MOVED);
                self.start(key, task, cx);
            }
        }
    }

    /// What is to be done about an idle resource, if anything.
    pub(super) fn remedy(&self, key: Key, cx: &Context<'_>) -> Option<Task> {
        let spec = self.spec(key).filter(|_| !self.is_busy(key))?;
        let reachable = spec.node().is_none_or(|node| self.is_online(node));
        let orphaned = spec.owner().is_some_and(|owner| self.volume_lives(owner).is_none());
        match (key, spec.status) {
            (Key::Node(node), _) => self.end_drain(node, spec),
            (Key::Volume(_), Status::Creating | Status::Deleting) => Some(Task::new(Goal::DestroyVolume, None)),
            (Key::Volume(_), Status::Created) => match spec.operation {
                Some(operation) => Some(self.pending(operation, spec, cx)),
                None => self.heal(key, spec, cx),
            },
            (_, Status::Creating | Status::Deleting) if reachable => Some(Task::new(Goal::Destroy, None)),
            (_, Status::Created) if orphaned || self.is_stray(key, spec) => Some(Task::new(Goal::Destroy, None)),
            (Key::Replica(_), Status::Created) => spec.operation.map(|operation| self.pending(operation, spec, cx)),
            (_, Status::Creating | Status::Created | Status::Deleting) => None,
        }
    }

    /// Says which remedy it is.
    fn mark_remedy(&self, key: Key, task: &Task, cx: &mut Context<'_>) {
        let pending = self.spec(key).is_some_and(Spec::is_dirty);
        let mark = match task.goal {
            Goal::Node(_) => mark::DRAINED,
            Goal::Unpublish { .. } | Goal::Shrink(..) | Goal::Share(_) if pending => mark::RESUMED,
            Goal::Publish(_) | Goal::Republish { .. } | Goal::Grow(_) if pending => mark::TAKEN_BACK,
            Goal::Republish { away: None } => mark::TARGET_ANEW,
            Goal::Republish { away: Some(_) } => mark::TARGET_MOVED,
            Goal::Shrink(..) => mark::REPLACED,
            Goal::Grow(_) => mark::REGROWN,
            Goal::Create(_)
            | Goal::Destroy
            | Goal::CreateVolume(_)
            | Goal::DestroyVolume
            | Goal::Publish(_)
            | Goal::Unpublish { .. }
            | Goal::Share(_)
            | Goal::Clear
            | Goal::Answer(_) => return,
        };
        cx.reach(mark);
    }

    /// A node that is being drained is drained once no target is left on it.
    fn end_drain(&self, node: EngineId, spec: &Spec) -> Option<Task> {
        let Body::Node { cordoned, drain: Drain::Draining } = spec.body else { return None };
        let left = self.specs().any(|(key, spec)| matches!(key, Key::Nexus(_)) && spec.node() == Some(node));
        let drained = Body::Node { cordoned, drain: Drain::Drained };
        (!spec.is_dirty() && !left).then(|| Task::new(Goal::Node(drained), None))
    }

    /// A nexus of a volume that has no operation under way and another target, or none.
    fn is_stray(&self, key: Key, spec: &Spec) -> bool {
        let Some(volume) = spec.owner().and_then(|owner| self.volume_lives(owner)) else { return false };
        let target = volume.volume().and_then(|(_, target)| target).map(|target| Key::Nexus(target.nexus));
        matches!(key, Key::Nexus(_)) && volume.status == Status::Created && !volume.is_dirty() && target != Some(key)
    }

    /// What becomes of an operation that a former leader left: a removal goes on, anything else is taken back.
    fn pending(&self, operation: Operation, spec: &Spec, cx: &Context<'_>) -> Task {
        if !cx.config().policies.resumes_operations() {
            return Task::new(Goal::Clear, None);
        }
        let replicas = spec.volume().map_or(0, |(want, _)| want.replicas);
        match operation {
            Operation::Publish => Task::resumed(Goal::Publish(None), true),
            Operation::Republish => Task::resumed(Goal::Republish { away: None }, true),
            Operation::Grow(_) => Task::resumed(Goal::Grow(replicas), true),
            Operation::Unpublish => Task::resumed(Goal::Unpublish { force: false }, false),
            Operation::Shrink(victim, to) => Task::resumed(Goal::Shrink(victim, to), false),
            Operation::Share(on) => Task::resumed(Goal::Share(on), false),
            Operation::Create | Operation::Destroy | Operation::Cordon(_) => Task::new(Goal::Clear, None),
        }
    }

    /// Makes a volume what it should be, one step per pass.
    fn heal(&self, key: Key, spec: &Spec, cx: &Context<'_>) -> Option<Task> {
        let (want, target) = spec.volume()?;
        let owner = owner_of(key, spec);
        // There is nothing to make it whole from.
        if !self.fit_member(owner) {
            return None;
        }
        if let Some(target) = target {
            if let Some(task) = self.heal_target(key, owner, target, cx) {
                return Some(task);
            }
            self.target_view(target)?;
        }
        let members = self.members(owner).count();
        if let Some(bad) = self.bad_member(owner, target).filter(|_| members > 1) {
            return Some(Task::new(Goal::Shrink(bad, want.replicas), None));
        }
        if members > usize::from(want.replicas) {
            let victim = self.victim(owner, target)?;
            return Some(Task::new(Goal::Shrink(victim, want.replicas), None));
        }
        let lacks = members > 0 && members < usize::from(want.replicas);
        (lacks && !self.candidates(owner, want).is_empty()).then(|| Task::new(Goal::Grow(want.replicas), None))
    }

    fn heal_target(&self, key: Key, owner: Owner, target: Target, cx: &Context<'_>) -> Option<Task> {
        let drain = self.spec(Key::Node(target.node)).and_then(|spec| match spec.body {
            Body::Node { drain, .. } => Some(drain),
            Body::Pool { .. } | Body::Replica { .. } | Body::Nexus { .. } | Body::Volume { .. } => None,
        });
        let draining = drain.is_some_and(|drain| drain != Drain::Off);
        if draining && let Some(task) = self.move_away(key, target.node) {
            return Some(task);
        }
        if !self.is_online(target.node) {
            return None;
        }
        let view = self.engines.get(&target.node)?.objects()?;
        let nexus = self.spec(Key::Nexus(target.nexus));
        // Without a spec the published code has nothing to make anew: only an unpublish heals that (H6, H7).
        let nexus = nexus.filter(|nexus| nexus.status == Status::Created)?;
        let there = view.has(Instance { key: Key::Nexus(target.nexus), birth: nexus.birth });
        let accepted = !cx.config().policies.fences_targets()
            || self.members(owner).all(|(key, member)| {
                let held = member.node().and_then(|node| self.engines.get(&node)).and_then(|view| view.objects());
                let replica = held.zip(replica_uuid(key)).and_then(|(held, uuid)| held.replica(uuid));
                replica.is_none_or(|(_, replica)| replica.failed || replica.allowed == Some(nexus.birth))
            });
        let foreign = view.children(target.nexus).is_some_and(|children| {
            children.keys().any(|&child| !self.members(owner).any(|(key, _)| key == Key::Replica(child)))
        });
        let fits = self.fit_member(owner);
        ((!(there && accepted) || foreign) && fits).then(|| Task::new(Goal::Republish { away: None }, None))
    }

    fn move_away(&self, key: Key, from: EngineId) -> Option<Task> {
        let spec = self.spec(key).filter(|spec| spec.status == Status::Created && !spec.is_dirty())?;
        let (want, target) = spec.volume()?;
        let owner = owner_of(key, spec);
        let hit = target.is_some_and(|target| target.node == from) && !self.is_busy(key);
        let fits = hit && self.fit_member(owner) && self.target_node(owner, want, Some(from)).is_some();
        fits.then(|| Task::new(Goal::Republish { away: Some(from) }, None))
    }

    /// Whether a replica is there that a target could use.
    fn fit_member(&self, owner: Owner) -> bool {
        let fit = |key: Key, spec: &Spec| {
            let view = self.engines.get(&spec.node()?).filter(|view| view.is_online())?;
            let failed = |objects: &Objects| objects.replica(replica_uuid(key)?).map(|(_, replica)| replica.failed);
            (view.objects().and_then(failed) != Some(true)).then_some(())
        };
        self.members(owner).any(|(key, spec)| !self.is_stale(key) && fit(key, spec).is_some())
    }

    /// The children of a target, if it is known to be there.
    fn target_view(&self, target: Target) -> Option<&std::collections::BTreeMap<Uuid, bool>> {
        self.engines.get(&target.node)?.objects()?.children(target.nexus)
    }

    /// A member whose replica is gone or failed, or that the target no longer uses.
    fn bad_member(&self, owner: Owner, target: Option<Target>) -> Option<Uuid> {
        let children = target.and_then(|target| self.target_view(target));
        let is_bad = |key: Key| {
            let uuid = replica_uuid(key)?;
            let unused = children.is_some_and(|children| children.get(&uuid) != Some(&true));
            (self.is_lost(key) || unused).then_some(uuid)
        };
        self.members(owner).find_map(|(key, _)| is_bad(key))
    }

    /// Whether a replica is known to be gone, to have missed writes, or its disk to have failed.
    pub(super) fn is_lost(&self, key: Key) -> bool {
        if self.is_stale(key) {
            return true;
        }
        let node = self.spec(key).and_then(Spec::node);
        let held = node.and_then(|node| self.engines.get(&node)).and_then(|view| view.objects());
        let found = held.zip(replica_uuid(key)).map(|(held, uuid)| held.replica(uuid));
        found.is_some_and(|found| found.is_none_or(|(_, replica)| replica.failed))
    }

    /// The member that a volume can best do without.
    pub(super) fn victim(&self, owner: Owner, target: Option<Target>) -> Option<Uuid> {
        self.bad_member(owner, target).or_else(|| self.members(owner).filter_map(|(key, _)| replica_uuid(key)).last())
    }

    /// Makes nexuses that no volume owns anew where they went with their process.
    fn restore_unowned(&self, cx: &mut Context<'_>) {
        for (key, spec) in self.specs().filter(|&(key, _)| !self.is_busy(key)) {
            let Body::Nexus { node, owner: None, .. } = spec.body else { continue };
            let held = self.engines.get(&node).and_then(|view| view.objects());
            let instance = Instance { key, birth: spec.birth };
            if spec.status == Status::Created
                && held.is_some_and(|held| !held.has(instance))
                && let Some(Next::Call(node, op)) = self.call_to_create(instance, spec)
            {
                self.send_call(node, Arc::new(op), cx);
            }
        }
    }

    /// Destroys what no spec speaks of: specs come first, and births never return, so it never will be spoken of.
    fn collect_orphans(&self, cx: &mut Context<'_>) {
        for (&engine, view) in &self.engines {
            let Some(objects) = view.objects() else { continue };
            for (instance, object) in objects.iter() {
                let known = self.spec(instance.key).is_some_and(|spec| spec.birth == instance.birth);
                let holds =
                    matches!((instance.key, object), (Key::Pool(pool), Object::Pool(_)) if objects.used(pool) > 0);
                if !known && !holds {
                    cx.reach(mark::ORPHAN);
                    self.send_call(engine, Arc::new(EngineOp::Destroy(instance)), cx);
                }
            }
        }
    }

    /// The published defect (H10): what is being written down for the first time is not guarded yet.
    fn take_newborn_for_leftovers(&mut self) {
        for task in self.tasks.values_mut() {
            let creates = matches!(task.goal, Goal::Create(_) | Goal::CreateVolume(_));
            if creates && !task.begun && task.waiting == Waiting::Write && task.error.is_none() {
                task.error = Some(Reply::Conflict);
            }
        }
    }
}
