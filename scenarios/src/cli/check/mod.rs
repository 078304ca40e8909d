//! `quiesce check`: every run of a small world.

mod args;

use std::path::PathBuf;

use quiesce_model::{Ending, PropertyReport, Verdict};

pub(super) use self::args::Check;
use super::args::Shared;
use super::exit::{Exit, Refusal};
use super::policies::checked;
use crate::capsule::{Capsule, World};
use crate::check::{Checked, Checking, Story};
use crate::choices::Choices;
use crate::planes::{self, AnyPlane};
use crate::report::{CheckProgress, JsonLines, Line, Look, Out, quoted, words};
use crate::text::nearest;

pub(super) fn check(args: &Check, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let choices = checked(shared.choices())?;
    let bar = CheckProgress::new(shared.quiet);
    let how = Checking {
        choices: &choices,
        search: args.search(),
        limits: args.limits(),
        progress: &|progress| bar.show(progress),
    };
    let plane = planes::ALL.into_iter().find(|plane| plane.scopes().iter().any(|(name, _)| *name == args.scope));
    let plane = plane.ok_or_else(|| unknown(&args.scope))?;
    let found = plane.check(&args.scope, &how);
    bar.finish();
    let checked: Checked = found.ok_or_else(|| unknown(&args.scope))??;
    let saved = save(plane, &checked, &choices, args, shared)?;
    let exit = exit(&checked.verdict);
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        show(&checked, &saved, args, shared, out);
    }
    if let Some(json) = &mut json {
        json.line(out, &Line::begin(&choices, vec![&args.scope]));
        json.line(out, &Line::check(&args.scope, &checked, &saved));
        json.line(out, &Line::end(exit.code()));
    }
    json.map_or(Ok(()), JsonLines::finish)?;
    Ok(exit)
}

/// Saves every counterexample as a capsule, in their order, once the simulator has taken its path and seen it fail.
fn save(
    plane: &dyn AnyPlane,
    checked: &Checked,
    choices: &Choices,
    args: &Check,
    shared: &Shared,
) -> Result<Vec<PathBuf>, Refusal> {
    if checked.counterexamples.is_empty() {
        return Ok(Vec::new());
    }
    let world = plane.world(&args.scope, choices).ok_or_else(|| unknown(&args.scope))??;
    let save = |story: &Story| {
        let of = World::Scope { plane: plane.name().to_owned(), name: args.scope.clone() };
        let course = story.path.course(args.loops.into());
        let capsule = Capsule::of(of, world.as_ref(), choices.profile, &course, story.property);
        let unlike = || Refusal::Unlike { scope: args.scope.clone(), property: story.property };
        Ok(capsule.ok_or_else(unlike)?.save(&shared.capsules, &args.scope)?)
    };
    checked.counterexamples.iter().map(save).collect()
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
fn show(checked: &Checked, saved: &[PathBuf], args: &Check, shared: &Shared, out: &mut Out) {
    if !shared.quiet {
        for (story, capsule) in checked.counterexamples.iter().zip(saved) {
            tell(story, out);
            out.line(&format!("      replay  quiesce replay {}\n", quoted(&capsule.display().to_string())));
        }
    }
    let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
    let rows = checked.properties.iter().map(row).collect();
    out.line(&words(&["property", "verdict", "states that owe"], rows, look));
    let Checked { verdict, unique_states, states, depth, collision, .. } = checked;
    out.line(&format!(
        "\n{} {verdict}: {unique_states} unique states, {states} generated, depth {depth}; two taken for one: {collision}",
        args.scope
    ));
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
