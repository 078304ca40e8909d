//! A control plane of one's own, in the simulator and in the checker: `docs/your-own-plane.md` tells how it came about.
//!
//! ```text
//! cargo run --release --example lock_service
//! ```
#![allow(clippy::wildcard_enum_match_arm, reason = "what a process does not know of it ignores")]

mod monitor;
pub(crate) mod service;
mod words;

use std::time::Duration;

use quiesce_machine::{CallId, Delay};
use quiesce_model::{Budget, Limits, Report, Scope, Search, check};
use quiesce_sim::{Action, Outcome, Plan, Ratio, Records, record, run};

use self::monitor::Property;
use self::service::{CLIENTS, Grant, Process, SERVER};
use self::words::Request;

const NAMES: [&str; 4] = ["server", "disk", "c1", "c2"];

fn main() {
    for grant in [Grant::AtOnce, Grant::WhenDurable] {
        print!("{}", told(grant));
    }
}

/// A day in the service's life: both clients write twice, the server dies, messages are lost and writes are slow.
fn plan(grant: Grant) -> Plan<Process, Property> {
    let (ms, second) = (Duration::from_millis, Duration::from_secs(1));
    let mut plan = Plan::new(grant, NAMES);
    for (call, at) in (0..).zip([ms(0), ms(1), ms(20_000), ms(20_001)]) {
        let node = CLIENTS[call as usize % CLIENTS.len()];
        plan = plan.step(at, Action::Call { node, request: Request::Write, call: CallId(call) });
    }
    plan = plan.step_for(ms(5), second, Action::Crash { node: SERVER, records: Records::Kept, stays_down: false });
    plan.network.latency = Delay::from(ms(1)..ms(5));
    plan.network.loss = Ratio::new(1, 20).expect("a ratio");
    plan.store_latency = Delay::from(ms(1)..ms(5));
    plan.monitors = Property::all();
    plan
}

/// The first of these seeds that fails, and how; `None` if none does.
pub(crate) fn simulate(grant: Grant, seeds: u64) -> Option<(u64, Outcome<Process>)> {
    let plan = plan(grant);
    (0..seeds).map(|seed| (seed, run(&plan, seed))).find(|(_, outcome)| !outcome.findings.is_empty())
}

/// Every run in which each client writes once, the server may die once, and one message may be lost.
pub(crate) fn search(grant: Grant) -> Report<Process> {
    let scope = Scope {
        config: grant,
        nodes: NAMES.map(str::to_owned).to_vec(),
        calls: CLIENTS.map(|client| (client, Request::Write)).into_iter().collect(),
        monitors: Property::all(),
        budget: Budget { crashes: 1, losses: 1, ..Budget::default() },
        crashable: vec![SERVER],
        cuts: Vec::new(),
        untimed: false,
        punctual: false,
        absorbs_repeats: true,
    };
    check(&scope, Search::Bfs, Limits::default(), None).expect("the scope makes sense")
}

/// What both have to say, in words.
pub(crate) fn told(grant: Grant) -> String {
    let mut text = format!("numbers are granted: {grant:?}\n");
    match simulate(grant, 1000) {
        None => text.push_str("  simulator: 1000 seeds, nothing found\n"),
        Some((seed, outcome)) => {
            text.push_str(&format!("  simulator: seed {seed}: {}\n", outcome.findings[0].evidence));
            let trace = record(&plan(grant), seed).1.to_string();
            trace.lines().for_each(|line| text.push_str(&format!("    {line}\n")));
        }
    }
    let report = search(grant);
    text.push_str(&format!("  checker: {}, {} states\n", report.verdict, report.unique_states));
    for found in &report.counterexamples {
        text.push_str(&format!("    {}: {}\n", found.property, found.evidence));
        found.steps.iter().for_each(|step| text.push_str(&format!("    {step}\n")));
    }
    text
}
