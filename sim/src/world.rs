//! The event loop: one thing happens, a node handles it, what it says is judged and what it asks for is done.
//!
//! Owns the clock and the queue. What effects do is in `perform`, what the timeline does in `timeline`; what becomes of
//! a message is the network's to decide, what holds is the judge's.

use std::hash::Hash;

use quiesce_machine::{CallId, Cx, Event, Label, Monitor, Node, NodeId, Observation, Outbox, Time};

use crate::branch::Probe;
use crate::cluster::{Cluster, Process, Waiting};
use crate::digest::Digester;
use crate::disk::Disks;
use crate::draws::Draws;
use crate::faults::{Faults, vacuities};
use crate::judge::Judge;
use crate::lens::Lens;
use crate::meter::Meter;
use crate::network::Links;
use crate::prefetch::prefetch;
use crate::queue::{Due, PENDING_MAX, Pending, Queue};
use crate::run::Played;
use crate::tally::Tally;
use crate::timers::Surfaced;
use crate::trace::{Brief, EntryKind, State, Trace, payload};
use crate::{Answer, Bound, Outcome, Plan, Verdict};

/// Above this many pending items a run stops: what one event adds must still fit the queue.
const PENDING_BOUND: usize = PENDING_MAX / 2;

/// Everything of one run.
#[derive(Debug)]
pub(crate) struct World<'p, N: Node, M> {
    pub(crate) plan: &'p Plan<N, M>,
    asked: usize,
    pub(crate) now: Time,
    /// How many events were handled: the number of the last.
    pub(crate) events: u32,
    /// What is to happen. A tick is a node at which a timer runs out, perhaps.
    pub(crate) queue: Queue<Item<N>>,
    /// The plan's steps in the order they happen, and how many have.
    pub(crate) order: Vec<usize>,
    pub(crate) taken: usize,
    pub(crate) cluster: Cluster<'p, N>,
    pub(crate) draws: Draws<'p>,
    pub(crate) links: Links<'p>,
    pub(crate) disks: Disks<'p>,
    /// What clogged links hold, in the order it was sent.
    pub(crate) held: Vec<Held<N>>,
    pub(crate) faults: Faults,
    pub(crate) outbox: Outbox<N>,
    pub(crate) digester: Digester,
    pub(crate) messages: Tally,
    pub(crate) facts: Tally,
    pub(crate) marks: Tally,
    pub(crate) replies: Vec<Answer<N>>,
    pub(crate) unheard: Vec<CallId>,
    pub(crate) trace: Option<Trace>,
    pub(crate) probe: Option<Probe>,
    pub(crate) lens: Option<Lens>,
    pub(crate) meter: Option<&'p mut dyn Meter<N>>,
    /// The turns that could not be taken.
    pub(crate) missed: Vec<usize>,
    /// The end of the run, unless something goes wrong so late that it takes longer to come to rest.
    pub(crate) end: Time,
    judge: Judge<M>,
    bound: Option<Bound>,
    pending_most: usize,
    doing: Doing,
}

/// What is pending. Each speaks of the event that caused it, so that what a dead process left behind is told.
#[derive(Debug)]
pub(crate) enum Item<N: Node> {
    /// The next step of the timeline.
    Step,
    /// A step that was to last so long ends.
    StepEnds { step: usize },
    /// The end of the phase under fire.
    Heal,
    /// A message on its way.
    Message { from: NodeId, to: NodeId, cause: u32, msg: N::Msg },
    /// A message on its way back.
    Refusal { node: NodeId, to: NodeId, cause: u32, msg: N::Msg },
    /// The oldest pending write of a node lands.
    Write { node: NodeId, cause: u32 },
    /// A slow process is done with something.
    Work { node: NodeId },
    /// A process that died at a boundary starts again.
    Rise { node: NodeId },
}

/// Something that a clogged link holds.
#[derive(Debug)]
pub(crate) struct Held<N: Node> {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    /// When it would arrive.
    pub(crate) due: Time,
    pub(crate) item: Item<N>,
}

/// What is going on, for the report of a panic.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Boot(NodeId),
    Event(NodeId, Brief),
    Step(usize),
    Rest,
}

