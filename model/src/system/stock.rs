//! Everything a search has met so far: places, messages, and how each place takes each event.
//!
//! `handle` is pure, so that an event is run once for each place that ever takes it and remembered. What may happen to
//! one place alone is listed once too.

use std::ops::Range;

use hashbrown::HashMap;
use quiesce_machine::{CallId, Event, Incarnation, Node, NodeId, Span};

use super::action::{Action, Kind, WriteEnd};
use super::fold::{Asymmetry, Images};
use super::mail::Mail;
use super::place::Place;
use super::react::{Reaction, react};
use super::state::place_weight;
use crate::Calls;
use crate::intern::Interner;
use crate::report::{Leg, Message, Pick};

/// The growing store behind a [`System`](super::System). Nothing in it ever changes or goes.
#[derive(Debug)]
pub(super) struct Stock<N: Node> {
    pub(super) places: Interner<Place<N>>,
    pub(super) mail: Mail<N>,
    pub(super) outcomes: Vec<Outcome<N>>,
    pub(super) moves: Vec<Option<Moves>>,
    pub(super) deliveries: HashMap<(u32, u32), Range<u32>>,
    /// Whether a place ignores a message, where that was asked.
    pub(super) ignored: HashMap<(u32, u32), bool>,
    classes: Interner<FairStep<N>>,
    pub(super) handled: u64,
    /// By the place of the renaming, where a system folds its states.
    pub(super) images: Vec<Images>,
    /// The first found.
    pub(super) asymmetry: Option<Asymmetry>,
}

/// What one event made of one place.
#[derive(Debug)]
pub(super) struct Outcome<N: Node> {
    /// The place after it.
    pub(super) place: u32,
    /// By how much the sum of a state changes when this place comes for the old one.
    pub(super) moved: u64,
    /// Messages sent.
    pub(super) sends: Box<[u32]>,
    /// What they weigh together.
    pub(super) weight: u64,
    /// What monitors are told before the facts.
    pub(super) notice: Option<Notice>,
    pub(super) facts: Box<[N::Fact]>,
    pub(super) picks: Box<[Pick]>,
    /// Why the step could not be taken: a panic, or an effect that makes no sense.
    pub(super) failure: Option<Box<str>>,
}

impl<N: Node> Outcome<N> {
    /// Whether monitors learn nothing from it.
    pub(super) fn is_silent(&self) -> bool {
        self.notice.is_none() && self.facts.is_empty()
    }
}

/// Something that happened to a process, beside what it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Notice {
    Started(Incarnation),
    Crashed { records_lost: bool },
}

/// What may happen to one place whatever the rest of the world.
#[derive(Debug)]
pub(super) struct Moves {
    pub(super) up: bool,
    /// Whether there is nothing of all the below.
    pub(super) none: bool,
    /// Whether a short timer or a time-out is armed, or a write is pending.
    pub(super) busy: bool,
    /// Whether a write is pending.
    pub(super) writes: bool,
    /// Short timers, the oldest write, the next call, the next start.
    pub(super) prompt: Box<[Action]>,
    /// Time-outs.
    pub(super) timeouts: Box<[Action]>,
    /// Long timers.
    pub(super) patient: Box<[Action]>,
    /// Deaths, if it may die.
    pub(super) crashes: Box<[Action]>,
    /// Ends of the oldest write that are faults.
    pub(super) store_faults: Box<[Action]>,
}

/// A kind of step that must not be put off for ever, messages excepted.
#[derive(Debug, PartialEq, Eq, Hash)]
enum FairStep<N: Node> {
    Fire(NodeId, N::Timer),
    Store(NodeId),
    Start(NodeId),
    Heal,
}

/// What the stock must know of a scope to fill itself.
pub(super) struct Rules<'a, N: Node> {
    pub(super) config: &'a N::Config,
    pub(super) nodes: usize,
    pub(super) calls: &'a Calls<N::Request>,
    pub(super) crashable: &'a [NodeId],
    /// Whether writes may end in a fault at all.
    pub(super) store_faults: bool,
}

