//! Compass' asynchronous operations: a director with its database and scheduler, an API server that holds operation
//! records, replicas of the operations controller, a tenant's system that serves webhooks, and API users.
//!
//! `README.md` beside this file states the hardened protocol and why it holds. Databases of several directors,
//! authentication and the templates' text are left out on purpose: a template is its typed outcome.
//! Source: `reference/compass-operations.md`.

pub mod apiserver;
pub mod config;
pub mod controller;
pub mod director;
pub mod fact;
pub mod id;
pub mod mark;
pub mod message;
pub mod monitor;
pub mod policy;
pub mod record;
pub mod resource;
pub mod tenant;
pub mod timer;
pub mod user;
pub mod user_program;
pub mod webhook;
pub mod wire;

use quiesce_machine::{Cx, Event, NodeId, Rename, Span};

pub use config::{App, Cluster, ClusterError, Config, Timing};
pub use fact::Fact;
pub use id::{AppId, CorrelationId, JobId, ProcessId};
pub use message::{Msg, ToApiServer, ToController, ToDirector, ToTenant, ToUser};
pub use monitor::Monitor;
pub use policy::Policies;
pub use record::{Mutation, Operation, OperationType, Outcome, Phase, Reason, Spec, Status};
pub use resource::{LastOperation, Row};
pub use timer::Timer;
pub use user::{Mutated, Reply, Request};
pub use webhook::{Answers, Behaviour, Ending, Mode, Webhook};

/// A process of this plane.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub enum Node {
    /// The director.
    Director(director::Director),
    /// The API server.
    ApiServer(apiserver::ApiServer),
    /// The tenant's system.
    Tenant(tenant::Tenant),
    /// A replica of the operations controller.
    Controller(controller::Controller),
    /// A user's program.
    User(user_program::UserProgram),
}

/// What survives a crash of some process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Record {
    /// Of the director: a row.
    Row(Box<Row>),
    /// Of the API server: an operation record.
    Operation(Operation),
    /// Of the tenant's system: a job.
    Job(tenant::JobRecord),
}

/// What tells records of one process apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum RecordKey {
    /// A row or an operation record.
    App(AppId),
    /// A job.
    Job(JobId),
}

impl quiesce_machine::Record for Record {
    type Key = RecordKey;

    fn key(&self) -> RecordKey {
        match self {
            Record::Row(row) => RecordKey::App(row.app),
            Record::Operation(operation) => RecordKey::App(operation.spec.app),
            Record::Job(job) => RecordKey::Job(job.job),
        }
    }
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
        match config.cluster.process(id) {
            ProcessId::Director => Node::Director(director::Director::default()),
            ProcessId::ApiServer => Node::ApiServer(apiserver::ApiServer::default()),
            ProcessId::Tenant => Node::Tenant(tenant::Tenant::default()),
            ProcessId::Controller(_) => Node::Controller(controller::Controller::default()),
            ProcessId::User(n) => Node::User(user_program::UserProgram::new(n)),
        }
    }

    fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
        match self {
            Node::Director(director) => director.handle(event, cx),
            Node::ApiServer(server) => server.handle(event, cx),
            Node::Tenant(tenant) => tenant.handle(event, cx),
            Node::Controller(controller) => controller.handle(event, cx),
            Node::User(user) => user.handle(event, cx),
        }
    }

    fn span(timer: &Timer) -> Span {
        timer.span()
    }
}

/// Sends to a process rather than to a node.
pub(crate) fn send(cx: &mut Context<'_>, to: ProcessId, msg: impl Into<Msg>) {
    let node = cx.config().cluster.node(to);
    cx.send(node, msg.into());
}
