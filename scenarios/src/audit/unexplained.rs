//! The published system as a whole: every property that fails with all policies as published, by a shortest run, and which
//! of our policies mend it.
//!
//! A failure is explained if hardening one policy alone mends it, or all policies that name its property together. What is
//! left is unexplained: something that only others of our policies keep from happening, or none.

use std::collections::{BTreeMap, BTreeSet};

use quiesce_control::policy::Row;
use quiesce_model::Limits;
use quiesce_sim::Course;
use rayon::prelude::*;

use super::space::{Space, Trial};
use super::{AuditError, By, Caught, Stop};
use crate::capsule::{Capsule, World};
use crate::choices::Choices;
use crate::load;
use crate::plane::Profile;
use crate::planes::AnyPlane;
use crate::run::Prepared;
use crate::shrink::{Shrunk, judged_alone, shrink};
use crate::text::Source;

/// The most scenarios in which a shortest run of one property is looked for: those with the shortest text.
const SHRUNK_MOST: usize = 4;

/// A property that fails with every policy as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Find {
    /// The plane.
    pub plane: &'static str,
    /// The shortest run in which it fails.
    pub shortest: Caught,
    /// Where it fails, and what mends it there.
    pub places: Vec<Place>,
}

/// A scope or scenario in which a property fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Whether it is a scope, searched by the checker.
    pub is_scope: bool,
    /// What mends the failure.
    pub mended: Mended,
}

/// Which of our policies, all others as published, keep a property from failing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mended {
    /// Each of these alone.
    ByEach(Vec<&'static str>),
    /// These together: all that name the property.
    ByNamed(Vec<&'static str>),
    /// These together, and no smaller part of them; some do not name the property.
    ByOthers(Vec<&'static str>),
    /// Not even all of them.
    ByNone,
}

impl Mended {
    /// Whether the failure is explained.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        matches!(self, Mended::ByEach(_) | Mended::ByNamed(_))
    }

    /// The policies.
    #[must_use]
    pub fn policies(&self) -> &[&'static str] {
        match self {
            Mended::ByEach(policies) | Mended::ByNamed(policies) | Mended::ByOthers(policies) => policies,
            Mended::ByNone => &[],
        }
    }
}

impl Find {
    /// The places where nothing explains it.
    pub fn unexplained(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| !place.mended.is_explained())
    }
}

/// How far the search has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searched<'a> {
    /// So many more places or failures are to be looked at.
    More(usize),
    /// This one is next.
    Next(&'a str),
    /// It is done.
    Done,
}

/// Searches a plane with every policy as published: its scopes and the bundled scenarios. The finds come by name.
///
/// # Errors
/// When a small world cannot be searched, or `stop` said so.
pub fn unexplained(
    space: &mut Space,
    plane: &'static dyn AnyPlane,
    stop: Stop<'_>,
    told: &dyn Fn(Searched<'_>),
) -> Result<Vec<Find>, AuditError> {
    let trials = space.scopes(plane, stop)?;
    let scenarios = space.scenarios_in(plane.name());
    told(Searched::More(trials.len() + scenarios.len()));
    let hunt = Hunt { space, plane, stop };
    let mut failing: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
    for trial in trials {
        told(Searched::Next(trial.name));
        for caught in hunt.in_scope(&trial)? {
            let property = caught.property.clone();
            let seen = Seen::Scope { trial: trial.clone(), caught: Box::new(caught) };
            failing.entry(property).or_default().push(seen);
        }
        told(Searched::Done);
    }
    for place in scenarios {
        hunt.go_on("the suite")?;
        told(Searched::Next(&hunt.space.scenario(place).1.head().name));
        for (property, seeds) in hunt.in_scenario(place) {
            failing.entry(property).or_default().push(Seen::Scenario { place, seeds });
        }
        told(Searched::Done);
    }
    told(Searched::More(failing.values().map(Vec::len).sum()));
    let named = hunt.named();
    failing.into_iter().map(|(property, seen)| hunt.find(&property, &seen, &named, told)).collect()
}

/// Where a property was seen to fail.
enum Seen {
    /// In a scope, by this run.
    Scope { trial: Trial, caught: Box<Caught> },
    /// In the scenario at that place, with these seeds.
    Scenario { place: usize, seeds: Vec<u64> },
}

struct Hunt<'a> {
    space: &'a Space,
    plane: &'static dyn AnyPlane,
    stop: Stop<'a>,
}