impl<'p, N: Node, M: Monitor<N>> World<'p, N, M> {
    /// A world in which nothing has happened. The plan has been checked, its swarm has been drawn, and only its first
    /// `asked` steps were asked for.
    pub(crate) fn new(plan: &'p Plan<N, M>, asked: usize, draws: Draws<'p>, trace: Option<Trace>) -> Self {
        let mut order: Vec<usize> = (0..plan.steps.len()).filter(|&step| plan.steps[step].at <= plan.until).collect();
        order.sort_by_key(|&step| plan.steps[step].at);
        let processes = plan.nodes.iter().map(|_| Process::new()).collect();
        World {
            plan,
            asked,
            now: Time::ZERO,
            events: 0,
            queue: Queue::new(order.len() as u64 + 1),
            order,
            taken: 0,
            cluster: Cluster { config: &plan.config, names: &plan.nodes, processes },
            draws,
            links: Links::new(plan),
            disks: Disks::new(plan),
            held: Vec::new(),
            faults: Faults::new(plan, asked),
            outbox: Outbox::new(),
            digester: Digester::new(),
            messages: Tally::default(),
            facts: Tally::default(),
            marks: Tally::default(),
            replies: Vec::new(),
            unheard: Vec::new(),
            trace,
            probe: None,
            lens: None,
            meter: None,
            missed: Vec::new(),
            end: plan.end(),
            judge: Judge::new(plan.monitors.clone()),
            bound: None,
            pending_most: PENDING_BOUND,
            doing: Doing::Boot(NodeId(0)),
        }
    }

    /// Runs to the end, to a finding, or to a bound.
    pub(crate) fn play(&mut self) {
        self.look();
        self.queue.push_as(self.plan.until, self.order.len() as u64, Item::Heal);
        self.queue_step();
        for node in self.node_ids() {
            self.start(node);
        }
        while !self.is_over() {
            if let Some(node) = self.queue.foresee() {
                prefetch(&self.cluster.processes[node as usize]);
            }
            if let Some(Item::Message { to: node, .. } | Item::Refusal { node, .. } | Item::Write { node, .. }) =
                self.queue.foresee_item()
            {
                prefetch(&self.cluster.processes[node.index()]);
            }
            let Some(due) = self.queue.pop_until(self.end) else {
                self.now = self.end;
                self.demand_rest();
                return;
            };
            self.take(due);
            if self.queue.len() > self.pending_most {
                self.bound = Some(Bound::Pending { most: self.pending_most as u64, at: self.now });
            }
        }
    }

    /// Demands that nothing is owed.
    pub(crate) fn demand_rest(&mut self) {
        self.doing = Doing::Rest;
        self.judge.demand_rest(&self.cluster, self.now);
    }

    /// Reports a panic of [`play`](Self::play).
    pub(crate) fn panicked(&mut self, message: &str) {
        let name = |node: NodeId| &self.plan.nodes[node.index()];
        let doing = match self.doing {
            Doing::Boot(node) => format!("{} booted", name(node)),
            Doing::Event(node, Brief { kind, label, peer }) => {
                let words =
                    [kind.to_string(), label.to_owned(), peer.map_or(String::new(), |peer| name(peer).to_owned())];
                let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
                format!("{} handled {}", name(node), words.join(" "))
            }
            Doing::Step(step) => format!("step {} happened", step + 1),
            Doing::Rest => "the end was judged".to_owned(),
        };
        self.judge.panicked(format!("panic while {doing}: {message}"), self.now);
    }

    /// What the run came to, with what was kept of it.
    pub(crate) fn finish(mut self) -> Played<N> {
        self.look_last();
        if let Some(trace) = &mut self.trace {
            for finding in self.judge.findings() {
                let text = format!("{} {}: {}", finding.kind, finding.property, finding.evidence);
                trace.push(finding.at, EntryKind::Finding, None, text);
            }
        }
        let faults = self.faults.counts(self.plan);
        let outcome = Outcome {
            verdict: self.verdict(&faults),
            digest: self.digester.digest(),
            events: u64::from(self.events),
            now: self.now,
            faults,
            findings: self.judge.findings().to_vec(),
            messages: self.messages.counts(),
            facts: self.facts.counts(),
            marks: self.marks.counts(),
            replies: self.replies,
            unheard: self.unheard,
            armed: self.judge.names(true),
            unarmed: self.judge.names(false),
        };
        let (trace, probe, lens, missed) = (self.trace, self.probe, self.lens, self.missed);
        Played { outcome, trace, ledger: self.draws.into_ledger(), probe, lens, missed }
    }

