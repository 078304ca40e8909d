//! Runs one workload once, for a profiler: `workload NAME [EVENTS]`.

use std::hint::black_box;
use std::process::ExitCode;

use quiesce_benches::bare::{self, Heap, Wheel};
use quiesce_benches::kernel::{fan_in, periodic, ping_pong};
use quiesce_benches::notification::Shape;
use quiesce_control::xaction::{Monitor, Node};
use quiesce_sim::{Plan, run};

/// Runs so many events.
type Workload = fn(u64);

/// Name and run of each workload.
const WORKLOADS: [(&str, Workload); 10] = [
    ("ping-pong", |events| drop(black_box(run(&ping_pong(events), 1)))),
    ("fan-in", |events| drop(black_box(run(&fan_in(events), 1)))),
    ("periodic", |events| drop(black_box(run(&periodic(events), 1)))),
    ("notification", |events| drop(black_box(run(&notification(events), 1)))),
    ("ping-pong-heap", |events| _ = black_box(bare::ping_pong::<Heap>(events))),
    ("fan-in-heap", |events| _ = black_box(bare::fan_in::<Heap>(events))),
    ("periodic-heap", |events| _ = black_box(bare::periodic::<Heap>(events))),
    ("ping-pong-wheel", |events| _ = black_box(bare::ping_pong::<Wheel>(events))),
    ("fan-in-wheel", |events| _ = black_box(bare::fan_in::<Wheel>(events))),
    ("periodic-wheel", |events| _ = black_box(bare::periodic::<Wheel>(events))),
];

/// About so many notifications of the shape that the project aims at: 10,000 targets, 3 members, 100 jobs.
fn notification(events: u64) -> Plan<Node, Monitor> {
    let jobs = u16::try_from(events / 30_000).unwrap_or(u16::MAX).max(1);
    Shape { targets: 10_000, members: 3, jobs }.plan().expect("a shape that can be")
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let events = words.next().map_or(Ok(1_000_000), |events| events.parse());
    match (WORKLOADS.iter().find(|(known, _)| *known == name), events) {
        (Some((_, workload)), Ok(events)) => {
            workload(events);
            ExitCode::SUCCESS
        }
        _ => {
            let names: Vec<_> = WORKLOADS.iter().map(|(name, _)| *name).collect();
            eprintln!("usage: workload NAME [EVENTS], with NAME one of {}", names.join(", "));
            ExitCode::from(2)
        }
    }
}
