//! What an audit searches: the scopes of a plane and the bundled scenarios. What our policies come to in each is worked out
//! once, whichever policies it is compared with.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use quiesce_control::policy::Row;
use quiesce_model::{Limits, Search, Verdict as Outcome};
use quiesce_sim::Course;
use rayon::prelude::*;

use super::{AuditError, By, Caught, Ours, Price, Stop};
use crate::capsule::{Capsule, World};
use crate::check::{Adjust, Checked, Checking, Story};
use crate::choices::Choices;
use crate::plane::Profile;
use crate::planes::AnyPlane;
use crate::run::{Cost, Runnable, Sweep, Sweeping, Verdict, sweep};
use crate::shrink::shrink;
use crate::text::{LoadError, Source};
use crate::{load, suite};

/// The largest scope that is searched, in states that our policies reach. Larger ones are for `quiesce check`.
const STATES_MOST: usize = 200_000;

/// How many times the states of our policies those of a published choice may be.
const TIMES_MORE: usize = 4;

/// A scope, and what our policies come to in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trial {
    /// Its name.
    pub(super) name: &'static str,
    /// How many states it has.
    pub(super) states: u64,
    /// A property that fails, if any does.
    pub(super) failing: Option<String>,
}

/// Everything that can be searched.
#[derive(Debug)]
pub struct Space {
    threads: NonZeroUsize,
    has_scopes: bool,
    scenarios: Vec<(Source, Box<dyn Runnable>)>,
    scopes: BTreeMap<&'static str, Vec<Trial>>,
    ours: BTreeMap<usize, Ours>,
}

impl Space {
    /// The bundled scenarios and the scopes of every plane, searched by so many threads.
    ///
    /// # Errors
    /// When a bundled scenario has a mistake.
    pub fn new(threads: NonZeroUsize) -> Result<Space, LoadError> {
        Ok(Space { has_scopes: true, ..Space::of(suite::bundled(), threads)? })
    }

    /// These scenarios and no scope, searched by so many threads.
    ///
    /// # Errors
    /// When a scenario has a mistake.
    pub fn of(sources: Vec<Source>, threads: NonZeroUsize) -> Result<Space, LoadError> {
        let open = |source: Source| Ok((source.clone(), load(&source)?));
        let scenarios = sources.into_iter().map(open).collect::<Result<_, LoadError>>()?;
        Ok(Space { threads, has_scopes: false, scenarios, scopes: BTreeMap::new(), ours: BTreeMap::new() })
    }

    /// The scopes of a plane that our policies are done with, smallest first.
    pub(super) fn scopes(&mut self, plane: &'static dyn AnyPlane, stop: Stop<'_>) -> Result<Vec<Trial>, AuditError> {
        if let Some(known) = self.scopes.get(plane.name()) {
            return Ok(known.clone());
        }
        let mut trials = Vec::new();
        for (name, _) in plane.scopes().iter().filter(|_| self.has_scopes) {
            let limits = Limits { max_states: Some(STATES_MOST), ..self.limits() };
            let checked = check(plane, (name, &|_| true), &Choices::default(), limits, stop)?;
            if stop() {
                return Ok(Vec::new());
            }
            let failing = checked.counterexamples.first().map(|story| story.property.to_owned());
            if failing.is_some() || matches!(checked.verdict, Outcome::Pass | Outcome::Vacuous(_)) {
                trials.push(Trial { name, states: checked.unique_states, failing });
            }
        }
        trials.sort_by_key(|trial| trial.states);
        self.scopes.insert(plane.name(), trials.clone());
        Ok(trials)
    }

    fn limits(&self) -> Limits {
        Limits { threads: self.threads, first_failure: true, ..Limits::default() }
    }

    /// What the published choice of a policy breaks in a scope, by a shortest run.
    pub(super) fn published_in_scope(
        &self,
        plane: &'static dyn AnyPlane,
        scope: &Trial,
        row: &Row,
        stop: Stop<'_>,
    ) -> Result<Option<Caught>, AuditError> {
        let first = Limits { first_failure: true, ..Limits::default() };
        Ok(self.search(plane, scope, &published(row), (&|_| true, first), stop)?.0.into_iter().next())
    }

    /// What fails in a scope under these choices, each property by a shortest run, judged by those that `keep` keeps. Also
    /// whether nothing was left out.
    pub(super) fn search(
        &self,
        plane: &'static dyn AnyPlane,
        scope: &Trial,
        choices: &Choices,
        (keep, limits): (&dyn Fn(&str) -> bool, Limits),
        stop: Stop<'_>,
    ) -> Result<(Vec<Caught>, bool), AuditError> {
        let most = usize::try_from(scope.states).unwrap_or(usize::MAX).saturating_mul(TIMES_MORE);
        let limits = Limits { max_states: Some(most.max(1)), threads: self.threads, ..limits };
        let checked = check(plane, (scope.name, keep), choices, limits, stop)?;
        let Checked { unique_states: states, depth, counterexamples, properties, .. } = checked;
        let whole = !properties.iter().any(|property| matches!(property.verdict, Outcome::Incomplete(_)));
        let caught = |story: Story| Caught {
            property: story.property.to_owned(),
            evidence: story.evidence,
            by: By::Checker { scope: scope.name, states, depth, steps: story.steps, path: story.path },
        };
        Ok((counterexamples.into_iter().map(caught).collect(), whole))
    }

