//! Two thousand runs of operations under every fault at once: drawn clusters, webhooks, mutations and faults.
//!
//! A run passes when no property fails. A single run may leave a property or a fault idle; all runs together may not.

use std::collections::BTreeSet;
use std::time::Duration;

use quiesce_control::operation::{
    Answers, App, AppId, Behaviour, Cluster, Config, Ending, Mode, Monitor, Mutation, Node, Policies, ProcessId,
    Request, Timing, Webhook,
};
use quiesce_machine::{CallId, Delay, Monitor as _, NodeId, Time};
use quiesce_sim::{Action, FaultKind, Network, Plan, Ratio, Records, Verdict, run};

const SEEDS: u64 = 2000;
const APPS: u8 = 3;
const USERS: u8 = 2;
/// Milliseconds under fire.
const UNDER_FIRE: u64 = 120_000;

/// Draws what a run is made of; the simulator's own streams draw what happens in it.
struct Draw(u64);

impl Draw {
    /// One of `0..n`, by splitmix64.
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ x >> 31) % n
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).expect("a place in a list")]
    }

    fn small(&mut self, n: u8) -> u8 {
        u8::try_from(self.below(u64::from(n))).expect("below a small number")
    }

    fn moment(&mut self) -> Duration {
        Duration::from_millis(self.below(UNDER_FIRE - 10_000))
    }

    /// An end for a fault that began then.
    fn end(&mut self, begin: Duration) -> Duration {
        (begin + Duration::from_millis(self.below(30_000))).min(Duration::from_millis(UNDER_FIRE - 1))
    }
}

fn app(draw: &mut Draw) -> App {
    let seconds = |n| Some(Duration::from_secs(n));
    let webhook = Webhook {
        mode: draw.of(&[Mode::Sync, Mode::Async, Mode::Async, Mode::Sync, Mode::AsyncCallback]),
        timeout: draw.of(&[None, seconds(20), seconds(60)]),
        retry_interval: draw.of(&[None, seconds(0), seconds(3), seconds(10)]),
    };
    let behaviour = Behaviour {
        answers: draw.of(&[
            Answers::Accepts,
            Answers::Accepts,
            Answers::AcceptsOrRefuses,
            Answers::Refuses,
            Answers::Gone,
        ]),
        work: Duration::from_millis(100 + draw.below(30_000)),
        ends: draw.of(&[
            Ending::Succeeds,
            Ending::Succeeds,
            Ending::SucceedsAfterOdd,
            Ending::Fails,
            Ending::FailsWithText,
            Ending::Odd,
        ]),
    };
    App { exists: draw.below(3) > 0, webhook: (draw.below(6) > 0).then_some(webhook), behaviour }
}

fn plan(seed: u64) -> Plan<Node, Monitor> {
    let draw = &mut Draw(seed);
    let cluster = Cluster::new(1 + draw.small(2), USERS).expect("a cluster that can be");
    let apps: Vec<App> = (0..APPS).map(|_| app(draw)).collect();
    let seconds = Duration::from_secs;
    let timing = Timing {
        webhook_timeout: Some(seconds(90)),
        requeue_interval: seconds(7),
        backoff_most: seconds(20),
        ..Timing::default()
    };
    let config = Config { cluster, apps, timing, policies: Policies::hardened() };
    let mut plan = Plan::new(config, cluster.processes().map(|process| process.to_string()));
    plan.network = network(draw);
    plan.store_latency = Delay::from(Duration::ZERO..Duration::from_millis(30));
    plan.until = Time::ZERO + Duration::from_millis(UNDER_FIRE);
    plan.settle = seconds(400);
    plan.monitors = Monitor::all();
    faults(requests(plan, draw), draw)
}

fn network(draw: &mut Draw) -> Network {
    let mut ratio = |choices: [&str; 3]| draw.of(&choices).parse::<Ratio>().expect("a ratio");
    Network {
        loss: ratio(["0", "1/50", "1/5"]),
        duplicate: ratio(["0", "0", "1/10"]),
        reorder: ratio(["0", "0", "1/10"]),
        latency: Delay::from(Duration::from_millis(1)..Duration::from_millis(40)),
        reorder_delay: Delay::from(Duration::from_millis(1)..Duration::from_secs(20)),
        ..Network::default()
    }
}

