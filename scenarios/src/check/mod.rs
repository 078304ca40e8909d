//! Exhaustive checks of small worlds, with the plane's types left behind.

mod adjust;
mod guide;
mod path;
mod scale;
mod simulated;

use std::fmt::Debug;
use std::ops::ControlFlow;

use quiesce_control::policy::PolicyError;
use quiesce_model::{
    CheckError, Counterexample, Ending, ExploreError, Folding, Limits, Progress, PropertyReport, Report, Scope, Search,
    Verdict,
};
use quiesce_sim::{Course, Plan};
use thiserror::Error;

use guide::Follower;

pub use adjust::{Adjust, AdjustError, leaves_out};
pub use path::Path;
pub use scale::{Scale, SizeError};
pub(crate) use simulated::Past;

use crate::choices::Choices;
use crate::plane::{Plane, SmallWorld};

/// How a check is done.
pub struct Checking<'a> {
    /// The policies.
    pub choices: &'a Choices,
    /// What is to be otherwise in the world.
    pub adjust: &'a Adjust,
    /// Where the search begins, if not at the beginning.
    pub from: Option<Moment<'a>>,
    /// Whether states that differ in names alone count as one.
    pub symmetry: bool,
    /// How the states are searched.
    pub search: Search,
    /// When to give up.
    pub limits: Limits,
    /// Is told how far the search has come, and may stop it.
    pub progress: &'a dyn Fn(Progress) -> ControlFlow<()>,
}

impl Debug for Checking<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Checking { choices, adjust, from, symmetry, search, limits, progress: _ } = self;
        let mut shown = f.debug_struct("Checking");
        shown
            .field("choices", choices)
            .field("adjust", adjust)
            .field("from", from)
            .field("symmetry", symmetry)
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
    /// The world has no such size.
    #[error(transparent)]
    Size(#[from] SizeError),
    /// Nothing in the plane can be given another name.
    #[error("symmetry needs names that can be exchanged, and plane `{plane}` has none yet")]
    Unnamed {
        /// The plane.
        plane: &'static str,
    },
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
    /// What symmetry saved, where it was asked for.
    pub folding: Option<Folding>,
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
    /// Searches a world that is ready.
    ///
    /// # Errors
    /// When the world makes no sense, nothing in it is alike, or a node turns out not to be a pure function.
    pub(crate) fn check<P: Plane>(
        scope: &Scope<P::Node, P::Monitor>,
        how: &Checking<'_>,
    ) -> Result<Checked, CheckRefused> {
        let report = match how.from {
            None if how.symmetry => {
                let symmetry = P::symmetry(scope).ok_or(CheckRefused::Unnamed { plane: P::NAME })?;
                quiesce_model::check_folded(scope, &symmetry, how.search, how.limits, Some(how.progress))
            }
            None => quiesce_model::check(scope, how.search, how.limits, Some(how.progress)),
            Some(Moment { course, steps }) => {
                let mut guide = Follower::new(&scope.nodes, course, steps);
                quiesce_model::check_after(scope, &mut guide, how.search, how.limits, Some(how.progress))
            }
        }?;
        Ok(Checked::of(scope, report))
    }

    /// Searches everything that can happen after a moment of a simulated run.
    ///
    /// # Errors
    /// When a change makes no sense, or the run is no way through the model.
    pub(crate) fn check_after_run<P: Plane>(
        past: &Past,
        plan: &Plan<P::Node, P::Monitor>,
        how: &Checking<'_>,
    ) -> Result<Checked, CheckRefused> {
        let mut scope = past.scope(plan);
        how.adjust.over_budget(&mut scope)?;
        let mut furthest = CheckError::Strayed { step: 0 };
        for mut guide in past.guides(&scope.nodes) {
            match quiesce_model::check_after(&scope, &mut guide, how.search, how.limits, Some(how.progress)) {
                Ok(report) => return Ok(Checked::of(&scope, report)),
                Err(CheckError::Strayed { step }) => {
                    let CheckError::Strayed { step: before } = furthest else { continue };
                    furthest = CheckError::Strayed { step: step.max(before) };
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(furthest.into())
    }

    fn of<N: quiesce_machine::Node, M>(scope: &Scope<N, M>, report: Report<N>) -> Checked {
        let Report { verdict, unique_states, states, depth, properties, counterexamples, collision, folding, cost: _ } =
            report;
        let counterexamples = counterexamples.into_iter().map(|example| Story::of(&scope.nodes, example)).collect();
        Checked { verdict, unique_states, states, depth, properties, counterexamples, collision, folding }
    }
}

/// The small world of that name, changed, under the policies chosen; `None` if there is none of that name.
///
/// # Errors
/// When it has no such size, a change makes no sense, or a policy is unknown.
pub(crate) fn ready<P: Plane>(
    name: &str,
    choices: &Choices,
    adjust: &Adjust,
) -> Option<Result<SmallWorld<P>, CheckRefused>> {
    let sized = P::sized(name, &adjust.sizes)?;
    Some(sized.map_err(CheckRefused::from).and_then(|mut scope| {
        prepare::<P>(&mut scope, choices, adjust)?;
        Ok(scope)
    }))
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
