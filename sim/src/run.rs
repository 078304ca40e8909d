//! One plan, one seed, one outcome.

use std::borrow::Cow;

use quiesce_machine::{Monitor, Node, Time};

use crate::decisions::Ledger;
use crate::digest::Digester;
use crate::draws::Draws;
use crate::panics;
use crate::world::World;
use crate::{Decision, Outcome, Plan, PlanError, Source, Trace, Verdict};

/// Runs a plan with a seed and records nothing.
///
/// The same plan, seed and build yield the same outcome. A panic of a node or monitor is a finding, and is not printed:
/// for that the process-wide panic hook is wrapped once.
#[must_use]
pub fn run<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> Outcome<N> {
    play(plan, seed, None, None).0
}

/// Runs a plan with a seed and records what happens. The outcome is the one [`run`] yields.
#[must_use]
pub fn record<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> (Outcome<N>, Trace) {
    let trace = Trace::new(plan.nodes.clone());
    let (outcome, trace, _) = play(plan, seed, Some(trace), None);
    (outcome, trace.unwrap_or_else(|| Trace::new(plan.nodes.clone())))
}

/// Runs a plan with draws decided in advance, and records what happens and every decision.
///
/// With a seed alone the outcome is the one [`run`] yields. With that seed and every decision recorded it is the same
/// again, and with every decision and another seed too: then the seed has nothing left to draw.
#[must_use]
pub fn replay<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, source: &Source) -> Replay<N> {
    let trace = Trace::new(plan.nodes.clone());
    let ledger = Box::new(Ledger::new(source, &plan.nodes));
    let (outcome, trace, ledger) = play(plan, source.seed, Some(trace), Some(ledger));
    let (decisions, unused) = ledger.map_or((Vec::new(), 0), |ledger| ledger.into_decisions());
    let trace = trace.unwrap_or_else(|| Trace::new(plan.nodes.clone()));
    Replay { outcome, trace, decisions, unused }
}

/// A run with all its decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay<N: Node> {
    /// What it came to.
    pub outcome: Outcome<N>,
    /// What happened.
    pub trace: Trace,
    /// Every draw that could have come out otherwise and mattered, in order.
    pub decisions: Vec<Decision>,
    /// How many of the decisions made in advance were never asked for.
    pub unused: usize,
}

impl<N: Node, M: Monitor<N>> Plan<N, M> {
    /// The plan with what its swarm draws from a seed written out as steps and ratios. With the same seed it runs as
    /// this one does, except that faults of the swarm count as asked for.
    ///
    /// # Errors
    /// When the plan makes no sense.
    pub fn with_swarm_drawn(&self, source: &Source) -> Result<Plan<N, M>, PlanError> {
        self.check()?;
        let mut draws = Draws::new(source.seed, &self.nodes, Some(Box::new(Ledger::new(source, &self.nodes))));
        let mut drawn = drawn(self, &mut draws).into_owned();
        drawn.swarm = None;
        Ok(drawn)
    }
}

type Played<N> = (Outcome<N>, Option<Trace>, Option<Box<Ledger>>);

fn play<N: Node, M: Monitor<N>>(
    plan: &Plan<N, M>,
    seed: u64,
    trace: Option<Trace>,
    ledger: Option<Box<Ledger>>,
) -> Played<N> {
    if let Err(error) = plan.check() {
        return (refused(plan, error), trace, ledger);
    }
    let mut draws = Draws::new(seed, &plan.nodes, ledger);
    let whole = drawn(plan, &mut draws);
    let mut world = World::new(&whole, plan.steps.len(), draws, trace);
    if let Err(message) = panics::catch(|| world.play()) {
        world.panicked(&message);
    }
    world.finish()
}

/// The plan with what its swarm draws.
fn drawn<'p, N: Node, M: Monitor<N>>(plan: &'p Plan<N, M>, draws: &mut Draws) -> Cow<'p, Plan<N, M>> {
    let Some(swarm) = &plan.swarm else { return Cow::Borrowed(plan) };
    let mut whole = plan.clone();
    swarm.draw(&mut whole, &mut draws.swarm());
    Cow::Owned(whole)
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
        marks: Default::default(),
        replies: Vec::new(),
        unheard: Vec::new(),
        armed: Vec::new(),
        unarmed: plan.monitors.iter().map(Monitor::name).collect(),
    }
}
