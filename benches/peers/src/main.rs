//! Runs the kernel workloads on every engine in turn, each run a process of its own, and prints one Markdown table.
//!
//! Engines are interleaved so that a busy neighbour hits all of them, and what is measured is processor time; the figures
//! are medians, ratios are ours to theirs.

#[path = "../../src/bare.rs"]
mod bare;
mod engines;
#[path = "../../src/kernel.rs"]
mod kernel;
mod table;

use std::hint::black_box;
use std::process::{Command, ExitCode};

use clap::Parser;
use cpu_time::ProcessTime;
use engines::{ENGINES, Engine, Run};

/// The kernel workloads of quiesce on other simulators.
#[derive(Parser)]
struct Args {
    /// How often each engine runs each workload
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// How many events a run has
    #[arg(long, default_value_t = 2_000_000)]
    events: u64,
    /// Only engines whose name contains this
    #[arg(long)]
    engine: Option<String>,
    /// Run one workload on one engine and print events, nanoseconds and kibibytes
    #[arg(long, num_args = 2, value_names = ["ENGINE", "WORKLOAD"], hide = true)]
    one: Option<Vec<String>>,
}

/// What is measured of one run.
#[derive(Clone, Copy, Debug)]
struct Measured {
    events: u64,
    nanos: u64,
    kib: u64,
}

/// The workloads, in the order of the table.
const WORKLOADS: [&str; 4] = ["ping-pong", "fan-in", TROUBLED, "periodic"];
/// Which only we run, and compare with what others make of fan-in without any trouble.
const TROUBLED: &str = "fan-in, lossy";

/// How an engine runs a workload, and how many of so many events; none if it does not.
fn workload(engine: &Engine, name: &str, events: u64) -> Option<(Run, u64)> {
    match name {
        "ping-pong" => Some((engine.ping_pong, events)),
        "fan-in" => Some((engine.fan_in, events / engine.fan_in_fraction)),
        TROUBLED => engine.fan_in_troubled.map(|run| (run, events)),
        "periodic" => Some((engine.periodic, events)),
        _ => None,
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(one) = &args.one {
        return run_one(&one[0], &one[1], args.events);
    }
    let wanted = |engine: &&Engine| args.engine.as_ref().is_none_or(|part| engine.name.contains(part.as_str()));
    let engines: Vec<&Engine> = ENGINES.iter().filter(wanted).collect();
    let mut measured = table::Table::new(engines.iter().map(|engine| engine.name).collect());
    for round in 1..=args.rounds {
        eprintln!("round {round} of {}", args.rounds);
        for name in WORKLOADS {
            for engine in &engines {
                if workload(engine, name, args.events).is_none() {
                    continue;
                }
                match measure(engine.name, name, args.events) {
                    Ok(one) => measured.add(name, engine.name, one),
                    Err(message) => eprintln!("{} {name}: {message}", engine.name),
                }
            }
        }
    }
    print!("{measured}");
    ExitCode::SUCCESS
}

/// Runs this program again for one run.
fn measure(engine: &str, workload: &str, events: u64) -> Result<Measured, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let events = events.to_string();
    let output = Command::new(program).args(["--one", engine, workload, "--events", &events]).output();
    let output = output.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match (output.status.success(), numbers.as_slice()) {
        (true, &[events, nanos, kib]) => Ok(Measured { events, nanos, kib }),
        _ => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

fn run_one(engine: &str, name: &str, events: u64) -> ExitCode {
    let found = ENGINES.iter().find(|known| known.name == engine);
    let Some((run, events)) = found.and_then(|engine| workload(engine, name, events)) else {
        eprintln!("no engine {engine} or no workload {name}");
        return ExitCode::from(2);
    };
    let start = ProcessTime::now();
    let events = black_box(run(black_box(events)));
    let nanos = start.elapsed().as_nanos();
    println!("{events} {nanos} {}", peak_kib());
    ExitCode::SUCCESS
}

/// The most memory this process had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
