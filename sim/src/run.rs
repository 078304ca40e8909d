//! One plan, one seed, one outcome.

use std::borrow::Cow;
use std::time::Duration;

use quiesce_machine::{Monitor, Node, Time};

use crate::branch::{Branch, Probe};
use crate::decisions::Ledger;
use crate::digest::Digester;
use crate::draws::Draws;
use crate::panics;
use crate::world::World;
use crate::{Decision, DrawSource, Outcome, Plan, PlanError, Trace, Verdict};

/// Runs a plan with a seed and records nothing.
///
/// The same plan, seed and build yield the same outcome. A panic of a node or monitor is a finding, and is not printed:
/// for that the process-wide panic hook is wrapped once.
#[must_use]
pub fn run<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> Outcome<N> {
    play(plan, seed, None, None, None).0
}

/// Runs a plan with a seed and records what happens. The outcome is the one [`run`] yields.
#[must_use]
pub fn record<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> (Outcome<N>, Trace) {
    let trace = Trace::new(plan.nodes.clone());
    let (outcome, trace, ..) = play(plan, seed, Some(trace), None, None);
    (outcome, trace.unwrap_or_else(|| Trace::new(plan.nodes.clone())))
}

/// Runs a plan with a seed and records what happens, and what each event left behind. The outcome is the one [`run`]
/// yields.
#[must_use]
pub fn watch<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> (Outcome<N>, Trace) {
    let trace = Trace::with_states(plan.nodes.clone());
    let (outcome, trace, ..) = play(plan, seed, Some(trace), None, None);
    (outcome, trace.unwrap_or_else(|| Trace::new(plan.nodes.clone())))
}

/// Runs a plan with draws decided in advance, and records what happens and every decision.
///
/// With a seed alone the outcome is the one [`run`] yields. With that seed and every decision recorded it is the same
/// again, and with every decision and another seed too: then the seed has nothing left to draw.
#[must_use]
pub fn replay<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, source: &DrawSource) -> Replay<N> {
    let trace = Trace::new(plan.nodes.clone());
    let ledger = Box::new(Ledger::new(source, &plan.nodes));
    let (outcome, trace, ledger, _) = play(plan, source.seed, Some(trace), Some(ledger), None);
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
    pub fn with_swarm_drawn(&self, source: &DrawSource) -> Result<Plan<N, M>, PlanError> {
        self.check()?;
        let mut draws = Draws::new(source.seed, &self.nodes, Some(Box::new(Ledger::new(source, &self.nodes))));
        let mut drawn = drawn(self, &mut draws).into_owned();
        drawn.swarm = None;
        Ok(drawn)
    }
}

/// Runs a plan with a seed and finds every way to branch off: a crash before, between and after the effects of every
/// event, the loss of every message, the failure of every write. The outcome is the one [`run`] yields.
#[must_use]
pub fn survey<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> (Outcome<N>, Vec<Branch>) {
    let (outcome, _, _, probe) = play(plan, seed, None, None, Some(Probe::Survey(Vec::new())));
    match probe {
        Some(Probe::Survey(found)) => (outcome, found),
        Some(Probe::Strike { .. }) | None => (outcome, Vec::new()),
    }
}

/// Runs a plan with a seed up to a boundary that [`survey`] found, lets it go wrong there, and goes on. A process that
/// dies restarts `down` later.
///
/// The run ends no sooner than the plan's time to settle after that, so that what is owed in the end is owed in spite of
/// time to recover.
#[must_use]
pub fn branch<N: Node, M: Monitor<N>>(
    plan: &Plan<N, M>,
    seed: u64,
    at: &Branch,
    down: Duration,
    trace: bool,
) -> (Outcome<N>, Option<Trace>) {
    let probe = Probe::Strike { event: at.event, effect: at.effect, blow: at.blow, down };
    let trace = trace.then(|| Trace::new(plan.nodes.clone()));
    let (outcome, trace, ..) = play(plan, seed, trace, None, Some(probe));
    (outcome, trace)
}

type Played<N> = (Outcome<N>, Option<Trace>, Option<Box<Ledger>>, Option<Probe>);

fn play<N: Node, M: Monitor<N>>(
    plan: &Plan<N, M>,
    seed: u64,
    trace: Option<Trace>,
    ledger: Option<Box<Ledger>>,
    probe: Option<Probe>,
) -> Played<N> {
    if let Err(error) = plan.check() {
        return (refused(plan, error), trace, ledger, probe);
    }
    let mut draws = Draws::new(seed, &plan.nodes, ledger);
    let whole = drawn(plan, &mut draws);
    let mut world = World::new(&whole, plan.steps.len(), draws, trace);
    world.probe = probe;
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
