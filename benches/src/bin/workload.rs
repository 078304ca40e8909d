//! Runs one workload once, for a profiler: `workload NAME [EVENTS]`.

use std::hint::black_box;
use std::process::ExitCode;

use quiesce_benches::kernel::{bare_fan_in, bare_periodic, bare_ping_pong, fan_in, periodic, ping_pong};
use quiesce_sim::run;

/// Runs so many events.
type Workload = fn(u64);

/// Name and run of each workload.
const WORKLOADS: [(&str, Workload); 6] = [
    ("ping-pong", |events| drop(black_box(run(&ping_pong(events), 1)))),
    ("fan-in", |events| drop(black_box(run(&fan_in(events), 1)))),
    ("periodic", |events| drop(black_box(run(&periodic(events), 1)))),
    ("bare-ping-pong", |events| _ = black_box(bare_ping_pong(events))),
    ("bare-fan-in", |events| _ = black_box(bare_fan_in(events))),
    ("bare-periodic", |events| _ = black_box(bare_periodic(events))),
];

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
