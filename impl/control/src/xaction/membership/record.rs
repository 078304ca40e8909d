//! What a daemon keeps of the cluster across crashes: its map, and how it has voted.

use quiesce_machine::{OpId, Rename, StoreError, Write};

use super::smap::{Smap, Version};
use super::{ClusterTimer, Membership};
use crate::xaction::record::Record;
use crate::xaction::{Context, mark};

/// The one write of membership that may be under way.
pub(super) const OP: OpId = OpId(u32::MAX);

/// What a daemon keeps of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Belonging {
    /// The latest map it has accepted.
    pub map: Smap,
    /// The latest settled one.
    pub agreed: Smap,
    /// The latest election in which it has voted.
    pub voted: u16,
}

/// How far a daemon is with writing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) struct Recording {
    /// What is being written; and what was asked for meanwhile waits.
    under_way: Option<Belonging>,
    /// The latest election whose vote is durable.
    durable_vote: u16,
    /// The version of the durable map.
    durable_map: Version,
}

impl Recording {
    /// What needs no record: the map of the deployment.
    pub(super) fn of(map: Version) -> Self {
        Self::recovered(0, map)
    }

    /// What a restart found.
    pub(super) fn recovered(durable_vote: u16, durable_map: Version) -> Self {
        Recording { under_way: None, durable_vote, durable_map }
    }
}

impl Membership {
    /// Makes what it knows durable, one write at a time.
    pub(super) fn record(&mut self, cx: &mut Context<'_>) {
        if self.recording.under_way.is_none() {
            let belonging = self.belonging();
            self.recording.under_way = Some(belonging.clone());
            cx.store(OP, Write::Put(Record::Belonging(belonging)));
        }
    }

    fn belonging(&self) -> Belonging {
        let agreed = if self.accepted.is_settled() { &self.accepted } else { &self.agreed };
        Belonging { map: self.accepted.clone(), agreed: agreed.clone(), voted: self.voted }
    }

    /// The write came to its end; a vote is given and a map acknowledged or handed on only now.
    pub(in crate::xaction) fn stored(&mut self, outcome: Result<(), StoreError>, cx: &mut Context<'_>) {
        let written = self.recording.under_way.take().expect("only a write under way is answered");
        match outcome {
            Ok(()) => {
                self.recording.durable_vote = written.voted;
                self.recording.durable_map = written.map.version();
                if self.map_is_durable() {
                    self.map_recorded(cx);
                }
                if written != self.belonging() {
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

    /// Whether its map survives a crash.
    pub(super) fn map_is_durable(&self) -> bool {
        self.recording.durable_map == self.accepted.version()
    }
}
