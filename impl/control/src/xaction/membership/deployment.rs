//! Who is a member at first, and which of the things that keep membership are on.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::xaction::id::DaemonId;
use crate::xaction::rebalance::Moving;

/// How a cluster is deployed. By default everybody is a member, and nothing watches or changes that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// Daemons that run but are no members until they join. Not the first proxy.
    pub standby: BTreeSet<DaemonId>,
    /// Proxies that are never primary, nor in the Information Center unless deployed there.
    pub non_electable: BTreeSet<DaemonId>,
    /// What keeps membership; `None`: the map of the deployment holds for ever.
    pub upkeep: Option<Upkeep>,
}

/// Time-outs and periods of membership; the defaults are the published ones
/// (`reference/aistore-registry-and-coexistence.md` section D, keepalive and metasync).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upkeep {
    /// How often members and primary look whether they hear of each other; `None`: nobody looks, and nobody is elected.
    pub keepalive: Option<Duration>,
    /// Time between two tries of a keepalive that is not answered.
    pub keepalive_retry: Duration,
    /// How many tries follow the first before a daemon is taken for dead.
    pub keepalive_retries: u8,
    /// Whether members elect a primary when they take theirs for dead.
    pub election: bool,
    /// What it takes to move data when targets come and go; `None`: they are not moved.
    pub rebalance: Option<Moving>,
    /// After how long a primary repeats what a member has not acknowledged.
    pub metasync_retry: Duration,
}

impl Default for Upkeep {
    fn default() -> Self {
        Upkeep {
            keepalive: Some(Duration::from_secs(10)),
            keepalive_retry: Duration::from_secs(6),
            keepalive_retries: 3,
            election: true,
            rebalance: None,
            metasync_retry: Duration::from_secs(2),
        }
    }
}
