//! States a second and bytes a state of the checker, beside Stateright on the same models and a plain `ActorModel` of the
//! same nodes. Each search is a process of its own, so that its memory is its alone, and all take turns.

use std::process::Command;
use std::time::Duration;

use quiesce_benches::checker::{CASES, Measured, measure};

/// How often everything is searched; the median counts.
const ROUNDS: usize = 3;
/// The word before a case and a searcher that makes this program one of the processes.
const ONE: &str = "--one";

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == ONE) {
        let Measured { unique, generated, took, bytes } = measure(&args[at + 1], &args[at + 2]);
        println!("{unique} {generated} {} {bytes}", took.as_nanos());
        return;
    }
    let mut table: Vec<(&str, &str, Vec<Measured>)> = Vec::new();
    for (case, who) in CASES.iter().flat_map(|(case, all)| all.iter().map(move |who| (*case, *who))) {
        table.push((case, who, Vec::new()));
    }
    for _ in 0..ROUNDS {
        table.iter_mut().for_each(|(case, who, taken)| taken.push(one(case, who)));
    }
    println!(
        "| model | search | unique | generated | thousand unique/s | thousand generated/s | bytes/unique | spread |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (case, who, taken) in &mut table {
        taken.sort_by_key(|measured| measured.took);
        println!("| {case} | {who} | {} |", row(taken));
    }
}

fn one(case: &str, who: &str) -> Measured {
    let program = std::env::current_exe().expect("a program has a path");
    let done = Command::new(program).args([ONE, case, who]).output().expect("the program starts again");
    assert!(done.status.success(), "{case} by {who}: {}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).expect("figures are text");
    let figures: Vec<u64> = text.split_whitespace().map(|word| word.parse().expect("a figure")).collect();
    let [unique, generated, nanos, bytes] = figures[..] else { panic!("four figures, found {text}") };
    Measured { unique, generated, took: Duration::from_nanos(nanos), bytes }
}

/// The median of some searches, and by how much the slowest exceeds the quickest.
fn row(taken: &[Measured]) -> String {
    let Measured { unique, generated, took, bytes } = taken[taken.len() / 2];
    let thousands = |count: u64| u128::from(count) * 1_000_000 / took.as_nanos().max(1);
    let (quick, slow) = (taken[0].took.as_nanos(), taken[taken.len() - 1].took.as_nanos());
    let spread = slow * 100 / quick.max(1) - 100;
    let (unique_rate, rate) = (thousands(unique), thousands(generated));
    format!("{unique} | {generated} | {unique_rate} | {rate} | {} | {spread} % ", bytes / unique.max(1))
}
