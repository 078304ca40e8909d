//! What is fixed for a run: who is there, which applications and webhooks, how long things take, which policies hold.

use std::time::Duration;

use quiesce_machine::NodeId;
use thiserror::Error;

use super::id::{AppId, ProcessId};
use super::policy::Policies;
use super::webhook::{Behaviour, Webhook};

/// Everything a process of this plane is told about its cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Who is there.
    pub cluster: Cluster,
    /// The applications that a run can speak of, by [`AppId`].
    pub apps: Vec<App>,
    /// Time-outs and periods.
    pub timing: Timing,
    /// What is done where the reference and we differ.
    pub policies: Policies,
}

/// An application as a run finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct App {
    /// Whether it is there from the beginning.
    pub exists: bool,
    /// Its webhook.
    pub webhook: Option<Webhook>,
    /// How the tenant's system treats calls for it.
    pub behaviour: Behaviour,
}

/// The processes: one director, one API server, perhaps the tenant's system, and so many controllers and users, in that
/// order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    tenant: bool,
    controllers: u8,
    users: u8,
}

/// Why a cluster cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClusterError {
    /// A role that every cluster needs is missing.
    #[error("a cluster needs at least one {0}")]
    Missing(&'static str),
}

impl Cluster {
    /// A cluster of these sizes, with the tenant's system.
    ///
    /// # Errors
    /// When a role is missing.
    pub fn new(controllers: u8, users: u8) -> Result<Cluster, ClusterError> {
        match (controllers, users) {
            (0, _) => Err(ClusterError::Missing("controller")),
            (_, 0) => Err(ClusterError::Missing("user")),
            (controllers, users) => Ok(Cluster { tenant: true, controllers, users }),
        }
    }

    /// The same without the tenant's system, which nobody calls where no application has a webhook.
    #[must_use]
    pub fn without_tenant(self) -> Cluster {
        Cluster { tenant: false, ..self }
    }

    /// Whether the tenant's system is there.
    #[must_use]
    pub fn has_tenant(&self) -> bool {
        self.tenant
    }

    /// Every process, in node order.
    pub fn processes(&self) -> impl Iterator<Item = ProcessId> + use<> {
        let first = [ProcessId::Director, ProcessId::ApiServer].into_iter();
        first.chain(self.tenant.then_some(ProcessId::Tenant)).chain(self.controllers()).chain(self.users())
    }

    /// The controllers.
    pub fn controllers(&self) -> impl Iterator<Item = ProcessId> + use<> {
        (0..self.controllers).map(ProcessId::Controller)
    }

    /// The users.
    pub fn users(&self) -> impl Iterator<Item = ProcessId> + use<> {
        (0..self.users).map(ProcessId::User)
    }

    /// The node that plays this process.
    ///
    /// # Panics
    /// When the cluster does without that process.
    #[must_use]
    pub fn node(&self, process: ProcessId) -> NodeId {
        let first = 2 + u32::from(self.tenant);
        NodeId(match process {
            ProcessId::Director => 0,
            ProcessId::ApiServer => 1,
            ProcessId::Tenant => {
                assert!(self.tenant, "somebody calls the tenant's system, and there is none");
                2
            }
            ProcessId::Controller(n) => first + u32::from(n),
            ProcessId::User(n) => first + u32::from(self.controllers) + u32::from(n),
        })
    }

    /// The process that this node plays.
    ///
    /// # Panics
    /// When the cluster has no such node.
    #[must_use]
    pub fn process(&self, node: NodeId) -> ProcessId {
        self.processes().nth(node.index()).unwrap_or_else(|| panic!("node {node} is beyond the cluster {self:?}"))
    }
}

/// Time-outs and periods; the defaults are the published ones where there are any
/// (`reference/compass-operations.md` section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long the controller and the director wait for an HTTP answer.
    pub http: Duration,
    /// `webhook_timeout`: how long an operation may take whose webhook does not say; `None`: for ever.
    pub webhook_timeout: Option<Duration>,
    /// `timeout_factor`: times `webhook_timeout`, the age at which a record is collected.
    pub timeout_factor: u32,
    /// `requeue_interval`: how long to wait before a webhook is tried again that does not say.
    pub requeue_interval: Duration,
    /// The first delay of the work queue's back-off, which doubles.
    pub backoff_first: Duration,
    /// Its longest delay.
    pub backoff_most: Duration,
    /// How often a controller reads all records again; `None`: only until they have been read.
    pub relist: Option<Duration>,
    /// How long the API server waits before it repeats a watch event that was not taken note of.
    pub rewatch: Duration,
    /// How long the director waits before it sends a committed operation again (policy `schedule`).
    pub relay: Duration,
    /// How often the director makes sure that what runs has its record (policy `schedule`); `None` switches it off.
    pub audit: Option<Duration>,
    /// How long a lease lasts that is not renewed; `None` switches the election off: every controller leads.
    pub lease: Option<Duration>,
    /// How often a lease is renewed, and tried for.
    pub lease_retry: Duration,
    /// How long a holder leads on without having renewed.
    pub lease_deadline: Duration,
    /// How long a user's program waits for an answer.
    pub user: Duration,
    /// How often it polls a location.
    pub poll: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            http: Duration::from_secs(15),
            webhook_timeout: Some(Duration::from_secs(2 * 3600)),
            timeout_factor: 2,
            requeue_interval: Duration::from_secs(120),
            backoff_first: Duration::from_millis(5),
            backoff_most: Duration::from_secs(1000),
            relist: Some(Duration::from_secs(30)),
            rewatch: Duration::from_secs(3),
            relay: Duration::from_secs(5),
            audit: Some(Duration::from_secs(60)),
            lease: Some(Duration::from_secs(15)),
            lease_retry: Duration::from_secs(2),
            lease_deadline: Duration::from_secs(10),
            user: Duration::from_secs(30),
            poll: Duration::from_secs(2),
        }
    }
}

impl Config {
    /// The applications.
    pub fn apps(&self) -> impl Iterator<Item = (AppId, &App)> {
        (0..).map(AppId).zip(&self.apps)
    }

    /// How long an operation may take, if there is a limit.
    #[must_use]
    pub fn timeout(&self, plan: Option<Webhook>) -> Option<Duration> {
        plan.and_then(|plan| plan.timeout).or(self.timing.webhook_timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_process_is_the_node_of_its_place() {
        let whole = Cluster::new(2, 3).unwrap();
        for cluster in [whole, whole.without_tenant()] {
            for (index, process) in cluster.processes().enumerate() {
                let node = NodeId(u32::try_from(index).unwrap());
                assert_eq!(cluster.node(process), node);
                assert_eq!(cluster.process(node), process);
            }
        }
        assert_eq!((whole.processes().count(), whole.without_tenant().processes().count()), (8, 7));
    }

    #[test]
    fn a_cluster_that_cannot_be_is_refused() {
        assert_eq!(Cluster::new(0, 1), Err(ClusterError::Missing("controller")));
        assert_eq!(Cluster::new(1, 0), Err(ClusterError::Missing("user")));
    }
}
