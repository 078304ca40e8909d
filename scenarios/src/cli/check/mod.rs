//! `quiesce check`: every run of small worlds; and `quiesce explore`: one of them by hand.

mod args;

use std::path::PathBuf;

use quiesce_model::{Ending, Folding, PropertyReport, Verdict};

pub(super) use self::args::{Check, Explore};
use super::args::Shared;
use super::exit::{Exit, Refusal};
use super::policies::checked;
use crate::capsule::{Capsule, World};
use crate::check::{Adjust, Checked, Checking, Moment, Story};
use crate::choices::Choices;
use crate::files::write_whole;
use crate::planes::{self, AnyPlane};
use crate::report::{CheckProgress, JsonLines, Line, Look, Out, junit_of_checks, quoted, words};
use crate::text::nearest;

pub(super) fn check(args: &Check, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let capsule = args.from.as_deref().map(Capsule::open).transpose()?;
    let base = capsule.as_ref().map(Capsule::choices).unwrap_or_default();
    let choices = checked(shared.choices_over(base))?;
    let tasks = match &capsule {
        Some(capsule) => vec![task_of(capsule)?],
        None => tasks(&args.scopes)?,
    };
    let course = capsule.as_ref().map(Capsule::course);
    let from = course.as_ref().map(|course| Moment { course, steps: args.step.unwrap_or(0) });
    let adjust = match capsule.as_ref().map(|capsule| &capsule.world) {
        Some(World::Scope { adjust, .. }) => args.adjust().over(adjust),
        Some(World::Scenario { .. }) | None => args.adjust(),
    };
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if let Some(json) = &mut json {
        json.line(out, &Line::begin(&choices, tasks.iter().map(|task| task.name).collect()));
    }
    let mut all = Vec::new();
    for task in &tasks {
        let checked = task.check(&choices, &adjust, from, args, shared)?;
        let saved = task.save(&checked, &choices, &adjust, args, shared)?;
        if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
            show(task.name, &checked, &saved, shared, out);
        }
        if let Some(json) = &mut json {
            json.line(out, &Line::check(task.name, &checked, &saved));
        }
        all.push(checked);
    }
    let exit = all.iter().map(|checked| exit(&checked.verdict)).max().unwrap_or(Exit::Pass);
    if tasks.len() > 1 && !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        sum_up(&tasks, &all, out);
    }
    if let Some(path) = &args.junit {
        let results: Vec<_> =
            tasks.iter().zip(&all).map(|(task, checked)| (task.plane.name(), task.name, checked)).collect();
        write_whole(path, &junit_of_checks(&results))?;
    }
    if let Some(mut json) = json {
        json.line(out, &Line::end(exit.code()));
        json.finish()?;
    }
    Ok(exit)
}

pub(super) fn explore(args: &Explore, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let choices = checked(shared.choices())?;
    let task = tasks(std::slice::from_ref(&args.scope))?.swap_remove(0);
    out.line(&format!("{}: open http://{} in a browser; Ctrl-C ends it", task.name, args.address));
    let served = task.plane.explore(task.name, &choices, &args.adjust(), args.address);
    served.ok_or_else(|| unknown(task.name))??;
    Ok(Exit::Pass)
}

/// A small world to be searched.
struct Task {
    plane: &'static dyn AnyPlane,
    name: &'static str,
}

/// The worlds that the words name; every one if there are none.
fn tasks(words: &[String]) -> Result<Vec<Task>, Refusal> {
    let all = || {
        let of = |plane: &'static dyn AnyPlane| plane.scopes().iter().map(move |&(name, _)| Task { plane, name });
        planes::ALL.into_iter().flat_map(of)
    };
    if words.is_empty() {
        return Ok(all().collect());
    }
    words.iter().map(|word| all().find(|task| task.name == word).ok_or_else(|| unknown(word))).collect()
}

/// The world of a capsule that `check` saved.
fn task_of(capsule: &Capsule) -> Result<Task, Refusal> {
    match &capsule.world {
        World::Scope { name, .. } if capsule.turns.is_some() => Ok(tasks(std::slice::from_ref(name))?.swap_remove(0)),
        World::Scope { .. } | World::Scenario { .. } => Err(Refusal::NoPath),
    }
}

