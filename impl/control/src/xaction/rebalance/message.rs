//! What targets and the primary tell each other about a rebalance, and what it keeps timers for.

use quiesce_machine::{Label, Rename, Span};

use super::{RebId, Stage};
use crate::xaction::message::Msg;
use crate::xaction::timer::Timer;

/// What targets and the primary tell each other about a rebalance.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum RebMsg {
    /// A target asks another whether it is there, before it begins.
    Ping { id: RebId },
    /// It is.
    Pong { id: RebId },
    /// A target has come so far; `asks`: and how far is the other?
    Stage { id: RebId, stage: Stage, asks: bool },
    /// A user has stopped it at the sender: it ends everywhere.
    Abort { id: RebId },
    /// A target tells the primary how its part has ended.
    Report { id: RebId, told: Told },
}

/// How a target's part ended, for the primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Told {
    /// Its data are where they belong.
    Moved,
    /// It was cut short.
    CutShort,
    /// A user stopped it.
    Stopped,
}

impl From<RebMsg> for Msg {
    fn from(msg: RebMsg) -> Msg {
        Msg::Rebalance(msg)
    }
}

impl Label for RebMsg {
    fn label(&self) -> &'static str {
        match self {
            RebMsg::Ping { .. } => "rebalance-ping",
            RebMsg::Pong { .. } => "rebalance-pong",
            RebMsg::Stage { .. } => "rebalance-stage",
            RebMsg::Abort { .. } => "rebalance-abort",
            RebMsg::Report { .. } => "rebalance-report",
        }
    }
}

/// A timer of a target's rebalance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum RebTimer {
    /// Not everybody has answered the ping.
    Ping,
    /// What a rebalance ends is to be ended now.
    Sweep,
    /// The data have moved.
    Moved,
    /// Ask the others again how far they are.
    Poll,
    /// The barrier's time is over.
    Barrier,
    /// Nothing has arrived for a while.
    Quiet,
    /// Streams are closed.
    Drained,
    /// What a preempted rebalance leaves behind is torn down.
    TornDown,
    /// Tell the primary again.
    Report,
    /// Write the marker again.
    Persist,
}

impl RebTimer {
    /// Those that repeat, and those that give up waiting, wait for the foreground. Data take longer than a message that is not
    /// late, and so does silence.
    #[must_use]
    pub fn span(self) -> Span {
        match self {
            RebTimer::Ping | RebTimer::Poll | RebTimer::Barrier | RebTimer::Report | RebTimer::Persist => Span::Long,
            RebTimer::Moved | RebTimer::Quiet | RebTimer::Drained | RebTimer::TornDown => Span::Timeout,
            RebTimer::Sweep => Span::Short,
        }
    }
}

impl From<RebTimer> for Timer {
    fn from(timer: RebTimer) -> Timer {
        Timer::Rebalance(timer)
    }
}

impl Label for RebTimer {
    fn label(&self) -> &'static str {
        match self {
            RebTimer::Ping => "rebalance-ping-over",
            RebTimer::Sweep => "rebalance-sweep",
            RebTimer::Moved => "rebalance-moved",
            RebTimer::Poll => "rebalance-poll",
            RebTimer::Barrier => "rebalance-barrier",
            RebTimer::Quiet => "rebalance-quiet",
            RebTimer::Drained => "rebalance-drained",
            RebTimer::TornDown => "rebalance-torn-down",
            RebTimer::Report => "rebalance-report-again",
            RebTimer::Persist => "rebalance-persist",
        }
    }
}
