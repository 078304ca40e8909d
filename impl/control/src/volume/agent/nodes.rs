//! What the leader knows of the storage nodes: whether they answer, and what they hold.
//! Source: `reference/mayastor-control-plane.md` section 8, node liveness.

use std::sync::Arc;

use quiesce_machine::Incarnation;

use super::leader::Leader;
use crate::volume::fact::Fact;
use crate::volume::id::{EngineId, Role};
use crate::volume::message::{ToEngine, ToUser};
use crate::volume::object::{EngineError, EngineOp, Objects};
use crate::volume::timer::Timer;
use crate::volume::{Context, send};

/// A storage node as the leader knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct EngineView {
    liveness: Liveness,
    life: Incarnation,
    changes: u32,
    objects: Objects,
    /// Whether `objects` is all that is known to be there.
    fresh: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Liveness {
    /// It answered a listing.
    Online,
    /// It does not answer.
    #[default]
    Silent,
    /// Its process is down.
    Down,
}

impl EngineView {
    pub(super) fn is_online(&self) -> bool {
        self.liveness == Liveness::Online
    }

    /// Whether a later listing was heard than one of that life after so many changes.
    pub(super) fn is_past(&self, life: Incarnation, changes: u32) -> bool {
        (life, changes) < (self.life, self.changes)
    }

    /// What it holds, if that is known for certain.
    pub(super) fn objects(&self) -> Option<&Objects> {
        (self.is_online() && self.fresh).then_some(&self.objects)
    }

    /// Why it cannot be called.
    pub(super) fn unreachable(&self) -> Option<EngineError> {
        match self.liveness {
            Liveness::Online => None,
            Liveness::Silent => Some(EngineError::Offline),
            Liveness::Down => Some(EngineError::Down),
        }
    }

    /// Takes note that a call was done, or says that a listing is needed.
    pub(super) fn did(&mut self, op: &EngineOp, changes: u32, done: bool) -> bool {
        if done && changes == self.changes + 1 && self.fresh {
            self.objects.apply(op);
            self.changes = changes;
        } else if changes > self.changes {
            self.fresh = false;
        }
        !self.fresh
    }
}

impl Leader {
    /// An engine says that it is up.
    pub(super) fn registered(&mut self, engine: EngineId, life: Incarnation, cx: &mut Context<'_>) {
        let Some(view) = self.engines.get(&engine) else { return };
        if life < view.life {
            return;
        }
        if life > view.life && view.is_online() {
            self.gone(engine, Liveness::Down, cx);
        }
        self.arm_deadline(engine, cx);
        if !self.is_online(engine) {
            self.list(engine, cx);
        }
    }

    /// An engine says what it holds.
    pub(super) fn listed(
        &mut self,
        engine: EngineId,
        life: Incarnation,
        changes: u32,
        objects: &Arc<Objects>,
        cx: &mut Context<'_>,
    ) {
        let Some(view) = self.engines.get(&engine) else { return };
        if view.is_past(life, changes) {
            return;
        }
        if life > view.life && view.is_online() {
            self.gone(engine, Liveness::Down, cx);
        }
        self.arm_deadline(engine, cx);
        self.heard(engine, cx);
        if !self.is_online(engine) {
            cx.fact(Fact::Claimed { engine, epoch: self.epoch });
        }
        let objects = Objects::clone(objects);
        self.engines.insert(engine, EngineView { liveness: Liveness::Online, life, changes, objects, fresh: true });
    }

    /// A message to an engine found its process down.
    pub(super) fn bounced(&mut self, engine: EngineId, cx: &mut Context<'_>) {
        self.heard(engine, cx);
        self.gone(engine, Liveness::Down, cx);
    }

    /// An engine has not been heard of for too long.
    pub(super) fn silent(&mut self, engine: EngineId, cx: &mut Context<'_>) {
        self.heard(engine, cx);
        if self.is_online(engine) {
            self.gone(engine, Liveness::Silent, cx);
        }
    }

    pub(super) fn list(&self, engine: EngineId, cx: &mut Context<'_>) {
        send(cx, Role::Engine(engine), ToEngine::List { epoch: self.epoch });
    }

    /// A node is no longer online: what was cached of it goes, and calls to it have failed.
    fn gone(&mut self, engine: EngineId, liveness: Liveness, cx: &mut Context<'_>) {
        cx.disarm(Timer::NodeDeadline(engine));
        if let Some(view) = self.engines.get_mut(&engine) {
            *view = EngineView { liveness, life: view.life, changes: view.changes, ..EngineView::default() };
        }
        self.fail_calls(engine, cx);
    }

    /// An engine answered, or is known not to; after the last one, users are told that requests are welcome.
    fn heard(&mut self, engine: EngineId, cx: &mut Context<'_>) {
        let was_unheard = self.unheard.remove(&engine);
        // Before the first epoch nobody was connected.
        if was_unheard && self.is_ready() && self.epoch > 1 {
            for user in cx.config().cluster.users() {
                send(cx, user, ToUser::Leading { epoch: self.epoch });
            }
        }
    }

    fn arm_deadline(&self, engine: EngineId, cx: &mut Context<'_>) {
        if let Some(deadline) = cx.config().timing.node_deadline {
            cx.arm(Timer::NodeDeadline(engine), deadline);
        }
    }
}
