//! What survives a crash: each durable process keeps one image of itself, so that a write is all or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quiesce_machine::Incarnation;

use super::id::{Key, Uuid};
use super::object::Objects;
use super::spec::Spec;

/// What survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Record {
    /// The store's.
    Store(Arc<Image>),
    /// An engine's: pools and replicas, and the latest epoch it heard of.
    Engine(Arc<Objects>, u16),
}

/// What the store keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Image {
    /// Every spec.
    pub specs: BTreeMap<Key, Arc<Spec>>,
    /// The epoch of the lease given out last.
    pub epoch: u16,
    /// Who has it: an agent, and which life of it; none once it has run out.
    pub holder: Option<(u8, Incarnation)>,
    /// The last write of the epoch, and whether it was applied or refused.
    pub revision: (u32, bool),
    /// What engines wrote down of the children of their nexuses (NexusInfo).
    pub missed: BTreeSet<Missed>,
    /// How many leases have run out, where that is bounded.
    pub lapses: u8,
}

/// A replica did not get a write that its nexus then acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Missed {
    /// The nexus.
    pub nexus: Uuid,
    /// The replica.
    pub replica: Uuid,
}

impl quiesce_machine::Record for Record {
    type Key = ();

    fn key(&self) {}
}
