//! States a second and bytes a state of the checker, beside Stateright and SPIN on the same models and a plain `ActorModel`
//! of the same nodes. Each search is a process of its own, so that its memory is its alone, and all take turns.

use std::process::Command;
use std::time::Duration;

use quiesce_benches::checker::{CASES, Measured, measure};

/// How often everything is searched; the median counts.
const ROUNDS: usize = 3;
/// The word before a case and a searcher that makes this program one of the processes.
const ONE: &str = "--one";

/// What was searched by whom, and what the searches came to.
type Row = (&'static str, &'static str, Vec<Measured>);

/// Without arguments everything; else the cases whose names begin with one of them.
fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [one, case, who] = &args[..]
        && one == ONE
    {
        if let Some(Measured { unique, generated, took, busy, alone, bytes, waiting }) = measure(case, who) {
            let [took, busy, alone] = [took, busy, alone].map(|time| time.as_nanos());
            println!("{unique} {generated} {took} {busy} {alone} {bytes} {waiting}");
        }
        return;
    }
    let wanted = |case: &str| args.is_empty() || args.iter().any(|arg| case.starts_with(arg.as_str()));
    let mut table: Vec<Row> = Vec::new();
    for (case, who) in CASES.iter().flat_map(|(case, all)| all.iter().map(move |who| (*case, *who))) {
        table.extend(wanted(case).then(|| (case, who, Vec::new())));
    }
    for _ in 0..ROUNDS {
        table.iter_mut().for_each(|(case, who, taken)| taken.extend(one(case, who)));
    }
    for (case, who, _) in table.extract_if(.., |(.., taken)| taken.is_empty()) {
        println!("{case} by {who}: skipped, it is not installed\n");
    }
    table.iter_mut().for_each(|(.., taken)| taken.sort_by_key(|measured| measured.busy));
    println!(
        "| model | search | unique | generated | thousand unique/s | thousand generated/s | spread | ours is | bytes/unique | waiting at most |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for row in &table {
        println!("{}", line(row, first(&table, row)));
    }
    for row in table.iter().filter(|(_, who, _)| who.ends_with("-2")) {
        println!("{}", threads(row, &table));
    }
}

fn one(case: &str, who: &str) -> Option<Measured> {
    let program = std::env::current_exe().expect("a program has a path");
    let done = Command::new(program).args([ONE, case, who]).output().expect("the program starts again");
    assert!(done.status.success(), "{case} by {who}: {}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).expect("figures are text");
    let figures: Vec<u64> = text.split_whitespace().map(|word| word.parse().expect("a figure")).collect();
    let [unique, generated, took, busy, alone, bytes, waiting] = figures[..] else { return None };
    let [took, busy, alone] = [took, busy, alone].map(Duration::from_nanos);
    Some(Measured { unique, generated, took, busy, alone, bytes, waiting })
}

/// The first search of the same.
fn first<'a>(table: &'a [Row], row: &Row) -> &'a Row {
    table.iter().find(|(case, ..)| *case == row.0).expect("it is one itself")
}

fn median(taken: &[Measured]) -> &Measured {
    &taken[taken.len() / 2]
}

/// The median of some searches by processor time, and by how much the slowest exceeds the quickest.
fn line((case, who, taken): &Row, (_, _, first): &Row) -> String {
    let Measured { unique, generated, busy, bytes, waiting, .. } = *median(taken);
    let thousands = |count: u64| u128::from(count) * 1_000_000 / busy.as_nanos().max(1);
    let (quick, slow) = (taken[0].busy.as_nanos().max(1), taken[taken.len() - 1].busy.as_nanos());
    let spread = slow * 100 / quick - 100;
    let rate = |one: &Measured| one.unique as f64 / one.busy.as_secs_f64();
    let ratio = rate(median(first)) / rate(median(taken));
    let (rates, per) = (format!("{} | {}", thousands(unique), thousands(generated)), bytes / unique.max(1));
    format!("| {case} | {who} | {unique} | {generated} | {rates} | {spread} % | {ratio:.2} x | {per} | {waiting} |")
}

/// What a second thread brings: on the wall, which a busy machine spoils, and as processor time has it, where the work of
/// the one thread that numbers states is added to half of the rest.
fn threads((case, who, taken): &Row, table: &[Row]) -> String {
    let single = who.strip_suffix("-2").expect("two threads");
    let single = table.iter().find(|(other, by, _)| other == case && *by == single);
    let (one, two) = (median(&single.expect("one thread is measured too").2), median(taken));
    let wall = one.took.as_secs_f64() / two.took.as_secs_f64();
    let shared = two.busy.saturating_sub(two.alone).as_secs_f64() / 2.0;
    let busy = one.busy.as_secs_f64() / (two.alone.as_secs_f64() + shared);
    format!("\n{case} by {who}: {wall:.2} times one thread on the wall, {busy:.2} by processor time")
}
