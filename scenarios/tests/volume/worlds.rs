//! Plans for the volume plane that the tests share: a swarm of every fault, drawn from one seed.

use std::time::Duration;

use quiesce_control::volume::{
    Cluster, Config, EngineId, Monitor, Node, NodeSet, Policies, PoolId, Request, Role, Timing, Uuid, VolumeId,
    VolumeWant,
};
use quiesce_machine::{CallId, Delay, NodeId};
use quiesce_sim::{Action, Plan, Rate, Ratio, Records, Shift, StoreFault};

/// Numbers drawn from a seed: splitmix64.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Draw(seed)
    }

    /// One of `0..n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        for multiplier in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
            x = (x ^ x >> 30).wrapping_mul(multiplier);
        }
        (x ^ x >> 31) % n
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

pub(crate) fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Two agents, three storage nodes with a pool each, two users, a watcher.
pub(crate) fn cluster() -> Cluster {
    Cluster::new(2, 3, 2, true).expect("a cluster that can be")
}

pub(crate) fn base(cluster: Cluster, timing: Timing) -> Plan<Node, Monitor> {
    let config = Config { cluster, timing, policies: Policies::hardened() };
    let mut plan = Plan::new(config, cluster.roles().map(|role| role.to_string()));
    plan.monitors = Monitor::all();
    plan.store_latency = Delay::from(Duration::ZERO..millis(3));
    plan.network.latency = Delay::from(millis(1)..millis(5));
    plan
}

/// Adds calls with ids of their own.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) plan: Plan<Node, Monitor>,
    calls: u32,
}

impl Script {
    pub(crate) fn new(plan: Plan<Node, Monitor>) -> Self {
        Script { plan, calls: 0 }
    }

    pub(crate) fn call(&mut self, at: Duration, role: Role, request: Request) {
        let node = self.plan.config.cluster.node(role);
        let call = CallId(self.calls);
        self.calls += 1;
        self.fault(at, Action::Call { node, request, call });
    }

    pub(crate) fn fault(&mut self, at: Duration, action: Action<Node>) {
        let plan = std::mem::replace(&mut self.plan, Plan::new(base_config(), ["x"]));
        self.plan = plan.step(at, action);
    }

    /// Pools of that size on every storage node.
    pub(crate) fn pools(&mut self, at: Duration, size: u8) {
        for node in self.plan.config.cluster.engines() {
            self.call(at, Role::User(0), Request::PutPool { pool: PoolId(node.0), node, size });
        }
    }
}

fn base_config() -> Config {
    let cluster = Cluster::new(1, 1, 1, false).expect("a cluster that can be");
    Config { cluster, timing: Timing::default(), policies: Policies::hardened() }
}

pub(crate) fn want(replicas: u8) -> VolumeWant {
    VolumeWant { size: 1, replicas, nexuses: 0, allowed: NodeSet(0), preferred: NodeSet(0) }
}

/// Everything at once: users who create, publish, resize and delete, and each kind of fault in half of the runs.
pub(crate) fn swarm(seed: u64) -> Plan<Node, Monitor> {
    let mut draw = Draw::new(seed);
    let mut timing = Timing::default();
    if draw.one_in(2) {
        timing.engine_work = Some(millis(1 + draw.below(6000)));
    }
    let mut script = Script::new(base(cluster(), timing));
    let network = &mut script.plan.network;
    let ratio = |draw: &mut Draw| Ratio::new(u32::from(byte(draw.below(2) * draw.below(8))), 100).expect("a ratio");
    network.loss = ratio(&mut draw);
    network.duplicate = ratio(&mut draw);
    network.reorder = ratio(&mut draw);
    network.reorder_delay = Delay::from(Duration::ZERO..millis(1 + draw.below(12_000)));
    script.plan.until = quiesce_machine::Time::ZERO + Duration::from_secs(240);
    script.plan.settle = Duration::from_secs(400);
    script.plan.max_events = 400_000;
    script.pools(millis(500), 6);
    for _ in 0..6 + draw.below(20) {
        let (at, user) = (millis(3_000 + draw.below(200_000)), Role::User(u8::try_from(draw.below(2)).unwrap()));
        let request = request(&mut draw);
        script.call(at, user, request);
    }
    for kind in 0..15 {
        if draw.one_in(2) {
            for _ in 0..1 + draw.below(4) {
                fault(kind, &mut draw, &mut script);
            }
        }
    }
    script.plan
}

fn byte(n: u64) -> u8 {
    u8::try_from(n).expect("a small number")
}

