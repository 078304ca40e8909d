//! What a run came to.

use std::collections::BTreeMap;
use std::fmt;

use quiesce_machine::{CallId, Node, Time};

use crate::{Digest, PlanError};

/// What a run came to, and what it did on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<N: Node> {
    /// Whether it may be called green.
    pub verdict: Verdict,
    /// A fingerprint of everything that happened: events, facts and replies with their times.
    pub digest: Digest,
    /// How many events nodes handled.
    pub events: u64,
    /// The virtual time reached.
    pub now: Time,
    /// What each fault did: those of the timeline in the order of the plan, then the random ones of network and stores,
    /// then those of the swarm, by kind.
    pub faults: Vec<FaultCount>,
    /// What was found against the properties; not empty exactly when the verdict is [`Verdict::Fail`].
    pub findings: Vec<Finding>,
    /// Messages sent, by label; those lost count, and copies do not.
    pub messages: BTreeMap<&'static str, u64>,
    /// Facts stated, by label.
    pub facts: BTreeMap<&'static str, u64>,
    /// How often each mark of the code under test was reached.
    pub marks: BTreeMap<&'static str, u64>,
    /// What users were told, in order.
    pub replies: Vec<Answer<N>>,
    /// Calls that found their node down, or waited at a paused one that then crashed: no process heard them.
    pub unheard: Vec<CallId>,
    /// Properties that had something to judge.
    pub armed: Vec<&'static str>,
    /// Properties that never had.
    pub unarmed: Vec<&'static str>,
}

/// An answer to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<N: Node> {
    /// The call answered.
    pub call: CallId,
    /// What was said.
    pub reply: N::Reply,
    /// When.
    pub at: Time,
}

/// The judgement on a run. Only `Pass` is green.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every property held, and every fault and property had something to do.
    Pass,
    /// A property does not hold; the findings say which.
    Fail,
    /// A bound cut the run short before anything was found.
    Incomplete(Bound),
    /// Nothing was found, but not all that was asked for was tried.
    Vacuous(Vec<Vacuity>),
    /// The plan makes no sense; nothing was run.
    Error(PlanError),
}

impl Verdict {
    /// The judgement in one word: `pass`, `fail`, `incomplete`, `vacuous` or `error`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Incomplete(_) => "incomplete",
            Verdict::Vacuous(_) => "vacuous",
            Verdict::Error(_) => "error",
        }
    }
}

/// What cut a run short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The plan's number of events was reached.
    Events {
        /// That number.
        most: u64,
        /// When.
        at: Time,
    },
    /// More events were pending than the queue holds.
    Pending {
        /// How many it holds.
        most: u64,
        /// When.
        at: Time,
    },
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Events { most, at } => write!(f, "stopped at {at} after {most} events"),
            Bound::Pending { most, at } => write!(f, "stopped at {at} with {most} events pending"),
        }
    }
}

/// Something asked for that was not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vacuity {
    /// A step of the timeline is later than the end of the phase under fire.
    Late {
        /// Its place in the plan.
        step: usize,
        /// When it should happen.
        at: Time,
        /// The last instant at which it could.
        until: Time,
    },
    /// A fault of the timeline touched nothing.
    Idle {
        /// Its place in the plan.
        step: usize,
        /// What it is.
        kind: FaultKind,
        /// Where it should strike.
        site: String,
    },
    /// A property never had anything to judge.
    Unarmed {
        /// Its name.
        property: &'static str,
    },
}

impl fmt::Display for Vacuity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Vacuity::Late { step, at, until } => {
                write!(f, "step {} at {at} never happened: the phase under fire ends at {until}", step + 1)
            }
            Vacuity::Idle { step, kind, site } => write!(f, "step {}, {kind} {site}, {}", step + 1, kind.idle()),
            Vacuity::Unarmed { property } => write!(f, "{property} had nothing to judge"),
        }
    }
}

/// Something found against a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What sort of failure.
    pub kind: FindingKind,
    /// The property's name; `panic` for a panic.
    pub property: &'static str,
    /// What shows it, as a sentence.
    pub evidence: String,
    /// When it was found.
    pub at: Time,
}

/// The sorts of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// Something happened that must not.
    Safety,
    /// Something that must happen had not by the end.
    Owed,
    /// A node, or a monitor, panicked.
    Panic,
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            FindingKind::Safety => "safety",
            FindingKind::Owed => "owed",
            FindingKind::Panic => "panic",
        })
    }
}

/// What a fault did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultCount {
    /// Its place in the plan's steps; none for random faults and those of a swarm.
    pub step: Option<usize>,
    /// What it is.
    pub kind: FaultKind,
    /// Where it strikes, for people.
    pub site: String,
    /// How often it was to strike: the count of a rule, the messages or writes at risk of a random fault, else 1; of a
    /// swarm's faults, the sum.
    pub planned: u64,
    /// How often it struck.
    pub applied: u64,
    /// How many messages it lost, repeated, held back, kept waiting or left without a receiver; for a slow node events of
    /// any sort, for a store writes, for drift timers.
    pub affected: u64,
}

impl FaultCount {
    /// Whether the fault made no difference at all.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.applied == 0 || (self.kind.needs_prey() && self.affected == 0)
    }

    /// Why it made no difference, if it made none.
    #[must_use]
    pub fn why_idle(&self) -> &'static str {
        self.kind.idle()
    }
}

