//! A scenario whose plane no longer matters.

use std::fmt::Debug;
use std::time::Duration;

use quiesce_control::policy::PolicyError;
use quiesce_machine::{Monitor as _, NodeId};
use quiesce_model::Scope;
use quiesce_sim::{Action, Course, Decision, Plan, Snapshot, Trace};

use super::{Cost, CrashProgress, CrashSweep, Run};
use crate::check::{CheckRefused, Checked, Checking, Past};
use crate::choices::Choices;
use crate::plane::{Plane, Sizes};
use crate::schema::{Drawn, Expect, Head, Scenario};

/// A scenario of any plane.
pub trait Runnable: Debug + Send + Sync {
    /// What it says of itself.
    fn head(&self) -> &Head;

    /// Fixes the policies.
    ///
    /// # Errors
    /// When a choice names no policy of its plane, or no choice of that policy.
    fn under(&self, choices: &Choices) -> Result<Box<dyn Prepared>, PolicyError>;
}

/// A scenario of any plane, under fixed policies.
pub trait Prepared: Debug + Send + Sync {
    /// What it says of itself.
    fn head(&self) -> &Head;

    /// What it expects beside that its properties hold.
    fn expect(&self) -> &Expect;

    /// Every policy with the choice made.
    fn policies(&self) -> Vec<(&'static str, &'static str)>;

    /// The names of the nodes, in order.
    fn nodes(&self) -> Vec<String>;

    /// What makes the cluster larger or smaller.
    fn sizes(&self) -> Sizes;

    /// Whether a node is a user's program.
    fn is_user(&self, node: NodeId) -> bool;

    /// What the seed of a course draws before anything happens, in the words of scenarios.
    fn drawn(&self, course: &Course) -> Drawn;

    /// The same judged by those properties alone that `keep` keeps, whatever it expects besides.
    fn judged_by(&self, keep: &dyn Fn(&str) -> bool) -> Box<dyn Prepared>;

    /// Runs one seed.
    fn run(&self, seed: u64) -> Run;

    /// What a run with that seed costs. Nothing is judged in it, so it lasts as long whether a property fails or not.
    fn cost(&self, seed: u64) -> Cost;

    /// Runs one seed and keeps what happened.
    fn record(&self, seed: u64) -> (Run, Trace);

    /// Runs one seed and keeps what happened, and what each event left behind.
    fn watch(&self, seed: u64) -> (Run, Trace);

    /// Runs on a course, and keeps what happened and every decision.
    fn replay(&self, course: &Course) -> Replayed {
        self.inspect(course, &[]).0
    }

    /// Runs on a course and looks at the cluster after the events of these numbers; see [`quiesce_sim::inspect`].
    fn inspect(&self, course: &Course, steps: &[u32]) -> (Replayed, Vec<Snapshot>);

    /// Searches everything that can happen after so many events of a run, within the faults it had by then and those
    /// that are allowed beside.
    ///
    /// # Errors
    /// When a change makes no sense, or the run is no way through the model.
    fn check_after(&self, course: &Course, events: u32, how: &Checking<'_>) -> Result<Checked, CheckRefused>;

    /// Branches off one seed's run at every effect; see [`CrashSweep::sweep`].
    fn crash_sweep(&self, seed: u64, down: Duration, tried: &(dyn Fn(CrashProgress) + Sync)) -> CrashSweep;
}

/// A run with all its decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The run.
    pub run: Run,
    /// What happened.
    pub trace: Trace,
    /// Every draw that could have come out otherwise and mattered, in order.
    pub decisions: Vec<Decision>,
    /// How many of the decisions made in advance were never asked for.
    pub unused: usize,
    /// The turns that could not be taken, by their place.
    pub missed: Vec<usize>,
}

impl<P: Plane> Runnable for Scenario<P> {
    fn head(&self) -> &Head {
        self.head()
    }

