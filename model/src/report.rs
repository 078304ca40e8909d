//! What a check found, as typed values with a text for people.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::time::Duration;

use quiesce_machine::{CallId, Event, Node, NodeId, OpId, StoreError};

/// How a state space is searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Search {
    /// Our own walk, breadth first: shortest counterexamples, safety and liveness.
    #[default]
    Bfs,
    /// Our own walk for safety alone, which keeps no steps.
    Safety,
    /// Stateright's depth-first checker: safety only. In the least memory where runs are short; where they are long, in
    /// the most, as it keeps with each state it has yet to expand the whole way to it.
    Dfs,
    /// Stateright's breadth-first checker: safety only, a second opinion on verdicts and counts.
    StaterightBfs,
}

/// How much a search may use, and when to give up. One thread, and nothing limits, by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many threads search. What is found does not depend on it. Stateright's searches use one.
    pub threads: NonZeroUsize,
    /// The most unique states to explore.
    pub max_states: Option<usize>,
    /// The longest time to explore, measured on the wall.
    pub timeout: Option<Duration>,
    /// The most memory that the process may use, in bytes: what is resident where the system tells, else what the
    /// search holds. Looked at now and then, and only by our own walk.
    pub memory: Option<usize>,
    /// Whether to stop at the first violation instead of looking for one of each property.
    pub first_failure: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { threads: NonZeroUsize::MIN, max_states: None, timeout: None, memory: None, first_failure: false }
    }
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Distinct states found.
    pub unique_states: u64,
    /// States generated, repeats included.
    pub states: u64,
    /// Steps from the start to where the search is.
    pub depth: u64,
    /// States found and not yet expanded; unknown to Stateright's searches.
    pub queue: Option<u64>,
    /// Bytes in use, as [`Limits::memory`] counts them; unknown to Stateright's searches.
    pub memory: Option<u64>,
    /// Time since the search began.
    pub elapsed: Duration,
}

/// Is told how far a search has come, now and then, and says whether it goes on.
pub type Observer<'a> = &'a dyn Fn(Progress) -> ControlFlow<()>;

/// What a check found.
#[derive(Clone, Debug)]
pub struct Report<N: Node> {
    /// The worst of the properties' verdicts.
    pub verdict: Verdict,
    /// Distinct states found.
    pub unique_states: u64,
    /// States generated, repeats included.
    pub states: u64,
    /// The most steps that any state found needed: the fewest possible under breadth-first search.
    pub depth: u64,
    /// One per monitor in the scope's order, then [`PANIC`](crate::PANIC).
    pub properties: Vec<PropertyReport>,
    /// At most one per property, in the order of `properties`.
    pub counterexamples: Vec<Counterexample<N>>,
    /// The odds that two states were taken for one.
    pub collision: Odds,
    /// What was saved by taking states that differ in names alone for one.
    pub folding: Option<Folding>,
    /// What the search cost.
    pub cost: Cost,
}

/// What a search by symmetry saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folding {
    /// How many renamings leave the scope as it is, the identity included: no search can save more than this many times.
    pub renamings: u64,
    /// How many states the unique ones stand for; unknown to Stateright's searches, and to one that was cut short.
    pub stands_for: Option<u64>,
}

/// What a search cost, and how often a node's code really ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Time of the search, liveness included, measured on the wall.
    pub elapsed: Duration,
    /// Distinct states of single processes, with what they keep and wait for.
    pub places: u64,
    /// Distinct messages.
    pub messages: u64,
    /// Runs of [`Node::handle`]; every other step was remembered.
    pub handled: u64,
    /// Edges kept for the search of fair cycles.
    pub edges: u64,
}

/// How a check ended, worst last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds in every run of the scope.
    Pass,
    /// It holds, but the named property never had anything to judge.
    Vacuous(&'static str),
    /// No counterexample was found, and not everything was looked at.
    Incomplete(Shortfall),
    /// There is a counterexample.
    Fail,
}

