//! Mayastor's control plane: core agents under one lease, a persistent store, storage nodes, users, a watcher.
//!
//! `README.md` beside this file states the hardened protocol. Snapshots, resize, thin pools, labels and access paths are
//! left out. Source: `reference/mayastor-control-plane.md`.

pub mod agent;
pub mod client;
pub mod config;
pub mod engine;
pub mod fact;
pub mod id;
pub mod mark;
pub mod message;
pub mod monitor;
pub mod object;
pub mod policy;
pub mod record;
pub mod spec;
pub mod store;
pub mod timer;
pub mod user;
pub mod watcher;

use quiesce_machine::{Cx, Event, NodeId, Span};

pub use config::{Cluster, ClusterError, Config, Timing};
pub use fact::Fact;
pub use id::{Birth, EngineId, Key, PoolId, Role, Uuid, VolumeId};
pub use mark::MARKS;
pub use message::{Msg, ToAgent, ToEngine, ToStore, ToUser};
pub use monitor::Monitor;

pub use object::{EngineError, EngineOp, Instance, Nexus, Object, Objects, Replica};
pub use policy::Policies;
pub use record::Record;
pub use spec::{Body, Drain, NodeSet, Operation, Owner, Spec, Status, Target, VolumeWant};
pub use timer::Timer;
pub use user::{Reply, Request};

/// A process of this plane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A core agent.
    Agent(agent::Agent),
    /// The persistent store.
    Store(store::Store),
    /// A storage node with its io-engine.
    Engine(engine::Engine),
    /// A user.
    User(client::User),
    /// The node-failure watcher.
    Watcher(watcher::Watcher),
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
        match config.cluster.role(id) {
            Role::Agent(me) => Node::Agent(agent::Agent::new(me)),
            Role::Store => Node::Store(store::Store::default()),
            Role::Engine(me) => Node::Engine(engine::Engine::new(me)),
            Role::User(me) => Node::User(client::User::new(me)),
            Role::Watcher => Node::Watcher(watcher::Watcher::default()),
        }
    }

    fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
        match self {
            Node::Agent(agent) => agent.handle(event, cx),
            Node::Store(store) => store.handle(event, cx),
            Node::Engine(engine) => engine.handle(event, cx),
            Node::User(user) => user.handle(event, cx),
            Node::Watcher(watcher) => watcher.handle(event, cx),
        }
    }

    fn span(timer: &Timer) -> Span {
        timer.span()
    }

    const IGNORES: bool = true;

    fn ignores(&self, _: NodeId, event: &Event<Self>, config: &Config) -> bool {
        match (self, event) {
            (Node::Agent(agent), Event::Deliver { from, msg: Msg::ToAgent(msg) }) => {
                agent.ignores(config.cluster.role(*from), msg, config)
            }
            (Node::Store(store), Event::Deliver { from, msg: Msg::ToStore(msg) }) => {
                store.ignores(config.cluster.role(*from), msg, config)
            }
            (Node::Engine(engine), Event::Deliver { msg: Msg::ToEngine(msg), .. }) => engine.ignores(msg, config),
            (Node::User(user), Event::Deliver { msg: Msg::ToUser(msg), .. }) => user.ignores(msg),
            (Node::Agent(_), Event::Bounce { to, .. }) => !matches!(config.cluster.role(*to), Role::Engine(_)),
            (Node::Store(_) | Node::Engine(_) | Node::Watcher(_), Event::Bounce { .. }) => true,
            _ => false,
        }
    }
}

/// Sends to a part rather than to a node.
pub(crate) fn send(cx: &mut Context<'_>, to: Role, msg: impl Into<Msg>) {
    let node = cx.config().cluster.node(to);
    cx.send(node, msg.into());
}
