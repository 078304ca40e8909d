//! One plan, one seed, one outcome.

use quiesce_machine::{Monitor, Node, Time};

use crate::digest::Digester;
use crate::panics;
use crate::world::World;
use crate::{Outcome, Plan, PlanError, Trace, Verdict};

/// Runs a plan with a seed and records nothing.
///
/// The same plan, seed and build yield the same outcome. A panic of a node or monitor is a finding, and is not printed:
/// for that the process-wide panic hook is wrapped once.
#[must_use]
pub fn run<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> Outcome<N> {
    play(plan, seed, None).0
}

/// Runs a plan with a seed and records what happens. The outcome is the one [`run`] yields.
#[must_use]
pub fn record<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> (Outcome<N>, Trace) {
    let trace = Trace::new(plan.nodes.clone());
    let (outcome, trace) = play(plan, seed, Some(trace));
    (outcome, trace.unwrap_or_else(|| Trace::new(plan.nodes.clone())))
}

fn play<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64, trace: Option<Trace>) -> (Outcome<N>, Option<Trace>) {
    if let Err(error) = plan.check() {
        return (refused(plan, error), trace);
    }
    let mut world = World::new(plan, seed, trace);
    if let Err(message) = panics::catch(|| world.play()) {
        world.panicked(&message);
    }
    world.finish()
}

fn refused<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, error: PlanError) -> Outcome<N> {
    Outcome {
        verdict: Verdict::Error(error),
        digest: Digester::new().digest(),
        events: 0,
        now: Time::ZERO,
        faults: Vec::new(),
        findings: Vec::new(),
        messages: Default::default(),
        facts: Default::default(),
        replies: Vec::new(),
        unheard: Vec::new(),
        armed: Vec::new(),
        unarmed: plan.monitors.iter().map(Monitor::name).collect(),
    }
}
