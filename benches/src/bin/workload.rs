//! Runs one workload once, for a profiler: `workload NAME [EVENTS]`.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use quiesce_benches::bare::{self, Heap, Wheel};
use quiesce_benches::checker::measure;
use quiesce_benches::kernel::{fan_in, periodic, ping_pong};
use quiesce_benches::notification::Shape;
use quiesce_benches::protocol::protocol;
use quiesce_control::xaction::{Monitor, Node};
use quiesce_machine::Time;
use quiesce_sim::{Plan, run};

/// Runs so many events, or seconds of virtual time; how many events, or states, it came to.
type Workload = fn(u64) -> u64;

/// Name and run of each workload.
const WORKLOADS: [(&str, Workload); 13] = [
    ("ping-pong", |events| run(&ping_pong(events), 1).events),
    ("fan-in", |events| run(&fan_in(events), 1).events),
    ("periodic", |events| run(&periodic(events), 1).events),
    ("notification", |events| run(&notification(events), 1).events),
    ("notification-starts", |events| run(&starts(notification(events)), 1).events),
    ("protocol", |seconds| run(&protocol(Duration::from_secs(seconds), true), 1).events),
    ("check-ic", |_| measure("ic", "safety").map_or(0, |measured| measured.unique)),
    ("ping-pong-heap", |events| bare::ping_pong::<Heap>(events).iter().sum()),
    ("fan-in-heap", |events| bare::fan_in::<Heap>(events).iter().sum()),
    ("periodic-heap", bare::periodic::<Heap>),
    ("ping-pong-wheel", |events| bare::ping_pong::<Wheel>(events).iter().sum()),
    ("fan-in-wheel", |events| bare::fan_in::<Wheel>(events).iter().sum()),
    ("periodic-wheel", bare::periodic::<Wheel>),
];

/// About so many notifications of the shape that the project aims at: 10,000 targets, 3 members, 100 jobs.
fn notification(events: u64) -> Plan<Node, Monitor> {
    let jobs = u16::try_from(events / 30_000).unwrap_or(u16::MAX).max(1);
    Shape { targets: 10_000, members: 3, jobs }.plan().expect("a shape that can be")
}

/// The same up to the moment before the first part ends: what is not about notifications.
fn starts(mut plan: Plan<Node, Monitor>) -> Plan<Node, Monitor> {
    plan.until = Time::ZERO + Duration::from_secs(1);
    plan
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let events = words.next().map_or(Ok(1_000_000), |events| events.parse());
    match (WORKLOADS.iter().find(|(known, _)| *known == name), events) {
        (Some((_, workload)), Ok(events)) => {
            println!("{}", black_box(workload(events)));
            ExitCode::SUCCESS
        }
        _ => {
            let names: Vec<_> = WORKLOADS.iter().map(|(name, _)| *name).collect();
            eprintln!("usage: workload NAME [EVENTS], with NAME one of {}", names.join(", "));
            ExitCode::from(2)
        }
    }
}
