//! One node under test, and short words for what happens to it and what it does.

use std::sync::Arc;
use std::time::Duration;

use quiesce_control::xaction::{
    Cluster, ClusterMsg, Config, DaemonId, Deployment, Ending, Fact, Hosting, JobSpec, Kind, Moving, Msg, Node,
    Policies, Record, Reply, Reporting, Request, Smap, Sources, Timer, Upkeep, Watermarks, Work, XactId,
};
use quiesce_machine::{
    CallId, Cx, Delay, Effect, Event, FirstChoice, Incarnation, Node as _, OpId, Outbox, Time, Write, step,
};

pub(crate) const P1: DaemonId = DaemonId::Proxy(0);
pub(crate) const P2: DaemonId = DaemonId::Proxy(1);
pub(crate) const P3: DaemonId = DaemonId::Proxy(2);
pub(crate) const T1: DaemonId = DaemonId::Target(0);
pub(crate) const T2: DaemonId = DaemonId::Target(1);
pub(crate) const C1: DaemonId = DaemonId::Client(0);
/// The write of a member's table.
pub(crate) const TABLE: u32 = u32::MAX - 1;
/// The job of [`C1`]'s call 0.
pub(crate) const JOB: XactId = XactId::minted(C1, Incarnation(1), 0);
pub(crate) const KIND: Kind = Kind::PrefetchListrange;
pub(crate) const WORK: Work = Work { takes: Duration::from_secs(7), ends: Ending::Finishes };

/// A node of a cluster of two members, one more proxy, two targets and a client.
pub(crate) struct Bench {
    pub(crate) node: Node,
    me: DaemonId,
    config: Config,
    facts: Vec<Fact>,
}

impl Bench {
    /// The node, started for the first time, with these policies taken from the reference.
    pub(crate) fn new(me: DaemonId, reference: &[&str]) -> Self {
        Self::deployed(me, reference, Deployment::default())
    }

    /// The same where membership is kept.
    pub(crate) fn kept(me: DaemonId, reference: &[&str]) -> Self {
        Self::deployed(me, reference, Deployment { upkeep: Some(Upkeep::default()), ..Deployment::default() })
    }

    /// The same where data move when targets come and go.
    pub(crate) fn moving(me: DaemonId, reference: &[&str]) -> Self {
        let upkeep = Upkeep { rebalance: Some(Moving::default()), ..Upkeep::default() };
        Self::deployed(me, reference, Deployment { upkeep: Some(upkeep), ..Deployment::default() })
    }

    /// The same whose targets have registries, where buckets have to be made and disks fill up.
    pub(crate) fn hosting(me: DaemonId, reference: &[&str]) -> Self {
        let load = Some(Watermarks::default());
        Self::hosted(me, reference, Hosting { buckets: true, load, prune: None, ..Hosting::default() })
    }

    /// The same with registries like that.
    pub(crate) fn hosted(me: DaemonId, reference: &[&str], hosting: Hosting) -> Self {
        let mut bench = Self::kept(me, reference);
        bench.config.hosting = Some(hosting);
        bench.start(1, Vec::new());
        bench
    }

    /// A target with a registry where data move.
    pub(crate) fn hosted_moving(me: DaemonId, upkeep: Upkeep) -> Self {
        let mut bench = Self::hosted(me, &[], Hosting { prune: None, ..Hosting::default() });
        bench.config.deployment.upkeep = Some(upkeep);
        bench
    }

    /// The map that the cluster is deployed with.
    pub(crate) fn map(&self) -> Smap {
        self.config.deployed()
    }

    /// The node where targets report that way.
    pub(crate) fn reporting(me: DaemonId, reporting: Reporting) -> Self {
        let mut bench = Self::new(me, &[]);
        bench.config.reporting = reporting;
        bench
    }

    fn deployed(me: DaemonId, reference: &[&str], deployment: Deployment) -> Self {
        let cluster = Cluster::new(3, 2, 1, 2).unwrap();
        let mut policies = Policies::hardened();
        for row in Policies::ROWS.iter().filter(|row| reference.contains(&row.name)) {
            policies.set(row.name, row.reference).unwrap();
        }
        let named = Policies::ROWS.iter().filter(|row| reference.contains(&row.name)).count();
        assert_eq!(named, reference.len(), "{reference:?} are policies");
        let mut config = Config::new(cluster);
        (config.deployment, config.policies) = (deployment, policies);
        let mut bench = Bench { node: Node::boot(cluster.node(me), &config), me, config, facts: Vec::new() };
        bench.start(1, Vec::new());
        bench
    }

