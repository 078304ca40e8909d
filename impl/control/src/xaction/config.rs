//! What is fixed for a run: who is there, how long things take, which policies hold.

use std::sync::OnceLock;
use std::time::Duration;

use quiesce_machine::NodeId;
use thiserror::Error;

use super::id::DaemonId;
use super::membership::{Deployment, Smap};
use super::policy::Policies;
use super::reporting::Reporting;
use super::start::Hosting;

/// Everything a node of this plane is told about its cluster.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who is there.
    pub cluster: Cluster,
    /// Time-outs and periods.
    pub timing: Timing,
    /// Who is a member at first, and what keeps membership.
    pub deployment: Deployment,
    /// The registries of targets; `None`: an xaction is known by its job's id alone, and starts ask nobody.
    pub hosting: Option<Hosting>,
    /// How targets tell the Information Center of their parts.
    pub reporting: Reporting,
    /// What is done where the reference and we differ.
    pub policies: Policies,
    /// The map of that deployment of that cluster.
    deployed: OnceLock<(Cluster, Deployment, Smap)>,
}

impl Config {
    /// Everybody is a member for ever, targets have no registries, times are the published ones, policies ours.
    #[must_use]
    pub fn new(cluster: Cluster) -> Config {
        Config {
            cluster,
            timing: Timing::default(),
            deployment: Deployment::default(),
            hosting: None,
            reporting: Reporting::Each,
            policies: Policies::hardened(),
            deployed: OnceLock::new(),
        }
    }

    /// The map that the cluster is deployed with. Made once and shared: ten thousand daemons that each made their own
    /// would take gigabytes.
    #[must_use]
    pub fn deployed(&self) -> Smap {
        let make = || Smap::deployed(&self.cluster, &self.deployment.standby, &self.deployment.non_electable);
        let (cluster, deployment, map) = self.deployed.get_or_init(|| (self.cluster, self.deployment.clone(), make()));
        if (*cluster, deployment) == (self.cluster, &self.deployment) { map.clone() } else { make() }
    }
}

/// Every daemon and client there can be. Nodes are numbered proxies first, then targets, then clients.
///
/// Deployed with the first proxy as primary and the first `ic_size` proxies as the Information Center; who is a member
/// later is the cluster map's business ([`Smap`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    proxies: u16,
    targets: u16,
    clients: u16,
    ic_size: u16,
}

/// Why a cluster cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClusterError {
    /// A role that every cluster needs is missing.
    #[error("a cluster needs at least one {0}")]
    Missing(&'static str),
    /// The Information Center is empty or larger than the number of proxies.
    #[error("ic_size must be between 1 and the number of proxies, {proxies}, found {found}")]
    IcSize {
        /// Number of proxies.
        proxies: u16,
        /// What was asked for.
        found: u16,
    },
}

impl Cluster {
    /// A cluster of these sizes.
    ///
    /// # Errors
    /// When a role is missing or the Information Center does not fit.
    pub fn new(proxies: u16, targets: u16, clients: u16, ic_size: u16) -> Result<Cluster, ClusterError> {
        for (count, role) in [(proxies, "proxy"), (targets, "target"), (clients, "client")] {
            if count == 0 {
                return Err(ClusterError::Missing(role));
            }
        }
        if ic_size == 0 || ic_size > proxies {
            return Err(ClusterError::IcSize { proxies, found: ic_size });
        }
        Ok(Cluster { proxies, targets, clients, ic_size })
    }

    /// Every daemon and client, in node order.
    pub fn daemons(&self) -> impl Iterator<Item = DaemonId> + use<> {
        (0..self.proxies)
            .map(DaemonId::Proxy)
            .chain((0..self.targets).map(DaemonId::Target))
            .chain((0..self.clients).map(DaemonId::Client))
    }

    /// The proxies.
    pub fn proxies(&self) -> impl Iterator<Item = DaemonId> + use<> {
        (0..self.proxies).map(DaemonId::Proxy)
    }

    /// The clients, in order.
    pub fn clients(&self) -> impl Iterator<Item = DaemonId> + use<> {
        (0..self.clients).map(DaemonId::Client)
    }

    /// The targets.
    pub fn targets(&self) -> impl Iterator<Item = DaemonId> + use<> {
        (0..self.targets).map(DaemonId::Target)
    }

    /// Whether that daemon is deployed as a member of the Information Center.
    #[must_use]
    pub fn is_ic(&self, daemon: DaemonId) -> bool {
        matches!(daemon, DaemonId::Proxy(n) if n < self.ic_size)
    }

    /// How many members the Information Center is to have.
    #[must_use]
    pub fn ic_size(&self) -> u16 {
        self.ic_size
    }

    /// The proxy that is primary when the cluster is deployed.
    #[must_use]
    pub fn first_proxy(&self) -> DaemonId {
        DaemonId::Proxy(0)
    }

