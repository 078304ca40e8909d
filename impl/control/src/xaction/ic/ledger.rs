//! What a member keeps across crashes, where the members agree on who they are: its table, and under which map it was theirs.
//!
//! One record, one write at a time. Whoever waits for something to be durable waits for the write that follows it.
//! Periods, grace and what was pulled lately are not kept.

use std::collections::BTreeSet;

use quiesce_machine::{OpId, Rename, StoreError, Write};

use super::{Account, Ic, Listener, Tombstones};
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::membership::Version;
use crate::xaction::record::Record;
use crate::xaction::timer::MemberTimer;
use crate::xaction::{Context, mark};

/// The one write of a table that may be under way.
const OP: OpId = OpId(u32::MAX - 1);

/// A table as it is kept, and as it is handed on when the members change.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Bundle {
    /// The map under which it was the Information Center's.
    pub by: Version,
    /// Every job in it.
    pub jobs: Vec<(XactId, Account)>,
    /// Tombstones.
    pub buried: Tombstones,
}

/// What waits for a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub(in crate::xaction) enum Waiting {
    /// The gateway that registers a job.
    Watched(DaemonId, XactId),
    /// Everybody who has to know how the job ended.
    Sealed(XactId),
    /// The primary whose proposal has that version.
    Loaded(Version),
    /// This member: it goes on under the map of that version.
    Entered(Version),
}

/// How far a member is with writing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(super) struct Ledger {
    under_way: Option<BTreeSet<Waiting>>,
    next: BTreeSet<Waiting>,
    /// Something has changed for which nobody waits.
    changed: bool,
}

impl Ic {
    /// Whether this is the write of a table.
    pub(in crate::xaction) fn is_its_write(op: OpId) -> bool {
        op == OP
    }

    /// What the table says now.
    pub(in crate::xaction) fn bundle(&self) -> Bundle {
        Bundle { by: self.view, jobs: self.table.accounts().collect(), buried: self.table.buried().clone() }
    }

    /// Makes the table durable, for somebody who waits for it.
    pub(super) fn keep(&mut self, waiting: Waiting, cx: &mut Context<'_>) {
        self.ledger.next.insert(waiting);
        self.write(cx);
    }

    /// Makes the table durable some time.
    pub(super) fn keep_some_time(&mut self, cx: &mut Context<'_>) {
        if super::agrees(cx) {
            self.ledger.changed = true;
            self.write(cx);
        }
    }

    /// The write came to its end; who waited for it.
    pub(in crate::xaction) fn stored(
        &mut self,
        outcome: Result<(), StoreError>,
        cx: &mut Context<'_>,
    ) -> BTreeSet<Waiting> {
        let waited = self.ledger.under_way.take().expect("only a write under way is answered");
        match outcome {
            Ok(()) => {
                if self.ledger.changed || !self.ledger.next.is_empty() {
                    self.write(cx);
                }
                waited
            }
            Err(StoreError::Failed | StoreError::Unknown) => {
                cx.reach(mark::WRITE_AGAIN);
                self.ledger.next.extend(waited);
                self.ledger.changed = true;
                cx.arm(MemberTimer::Keep.into(), cx.config().timing.repeat);
                BTreeSet::new()
            }
        }
    }

    pub(super) fn write(&mut self, cx: &mut Context<'_>) {
        if self.ledger.under_way.is_none() {
            self.ledger.under_way = Some(std::mem::take(&mut self.ledger.next));
            self.ledger.changed = false;
            cx.store(OP, Write::Put(Record::Table(self.bundle())));
        }
    }

    /// Takes up what was kept before a crash.
    pub(in crate::xaction) fn recover(&mut self, kept: &Bundle, cx: &mut Context<'_>) {
        (self.view, self.entered) = (kept.by, kept.by);
        for job in kept.buried.iter() {
            self.bury(job, cx);
        }
        for (job, listener) in &kept.jobs {
            self.take_up(*job, Listener::clone(listener), cx);
            if listener.end_time.is_some() {
                super::keep_for_retention(*job, cx);
            }
        }
        self.go_on(cx);
    }
}
