//! Two thousand runs of operations under every fault there is: drawn clusters, webhooks, mutations and faults.
//!
//! A run passes when no property fails. A single run may leave a property or a fault idle; all runs together may not.
//! `QUIESCE_SWARM_SEEDS=20000` runs more.

use std::collections::BTreeSet;
use std::time::Duration;

use quiesce_control::operation::{
    Answers, App, AppId, Behaviour, Cluster, Config, Ending, Mode, Monitor, Mutation, Node, Policies, ProcessId,
    Request, Timing, Webhook, mark,
};
use quiesce_machine::{CallId, Delay, Monitor as _, Time};
use quiesce_sim::{Action, FaultKind, Plan, Ratio, Records, Swarm, Verdict, run};

/// How many, unless the environment says otherwise.
const SEEDS: u64 = 2000;
const APPS: u8 = 3;
const USERS: u8 = 2;
/// The bound of every operation and wait, from the moment when everything is healed: its time-out of 90 s at most, and
/// what leads to it and away from it, at the slowest pace of a retry.
const SETTLE: Duration = Duration::from_secs(300);
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
    plan.network.latency = Delay::from(Duration::from_millis(1)..Duration::from_millis(40));
    plan.store_latency = Delay::from(Duration::ZERO..Duration::from_millis(30));
    plan.until = Time::ZERO + Duration::from_millis(UNDER_FIRE);
    plan.settle = SETTLE;
    plan.swarm = Some(swarm());
    plan.monitors = Monitor::all();
    named_messages(records_lost(requests(plan, draw), draw), draw)
}

/// Every fault that strikes nodes, links, clocks and stores. Records are lost by the API server alone, since what the
/// director has committed and what the tenant's system has done are what the rest is measured by.
fn swarm() -> Swarm {
    let up_to = |most| Delay::from(Duration::ZERO..most);
    let ratio = |word: &str| word.parse::<Ratio>().expect("a ratio");
    Swarm {
        down_most: 2,
        lasting: Delay::from(Duration::from_secs(1)..Duration::from_secs(30)),
        crash: 4,
        pause: 2,
        partition: 2,
        cut: 3,
        isolate: 2,
        clog: 3,
        slow: 2,
        slow_by: up_to(Duration::from_millis(500)),
        skew: 2,
        skew_by: up_to(Duration::from_secs(60)),
        drift: 2,
        drift_by: ratio("1/5"),
        loss: ratio("1/5"),
        duplicate: ratio("1/10"),
        reorder: ratio("1/10"),
        reorder_delay: Delay::from(Duration::from_millis(1)..Duration::from_secs(20)),
        store_fail: ratio("1/4"),
        store_unknown: ratio("1/4"),
        store_late: ratio("1/4"),
        store_late_by: up_to(Duration::from_secs(5)),
        ..Swarm::default()
    }
}

/// Once in eight runs the API server comes back with an empty disk.
fn records_lost(plan: Plan<Node, Monitor>, draw: &mut Draw) -> Plan<Node, Monitor> {
    if draw.below(8) > 0 {
        return plan;
    }
    let (node, at) = (plan.config.cluster.node(ProcessId::ApiServer), draw.moment());
    let crash = Action::Crash { node, records: Records::Lost, stays_down: false };
    plan.step(at, crash).step(draw.end(at), Action::Restart { node })
}

/// Messages that rules single out are lost, repeated or held back, and their stores fail one by one.
fn named_messages(mut plan: Plan<Node, Monitor>, draw: &mut Draw) -> Plan<Node, Monitor> {
    for _ in 0..draw.below(4) {
        let (at, label) = (draw.moment(), draw.of(Labels::ALL).to_owned());
        let (from, to, count, by) = (None, None, 3, Duration::from_secs(1 + draw.below(20)));
        let action = match draw.below(3) {
            0 => Action::Lose { label, from, to, count },
            1 => Action::Delay { label, from, to, count, by },
            _ => Action::Duplicate { label, from, to, count },
        };
        plan = plan.step(at, action);
    }
    plan
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

/// The messages that rules single out.
struct Labels;

impl Labels {
    const ALL: &[&str] =
        &["put-operation", "status-written", "watch-event", "webhook-answer", "mutate", "operations-listed"];
}

#[test]
fn two_thousand_runs_under_every_fault_pass() {
    let (mut armed, mut struck, mut reached) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let seeds = std::env::var("QUIESCE_SWARM_SEEDS").map_or(SEEDS, |seeds| seeds.parse().expect("a number of seeds"));
    for seed in 0..seeds {
        let outcome = run(&plan(seed), seed);
        let sound = matches!(outcome.verdict, Verdict::Pass | Verdict::Vacuous(_));
        assert!(sound, "seed {seed}: {} {:#?}", outcome.verdict.word(), outcome.findings);
        armed.extend(outcome.armed);
        reached.extend(outcome.marks.into_keys());
        struck.extend(outcome.faults.iter().filter(|fault| fault.applied > 0).map(|fault| fault.kind));
    }
    let names: BTreeSet<&str> = Monitor::all().iter().map(|monitor| monitor.name()).collect();
    assert_eq!(armed, names, "every property had something to judge");
    let kinds = [
        FaultKind::Crash,
        FaultKind::Restart,
        FaultKind::Pause,
        FaultKind::Partition,
        FaultKind::Cut,
        FaultKind::Isolate,
        FaultKind::Clog,
        FaultKind::Slow,
        FaultKind::Skew,
        FaultKind::Drift,
        FaultKind::Lose,
        FaultKind::Duplicate,
        FaultKind::Delay,
        FaultKind::RandomLoss,
        FaultKind::RandomDuplicate,
        FaultKind::RandomReorder,
        FaultKind::RandomStoreFail,
        FaultKind::RandomStoreUnknown,
        FaultKind::RandomStoreLate,
    ];
    assert_eq!(struck, BTreeSet::from(kinds), "every fault struck some run");
    let marks: BTreeSet<&str> = mark::MARKS.into_iter().collect();
    assert_eq!(reached, marks, "every mark was reached");
}
