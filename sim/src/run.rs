//! One plan, one seed, one outcome.

use std::borrow::Cow;
use std::time::Duration;

use quiesce_machine::{Monitor, Node, Time};

use crate::branch::{Branch, Probe};
use crate::decisions::Ledger;
use crate::digest::Digester;
use crate::draws::Draws;
use crate::lens::Lens;
use crate::meter::Meter;
use crate::panics;
use crate::world::World;
use crate::{Course, Decision, Outcome, Plan, PlanError, Snapshot, Trace, Verdict};

/// Runs a plan with a seed and records nothing.
///
/// The same plan, seed and build yield the same outcome. A panic of a node or monitor is a finding, and is not printed:
/// for that the process-wide panic hook is wrapped once.
#[must_use]
pub fn run<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> Outcome<N> {
    play(plan, &Course::seed(seed), Watching::default()).outcome
}

/// Runs a plan with a seed and tells `meter` of every event. The outcome is the one [`run`] yields.
#[must_use]
pub fn metered<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64, meter: &mut dyn Meter<N>) -> Outcome<N> {
    play(plan, &Course::seed(seed), Watching { meter: Some(meter), ..Watching::default() }).outcome
}

/// Runs a plan with a seed and records what happens. The outcome is the one [`run`] yields.
#[must_use]
pub fn record<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> (Outcome<N>, Trace) {
    let watching = Watching { trace: Some(Trace::new(plan.nodes.to_vec())), ..Watching::default() };
    let played = play(plan, &Course::seed(seed), watching);
    (played.outcome, played.trace.unwrap_or_else(|| Trace::new(plan.nodes.to_vec())))
}

/// Runs a plan with a seed and records what happens, and what each event left behind. The outcome is the one [`run`]
/// yields.
#[must_use]
pub fn watch<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> (Outcome<N>, Trace) {
    let watching = Watching { trace: Some(Trace::with_states(plan.nodes.to_vec())), ..Watching::default() };
    let played = play(plan, &Course::seed(seed), watching);
    (played.outcome, played.trace.unwrap_or_else(|| Trace::new(plan.nodes.to_vec())))
}

/// Runs a plan on a course, and records what happens and every decision.
///
/// On a bare seed the outcome is the one [`run`] yields. With that seed and every decision recorded it is the same
/// again, and with every decision and another seed too: then the seed has nothing left to draw.
#[must_use]
pub fn replay<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, course: &Course) -> Replay<N> {
    inspect(plan, course, &[]).0
}

/// Runs a plan on a course as [`replay`] does, and looks at the cluster after the events of these numbers: 0 before the
/// first, the end for those that there never were. The snapshots come in the order of their numbers, each once.
#[must_use]
pub fn inspect<N: Node, M: Monitor<N>>(
    plan: &Plan<N, M>,
    course: &Course,
    steps: &[u32],
) -> (Replay<N>, Vec<Snapshot>) {
    let watching = Watching {
        trace: Some(Trace::new(plan.nodes.to_vec())),
        ledger: Some(Box::new(Ledger::new(course, &plan.nodes))),
        lens: (!steps.is_empty()).then(|| Lens::new(steps)),
        survey: false,
        meter: None,
    };
    let Played { outcome, trace, ledger, lens, missed, .. } = play(plan, course, watching);
    let (decisions, unused) = ledger.map_or((Vec::new(), 0), |ledger| ledger.into_decisions());
    let trace = trace.unwrap_or_else(|| Trace::new(plan.nodes.to_vec()));
    let snapshots = lens.map_or(Vec::new(), |lens| lens.taken);
    (Replay { outcome, trace, decisions, unused, missed }, snapshots)
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
    /// The turns that could not be taken, by their place.
    pub missed: Vec<usize>,
}

impl<N: Node, M: Monitor<N>> Plan<N, M> {
    /// The plan with what its swarm draws from a seed written out as steps and ratios. With the same seed it runs as
    /// this one does, except that faults of the swarm count as asked for.
    ///
    /// # Errors
    /// When the plan makes no sense.
    pub fn with_swarm_drawn(&self, course: &Course) -> Result<Plan<N, M>, PlanError> {
        self.check()?;
        let mut draws = Draws::new(course.seed, &self.nodes, Some(Box::new(Ledger::new(course, &self.nodes))));
        let mut drawn = drawn(self, &mut draws).into_owned();
        drawn.swarm = None;
        Ok(drawn)
    }
}

/// Runs a plan with a seed and finds every way to branch off: a crash before, between and after the effects of every
/// event, the loss of every message, the failure of every write. The outcome is the one [`run`] yields.
#[must_use]
pub fn survey<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64) -> (Outcome<N>, Vec<Branch>) {
    let played = play(plan, &Course::seed(seed), Watching { survey: true, ..Watching::default() });
    match played.probe {
        Some(Probe::Survey(found)) => (played.outcome, found),
        Some(Probe::Strike(_)) | None => (played.outcome, Vec::new()),
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
    let course = Course { strike: Some(at.strike(down)), ..Course::seed(seed) };
    let trace = trace.then(|| Trace::new(plan.nodes.to_vec()));
    let played = play(plan, &course, Watching { trace, ..Watching::default() });
    (played.outcome, played.trace)
}

/// What is kept of a run beside its outcome, and who is told.
struct Watching<'w, N: Node> {
    trace: Option<Trace>,
    ledger: Option<Box<Ledger>>,
    lens: Option<Lens>,
    survey: bool,
    meter: Option<&'w mut dyn Meter<N>>,
}

impl<N: Node> Default for Watching<'_, N> {
    fn default() -> Self {
        Watching { trace: None, ledger: None, lens: None, survey: false, meter: None }
    }
}

/// A run that is over, with what was kept of it.
pub(crate) struct Played<N: Node> {
    pub(crate) outcome: Outcome<N>,
    pub(crate) trace: Option<Trace>,
    pub(crate) ledger: Option<Box<Ledger>>,
    pub(crate) probe: Option<Probe>,
    pub(crate) lens: Option<Lens>,
    pub(crate) missed: Vec<usize>,
}

fn play<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, course: &Course, watching: Watching<'_, N>) -> Played<N> {
    let Watching { trace, ledger, lens, survey, meter } = watching;
    if let Err(error) = plan.check() {
        let outcome = refused(plan, error);
        return Played { outcome, trace, ledger, probe: None, lens, missed: Vec::new() };
    }
    let mut draws = Draws::new(course.seed, &plan.nodes, ledger);
    let whole = drawn(plan, &mut draws);
    let mut world = World::new(&whole, plan.steps.len(), draws, trace);
    world.probe = if survey { Some(Probe::Survey(Vec::new())) } else { course.strike.map(Probe::Strike) };
    world.lens = lens;
    if let Some(meter) = meter {
        world.meter = Some(meter);
    }
    let played = panics::catch(|| match &course.turns {
        Some(turns) => world.take_turns(turns),
        None => world.play(),
    });
    if let Err(message) = played {
        world.panicked(&message);
    }
    world.finish()
}

/// The plan with what its swarm draws.
fn drawn<'p, N: Node, M: Monitor<N>>(plan: &'p Plan<N, M>, draws: &mut Draws<'_>) -> Cow<'p, Plan<N, M>> {
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
