//! What the steps of a plan, and the end of the phase under fire, do to the world.

use std::hash::Hash;

use quiesce_machine::{CallId, Event, Monitor, Node, NodeId, Observation};

use crate::cluster::Waiting;
use crate::trace::EntryKind;
use crate::world::{Item, World};
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
            &Action::Crash { node, records, stays_down } => self.crash(step, node, records, stays_down),
            &Action::Restart { node } => self.restart(step, node),
            &Action::Pause { node } => self.pause(step, node),
            &Action::Resume { node } => self.resume_step(step, node),
            Action::Heal => {
                self.note(EntryKind::Heal, None, String::new());
                self.links.heal();
            }
            action @ (Action::Partition { .. } | Action::Cut { .. }) => {
                self.faults.applied(step);
                self.strike(step, action);
            }
            action @ (Action::Lose { .. } | Action::Duplicate { .. } | Action::Delay { .. }) => {
                self.strike(step, action);
            }
        }
    }

    /// The phase under fire ends: everything is set right, in a fixed order.
    pub(crate) fn heal_all(&mut self) {
        self.note(EntryKind::Heal, None, "the phase under fire ends".to_owned());
        self.links.heal();
        self.links.calm();
        for node in self.node_ids() {
            self.resume(node);
        }
        for node in self.node_ids() {
            if !self.is_up(node) && !self.processes[node.index()].stays_down {
                self.start(node);
            }
        }
    }

    fn call(&mut self, node: NodeId, call: CallId, request: N::Request) {
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

    fn crash(&mut self, step: usize, node: NodeId, records: Records, stays_down: bool) {
        if !self.is_up(node) {
            return;
        }
        self.faults.applied(step);
        self.note(EntryKind::Crash, Some(node), format!("records {records:?}").to_lowercase());
        self.cluster.nodes[node.index()] = None;
        let process = &mut self.processes[node.index()];
        process.crashed_by = Some(step);
        process.paused_by = None;
        process.stays_down = stays_down;
        process.timers.clear();
        let pending = process.store.pending();
        let kept = self.streams[node.index()].crash.below(pending as u64 + 1) as usize;
        process.store.crash(kept);
        if records == Records::Lost {
            process.store.wipe();
        }
        self.observe(&Observation::Crashed { node, records_lost: records == Records::Lost });
        for waiting in std::mem::take(&mut self.processes[node.index()].waiting) {
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
        if self.is_up(node) && self.processes[node.index()].paused_by.is_none() {
            self.faults.applied(step);
            self.processes[node.index()].paused_by = Some(step);
            self.note(EntryKind::Pause, Some(node), String::new());
        }
    }

    fn resume_step(&mut self, step: usize, node: NodeId) {
        if self.processes[node.index()].paused_by.is_some() {
            self.faults.applied(step);
            self.resume(node);
        }
    }

    /// Lets a paused process go on with what waited for it.
    fn resume(&mut self, node: NodeId) {
        if self.processes[node.index()].paused_by.take().is_none() {
            return;
        }
        self.note(EntryKind::Resume, Some(node), String::new());
        while let Some(waiting) = self.processes[node.index()].waiting.pop_front() {
            match waiting {
                Waiting::Event { cause, event } => self.handle(node, cause, event),
                Waiting::Timer { entry, sequence } => self.surface(node, entry, sequence),
            }
        }
    }

    fn strike(&mut self, step: usize, action: &'p Action<N>) {
        let text = self.faults.describe(step);
        self.note(EntryKind::Fault, None, text);
        self.links.strike(step, action, self.plan.nodes.len());
    }

    fn note(&mut self, kind: EntryKind, node: Option<NodeId>, text: String) {
        if let Some(trace) = &mut self.trace {
            trace.push(self.now, kind, node, text);
        }
    }
}
