//! What a primary orders when the set of targets changes, and how that stands.
//!
//! The order travels in the cluster map: one register instead of two, so neither can be newer than the other, and
//! whoever is primary next knows which changes of membership wait for it.
//! Source: `reference/aistore-registry-and-coexistence.md` section C; hazards H-2, H-15, H-24, H-32, H-33.

use std::collections::BTreeSet;
use std::fmt;

use quiesce_machine::{Incarnation, Rename};

use crate::xaction::id::{DaemonId, Form, XactId};
use crate::xaction::membership::Version;
use crate::xaction::sources::Sources;

/// Which rebalance: the version of the map that ordered it, or a counter of its own (policy `rebalance-id`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct RebId(pub Version);

impl RebId {
    /// The rebalance whose xactions go by that id; `None`: it is none's.
    #[must_use]
    pub fn of(job: XactId) -> Option<RebId> {
        let term = u16::try_from(job.life().0).ok().filter(|_| job.form() == Form::Rebalance)?;
        Some(RebId(Version { term, count: job.number }))
    }

    /// The id of its xactions.
    #[must_use]
    pub fn xact(self) -> XactId {
        XactId::rebalance_of(Incarnation(u32::from(self.0.term)), self.0.count)
    }
}

impl fmt::Display for RebId {
    /// `g7`, or `g2.7` in the second term.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.xact().fmt(f)
    }
}

/// What an order asks of targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Mode {
    /// That data move to where they belong.
    #[default]
    Full,
    /// That what is misplaced is removed (`--cleanup`); nothing moves, and nothing else is ended.
    Cleanup,
}

/// An order to move data to where the targets that stay have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Order {
    /// Its name.
    pub id: RebId,
    /// What is asked.
    pub mode: Mode,
    /// The version of the map that ordered it.
    pub as_of: Version,
    /// The targets that keep data.
    pub stays: BTreeSet<DaemonId>,
    /// The targets that are emptied, to leave or to rest.
    pub leaves: BTreeSet<DaemonId>,
    /// The last request of a user that ordered one, and what it was called.
    pub asked: Option<(XactId, RebId)>,
    /// How it stands.
    pub progress: Progress,
}

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Progress {
    /// Targets work on it, or should.
    Open,
    /// The primary has taken it for done.
    Done,
    /// A user has stopped it.
    Stopped,
}

impl Order {
    /// Every target that takes part.
    pub fn participants(&self) -> impl Iterator<Item = DaemonId> {
        self.stays.iter().chain(&self.leaves).copied()
    }

    /// Whether a target takes part.
    #[must_use]
    pub fn concerns(&self, target: DaemonId) -> bool {
        self.stays.contains(&target) || self.leaves.contains(&target)
    }

    /// Whether targets work on it, or should.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.progress == Progress::Open
    }

    /// Whether a user asked for it.
    #[must_use]
    pub fn is_users(&self) -> bool {
        self.asked.is_some_and(|(_, id)| id == self.id)
    }

    /// The targets that take part, as a job's.
    #[must_use]
    pub fn sources(&self) -> Sources {
        Sources::as_of_version(self.as_of, self.participants().collect())
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        f.write_str(match self.mode {
            Mode::Full => "",
            Mode::Cleanup => " to clean up",
        })?;
        f.write_str(match self.progress {
            Progress::Open => "",
            Progress::Done => " done",
            Progress::Stopped => " stopped",
        })
    }
}