impl<N: Node> Stock<N> {
    pub(super) fn new() -> Self {
        Stock {
            places: Interner::new(),
            mail: Mail::new(),
            outcomes: Vec::new(),
            moves: Vec::new(),
            deliveries: HashMap::new(),
            ignored: HashMap::new(),
            classes: Interner::new(),
            handled: 0,
            images: Vec::new(),
            asymmetry: None,
        }
    }

    /// What may happen to a place, if already known.
    pub(super) fn moves(&self, place: u32) -> Option<&Moves> {
        self.moves.get(place as usize)?.as_ref()
    }

    /// How a place takes a message, if already known.
    pub(super) fn delivery(&self, place: u32, flight: u32) -> Option<Range<u32>> {
        self.deliveries.get(&(place, flight)).cloned()
    }

    /// The class of delivering a message: one per message, so that one cannot starve behind another.
    pub(super) fn message_class(flight: u32) -> u32 {
        2 * flight + 1
    }

    fn class(&mut self, step: FairStep<N>) -> u32 {
        2 * self.classes.intern(step).0 + 2
    }

    /// The classes met so far of long timers, and of time-outs where messages are punctual. Whatever is enabled only while
    /// other things are not must not be put off for ever by those that come back again and again.
    pub(super) fn patient_classes(&self, punctual: bool) -> impl Iterator<Item = u32> {
        let steps = (0u32..).zip(self.classes.iter());
        let waits = move |timer: &N::Timer| match N::span(timer) {
            Span::Short => false,
            Span::Timeout => punctual,
            Span::Long => true,
        };
        steps.filter_map(move |(number, step)| match step {
            FairStep::Fire(_, timer) if waits(timer) => Some(2 * number + 2),
            FairStep::Fire(..) | FairStep::Store(_) | FairStep::Start(_) | FairStep::Heal => None,
        })
    }

    /// The timer whose firing has this class.
    pub(super) fn timer_of(&self, class: u32) -> Option<&N::Timer> {
        match self.classes.value(class.checked_sub(2)? / 2) {
            FairStep::Fire(_, timer) => Some(timer),
            FairStep::Store(_) | FairStep::Start(_) | FairStep::Heal => None,
        }
    }

    pub(super) fn heal_class(&mut self) -> u32 {
        self.class(FairStep::Heal)
    }

    /// Finds out how a place takes a message.
    pub(super) fn learn_delivery(&mut self, rules: &Rules<'_, N>, place: u32, flight: u32) {
        if self.delivery(place, flight).is_none() {
            let outcomes = self.run(rules, place, Kind::Deliver { flight });
            self.deliveries.insert((place, flight), outcomes);
        }
    }

    /// Finds out what may happen to a place.
    pub(super) fn learn_moves(&mut self, rules: &Rules<'_, N>, place: u32) {
        let at = place as usize;
        if self.moves(place).is_none() {
            let moves = self.list_moves(rules, place);
            if self.moves.len() <= at {
                self.moves.resize_with(at + 1, || None);
            }
            self.moves[at] = Some(moves);
        }
    }