    fn verdict(&self, faults: &[crate::FaultCount]) -> Verdict {
        if !self.judge.findings().is_empty() {
            return Verdict::Fail;
        }
        if let Some(bound) = self.bound {
            return Verdict::Incomplete(bound);
        }
        let mut vacuous = vacuities(self.plan, self.asked, faults);
        vacuous.extend(self.judge.names(false).into_iter().map(|property| crate::Vacuity::Unarmed { property }));
        if vacuous.is_empty() { Verdict::Pass } else { Verdict::Vacuous(vacuous) }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.bound.is_some() || !self.judge.findings().is_empty()
    }

    /// The time of something has come.
    #[inline(always)]
    pub(crate) fn take(&mut self, Due { at, sequence, what }: Due<Item<N>>) {
        self.now = at;
        match what {
            Pending::Item(item) => self.take_item(item, sequence),
            Pending::Tick(node) => self.surface(NodeId(node), sequence),
        }
    }

    #[inline(always)]
    pub(crate) fn take_item(&mut self, item: Item<N>, sequence: u64) {
        match item {
            Item::Step => self.next_step(),
            Item::StepEnds { step } => self.end_step(step),
            Item::Work { node } => self.work_done(node, sequence),
            Item::Heal => self.heal_all(),
            Item::Rise { node } => self.rise(node),
            Item::Message { from, to, cause, msg } => self.arrive(from, to, cause, msg),
            Item::Refusal { node, to, cause, msg } => {
                if self.is_same_life(node, cause) {
                    self.happen(node, cause, Event::Bounce { to, msg });
                } else {
                    self.note_lost(node, to, cause, &msg, "refused, and its sender is gone");
                }
            }
            Item::Write { node, cause } => {
                if self.is_same_life(node, cause)
                    && let Some((op, outcome)) = self.cluster.processes[node.index()].store().land()
                {
                    self.happen(node, cause, Event::Stored { op, outcome });
                }
            }
        }
    }

    /// A message reaches its receiver's machine.
    #[inline(always)]
    pub(crate) fn arrive(&mut self, from: NodeId, to: NodeId, cause: u32, msg: N::Msg) {
        let process = &self.cluster.processes[to.index()];
        if from == to && !process.is_in_life_of(cause) {
            self.note_lost(from, to, cause, &msg, "with the process that sent it to itself");
        } else if process.state.is_none() {
            self.refuse(from, to, cause, msg);
        } else if process.hindered_by().is_none() {
            self.handle(to, cause, Event::Deliver { from, msg });
        } else {
            self.wait(to, Waiting::Event { cause, event: Event::Deliver { from, msg } });
        }
    }

    /// Nobody listens: the machine says so, if it can. Whether who sent the message still lives shows on arrival.
    #[cold]
    fn refuse(&mut self, from: NodeId, to: NodeId, cause: u32, msg: N::Msg) {
        if let Some(step) = self.cluster.processes[to.index()].crashed_by() {
            self.faults.affected(step);
        }
        if self.links.apart(from, to) {
            self.note_lost(from, to, cause, &msg, "refused, with no way back");
            return;
        }
        let mut hand = self.draws.of(from, self.events);
        let after = self.links.refusal(from, to, msg.label(), &mut hand);
        self.transmit(to, from, after, Item::Refusal { node: from, to, cause, msg });
    }

    /// A timer's entry surfaces, now or once its process is neither paused nor busy.
    #[inline(never)]
    fn surface(&mut self, node: NodeId, sequence: u64) {
        let process = &mut self.cluster.processes[node.index()];
        if process.hindered_by().is_none() {
            self.surface_now(node, sequence);
            return;
        }
        match process.timers.surface(sequence) {
            Surfaced::Stale => (),
            Surfaced::Later { at, sequence } => self.queue.push_tick(at, sequence, node.0),
            Surfaced::Due(_) => self.wait(node, Waiting::Timer { sequence }),
        }
    }

