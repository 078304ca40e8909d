//! What daemons tell each other about membership.

use std::sync::Arc;

use quiesce_machine::{CallId, Label, Rename};

use super::admin::Change;
use super::smap::{Smap, Version};
use crate::xaction::ic::Bundle;
use crate::xaction::id::DaemonId;
use crate::xaction::message::Msg;
use crate::xaction::rebalance::Mode;

/// What daemons tell each other about membership. Source: `reference/aistore-registry-and-coexistence.md` section D.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ClusterMsg {
    /// A member tells the primary that it lives.
    Keepalive { version: Version },
    /// The primary heard it.
    KeepaliveDone { version: Version },
    /// A primary, or who wants to become one, asks a silent daemon whether it lives.
    Health { version: Version },
    /// It does.
    HealthDone { version: Version },
    /// A daemon wants to be a member.
    Join { daemon: DaemonId },
    /// A daemon asks another for its map.
    PullMap,
    /// The other's map.
    Map { map: Smap },
    /// The primary hands its map to every member.
    Metasync { payload: Arc<Payload> },
    /// The member has taken it, durably, or has one as new; of a proposal it says what it knows of jobs.
    MetasyncDone { version: Version, known: Option<Arc<Bundle>> },
    /// 409: the receiver goes by a newer map, is primary itself, or has given its vote in that later election.
    MetasyncRefused { map: Smap, voted: u16 },
    /// A primary hands the Information Center of a proposal what the one before it knew.
    Load { version: Version, known: Arc<Bundle> },
    /// The member has it, durably.
    Loaded { version: Version },
    /// A daemon that takes the primary for dead asks the next in line to stand for election.
    VoteInit { map: Smap },
    /// It does, or looks whether it need.
    VoteInitDone,
    /// A candidate asks for a vote; `term`: 0 where elections have no number.
    VoteRequest { term: u16, version: Version },
    /// The vote.
    Vote { term: u16, yes: bool },
    /// A candidate has won, and says which primary was taken for dead.
    VoteResult { dead: DaemonId },
    /// A gateway hands an administrator's request to the primary.
    Forwarded { client: DaemonId, call: CallId, change: Change },
}

/// What a primary replicates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Payload {
    /// What the message says of the rebalance that the map orders, where the order itself does not count (policy
    /// `rebalance-mode`).
    pub action: Option<Mode>,
    /// The map.
    pub map: Smap,
    /// With a settled one: what its Information Center begins with.
    pub known: Option<Arc<Bundle>>,
}

impl From<ClusterMsg> for Msg {
    fn from(msg: ClusterMsg) -> Msg {
        Msg::Cluster(msg)
    }
}

impl Label for ClusterMsg {
    fn label(&self) -> &'static str {
        match self {
            ClusterMsg::Keepalive { .. } => "keepalive",
            ClusterMsg::KeepaliveDone { .. } => "keepalive-done",
            ClusterMsg::Health { .. } => "health",
            ClusterMsg::HealthDone { .. } => "health-done",
            ClusterMsg::Join { .. } => "join",
            ClusterMsg::PullMap => "pull-map",
            ClusterMsg::Map { .. } => "map",
            ClusterMsg::Metasync { .. } => "metasync",
            ClusterMsg::MetasyncDone { .. } => "metasync-done",
            ClusterMsg::MetasyncRefused { .. } => "metasync-refused",
            ClusterMsg::Load { .. } => "load",
            ClusterMsg::Loaded { .. } => "loaded",
            ClusterMsg::VoteInit { .. } => "vote-init",
            ClusterMsg::VoteInitDone => "vote-init-done",
            ClusterMsg::VoteRequest { .. } => "vote-request",
            ClusterMsg::Vote { .. } => "vote",
            ClusterMsg::VoteResult { .. } => "vote-result",
            ClusterMsg::Forwarded { .. } => "forwarded",
        }
    }
}