/// The faults there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// A process dies.
    Crash,
    /// A dead process starts.
    Restart,
    /// A process stops.
    Pause,
    /// A stopped process goes on.
    Resume,
    /// Groups of nodes cannot talk.
    Partition,
    /// One node does not reach another.
    Cut,
    /// A node reaches nobody and is reached by nobody.
    Isolate,
    /// A link holds its messages.
    Clog,
    /// A clogged link lets go.
    Release,
    /// A process takes long for everything.
    Slow,
    /// A clock is set wrong.
    Skew,
    /// A clock runs at another rate.
    Drift,
    /// Writes fail.
    StoreFail,
    /// The answers to writes are lost.
    StoreUnknown,
    /// Writes land late.
    StoreLate,
    /// Named messages are lost.
    Lose,
    /// Named messages arrive twice.
    Duplicate,
    /// Named messages are held back.
    Delay,
    /// Any message may be lost.
    RandomLoss,
    /// Any message may arrive twice.
    RandomDuplicate,
    /// Any message may be held back.
    RandomReorder,
    /// Any write may fail.
    RandomStoreFail,
    /// The answer to any write may be lost.
    RandomStoreUnknown,
    /// Any write may land late.
    RandomStoreLate,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [FaultKind; 24] = [
        FaultKind::Crash,
        FaultKind::Restart,
        FaultKind::Pause,
        FaultKind::Resume,
        FaultKind::Partition,
        FaultKind::Cut,
        FaultKind::Isolate,
        FaultKind::Clog,
        FaultKind::Release,
        FaultKind::Slow,
        FaultKind::Skew,
        FaultKind::Drift,
        FaultKind::StoreFail,
        FaultKind::StoreUnknown,
        FaultKind::StoreLate,
        FaultKind::Lose,
        FaultKind::Duplicate,
        FaultKind::Delay,
        FaultKind::RandomLoss,
        FaultKind::RandomDuplicate,
        FaultKind::RandomReorder,
        FaultKind::RandomStoreFail,
        FaultKind::RandomStoreUnknown,
        FaultKind::RandomStoreLate,
    ];

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<FaultKind> {
        FaultKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it makes no difference unless it meets a message, write or timer.
    fn needs_prey(self) -> bool {
        match self {
            FaultKind::Crash | FaultKind::Restart | FaultKind::Pause | FaultKind::Resume => false,
            FaultKind::Release | FaultKind::Skew => false,
            FaultKind::Partition | FaultKind::Cut | FaultKind::Isolate | FaultKind::Clog | FaultKind::Slow => true,
            FaultKind::Drift | FaultKind::StoreFail | FaultKind::StoreUnknown | FaultKind::StoreLate => true,
            FaultKind::Lose | FaultKind::Duplicate | FaultKind::Delay => true,
            FaultKind::RandomLoss | FaultKind::RandomDuplicate | FaultKind::RandomReorder => true,
            FaultKind::RandomStoreFail | FaultKind::RandomStoreUnknown | FaultKind::RandomStoreLate => true,
        }
    }

    fn idle(self) -> &'static str {
        match self {
            FaultKind::Crash => "found the node down already",
            FaultKind::Pause => "found the node down or paused already",
            FaultKind::Restart => "found the node up",
            FaultKind::Resume => "found the node not paused",
            FaultKind::Partition | FaultKind::Cut | FaultKind::Isolate => "blocked no message",
            FaultKind::Clog => "held no message",
            FaultKind::Release => "found the link not clogged",
            FaultKind::Slow => "kept nothing waiting",
            FaultKind::Skew => "set no clock",
            FaultKind::Drift => "met no timer",
            FaultKind::StoreFail | FaultKind::StoreUnknown | FaultKind::StoreLate => "met no write",
            FaultKind::Lose | FaultKind::Duplicate | FaultKind::Delay => "matched no message",
            FaultKind::RandomLoss | FaultKind::RandomDuplicate | FaultKind::RandomReorder => "hit no message",
            FaultKind::RandomStoreFail | FaultKind::RandomStoreUnknown | FaultKind::RandomStoreLate => "hit no write",
        }
    }

    /// Its name, in kebab case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Crash => "crash",
            FaultKind::Restart => "restart",
            FaultKind::Pause => "pause",
            FaultKind::Resume => "resume",
            FaultKind::Partition => "partition",
            FaultKind::Cut => "cut",
            FaultKind::Isolate => "isolate",
            FaultKind::Clog => "clog",
            FaultKind::Release => "release",
            FaultKind::Slow => "slow",
            FaultKind::Skew => "skew",
            FaultKind::Drift => "drift",
            FaultKind::StoreFail => "store-fail",
            FaultKind::StoreUnknown => "store-unknown",
            FaultKind::StoreLate => "store-late",
            FaultKind::Lose => "lose",
            FaultKind::Duplicate => "duplicate",
            FaultKind::Delay => "delay",
            FaultKind::RandomLoss => "random-loss",
            FaultKind::RandomDuplicate => "random-duplicate",
            FaultKind::RandomReorder => "random-reorder",
            FaultKind::RandomStoreFail => "random-store-fail",
            FaultKind::RandomStoreUnknown => "random-store-unknown",
            FaultKind::RandomStoreLate => "random-store-late",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_fault_has_a_name_of_its_own() {
        let last = FaultKind::ALL.last().map(|&kind| kind as usize);
        assert_eq!(last, Some(FaultKind::ALL.len() - 1), "no kind is left out");
        assert!(FaultKind::ALL.into_iter().all(|kind| FaultKind::named(kind.name()) == Some(kind)));
        assert_eq!(FaultKind::named("earthquake"), None);
    }
}
