//! The crash sweep: one request is surveyed undisturbed, then run again with something wrong at each of its boundaries.
//!
//! A boundary is a place between two effects of an agent, the store or an engine while the request is under way. At each,
//! the process dies, with its pending writes kept or lost as the seed draws; where a message is next, that message is
//! lost; and where a write is next, that write fails, or its outcome stays unknown, applied or not. In pairs, each first
//! fault is followed by every second one that the run then offers, so that undos and recoveries are struck too.
//! Everything is done twice over: with every message as sent, and with every message delivered twice, so that each step
//! and each undo is done twice. And then once more with a user who dies after asking, so that nobody asks again.
//!
//! A run recovers if no property finds fault with it, and if the same request, made again once all is calm, is told that
//! it is done or that it was done before: the resource is as it was, or as asked for.

use std::collections::BTreeSet;
use std::time::Duration;

use quiesce_control::volume::{Cluster, Monitor, Node, Reply, Request, Role, Timing};
use quiesce_machine::{NodeId, Time};
use quiesce_sim::{
    Action, Blow, Branch, EntryKind, Outcome, Plan, Ratio, Records, Step, StoreFault, Verdict, branch, record, run,
    survey,
};

use crate::worlds::{Script, base, millis};

/// When the request is made: half a second before a reconciler looks after everything, so that it meets what is new.
pub(crate) const FROM: Duration = Duration::from_millis(19_500);

/// For how long a request that nothing disturbs is under way, at most.
const UNDER_WAY: Duration = Duration::from_secs(2);

/// For how long after a fault a second one may strike: until who died is back and a new reconciler has looked after
/// everything.
const RECOVERY: Duration = Duration::from_secs(15);

/// For how long a process that dies is down.
const DOWN: Duration = Duration::from_secs(2);

/// When the request is made again.
const AGAIN: Duration = Duration::from_secs(95);

/// How many faults at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// One.
    Single,
    /// One, and every two.
    Pairs,
}

/// What a sweep came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Swept {
    /// Boundaries of the undisturbed request: with messages as sent, with messages delivered twice, and left alone.
    pub(crate) boundaries: usize,
    /// How many of them were struck, so that the run went otherwise.
    pub(crate) covered: usize,
    /// How many runs with one fault.
    pub(crate) singles: usize,
    /// How many runs with two.
    pub(crate) pairs: usize,
}

/// Strikes at every boundary of a request; every run has to recover.
///
/// # Panics
/// With the faults and the findings of the first run that does not.
pub(crate) fn sweep(undisturbed: &Plan<Node, Monitor>, request: &Request, depth: Depth) -> Swept {
    let mut swept = Swept::default();
    let mut twice = undisturbed.clone();
    twice.network.duplicate = Ratio::new(1, 1).expect("a ratio");
    for (plan, asked) in [(undisturbed, Some(request)), (&twice, Some(request)), (&left_alone(undisturbed), None)] {
        strike_once(plan, asked, &mut swept);
        if depth == Depth::Pairs {
            strike_twice(plan, asked, &mut swept);
        }
    }
    swept
}

/// The same with a user who dies once the request is on its way, and is never back.
fn left_alone(plan: &Plan<Node, Monitor>) -> Plan<Node, Monitor> {
    let mut plan = plan.clone();
    let node = plan.config.cluster.node(Role::User(0));
    let again = Time::ZERO + AGAIN;
    plan.steps.retain(|step| step.at != again);
    let dies = Action::Crash { node, records: Records::Kept, stays_down: true };
    plan.step(FROM + Duration::from_micros(500), dies)
}

/// The request after those before it, and once more when all is calm; nothing goes wrong.
pub(crate) fn undisturbed(before: &[Request], request: &Request) -> Plan<Node, Monitor> {
    let watched = matches!(request, Request::Drain { .. });
    let cluster = Cluster::new(1, 3, 1, watched).expect("a cluster that can be").with_pools(6);
    let mut plan = base(cluster, Timing::default());
    plan.store_latency = millis(1).into();
    plan.network.latency = millis(1).into();
    plan.until = Time::ZERO + AGAIN + Duration::from_secs(10);
    plan.settle = Duration::from_secs(60);
    let mut script = Script::new(plan);
    for (at, request) in (1..).zip(before) {
        script.call(millis(at * 5_000), Role::User(0), request.clone());
    }
    script.call(FROM, Role::User(0), request.clone());
    script.call(AGAIN, Role::User(0), request.clone());
    script.plan
}

fn strike_once(plan: &Plan<Node, Monitor>, asked: Option<&Request>, swept: &mut Swept) {
    let seed = 0;
    let calm = run(plan, seed);
    let boundaries = boundaries(plan, seed, Time::ZERO + FROM, UNDER_WAY);
    let places: BTreeSet<_> = boundaries.iter().map(|at| (at.event, at.effect)).collect();
    let mut covered = BTreeSet::new();
    for at in &boundaries {
        let outcomes = struck(plan, seed, at);
        swept.singles += outcomes.len();
        if outcomes.iter().all(|outcome| outcome.digest != calm.digest) {
            covered.insert((at.event, at.effect));
        }
        outcomes.iter().for_each(|outcome| judge(outcome, asked, at));
    }
    swept.boundaries += places.len();
    swept.covered += covered.len();
}

