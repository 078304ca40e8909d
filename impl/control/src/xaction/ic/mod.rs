//! The Information Center: every proxy has the code, the members' tables are told of jobs.
//!
//! Owns the table of one proxy and what is done about it: registration and notification (`notify`), abort (`abort`),
//! queries (`query`) and what keeps members alike (`sync`). What an ended job leaves to be done (finalizers) is the map's
//! business (`buckets`, `rebalance`). Ownership of a job by one member is left out: the published code never assigns it.
//! Source: `reference/aistore-information-center.md` sections 7, 8 and 11.

mod abort;
mod account;
mod ledger;
mod listener;
mod map;
mod notify;
mod query;
mod rebalance;
mod seal;
mod sync;
mod table;
mod tombstones;

use quiesce_machine::Rename;
use std::collections::{BTreeMap, BTreeSet};

use super::config::Config;
use super::id::{DaemonId, XactId};
use super::membership::{Smap, Version, agrees, is_agreed_on};
use super::message::Select;
use super::policy::{TableSync, Tombstone};
use super::timer::MemberTimer;
use super::{Context, mark};

pub use account::Account;
pub use ledger::Bundle;
pub(super) use ledger::Waiting;
pub use listener::Listener;
use query::Ask;
pub(super) use query::Asker;
pub use table::Table;
pub use tombstones::Tombstones;

/// One proxy's share in the Information Center.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub struct Ic {
    me: DaemonId,
    /// The map it goes by.
    map: Smap,
    /// The latest that it has accepted: while it is another, the members are changing.
    accepted: Smap,
    /// The map under which the table is the Information Center's.
    view: Version,
    /// The same as far as it is durable.
    entered: Version,
    table: Table,
    asks: BTreeMap<Select, Ask>,
    /// Jobs whose parts have all ended, and which members know that durably.
    seals: BTreeMap<XactId, BTreeSet<DaemonId>>,
    ledger: ledger::Ledger,
}

impl Ic {
    pub(super) fn new(me: DaemonId, map: Smap) -> Self {
        Ic {
            me,
            accepted: map.clone(),
            view: map.version(),
            entered: map.version(),
            map,
            table: Table::default(),
            asks: BTreeMap::new(),
            seals: BTreeMap::new(),
            ledger: ledger::Ledger::default(),
        }
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

    /// Whether a word that was spoken under that map counts for nothing here any more, nor after a crash.
    pub(super) fn has_outgrown(&self, by: Version, config: &Config) -> bool {
        is_agreed_on(config) && by < self.entered
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
            MemberTimer::Ask(job) => self.ask_over(Select::Id(job), cx),
            MemberTimer::Seal(job) => self.seal_again(job, cx),
            MemberTimer::Keep => self.write(cx),
            MemberTimer::Sync => self.sync(cx),
            MemberTimer::Housekeep => self.housekeep(cx),
            MemberTimer::Prune(job) => self.prune(job, cx),
            MemberTimer::Tombstone(job) => {
                self.table.unbury(job);
                self.keep_some_time(cx);
            }
        }
    }

    fn grace_over(&mut self, job: XactId) {
        if let Some(local) = self.table.local_mut(job) {
            local.graced = true;
        }
    }

    fn tardy(&mut self, job: XactId, target: DaemonId) {
        if let Some(local) = self.table.local_mut(job) {
            local.fresh.remove(target);
        }
    }

    fn prune(&mut self, job: XactId, cx: &mut Context<'_>) {
        if self.table.entry(job).is_none_or(|listener| listener.end_time.is_none()) {
            return;
        }
        cx.fact(super::Fact::JobPruned { job });
        self.table.prune(job);
        if cx.config().policies.tombstone == Tombstone::Kept {
            self.bury(job, cx);
        }
        self.keep_some_time(cx);
    }

    /// Does not take up a job again that is not here: for some time.
    fn bury(&mut self, job: XactId, cx: &mut Context<'_>) {
        if !self.table.knows(job) {
            self.table.bury(job);
            keep_tombstone(job, cx);
        }
    }

    /// The members beside this proxy.
    pub(super) fn others(&self) -> impl Iterator<Item = DaemonId> {
        self.map.ic().filter(|&member| member != self.me)
    }
}

/// Has a tombstone forgotten some time after anybody spoke of its job: a member that was down keeps it longer than others do.
fn keep_tombstone(job: XactId, cx: &mut Context<'_>) {
    let retention = cx.config().timing.retention.expect("jobs are pruned only where they are not kept for good");
    cx.arm(MemberTimer::Tombstone(job).into(), retention * 2);
}

/// Has a finished job pruned when its retention is over.
fn keep_for_retention(job: XactId, cx: &mut Context<'_>) {
    if let Some(retention) = cx.config().timing.retention {
        cx.arm(MemberTimer::Prune(job).into(), retention);
    }
}
