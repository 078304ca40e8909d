//! `quiesce run --crash-sweep`: every way in which one run can be struck at an effect.

use quiesce_sim::{Blow, Verdict};
use tracing::info;

use super::args::{Run, Shared};
use super::exit::{Exit, Refusal};
use super::find::find;
use super::policies::checked;
use crate::report::{BranchProgress, JsonLines, Line, Look, Out, words};
use crate::run::{CrashSweep, Fallen, Prepared};
use crate::schema::Seeds;

pub(super) fn crash(args: &Run, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let choices = checked(shared.choices())?;
    let scenarios = find(&args.scenarios)?.into_iter().map(|found| found.scenario.under(&choices));
    let scenarios: Vec<Box<dyn Prepared>> = scenarios.collect::<Result<_, _>>()?;
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if let Some(json) = &mut json {
        json.line(out, &Line::begin(&choices, scenarios.iter().map(|task| task.head().name.as_str()).collect()));
    }
    let mut sweeps = Vec::new();
    for scenario in &scenarios {
        let name = scenario.head().name.as_str();
        let first = Seeds::one(scenario.head().seeds.first);
        for seed in shared.seeds().unwrap_or(first).range() {
            let sweep = one(scenario.as_ref(), seed, args, shared);
            info!(scenario = name, seed, failed = sweep.fallen.len(), "crash-swept");
            if let Some(json) = &mut json {
                json.line(out, &Line::crashes(name, &sweep));
            }
            sweeps.push((name, sweep));
        }
    }
    let exit = sweeps.iter().map(|(_, sweep)| judge(sweep)).max().unwrap_or(Exit::Pass);
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

fn show(sweeps: &[(&str, CrashSweep)], shared: &Shared, out: &mut Out) {
    let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
    let titles =
        ["scenario", "verdict", "seed", "boundaries", "crashes", "messages lost", "writes failed", "not recovered"];
    out.line(&words(&titles, sweeps.iter().map(|(name, sweep)| row(name, sweep)).collect(), look));
    if shared.quiet {
        return;
    }
    for (name, sweep) in sweeps {
        if sweep.tried() == 0 {
            out.line(&format!(
                "\n{name}: the run of seed {} is {}, so nothing was swept",
                sweep.seed,
                sweep.verdict.word()
            ));
        }
        for (property, (count, first)) in sweep.by_property() {
            let property = property.unwrap_or("cut short");
            out.line(&format!("\n{name} {property}: {count} of {} branches, first\n  {}", sweep.tried(), tell(first)));
        }
    }
    let boundaries: u64 = sweeps.iter().map(|(_, sweep)| sweep.boundaries).sum();
    let tried: u64 = sweeps.iter().map(|(_, sweep)| sweep.tried()).sum();
    let fallen: usize = sweeps.iter().map(|(_, sweep)| sweep.fallen.len()).sum();
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