/// Each fault between two events of the request, and with each of them every fault at a boundary that comes after it.
fn strike_twice(plan: &Plan<Node, Monitor>, asked: Option<&Request>, swept: &mut Swept) {
    for (seed, first) in (0..).zip(firsts(plan)) {
        let mut plan = plan.clone();
        plan.steps.extend(first.iter().cloned());
        for at in boundaries(&plan, seed, first[0].at, RECOVERY) {
            for outcome in struck(&plan, seed, &at) {
                judge(&outcome, asked, &(&first, &at));
                swept.pairs += 1;
            }
        }
    }
}

/// What a run comes to if that goes wrong; a write that may fail may also end unknown, applied or not.
fn struck(plan: &Plan<Node, Monitor>, seed: u64, at: &Branch) -> Vec<Outcome<Node>> {
    let mut outcomes = vec![branch(plan, seed, at, DOWN, false).0];
    if at.blow == Blow::FailWrite {
        for applied in [true, false] {
            let mut plan = plan.clone();
            plan.steps.push(spoil(StoreFault::Unknown { applied }, at.node, at.at));
            outcomes.push(run(&plan, seed));
        }
    }
    outcomes
}

/// Everything that can go wrong between two effects in that time. What is only remembered is no effect: a process that
/// dies forgets it either way.
fn boundaries(plan: &Plan<Node, Monitor>, seed: u64, from: Time, lasting: Duration) -> Vec<Branch> {
    let cluster = plan.config.cluster;
    let (_, mut found) = survey(plan, seed);
    let mut shown = true;
    found.retain(|at| {
        let first = at.effect == 0;
        let keeps = at.blow != Blow::Crash || first || std::mem::replace(&mut shown, true);
        if at.blow == Blow::Crash {
            shown = ["send", "store", "reply"].iter().any(|effect| at.next.starts_with(effect));
        }
        let whose = matches!(cluster.role(at.node), Role::Agent(_) | Role::Store | Role::Engine(_));
        keeps && whose && (from..from + lasting).contains(&at.at)
    });
    found
}

/// Every fault just before an event of the undisturbed request, as steps of a plan.
fn firsts(plan: &Plan<Node, Monitor>) -> Vec<Vec<Step<Node>>> {
    let cluster = plan.config.cluster;
    let (_, trace) = record(plan, 0);
    let from = Time::ZERO + FROM;
    let mut firsts: Vec<Vec<Step<Node>>> = Vec::new();
    for entry in trace.entries.iter().filter(|entry| entry.event.is_some()) {
        let Some(node) = entry.node.filter(|_| (from..from + UNDER_WAY).contains(&entry.at)) else { continue };
        if matches!(cluster.role(node), Role::User(_) | Role::Watcher) {
            continue;
        }
        let mut faults = vec![crash(node, entry.at)];
        if let (EntryKind::Deliver, Some(from)) = (entry.kind, entry.peer) {
            faults.push(vec![lose(entry.label, from, node, entry.at)]);
        }
        if entry.kind == EntryKind::Stored {
            let begun = Time(entry.at.as_nanos() - 1_000_000);
            let ways =
                [StoreFault::Fail, StoreFault::Unknown { applied: true }, StoreFault::Unknown { applied: false }];
            faults.extend(ways.map(|fault| vec![spoil(fault, node, begun)]));
        }
        // Of several events of one instant the first is struck.
        for fault in faults {
            if !firsts.contains(&fault) {
                firsts.push(fault);
            }
        }
    }
    firsts
}

fn crash(node: NodeId, at: Time) -> Vec<Step<Node>> {
    let crash = Action::Crash { node, records: Records::Kept, stays_down: false };
    let restart = Action::Restart { node };
    vec![Step { at, action: crash, lasting: None }, Step { at: at + DOWN, action: restart, lasting: None }]
}

/// Loses the message that would arrive at that time: a message takes a millisecond.
fn lose(label: &str, from: NodeId, to: NodeId, arrives: Time) -> Step<Node> {
    let sent = Time(arrives.as_nanos() - 1_000_000);
    let action = Action::Lose { label: label.to_owned(), from: Some(from), to: Some(to), count: 1 };
    Step { at: sent, action, lasting: None }
}

/// Spoils the write that begins at that time.
fn spoil(fault: StoreFault, node: NodeId, begins: Time) -> Step<Node> {
    Step { at: begins, action: Action::Store { node: Some(node), fault, count: 1 }, lasting: None }
}

/// `asked`: what is asked again when all is calm, and as the last thing.
///
/// # Panics
/// When a run did not recover from what went wrong.
fn judge(outcome: &Outcome<Node>, asked: Option<&Request>, wrong: &dyn std::fmt::Debug) {
    let recovers = matches!(outcome.verdict, Verdict::Pass | Verdict::Vacuous(_));
    assert!(recovers, "{:?} {:?} after {wrong:?}", outcome.verdict, outcome.findings);
    let Some(request) = asked else { return };
    let last = outcome.replies.last().filter(|answer| answer.at >= Time::ZERO + AGAIN).map(|answer| answer.reply);
    assert!(last.is_some_and(|told| is_as_asked(request, told)), "asked again: {last:?} after {wrong:?}");
}

/// Whether an answer says that the request was done now, or that there was nothing to do.
fn is_as_asked(request: &Request, told: Reply) -> bool {
    told.is_success()
        || told
            == match request {
                request if request.is_put() => Reply::AlreadyExists,
                request if request.is_delete() => Reply::NotFound,
                _ => Reply::FailedPrecondition,
            }
}