    /// The proxy after this one, round and round.
    #[must_use]
    pub fn next_proxy(&self, proxy: DaemonId) -> DaemonId {
        match proxy {
            DaemonId::Proxy(n) => DaemonId::Proxy((n + 1) % self.proxies),
            DaemonId::Target(_) | DaemonId::Client(_) => self.first_proxy(),
        }
    }

    /// The node that plays this daemon.
    #[must_use]
    pub fn node(&self, daemon: DaemonId) -> NodeId {
        let (proxies, targets) = (u32::from(self.proxies), u32::from(self.targets));
        NodeId(match daemon {
            DaemonId::Proxy(n) => u32::from(n),
            DaemonId::Target(n) => proxies + u32::from(n),
            DaemonId::Client(n) => proxies + targets + u32::from(n),
        })
    }

    /// The daemon that this node plays.
    ///
    /// # Panics
    /// When the cluster has no such node.
    #[must_use]
    pub fn daemon(&self, node: NodeId) -> DaemonId {
        let (proxies, targets) = (u32::from(self.proxies), u32::from(self.targets));
        let number = |n: u32| u16::try_from(n).expect("a node number within the cluster fits 16 bits");
        match node.0 {
            n if n < proxies => DaemonId::Proxy(number(n)),
            n if n < proxies + targets => DaemonId::Target(number(n - proxies)),
            n => {
                let client = number(n - proxies - targets);
                assert!(client < self.clients, "node {node} is beyond the cluster's {} clients", self.clients);
                DaemonId::Client(client)
            }
        }
    }
}

/// Time-outs and periods; the defaults are the published ones (`reference/aistore-information-center.md` section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// `max_keepalive`: how long a gateway waits for registrations and starts before it goes on or asks again.
    pub max_keepalive: Duration,
    /// `cplane_operation`: how long a member waits for other members' tables.
    pub cplane_operation: Duration,
    /// `notif_time`: after how long a silent target is tardy, and how long a 404 is forgiven.
    pub notif_time: Duration,
    /// How often a target tells that its part of a job goes on, where its kind tells that at all; `None`: never.
    pub progress: Option<Duration>,
    /// Period of the Information Center's housekeeping; `None` switches it off.
    pub housekeeping: Option<Duration>,
    /// Period of the exchange between members (policy `table-sync`); `None` switches it off.
    pub sync: Option<Duration>,
    /// How long members keep a finished job; `None`: for good.
    pub retention: Option<Duration>,
    /// How long targets keep a finished xaction, up to twice that; `None`: for good.
    pub history: Option<Duration>,
    /// How often a target repeats an unacknowledged notification, and a member an abort.
    pub repeat: Duration,
    /// `client_timeout`: how long a client waits for an HTTP answer; `None`: for ever.
    pub client_timeout: Option<Duration>,
    /// First sleep of a client between two polls.
    pub poll_first: Duration,
    /// Longest sleep of a client between two polls.
    pub poll_most: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            max_keepalive: Duration::from_secs(5),
            cplane_operation: Duration::from_secs(2),
            notif_time: Duration::from_secs(30),
            progress: Some(Duration::from_secs(10)),
            housekeeping: Some(Duration::from_secs(120)),
            sync: Some(Duration::from_secs(10)),
            retention: Some(Duration::from_secs(180)),
            history: Some(Duration::from_secs(3600)),
            repeat: Duration::from_secs(5),
            client_timeout: Some(Duration::from_secs(10)),
            poll_first: Duration::from_secs(2),
            poll_most: Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_daemon_is_the_node_of_its_place() {
        let cluster = Cluster::new(3, 2, 2, 2).unwrap();
        for (index, daemon) in cluster.daemons().enumerate() {
            let node = NodeId(u32::try_from(index).unwrap());
            assert_eq!(cluster.node(daemon), node);
            assert_eq!(cluster.daemon(node), daemon);
        }
    }

    #[test]
    fn daemons_share_the_map_they_are_deployed_with_until_the_deployment_changes() {
        let mut config = Config::new(Cluster::new(2, 1, 1, 1).unwrap());
        let first = config.deployed();
        assert!(first.is_the_same_as(&config.clone().deployed()));
        config.deployment.standby.insert(DaemonId::Proxy(1));
        assert!(first.contains(DaemonId::Proxy(1)) && !config.deployed().contains(DaemonId::Proxy(1)));
    }

    #[test]
    fn a_cluster_that_cannot_be_is_refused() {
        assert_eq!(Cluster::new(1, 0, 1, 1), Err(ClusterError::Missing("target")));
        assert_eq!(Cluster::new(2, 1, 1, 3), Err(ClusterError::IcSize { proxies: 2, found: 3 }));
        assert_eq!(Cluster::new(2, 1, 1, 0), Err(ClusterError::IcSize { proxies: 2, found: 0 }));
    }
}
