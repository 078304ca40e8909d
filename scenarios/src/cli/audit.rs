//! `quiesce audit`: every policy's published choice caught, and ours held against it.

use std::num::NonZeroUsize;
use std::time::Instant;

use quiesce_control::policy::Row;
use tracing::info;

use super::args::{self, Shared};
use super::exit::{Exit, Refusal};
use crate::audit::{AuditError, Audited, By, Caught, Ours, Space, audit as put_to_the_test};
use crate::choices::Choices;
use crate::planes::{self, AnyPlane};
use crate::report::{AuditProgress, JsonLines, Line, Look, Out, words};
use crate::text::nearest;

/// A policy to be audited.
type Task = (&'static dyn AnyPlane, &'static Row);

pub(super) fn audit(args: &args::Audit, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let heeds = ["--policy", "--json"];
    shared.heeded(
        "audit",
        &heeds,
        "each policy is tried with either choice, the bundled scenarios with their seeds",
    )?;
    let tasks = tasks(args, shared)?;
    let deadline = args.budget.and_then(|budget| Instant::now().checked_add(budget));
    let threads = NonZeroUsize::new(rayon::current_num_threads()).unwrap_or(NonZeroUsize::MIN);
    let mut space = Space::new(threads)?;
    let mut json = shared.json.as_deref().map(JsonLines::new);
    let choices = Choices::default();
    if let Some(json) = &mut json {
        json.line(out, &Line::begin(&choices, tasks.iter().map(|(_, row)| row.name).collect()));
    }
    let progress = AuditProgress::new(tasks.len(), shared.quiet);
    let (mut all, mut left): (Vec<Audited>, usize) = (Vec::new(), 0);
    for &(plane, row) in &tasks {
        progress.begins(row.name);
        match put_to_the_test(&mut space, plane, row, deadline) {
            Ok(audited) => {
                info!(policy = row.name, shown = audited.is_shown(), "audited");
                if let Some(json) = &mut json {
                    json.line(out, &Line::audit(&audited));
                }
                all.push(audited);
            }
            Err(AuditError::Late { .. }) => left += 1,
            Err(AuditError::Check(refused)) => return Err(refused.into()),
        }
        progress.done();
    }
    progress.finish();
    let shown = all.iter().all(Audited::is_shown);
    let exit = if !shown {
        Exit::Fail
    } else if left > 0 {
        Exit::Unproven
    } else {
        Exit::Pass
    };
    if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        show(&all, left, shared, out);
    }
    if let Some(mut json) = json {
        json.line(out, &Line::end(exit.code()));
        json.finish()?;
    }
    Ok(exit)
}

/// The policies of the planes and names asked for; all if none are.
fn tasks(args: &args::Audit, shared: &Shared) -> Result<Vec<Task>, Refusal> {
    let all = planes::ALL.into_iter().flat_map(|plane| plane.policies().iter().map(move |row| (plane, row)));
    let names = shared.policy_names()?;
    if let Some(plane) = &args.plane
        && !planes::ALL.iter().any(|known| known.name() == plane)
    {
        return Err(unknown("plane", plane, planes::ALL.iter().map(|known| known.name()).collect()));
    }
    let within = |(plane, _): &Task| args.plane.as_ref().is_none_or(|asked| plane.name() == asked);
    let within: Vec<Task> = all.filter(within).collect();
    for name in &names {
        if !within.iter().any(|(_, row)| row.name == *name) {
            return Err(unknown("policy", name, within.iter().map(|(_, row)| row.name).collect()));
        }
    }
    Ok(within.into_iter().filter(|(_, row)| names.is_empty() || names.contains(&row.name)).collect())
}

fn unknown(what: &'static str, found: &str, legal: Vec<&str>) -> Refusal {
    let help = match nearest(found, legal.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", legal.join(", ")),
    };
    Refusal::Unknown { what, found: found.to_owned(), help }
}

/// The table, then what the published system does in each place, then the sum.
fn show(all: &[Audited], left: usize, shared: &Shared, out: &mut Out) {
    let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
    let titles = ["plane", "policy", "breaks", "caught by", "shortest", "ours"];
    out.line(&words(&titles, all.iter().map(row).collect(), look));
    if !shared.quiet {
        out.line("");
        all.iter().for_each(|audited| tell(audited, shared.verbose > 0, out));
    }
    let caught = all.iter().filter(|audited| audited.caught.is_some()).count();
    let holds = all.iter().filter(|audited| audited.is_shown()).count();
    let rest = if left == 0 { String::new() } else { format!("; time was up before {left} more") };
    out.line(&format!(
        "\n{} policies audited: the published choice of {caught} is caught, ours holds there for {holds}{rest}",
        all.len()
    ));
}

fn row(audited: &Audited) -> Vec<String> {
    let dash = || "-".to_owned();
    let (property, by, shortest) = match &audited.caught {
        None => ("not caught".to_owned(), dash(), dash()),
        Some(Caught { property, by, .. }) => (property.clone(), caught_by(by), shortest(by)),
    };
    let ours = match &audited.ours {
        Ours::HoldsInScope { states, .. } => format!("holds: {states} states"),
        Ours::HoldsInRuns { seeds, .. } => format!("holds: {seeds} seeds"),
        Ours::Fails { place, property } => format!("fails: {property} in {place}"),
        Ours::Unsearched => dash(),
    };
    vec![audited.plane.to_owned(), audited.row.name.to_owned(), property, by, shortest, ours]
}

fn caught_by(by: &By) -> String {
    match by {
        By::Checker { scope, states, depth, .. } => format!("checker, {scope}: {states} states, depth {depth}"),
        By::Simulator { scenario, seeds: (failed, of), .. } => format!("simulator, {scenario}: {failed} of {of} seeds"),
    }
}

fn shortest(by: &By) -> String {
    match by {
        By::Checker { steps, .. } => format!("{} steps", steps.len()),
        By::Simulator { small: Some((entries, nodes)), .. } => format!("{entries} entries, {nodes} nodes"),
        By::Simulator { small: None, .. } => "-".to_owned(),
    }
}

fn tell(Audited { row, caught, .. }: &Audited, steps: bool, out: &mut Out) {
    out.line(&format!("{}={}: {}", row.name, row.reference, row.published));
    let Some(Caught { property, evidence, by }) = caught else { return };
    out.line(&format!("  {property}: {evidence}"));
    match by {
        By::Checker { steps: all, .. } if steps => all.iter().for_each(|step| out.line(&format!("  {step}"))),
        By::Checker { scope, .. } => {
            out.line(&format!("  again  quiesce check {scope} --policy {}={}", row.name, row.reference));
        }
        By::Simulator { scenario, seed, .. } => {
            out.line(&format!("  again  quiesce run {scenario} --seed {seed} --policy {}={}", row.name, row.reference))
        }
    }
}