    pub(crate) fn start(&mut self, life: u32, records: Vec<Record>) -> Vec<Effect<Node>> {
        self.node = Node::boot(self.config.cluster.node(self.me), &self.config);
        self.step(Event::Start { incarnation: Incarnation(life), records })
    }

    pub(crate) fn deliver(&mut self, from: DaemonId, msg: impl Into<Msg>) -> Vec<Effect<Node>> {
        let from = self.config.cluster.node(from);
        self.step(Event::Deliver { from, msg: msg.into() })
    }

    /// The same when its clock says so.
    pub(crate) fn deliver_at(&mut self, now: Time, from: DaemonId, msg: impl Into<Msg>) -> Vec<Effect<Node>> {
        let (me, from) = (self.config.cluster.node(self.me), self.config.cluster.node(from));
        let (mut out, mut choices) = (Outbox::new(), FirstChoice);
        let mut cx = Cx::new(me, now, &self.config, &mut choices, &mut out);
        self.node.handle(Event::Deliver { from, msg: msg.into() }, &mut cx);
        self.facts.extend(out.facts);
        out.effects
    }

    pub(crate) fn bounce(&mut self, to: DaemonId, msg: impl Into<Msg>) -> Vec<Effect<Node>> {
        let to = self.config.cluster.node(to);
        self.step(Event::Bounce { to, msg: msg.into() })
    }

    pub(crate) fn fire(&mut self, timer: impl Into<Timer>) -> Vec<Effect<Node>> {
        self.step(Event::Fire { timer: timer.into() })
    }

    pub(crate) fn call(&mut self, call: u32, request: Request) -> Vec<Effect<Node>> {
        self.step(Event::Call { call: CallId(call), request })
    }

    pub(crate) fn stored(&mut self, op: u32) -> Vec<Effect<Node>> {
        self.step(Event::Stored { op: OpId(op), outcome: Ok(()) })
    }

    pub(crate) fn step(&mut self, event: Event<Node>) -> Vec<Effect<Node>> {
        let out = step(&mut self.node, self.config.cluster.node(self.me), &self.config, event);
        self.facts.extend(out.facts);
        out.effects
    }

    /// What was stated since the last look.
    pub(crate) fn facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }

    /// The node that plays a daemon.
    pub(crate) fn node_of(&self, daemon: DaemonId) -> quiesce_machine::NodeId {
        self.config.cluster.node(daemon)
    }

    /// The effect of sending to a daemon.
    pub(crate) fn send(&self, to: DaemonId, msg: impl Into<Msg>) -> Effect<Node> {
        Effect::Send { to: self.config.cluster.node(to), msg: msg.into() }
    }
}

pub(crate) fn arm(timer: impl Into<Timer>, seconds: u64) -> Effect<Node> {
    Effect::Arm { timer: timer.into(), after: Delay::from(Duration::from_secs(seconds)) }
}

pub(crate) fn disarm(timer: impl Into<Timer>) -> Effect<Node> {
    Effect::Disarm { timer: timer.into() }
}

pub(crate) fn put(op: u32, record: Record) -> Effect<Node> {
    Effect::Store { op: OpId(op), write: Write::Put(record) }
}

pub(crate) fn reply(call: u32, reply: Reply) -> Effect<Node> {
    Effect::Reply { call: CallId(call), reply }
}

/// The targets that the cluster is deployed with.
pub(crate) fn sources() -> Sources {
    Sources::of(&Config::new(Cluster::new(3, 2, 1, 2).unwrap()).deployed())
}

pub(crate) fn spec(kind: Kind) -> Arc<JobSpec> {
    Arc::new(JobSpec::everywhere(kind, WORK))
}

/// Has the members agree on a primary's proposal; what it does when that is durable.
pub(crate) fn agree(primary: &mut Bench) -> Vec<Effect<Node>> {
    let version = map_of(primary).version();
    primary.stored(u32::MAX);
    primary.deliver(T1, ClusterMsg::MetasyncDone { version, known: None });
    primary.deliver(P2, ClusterMsg::MetasyncDone { version, known: Some(Arc::default()) });
    primary.deliver(P2, ClusterMsg::Loaded { version });
    primary.stored(TABLE);
    primary.stored(u32::MAX)
}

/// The latest map that a daemon has accepted.
pub(crate) fn map_of(bench: &Bench) -> Smap {
    match &bench.node {
        Node::Proxy(proxy) => proxy.membership().accepted().clone(),
        Node::Target(target) => target.membership().accepted().clone(),
        Node::Client(_) => unreachable!("a client goes by no map"),
    }
}
