//! What the steps of a plan, and the end of the phase under fire, do to the world.

use std::hash::Hash;

use quiesce_machine::{CallId, Event, Monitor, Node, NodeId, Observation};

use crate::clock::Clock;
use crate::cluster::{Slowed, Waiting};
use crate::draws::About;
use crate::random::Purpose;
use crate::trace::EntryKind;
use crate::world::{Held, Item, World};
use crate::{Action, Records};

impl<'p, N: Node, M: Monitor<N>> World<'p, N, M> {
    /// Queues the next step, before anything else of its instant.
    pub(crate) fn queue_step(&mut self) {
        if let Some(&step) = self.order.get(self.taken) {
            self.queue.push_as(self.plan.steps[step].at, self.taken as u64, Item::Step);
        }
    }

    /// The next step happens.
    pub(crate) fn next_step(&mut self) {
        let step = self.order[self.taken];
        self.taken += 1;
        self.queue_step();
        self.doing_step(step);
        (self.now, u32::MAX, step).hash(&mut self.digester);
        let plan = self.plan;
        match &plan.steps[step].action {
            Action::Call { node, request, call } => self.call(*node, *call, request.clone()),
            &Action::Crash { node, records, stays_down } => self.crash_step(step, node, records, stays_down),
            &Action::Restart { node } => self.restart(step, node),
            &Action::Pause { node } => self.pause(step, node),
            &Action::Resume { node } => self.resume_step(step, node),
            &Action::Release { from, to } => self.release_step(step, from, to),
            Action::Heal => {
                self.note(EntryKind::Heal, None, String::new());
                self.links.heal();
                self.release_held();
            }
            action @ (Action::Partition { .. } | Action::Cut { .. } | Action::Isolate { .. } | Action::Clog { .. }) => {
                self.faults.applied(step);
                self.strike(step, action);
            }
            action @ (Action::Lose { .. } | Action::Duplicate { .. } | Action::Delay { .. } | Action::Store { .. }) => {
                self.strike(step, action);
            }
            &Action::Skew { node, shift } => {
                self.hamper(step);
                self.clock(node).skew(step, shift);
            }
            &Action::Drift { node, rate } => {
                self.hamper(step);
                let now = self.now;
                self.clock(node).drift(step, rate, now);
            }
            &Action::Slow { node, by } => {
                self.hamper(step);
                let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
                let process = &mut self.cluster.processes[node.index()];
                let busy = process.slowed().and_then(|slowed| slowed.busy);
                process.in_trouble().slowed = Some(Slowed { step, nanos, busy });
            }
        }
        if let Some(lasting) = plan.steps[step].lasting {
            self.queue.push(self.now + lasting, Item::StepEnds { step });
        }
    }

    /// A step that was to last so long ends: what it did is undone, unless that happened before.
    pub(crate) fn end_step(&mut self, step: usize) {
        self.doing_step(step);
        let plan = self.plan;
        match &plan.steps[step].action {
            &Action::Crash { node, .. } => {
                if !self.is_up(node) && self.cluster.processes[node.index()].crashed_by() == Some(step) {
                    self.start(node);
                }
            }
            &Action::Pause { node } => {
                if self.cluster.processes[node.index()].paused_by() == Some(step) {
                    self.resume(node);
                }
            }
            &Action::Slow { node, .. } => {
                let slowed = self.cluster.processes[node.index()].slowed();
                if slowed.is_some_and(|slowed| slowed.step == step) {
                    self.note_end(step);
                    self.hasten(node);
                }
            }
            &Action::Skew { node, .. } | &Action::Drift { node, .. } => {
                self.note_end(step);
                if let Some(clock) = &mut self.cluster.processes[node.index()].in_trouble().clock {
                    clock.end(step, self.now);
                }
            }
            Action::Store { .. } => {
                self.note_end(step);
                self.disks.end(step);
            }
            Action::Partition { .. } | Action::Cut { .. } | Action::Isolate { .. } | Action::Clog { .. } => {
                self.note_end(step);
                self.links.end(step);
                self.release_held();
            }
            Action::Lose { .. } | Action::Duplicate { .. } | Action::Delay { .. } => {
                self.note_end(step);
                self.links.end(step);
            }
            Action::Call { .. } | Action::Restart { .. } | Action::Resume { .. } => (),
            Action::Release { .. } | Action::Heal => (),
        }
    }

