//! What timers of membership are for.

use quiesce_machine::{Label, Rename, Span};

use crate::xaction::timer::Timer;

/// A timer that keeps membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ClusterTimer {
    /// Look who was heard of.
    Tick,
    /// A keepalive was not answered; a primary: a health call was not.
    Retry,
    /// Members have not acknowledged the map.
    Metasync,
    /// A primary has not been heard to live, or the next in line to stand for election.
    Election,
    /// A request to join was not answered.
    Join,
    /// Write again what could not be stored.
    Persist,
}

impl ClusterTimer {
    /// The periodic look waits for the foreground.
    #[must_use]
    pub fn span(self) -> Span {
        match self {
            ClusterTimer::Tick => Span::Long,
            ClusterTimer::Retry
            | ClusterTimer::Metasync
            | ClusterTimer::Election
            | ClusterTimer::Join
            | ClusterTimer::Persist => Span::Short,
        }
    }
}

impl From<ClusterTimer> for Timer {
    fn from(timer: ClusterTimer) -> Timer {
        Timer::Cluster(timer)
    }
}

impl Label for ClusterTimer {
    fn label(&self) -> &'static str {
        match self {
            ClusterTimer::Tick => "tick",
            ClusterTimer::Retry => "retry",
            ClusterTimer::Metasync => "metasync-retry",
            ClusterTimer::Election => "election",
            ClusterTimer::Join => "join-retry",
            ClusterTimer::Persist => "persist-map",
        }
    }
}
