//! `quiesce run`: scenarios over seeds.

use std::path::PathBuf;

use quiesce_sim::Course;
use rayon::prelude::*;
use tracing::info;

use super::args::{Run, Shared};
use super::exit::{Exit, Refusal};
use super::find::{Found, find};
use super::policies::checked;
use super::shrink::after_saving;
use crate::capsule::{Capsule, World};
use crate::choices::Choices;
use crate::odds::Odds;
use crate::plane::Profile;
use crate::report::{self, JsonLines, Line, Look, Out, Progress};
use crate::run::{Failure, Prepared, Reach, Sweep, Sweeping, Verdict, sweep};

/// How many lines of a failing trace `-v` shows.
const TAIL: usize = 20;

pub(super) fn run(args: &Run, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let choices = checked(shared.choices())?;
    let tasks = find(&args.scenarios)?.into_iter().map(|found| Task::new(found, &choices, shared));
    let tasks: Vec<Task> = tasks.collect::<Result<_, _>>()?;
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if let Some(json) = &mut json {
        json.line(out, &Line::begin(&choices, tasks.iter().map(Task::name).collect()));
    }
    let progress = Progress::new(tasks.iter().map(|task| task.how.seeds.count).sum(), shared.quiet);
    let mut sweeps = Vec::new();
    let mut details = String::new();
    for task in &tasks {
        progress.scenario(task.name());
        let sweep = sweep(task.scenario.as_ref(), task.how, &|run| progress.ran(run));
        info!(scenario = task.name(), verdict = %sweep.verdict, events = sweep.events, "swept");
        let saved = task.save(&sweep.failures, choices.profile, shared)?;
        let small: Vec<String> = if args.shrink {
            let small = saved.par_iter().map(|(capsule, path)| after_saving(capsule, path));
            small.collect::<Result<_, _>>()?
        } else {
            vec![String::new(); saved.len()]
        };
        let capsules: Vec<PathBuf> = saved.into_iter().map(|(_, path)| path).collect();
        if let Some(json) = &mut json {
            json.line(out, &Line::scenario(&sweep, &capsules));
        }
        details.push_str(&task.details(&sweep, &capsules, &small, &choices, args, shared));
        sweeps.push(sweep);
    }
    progress.finish();
    let about: Vec<(&str, &Sweep)> =
        tasks.iter().map(|task| task.scenario.head().plane.as_str()).zip(&sweeps).collect();
    let reach = Reach::of(&about);
    let missed = args.require_reach && !reach.iter().all(Reach::is_whole);
    let exit = sweeps.iter().map(judge).chain(missed.then_some(Exit::Unproven)).max().unwrap_or(Exit::Pass);
    if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        show(&sweeps, &details, shared, out);
        if args.require_reach || (args.scenarios.is_empty() && !shared.quiet) || shared.verbose > 0 {
            reach.iter().for_each(|reach| out.line(&reach.to_string()));
        }
    }
    if let Some(mut json) = json {
        json.line(out, &Line::summary(&sweeps, &reach, exit.code()));
        json.finish()?;
    }
    Ok(exit)
}

/// What a scenario's verdict means for the exit code.
fn judge(sweep: &Sweep) -> Exit {
    match sweep.verdict {
        _ if !sweep.unequal.is_empty() => Exit::Unequal,
        Verdict::Pass => Exit::Pass,
        Verdict::Vacuous | Verdict::Incomplete => Exit::Unproven,
        Verdict::Error => Exit::Usage,
        Verdict::Fail => Exit::Fail,
    }
}

/// The table, then what there is to say of single scenarios, then the sum.
fn show(sweeps: &[Sweep], details: &str, shared: &Shared, out: &mut Out) {
    out.line(&report::sweeps(sweeps, Look { framed: out.is_terminal(), colour: out.has_colour() }));
    if shared.quiet {
        return;
    }
    if !details.is_empty() {
        out.line(&format!("\n{details}"));
    }
    let passed = sweeps.iter().filter(|sweep| judge(sweep) == Exit::Pass).count();
    let runs: u64 = sweeps.iter().map(|sweep| sweep.seeds.count).sum();
    let events: u64 = sweeps.iter().map(|sweep| sweep.events).sum();
    let time = report::span(sweeps.iter().map(|sweep| sweep.nanos).sum());
    out.line(&format!(
        "\n{passed} of {} scenarios pass: {runs} runs, {events} events, {time} of virtual time",
        sweeps.len()
    ));
}

/// A scenario to be swept.
struct Task {
    found: Found,
    scenario: Box<dyn Prepared>,
    how: Sweeping,
}

impl Task {
    fn new(found: Found, choices: &Choices, shared: &Shared) -> Result<Task, Refusal> {
        let scenario = found.scenario.under(choices)?;
        let seeds = shared.seeds().unwrap_or(scenario.head().seeds);
        Ok(Task { found, scenario, how: Sweeping { seeds, twice: shared.verify_determinism } })
    }

    fn name(&self) -> &str {
        &self.scenario.head().name
    }

