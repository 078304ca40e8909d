//! May it start now, beside what runs? Limited coexistence.
//!
//! Looks only: nothing is reserved, so what was allowed may be wrong by the time it is registered.
//! Source: `reference/aistore-registry-and-coexistence.md` section B, limited coexistence and its matrix.

use quiesce_machine::Rename;
use thiserror::Error;

use super::{Ask, Entry, Registry};
use crate::xaction::policy::{ConflictRule, DemandConflict, Policies};
use crate::xaction::{Kind, XactId};

/// What is about to happen to the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Action {
    /// An xaction starts.
    Start(Ask, Origin),
    /// A rebalance that only cleans up.
    RebalanceCleanup,
    /// A target goes into maintenance, comes back, is shut down or decommissioned.
    Membership,
}

/// Who starts an xaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Origin {
    /// A user.
    User,
    /// A user who insists; only copies and transformations of whole buckets listen to that.
    Force,
    /// The system: properties of a bucket were set, or space is short.
    Automatic,
}

/// Why it may not happen now (`ErrLimitedCoexistence`, 409).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error, Rename)]
#[error("{kind}[{id}] is running: try again when it has ended")]
pub struct Conflict {
    /// What runs.
    pub id: XactId,
    /// Its kind.
    pub kind: Kind,
}

impl Registry {
    /// Whether that may happen now.
    ///
    /// # Errors
    /// With the first running xaction that stands in the way.
    pub fn coexist(&self, action: &Action, policies: &Policies) -> Result<(), Conflict> {
        let in_the_way = |entry: &&Entry| match action {
            Action::Membership => blocks_membership(entry, policies),
            Action::RebalanceCleanup => matches!(entry.kind, Kind::Rebalance | Kind::Resilver),
            Action::Start(ask, origin) => entry.id != ask.id && blocks_start(entry, ask, *origin, policies),
        };
        match self.running().find(in_the_way) {
            Some(&Entry { id, kind, .. }) => Err(Conflict { id, kind }),
            None => Ok(()),
        }
    }
}

fn blocks_membership(entry: &Entry, policies: &Policies) -> bool {
    let yields = entry.is_demand() && policies.demand_conflict == DemandConflict::Yields;
    entry.kind.descriptor().conflict_reb_res && !yields
}

fn blocks_start(entry: &Entry, ask: &Ask, origin: Origin, policies: &Policies) -> bool {
    let (running, new) = (entry.kind.descriptor(), ask.kind.descriptor());
    if policies.conflict_rule == ConflictRule::Documented && new.resilver && running.conflict_reb_res {
        return true;
    }
    if !new.conflict_reb_res || !asks(ask.kind, origin, policies) {
        return false;
    }
    let overlap = || [ask.from, ask.to].into_iter().flatten().any(|bucket| entry.touches(bucket));
    running.rebalance || running.resilver || (ask.kind == Kind::MoveBck && running.conflict_reb_res && overlap())
}

/// Whether such a start asks at all.
fn asks(kind: Kind, origin: Origin, policies: &Policies) -> bool {
    if origin == Origin::Force && matches!(kind, Kind::CopyBck | Kind::EtlBck) {
        return false;
    }
    match policies.conflict_rule {
        ConflictRule::Documented => true,
        ConflictRule::Published => {
            origin != Origin::Automatic && !matches!(kind, Kind::GetBatch | Kind::Dsort | Kind::CreateInventory)
        }
    }
}
