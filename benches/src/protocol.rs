//! The whole protocol of the Information Center under load and under fire: 3 proxies, 16 targets, mixed jobs, every fault.
//!
//! What is measured is events a second and how long an hour of virtual time takes. All that daemons do for each other is
//! on: keepalive, election, metasync, the exchange of tables, housekeeping, retention, repeats. No property is judged;
//! a caller may add [`Monitor::all`].

use std::sync::Arc;
use std::time::Duration;

use quiesce_control::xaction::{
    Awaited, Cluster, Config, DaemonId, Deployment, Ending, JobName, JobSpec, Kind, Monitor, Node, Request, Upkeep,
    Work, XactError,
};
use quiesce_machine::{CallId, Delay, NodeId, Time};
use quiesce_sim::{Action, Plan, Rate, Ratio, Records, Shift, StoreFaults};

/// How often a job begins.
const JOB_EVERY: Duration = Duration::from_secs(2);
/// How often a fault strikes, and how long it lasts.
const FAULT_EVERY: Duration = Duration::from_secs(20);
const FAULT_LASTS: Duration = Duration::from_secs(15);
/// How many kinds of fault take turns.
const FAULTS: u32 = 8;

/// The kinds of job that take turns.
const KINDS: [Kind; 5] =
    [Kind::PrefetchListrange, Kind::Download, Kind::DeleteListrange, Kind::EvictListrange, Kind::IndexShard];

/// The plan of so much virtual time; `fire`: with faults.
///
/// # Panics
/// When there are more than 65,535 jobs in that time.
#[must_use]
pub fn protocol(time: Duration, fire: bool) -> Plan<Node, Monitor> {
    let cluster = Cluster::new(3, 16, 4, 3).expect("a cluster that can be");
    let mut config = Config::new(cluster);
    config.deployment = Deployment { upkeep: Some(Upkeep::default()), ..Deployment::default() };
    let mut plan = Plan::new(config, cluster.daemons().map(|daemon| daemon.to_string()));
    plan.network.latency = Delay::from(Duration::from_micros(200)..Duration::from_millis(5));
    plan.store_latency = Delay::from(Duration::from_micros(100)..Duration::from_millis(4));
    plan.until = Time::ZERO + time;
    plan.settle = Duration::ZERO;
    plan.max_events = u64::from(u32::MAX);
    plan = jobs(plan, &cluster, time);
    if fire { under_fire(plan, &cluster, time) } else { plan }
}

/// Jobs of all kinds, one after the other and many at once; each is waited for through another gateway.
fn jobs(mut plan: Plan<Node, Monitor>, cluster: &Cluster, time: Duration) -> Plan<Node, Monitor> {
    for (job, at) in every(JOB_EVERY, time).zip(0_u16..).map(|(at, job)| (job, at)) {
        let ends = match job % 10 {
            8 => Ending::Fails(XactError::DiskFull),
            9 => Ending::Aborts(XactError::IoError),
            _ => Ending::Finishes,
        };
        let takes = Duration::from_secs(5 + u64::from(job * 7 % 60));
        let mut spec =
            JobSpec::everywhere(KINDS[usize::from(job) % KINDS.len()], Work { takes, ends: Ending::Finishes });
        spec.special.insert(DaemonId::Target(job % 16), Work { takes: takes / 2, ends });
        let node = cluster.node(DaemonId::Client(job % 4));
        let (name, via) = (JobName(job), |n: u16| DaemonId::Proxy(n % 3));
        let start = Request::Start { name, via: via(job), spec: Arc::new(spec) };
        let wait = Request::Wait { what: Awaited::Job(name), via: via(job + 1), deadline: None };
        let call = CallId(2 * u32::from(job));
        plan = plan.step(at, Action::Call { node, request: start, call });
        plan = plan.step(at, Action::Call { node, request: wait, call: CallId(call.0 + 1) });
    }
    plan
}

/// Every kind of fault in turn, on one node after the other, over a network and stores that fail at random all the time.
fn under_fire(mut plan: Plan<Node, Monitor>, cluster: &Cluster, time: Duration) -> Plan<Node, Monitor> {
    let of = |part: u32, whole: u32| Ratio::new(part, whole).expect("a part of a whole");
    (plan.network.loss, plan.network.duplicate, plan.network.reorder) = (of(1, 100), of(1, 100), of(1, 100));
    plan.network.reorder_delay = Delay::from(Duration::ZERO..Duration::from_secs(1));
    plan.store_faults = StoreFaults {
        fail: of(1, 100),
        unknown: of(1, 100),
        late: of(1, 100),
        late_by: Delay::from(Duration::ZERO..Duration::from_secs(1)),
    };
    let daemons: Vec<NodeId> = cluster.proxies().chain(cluster.targets()).map(|daemon| cluster.node(daemon)).collect();
    for (turn, at) in (0_u32..).zip(every(FAULT_EVERY, time)) {
        let node = daemons[turn as usize * 5 % daemons.len()];
        let to = daemons[(turn as usize * 5 + 1) % daemons.len()];
        let action = match turn % FAULTS {
            0 => Action::Crash { node, records: Records::Kept, stays_down: false },
            1 => Action::Pause { node },
            2 => Action::Partition {
                groups: vec![vec![node, to], daemons.iter().copied().filter(|d| ![node, to].contains(d)).collect()],
            },
            3 => Action::Cut { from: node, to },
            4 => Action::Isolate { node },
            5 => Action::Clog { from: node, to },
            6 => Action::Slow { node, by: Duration::from_millis(5) },
            _ => Action::Skew { node, shift: Shift::Ahead(Duration::from_secs(60)) },
        };
        plan = plan.step_for(at, FAULT_LASTS, action);
    }
    let fast = Rate::new(11, 10).expect("a rate");
    plan.step(Duration::from_secs(1), Action::Drift { node: daemons[4], rate: fast })
}

fn every(period: Duration, time: Duration) -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(Duration::ZERO), move |&at| Some(at + period)).take_while(move |&at| at < time)
}

#[cfg(test)]
mod tests {
    use quiesce_sim::{Verdict, run};

    use super::*;

    #[test]
    fn jobs_of_every_ending_end_under_every_fault() {
        let outcome = run(&protocol(Duration::from_secs(600), true), 1);
        assert!(matches!(outcome.verdict, Verdict::Pass | Verdict::Vacuous(_)), "{:?}", outcome.findings);
        let (began, ended) = (outcome.facts["wait-began"], outcome.facts["wait-returned"]);
        assert!(began == 300 && ended * 10 > began * 8, "{ended} of {began}");
        for label in ["abort-xact", "merge-table", "notify-progress", "pull-snap", "notify-finished"] {
            assert!(outcome.messages.contains_key(label), "{label} of {:?}", outcome.messages);
        }
        let struck = outcome.faults.iter().filter(|fault| fault.applied > 0).count();
        assert!(struck * 10 >= outcome.faults.len() * 9, "{struck} of {}", outcome.faults.len());
    }
}
