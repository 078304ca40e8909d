//! Kinds of xaction: what each may do and what the Information Center knows of it.
//!
//! The columns are data, one row per kind, in `table`. What the columns mean for a start is decided in `registry`.

mod table;

use quiesce_machine::Rename;
use std::fmt;

use serde::Serialize;
use thiserror::Error;

pub use table::Kind;

use crate::nearest::nearest;

/// Everything the published system declares of a kind; serialises to the columns of `quiesce kinds --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Descriptor {
    /// The kind.
    #[serde(skip)]
    pub(crate) kind: Kind,
    /// The kind's own name.
    #[serde(rename = "kind")]
    pub name: &'static str,
    /// The name people use.
    pub display: &'static str,
    /// What one xaction of the kind covers.
    pub scope: Scope,
    /// Whether `start` accepts it.
    pub startable: bool,
    /// Whether starting it changes replicated metadata, and so bumps a version.
    pub metasync: bool,
    /// Whether its end refreshes the capacity figure.
    pub refresh_cap: bool,
    /// Whether it moves objects between targets.
    pub rebalance: bool,
    /// Whether it moves objects between a target's disks.
    pub resilver: bool,
    /// Whether it conflicts with what moves objects.
    pub conflict_reb_res: bool,
    /// Whether a new rebalance aborts it.
    pub abort_by_reb: bool,
    /// Whether it lives on without work, until it has been idle for a while.
    pub idles: bool,
    /// Whether its statistics carry `ext`.
    pub extended_stats: bool,
    /// Whether its history is kept briefly.
    pub quiet_brief: bool,
    /// When targets report it to the Information Center; empty: never.
    pub ic_mode: &'static [IcMode],
    /// Permissions that a start needs; empty: the default.
    pub access: &'static str,
}

/// What one xaction of a kind covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Rename)]
pub enum Scope {
    /// The cluster.
    G,
    /// One bucket.
    B,
    /// One bucket, or all of them.
    GB,
    /// One target.
    T,
}

/// When targets report a kind to the Information Center.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Rename)]
#[serde(rename_all = "kebab-case")]
pub enum IcMode {
    /// When a target's part ends.
    UponTerm,
    /// While it works.
    UponProgress,
}

/// A name that no kind has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown kind `{found}`{}", suggestion(*.nearest))]
pub struct UnknownKind {
    /// What was asked for.
    pub found: String,
    /// The name it is most like, if any is near.
    pub nearest: Option<&'static str>,
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

impl Kind {
    /// Its row.
    #[must_use]
    pub const fn descriptor(self) -> &'static Descriptor {
        &table::TABLE[self as usize]
    }

    /// The kind's own name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.descriptor().name
    }

    /// The name people use.
    #[must_use]
    pub const fn display_name(self) -> &'static str {
        self.descriptor().display
    }

    /// Whether the Information Center tracks it.
    #[must_use]
    pub const fn is_ic_tracked(self) -> bool {
        !self.descriptor().ic_mode.is_empty()
    }

    /// Whether the target set must not change while it runs: it conflicts with a rebalance or is aborted by one.
    #[must_use]
    pub const fn needs_stable_targets(self) -> bool {
        self.descriptor().conflict_reb_res || self.descriptor().abort_by_reb
    }

    /// Whether it is one of the 33 kinds there were when this project began.
    #[must_use]
    pub const fn is_seed(self) -> bool {
        !matches!(self, Kind::SummaryShard)
    }

    /// The kind of that name or display name.
    ///
    /// # Errors
    /// When no kind has that name; the empty name is none.
    pub fn from_name(name: &str) -> Result<Kind, UnknownKind> {
        let named = |kind: &Kind| kind.name() == name || kind.display_name() == name;
        Kind::ALL.into_iter().find(named).ok_or_else(|| {
            let names = Kind::ALL.into_iter().flat_map(|kind| [kind.name(), kind.display_name()]);
            UnknownKind { found: name.to_owned(), nearest: nearest(name, names) }
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.display_name())
    }
}