impl Hunt<'_> {
    fn go_on(&self, what: &str) -> Result<(), AuditError> {
        if (self.stop)() { Err(AuditError::Stopped { what: what.to_owned() }) } else { Ok(()) }
    }

    /// By property, the policies that name it in some scenario.
    fn named(&self) -> BTreeMap<String, Vec<&'static str>> {
        let mut named: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        for row in self.plane.policies() {
            for place in self.space.scenarios_of(self.plane.name(), row.name) {
                let ours = self.prepare(place, &Choices::default());
                let policies = named.entry(ours.expect().reference[row.name].to_owned()).or_default();
                if !policies.contains(&row.name) {
                    policies.push(row.name);
                }
            }
        }
        named
    }

    fn prepare(&self, place: usize, choices: &Choices) -> Box<dyn Prepared> {
        let scenario = self.space.scenario(place).1;
        scenario.under(choices).expect("a policy of the plane takes either choice")
    }

    /// Every property that fails in a scope. Nobody looks behind a failure, so it is searched again without what fails until
    /// nothing else does.
    fn in_scope(&self, trial: &Trial) -> Result<Vec<Caught>, AuditError> {
        let mut all: Vec<Caught> = Vec::new();
        loop {
            let keep = |name: &str| !all.iter().any(|caught| caught.property == name);
            let judged = (&keep as &dyn Fn(&str) -> bool, Limits::default());
            let found = self.space.search(self.plane, trial, &self.choices(&[]), judged, self.stop)?.0;
            self.go_on(trial.name)?;
            let fresh: Vec<Caught> = found.into_iter().filter(|caught| keep(&caught.property)).collect();
            if fresh.is_empty() {
                return Ok(all);
            }
            all.extend(fresh);
        }
    }

    /// Every policy as published but these.
    fn choices(&self, hardened: &[&'static str]) -> Choices {
        let ours = |row: &&Row| hardened.contains(&row.name);
        let rows = self.plane.policies().iter().filter(ours);
        let policies = rows.map(|row| (row.name.to_owned(), row.hardened.to_owned())).collect();
        Choices { profile: Profile::Reference, policies }
    }

    /// Every property that fails in a scenario, and with which seeds. A run stops at what fails first, so it is run again
    /// without that until nothing else fails.
    fn in_scenario(&self, place: usize) -> BTreeMap<String, Vec<u64>> {
        let prepared = self.prepare(place, &self.choices(&[]));
        let all = prepared.judged_by(&|_| true);
        let of_seed = |seed: u64| {
            let mut known = BTreeSet::new();
            loop {
                let rest = all.judged_by(&|name| !known.contains(name));
                let before = known.len();
                known.extend(rest.run(seed).findings.into_iter().map(|finding| finding.property));
                if known.len() == before {
                    return known.into_iter().map(|property| (property, seed)).collect::<Vec<_>>();
                }
            }
        };
        let found: Vec<(String, u64)> = prepared.head().seeds.range().into_par_iter().flat_map_iter(of_seed).collect();
        let mut failing: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (property, seed) in found {
            failing.entry(property).or_default().push(seed);
        }
        failing
    }

    fn find(
        &self,
        property: &str,
        seen: &[Seen],
        named: &BTreeMap<String, Vec<&'static str>>,
        told: &dyn Fn(Searched<'_>),
    ) -> Result<Find, AuditError> {
        let named = named.get(property).map_or(&[][..], Vec::as_slice);
        let mut places = Vec::new();
        for one in seen {
            let name = self.name(one).to_owned();
            told(Searched::Next(&format!("{property} in {name}")));
            let mended = self.mended(named, &|hardened| self.fails(one, property, hardened))?;
            places.push(Place { name, is_scope: matches!(one, Seen::Scope { .. }), mended });
            told(Searched::Done);
        }
        let shortest = self.shortest(property, seen);
        Ok(Find { plane: self.plane.name(), shortest, places })
    }

    fn name<'s>(&'s self, seen: &'s Seen) -> &'s str {
        match seen {
            Seen::Scope { trial, .. } => trial.name,
            Seen::Scenario { place, .. } => &self.space.scenario(*place).1.head().name,
        }
    }

    /// Which policies keep something from failing: first one of those that name it, then any one, then those that name it
    /// together, then as few as can be left of all.
    fn mended(
        &self,
        named: &[&'static str],
        fails: &dyn Fn(&[&'static str]) -> Result<bool, AuditError>,
    ) -> Result<Mended, AuditError> {
        let all: Vec<&'static str> = self.plane.policies().iter().map(|row| row.name).collect();
        let others: Vec<&'static str> = all.iter().copied().filter(|policy| !named.contains(policy)).collect();
        for ones in [named, &others] {
            let mut each = Vec::new();
            for &policy in ones {
                if !fails(&[policy])? {
                    each.push(policy);
                }
            }
            if !each.is_empty() {
                return Ok(Mended::ByEach(each));
            }
        }
        if !named.is_empty() && !fails(named)? {
            return Ok(Mended::ByNamed(named.to_vec()));
        }
        if fails(&all)? {
            return Ok(Mended::ByNone);
        }
        let mut kept = all.clone();
        for policy in all {
            let fewer: Vec<&'static str> = kept.iter().copied().filter(|&other| other != policy).collect();
            if !fails(&fewer)? {
                kept = fewer;
            }
        }
        Ok(Mended::ByOthers(kept))
    }

    /// Whether a property fails with these policies hardened. In a scope that could not be searched to its end it counts as
    /// failing.
    fn fails(&self, seen: &Seen, property: &str, hardened: &[&'static str]) -> Result<bool, AuditError> {
        self.go_on(property)?;
        match seen {
            Seen::Scope { trial, .. } => {
                let first = Limits { first_failure: true, ..Limits::default() };
                let judged = (&(|name: &str| name == property) as &dyn Fn(&str) -> bool, first);
                let (caught, whole) =
                    self.space.search(self.plane, trial, &self.choices(hardened), judged, self.stop)?;
                self.go_on(property)?;
                Ok(!whole || !caught.is_empty())
            }
            Seen::Scenario { place, seeds } => {
                let prepared = self.prepare(*place, &self.choices(hardened));
                let alone = prepared.judged_by(&|name| name == property);
                let shows = |seed: u64| alone.run(seed).findings.iter().any(|finding| finding.property == property);
                let first = seeds.first().is_some_and(|&seed| shows(seed));
                Ok(first || prepared.head().seeds.range().into_par_iter().any(shows))
            }
        }
    }

    /// The shortest run: that of the checker with the fewest steps, or the smallest scenario.
    fn shortest(&self, property: &str, seen: &[Seen]) -> Caught {
        let searched = seen.iter().filter_map(|seen| match seen {
            Seen::Scope { caught, .. } => Some(caught.as_ref()),
            Seen::Scenario { .. } => None,
        });
        let steps = |caught: &&Caught| match &caught.by {
            By::Checker { steps, .. } => steps.len(),
            By::Simulator { .. } => usize::MAX,
        };
        if let Some(caught) = searched.min_by_key(steps) {
            return caught.clone();
        }
        let mut scenarios: Vec<(usize, &[u64])> = Vec::new();
        for one in seen {
            if let Seen::Scenario { place, seeds } = one {
                scenarios.push((*place, seeds));
            }
        }
        scenarios.sort_by_key(|&(place, _)| (self.space.scenario(place).0.text().len(), place));
        scenarios.truncate(SHRUNK_MOST);
        let caught: Vec<Caught> =
            scenarios.par_iter().map(|&(place, seeds)| self.simulated(property, place, seeds)).collect();
        let size = |caught: &Caught| match &caught.by {
            By::Simulator { small: Some(Shrunk { entries, nodes, text, .. }), .. } => (entries.0, nodes.0, text.len()),
            By::Simulator { small: None, .. } | By::Checker { .. } => (usize::MAX, usize::MAX, usize::MAX),
        };
        caught.into_iter().min_by_key(size).expect("it failed somewhere")
    }

    /// A failure in a scenario, made small.
    fn simulated(&self, property: &str, place: usize, seeds: &[u64]) -> Caught {
        let (source, scenario) = self.space.scenario(place);
        let (seed, choices) = (seeds[0], self.choices(&[]));
        let alone = judged_alone(source.text(), property).map(|text| Source::new(source.name(), text));
        let world = alone.as_ref().and_then(|source| Some((source, load(source).ok()?)));
        let prepared = world.as_ref().and_then(|(source, world)| Some((*source, world.under(&choices).ok()?)));
        let (source, prepared) = prepared.unwrap_or_else(|| (source, self.prepare(place, &choices)));
        let course = Course::seed(seed);
        let capsule = Capsule::of(World::of(source), prepared.as_ref(), Profile::Reference, &course, property);
        let evidence = capsule.as_ref().map_or(String::new(), |capsule| capsule.evidence.clone());
        let head = scenario.head();
        let by = By::Simulator {
            scenario: head.name.clone(),
            seeds: (seeds.len() as u64, head.seeds.count),
            seed,
            small: capsule.and_then(|capsule| shrink(&capsule).ok()),
        };
        Caught { property: property.to_owned(), evidence, by }
    }
}
