//! What is asked of every target at once through a gateway, and of one target by a workload.
//!
//! A gateway asks all targets and answers with one list per target; one target's error is the error of the whole answer,
//! with its code. Success of a stop has no body.
//! Source: `reference/aistore-http-api.md` sections 4, 6 and 10.

pub mod wire;

use std::sync::Arc;

use quiesce_machine::{Rename, Stamp};
use thiserror::Error;

use super::bucket::Bucket;
use super::job::SortPhase;
use super::registry::{AbortFilter, Cause, Conflict, Entry, Query};
use super::{DaemonId, Kind, XactId};

/// What every target is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Question {
    /// Which xactions there are.
    Snaps {
        /// Which ones.
        query: Query,
        /// Only the most recent of each kind and bucket.
        recent: bool,
    },
    /// To stop what the filter names.
    Stop(AbortFilter),
    /// Whether the set of targets may change now: an administrator's preflight.
    MayChange,
}

/// One xaction of one target, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct SnapLine {
    /// Its id.
    pub id: XactId,
    /// Its kind.
    pub kind: Kind,
    /// The bucket it works on, or copies from.
    pub from: Option<Bucket>,
    /// The bucket it copies to.
    pub to: Option<Bucket>,
    /// When it was registered.
    pub start: Stamp,
    /// When it ended; `None` while it runs.
    pub end: Option<Stamp>,
    /// Why it was aborted, if it was.
    pub aborted: Option<Cause>,
    /// Whether it has nothing to do, for now or for good.
    pub is_idle: bool,
    /// Work handed to it and not done.
    pub pending: u8,
    /// What it is doing, if it sorts.
    pub sort: Option<SortPhase>,
}

impl SnapLine {
    /// How an entry of a registry is shown, as far as the registry knows.
    #[must_use]
    pub fn of(entry: &Entry) -> SnapLine {
        let &Entry { id, kind, from, to, start, end, aborted, pending, .. } = entry;
        SnapLine { id, kind, from, to, start, end, aborted, is_idle: entry.is_idle(), pending, sort: None }
    }
}

/// What every target has, by target.
pub type Everywhere = Arc<Vec<(DaemonId, Vec<SnapLine>)>>;

/// Why a question was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error, Rename)]
pub enum AskError {
    /// 404: nobody has what is named.
    #[error("no target has such an xaction")]
    NotFound,
    /// 409: something that runs stands in the way.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// 502: a target did not answer.
    #[error("{0} does not answer")]
    Silent(DaemonId),
}

impl AskError {
    /// The HTTP status that goes with it.
    #[must_use]
    pub fn http_status(self) -> u16 {
        match self {
            AskError::NotFound => 404,
            AskError::Conflict(_) => 409,
            AskError::Silent(_) => 502,
        }
    }
}

/// What a wait on snapshots waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Condition {
    /// The job has ended everywhere.
    Finished,
    /// It runs nowhere.
    NotRunning,
    /// Some target has it.
    Started,
    /// It has nothing to do anywhere, twice in a row.
    Idle,
}