    /// The phase under fire ends: everything is set right, in a fixed order.
    pub(crate) fn heal_all(&mut self) {
        self.note(EntryKind::Heal, None, "the phase under fire ends".to_owned());
        self.links.heal();
        self.links.calm();
        self.disks.calm();
        self.release_held();
        for node in
            self.node_ids().filter(|node| self.cluster.processes[node.index()].trouble().is_some()).collect::<Vec<_>>()
        {
            self.cluster.processes[node.index()].in_trouble().clock = None;
            self.hasten(node);
            self.resume(node);
        }
        for node in self.node_ids() {
            if !self.is_up(node)
                && !self.cluster.processes[node.index()].trouble().is_some_and(|trouble| trouble.stays_down)
            {
                self.start(node);
            }
        }
    }

    pub(crate) fn call(&mut self, node: NodeId, call: CallId, request: N::Request) {
        if self.is_up(node) {
            self.happen(node, 0, Event::Call { call, request });
        } else {
            self.unheard(node, call, &request);
        }
    }

    fn unheard(&mut self, node: NodeId, call: CallId, request: &N::Request) {
        self.note(EntryKind::Unheard, Some(node), format!("#{} {request:?}", call.0));
        self.unheard.push(call);
    }

    fn crash_step(&mut self, step: usize, node: NodeId, records: Records, stays_down: bool) {
        if self.is_up(node) {
            self.faults.applied(step);
            self.cluster.processes[node.index()].in_trouble().stays_down = stays_down;
            self.crash(Some(step), node, records);
        }
    }

    /// A process that is up dies; chance decides how many of its pending writes are applied.
    pub(crate) fn crash(&mut self, step: Option<usize>, node: NodeId, records: Records) {
        self.die(step, node, records, None);
    }

    /// A process that is up dies, with so many of its pending writes applied, oldest first.
    pub(crate) fn die(&mut self, step: Option<usize>, node: NodeId, records: Records, applied: Option<usize>) {
        self.note(EntryKind::Crash, Some(node), format!("records {records:?}").to_lowercase());
        let process = &mut self.cluster.processes[node.index()];
        process.state = None;
        process.timers.clear();
        let pending = process.pending();
        let trouble = process.in_trouble();
        (trouble.crashed_by, trouble.paused_by) = (step, None);
        if let Some(slowed) = &mut trouble.slowed {
            slowed.busy = None;
        }
        let kept = applied.unwrap_or_else(|| {
            self.draws.of(node, self.events).below(Purpose::Crash, About::NOTHING, pending as u64 + 1) as usize
        });
        process.store().crash(kept.min(pending));
        if records == Records::Lost {
            process.store().wipe();
        }
        self.observe(&Observation::Crashed { node, records_lost: records == Records::Lost });
        for waiting in std::mem::take(&mut self.cluster.processes[node.index()].in_trouble().waiting) {
            self.abandon(node, waiting);
        }
    }

    /// What waited for a paused process that died finds it dead.
    fn abandon(&mut self, node: NodeId, waiting: Waiting<N>) {
        let Waiting::Event { cause, event } = waiting else { return };
        match event {
            Event::Deliver { from, msg } => self.arrive(from, node, cause, msg),
            Event::Call { call, request } => self.unheard(node, call, &request),
            Event::Start { .. } | Event::Bounce { .. } | Event::Fire { .. } | Event::Stored { .. } => (),
        }
    }

    fn restart(&mut self, step: usize, node: NodeId) {
        if !self.is_up(node) {
            self.faults.applied(step);
            self.start(node);
        }
    }

    fn pause(&mut self, step: usize, node: NodeId) {
        if self.is_up(node) && self.cluster.processes[node.index()].paused_by().is_none() {
            self.faults.applied(step);
            self.cluster.processes[node.index()].in_trouble().paused_by = Some(step);
            self.note(EntryKind::Pause, Some(node), String::new());
        }
    }