impl Verdict {
    /// Whether this is the one green verdict.
    #[must_use]
    pub fn is_pass(&self) -> bool {
        *self == Verdict::Pass
    }

    /// The verdict in one lower-case word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Vacuous(_) => "vacuous",
            Verdict::Incomplete(_) => "incomplete",
            Verdict::Fail => "fail",
        }
    }

    /// Where this verdict stands from best to worst.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Verdict::Pass => 0,
            Verdict::Vacuous(_) => 1,
            Verdict::Incomplete(_) => 2,
            Verdict::Fail => 3,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Pass | Verdict::Fail => f.pad(self.word()),
            Verdict::Vacuous(property) => write!(f, "vacuous: {property} had nothing to judge"),
            Verdict::Incomplete(shortfall) => write!(f, "incomplete: {shortfall}"),
        }
    }
}

/// What a search left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// It stopped at this many states.
    States(usize),
    /// It stopped after this time.
    Timeout(Duration),
    /// It stopped at this much memory, in bytes.
    Memory(usize),
    /// It was told to stop.
    Interrupted,
    /// It stopped at the first violation, which was not this property's.
    FirstFailure,
    /// Branches end where another property fails, and nobody looked beyond.
    BehindFailure(&'static str),
    /// Something was owed, and this search judges safety alone.
    SafetyOnly,
    /// More states, or more steps from one state, than the search can number.
    Numbers,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shortfall::States(limit) => write!(f, "stopped at {limit} states"),
            Shortfall::Timeout(limit) => write!(f, "stopped after {limit:?}"),
            Shortfall::Memory(limit) => write!(f, "stopped at {} MiB of memory", limit >> 20),
            Shortfall::Interrupted => f.write_str("interrupted"),
            Shortfall::FirstFailure => f.write_str("stopped at the first failure"),
            Shortfall::BehindFailure(property) => write!(f, "nobody looked behind failures of {property}"),
            Shortfall::SafetyOnly => f.write_str("this search judges safety alone"),
            Shortfall::Numbers => f.write_str("more states or steps than the search can number"),
        }
    }
}

/// What was found about one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyReport {
    /// Its name.
    pub name: &'static str,
    /// How it did.
    pub verdict: Verdict,
    /// In how many states it was owed something; unknown to searches that judge safety alone.
    pub owing_states: Option<u64>,
}

/// A run that shows a property failing.
#[derive(Clone, Debug)]
pub struct Counterexample<N: Node> {
    /// The property.
    pub property: &'static str,
    /// What shows it, as a sentence.
    pub evidence: String,
    /// Every step from the first start of the first process; the steps of a loop stand once, last.
    pub steps: Vec<Step<N>>,
    /// How it ends.
    pub ending: Ending,
}

impl<N: Node> Counterexample<N> {
    /// Where in `steps` the loop begins, if the run ends in one.
    #[must_use]
    pub fn loop_start(&self) -> Option<usize> {
        match self.ending {
            Ending::Loop { start } => Some(start),
            Ending::Violation | Ending::Rest => None,
        }
    }
}

/// How a counterexample ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The last step is the violation.
    Violation,
    /// Nothing need ever happen again, and something is still owed.
    Rest,
    /// The steps from `start` on repeat for ever, fairly, and something stays owed.
    Loop {
        /// A place in the steps.
        start: usize,
    },
}

/// One step of a counterexample.
#[derive(Clone, Debug)]
pub struct Step<N: Node> {
    /// Its place, counted from 1.
    pub number: usize,
    /// The process concerned: who took the step, crashed, or would have received the message; none for partitions.
    pub node: Option<NodeId>,
    /// That process' name, or nothing.
    pub name: String,
    /// What happened.
    pub action: Act<N>,
    /// What happened, for people, without the name.
    pub text: String,
    /// How the node answered the user, for people.
    pub replies: Vec<String>,
    /// What an operator could have observed, for people.
    pub facts: Vec<String>,
}

