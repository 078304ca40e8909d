//! What one search is of: a small world, or everything after a moment of a saved run.

use std::ops::ControlFlow;
use std::path::PathBuf;

use quiesce_sim::Course;

use super::super::args::Shared;
use super::super::exit::Refusal;
use super::super::interrupt;
use super::args::Check;
use crate::capsule::{Capsule, World};
use crate::check::{Adjust, Checked, Checking, Moment, Story};
use crate::choices::Choices;
use crate::planes::{self, AnyPlane};
use crate::report::CheckProgress;
use crate::run::Prepared;
use crate::text::nearest;

/// Something to be searched.
pub(super) struct Task {
    pub(super) plane: String,
    pub(super) name: String,
    place: Place,
    adjust: Adjust,
}

enum Place {
    /// A small world of a plane, from its beginning or after so many steps of a counterexample.
    Scope { plane: &'static dyn AnyPlane, after: Option<(Course, usize)> },
    /// What can happen after so many events of a run.
    Run { world: World, prepared: Box<dyn Prepared>, course: Box<Course>, events: u32 },
}

/// The worlds that the words name; every one if there are none.
pub(super) fn tasks(words: &[String], adjust: &Adjust) -> Result<Vec<Task>, Refusal> {
    let all = || {
        let of = |plane: &'static dyn AnyPlane| plane.scopes().iter().map(move |&(name, _)| (plane, name));
        planes::ALL.into_iter().flat_map(of)
    };
    let task = |(plane, name): (&'static dyn AnyPlane, &'static str)| Task {
        plane: plane.name().to_owned(),
        name: name.to_owned(),
        place: Place::Scope { plane, after: None },
        adjust: adjust.clone(),
    };
    if words.is_empty() {
        return Ok(all().map(task).collect());
    }
    let named = |word: &String| all().find(|(_, name)| name == word).map(task).ok_or_else(|| unknown(word));
    words.iter().map(named).collect()
}

/// What comes after so many steps of a capsule's run.
pub(super) fn after(capsule: &Capsule, steps: usize, choices: &Choices, adjust: &Adjust) -> Result<Task, Refusal> {
    let course = capsule.course();
    if let (World::Scope { name, adjust: was, .. }, Some(_)) = (&capsule.world, &capsule.turns) {
        let mut task = tasks(std::slice::from_ref(name), &adjust.over(was))?.swap_remove(0);
        if let Place::Scope { after, .. } = &mut task.place {
            *after = Some((course, steps));
        }
        return Ok(task);
    }
    let prepared = capsule.prepare(choices)?;
    let (plane, name) = (prepared.head().plane.to_string(), prepared.head().name.clone());
    let events = u32::try_from(steps).unwrap_or(u32::MAX);
    let place = Place::Run { world: capsule.world.clone(), prepared, course: Box::new(course), events };
    Ok(Task { plane, name, place, adjust: adjust.clone() })
}

impl Task {
    pub(super) fn check(&self, choices: &Choices, args: &Check, shared: &Shared) -> Result<Checked, Refusal> {
        let bar = CheckProgress::new(&self.name, shared.quiet);
        let stop = interrupt::stop(None);
        let progress = |progress| {
            bar.show(progress);
            if stop().is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let from = match &self.place {
            Place::Scope { after: Some((course, steps)), .. } => Some(Moment { course, steps: *steps }),
            Place::Scope { after: None, .. } | Place::Run { .. } => None,
        };
        let how = Checking {
            choices,
            adjust: &self.adjust,
            from,
            symmetry: args.symmetry,
            search: args.search(),
            limits: args.limits(),
            progress: &progress,
        };
        let found = match &self.place {
            Place::Scope { plane, .. } => plane.check(&self.name, &how).ok_or_else(|| unknown(&self.name))?,
            Place::Run { prepared, course, events, .. } => prepared.check_after(course, *events, &how),
        };
        bar.finish();
        Ok(found?)
    }

    /// Saves every counterexample as a capsule, in their order, once the simulator has taken its path and seen it fail.
    pub(super) fn save(
        &self,
        checked: &Checked,
        choices: &Choices,
        args: &Check,
        shared: &Shared,
    ) -> Result<Vec<PathBuf>, Refusal> {
        if checked.counterexamples.is_empty() {
            return Ok(Vec::new());
        }
        let world;
        let (of, prepared): (World, &dyn Prepared) = match &self.place {
            Place::Scope { plane, .. } => {
                world = plane.world(&self.name, choices, &self.adjust).ok_or_else(|| unknown(&self.name))??;
                let (plane, name, adjust) = (self.plane.clone(), self.name.clone(), self.adjust.clone());
                (World::Scope { plane, name, adjust }, world.as_ref())
            }
            Place::Run { world, prepared, .. } => (world.clone(), prepared.as_ref()),
        };
        let save = |story: &Story| {
            let course = story.path.course(args.loops.into());
            let capsule = Capsule::of(of.clone(), prepared, choices.profile, &course, story.property);
            let unlike = || Refusal::Unlike { scope: self.name.clone(), property: story.property };
            Ok(capsule.ok_or_else(unlike)?.save(&shared.capsules, &self.name)?)
        };
        checked.counterexamples.iter().map(save).collect()
    }

    /// Serves it to browsers until the process ends.
    pub(super) fn explore(&self, choices: &Choices, address: std::net::SocketAddr) -> Result<(), Refusal> {
        let Place::Scope { plane, .. } = &self.place else { return Ok(()) };
        let served = plane.explore(&self.name, choices, &self.adjust, address);
        Ok(served.ok_or_else(|| unknown(&self.name))??)
    }
}

fn unknown(scope: &str) -> Refusal {
    let scopes = planes::ALL.iter().flat_map(|plane| plane.scopes().iter().map(|&(name, _)| name));
    let help = match nearest(scope, scopes) {
        Some(name) => format!("did you mean `{name}`? `quiesce list scopes` shows them all"),
        None => "`quiesce list scopes` shows them all".to_owned(),
    };
    Refusal::Unknown { what: "scope", found: scope.to_owned(), help }
}