    fn list_moves(&mut self, rules: &Rules<'_, N>, id: u32) -> Moves {
        let place = self.places.value(id).clone();
        let node = node_byte(place.id);
        let (mut prompt, mut timeouts, mut patient) = (Vec::new(), Vec::new(), Vec::new());
        let mut store_faults = Vec::new();
        let writes = !place.pending.is_empty();
        let mut busy = writes;
        for (timer, purpose) in (0u16..).zip(&place.timers) {
            let class = self.class(FairStep::Fire(place.id, purpose.clone()));
            let span = N::span(purpose);
            busy |= span != Span::Long;
            let list = match span {
                Span::Short => &mut prompt,
                Span::Timeout => &mut timeouts,
                Span::Long => &mut patient,
            };
            self.offer(rules, id, Kind::Fire { node, timer }, class, list);
        }
        if !place.pending.is_empty() {
            let class = self.class(FairStep::Store(place.id));
            self.offer(rules, id, Kind::Stored { node, end: WriteEnd::Durable }, class, &mut prompt);
            for end in WriteEnd::FAULTS.into_iter().filter(|_| rules.store_faults) {
                self.offer(rules, id, Kind::Stored { node, end }, 0, &mut store_faults);
            }
        }
        if next_call(rules, &place).is_some() {
            self.offer_call(rules, id, &place, &mut prompt);
        }
        if place.process.is_none() {
            let class = self.class(FairStep::Start(place.id));
            self.offer(rules, id, Kind::Start { node }, class, &mut prompt);
        }
        let crashes = self.list_crashes(rules, id, &place);
        let up = place.process.is_some();
        let lists = [&prompt, &timeouts, &patient, &crashes, &store_faults];
        let none = !busy && lists.iter().all(|list| list.is_empty());
        Moves {
            up,
            none,
            busy,
            writes,
            prompt: prompt.into(),
            timeouts: timeouts.into(),
            patient: patient.into(),
            crashes: crashes.into(),
            store_faults: store_faults.into(),
        }
    }

    fn offer(&mut self, rules: &Rules<'_, N>, place: u32, kind: Kind, class: u32, list: &mut Vec<Action>) {
        let outcomes = self.run(rules, place, kind);
        list.extend(outcomes.map(|outcome| Action { kind, class, outcome }));
    }

    fn offer_call(&mut self, rules: &Rules<'_, N>, id: u32, place: &Place<N>, list: &mut Vec<Action>) {
        let node = node_byte(place.id);
        if place.process.is_some() {
            self.offer(rules, id, Kind::Call { node }, 0, list);
        } else {
            let mut after = place.clone();
            after.calls_made += 1;
            let outcome = self.keep(id, after, None);
            list.push(Action { kind: Kind::CallNobody { node }, class: 0, outcome });
        }
    }

    fn list_crashes(&mut self, rules: &Rules<'_, N>, id: u32, place: &Place<N>) -> Vec<Action> {
        let mut crashes: Vec<Action> = Vec::new();
        if place.process.is_none() || !rules.crashable.contains(&place.id) {
            return crashes;
        }
        for records_lost in [false, true] {
            let mut seen: Vec<Place<N>> = Vec::new();
            for applied in 0..=place.pending.len() {
                let down = place.crashed(applied, records_lost);
                if seen.contains(&down) || (records_lost && place.records.is_empty() && applied == 0) {
                    continue;
                }
                seen.push(down.clone());
                let outcome = self.keep(id, down, Some(Notice::Crashed { records_lost }));
                let applied = u16::try_from(applied).unwrap_or(u16::MAX);
                let kind = Kind::Crash { node: node_byte(place.id), applied, records_lost };
                crashes.push(Action { kind, class: 0, outcome });
            }
        }
        crashes
    }

    fn keep(&mut self, before: u32, after: Place<N>, notice: Option<Notice>) -> u32 {
        let place = self.places.intern(after).0;
        let none = Outcome {
            place,
            moved: self.moved(before, place),
            sends: Box::default(),
            weight: 0,
            notice,
            facts: Box::default(),
            picks: Box::default(),
            failure: None,
        };
        self.push(none)
    }

    fn push(&mut self, outcome: Outcome<N>) -> u32 {
        let id = u32::try_from(self.outcomes.len()).expect("fewer than 2^32 distinct steps of single processes");
        self.outcomes.push(outcome);
        id
    }

    /// Runs the node's code and keeps every outcome.
    fn run(&mut self, rules: &Rules<'_, N>, place: u32, kind: Kind) -> Range<u32> {
        let Staged { before, event, notice } = self.stage(rules, place, kind);
        let reactions = react(&before, &event, rules.config);
        self.handled += reactions.len() as u64;
        let start = u32::try_from(self.outcomes.len()).unwrap_or(u32::MAX);
        let mut end = start;
        for reaction in reactions {
            let outcome = self.settle(rules, &before, place, notice, reaction);
            end = self.push(outcome) + 1;
        }
        start..end
    }

