//! What survives a crash.

use super::ic::Bundle;
use super::id::XactId;
use super::job::Snap;
use super::kind::Kind;
use super::membership::Belonging;
use super::rebalance::RebId;
use super::sources::Sources;
use quiesce_machine::Rename;

/// What a daemon keeps across crashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Record {
    /// What it knows of the cluster.
    Belonging(Belonging),
    /// A target's xaction.
    Xact(PartRecord),
    /// A member's table.
    Table(Bundle),
    /// A target has begun to move data under that order, and has not ended.
    Marker(RebId),
}

/// An xaction that a target began, and its end once it has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct PartRecord {
    /// The job.
    pub job: XactId,
    /// Its kind.
    pub kind: Kind,
    /// Every target that takes part.
    pub sources: Sources,
    /// How this target's part stands.
    pub snap: Snap,
    /// Every member has acknowledged the end: a restart does not tell it again, to members that may have pruned the job.
    pub told: bool,
}

/// What tells records apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum RecordKey {
    /// The one of the cluster.
    Belonging,
    /// That of a job's xaction.
    Xact(XactId),
    /// The one of a member's table.
    Table,
    /// The marker of a rebalance.
    Marker,
}

impl quiesce_machine::Record for Record {
    type Key = RecordKey;

    fn key(&self) -> RecordKey {
        match self {
            Record::Belonging(_) => RecordKey::Belonging,
            Record::Xact(xact) => RecordKey::Xact(xact.job),
            Record::Table(_) => RecordKey::Table,
            Record::Marker(_) => RecordKey::Marker,
        }
    }
}
