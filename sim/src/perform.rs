//! What a node's effects do to the world.

use std::hash::Hash;

use quiesce_machine::{CallId, Delay, Effect, Label, Monitor, Node, NodeId, OpId, Write};

use crate::Answer;
use crate::network::{Fate, Loss};
use crate::trace::EntryKind;
use crate::world::{Held, Item, World};

impl<N: Node, M: Monitor<N>> World<'_, N, M> {
    /// Does what a node asked for, in order, and empties the outbox.
    pub(crate) fn perform(&mut self, node: NodeId) {
        let mut effects = std::mem::take(&mut self.outbox.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Send { to, msg } => self.send(node, to, msg),
                Effect::Arm { timer, after } => self.arm(node, timer, after),
                Effect::Disarm { timer } => self.processes[node.index()].timers.disarm(&timer),
                Effect::Store { op, write } => self.store(node, op, write),
                Effect::Reply { call, reply } => self.reply(node, call, reply),
            }
        }
        self.outbox.effects = effects;
    }

    fn send(&mut self, from: NodeId, to: NodeId, msg: N::Msg) {
        let count = self.plan.nodes.len();
        assert!(to.index() < count, "{from} sent {} to {to}, but the nodes are n0 to n{}", msg.label(), count - 1);
        let (label, cause) = (msg.label(), self.events);
        self.messages.add(label);
        if from == to {
            self.queue.push(self.now, Item::Message { from, to, cause, msg });
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
        if let Some(clock) = &self.processes[node.index()].clock {
            let (stretched, by) = clock.stretch(nanos);
            by.into_iter().for_each(|step| self.faults.affected(step));
            nanos = stretched;
        }
        let (deadline, sequence) = (self.now.after_nanos(nanos), self.queue.sequence());
        let timers = &mut self.processes[node.index()].timers;
        if let Some(entry) = timers.arm(timer, deadline, sequence, self.events) {
            self.queue.push_as(deadline, sequence, Item::Timer { node, entry });
        }
    }

    fn store(&mut self, node: NodeId, op: OpId, write: Write<N::Record>) {
        let mut hand = self.draws.of(node, self.events);
        let (after, landing) = self.disks.issue(node, &mut hand, &mut self.faults);
        let lands = self.processes[node.index()].store.issue(op, write, landing, self.now.after_nanos(after));
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
