//! What keeps members' tables alike: merging copies, the periodic exchange, housekeeping.
//! Source: `reference/aistore-information-center.md` sections 7 (housekeeping) and 11 (merge).

use std::borrow::Cow;
use std::sync::Arc;

use super::{Account, Ic, Listener, keep_for_retention};
use crate::xaction::fact::Fact;
use crate::xaction::id::XactId;
use crate::xaction::membership::Version;
use crate::xaction::message::ToProxy;
use crate::xaction::policy::{Merge, WireErrors};
use crate::xaction::timer::MemberTimer;
use crate::xaction::{Context, mark, send};

impl Ic {
    /// Takes over what another member's table says, unless the members have changed between the two.
    pub(in crate::xaction) fn merge(&mut self, by: Version, table: &[(XactId, Account)], cx: &mut Context<'_>) {
        if super::agrees(cx) && (self.is_frozen(cx) || by != self.view) {
            return;
        }
        for (job, theirs) in table {
            match cx.config().policies.merge {
                Merge::FirstWins => self.merge_first_wins(*job, theirs, cx),
                Merge::Join => self.join(*job, theirs, cx),
            }
        }
    }

    /// Offers the table to the other members, and pulls the tardy targets.
    pub(super) fn sync(&mut self, cx: &mut Context<'_>) {
        let (by, table) = (self.map.version(), self.shared_table());
        if !table.is_empty() && !self.is_frozen(cx) {
            for member in self.others() {
                send(cx, member, ToProxy::MergeTable { by, table: Arc::clone(&table) });
            }
        }
        self.catch_up(cx);
        self.pull_all(cx);
        if let Some(period) = cx.config().timing.sync {
            cx.arm(MemberTimer::Sync.into(), period);
        }
    }

    pub(super) fn housekeep(&mut self, cx: &mut Context<'_>) {
        self.pull_all(cx);
        let period = cx.config().timing.housekeeping.expect("housekeeping runs only where it has a period");
        cx.arm(MemberTimer::Housekeep.into(), period);
    }

    fn pull_all(&self, cx: &mut Context<'_>) {
        for (job, _) in self.table.running() {
            self.pull(job, cx);
        }
    }

    /// The published rule: known beats unknown, finished beats running, nothing else changes. What is taken up this
    /// way has no grace period, since it has no time of registration.
    fn merge_first_wins(&mut self, job: XactId, theirs: &Listener, cx: &mut Context<'_>) {
        if self.table.is_buried(job) {
            return;
        }
        let known = self.table.entry(job);
        let take = match known {
            None => true,
            Some(mine) => mine.end_time.is_none() && theirs.end_time.is_some(),
        };
        if !take {
            return;
        }
        if known.is_some() {
            self.table.drop_running(job);
        }
        let mut copy = theirs.decoded(cx.config().policies.wire_errors);
        copy.local.graced = true;
        self.adopt(job, copy, cx);
    }

    /// The later state of each part, the union of errors, and an end only where this member sees one.
    pub(super) fn join(&mut self, job: XactId, theirs: &Listener, cx: &mut Context<'_>) {
        if self.table.is_buried(job) {
            cx.reach(mark::TOMBSTONE);
            super::keep_tombstone(job, cx);
            return;
        }
        let theirs = match cx.config().policies.wire_errors {
            WireErrors::Carried => Cow::Borrowed(theirs),
            WireErrors::Dropped => Cow::Owned(theirs.decoded(WireErrors::Dropped)),
        };
        let news = |mine: &Listener| mine.learns_from(&theirs);
        match self.table.entry(job).map(news) {
            None => self.adopt(job, theirs.into_owned().reopened(), cx),
            Some(false) => (),
            Some(true) => {
                let mine = self.table.entry_mut(job).expect("it was there just now");
                let (was_aborted, were_active) = (mine.aborted, mine.active_count());
                mine.merge(&theirs, Merge::Join);
                if mine.active_count() < were_active {
                    cx.reach(mark::MERGED_LATER);
                }
                if mine.aborted && !was_aborted {
                    self.aborted(job, cx);
                }
            }
        }
        self.settle(job, cx);
    }

    fn adopt(&mut self, job: XactId, copy: Listener, cx: &mut Context<'_>) {
        cx.reach(mark::ADOPTED);
        let (aborted, ended, status) = (copy.aborted, copy.end_time.is_some(), copy.status());
        self.take_up(job, copy, cx);
        if aborted && !ended {
            self.aborted(job, cx);
        }
        if ended {
            cx.fact(Fact::JobEnded { job, status });
            keep_for_retention(job, cx);
        }
    }
}
