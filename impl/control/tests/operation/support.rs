//! One node under test, and short words for what happens to it and what it does.

use std::time::Duration;

use quiesce_control::operation::{
    Answers, App, AppId, Behaviour, Cluster, Config, CorrelationId, Fact, JobId, Mode, Msg, Mutation, Node, Operation,
    Policies, ProcessId, Record, Reply, Request, Spec, Status, Timer, Timing, Webhook,
};
use quiesce_machine::{CallId, Delay, Effect, Event, Incarnation, Node as _, OpId, Stamp, StoreError, Write, step};

pub(crate) const APP: AppId = AppId(0);
pub(crate) const OP: CorrelationId = op(0);
pub(crate) const OP2: CorrelationId = op(1);
pub(crate) const JOB: JobId = JobId { op: OP, attempt: 0 };
pub(crate) const DIRECTOR: ProcessId = ProcessId::Director;
pub(crate) const API: ProcessId = ProcessId::ApiServer;
pub(crate) const TENANT: ProcessId = ProcessId::Tenant;
pub(crate) const O1: ProcessId = ProcessId::Controller(0);
pub(crate) const O2: ProcessId = ProcessId::Controller(1);
pub(crate) const U1: ProcessId = ProcessId::User(0);

pub(crate) const fn op(call: u32) -> CorrelationId {
    CorrelationId { user: 0, life: Incarnation(1), call: CallId(call) }
}

/// Asks for 5 s between tries and for an end within a minute.
pub(crate) const fn webhook(mode: Mode) -> Webhook {
    Webhook { mode, timeout: Some(Duration::from_secs(60)), retry_interval: Some(Duration::from_secs(5)) }
}

/// The record's spec of [`OP`], an unpairing.
pub(crate) fn spec(mode: Mode) -> Spec {
    let (number, mutation) = (Some(1), Mutation::Unpair);
    Spec { app: APP, number, mutation, op: OP, webhooks: 1, plan: Some(webhook(mode)), readable: true }
}

/// The record of [`OP`] at that version.
pub(crate) fn record(mode: Mode, version: u32, status: Option<Status>) -> Operation {
    Operation { generation: 1, version, spec: spec(mode), status }
}

pub(crate) fn initial(mode: Mode) -> Status {
    Status::initial(&spec(mode), 1, Stamp::default())
}

/// A node of a cluster of two controllers and a user, with one application that has a webhook.
pub(crate) struct Bench {
    node: Node,
    me: ProcessId,
    config: Config,
    facts: Vec<Fact>,
    marks: Vec<&'static str>,
}

impl Bench {
    /// The node, started for the first time, with these policies taken from the reference.
    pub(crate) fn new(me: ProcessId, mode: Mode, reference: &[&str]) -> Self {
        let cluster = Cluster::new(2, 1).unwrap();
        let mut policies = Policies::hardened();
        for &name in reference {
            let row = Policies::ROWS.iter().find(|row| row.name == name).expect("a policy");
            policies.set(row.name, row.reference).unwrap();
        }
        let behaviour = Behaviour { answers: Answers::Accepts, work: Duration::from_secs(7), ..Behaviour::default() };
        let app = App { exists: true, webhook: Some(webhook(mode)), behaviour };
        let timing = Timing { lease: None, ..Timing::default() };
        let config = Config { cluster, apps: vec![app], timing, policies };
        let node = Node::boot(cluster.node(me), &config);
        let mut bench = Bench { node, me, config, facts: Vec::new(), marks: Vec::new() };
        bench.start(1, Vec::new());
        bench.facts();
        bench
    }

    /// As [`new`](Self::new), with an election among the controllers.
    pub(crate) fn electing(me: ProcessId) -> Self {
        let mut bench = Bench::new(me, Mode::Sync, &[]);
        bench.config.timing.lease = Timing::default().lease;
        bench
    }

    pub(crate) fn start(&mut self, life: u32, records: Vec<Record>) -> Vec<Effect<Node>> {
        self.node = Node::boot(self.config.cluster.node(self.me), &self.config);
        self.step(Event::Start { incarnation: Incarnation(life), records })
    }

    pub(crate) fn deliver(&mut self, from: ProcessId, msg: impl Into<Msg>) -> Vec<Effect<Node>> {
        let from = self.config.cluster.node(from);
        self.step(Event::Deliver { from, msg: msg.into() })
    }

    pub(crate) fn bounce(&mut self, to: ProcessId, msg: impl Into<Msg>) -> Vec<Effect<Node>> {
        let to = self.config.cluster.node(to);
        self.step(Event::Bounce { to, msg: msg.into() })
    }

    pub(crate) fn fire(&mut self, timer: impl Into<Timer>) -> Vec<Effect<Node>> {
        self.step(Event::Fire { timer: timer.into() })
    }

    pub(crate) fn call(&mut self, call: u32, request: Request) -> Vec<Effect<Node>> {
        self.step(Event::Call { call: CallId(call), request })
    }

    pub(crate) fn stored(&mut self, outcome: Result<(), StoreError>) -> Vec<Effect<Node>> {
        self.step(Event::Stored { op: OpId(0), outcome })
    }

    fn step(&mut self, event: Event<Node>) -> Vec<Effect<Node>> {
        let out = step(&mut self.node, self.config.cluster.node(self.me), &self.config, event);
        self.facts.extend(out.facts);
        self.marks.extend(out.marks);
        out.effects
    }

    /// What was stated since the last look.
    pub(crate) fn facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }

    /// Which marks were reached since the last look.
    pub(crate) fn marks(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.marks)
    }

    /// The effect of sending to a process.
    pub(crate) fn send(&self, to: ProcessId, msg: impl Into<Msg>) -> Effect<Node> {
        Effect::Send { to: self.config.cluster.node(to), msg: msg.into() }
    }
}

pub(crate) fn arm(timer: impl Into<Timer>, after: Duration) -> Effect<Node> {
    Effect::Arm { timer: timer.into(), after: Delay::from(after) }
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn disarm(timer: impl Into<Timer>) -> Effect<Node> {
    Effect::Disarm { timer: timer.into() }
}

pub(crate) fn put(record: Record) -> Effect<Node> {
    Effect::Store { op: OpId(0), write: Write::Put(record) }
}

pub(crate) fn reply(call: u32, reply: Reply) -> Effect<Node> {
    Effect::Reply { call: CallId(call), reply }
}