    /// A timer's entry surfaces.
    #[inline(always)]
    pub(crate) fn surface_now(&mut self, node: NodeId, sequence: u64) {
        let process = &mut self.cluster.processes[node.index()];
        match process.timers.surface(sequence) {
            Surfaced::Stale => (),
            Surfaced::Later { at, sequence } => self.queue.push_tick(at, sequence, node.0),
            Surfaced::Due(slot) => {
                let (timer, cause) = process.timers.fire(slot);
                self.handle(node, cause, Event::Fire { timer });
            }
        }
    }

    /// Something happens to a process that is up: now, or once it is neither paused nor busy.
    #[inline(always)]
    pub(crate) fn happen(&mut self, node: NodeId, cause: u32, event: Event<N>) {
        match self.cluster.processes[node.index()].hindered_by() {
            None => self.handle(node, cause, event),
            Some(_) => self.wait(node, Waiting::Event { cause, event }),
        }
    }

    /// Something waits for a process that is paused or slow.
    #[cold]
    fn wait(&mut self, node: NodeId, waiting: Waiting<N>) {
        let process = self.cluster.processes[node.index()].in_trouble();
        let message = matches!(waiting, Waiting::Event { event: Event::Deliver { .. } | Event::Bounce { .. }, .. });
        match (process.paused_by, process.slowed) {
            (Some(step), _) if message => self.faults.affected(step),
            (None, Some(slowed)) => self.faults.affected(slowed.step),
            (Some(_) | None, _) => (),
        }
        process.waiting.push_back(waiting);
        self.work_on(node);
    }

    /// Starts a process that is down, with what its store kept.
    pub(crate) fn start(&mut self, node: NodeId) {
        self.doing = Doing::Boot(node);
        let process = &mut self.cluster.processes[node.index()];
        process.incarnation = process.incarnation.next();
        process.since = self.events + 1;
        let (incarnation, records) = (process.incarnation, process.records());
        process.state = Some(N::boot(node, self.cluster.config));
        self.observe(&Observation::Started { node, incarnation });
        self.handle(node, 0, Event::Start { incarnation, records });
    }

    /// A node handles an event, unless the run is over.
    #[inline(always)]
    pub(crate) fn handle(&mut self, node: NodeId, cause: u32, event: Event<N>) {
        if self.is_over() {
            return;
        }
        if u64::from(self.events) >= self.plan.max_events {
            self.bound = Some(Bound::Events { most: self.plan.max_events, at: self.now });
            return;
        }
        self.events += 1;
        let brief = Brief::of(&event);
        self.doing = Doing::Event(node, brief);
        if self.trace.is_some() {
            self.note_event(node, cause, brief, &event);
        }
        if let Some(meter) = &mut self.meter {
            meter.handles(self.events, cause, node, &event);
        }
        (self.now, node).hash(&mut self.digester);
        event.hash(&mut self.digester);

        let process = &mut self.cluster.processes[node.index()];
        let shown = process.clock().map_or(self.now, |clock| clock.read(self.now));
        let Some(state) = &mut process.state else { return };
        let mut choices = self.draws.of(node, self.events);
        state.handle(event, &mut Cx::new(node, shown, self.cluster.config, &mut choices, &mut self.outbox));
        if !self.outbox.marks.is_empty() {
            self.outbox.marks.drain(..).for_each(|mark| self.marks.add(mark));
        }
        if self.trace.is_some() {
            self.note_state(node);
        }
        if !self.outbox.facts.is_empty() {
            self.publish(node);
        }
        if self.probe.is_some() {
            self.perform_probed(node);
        } else {
            self.perform(node);
        }
        if self.lens.is_some() {
            self.look();
        }
    }

    /// Shows the monitors what happened, unless the run is over.
    pub(crate) fn observe(&mut self, seen: &Observation<'_, N>) {
        if !self.is_over() {
            self.judge.observe(seen, &self.cluster, self.now);
        }
    }

    fn publish(&mut self, node: NodeId) {
        let mut facts = std::mem::take(&mut self.outbox.facts);
        for fact in facts.drain(..) {
            fact.hash(&mut self.digester);
            self.facts.add(fact.label());
            if let Some(meter) = &mut self.meter {
                meter.states(self.now, node, &fact);
            }
            if let Some(entry) = self.trace.as_mut().and_then(|trace| trace.entries.last_mut()) {
                entry.facts.push(fact.to_string());
                entry.fact_labels.push(fact.label());
            }
            self.observe(&Observation::Fact { by: node, fact: &fact });
        }
        self.outbox.facts = facts;
    }

