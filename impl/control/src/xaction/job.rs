//! A job: what is asked of every target, how each target's part stands, and what the Information Center says of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quiesce_machine::{Rename, Stamp};

use super::id::DaemonId;
use super::kind::Kind;
use super::start::Manner;

/// What a client asks every target to do, and how each target's part goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct JobSpec {
    /// The kind of xaction.
    pub kind: Kind,
    /// A target's part, unless it is named in `special`.
    pub work: Work,
    /// Targets whose part differs.
    pub special: BTreeMap<DaemonId, Work>,
    /// The only target that takes part; `None`: all do.
    pub only: Option<DaemonId>,
    /// On what and how, where targets have registries.
    pub manner: Option<Arc<Manner>>,
}

impl JobSpec {
    /// The same part for every target, on no bucket in particular.
    #[must_use]
    pub fn everywhere(kind: Kind, work: Work) -> JobSpec {
        JobSpec { kind, work, special: BTreeMap::new(), only: None, manner: None }
    }

    /// The part of one target.
    #[must_use]
    pub fn work_of(&self, target: DaemonId) -> Work {
        self.special.get(&target).copied().unwrap_or(self.work)
    }
}

/// One target's part of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Work {
    /// How long it takes.
    pub takes: Duration,
    /// How it ends if left alone.
    pub ends: Ending,
}

/// How a target's part ends if left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Ending {
    /// All done.
    Finishes,
    /// Done, with errors on the way.
    Fails(XactError),
    /// Given up half-way.
    Aborts(XactError),
    /// Any of the three, as the driver chooses.
    Any,
}

/// Why an xaction failed or was aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum XactError {
    /// No space left.
    DiskFull,
    /// An object could not be read.
    IoError,
    /// The target restarted while it ran.
    Restarted,
    /// The target answered 404 for it.
    NotFound,
    /// Stopped because a member of the Information Center said so.
    IcAbort,
    /// The target left the cluster, or was left out of it.
    LeftCluster,
    /// Another of its kind takes its place on that target.
    Renewed,
    /// A user stopped it.
    UserAbort,
    /// A rebalance began, or the map changed under one.
    Rebalanced,
    /// Its bucket was destroyed.
    BucketGone,
}

impl XactError {
    /// Every error, in order.
    pub const ALL: [XactError; 10] = [
        XactError::DiskFull,
        XactError::IoError,
        XactError::Restarted,
        XactError::NotFound,
        XactError::IcAbort,
        XactError::LeftCluster,
        XactError::Renewed,
        XactError::UserAbort,
        XactError::Rebalanced,
        XactError::BucketGone,
    ];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            XactError::DiskFull => "disk-full",
            XactError::IoError => "io-error",
            XactError::Restarted => "restarted",
            XactError::NotFound => "not-found",
            XactError::IcAbort => "ic-abort",
            XactError::UserAbort => "user-abort",
            XactError::Rebalanced => "rebalanced",
            XactError::BucketGone => "bucket-gone",
            XactError::Renewed => "renewed",
            XactError::LeftCluster => "left-cluster",
        }
    }
}

/// How a target's part stands, as the target tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Snap {
    /// Not ended.
    Running,
    /// Ended, all done.
    Finished,
    /// Ended, with errors.
    Failed(XactError),
    /// Given up.
    Aborted(XactError),
}

impl Snap {
    /// Whether the part has ended.
    #[must_use]
    pub fn is_ended(self) -> bool {
        self != Snap::Running
    }
}

impl fmt::Display for Snap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Snap::Running => f.write_str("running"),
            Snap::Finished => f.write_str("finished"),
            Snap::Failed(error) => write!(f, "failed ({})", error.name()),
            Snap::Aborted(error) => write!(f, "aborted ({})", error.name()),
        }
    }
}

/// What one target is doing for a distributed sort. Each takes a third of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum SortPhase {
    /// It takes records out of its shards.
    Extraction,
    /// It puts all records in order.
    Sorting,
    /// It writes new shards.
    Creation,
}

impl SortPhase {
    /// How many slices are left when records begin to be put in order.
    pub const SORTING_FROM: u8 = 7;
    /// How many are left when new shards begin to be written.
    pub const CREATION_FROM: u8 = 4;

    /// The phase with so many slices left to begin.
    #[must_use]
    pub fn with_left(slices: u8) -> SortPhase {
        match slices {
            SortPhase::SORTING_FROM.. => SortPhase::Extraction,
            SortPhase::CREATION_FROM.. => SortPhase::Sorting,
            _ => SortPhase::Creation,
        }
    }

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SortPhase::Extraction => "extraction",
            SortPhase::Sorting => "sorting",
            SortPhase::Creation => "creation",
        }
    }
}

/// A job's status as the Information Center serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Status {
    /// The kind.
    pub kind: Kind,
    /// When it ended, by the serving member's clock; `None` while it runs.
    pub end_time: Option<Stamp>,
    /// Whether it was aborted.
    pub aborted: bool,
    /// The first error.
    pub err: Option<XactError>,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match (self.end_time, self.aborted) {
            (None, false) => "running",
            (None, true) => "aborting",
            (Some(_), false) => "finished",
            (Some(_), true) => "aborted",
        };
        f.write_str(phase)?;
        self.err.map_or(Ok(()), |err| write!(f, " ({})", err.name()))
    }
}