    fn settle(
        &mut self,
        rules: &Rules<'_, N>,
        before: &Place<N>,
        place: u32,
        notice: Option<Notice>,
        Reaction { result, picks }: Reaction<N>,
    ) -> Outcome<N> {
        let picks = picks.into();
        let failed = |failure: String, picks| Outcome {
            place,
            moved: 0,
            sends: Box::default(),
            weight: 0,
            notice: None,
            facts: Box::default(),
            picks,
            failure: Some(failure.into()),
        };
        let (process, out) = match result {
            Ok(done) => done,
            Err(failure) => return failed(failure, picks),
        };
        let mut after = before.clone();
        after.process = Some(process);
        let mut sends = Vec::new();
        for effect in out.effects {
            let Some((to, msg)) = after.perform(effect) else { continue };
            if to.index() >= rules.nodes {
                return failed(format!("sent {msg:?} to {to}, and there are {} nodes", rules.nodes), picks);
            }
            sends.push(self.mail.post(before.id, to, msg));
        }
        let after = self.places.intern(after).0;
        let weights = sends.iter().map(|&flight| self.mail.weight(flight));
        let (moved, weight) = (self.moved(place, after), weights.fold(0, u64::wrapping_add));
        let (sends, facts) = (sends.into(), out.facts.into());
        Outcome { place: after, moved, sends, weight, notice, facts, picks, failure: None }
    }

    /// By how much the sum of a state changes when one place of a node comes for another.
    fn moved(&self, before: u32, after: u32) -> u64 {
        let node = self.places.value(before).id.index();
        let weight = |place| place_weight(self.places.hash(place), node);
        weight(after).wrapping_sub(weight(before))
    }

    /// What a process is about to be handed, and the place as it then is.
    ///
    /// # Panics
    /// When this kind of action hands a process nothing, or cannot happen to this place.
    pub(super) fn stage(&self, rules: &Rules<'_, N>, place: u32, kind: Kind) -> Staged<N> {
        let mut before = self.places.value(place).clone();
        let mut notice = None;
        let event = match kind {
            Kind::Deliver { flight } => match self.mail.message(flight) {
                Message { from, msg, leg: Leg::Out | Leg::Orphaned, .. } => Event::Deliver { from, msg },
                Message { to, msg, leg: Leg::Back, .. } => Event::Bounce { to, msg },
            },
            Kind::Fire { timer, .. } => Event::Fire { timer: before.timers.remove(usize::from(timer)) },
            Kind::Stored { end, .. } => {
                let (op, write) = before.pending.remove(0);
                if end.is_applied() {
                    before.apply(write);
                }
                Event::Stored { op, outcome: end.outcome() }
            }
            Kind::Call { .. } => {
                let (call, request) = next_call(rules, &before).expect("a call is offered while one is left");
                before.calls_made += 1;
                Event::Call { call, request }
            }
            Kind::Start { .. } => {
                before.incarnation = before.incarnation.next();
                notice = Some(Notice::Started(before.incarnation));
                Event::Start { incarnation: before.incarnation, records: before.records.clone() }
            }
            Kind::Refuse { .. }
            | Kind::Vanish { .. }
            | Kind::Lose { .. }
            | Kind::Duplicate { .. }
            | Kind::CallNobody { .. }
            | Kind::Crash { .. }
            | Kind::Cut { .. }
            | Kind::Heal => unreachable!("{kind:?} hands a process nothing"),
        };
        Staged { before, event, notice }
    }
}

/// An event about to be handled.
pub(super) struct Staged<N: Node> {
    pub(super) before: Place<N>,
    pub(super) event: Event<N>,
    pub(super) notice: Option<Notice>,
}

/// The next of the scope's calls to this node.
pub(super) fn next_call<N: Node>(rules: &Rules<'_, N>, place: &Place<N>) -> Option<(CallId, N::Request)> {
    let next = rules.calls.of(place.id).nth(place.calls_made as usize);
    next.map(|(call, request)| (call, request.clone()))
}

fn node_byte(node: NodeId) -> u8 {
    u8::try_from(node.0).expect("a scope has at most 255 nodes")
}
