//! A look into a replay: up to where its trace is shown, and the state of nodes there or between two steps.

use quiesce_machine::Time;
use quiesce_sim::{Entry, Snapshot, Trace};

use crate::capsule::Capsule;
use crate::cli::args::{Replay, Shared, Until};
use crate::cli::exit::Refusal;
use crate::report::Out;
use crate::run::{Prepared, Replayed};
use crate::snapshot;
use crate::text::nearest;

/// Whether something about one run is asked for.
pub(super) fn is_asked(args: &Replay) -> bool {
    args.until.is_some() || args.fact.is_some() || args.back > 0 || !args.dump.is_empty() || !args.diff.is_empty()
}

/// Shows what is asked for; the whole trace if nothing is.
pub(super) fn look(
    capsule: &Capsule,
    prepared: &dyn Prepared,
    replayed: &Replayed,
    args: &Replay,
    shared: &Shared,
    out: &mut Out,
) -> Result<(), Refusal> {
    let trace = &replayed.trace;
    for node in &args.dump {
        known("node", node, trace.nodes.iter().map(String::as_str))?;
    }
    let stop = stop(trace, args)?;
    if !shared.quiet {
        out.line(&cut(trace, stop).to_string());
    }
    let last = last_step(trace);
    let steps: Vec<u32> = [stop.step].into_iter().chain(args.diff.iter().copied()).collect();
    let taken = prepared.inspect(&capsule.course(), &steps).1;
    let at = |step: u32| taken.iter().find(|snapshot| snapshot.step == step);
    if let Some(snapshot) = at(stop.step) {
        dump(snapshot, &args.dump, out);
    }
    if let [one, other] = args.diff[..]
        && let (Some(before), Some(after)) = (at(one), at(other))
    {
        diff(before, after, out);
    }
    if stop.step < last {
        out.line(&format!("stopped behind step {} of {last}", stop.step));
    }
    Ok(())
}

/// Where the run is shown to end.
#[derive(Clone, Copy)]
struct Stop {
    /// The last step shown.
    step: u32,
    /// The instant behind which nothing is shown.
    at: Time,
}

fn last_step(trace: &Trace) -> u32 {
    trace.entries.iter().filter_map(|entry| entry.event).max().unwrap_or(0)
}

fn stop(trace: &Trace, args: &Replay) -> Result<Stop, Refusal> {
    let last = last_step(trace);
    let behind = |step: u32| Stop { step, at: Time::MAX };
    let stop = match (args.until, &args.fact) {
        (Some(Until::Step(step)), _) => behind(step.min(last)),
        (Some(Until::Time(span)), _) => {
            let at = Time::ZERO + span;
            let before = trace.entries.iter().filter(|entry| entry.at <= at).filter_map(|entry| entry.event);
            Stop { step: before.max().unwrap_or(0), at }
        }
        (None, Some(fact)) => behind(stated(trace, fact)?),
        (None, None) => behind(last),
    };
    Ok(if args.back == 0 { stop } else { behind(stop.step.saturating_sub(args.back)) })
}

/// The first step that states the fact.
fn stated(trace: &Trace, fact: &str) -> Result<u32, Refusal> {
    let labelled = |entry: &&Entry| entry.fact_labels.contains(&fact);
    let written = |entry: &&Entry| entry.facts.iter().any(|text| text.contains(fact));
    let found = trace.entries.iter().find(labelled).or_else(|| trace.entries.iter().find(written));
    if let Some(step) = found.and_then(|entry| entry.event) {
        return Ok(step);
    }
    let mut labels: Vec<&str> = trace.entries.iter().flat_map(|entry| entry.fact_labels.iter().copied()).collect();
    labels.sort_unstable();
    labels.dedup();
    known("fact of this run", fact, labels.into_iter()).map(|()| last_step(trace))
}

fn known<'w>(what: &'static str, word: &str, legal: impl Iterator<Item = &'w str>) -> Result<(), Refusal> {
    let legal: Vec<&str> = legal.collect();
    if legal.contains(&word) {
        return Ok(());
    }
    let all = format!("there are {}", legal.join(", "));
    let help = nearest(word, legal.iter().copied()).map_or(all.clone(), |near| format!("did you mean `{near}`? {all}"));
    Err(Refusal::Unknown { what, found: word.to_owned(), help })
}

/// The trace up to the stop: what came of the last step is part of it.
fn cut(trace: &Trace, stop: Stop) -> Trace {
    let past = |entry: &Entry| entry.at > stop.at || entry.event.is_some_and(|step| step > stop.step);
    let kept = trace.entries.iter().take_while(|entry| !past(entry));
    Trace { nodes: trace.nodes.clone(), entries: kept.cloned().collect() }
}

fn dump(snapshot: &Snapshot, wanted: &[String], out: &mut Out) {
    for node in snapshot.nodes.iter().filter(|node| wanted.contains(&node.name)) {
        out.line(&format!("{} behind step {}, at {}", node.name, snapshot.step, snapshot.at));
        snapshot::describe(node).iter().for_each(|line| out.line(&format!("    {line}")));
    }
}

fn diff(before: &Snapshot, after: &Snapshot, out: &mut Out) {
    let (from, to) = (before.step, after.step);
    let lines = snapshot::differences(before, after);
    let what = if lines.is_empty() { "no node differs" } else { "what differs" };
    out.line(&format!("{what} behind step {to}, at {}, from step {from}, at {}", after.at, before.at));
    lines.iter().for_each(|line| out.line(&format!("    {line}")));
}