    /// Says in the report of a panic that a step of the timeline is at work.
    pub(crate) fn doing_step(&mut self, step: usize) {
        self.doing = Doing::Step(step);
    }

    pub(crate) fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<N, M> {
        (0..self.plan.nodes.len() as u32).map(NodeId)
    }

    pub(crate) fn is_up(&self, node: NodeId) -> bool {
        self.cluster.processes[node.index()].state.is_some()
    }

    /// Whether a node is still in the life in which it handled an event.
    fn is_same_life(&self, node: NodeId, cause: u32) -> bool {
        self.cluster.processes[node.index()].is_in_life_of(cause)
    }

    #[cold]
    fn note_event(&mut self, node: NodeId, cause: u32, brief: Brief, event: &Event<N>) {
        if let Some(trace) = &mut self.trace {
            let entry = trace.push(self.now, brief.kind, Some(node), payload(event));
            (entry.label, entry.peer) = (brief.label, brief.peer);
            entry.event = Some(self.events);
            entry.cause = (cause > 0).then_some(cause);
        }
    }

    /// Keeps what the last event left behind, before anything else is noted.
    fn note_state(&mut self, node: NodeId) {
        let Some(trace) = self.trace.as_mut().filter(|trace| trace.states) else { return };
        let process = &self.cluster.processes[node.index()];
        let memory = process.state.as_ref().map(|memory| format!("{memory:?}"));
        let records = process.records().iter().map(|record| format!("{record:?}")).collect();
        if let (Some(entry), Some(memory)) = (trace.entries.last_mut(), memory) {
            entry.state = Some(State { memory, records });
        }
    }

    pub(crate) fn note_lost(&mut self, from: NodeId, to: NodeId, cause: u32, msg: &N::Msg, why: &str) {
        if let Some(trace) = &mut self.trace {
            let entry = trace.push(self.now, EntryKind::Lost, Some(from), format!("{msg:?}: {why}"));
            (entry.label, entry.peer, entry.cause) = (msg.label(), Some(to), Some(cause));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quiesce_machine::{Never, Obligation, View, Violation};

    use super::*;

    /// Sends itself ten messages for each it gets.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Flood;

    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Drip;

    impl Label for Drip {
        fn label(&self) -> &'static str {
            "drip"
        }
    }

    impl Node for Flood {
        type Config = ();
        type Msg = Drip;
        type Timer = Never;
        type Request = Never;
        type Reply = Never;
        type Record = Never;
        type Fact = Never;

        fn boot(_: NodeId, (): &()) -> Self {
            Flood
        }

        fn handle(&mut self, _: Event<Self>, cx: &mut Cx<'_, Self>) {
            (0..10).for_each(|_| cx.send(NodeId(1), Drip));
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    enum Nothing {}

    impl Monitor<Flood> for Nothing {
        fn name(&self) -> &'static str {
            match *self {}
        }

        fn observe(&mut self, _: &Observation<'_, Flood>, _: &dyn View<Flood>) -> Result<(), Violation> {
            match *self {}
        }

        fn owed(&self, _: &dyn View<Flood>, _: &mut dyn FnMut(Obligation)) {
            match *self {}
        }

        fn armed(&self) -> bool {
            match *self {}
        }

        fn describe(&self, _: Obligation, _: &dyn View<Flood>) -> String {
            match *self {}
        }
    }

    #[test]
    fn a_run_that_floods_the_queue_is_incomplete() {
        let mut plan: Plan<Flood, Nothing> = Plan::new((), ["a", "b"]);
        plan.network.latency = Duration::from_secs(1).into();
        let mut world = World::new(&plan, 0, Draws::new(1, &plan.nodes, None), None);
        world.pending_most = 1000;
        world.play();
        let outcome = world.finish().outcome;
        let Verdict::Incomplete(bound) = outcome.verdict else { panic!("{:?}", outcome.verdict) };
        assert_eq!(bound, Bound::Pending { most: 1000, at: outcome.now });
        assert!(outcome.events < 200, "{}", outcome.events);
    }
}
