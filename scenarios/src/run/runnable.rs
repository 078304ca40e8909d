//! A scenario whose plane no longer matters.

use std::fmt::Debug;
use std::time::Duration;

use quiesce_control::policy::PolicyError;
use quiesce_sim::{Decision, DrawSource, Plan, Trace};

use super::{CrashProgress, CrashSweep, Run};
use crate::choices::Choices;
use crate::plane::Plane;
use crate::schema::{Expect, Head, Scenario};

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

    /// Runs one seed.
    fn run(&self, seed: u64) -> Run;

    /// Runs one seed and keeps what happened.
    fn record(&self, seed: u64) -> (Run, Trace);

    /// Runs one seed and keeps what happened, and what each event left behind.
    fn watch(&self, seed: u64) -> (Run, Trace);

    /// Runs with draws decided in advance, and keeps what happened and every decision.
    fn replay(&self, source: &DrawSource) -> Replayed;

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

    fn run(&self, seed: u64) -> Run {
        Run::judge(seed, quiesce_sim::run(&self.plan, seed), &self.expect)
    }

    fn record(&self, seed: u64) -> (Run, Trace) {
        let (outcome, trace) = quiesce_sim::record(&self.plan, seed);
        (Run::judge(seed, outcome, &self.expect), trace)
    }

    fn watch(&self, seed: u64) -> (Run, Trace) {
        let (outcome, trace) = quiesce_sim::watch(&self.plan, seed);
        (Run::judge(seed, outcome, &self.expect), trace)
    }

    fn replay(&self, source: &DrawSource) -> Replayed {
        let quiesce_sim::Replay { outcome, trace, decisions, unused } = quiesce_sim::replay(&self.plan, source);
        Replayed { run: Run::judge(source.seed, outcome, &self.expect), trace, decisions, unused }
    }

    fn crash_sweep(&self, seed: u64, down: Duration, tried: &(dyn Fn(CrashProgress) + Sync)) -> CrashSweep {
        CrashSweep::sweep(&self.plan, seed, down, tried)
    }
}
