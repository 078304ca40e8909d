//! The marker: what survives a crash of a target that moves data.
//!
//! Durable before data move, removed when they are where they belong; a target that finds it knows that a rebalance was cut
//! short. One write is under way at most.

use quiesce_machine::{OpId, Rename, StoreError, Write};

use super::{RebId, RebTimer};
use crate::xaction::record::{Record, RecordKey};
use crate::xaction::{Context, mark};

/// The one write of a marker that may be under way.
const OP: OpId = OpId(u32::MAX - 1);

/// A target's marker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(in crate::xaction) struct Marker {
    /// What it is to say.
    wanted: Option<RebId>,
    /// What it says for certain.
    durable: Option<RebId>,
    writing: Option<Option<RebId>>,
}

impl Marker {
    /// Whether this is the write of a marker.
    pub(in crate::xaction) fn is_its_write(op: OpId) -> bool {
        op == OP
    }

    /// What a restart found.
    pub(in crate::xaction) fn recover(&mut self, records: &[Record]) -> Option<RebId> {
        let found = records.iter().find_map(|record| match record {
            Record::Marker(id) => Some(*id),
            Record::Belonging(_) | Record::Xact(_) | Record::Table(_) => None,
        });
        (self.wanted, self.durable) = (found, found);
        found
    }

    /// What it says for certain.
    pub(in crate::xaction) fn durable(&self) -> Option<RebId> {
        self.durable
    }

    /// Whether it says for certain what it is to say.
    pub(in crate::xaction) fn is_settled(&self) -> bool {
        self.writing.is_none() && self.durable == self.wanted
    }

    /// Has it say this, durably.
    pub(in crate::xaction) fn set(&mut self, wanted: Option<RebId>, cx: &mut Context<'_>) {
        self.wanted = wanted;
        self.write(cx);
    }

    /// Writes what it is to say, if it does not say so.
    pub(in crate::xaction) fn write(&mut self, cx: &mut Context<'_>) {
        if self.writing.is_some() || self.durable == self.wanted {
            return;
        }
        self.writing = Some(self.wanted);
        let write = self.wanted.map_or(Write::Remove(RecordKey::Marker), |id| Write::Put(Record::Marker(id)));
        cx.store(OP, write);
    }

    /// A write came to its end.
    pub(in crate::xaction) fn stored(&mut self, outcome: Result<(), StoreError>, cx: &mut Context<'_>) {
        let written = self.writing.take().expect("only a write under way is answered");
        match outcome {
            Ok(()) => {
                self.durable = written;
                self.write(cx);
            }
            Err(StoreError::Failed | StoreError::Unknown) => {
                cx.reach(mark::WRITE_AGAIN);
                cx.arm(RebTimer::Persist.into(), cx.config().timing.repeat);
            }
        }
    }
}