    /// The scenarios of a plane, by place.
    pub(super) fn scenarios_in(&self, plane: &str) -> Vec<usize> {
        let of = |(place, (_, scenario)): (usize, &(Source, Box<dyn Runnable>))| {
            (scenario.head().plane == plane).then_some(place)
        };
        self.scenarios.iter().enumerate().filter_map(of).collect()
    }

    /// The scenario at a place, and where it comes from.
    pub(super) fn scenario(&self, place: usize) -> (&Source, &dyn Runnable) {
        let (source, scenario) = &self.scenarios[place];
        (source, scenario.as_ref())
    }

    /// The scenarios, by place, that name a policy among those whose published choice they show to be wrong.
    pub(super) fn scenarios_of(&self, plane: &str, policy: &str) -> Vec<usize> {
        let names = |scenario: &dyn Runnable| {
            let ours = scenario.under(&Choices::default());
            scenario.head().plane == plane && ours.is_ok_and(|ours| ours.expect().reference.contains_key(policy))
        };
        let all = self.scenarios.iter().enumerate();
        all.filter(|(_, (_, scenario))| names(scenario.as_ref())).map(|(place, _)| place).collect()
    }

    /// What our policies come to in a scenario.
    pub(super) fn ours_in_scenario(&mut self, place: usize) -> Ours {
        if let Some(known) = self.ours.get(&place) {
            return known.clone();
        }
        let swept = self.sweep(place, &Choices::default());
        let scenario = swept.name.clone();
        let ours = match (swept.verdict, swept.failures.first()) {
            (Verdict::Pass, _) => Ours::HoldsInRuns { scenario, seeds: swept.runs },
            (_, Some(failure)) => Ours::Fails { place: scenario, property: failure.finding.property.clone() },
            (verdict, None) => Ours::Fails { place: scenario, property: verdict.to_string() },
        };
        self.ours.insert(place, ours.clone());
        ours
    }

    /// What the published choice of a policy breaks in a scenario: the property that the scenario names, if that fails.
    pub(super) fn published_in_scenario(&self, place: usize, row: &Row) -> Option<Caught> {
        let (source, scenario) = &self.scenarios[place];
        let choices = published(row);
        let swept = self.sweep(place, &choices);
        let prepared = scenario.under(&choices).ok()?;
        let named = prepared.expect().reference.get(row.name)?;
        let failure = swept.failures.iter().find(|failure| failure.finding.property == *named)?;
        let course = Course::seed(failure.seed);
        let capsule = Capsule::of(World::of(source), prepared.as_ref(), Profile::Hardened, &course, named);
        let small = capsule.and_then(|capsule| shrink(&capsule).ok());
        Some(Caught {
            property: failure.finding.property.clone(),
            evidence: failure.finding.evidence.clone(),
            by: By::Simulator { scenario: swept.name, seeds: (failure.seeds, swept.runs), seed: failure.seed, small },
        })
    }

    /// What both choices of a policy cost, in the first scenario that names it; none if there is none.
    #[must_use]
    pub fn price(&self, plane: &str, row: &Row) -> Option<Price> {
        let scenario = self.scenario(*self.scenarios_of(plane, row.name).first()?).1;
        let seeds = scenario.head().seeds;
        let cost = |choices: &Choices| {
            let prepared = scenario.under(choices).expect("a policy of the plane takes either choice");
            seeds.range().into_par_iter().map(|seed| prepared.cost(seed)).reduce(Cost::default, Cost::join)
        };
        let (published, ours) = (cost(&published(row)), cost(&Choices::default()));
        Some(Price { scenario: scenario.head().name.clone(), seeds, published, ours })
    }

    fn sweep(&self, place: usize, choices: &Choices) -> Sweep {
        let scenario = &self.scenarios[place].1;
        let prepared = scenario.under(choices).expect("a policy of the plane takes its published choice");
        sweep(prepared.as_ref(), Sweeping { seeds: scenario.head().seeds, twice: false }, &|_| ())
    }
}

/// Everything ours but the published choice of one policy.
pub(super) fn published(row: &Row) -> Choices {
    Choices { policies: vec![(row.name.to_owned(), row.reference.to_owned())], ..Choices::default() }
}

fn check(
    plane: &'static dyn AnyPlane,
    (scope, keep): (&str, &dyn Fn(&str) -> bool),
    choices: &Choices,
    limits: Limits,
    stop: Stop<'_>,
) -> Result<Checked, AuditError> {
    let adjust = Adjust::default();
    let progress = |_| if stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let search = Search::Bfs;
    let how = Checking { choices, adjust: &adjust, from: None, symmetry: false, search, limits, progress: &progress };
    Ok(plane.check_judged_by(scope, keep, &how).expect("a plane has the scopes that it lists")?)
}