    fn under(&self, choices: &Choices) -> Result<Box<dyn Prepared>, PolicyError> {
        let plan = self.plan(choices)?;
        Ok(Box::new(Ready::<P> { head: self.head().clone(), expect: self.expect().clone(), plan }))
    }
}

/// A small world as something to run: its calls are made when a course says so.
#[must_use]
pub fn small_world<P: Plane>(name: &str, scope: Scope<P::Node, P::Monitor>) -> Box<dyn Prepared> {
    let mut plan = Plan::new(scope.config, scope.nodes);
    for (call, node, request) in scope.calls.iter() {
        plan = plan.step(Duration::ZERO, Action::Call { node, request: request.clone(), call });
    }
    plan.monitors = scope.monitors;
    let about = P::SCOPES.iter().find(|(known, _)| *known == name).map_or("", |(_, about)| about);
    Box::new(Ready::<P> { head: Head::of_scope(name, about, P::NAME), expect: Expect::default(), plan })
}

#[derive(Debug)]
struct Ready<P: Plane> {
    head: Head,
    expect: Expect,
    plan: Plan<P::Node, P::Monitor>,
}

impl<P: Plane> Prepared for Ready<P> {
    fn head(&self) -> &Head {
        &self.head
    }

    fn expect(&self) -> &Expect {
        &self.expect
    }

    fn policies(&self) -> Vec<(&'static str, &'static str)> {
        P::policies(&self.plan.config)
    }

    fn nodes(&self) -> Vec<String> {
        self.plan.nodes.to_vec()
    }

    fn sizes(&self) -> Sizes {
        P::SIZES
    }

    fn is_user(&self, node: NodeId) -> bool {
        P::is_user(&self.plan.config, node)
    }

    fn drawn(&self, course: &Course) -> Drawn {
        let asked = self.plan.steps.len();
        self.plan.with_swarm_drawn(course).map_or_else(|_| Drawn::default(), |plan| Drawn::of(&plan, asked))
    }

    fn judged_by(&self, keep: &dyn Fn(&str) -> bool) -> Box<dyn Prepared> {
        let mut plan = self.plan.clone();
        plan.monitors.retain(|monitor| keep(monitor.name()));
        Box::new(Ready::<P> { head: self.head.clone(), expect: Expect::default(), plan })
    }

    fn run(&self, seed: u64) -> Run {
        Run::judge(seed, quiesce_sim::run(&self.plan, seed), &self.expect)
    }

    fn cost(&self, seed: u64) -> Cost {
        let mut plan = self.plan.clone();
        plan.monitors.clear();
        Cost::of(&plan.steps, &quiesce_sim::run(&plan, seed))
    }

    fn record(&self, seed: u64) -> (Run, Trace) {
        let (outcome, trace) = quiesce_sim::record(&self.plan, seed);
        (Run::judge(seed, outcome, &self.expect), trace)
    }

    fn watch(&self, seed: u64) -> (Run, Trace) {
        let (outcome, trace) = quiesce_sim::watch(&self.plan, seed);
        (Run::judge(seed, outcome, &self.expect), trace)
    }

    fn inspect(&self, course: &Course, steps: &[u32]) -> (Replayed, Vec<Snapshot>) {
        let (replay, taken) = quiesce_sim::inspect(&self.plan, course, steps);
        let quiesce_sim::Replay { outcome, trace, decisions, unused, missed } = replay;
        (Replayed { run: Run::judge(course.seed, outcome, &self.expect), trace, decisions, unused, missed }, taken)
    }

    fn check_after(&self, course: &Course, events: u32, how: &Checking<'_>) -> Result<Checked, CheckRefused> {
        let Replayed { trace, decisions, .. } = self.replay(course);
        Checked::check_after_run::<P>(&Past::of(&trace, decisions, events), &self.plan, how)
    }

    fn crash_sweep(&self, seed: u64, down: Duration, tried: &(dyn Fn(CrashProgress) + Sync)) -> CrashSweep {
        CrashSweep::sweep(&self.plan, seed, down, tried)
    }
}