    /// Saves a capsule for each failure.
    fn save(
        &self,
        failures: &[Failure],
        profile: Profile,
        shared: &Shared,
    ) -> Result<Vec<(Capsule, PathBuf)>, Refusal> {
        let save = |failure: &Failure| {
            let (world, course) = (World::of(&self.found.source), Course::seed(failure.run.seed));
            let property = &failure.finding.property;
            let capsule = Capsule::of(world, self.scenario.as_ref(), profile, &course, property);
            let capsule =
                capsule.ok_or_else(|| Refusal::Fickle { seed: failure.run.seed, property: property.clone() })?;
            let path = capsule.save(&shared.capsules, self.name())?;
            Ok((capsule, path))
        };
        failures.iter().map(save).collect()
    }

    /// What there is to say of this scenario beside its line in the table.
    fn details(
        &self,
        sweep: &Sweep,
        capsules: &[PathBuf],
        small: &[String],
        choices: &Choices,
        args: &Run,
        shared: &Shared,
    ) -> String {
        let mut text = String::new();
        for unequal in &sweep.unequal {
            let (seed, first, second) = (unequal.seed, unequal.first, unequal.second);
            text.push_str(&format!("  seed {seed} is not deterministic: digest {first}, then {second}\n"));
        }
        for reason in &sweep.reasons {
            text.push_str(&format!("  {reason}\n"));
        }
        for ((failure, capsule), small) in sweep.failures.iter().zip(capsules).zip(small) {
            text.push_str(&report::describe(failure, &self.found.asked, choices, capsule));
            if let Some(odds) = sweep.odds().get(failure.finding.property.as_str()) {
                text.push_str(&format!("    rate    {odds}, 95 % sure\n"));
            }
            text.push_str(small);
        }
        if shared.verbose > 0 {
            text.push_str(&clean(sweep));
            text.push_str(&faults(sweep));
        }
        if args.trace || (shared.verbose > 0 && !sweep.failures.is_empty()) {
            text.push_str(&self.trace(sweep, args.trace));
        }
        if text.is_empty() { text } else { format!("{} {}\n{text}", sweep.verdict, self.name()) }
    }

    /// The trace of the first failing seed, or of the first; all of it or its end.
    fn trace(&self, sweep: &Sweep, whole: bool) -> String {
        let seed = sweep.failures.first().map_or(sweep.seeds.first, |failure| failure.run.seed);
        let trace = self.scenario.record(seed).1.to_string();
        let lines: Vec<&str> = trace.lines().collect();
        let from = if whole { 0 } else { lines.len().saturating_sub(TAIL) };
        let left_out =
            if from > 0 { format!(" (without the first {from} lines; --trace shows all)") } else { String::new() };
        let mut text = format!("  trace of seed {seed}{left_out}:\n");
        for line in &lines[from..] {
            text.push_str(&format!("    {line}\n"));
        }
        text
    }
}

/// What the seeds without a failure say of each property, where it had something to judge.
fn clean(sweep: &Sweep) -> String {
    let clean = |(property, odds): (&str, Odds)| match odds.failed {
        0 => format!("  {property}: {} clean seeds bound its rate below {}, 95 % sure\n", odds.of, odds.bounded()),
        _ => String::new(),
    };
    sweep.odds().into_iter().map(clean).collect()
}

/// What each fault did.
fn faults(sweep: &Sweep) -> String {
    let line = |fault: &quiesce_sim::FaultCount| {
        let (kind, site) = (fault.kind, &fault.site);
        let (planned, applied, affected) = (fault.planned, fault.applied, fault.affected);
        format!("  {kind:<16}  {site}: planned {planned}, applied {applied}, messages affected {affected}\n")
    };
    sweep.faults.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use quiesce_sim::Digest;

    use super::*;
    use crate::run::Unequal;
    use crate::schema::Seeds;

    fn swept(verdict: Verdict) -> Sweep {
        Sweep {
            name: "small".to_owned(),
            seeds: Seeds::one(1),
            verdict,
            events: 0,
            nanos: 0,
            digest: Digest(1),
            failing: 0,
            failures: Vec::new(),
            reasons: Default::default(),
            unequal: Vec::new(),
            faults: Vec::new(),
            facts: Default::default(),
            messages: Default::default(),
            marks: Default::default(),
            armed: Default::default(),
        }
    }

    #[test]
    fn each_verdict_has_its_exit_code_and_unequal_runs_outweigh_it() {
        let all = [Verdict::Pass, Verdict::Fail, Verdict::Error, Verdict::Vacuous, Verdict::Incomplete];
        assert_eq!(all.map(|verdict| judge(&swept(verdict)).code()), [0, 1, 2, 3, 3]);
        for verdict in all {
            let unequal = vec![Unequal { seed: 1, first: Digest(1), second: Digest(2) }];
            assert_eq!(judge(&Sweep { unequal, ..swept(verdict) }).code(), 4);
        }
    }

    #[test]
    fn the_worst_of_several_decides() {
        let worst = |verdicts: &[Verdict]| verdicts.iter().map(|&verdict| judge(&swept(verdict))).max();
        assert_eq!(worst(&[Verdict::Pass, Verdict::Vacuous]), Some(Exit::Unproven));
        assert_eq!(worst(&[Verdict::Fail, Verdict::Vacuous, Verdict::Error]), Some(Exit::Fail));
    }
}
