//! Calls to engines: sent again until answered, and given up only when the node is taken for offline.

use std::sync::Arc;

use super::Standing;
use super::leader::Leader;
use super::task::{Deed, Goal, Task, Waiting};
use crate::volume::id::{EngineId, Key, Role};
use crate::volume::message::ToEngine;
use crate::volume::object::{EngineError, EngineOp};
use crate::volume::timer::Timer;
use crate::volume::{Context, send};

impl Leader {
    /// Calls an engine on behalf of a task, or says at once why that is of no use.
    pub(super) fn call(&mut self, task: Key, engine: EngineId, op: EngineOp, cx: &mut Context<'_>) {
        let op = Arc::new(op);
        let unreachable = self.engines.get(&engine).map_or(Some(EngineError::Offline), |view| view.unreachable());
        if let Some(error) = unreachable.filter(|&error| !self.has_to_know(task, &op, error)) {
            if let Some(task) = self.tasks.get_mut(&task) {
                task.results.insert(Deed::of(&op), Err(error));
                task.heard_store = false;
            }
            return;
        }
        if let Some(task) = self.tasks.get_mut(&task) {
            task.waiting = Waiting::Call(engine, Arc::clone(&op));
        }
        self.send_call(engine, op, cx);
        arm_call_retry(task, cx);
        self.arm_call_over(task, cx);
    }

    fn arm_call_over(&self, task: Key, cx: &mut Context<'_>) {
        if let Some(timeout) = cx.config().timing.call_timeout {
            cx.arm(Timer::CallOver(task), timeout);
        }
    }

    pub(super) fn send_call(&self, engine: EngineId, op: Arc<EngineOp>, cx: &mut Context<'_>) {
        send(cx, Role::Engine(engine), ToEngine::Call { epoch: self.epoch, op });
    }

    pub(super) fn call_done(
        &mut self,
        engine: EngineId,
        op: &Arc<EngineOp>,
        changes: u32,
        result: Result<(), EngineError>,
        cx: &mut Context<'_>,
    ) -> Standing {
        if let Err(EngineError::Stale(epoch)) = result
            && epoch > self.epoch
        {
            return Standing::Deposed;
        }
        if let Some(view) = self.engines.get_mut(&engine)
            && view.is_online()
            && view.did(op, changes, result.is_ok())
        {
            self.list(engine, cx);
        }
        // A volume's deletion and that of a part may both wait for it.
        let waits = |task: &Task| matches!(&task.waiting, Waiting::Call(at, for_op) if *at == engine && for_op == op);
        let waiting: Vec<Key> = self.tasks.iter().filter(|(_, task)| waits(task)).map(|(&key, _)| key).collect();
        for key in waiting {
            let Some(task) = self.tasks.get(&key).filter(|task| waits(task)) else { continue };
            // A deletion that fails within the engine is tried again for as long as the engine answers.
            if result == Err(EngineError::Internal) && task.goal.destroys() {
                self.arm_call_over(key, cx);
            } else {
                self.end_call(key, result, cx);
            }
        }
        Standing::Leads
    }

    /// An engine has not answered: the call is sent again.
    pub(super) fn call_again(&mut self, task: Key, cx: &mut Context<'_>) {
        match self.tasks.get(&task).map(|task| task.waiting.clone()) {
            Some(Waiting::Call(engine, op)) => {
                self.send_call(engine, op, cx);
                arm_call_retry(task, cx);
            }
            Some(Waiting::Pause) => {
                if let Some(task) = self.tasks.get_mut(&task) {
                    task.waiting = Waiting::Nothing;
                }
                self.run(task, cx);
            }
            Some(Waiting::Nothing | Waiting::Write | Waiting::Lease) | None => (),
        }
    }

    /// An engine does not answer: its node is offline.
    pub(super) fn call_over(&mut self, task: Key, cx: &mut Context<'_>) {
        if let Some(Waiting::Call(engine, _)) = self.tasks.get(&task).map(|task| task.waiting.clone()) {
            self.silent(engine, cx);
        }
    }

    /// Every call to a node that is offline has failed.
    pub(super) fn fail_calls(&mut self, engine: EngineId, cx: &mut Context<'_>) {
        let Some(error) = self.engines.get(&engine).and_then(|view| view.unreachable()) else { return };
        let fails = |&(&key, task): &(&Key, &Task)| match &task.waiting {
            Waiting::Call(at, op) => *at == engine && !self.has_to_know(key, op, error),
            Waiting::Nothing | Waiting::Write | Waiting::Pause | Waiting::Lease => false,
        };
        let hit: Vec<Key> = self.tasks.iter().filter(fails).map(|(&key, _)| key).collect();
        for task in hit {
            self.end_call(task, Err(error), cx);
        }
    }

    /// Whether a task cannot go on until it knows how that call ended, however long its engine is silent: a target that
    /// loses a child late, after it was given up, might no longer have the child that was told to refuse it.
    fn has_to_know(&self, task: Key, op: &EngineOp, error: EngineError) -> bool {
        let shrinks = self.tasks.get(&task).is_some_and(|task| matches!(task.goal, Goal::Shrink(..)));
        error == EngineError::Offline && shrinks && matches!(op, EngineOp::RemoveChild(..))
    }

    fn end_call(&mut self, key: Key, result: Result<(), EngineError>, cx: &mut Context<'_>) {
        let Some(task) = self.tasks.get_mut(&key) else { return };
        let Waiting::Call(_, op) = std::mem::take(&mut task.waiting) else { return };
        cx.disarm(Timer::CallRetry(key));
        cx.disarm(Timer::CallOver(key));
        task.results.insert(Deed::of(&op), result);
        task.heard_store = false;
        if let (EngineOp::Destroy(gone), Ok(())) = (op.as_ref(), result) {
            task.forget_leftover(*gone);
        }
        self.run(key, cx);
    }
}

fn arm_call_retry(task: Key, cx: &mut Context<'_>) {
    if let Some(retry) = cx.config().timing.call_retry {
        cx.arm(Timer::CallRetry(task), retry);
    }
}
