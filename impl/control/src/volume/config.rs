//! What is fixed for a run: who is there, how long things take, which policies hold.

use std::time::Duration;

use quiesce_machine::NodeId;
use thiserror::Error;

use super::id::{EngineId, PoolId, Role};
use super::policy::Policies;

/// Everything a node of this plane is told about its cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Who is there.
    pub cluster: Cluster,
    /// Time-outs and periods.
    pub timing: Timing,
    /// What is done where the reference and we differ.
    pub policies: Policies,
}

/// The processes: agents first, then the store, storage nodes, users and perhaps the watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    agents: u8,
    engines: u8,
    users: u8,
    watcher: bool,
    /// How large the pool is that every storage node has from the start; none: there is no pool.
    pool_size: Option<u8>,
}

/// Why a cluster cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a cluster has 1 to {most} {role}s, found {found}")]
pub struct ClusterError {
    /// What there are too few or too many of.
    pub role: &'static str,
    /// How many there may be.
    pub most: u8,
    /// What was asked for.
    pub found: u8,
}

impl Cluster {
    /// A cluster of these sizes.
    ///
    /// # Errors
    /// When a role is missing or there are too many of it.
    pub fn new(agents: u8, engines: u8, users: u8, watcher: bool) -> Result<Cluster, ClusterError> {
        for (found, role, most) in [(agents, "agent", 2), (engines, "storage node", 8), (users, "user", 16)] {
            if found == 0 || found > most {
                return Err(ClusterError { role, most, found });
            }
        }
        Ok(Cluster { agents, engines, users, watcher, pool_size: None })
    }

    /// The same, where every storage node has a pool of that size, on record and on its disk, before anybody asks.
    #[must_use]
    pub fn with_pools(self, size: u8) -> Cluster {
        Cluster { pool_size: Some(size), ..self }
    }

    /// The pools that are there from the start: each with its node and its size.
    pub fn pools(&self) -> impl Iterator<Item = (PoolId, EngineId, u8)> + use<> {
        let size = self.pool_size;
        self.engines().filter_map(move |node| Some((PoolId(node.0), node, size?)))
    }

    /// Every process, in node order.
    pub fn roles(&self) -> impl Iterator<Item = Role> + use<> {
        let watcher = self.watcher.then_some(Role::Watcher);
        self.agents().chain([Role::Store]).chain(self.engines().map(Role::Engine)).chain(self.users()).chain(watcher)
    }

    /// The core agents.
    pub fn agents(&self) -> impl Iterator<Item = Role> + use<> {
        (0..self.agents).map(Role::Agent)
    }

    /// The storage nodes.
    pub fn engines(&self) -> impl Iterator<Item = EngineId> + use<> {
        (0..self.engines).map(EngineId)
    }

    /// The users.
    pub fn users(&self) -> impl Iterator<Item = Role> + use<> {
        (0..self.users).map(Role::User)
    }

    /// Whether there is a watcher.
    #[must_use]
    pub fn has_watcher(&self) -> bool {
        self.watcher
    }

    /// The other agent, or the same one if there is no other.
    #[must_use]
    pub fn next_agent(&self, agent: u8) -> u8 {
        (agent + 1) % self.agents
    }

    /// The node that plays this part.
    #[must_use]
    pub fn node(&self, role: Role) -> NodeId {
        let (agents, engines, users) = (u32::from(self.agents), u32::from(self.engines), u32::from(self.users));
        NodeId(match role {
            Role::Agent(n) => u32::from(n),
            Role::Store => agents,
            Role::Engine(EngineId(n)) => agents + 1 + u32::from(n),
            Role::User(n) => agents + 1 + engines + u32::from(n),
            Role::Watcher => agents + 1 + engines + users,
        })
    }

    /// The part that this node plays.
    ///
    /// # Panics
    /// When the cluster has no such node.
    #[must_use]
    pub fn role(&self, node: NodeId) -> Role {
        self.roles().nth(node.index()).unwrap_or_else(|| panic!("the cluster has no node {node}"))
    }
}

/// Time-outs and periods; the defaults are the published ones (`reference/mayastor-control-plane.md` section 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long an agent waits for the store before it asks again, or (policy `unknown-write`) gives up; `None`: for
    /// ever, where nothing is lost.
    pub store_timeout: Option<Duration>,
    /// How long the lease lasts without a keep-alive; `None`: until another process of the same agent takes it.
    pub lease: Option<Duration>,
    /// Period of keep-alives, and of a standby's attempts to take the lease.
    pub keep_alive: Duration,
    /// How many times the lease may run out at most, for scopes that must be finite; `None`: any number.
    pub lapses: Option<u8>,
    /// How long an agent waits for an engine before it asks again; `None`: for ever, where nothing is lost.
    pub call_retry: Option<Duration>,
    /// How long an agent waits for an engine before it takes the node for offline; `None`: until the engine is down.
    pub call_timeout: Option<Duration>,
    /// Period of reconciliation.
    pub reconcile: Duration,
    /// Whether engines register when they start; if not, agents learn of them by listing them.
    pub register_first: bool,
    /// Period at which engines register from then on; `None`: they do not.
    pub register: Option<Duration>,
    /// After how long of silence a node is offline; `None`: only when its process is down.
    pub node_deadline: Option<Duration>,
    /// How often a request that finds a resource busy tries again, and how many times.
    pub guard_wait: Duration,
    /// See `guard_wait`.
    pub guard_tries: u8,
    /// How long an engine works on a call: from none to this.
    pub engine_work: Option<Duration>,
    /// How long a user waits before asking again when turned away.
    pub user_retry: Duration,
    /// How long a user waits before asking again when not answered; `None`: for ever, where nothing is lost.
    pub user_resend: Option<Duration>,
    /// How long a user waits for an answer in all; `None`: for ever.
    pub user_timeout: Option<Duration>,
    /// Period of the watcher's pings.
    pub watch: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let secs = Duration::from_secs;
        Timing {
            store_timeout: Some(secs(5)),
            lease: Some(secs(30)),
            keep_alive: secs(10),
            lapses: None,
            call_retry: Some(secs(3)),
            call_timeout: Some(secs(15)),
            reconcile: secs(10),
            register_first: true,
            register: Some(secs(5)),
            node_deadline: Some(secs(12)),
            guard_wait: Duration::from_millis(200),
            guard_tries: 5,
            engine_work: None,
            user_retry: secs(2),
            user_resend: Some(secs(2)),
            user_timeout: Some(secs(120)),
            watch: secs(4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_the_node_of_its_place() {
        let cluster = Cluster::new(2, 3, 2, true).unwrap();
        for (index, role) in cluster.roles().enumerate() {
            let node = NodeId(u32::try_from(index).unwrap());
            assert_eq!((cluster.node(role), cluster.role(node)), (node, role));
        }
    }

    #[test]
    fn a_cluster_that_cannot_be_is_refused() {
        let refused = Cluster::new(3, 2, 1, false).unwrap_err();
        assert_eq!(refused.to_string(), "a cluster has 1 to 2 agents, found 3");
        assert!(Cluster::new(1, 0, 1, false).is_err());
    }
}
