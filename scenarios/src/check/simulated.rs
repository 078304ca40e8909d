//! From a moment of a simulated run into the checker: the run as a way through the model of its cluster.
//!
//! The model has the run's nodes, users and properties, long timers at any moment, and the faults that the run had by
//! then. A message that the run lost stays on its way, so that it may still arrive: late, as far as the search can tell.

use quiesce_machine::{Monitor, Node, NodeId};
use quiesce_model::{Act, Budget, Calls, Guide, Onward, Scope};
use quiesce_sim::{Action, Course, Decision, Entry, EntryKind, Parcel, Plan, Step, Trace, Turn, WriteEnd};

use super::guide::Follower;

/// What happened in a run up to some event.
#[derive(Debug)]
pub(crate) struct Past {
    course: Course,
    crashes: u8,
    record_losses: u8,
    duplicates: u8,
    store_faults: u8,
    crashed: Vec<NodeId>,
    /// How many of the turns leave open what became of writes.
    open: u32,
}

/// The most turns of one run whose writes are guessed.
const GUESSED_MOST: u32 = 4;

impl Past {
    /// The first `events` events of a run.
    pub(crate) fn of(trace: &Trace, decisions: Vec<Decision>, events: u32) -> Past {
        let past = trace.entries.iter().position(|entry| entry.event.is_some_and(|event| event > events));
        let entries = &trace.entries[..past.unwrap_or(trace.entries.len())];
        let turns = Turns { trace, entries }.list();
        let count = |test: &dyn Fn(&Turn) -> bool| {
            u8::try_from(turns.iter().filter(|turn| test(turn)).count()).unwrap_or(u8::MAX)
        };
        let is_open = |turn: &Turn| {
            matches!(
                turn,
                Turn::Crash { .. } | Turn::Land { end: WriteEnd::UnknownApplied | WriteEnd::UnknownLost, .. }
            )
        };
        let crashed = entries.iter().filter(|entry| entry.kind == EntryKind::Crash).filter_map(|entry| entry.node);
        Past {
            crashes: count(&|turn| matches!(turn, Turn::Crash { .. })),
            record_losses: count(&|turn| matches!(turn, Turn::Crash { records_lost: true, .. })),
            duplicates: count(&|turn| matches!(turn, Turn::Duplicate(_))),
            store_faults: count(&|turn| matches!(turn, Turn::Land { end, .. } if *end != WriteEnd::Durable)),
            open: u32::from(count(&is_open)).min(GUESSED_MOST),
            crashed: crashed.collect(),
            course: Course { decided: decisions, turns: Some(turns), ..Course::default() },
        }
    }

    /// The world of a run's plan, with the faults that the run had.
    pub(crate) fn scope<N: Node, M: Monitor<N>>(&self, plan: &Plan<N, M>) -> Scope<N, M> {
        let call = |step: &Step<N>| {
            let Action::Call { node, request, call } = &step.action else { return None };
            Some((*call, *node, request.clone()))
        };
        let mut steps: Vec<&Step<N>> = plan.steps.iter().collect();
        steps.sort_by_key(|step| step.at);
        let Past { crashes, record_losses, duplicates, store_faults, .. } = *self;
        Scope {
            config: plan.config.clone(),
            nodes: plan.nodes.to_vec(),
            calls: Calls::numbered(steps.into_iter().filter_map(call)),
            monitors: plan.monitors.clone(),
            budget: Budget { crashes, record_losses, duplicates, store_faults, ..Budget::default() },
            crashable: self.crashed.clone(),
            cuts: Vec::new(),
            untimed: true,
            punctual: false,
            absorbs_repeats: false,
        }
    }

    /// Ways to go along it: one for each guess at what became of writes of which the run does not tell.
    pub(crate) fn guides(&self, names: &[String]) -> impl Iterator<Item = Shadow<'_>> {
        let names = names.to_vec();
        (0..1u32 << self.open).map(move |guess| {
            let steps = self.course.turns.as_ref().map_or(0, Vec::len);
            Shadow { follower: Follower::new(&names, &self.course, steps), guess }
        })
    }
}

/// Follows a run. Where several writes may have been applied, a bit of the guess says whether all were, or none.
pub(crate) struct Shadow<'a> {
    follower: Follower<'a>,
    guess: u32,
}

impl<N: Node> Guide<N> for Shadow<'_> {
    fn begin(&mut self, ways: &[Vec<Act<N>>]) -> Option<usize> {
        self.follower.begin(ways)
    }

    fn next(&mut self, acts: &[Act<N>]) -> Onward {
        let Some(wanted) = self.follower.turn().cloned() else { return Onward::Here };
        if !matches!(wanted, Turn::Crash { .. } | Turn::Land { .. }) {
            return self.follower.next(acts);
        }
        let fits = |act: &Act<N>| {
            loosely(self.follower.turn_of(act).as_ref()) == loosely(Some(&wanted)) && self.follower.clone().skip(act)
        };
        let fitting: Vec<usize> = (0..acts.len()).filter(|&place| fits(&acts[place])).collect();
        let place = match fitting[..] {
            [] => return Onward::Nowhere,
            [only] => only,
            [first, .., last] => {
                let all = self.guess & 1 == 0;
                self.guess >>= 1;
                if all { last } else { first }
            }
        };
        let taken = self.follower.skip(&acts[place]);
        assert!(taken, "a step that fits can be taken");
        Onward::Take(place)
    }
}

