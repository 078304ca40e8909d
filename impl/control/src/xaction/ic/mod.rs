//! The Information Center: every proxy has the code, the members' tables are told of jobs.
//!
//! Owns the table of one proxy and what is done about it: registration and notification (`notify`), abort (`abort`),
//! queries (`query`) and what keeps members alike (`sync`). Ownership by one member, finalizers and progress
//! notifications are not here yet.
//! Source: `reference/aistore-information-center.md` sections 7, 8 and 11.

mod abort;
mod listener;
mod map;
mod notify;
mod query;
mod rebalance;
mod sync;
mod table;

use quiesce_machine::Rename;
use std::collections::{BTreeMap, BTreeSet};

use super::id::{DaemonId, XactId};
use super::membership::Smap;
use super::policy::{Merge, TableSync};
use super::timer::MemberTimer;
use super::{Context, mark};

pub use listener::Listener;
use query::Ask;
pub(super) use query::Asker;
pub use table::Table;

/// One proxy's share in the Information Center.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub struct Ic {
    me: DaemonId,
    /// The map it goes by.
    map: Smap,
    table: Table,
    asks: BTreeMap<XactId, Ask>,
    /// Jobs that may have lost a target, and who has not been consulted about them yet.
    consulting: BTreeMap<XactId, BTreeSet<DaemonId>>,
}

impl Ic {
    pub(super) fn new(me: DaemonId, map: Smap) -> Self {
        Ic { me, map, table: Table::default(), asks: BTreeMap::new(), consulting: BTreeMap::new() }
    }

    /// Whether this proxy is a member by its own map.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.map.is_ic(self.me)
    }

    /// This proxy's table.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// A member starts: arms what it does periodically.
    pub(super) fn start(&self, cx: &mut Context<'_>) {
        if !self.is_member() {
            return;
        }
        let timing = &cx.config().timing;
        if let Some(period) = timing.housekeeping {
            cx.arm(MemberTimer::Housekeep.into(), period);
        }
        if let (Some(period), TableSync::Periodic) = (timing.sync, cx.config().policies.table_sync) {
            cx.arm(MemberTimer::Sync.into(), period);
        }
    }

    pub(super) fn fire(&mut self, timer: MemberTimer, cx: &mut Context<'_>) {
        match timer {
            MemberTimer::Grace(job) => self.grace_over(job),
            MemberTimer::Tardy(job, target) => self.tardy(job, target),
            MemberTimer::Abort(job) => {
                cx.reach(mark::ABORT_AGAIN);
                self.abort_again(job, cx);
            }
            MemberTimer::Ask(job) => self.ask_over(job, cx),
            MemberTimer::Sync => self.sync(cx),
            MemberTimer::Housekeep => self.housekeep(cx),
            MemberTimer::Prune(job) => self.prune(job, cx),
            MemberTimer::Tombstone(job) => self.table.unbury(job),
        }
    }

    fn grace_over(&mut self, job: XactId) {
        if let Some(listener) = self.table.running_mut(job) {
            listener.local.graced = true;
        }
    }

    fn tardy(&mut self, job: XactId, target: DaemonId) {
        if let Some(listener) = self.table.running_mut(job) {
            listener.local.fresh.remove(&target);
        }
    }

    fn prune(&mut self, job: XactId, cx: &mut Context<'_>) {
        if self.table.entry(job).is_none_or(|listener| listener.end_time.is_none()) {
            return;
        }
        cx.fact(super::Fact::JobPruned { job });
        self.table.prune(job);
        if cx.config().policies.merge == Merge::Join {
            self.table.bury(job);
            let retention =
                cx.config().timing.retention.expect("jobs are pruned only where they are not kept for good");
            cx.arm(MemberTimer::Tombstone(job).into(), retention * 2);
        }
    }

    /// The members beside this proxy.
    pub(super) fn others(&self) -> impl Iterator<Item = DaemonId> {
        self.map.ic().filter(|&member| member != self.me)
    }
}

/// Has a finished job pruned when its retention is over.
fn keep_for_retention(job: XactId, cx: &mut Context<'_>) {
    if let Some(retention) = cx.config().timing.retention {
        cx.arm(MemberTimer::Prune(job).into(), retention);
    }
}