impl<N: Node> fmt::Display for Step<N> {
    /// One line: number, name, text, then facts behind a bar.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>4}  {:<8}  {}", self.number, self.name, self.text)?;
        for (i, said) in self.replies.iter().chain(&self.facts).enumerate() {
            write!(f, "{}{said}", if i == 0 { "  | " } else { "; " })?;
        }
        Ok(())
    }
}

/// What can happen in one step: everything a simulator needs to do the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act<N: Node> {
    /// A process takes an event.
    Handle {
        /// Which.
        node: NodeId,
        /// The event.
        event: Event<N>,
        /// Its answers to [`Cx::choose`](quiesce_machine::Cx::choose), in the order asked.
        picks: Vec<Pick>,
    },
    /// The oldest write of a process ends otherwise than by being durable, which the process is told as a
    /// [`Stored`](Event::Stored) event.
    StoreFault {
        /// Whose write.
        node: NodeId,
        /// Its operation.
        op: OpId,
        /// What the process is told.
        told: StoreError,
        /// Whether the store keeps the write.
        applied: bool,
        /// The process' answers to choices, in the order asked.
        picks: Vec<Pick>,
    },
    /// A message finds its receiver's process down and travels back.
    Refuse(Message<N>),
    /// A message ends at a partition, or is refused with nobody to be told.
    Vanish(Message<N>),
    /// A message is lost.
    Lose(Message<N>),
    /// A message will arrive twice.
    Duplicate(Message<N>),
    /// A user calls a process that is down; nobody hears it.
    CallNobody {
        /// Whom.
        node: NodeId,
        /// Which call.
        call: CallId,
    },
    /// A process dies.
    Crash {
        /// Which.
        node: NodeId,
        /// How many of its pending writes were applied, oldest first.
        applied: usize,
        /// Whether its records, with those, are gone.
        records_lost: bool,
    },
    /// A partition begins.
    Cut {
        /// The nodes of one side.
        side: Vec<NodeId>,
    },
    /// The partition ends.
    Heal,
}

/// A message between two processes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message<N: Node> {
    /// Who sent it.
    pub from: NodeId,
    /// For whom it was.
    pub to: NodeId,
    /// What it says.
    pub msg: N::Msg,
    /// How far it is.
    pub leg: Leg,
}

/// The legs of a message's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leg {
    /// On its way to the receiver.
    Out,
    /// On its way to the receiver, and the life that sent it is over: nobody is left to be told of a refusal.
    Orphaned,
    /// Refused, as the receiver was down, and on its way back to the sender.
    Back,
}

/// One answer to [`Cx::choose`](quiesce_machine::Cx::choose).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pick {
    /// What it was about.
    pub purpose: &'static str,
    /// How many answers there were.
    pub of: u32,
    /// The answer.
    pub answer: u32,
}

/// The odds that two of `n` states share a 64-bit fingerprint: about one in 2^65/n^2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odds {
    states: u64,
}

impl Odds {
    /// The odds among this many states.
    #[must_use]
    pub fn among(states: u64) -> Self {
        Odds { states }
    }

    /// `x` where the odds are at most one in `x`; at least 1.
    #[must_use]
    pub fn one_in(self) -> u128 {
        let pairs = u128::from(self.states) * u128::from(self.states);
        ((1u128 << 65) / pairs.max(1)).max(1)
    }
}

impl fmt::Display for Odds {
    /// `1 in 36_893`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.one_in().to_string();
        f.write_str("1 in ")?;
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                f.write_str("_")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collision_odds_follow_the_square_of_the_states() {
        assert_eq!(Odds::among(1 << 20).one_in(), 1 << 25);
        assert_eq!(Odds::among(1 << 20).to_string(), "1 in 33_554_432");
        assert_eq!(Odds::among(u64::MAX).one_in(), 1);
    }

    #[test]
    fn verdicts_rank_from_best_to_worst() {
        let all = [Verdict::Pass, Verdict::Vacuous("a"), Verdict::Incomplete(Shortfall::FirstFailure), Verdict::Fail];
        assert!(all.is_sorted_by_key(Verdict::rank));
        assert!(all[0].is_pass() && !all[1].is_pass());
    }
}
