//! AIStore's batch jobs: proxies with an Information Center, targets that run xactions, clients that wait.
//!
//! Jobs are started by broadcast to every target and end after a given work time. Objects and what is in them are left out.
//! Source: `reference/aistore-information-center.md`.

pub mod ask;
pub mod bucket;
pub mod buckets;
pub mod client;
pub mod config;
mod daemons;
mod digest;
pub mod fact;
pub mod ic;
pub mod id;
pub mod job;
pub mod kind;
pub mod load;
pub mod mark;
pub mod membership;
pub mod message;
pub mod monitor;
mod past;
pub mod policy;
pub mod proxy;
pub mod rebalance;
pub mod record;
pub mod registry;
pub mod reporting;
pub mod sources;
pub mod start;
pub mod target;
pub mod timer;
pub mod user;
pub mod wire;

use quiesce_machine::{Cx, Event, NodeId, Rename, Span};

pub use buckets::{BucketChange, BucketError};
pub use config::{Cluster, ClusterError, Config, Timing};
pub use fact::Fact;
pub use id::{DaemonId, JobName, XactId};
pub use job::{Ending, JobSpec, Snap, Status, Work, XactError};
pub use kind::{Descriptor, IcMode, Kind, Scope, UnknownKind};
pub use load::Watermarks;
pub use mark::MARKS;
pub use membership::{AdminError, Change, ClusterMsg, ClusterTimer, Deployment, Flags, Smap, Upkeep, Version};
pub use message::{Msg, Piece, QueryError, Select, StartError, ToClient, ToProxy, ToTarget};

pub use monitor::Monitor;
pub use policy::Policies;
pub use rebalance::{Moving, RebEnd, RebId};
pub use record::{PartRecord, Record, RecordKey};
pub use reporting::{Batch, News, Reporting};
pub use sources::Sources;
pub use start::{Hosting, Manner, Periodic, Refused};
pub use timer::{ClientTimer, GatewayTimer, MemberTimer, TargetTimer, Timer};
pub use user::{Awaited, Errand, Outcome, Reply, Request};

/// A process of this plane.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub enum Node {
    /// A gateway, perhaps a member of the Information Center.
    Proxy(proxy::Proxy),
    /// A storage node.
    Target(target::Target),
    /// A user's program.
    Client(client::Client),
}

/// The context of this plane's nodes.
pub(crate) type Context<'a> = Cx<'a, Node>;

impl quiesce_machine::Node for Node {
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Request = Request;
    type Reply = Reply;
    type Record = Record;
    type Fact = Fact;

    fn boot(id: NodeId, config: &Config) -> Self {
        match config.cluster.daemon(id) {
            me @ DaemonId::Proxy(_) => Node::Proxy(proxy::Proxy::new(me, config)),
            me @ DaemonId::Target(_) => Node::Target(target::Target::new(me, config)),
            me @ DaemonId::Client(_) => Node::Client(client::Client::new(me)),
        }
    }

    fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
        match self {
            Node::Proxy(proxy) => proxy.handle(event, cx),
            Node::Target(target) => target.handle(event, cx),
            Node::Client(client) => client.handle(event, cx),
        }
    }

    fn span(timer: &Timer) -> Span {
        timer.span()
    }

    const IGNORES: bool = true;

    fn ignores(&self, _: NodeId, event: &Event<Self>, config: &Config) -> bool {
        past::is_past(self, event, config)
    }
}

/// Sends to a daemon rather than to a node.
pub(crate) fn send(cx: &mut Context<'_>, to: DaemonId, msg: impl Into<Msg>) {
    let node = cx.config().cluster.node(to);
    cx.send(node, msg.into());
}
