//! Exhaustive checks of small worlds, with the plane's types left behind.

mod adjust;
mod guide;
mod path;

use std::fmt::Debug;
use std::net::SocketAddr;

use quiesce_control::policy::PolicyError;
use quiesce_model::{
    CheckError, Counterexample, Ending, ExploreError, Limits, Progress, PropertyReport, Report, Scope, Search, Verdict,
};
use quiesce_sim::Course;
use thiserror::Error;

use guide::Follower;

pub use adjust::{Adjust, AdjustError, leaves_out};
pub use path::Path;

use crate::choices::Choices;
use crate::plane::Plane;

/// How a check is done.
pub struct Checking<'a> {
    /// The policies.
    pub choices: &'a Choices,
    /// What is to be otherwise in the world.
    pub adjust: &'a Adjust,
    /// Where the search begins, if not at the beginning.
    pub from: Option<Moment<'a>>,
    /// How the states are searched.
    pub search: Search,
    /// When to give up.
    pub limits: Limits,
    /// Is told how far the search has come.
    pub progress: &'a dyn Fn(Progress),
}

impl Debug for Checking<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Checking { choices, adjust, from, search, limits, progress: _ } = self;
        let mut shown = f.debug_struct("Checking");
        shown
            .field("choices", choices)
            .field("adjust", adjust)
            .field("from", from)
            .field("search", search)
            .field("limits", limits)
            .finish()
    }
}

/// A moment of a saved path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment<'a> {
    /// The path.
    pub course: &'a Course,
    /// How many of its steps were taken.
    pub steps: usize,
}

/// Why a world was not searched.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckRefused {
    /// A choice names no policy of the plane, or no choice of that policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A change to the world makes no sense.
    #[error(transparent)]
    Adjust(#[from] AdjustError),
    /// The world cannot be explored by hand.
    #[error(transparent)]
    Explore(#[from] ExploreError),
    /// The world makes no sense, or a node is no pure function.
    #[error(transparent)]
    Check(#[from] CheckError),
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The worst of the properties' verdicts.
    pub verdict: Verdict,
    /// Distinct states found.
    pub unique_states: u64,
    /// States generated, repeats included.
    pub states: u64,
    /// The most steps that any state found needed.
    pub depth: u64,
    /// What was found about each property.
    pub properties: Vec<PropertyReport>,
    /// At most one for each property.
    pub counterexamples: Vec<Story>,
    /// The odds that two states were taken for one.
    pub collision: quiesce_model::Odds,
}

/// A counterexample, told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The property that fails.
    pub property: &'static str,
    /// What shows it.
    pub evidence: String,
    /// One line a step.
    pub steps: Vec<String>,
    /// How it ends.
    pub ending: Ending,
    /// The same for the simulator.
    pub path: Path,
}

impl Checked {
    /// Searches a world under the policies chosen.
    ///
    /// # Errors
    /// When a policy is unknown, the world makes no sense, or a node turns out not to be a pure function.
    pub fn check<P: Plane>(mut scope: Scope<P::Node, P::Monitor>, how: &Checking<'_>) -> Result<Checked, CheckRefused> {
        prepare::<P>(&mut scope, how.choices, how.adjust)?;
        let report = match how.from {
            None => quiesce_model::check(&scope, how.search, how.limits, Some(how.progress)),
            Some(Moment { course, steps }) => {
                let mut guide = Follower::new(&scope.nodes, course, steps);
                quiesce_model::check_after(&scope, &mut guide, how.search, how.limits, Some(how.progress))
            }
        }?;
        let Report { verdict, unique_states, states, depth, properties, counterexamples, collision, cost: _ } = report;
        let counterexamples = counterexamples.into_iter().map(|example| Story::of(&scope.nodes, example)).collect();
        Ok(Checked { verdict, unique_states, states, depth, properties, counterexamples, collision })
    }
}

/// Serves a world under the policies chosen to browsers at `address`, until the process ends.
///
/// # Errors
/// When a policy is unknown, the world makes no sense, or the address cannot be listened on.
pub fn explore<P: Plane>(
    mut scope: Scope<P::Node, P::Monitor>,
    choices: &Choices,
    adjust: &Adjust,
    address: SocketAddr,
) -> Result<(), CheckRefused> {
    prepare::<P>(&mut scope, choices, adjust)?;
    Ok(quiesce_model::explore(&scope, address)?)
}

fn prepare<P: Plane>(
    scope: &mut Scope<P::Node, P::Monitor>,
    choices: &Choices,
    adjust: &Adjust,
) -> Result<(), CheckRefused> {
    P::set_profile(&mut scope.config, choices.profile);
    for (policy, choice) in &choices.policies {
        P::set_policy(&mut scope.config, policy, choice)?;
    }
    Ok(adjust.apply(scope)?)
}

impl Story {
    fn of<N: quiesce_machine::Node>(names: &[String], example: Counterexample<N>) -> Story {
        let path = Path::of(names, &example);
        let Counterexample { property, evidence, steps, ending } = example;
        Story { property, evidence, steps: steps.iter().map(ToString::to_string).collect(), ending, path }
    }
}