fn request(draw: &mut Draw) -> Request {
    let volume = VolumeId(byte(draw.below(2)));
    let engine = EngineId(byte(draw.below(3)));
    match draw.below(27) {
        0..=5 => {
            let allowed = NodeSet(if draw.one_in(4) { 0b011 } else { 0 });
            let nexuses = byte(draw.below(4) / 3);
            let want = VolumeWant { replicas: 1 + byte(draw.below(3)), nexuses, allowed, ..want(1) };
            Request::PutVolume { volume, want }
        }
        6..=8 => Request::DeleteVolume { volume },
        9..=11 => Request::Publish { volume, node: draw.one_in(2).then_some(engine) },
        12 | 13 => Request::Unpublish { volume, force: draw.one_in(2) },
        14 => Request::Republish { volume },
        15 | 16 => Request::SetReplicas { volume, replicas: 1 + byte(draw.below(3)) },
        17 => {
            Request::PutReplica { replica: byte(draw.below(2)), pool: PoolId(engine.0), size: 1 + byte(draw.below(2)) }
        }
        18 => Request::DeleteReplica { replica: Uuid::Given(byte(draw.below(2))) },
        19 => Request::PutNexus { nexus: byte(draw.below(2)), node: engine, children: vec![byte(draw.below(2))] },
        20 => Request::DeleteNexus { nexus: Uuid::Given(byte(draw.below(2))) },
        21 => Request::DeletePool { pool: PoolId(engine.0) },
        22 => Request::PutPool { pool: PoolId(engine.0), node: engine, size: 6 },
        23 => Request::ShareReplica { replica: byte(draw.below(2)), on: draw.one_in(2) },
        24 | 25 => Request::ShareVolume { volume, on: draw.one_in(2) },
        _ if draw.one_in(3) => Request::Drain { node: engine },
        _ => Request::Cordon { node: engine, on: draw.one_in(2) },
    }
}

fn fault(kind: u64, draw: &mut Draw, script: &mut Script) {
    let cluster = script.plan.config.cluster;
    let at = 1_000 + draw.below(230_000);
    let later = millis((at + 200 + draw.below(40_000)).min(239_000));
    let at = millis(at);
    let nodes = cluster.roles().count() as u64;
    let anyone = NodeId(u32::try_from(draw.below(nodes)).unwrap());
    let engine = cluster.node(Role::Engine(EngineId(byte(draw.below(3)))));
    let agent = cluster.node(Role::Agent(byte(draw.below(2))));
    let store = cluster.node(Role::Store);
    let mut crash = |node| {
        script.fault(at, Action::Crash { node, records: Records::Kept, stays_down: false });
        script.fault(later, Action::Restart { node });
    };
    match kind {
        0 => crash(agent),
        1 => crash(engine),
        2 => crash(store),
        3 => {
            script.fault(at, Action::Pause { node: anyone });
            script.fault(later, Action::Resume { node: anyone });
        }
        4 => {
            let others = (0..nodes).map(|node| NodeId(u32::try_from(node).unwrap())).filter(|&node| node != anyone);
            script.fault(at, Action::Partition { groups: vec![vec![anyone], others.collect()] });
            script.fault(later, Action::Heal);
        }
        5 => {
            let writes = 1 + byte(draw.below(4));
            script.call(at, Role::Store, Request::Refuse { writes });
        }
        6 => {
            let id = EngineId(byte(draw.below(3)));
            script.call(at, Role::Engine(id), Request::Ail { calls: 1 + byte(draw.below(4)) });
        }
        7 => {
            let pool = PoolId(byte(draw.below(3)));
            script.call(at, Role::Engine(EngineId(pool.0)), Request::FailDisk { pool });
        }
        8 => {
            let applied = draw.one_in(2);
            let ways = [StoreFault::Fail, StoreFault::Unknown { applied }, StoreFault::Late { by: later - at }];
            let fault = ways[usize::try_from(draw.below(3)).unwrap()];
            let count = 1 + u32::from(byte(draw.below(3)));
            script.fault(at, Action::Store { node: draw.one_in(2).then_some(store), fault, count });
        }
        9 | 10 => {
            let to = NodeId(u32::try_from(draw.below(nodes)).unwrap());
            if to != anyone && kind == 9 {
                script.fault(at, Action::Clog { from: anyone, to });
                script.fault(later, Action::Release { from: anyone, to });
            } else if to != anyone {
                script.fault(at, Action::Cut { from: anyone, to });
                script.fault(later, Action::Heal);
            }
        }
        11 => {
            script.fault(at, Action::Slow { node: anyone, by: millis(draw.below(300)) });
            script.fault(later, Action::Slow { node: anyone, by: Duration::ZERO });
        }
        12 => {
            let by = Duration::from_secs(draw.below(100));
            let shift = if draw.one_in(2) { Shift::Ahead(by) } else { Shift::Behind(by) };
            script.fault(at, Action::Skew { node: anyone, shift });
            let rate = Rate::new(90 + u32::from(byte(draw.below(21))), 100).expect("a rate");
            script.fault(at, Action::Drift { node: anyone, rate });
        }
        13 => {
            let label = ["write", "write-done", "engine-call", "call-done", "api", "answer"];
            let label = label[usize::try_from(draw.below(6)).unwrap()].to_owned();
            let (from, to) = (None, None);
            script.fault(
                at,
                Action::Delay { label, from, to, count: 1 + u32::from(byte(draw.below(3))), by: later - at },
            );
        }
        _ => {
            let pool = PoolId(byte(draw.below(3)));
            script.call(at, Role::Engine(EngineId(pool.0)), Request::MissWrite { pool });
        }
    }
}
