//! What one target keeps of its part of a rebalance.

use quiesce_machine::Rename;
use std::collections::BTreeMap;
use std::fmt;

use super::marker::Marker;
use super::{Mode, RebId, Told};
use crate::xaction::id::DaemonId;

/// How far a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Stage {
    /// It asks whether the others are there, or waits until it may begin.
    Pinging,
    /// It is registered; the marker is being made durable, and what it ends is ended.
    Init,
    /// It takes what others send, and waits until all do.
    Ready,
    /// Its data move.
    Traverse,
    /// Its data have moved; it waits for the others.
    PostTraverse,
    /// All data have moved: it waits until nothing arrives any more.
    Fin,
    /// The marker goes, streams are closed.
    FinStreams,
    /// Ended.
    Done,
}

/// How a target's part ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum RebEnd {
    /// Data are where they belong.
    Finished,
    /// A newer order came.
    Preempted,
    /// The map changed.
    MapChanged,
    /// The process restarted meanwhile.
    Interrupted,
    /// A user stopped it.
    Stopped,
    /// The target is no member any more.
    LeftOut,
    /// Somebody was not there; the primary is not told.
    GaveUp,
}

impl fmt::Display for RebEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RebEnd::Finished => "finished",
            RebEnd::Preempted => "preempted",
            RebEnd::MapChanged => "aborted, the map has changed",
            RebEnd::Interrupted => "interrupted",
            RebEnd::Stopped => "stopped",
            RebEnd::LeftOut => "left, as the target is no member",
            RebEnd::GaveUp => "given up",
        })
    }
}

/// A target's part in rebalancing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct Rebalance {
    pub(in crate::xaction) run: Option<Run>,
    /// The latest order that was begun or passed over here.
    pub(in crate::xaction) seen: Option<RebId>,
    /// How it ended here, if the primary is to know.
    pub(in crate::xaction) ended: Option<(RebId, Told)>,
    pub(in crate::xaction) marker: Marker,
    /// One that was preempted without being found, and is torn down later (policy `preemption`).
    pub(in crate::xaction) torn: Option<RebId>,
}

/// A rebalance under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub struct Run {
    /// Which.
    pub id: RebId,
    /// What it does, as this target understands it.
    pub mode: Mode,
    /// How far this target is.
    pub stage: Stage,
    /// Whether a user asked for it.
    pub users: bool,
    /// How far the others are known to be.
    pub peers: BTreeMap<DaemonId, Stage>,
    pub(in crate::xaction) pings: u8,
}

impl Rebalance {
    /// The rebalance under way here.
    #[must_use]
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// The rebalance under which data move here.
    #[must_use]
    pub fn traversing(&self) -> Option<RebId> {
        self.run.as_ref().filter(|run| run.stage >= Stage::Traverse).map(|run| run.id)
    }

    /// What the marker says for certain.
    #[must_use]
    pub fn marker(&self) -> Option<RebId> {
        self.marker.durable()
    }
}

impl Run {
    /// Whether every other target is known to have come as far as this one.
    #[must_use]
    pub fn all_are_here(&self) -> bool {
        self.peers.values().all(|&stage| stage >= self.stage)
    }
}
