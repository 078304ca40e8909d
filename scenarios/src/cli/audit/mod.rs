//! `quiesce audit`: every policy's published choice caught, and ours held against it.

mod unexplained;

use std::num::NonZeroUsize;
use std::path::Path;

use quiesce_control::policy::Row;
use tracing::info;

use super::args::{self, Shared};
use super::exit::{Exit, Refusal};
use super::interrupt;
use crate::audit::{AuditError, Audited, By, Caught, Space, audit as put_to_the_test};
use crate::choices::Choices;
use crate::files::{WriteError, make_writable_dir, write_whole};
use crate::planes::{self, AnyPlane};
use crate::report::audit::{Written, caught_by, held, index, policy, shortest};
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
    args.report.as_deref().map_or(Ok(()), make_writable_dir)?;
    interrupt::listen()?;
    let cut = interrupt::stop(args.budget);
    let stop = || cut().is_some();
    let threads = NonZeroUsize::new(rayon::current_num_threads()).unwrap_or(NonZeroUsize::MIN);
    let mut space = Space::new(threads)?;
    if args.unexplained {
        return unexplained::unexplained(&planes_of(&tasks), &mut space, &stop, args, shared, out);
    }
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if let Some(json) = &mut json {
        json.line(out, &Line::begin(&Choices::default(), tasks.iter().map(|(_, row)| row.name).collect()));
    }
    let progress = AuditProgress::new(tasks.len(), "policies", shared.quiet);
    let (mut all, mut left): (Vec<Audited>, usize) = (Vec::new(), 0);
    for &(plane, row) in &tasks {
        progress.begins(row.name);
        match put_to_the_test(&mut space, plane, row, &stop) {
            Ok(audited) => {
                info!(policy = row.name, shown = audited.is_shown(), "audited");
                if let Some(json) = &mut json {
                    json.line(out, &Line::audit(&audited));
                }
                if let Some(dir) = &args.report {
                    write(dir, &page(&space, plane, &audited))?;
                }
                all.push(audited);
            }
            Err(AuditError::Stopped { .. }) => left += 1,
            Err(AuditError::Check(refused)) => return Err(refused.into()),
        }
        progress.done();
    }
    progress.finish();
    let exit = exit(&all, left);
    if let Some(dir) = &args.report {
        write(dir, &index(&all, left))?;
    }
    if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        show(&all, left, shared, out);
    }
    if let Some(mut json) = json {
        json.line(out, &Line::end(exit.code()));
        json.finish()?;
    }
    Ok(exit)
}

/// Whatever was not caught or does not hold is a failure; what there was no time for leaves the rest unproven.
fn exit(all: &[Audited], left: usize) -> Exit {
    match (all.iter().all(Audited::is_shown), left) {
        (false, _) => Exit::Fail,
        (true, 1..) => Exit::Unproven,
        (true, 0) => Exit::Pass,
    }
}

/// The policies of the planes and names asked for; all if none are.
fn tasks(args: &args::Audit, shared: &Shared) -> Result<Vec<Task>, Refusal> {
    let all = planes::ALL.into_iter().flat_map(|plane| plane.policies().iter().map(move |row| (plane, row)));
    let names = shared.policy_names()?;
    if args.unexplained && !names.is_empty() {
        let message = "the whole is searched with every policy as published, not with one";
        return Err(Refusal::Usage { message, help: "leave out --policy or --unexplained" });
    }
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

/// The planes of these policies, each once.
fn planes_of(tasks: &[Task]) -> Vec<&'static dyn AnyPlane> {
    let of = |plane: &&dyn AnyPlane| tasks.iter().any(|(known, _)| known.name() == plane.name());
    planes::ALL.into_iter().filter(of).collect()
}

fn unknown(what: &'static str, found: &str, legal: Vec<&str>) -> Refusal {
    let help = match nearest(found, legal.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", legal.join(", ")),
    };
    Refusal::Unknown { what, found: found.to_owned(), help }
}

/// The page of a policy, with its shortest run taken once more and its price measured.
fn page(space: &Space, plane: &'static dyn AnyPlane, audited: &Audited) -> Written {
    let row = audited.row;
    let published = Choices { policies: vec![(row.name.to_owned(), row.reference.to_owned())], ..Choices::default() };
    let example = audited.caught.as_ref().and_then(|caught| caught.example(plane, &published));
    policy(audited, example, space.price(plane.name(), row).as_ref())
}

/// Writes a page in both forms.
fn write(dir: &Path, page: &Written) -> Result<(), WriteError> {
    write_whole(&dir.join(format!("{}.html", page.stem)), &page.html)?;
    write_whole(&dir.join(format!("{}.md", page.stem)), &page.markdown)
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
    let rest = if left == 0 { String::new() } else { format!("; stopped before {left} more") };
    out.line(&format!(
        "\n{} policies audited: the published choice of {caught} is caught, ours holds there for {holds}{rest}",
        all.len()
    ));
}

fn row(audited: &Audited) -> Vec<String> {
    let dash = || "-".to_owned();
    let (property, by, length) = match &audited.caught {
        None => ("not caught".to_owned(), dash(), dash()),
        Some(Caught { property, by, .. }) => (property.clone(), caught_by(by), shortest(by)),
    };
    vec![audited.plane.to_owned(), audited.row.name.to_owned(), property, by, length, held(&audited.ours)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Ours;

    fn audited(caught: bool, ours: Ours) -> Audited {
        let plane = planes::ALL[0];
        let by = By::Simulator { scenario: "s".to_owned(), seeds: (1, 1), seed: 1, small: None };
        let caught = caught.then(|| Caught { property: "p".to_owned(), evidence: "e".to_owned(), by });
        Audited { plane: plane.name(), row: &plane.policies()[0], caught, ours }
    }

    #[test]
    fn what_is_not_caught_and_what_does_not_hold_are_failures_and_what_is_left_is_unproven() {
        let held = || Ours::HoldsInRuns { scenario: "s".to_owned(), seeds: 1 };
        let fails = || Ours::Fails { place: "s".to_owned(), property: "p".to_owned() };
        assert_eq!(exit(&[audited(true, held())], 0), Exit::Pass);
        assert_eq!(exit(&[audited(true, held())], 1), Exit::Unproven);
        assert_eq!(exit(&[audited(true, held()), audited(false, Ours::Unsearched)], 0), Exit::Fail);
        assert_eq!(exit(&[audited(true, held()), audited(true, fails())], 1), Exit::Fail);
    }
}
