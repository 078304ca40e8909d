//! `quiesce run --crash-sweep`: every way in which one run can be struck at an effect.

use std::collections::BTreeMap;
use std::path::PathBuf;

use quiesce_control::policy::PolicyError;
use quiesce_sim::{Blow, Course, Verdict};
use tracing::info;

use super::args::{Run, Shared};
use super::exit::{Exit, Refusal};
use super::find::find;
use super::policies::checked;
use crate::capsule::{Capsule, World};
use crate::plane::Profile;
use crate::report::{BranchProgress, JsonLines, Line, Look, Out, quoted, words};
use crate::run::{CrashSweep, Fallen, Prepared};
use crate::schema::Seeds;
use crate::text::Source;

/// Where the first failure of each property is saved.
type Saved = BTreeMap<&'static str, PathBuf>;

pub(super) fn crash(args: &Run, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let heeds = ["--seed", "--seeds", "--profile", "--policy", "--json"];
    shared.heeded("run --crash-sweep", &heeds, "every branch is a run of its own, none of them is run twice")?;
    let choices = checked(shared.choices())?;
    let scenarios = find(&args.scenarios)?.into_iter().map(|found| Ok((found.scenario.under(&choices)?, found.source)));
    let scenarios: Vec<(Box<dyn Prepared>, Source)> = scenarios.collect::<Result<_, PolicyError>>()?;
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if let Some(json) = &mut json {
        json.line(out, &Line::begin(&choices, scenarios.iter().map(|(task, _)| task.head().name.as_str()).collect()));
    }
    let mut sweeps = Vec::new();
    for (scenario, source) in &scenarios {
        let name = scenario.head().name.as_str();
        let first = Seeds::one(scenario.head().seeds.first);
        for seed in shared.seeds().unwrap_or(first).range() {
            let sweep = one(scenario.as_ref(), seed, args, shared);
            info!(scenario = name, seed, failed = sweep.fallen.len(), "crash-swept");
            let saved = save(source, scenario.as_ref(), choices.profile, &sweep, args, shared)?;
            if let Some(json) = &mut json {
                json.line(out, &Line::crashes(name, &sweep, &saved));
            }
            sweeps.push((name, sweep, saved));
        }
    }
    let exit = sweeps.iter().map(|(_, sweep, _)| judge(sweep)).max().unwrap_or(Exit::Pass);
    if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        show(&sweeps, shared, out);
    }
    if let Some(mut json) = json {
        json.line(out, &Line::end(exit.code()));
        json.finish()?;
    }
    Ok(exit)
}

fn one(scenario: &dyn Prepared, seed: u64, args: &Run, shared: &Shared) -> CrashSweep {
    let progress = BranchProgress::new(&scenario.head().name, shared.quiet);
    let sweep = scenario.crash_sweep(seed, args.crash_down, &|step| progress.show(step));
    progress.finish();
    sweep
}

/// Saves the first failure of each property.
fn save(
    source: &Source,
    scenario: &dyn Prepared,
    profile: Profile,
    sweep: &CrashSweep,
    args: &Run,
    shared: &Shared,
) -> Result<Saved, Refusal> {
    let mut saved = Saved::new();
    for (property, (_, first)) in sweep.by_property() {
        let Some(property) = property else { continue };
        let strike = Some(first.branch.strike(args.crash_down));
        let course = Course { strike, ..Course::seed(sweep.seed) };
        let capsule = Capsule::of(World::of(source), scenario, profile, &course, property);
        let capsule = capsule.ok_or_else(|| Refusal::Fickle { seed: sweep.seed, property: property.to_owned() })?;
        saved.insert(property, capsule.save(&shared.capsules, &scenario.head().name)?);
    }
    Ok(saved)
}

fn judge(sweep: &CrashSweep) -> Exit {
    match sweep.verdict {
        Verdict::Fail => Exit::Fail,
        Verdict::Error(_) => Exit::Usage,
        _ if sweep.fallen.iter().any(|fallen| fallen.property.is_some()) => Exit::Fail,
        Verdict::Incomplete(_) => Exit::Unproven,
        _ if !sweep.fallen.is_empty() || sweep.tried() == 0 => Exit::Unproven,
        Verdict::Pass | Verdict::Vacuous(_) => Exit::Pass,
    }
}

/// A sweep's verdict. Properties that the run itself does not arm are no lack: the branches are there to arm them.
fn word(exit: Exit) -> &'static str {
    match exit {
        Exit::Pass => "pass",
        Exit::Unproven => "incomplete",
        Exit::Usage | Exit::Unequal => "error",
        Exit::Fail => "fail",
    }
}

fn show(sweeps: &[(&str, CrashSweep, Saved)], shared: &Shared, out: &mut Out) {
    let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
    let titles =
        ["scenario", "verdict", "seed", "boundaries", "crashes", "messages lost", "writes failed", "not recovered"];
    out.line(&words(&titles, sweeps.iter().map(|(name, sweep, _)| row(name, sweep)).collect(), look));
    if shared.quiet {
        return;
    }
    for (name, sweep, saved) in sweeps {
        if sweep.tried() == 0 {
            out.line(&format!(
                "\n{name}: the run of seed {} is {}, so nothing was swept",
                sweep.seed,
                sweep.verdict.word()
            ));
        }
        for (property, (count, first)) in sweep.by_property() {
            let word = property.unwrap_or("cut short");
            out.line(&format!("\n{name} {word}: {count} of {} branches, first\n  {}", sweep.tried(), tell(first)));
            if let Some(path) = property.and_then(|property| saved.get(property)) {
                out.line(&format!("  replay  quiesce replay {}", quoted(&path.display().to_string())));
            }
        }
    }
    let boundaries: u64 = sweeps.iter().map(|(_, sweep, _)| sweep.boundaries).sum();
    let tried: u64 = sweeps.iter().map(|(_, sweep, _)| sweep.tried()).sum();
    let fallen: usize = sweeps.iter().map(|(_, sweep, _)| sweep.fallen.len()).sum();
    out.line(&format!("\n{boundaries} boundaries swept in {tried} branches, {fallen} did not recover"));
}

fn row(name: &str, sweep: &CrashSweep) -> Vec<String> {
    let of = |blow| sweep.branches.get(&blow).copied().unwrap_or(0).to_string();
    vec![
        name.to_owned(),
        word(judge(sweep)).to_owned(),
        sweep.seed.to_string(),
        sweep.boundaries.to_string(),
        of(Blow::Crash),
        of(Blow::LoseMessage),
        of(Blow::FailWrite),
        sweep.fallen.len().to_string(),
    ]
}

/// Where a branch left the run, and what came of it.
fn tell(fallen: &Fallen) -> String {
    let Fallen { branch, node, evidence, at, .. } = fallen;
    let what = match branch.blow {
        Blow::Crash => "crashes",
        Blow::LoseMessage => "loses a message",
        Blow::FailWrite => "fails to write",
    };
    let place =
        if branch.next.is_empty() { "behind the last effect".to_owned() } else { format!("at `{}`", branch.next) };
    let (event, effect, of) = (branch.event, branch.effect, branch.of);
    format!(
        "{node} {what} {place} ({effect} of {of} effects of event {event} done) at {}:\n  {evidence} at {at}",
        branch.at
    )
}