/// A turn without what a run does not tell: what became of writes.
fn loosely(turn: Option<&Turn>) -> Option<Turn> {
    let mut turn = turn?.clone();
    if let Turn::Crash { applied, .. } = &mut turn {
        *applied = 0;
    }
    if let Turn::Land { end: end @ WriteEnd::UnknownLost, .. } = &mut turn {
        *end = WriteEnd::UnknownApplied;
    }
    Some(turn)
}

/// Makes turns of a trace.
struct Turns<'a> {
    trace: &'a Trace,
    entries: &'a [Entry],
}

impl Turns<'_> {
    fn list(&self) -> Vec<Turn> {
        let refused = self.refused();
        let mut turns = Vec::new();
        for (place, entry) in self.entries.iter().enumerate() {
            if entry.kind == EntryKind::Deliver && self.comes_again(place) {
                turns.push(Turn::Duplicate(self.parcel(entry)));
            }
            turns.extend(self.turn(entry));
            turns.extend(refused.iter().filter(|(at, _)| *at == place).map(|(_, parcel)| Turn::Arrive(parcel.clone())));
        }
        turns
    }

    fn turn(&self, entry: &Entry) -> Option<Turn> {
        let node = || self.name(entry.node);
        let (label, text) = (entry.label.to_owned(), entry.text.clone());
        Some(match entry.kind {
            EntryKind::Start => Turn::Start { node: node() },
            EntryKind::Deliver | EntryKind::Bounce => Turn::Arrive(self.parcel(entry)),
            EntryKind::Fire => Turn::Fire { node: node(), label, text },
            EntryKind::Call | EntryKind::Unheard => Turn::Call { call: number(&entry.text)? },
            EntryKind::Stored => Turn::Land { node: node(), end: end(&entry.text) },
            EntryKind::Crash => Turn::Crash { node: node(), applied: 0, records_lost: entry.text == "records lost" },
            EntryKind::Reply
            | EntryKind::Lost
            | EntryKind::Pause
            | EntryKind::Resume
            | EntryKind::Fault
            | EntryKind::Heal
            | EntryKind::Finding => return None,
        })
    }

    /// Messages that found nobody, each after the entry at whose place that was so first: their sending, or the death of
    /// whom they were for.
    fn refused(&self) -> Vec<(usize, Parcel)> {
        let bounced = self.entries.iter().enumerate().filter(|(_, entry)| entry.kind == EntryKind::Bounce);
        let refused = |(place, entry): (usize, &Entry)| {
            let before = &self.entries[..place];
            let died = before.iter().rposition(|other| other.kind == EntryKind::Crash && other.node == entry.peer);
            let sent = before.iter().position(|other| other.event.is_some() && other.event == entry.cause);
            (died.max(sent).unwrap_or(0), Parcel { back: false, ..self.parcel(entry) })
        };
        bounced.map(refused).collect()
    }

    /// Whether the message that arrived there arrives once more, sent by the same event.
    fn comes_again(&self, place: usize) -> bool {
        let this = &self.entries[place];
        let like = |other: &Entry| {
            let same = |entry: &Entry| (entry.kind, entry.node, entry.peer, entry.cause);
            same(other) == same(this) && other.text == this.text
        };
        self.entries[place + 1..].iter().any(like)
    }

    fn parcel(&self, entry: &Entry) -> Parcel {
        let back = entry.kind == EntryKind::Bounce;
        let (at, peer) = (self.name(entry.node), self.name(entry.peer));
        let (from, to) = if back { (at, peer) } else { (peer, at) };
        Parcel { from, to, label: entry.label.to_owned(), text: entry.text.clone(), back }
    }

    fn name(&self, node: Option<NodeId>) -> String {
        node.and_then(|node| self.trace.nodes.get(node.index())).cloned().unwrap_or_default()
    }
}

/// The number of a call, as a trace writes it: `#3 ..`.
fn number(text: &str) -> Option<u32> {
    text.strip_prefix('#')?.split(' ').next()?.parse().ok()
}

/// How a write ended, as a trace writes what its node was told: `#3 Ok(())`.
fn end(text: &str) -> WriteEnd {
    match text.split_once(' ') {
        Some((_, "Err(Failed)")) => WriteEnd::Failed,
        Some((_, "Err(Unknown)")) => WriteEnd::UnknownApplied,
        Some(_) | None => WriteEnd::Durable,
    }
}
