//! What a daemon keeps of the cluster across crashes: its map, and how it has voted.

use quiesce_machine::{OpId, Rename, StoreError, Write};

use super::smap::Smap;
use super::{ClusterTimer, Membership};
use crate::xaction::record::Record;
use crate::xaction::{Context, mark};

/// The one write of membership that may be under way.
pub(super) const OP: OpId = OpId(u32::MAX);

/// What a daemon keeps of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Belonging {
    /// The map it goes by.
    pub map: Smap,
    /// The latest election in which it has voted.
    pub voted: u16,
}

/// How far a daemon is with writing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(super) struct Recording {
    /// What is being written; and what was asked for meanwhile waits.
    under_way: Option<Belonging>,
    /// The latest election whose vote is durable.
    durable_vote: u16,
}

impl Recording {
    /// What a restart found.
    pub(super) fn recovered(&mut self, vote: u16) {
        self.durable_vote = vote;
    }
}

impl Membership {
    /// Makes what it knows durable, one write at a time.
    pub(super) fn record(&mut self, cx: &mut Context<'_>) {
        if self.recording.under_way.is_none() {
            let belonging = Belonging { map: self.map.clone(), voted: self.voted };
            self.recording.under_way = Some(belonging.clone());
            cx.store(OP, Write::Put(Record::Belonging(belonging)));
        }
    }

    /// The write came to its end; a vote is given only now.
    pub(in crate::xaction) fn stored(&mut self, outcome: Result<(), StoreError>, cx: &mut Context<'_>) {
        let written = self.recording.under_way.take().expect("only a write under way is answered");
        match outcome {
            Ok(()) => {
                self.recording.durable_vote = written.voted;
                if written != (Belonging { map: self.map.clone(), voted: self.voted }) {
                    self.record(cx);
                }
                self.vote_recorded(cx);
            }
            Err(StoreError::Failed | StoreError::Unknown) => {
                cx.reach(mark::WRITE_AGAIN);
                cx.arm(ClusterTimer::Persist.into(), cx.config().timing.repeat);
            }
        }
    }

    /// Whether its latest vote survives a crash.
    pub(super) fn vote_is_durable(&self) -> bool {
        self.recording.durable_vote == self.voted
    }
}