    fn resume_step(&mut self, step: usize, node: NodeId) {
        if self.cluster.processes[node.index()].paused_by().is_some() {
            self.faults.applied(step);
            self.resume(node);
        }
    }

    /// Lets a paused process go on with what waited for it.
    fn resume(&mut self, node: NodeId) {
        if self.cluster.processes[node.index()].in_trouble().paused_by.take().is_none() {
            return;
        }
        self.note(EntryKind::Resume, Some(node), String::new());
        if self.cluster.processes[node.index()].slowed().is_some() {
            self.work_on(node);
        } else {
            self.catch_up(node);
        }
    }

    /// A slow process is slow no more, and catches up with what waited for it.
    fn hasten(&mut self, node: NodeId) {
        let trouble = self.cluster.processes[node.index()].in_trouble();
        if trouble.slowed.take().is_some() && trouble.paused_by.is_none() {
            self.catch_up(node);
        }
    }

    fn catch_up(&mut self, node: NodeId) {
        while let Some(waiting) = self.cluster.processes[node.index()].in_trouble().waiting.pop_front() {
            self.take_up(node, waiting);
        }
    }

    fn take_up(&mut self, node: NodeId, waiting: Waiting<N>) {
        match waiting {
            Waiting::Event { cause, event } => self.handle(node, cause, event),
            Waiting::Timer { sequence } => self.surface_now(node, sequence),
        }
    }

    /// A slow process begins with what waits for it, unless it is busy, paused, or nothing does.
    pub(crate) fn work_on(&mut self, node: NodeId) {
        let trouble = self.cluster.processes[node.index()].in_trouble();
        let Some(slowed) = &mut trouble.slowed else { return };
        if slowed.busy.is_some() || trouble.paused_by.is_some() || trouble.waiting.is_empty() {
            return;
        }
        let sequence = self.queue.sequence();
        slowed.busy = Some(sequence);
        self.queue.push_as(self.now.after_nanos(slowed.nanos), sequence, Item::Work { node });
    }

    /// A slow process is done with the first of what waits for it.
    pub(crate) fn work_done(&mut self, node: NodeId, sequence: u64) {
        let trouble = self.cluster.processes[node.index()].in_trouble();
        let Some(slowed) = trouble.slowed.as_mut().filter(|slowed| slowed.busy == Some(sequence)) else { return };
        slowed.busy = None;
        if trouble.paused_by.is_none()
            && let Some(waiting) = trouble.waiting.pop_front()
        {
            self.take_up(node, waiting);
            self.work_on(node);
        }
    }

    fn release_step(&mut self, step: usize, from: NodeId, to: NodeId) {
        if self.links.release(from, to) {
            self.faults.applied(step);
            let text = self.faults.describe(step);
            self.note(EntryKind::Heal, None, text);
            self.release_held();
        }
    }

    /// Lets go of all that is held on links that are no longer clogged, in the order it was sent.
    fn release_held(&mut self) {
        for Held { from, to, due, item } in std::mem::take(&mut self.held) {
            if self.links.clogged(from, to).is_some() {
                self.held.push(Held { from, to, due, item });
            } else {
                self.queue.push(due.max(self.now), item);
            }
        }
    }

    /// Counts and notes a fault of a single machine.
    fn hamper(&mut self, step: usize) {
        self.faults.applied(step);
        let text = self.faults.describe(step);
        self.note(EntryKind::Fault, None, text);
    }

    fn clock(&mut self, node: NodeId) -> &mut Clock {
        self.cluster.processes[node.index()].in_trouble().clock.get_or_insert_with(|| Box::new(Clock::new()))
    }

    fn note_end(&mut self, step: usize) {
        let text = format!("{} ends", self.faults.describe(step));
        self.note(EntryKind::Heal, None, text);
    }

    fn strike(&mut self, step: usize, action: &'p Action<N>) {
        let text = self.faults.describe(step);
        self.note(EntryKind::Fault, None, text);
        self.links.strike(step, action, self.plan.nodes.len());
        self.disks.strike(step, action);
    }

    fn note(&mut self, kind: EntryKind, node: Option<NodeId>, text: String) {
        if let Some(trace) = &mut self.trace {
            trace.push(self.now, kind, node, text);
        }
    }
}
