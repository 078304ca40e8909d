//! How one run of a plan goes: where its draws come from, what strikes it, and in what order things happen.
//!
//! A course is data, and with its plan everything of a run: whatever drove a run first, a seed, a crash at a boundary or
//! a search through all orders, leaves a course that drives it again.

use serde::{Deserialize, Serialize};

use crate::{Blow, Decision};

/// How a run goes. A bare seed is the usual one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// Where everything is drawn from that is not decided.
    pub seed: u64,
    /// Draws decided in advance, in any order. Of two decisions of one name the later counts; `step` and `of` do not
    /// count, and a pick that is too large for its draw becomes the largest.
    pub decided: Vec<Decision>,
    /// From where on chance has its way again.
    pub fork: Option<Fork>,
    /// What goes wrong between two effects.
    pub strike: Option<Strike>,
    /// What happens, in this order, in place of what the clock would have happen: nothing else does.
    pub turns: Option<Vec<Turn>>,
}

impl Course {
    /// Everything from a seed.
    #[must_use]
    pub fn seed(seed: u64) -> Self {
        Course { seed, ..Course::default() }
    }
}

/// Another future.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fork {
    /// The last event whose draws stay: later ones are neither decided nor of the run's own seed. From 0 on, the
    /// swarm's draws stay.
    pub after: u32,
    /// Where later draws come from.
    pub seed: u64,
}

/// Something that goes wrong between two effects of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strike {
    /// The number of the event whose effects are divided.
    pub event: u32,
    /// How many of them happen before.
    pub effect: u32,
    /// What goes wrong then.
    pub blow: Blow,
    /// How long a process that dies stays down, in nanoseconds.
    pub down_ns: u64,
}

/// One thing that happens in a run without a clock. Nodes go by name; messages and timers by label and, where several
/// have that label, by how they print.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Turn {
    /// A process starts: for the first time, or again.
    Start {
        /// Which.
        node: String,
    },
    /// A call of the plan is made.
    Call {
        /// Its number.
        call: u32,
    },
    /// A message ends its way: at its receiver, as a refusal where that is down, or back at its sender.
    Arrive(Parcel),
    /// A message never arrives.
    Lose(Parcel),
    /// A message will arrive once more.
    Duplicate(Parcel),
    /// A timer runs out.
    Fire {
        /// Whose.
        node: String,
        /// Its label.
        label: String,
        /// How it prints.
        text: String,
    },
    /// The oldest write on its way ends, durable if nothing else is said.
    Land {
        /// Whose.
        node: String,
        /// How.
        #[serde(default, skip_serializing_if = "WriteEnd::is_durable")]
        end: WriteEnd,
    },
    /// A process dies.
    Crash {
        /// Which.
        node: String,
        /// How many of its pending writes are applied, oldest first.
        applied: u32,
        /// Whether its records, with those, are gone.
        records_lost: bool,
    },
    /// Nothing need ever happen again: from here on nothing may be owed.
    Rest,
}

/// How a write ends, in a run without a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteEnd {
    /// It is durable, and its process is told so.
    #[default]
    Durable,
    /// It is not applied, and its process is told so.
    Failed,
    /// It is applied, and its process does not learn whether.
    UnknownApplied,
    /// It is not applied, and its process does not learn whether.
    UnknownLost,
}

impl WriteEnd {
    fn is_durable(&self) -> bool {
        *self == WriteEnd::Durable
    }
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// Who sent it.
    pub from: String,
    /// For whom it was.
    pub to: String,
    /// Its label.
    pub label: String,
    /// How it prints.
    pub text: String,
    /// Whether it was refused and is on its way back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,
}