impl Task {
    fn check(
        &self,
        choices: &Choices,
        adjust: &Adjust,
        from: Option<Moment<'_>>,
        args: &Check,
        shared: &Shared,
    ) -> Result<Checked, Refusal> {
        let bar = CheckProgress::new(self.name, shared.quiet);
        let progress = |progress| bar.show(progress);
        let (search, limits) = (args.search(), args.limits());
        let how = Checking { choices, adjust, from, symmetry: args.symmetry, search, limits, progress: &progress };
        let found = self.plane.check(self.name, &how);
        bar.finish();
        Ok(found.ok_or_else(|| unknown(self.name))??)
    }

    /// Saves every counterexample as a capsule, in their order, once the simulator has taken its path and seen it fail.
    fn save(
        &self,
        checked: &Checked,
        choices: &Choices,
        adjust: &Adjust,
        args: &Check,
        shared: &Shared,
    ) -> Result<Vec<PathBuf>, Refusal> {
        if checked.counterexamples.is_empty() {
            return Ok(Vec::new());
        }
        let world = self.plane.world(self.name, choices, adjust).ok_or_else(|| unknown(self.name))??;
        let save = |story: &Story| {
            let of = World::Scope {
                plane: self.plane.name().to_owned(),
                name: self.name.to_owned(),
                adjust: adjust.clone(),
            };
            let course = story.path.course(args.loops.into());
            let capsule = Capsule::of(of, world.as_ref(), choices.profile, &course, story.property);
            let unlike = || Refusal::Unlike { scope: self.name, property: story.property };
            Ok(capsule.ok_or_else(unlike)?.save(&shared.capsules, self.name)?)
        };
        checked.counterexamples.iter().map(save).collect()
    }
}

fn exit(verdict: &Verdict) -> Exit {
    match verdict {
        Verdict::Pass => Exit::Pass,
        Verdict::Vacuous(_) | Verdict::Incomplete(_) => Exit::Unproven,
        Verdict::Fail => Exit::Fail,
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

/// Each counterexample step by step, then the table of properties, then how much was searched.
fn show(scope: &str, checked: &Checked, saved: &[PathBuf], shared: &Shared, out: &mut Out) {
    if !shared.quiet {
        for (story, capsule) in checked.counterexamples.iter().zip(saved) {
            tell(story, out);
            out.line(&format!("      replay  quiesce replay {}\n", quoted(&capsule.display().to_string())));
        }
    }
    let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
    let rows = checked.properties.iter().map(row).collect();
    out.line(&words(&["property", "verdict", "states that owe"], rows, look));
    let Checked { verdict, unique_states, states, depth, collision, folding, .. } = checked;
    if let Some(folding) = folding {
        out.line(&format!("\n{}", saved_by(folding, *unique_states)));
    }
    out.line(&format!(
        "\n{scope} {verdict}: {unique_states} unique states, {states} generated, depth {depth}; two taken for one: {collision}"
    ));
}

/// What symmetry saved, in words.
fn saved_by(Folding { renamings, stands_for }: &Folding, unique: u64) -> String {
    match stands_for {
        Some(count) => {
            let tenths = u128::from(*count) * 10 / u128::from(unique.max(1));
            let (whole, part) = (tenths / 10, tenths % 10);
            format!("symmetry: {renamings} renamings; these states stand for {count}, {whole}.{part} times as many")
        }
        None => format!("symmetry: {renamings} renamings"),
    }
}

/// A line for each world.
fn sum_up(tasks: &[Task], all: &[Checked], out: &mut Out) {
    let row = |(task, checked): (&Task, &Checked)| {
        let Checked { verdict, unique_states, states, depth, .. } = checked;
        let figures = [unique_states, states, depth].map(u64::to_string);
        [task.plane.name(), task.name, verdict.word()].map(str::to_owned).into_iter().chain(figures).collect()
    };
    let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
    let titles = ["plane", "scope", "verdict", "unique states", "generated", "depth"];
    out.line(&format!("\n{}", words(&titles, tasks.iter().zip(all).map(row).collect(), look)));
}

fn row(property: &PropertyReport) -> Vec<String> {
    let owing = property.owing_states.map_or_else(|| "?".to_owned(), |states| states.to_string());
    vec![property.name.to_owned(), property.verdict.to_string(), owing]
}

fn tell(story: &Story, out: &mut Out) {
    out.line(&format!("{} fails: {}", story.property, story.evidence));
    for (index, step) in story.steps.iter().enumerate() {
        if story.ending == (Ending::Loop { start: index }) {
            out.line("      -- from here on, again and again for ever:");
        }
        out.line(step);
    }
    out.line(match story.ending {
        Ending::Violation => "      -- the last step is the violation",
        Ending::Rest => "      -- nothing need ever happen again",
        Ending::Loop { .. } => "      -- and so on for ever",
    });
}