fn requests(mut plan: Plan<Node, Monitor>, draw: &mut Draw) -> Plan<Node, Monitor> {
    let cluster = plan.config.cluster;
    for call in 0..20 {
        let (at, app) = (draw.moment(), AppId(draw.small(APPS)));
        let user = ProcessId::User(draw.small(USERS));
        let exists = plan.config.apps[usize::from(app.0)].exists;
        let webhook = Webhook { mode: Mode::Sync, timeout: Some(Duration::from_secs(30)), retry_interval: None };
        let (process, request) = match draw.below(8) {
            0 => (user, Request::Wait { app }),
            1 => (user, Request::Status { app }),
            2 => (ProcessId::Tenant, Request::Behave { app, behaviour: Behaviour::default() }),
            3 => {
                let webhook = draw.of(&[None, Some(webhook)]);
                (ProcessId::Director, Request::EditWebhook { app, webhook })
            }
            _ => {
                let known = [Mutation::Unpair, Mutation::Unpair, Mutation::Unregister, Mutation::Update];
                let mutation = if exists { draw.of(&known) } else { Mutation::Register };
                let sync = mutation == Mutation::Update || draw.below(4) == 0;
                (user, Request::Mutate { app, mutation, sync, readable: draw.below(10) > 0 })
            }
        };
        plan = plan.step(at, Action::Call { node: cluster.node(process), request, call: CallId(call) });
    }
    plan
}

fn faults(mut plan: Plan<Node, Monitor>, draw: &mut Draw) -> Plan<Node, Monitor> {
    let nodes: Vec<NodeId> = (0..).map(NodeId).take(plan.nodes.len()).collect();
    for _ in 0..draw.below(8) {
        let (node, at) = (draw.of(&nodes), draw.moment());
        let others: Vec<NodeId> = nodes.iter().copied().filter(|&other| other != node).collect();
        let (label, by) = (draw.of(Labels::ALL).to_owned(), Duration::from_secs(1 + draw.below(20)));
        let anybody = (None, None);
        let (begin, end) = match draw.below(8) {
            0 | 1 => {
                let crash = Action::Crash { node, records: Records::Kept, stays_down: false };
                (crash, Some(Action::Restart { node }))
            }
            2 => (Action::Pause { node }, Some(Action::Resume { node })),
            3 => (Action::Partition { groups: vec![vec![node], others] }, Some(Action::Heal)),
            4 => (Action::Cut { from: node, to: draw.of(&others) }, Some(Action::Heal)),
            5 => (Action::Lose { label, from: anybody.0, to: anybody.1, count: 3 }, None),
            6 => (Action::Delay { label, from: anybody.0, to: anybody.1, count: 3, by }, None),
            _ => (Action::Duplicate { label, from: anybody.0, to: anybody.1, count: 3 }, None),
        };
        plan = plan.step(at, begin);
        if let Some(end) = end {
            plan = plan.step(draw.end(at), end);
        }
    }
    plan
}

/// The messages that rules single out.
struct Labels;

impl Labels {
    const ALL: &[&str] =
        &["put-operation", "status-written", "watch-event", "webhook-answer", "mutate", "operations-listed"];
}

#[test]
fn two_thousand_runs_under_every_fault_pass() {
    let (mut armed, mut struck) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..SEEDS {
        let outcome = run(&plan(seed), seed);
        let sound = matches!(outcome.verdict, Verdict::Pass | Verdict::Vacuous(_));
        assert!(sound, "seed {seed}: {} {:#?}", outcome.verdict.word(), outcome.findings);
        armed.extend(outcome.armed);
        struck.extend(outcome.faults.iter().filter(|fault| fault.applied > 0).map(|fault| fault.kind));
    }
    let names: BTreeSet<&str> = Monitor::all().iter().map(|monitor| monitor.name()).collect();
    assert_eq!(armed, names, "every property had something to judge");
    let kinds = [
        FaultKind::Crash,
        FaultKind::Restart,
        FaultKind::Pause,
        FaultKind::Resume,
        FaultKind::Partition,
        FaultKind::Cut,
        FaultKind::Lose,
        FaultKind::Duplicate,
        FaultKind::Delay,
        FaultKind::RandomLoss,
        FaultKind::RandomDuplicate,
        FaultKind::RandomReorder,
    ];
    assert_eq!(struck, BTreeSet::from(kinds), "every fault struck some run");
}
