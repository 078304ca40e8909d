//! The crash sweep: one request is recorded undisturbed, then run again with a fault at each of its boundaries.
//!
//! A boundary is an event that an agent, the store or an engine handles on behalf of the request. At each, its process
//! crashes just before, with its pending writes kept or lost as the seed draws; if the event is a message, that message
//! is lost; and if it ends a write, that write fails, or is applied and its answer lost. Everything is done twice over:
//! with every message as sent, and with every message delivered twice, so that each step and each undo is done twice.
//!
//! A run recovers if no property finds fault with it, and if the same request, made again once all is calm, is told that
//! it is done or that it was done before: the resource is as it was, or as asked for.

use std::collections::BTreeSet;
use std::time::Duration;

use quiesce_control::volume::{Cluster, Monitor, Node, Reply, Request, Role, Timing};
use quiesce_machine::{NodeId, Time};
use quiesce_sim::{Action, EntryKind, Plan, Ratio, Records, Step, StoreFault, Verdict, record, run};

use crate::worlds::{Script, base, millis};

/// When the request is made, and until when it is watched.
pub(crate) const FROM: Duration = Duration::from_secs(31);
const TO: Duration = Duration::from_secs(33);

/// When it is made again.
const AGAIN: Duration = Duration::from_secs(110);

/// How many faults at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// One.
    Single,
    /// One, and every two.
    Pairs,
}

/// What a sweep came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Swept {
    /// Events of the undisturbed request.
    pub(crate) boundaries: usize,
    /// How many of them were struck.
    pub(crate) covered: usize,
    /// How many runs that took.
    pub(crate) runs: usize,
    /// Virtual time of the longest.
    pub(crate) slowest: Duration,
}

/// A fault at a boundary.
#[derive(Clone, Debug)]
struct Strike {
    boundary: usize,
    steps: Vec<Step<Node>>,
}

/// Strikes at every boundary of a request; every run has to recover.
///
/// # Panics
/// With the faults and the findings of the first run that does not.
pub(crate) fn sweep(before: &[Request], request: &Request, depth: Depth) -> Swept {
    let (boundaries, strikes) = strikes(&undisturbed(before, request));
    let mut swept = Swept { boundaries, covered: 0, runs: 0, slowest: Duration::ZERO };
    let mut covered = BTreeSet::new();
    for twice in [false, true] {
        let mut plan = undisturbed(before, request);
        if twice {
            plan.network.duplicate = Ratio::new(1, 1).expect("a ratio");
        }
        for (index, first) in strikes.iter().enumerate() {
            judge(&plan, &[first], &mut swept);
            covered.insert(first.boundary);
            let others = if depth == Depth::Pairs { &strikes[index + 1..] } else { &[] };
            for second in others {
                judge(&plan, &[first, second], &mut swept);
            }
        }
    }
    swept.covered = covered.len();
    swept
}

/// The request after those before it, and once more when all is calm; nothing goes wrong.
pub(crate) fn undisturbed(before: &[Request], request: &Request) -> Plan<Node, Monitor> {
    let cluster = Cluster::new(1, 3, 1, true).expect("a cluster that can be");
    let mut plan = base(cluster, Timing::default());
    plan.store_latency = millis(1).into();
    plan.network.latency = millis(1).into();
    plan.until = Time::ZERO + Duration::from_secs(120);
    plan.settle = Duration::from_secs(200);
    let mut script = Script::new(plan);
    script.pools(millis(500), 6);
    for (index, request) in before.iter().enumerate() {
        script.call(millis(5_000 + 5_000 * index as u64), Role::User(0), request.clone());
    }
    script.call(FROM, Role::User(0), request.clone());
    script.call(AGAIN, Role::User(0), request.clone());
    script.plan
}

/// The number of boundaries, and every fault at each.
fn strikes(plan: &Plan<Node, Monitor>) -> (usize, Vec<Strike>) {
    let cluster = plan.config.cluster;
    let (_, trace) = record(plan, 1);
    let within = |at: Time| (Time::ZERO + FROM..Time::ZERO + TO).contains(&at);
    let mut strikes = Vec::new();
    let mut boundaries = 0;
    for entry in trace.entries.iter().filter(|entry| within(entry.at) && entry.event.is_some()) {
        let Some(node) = entry.node else { continue };
        if matches!(cluster.role(node), Role::User(_) | Role::Watcher) {
            continue;
        }
        strikes.push(Strike { boundary: boundaries, steps: crash(node, entry.at) });
        if let (EntryKind::Deliver, Some(from)) = (entry.kind, entry.peer) {
            strikes.push(Strike { boundary: boundaries, steps: vec![lose(entry.label, from, node, entry.at)] });
        }
        if entry.kind == EntryKind::Stored {
            let faults =
                [StoreFault::Fail, StoreFault::Unknown { applied: true }, StoreFault::Unknown { applied: false }];
            let spoil = |fault| Strike { boundary: boundaries, steps: vec![spoil(fault, node, entry.at)] };
            strikes.extend(faults.map(spoil));
        }
        boundaries += 1;
    }
    (boundaries, strikes)
}

fn crash(node: NodeId, at: Time) -> Vec<Step<Node>> {
    let crash = Action::Crash { node, records: Records::Kept, stays_down: false };
    vec![
        Step { at, action: crash, lasting: None },
        Step { at: at + Duration::from_secs(2), action: Action::Restart { node }, lasting: None },
    ]
}

/// Loses the message that would arrive at that time: a message takes a millisecond.
fn lose(label: &str, from: NodeId, to: NodeId, arrives: Time) -> Step<Node> {
    let sent = Time(arrives.as_nanos() - 1_000_000);
    let action = Action::Lose { label: label.to_owned(), from: Some(from), to: Some(to), count: 1 };
    Step { at: sent, action, lasting: None }
}

/// Spoils the write that would end at that time: a write takes a millisecond.
fn spoil(fault: StoreFault, node: NodeId, ends: Time) -> Step<Node> {
    let begun = Time(ends.as_nanos() - 1_000_000);
    Step { at: begun, action: Action::Store { node: Some(node), fault, count: 1 }, lasting: None }
}

fn judge(plan: &Plan<Node, Monitor>, strikes: &[&Strike], swept: &mut Swept) {
    let mut plan = plan.clone();
    plan.steps.extend(strikes.iter().flat_map(|strike| strike.steps.iter().cloned()));
    let outcome = run(&plan, swept.runs as u64);
    let recovers = matches!(outcome.verdict, Verdict::Pass | Verdict::Vacuous(_));
    assert!(recovers, "{:?} {:?} after {strikes:?}", outcome.verdict, outcome.findings);
    let again = outcome.replies.iter().max_by_key(|answer| answer.call).expect("the request was made again");
    assert!(is_as_asked(again.reply), "asked again: {} after {strikes:?}", again.reply);
    swept.runs += 1;
    swept.slowest = swept.slowest.max(outcome.now.since_start());
}

/// Whether an answer says that the request was done now, or that there was nothing to do.
fn is_as_asked(reply: Reply) -> bool {
    reply.is_success() || matches!(reply, Reply::AlreadyExists | Reply::NotFound | Reply::FailedPrecondition)
}
