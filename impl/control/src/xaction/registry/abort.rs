//! Aborting what a filter names.

use super::Registry;
use super::entry::{Cause, Entry, Phase};
use crate::xaction::bucket::Bucket;
use crate::xaction::policy::{AbortScan, ConflictRule, Policies};
use crate::xaction::{Kind, Scope, XactId};
use quiesce_machine::Rename;

/// Which xactions are to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum AbortFilter {
    /// The one of that id.
    Id(XactId),
    /// All of a kind on a bucket.
    KindAndBucket(Kind, Bucket),
    /// All of a kind.
    Kind(Kind),
    /// All on a bucket.
    Bucket(Bucket),
    /// All of a scope.
    Scope(Scope),
    /// Those that a new rebalance ends.
    NewRebalance,
    /// Everything.
    All,
}

impl Registry {
    /// Aborts what runs and matches, in the order registered, and says what it was. Most are `Stopping` then, and end
    /// when their work has stopped; kinds that idle and inline transformations have no work to stop and are finished.
    pub fn abort(&mut self, filter: AbortFilter, cause: Cause, policies: &Policies) -> Vec<XactId> {
        let hit = |entry: &&Entry| {
            let seen = entry.recorded || policies.abort_scan == AbortScan::Running;
            seen && entry.is_running() && filter.names(entry, policies)
        };
        let victims: Vec<XactId> = self.entries.iter().filter(hit).map(|entry| entry.id).collect();
        for &victim in &victims {
            self.abort_one(victim, cause);
        }
        victims
    }

    pub(super) fn abort_one(&mut self, id: XactId, cause: Cause) {
        let Some(entry) = self.entry_mut(id).filter(|entry| entry.is_running()) else { return };
        entry.aborted = Some(cause);
        entry.phase = Phase::Stopping;
        if entry.is_demand() || entry.kind == Kind::EtlInline {
            self.finish(id);
        }
    }
}

impl AbortFilter {
    /// Whether the filter names that xaction, running or not.
    #[must_use]
    pub fn names(self, entry: &Entry, policies: &Policies) -> bool {
        let on = |bucket: Bucket| [entry.from, entry.to].contains(&Some(bucket));
        match self {
            AbortFilter::Id(id) => entry.id == id,
            AbortFilter::KindAndBucket(kind, bucket) => entry.kind == kind && on(bucket),
            AbortFilter::Kind(kind) => entry.kind == kind,
            AbortFilter::Bucket(bucket) => on(bucket),
            AbortFilter::Scope(scope) => entry.kind.descriptor().scope == scope,
            AbortFilter::NewRebalance => match policies.conflict_rule {
                ConflictRule::Published => entry.kind.descriptor().abort_by_reb,
                ConflictRule::Documented => entry.kind.needs_stable_targets(),
            },
            AbortFilter::All => true,
        }
    }
}
