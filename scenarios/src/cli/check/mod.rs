//! `quiesce check`: every run of small worlds; and `quiesce explore`: one of them by hand.

mod args;
mod task;

use std::path::PathBuf;

use quiesce_model::{Ending, Folding, PropertyReport, Verdict};

pub(super) use self::args::{Check, Explore};
use self::task::{Task, after, tasks};
use super::args::Shared;
use super::exit::{Exit, Refusal};
use super::interrupt;
use super::policies::checked;
use crate::capsule::Capsule;
use crate::check::{Checked, Story};
use crate::files::write_whole;
use crate::report::{JsonLines, Line, Look, Out, junit_of_checks, quoted, words};

pub(super) fn check(args: &Check, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let capsule = args.from.as_deref().map(Capsule::open).transpose()?;
    let base = capsule.as_ref().map(Capsule::choices).unwrap_or_default();
    let choices = checked(shared.choices_over(base))?;
    let tasks = match &capsule {
        Some(capsule) => vec![after(capsule, args.step.unwrap_or(0), &choices, &args.adjust())?],
        None => tasks(&args.scopes, &args.adjust())?,
    };
    interrupt::listen()?;
    let interrupted = interrupt::stop(None);
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if let Some(json) = &mut json {
        json.line(out, &Line::begin(&choices, tasks.iter().map(|task| task.name.as_str()).collect()));
    }
    let mut all = Vec::new();
    for task in tasks.iter().take_while(|_| interrupted().is_none()) {
        let checked = task.check(&choices, args, shared)?;
        let saved = task.save(&checked, &choices, args, shared)?;
        if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
            show(&task.name, &checked, &saved, shared, out);
        }
        if let Some(json) = &mut json {
            json.line(out, &Line::check(&task.name, &checked, &saved));
        }
        all.push(checked);
    }
    let left = if all.len() < tasks.len() { Exit::Unproven } else { Exit::Pass };
    let exit = all.iter().map(|checked| exit(&checked.verdict)).chain([left]).max().unwrap_or(Exit::Pass);
    if tasks.len() > 1 && !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        sum_up(&tasks, &all, out);
    }
    if let Some(path) = &args.junit {
        let results = tasks.iter().zip(&all).map(|(task, checked)| (task.plane.as_str(), task.name.as_str(), checked));
        write_whole(path, &junit_of_checks(&results.collect::<Vec<_>>()))?;
    }
    if let Some(mut json) = json {
        json.line(out, &Line::end(exit.code()));
        json.finish()?;
    }
    Ok(exit)
}

pub(super) fn explore(args: &Explore, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let choices = checked(shared.choices())?;
    let task = tasks(std::slice::from_ref(&args.scope), &args.adjust())?.swap_remove(0);
    out.line(&format!("{}: open http://{} in a browser; Ctrl-C ends it", task.name, args.address));
    task.explore(&choices, args.address)?;
    Ok(Exit::Pass)
}

fn exit(verdict: &Verdict) -> Exit {
    match verdict {
        Verdict::Pass => Exit::Pass,
        Verdict::Vacuous(_) | Verdict::Incomplete(_) => Exit::Unproven,
        Verdict::Fail => Exit::Fail,
    }
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
    let rows = checked.properties.iter().map(|property| row(property, checked)).collect();
    out.line(&words(&["property", "verdict", "states that owe", "depth"], rows, look));
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
        [task.plane.as_str(), &task.name, verdict.word()].map(str::to_owned).into_iter().chain(figures).collect()
    };
    let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
    let titles = ["plane", "scope", "verdict", "unique states", "generated", "depth"];
    out.line(&format!("\n{}", words(&titles, tasks.iter().zip(all).map(row).collect(), look)));
    if all.len() < tasks.len() {
        out.line(&format!("\ninterrupted: {} of {} worlds were not searched", tasks.len() - all.len(), tasks.len()));
    }
}

/// The depth of a property that fails is that of its counterexample; of others, how deep was looked.
fn row(property: &PropertyReport, checked: &Checked) -> Vec<String> {
    let owing = property.owing_states.map_or_else(|| "?".to_owned(), |states| states.to_string());
    let story = checked.counterexamples.iter().find(|story| story.property == property.name);
    let depth = story.map_or(checked.depth, |story| story.steps.len() as u64);
    vec![property.name.to_owned(), property.verdict.to_string(), owing, depth.to_string()]
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
