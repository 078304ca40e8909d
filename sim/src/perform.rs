//! What a node's effects do to the world.

use std::hash::Hash;
use std::time::Duration;

use quiesce_machine::{CallId, Delay, Effect, Label, Monitor, Node, NodeId, OpId, Write};

use crate::branch::{Blow, Probe, survey};
use crate::disk::Landing;
use crate::draws::About;
use crate::network::{Fate, Loss};
use crate::random::Purpose;
use crate::trace::EntryKind;
use crate::world::{Held, Item, World};
use crate::{Answer, Records, Strike};

impl<N: Node, M: Monitor<N>> World<'_, N, M> {
    /// Does what a node asked for, in order, and empties the outbox.
    #[inline(always)]
    pub(crate) fn perform(&mut self, node: NodeId) {
        if self.outbox.effects.len() < 2 {
            if let Some(only) = self.outbox.effects.pop() {
                self.perform_one(node, only);
            }
            return;
        }
        let mut effects = std::mem::take(&mut self.outbox.effects);
        for effect in effects.drain(..) {
            self.perform_one(node, effect);
        }
        self.outbox.effects = effects;
    }

    #[inline(always)]
    fn perform_one(&mut self, node: NodeId, effect: Effect<N>) {
        match effect {
            Effect::Send { to, msg } => self.send(node, to, msg),
            Effect::Arm { timer, after } => self.arm(node, timer, after),
            Effect::Disarm { timer } => self.cluster.processes[node.index()].timers.disarm(&timer),
            Effect::Store { op, write } => self.store(node, op, write, None),
            Effect::Reply { call, reply } => self.reply(node, call, reply),
        }
    }

    /// The same, while boundaries are noted, or one of them waits to be struck.
    #[cold]
    pub(crate) fn perform_probed(&mut self, node: NodeId) {
        match &mut self.probe {
            Some(Probe::Survey(found)) => {
                survey(found, self.events, node, self.now, &self.outbox.effects);
                self.perform(node);
            }
            &mut Some(Probe::Strike(strike)) if strike.event == self.events => self.perform_struck(node, strike),
            Some(Probe::Strike(_)) | None => self.perform(node),
        }
    }

    fn perform_struck(&mut self, node: NodeId, Strike { effect, blow, down_ns, .. }: Strike) {
        let mut effects = std::mem::take(&mut self.outbox.effects);
        let down = Duration::from_nanos(down_ns);
        let behind = effects.split_off((effect as usize).min(effects.len()));
        self.outbox.effects = effects;
        self.perform(node);
        self.end = self.end.max(self.now + down + self.plan.settle);
        let mut behind = behind.into_iter();
        match (blow, behind.next()) {
            (Blow::Crash, _) => {
                self.cluster.processes[node.index()].in_trouble().stays_down = false;
                self.crash(None, node, Records::Kept);
                self.queue.push(self.now + down, Item::Rise { node });
                return;
            }
            (Blow::LoseMessage, Some(Effect::Send { to, msg })) => {
                self.messages.add(msg.label());
                self.note_lost(node, to, self.events, &msg, "lost at a boundary");
            }
            (Blow::FailWrite, Some(Effect::Store { op, write })) => self.store(node, op, write, Some(Landing::FAILED)),
            (Blow::LoseMessage | Blow::FailWrite, other) => {
                other.into_iter().for_each(|effect| self.perform_one(node, effect));
            }
        }
        behind.for_each(|effect| self.perform_one(node, effect));
    }

    /// A process that died at a boundary starts again, unless somebody else started it or struck it down since.
    pub(crate) fn rise(&mut self, node: NodeId) {
        if !self.is_up(node) && self.cluster.processes[node.index()].crashed_by().is_none() {
            self.start(node);
        }
    }

    #[inline(always)]
    fn send(&mut self, from: NodeId, to: NodeId, msg: N::Msg) {
        let count = self.plan.nodes.len();
        assert!(to.index() < count, "{from} sent {} to {to}, but the nodes are n0 to n{}", msg.label(), count - 1);
        let (label, cause) = (msg.label(), self.events);
        self.messages.add(label);
        if let Some(meter) = &mut self.meter {
            meter.sends(from, to, &msg);
        }
        if from == to {
            self.queue.push(self.now, Item::Message { from, to, cause, msg });
            return;
        }
        if let Some(latency) = self.links.clear() {
            let exact = latency.least == latency.most;
            let about = About::message(label, to);
            let mut drawn = || self.draws.of(from, cause).within(Purpose::Latency, about, latency);
            let after = if exact { latency.least } else { drawn() };
            self.queue.push(self.now.after_nanos(after), Item::Message { from, to, cause, msg });
            return;
        }
        let mut hand = self.draws.of(from, cause);
        match self.links.send(from, to, label, &mut hand, &mut self.faults) {
            Fate::Lost(loss) => self.note_lost(from, to, cause, &msg, why(loss)),
            Fate::Arrives { after, again } => {
                if let Some(again) = again {
                    let copy = Item::Message { from, to, cause, msg: msg.clone() };
                    self.transmit(from, to, again, copy);
                }
                self.transmit(from, to, after, Item::Message { from, to, cause, msg });
            }
        }
    }

    /// Something travels over a link for so many nanoseconds, or is held where the link is clogged.
    pub(crate) fn transmit(&mut self, from: NodeId, to: NodeId, after: u64, item: Item<N>) {
        let due = self.now.after_nanos(after);
        match self.links.clogged(from, to) {
            None => self.queue.push(due, item),
            Some(step) => {
                self.faults.affected(step);
                self.held.push(Held { from, to, due, item });
            }
        }
    }

    fn arm(&mut self, node: NodeId, timer: N::Timer, after: Delay) {
        let exact = after.least == after.most;
        let mut nanos = if exact { after.least } else { self.draws.of(node, self.events).jitter(timer.label(), after) };
        if let Some(clock) = self.cluster.processes[node.index()].clock() {
            let (stretched, by) = clock.stretch(nanos);
            by.into_iter().for_each(|step| self.faults.affected(step));
            nanos = stretched;
        }
        let (deadline, sequence) = (self.now.after_nanos(nanos), self.queue.sequence());
        let timers = &mut self.cluster.processes[node.index()].timers;
        if timers.arm(timer, deadline, sequence, self.events) {
            self.queue.push_tick(deadline, sequence, node.0);
        }
    }

    fn store(&mut self, node: NodeId, op: OpId, write: Write<N::Record>, struck: Option<Landing>) {
        let mut hand = self.draws.of(node, self.events);
        let (after, landing) = self.disks.issue(node, &mut hand, &mut self.faults);
        let landing = struck.unwrap_or(landing);
        let lands = self.cluster.processes[node.index()].store().issue(op, write, landing, self.now.after_nanos(after));
        self.queue.push(lands, Item::Write { node, cause: self.events });
    }

    fn reply(&mut self, node: NodeId, call: CallId, reply: N::Reply) {
        (call, &reply).hash(&mut self.digester);
        if let Some(trace) = &mut self.trace {
            let entry = trace.push(self.now, EntryKind::Reply, Some(node), format!("#{} {reply:?}", call.0));
            (entry.label, entry.cause) = (reply.label(), Some(self.events));
        }
        self.replies.push(Answer { call, reply, at: self.now });
    }
}

fn why(loss: Loss) -> &'static str {
    match loss {
        Loss::Cut => "cut off",
        Loss::Rule => "lost as planned",
        Loss::Random => "lost at random",
    }
}
