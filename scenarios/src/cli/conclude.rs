//! What sweeps came to: judged, told, and written to files. The same whether they ran just now or were merged.

use std::path::PathBuf;

use rayon::prelude::*;

use super::args::{Shared, Telling};
use super::exit::{Exit, Refusal};
use super::reports::{self, About, Swept};
use super::shrink::after_saving;
use super::task::{Detail, Task};
use crate::choices::Choices;
use crate::files::write_whole;
use crate::report::{self, JsonLines, Line, Look, Out};
use crate::run::{Cut, Part, Reach, Sweep, Verdict};
use crate::schema::Seeds;

/// What was to be run of a task, and what was.
pub(super) struct Run<'a> {
    pub(super) task: &'a Task,
    /// The seeds that were to run here.
    pub(super) seeds: Seeds,
    pub(super) part: Part,
}

/// What holds for all of it.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) choices: &'a Choices,
    pub(super) telling: &'a Telling,
    pub(super) shared: &'a Shared,
    /// Why not all was run.
    pub(super) cut: Option<Cut>,
    /// Whether it is a whole suite, so that every mark should have been reached.
    pub(super) suite: bool,
}

/// Judges and tells.
pub(super) fn conclude(runs: Vec<Run<'_>>, setting: Setting<'_>, out: &mut Out) -> Result<Exit, Refusal> {
    let Setting { choices, telling, shared, cut, suite: _ } = setting;
    let mut told = Vec::new();
    for Run { task, seeds, part } in runs {
        let sweep = Sweep::conclude(part, task.scenario.as_ref(), seeds, cut);
        let saved = task.save(&sweep.failures, choices.profile, shared)?;
        let small = if telling.shrink {
            saved.par_iter().map(|(capsule, path)| after_saving(capsule, path)).collect::<Result<_, _>>()?
        } else {
            vec![String::new(); saved.len()]
        };
        let capsules = saved.into_iter().map(|(_, path)| path).collect();
        told.push(Told { task, sweep, capsules, small });
    }
    let sweeps: Vec<(&str, &Sweep)> = told.iter().map(|told| (told.task.plane(), &told.sweep)).collect();
    let reach = Reach::of(&sweeps);
    let missed = telling.require_reach && !reach.iter().all(Reach::is_whole);
    let exits = told.iter().map(|told| judge(&told.sweep)).chain(missed.then_some(Exit::Unproven));
    let exit = exits.chain(cut.map(|_| Exit::Unproven)).max().unwrap_or(Exit::Pass);
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        show(&told, &reach, setting, out);
    }
    if let Some(dir) = &telling.report {
        let all: Vec<Swept<'_>> =
            told.iter().map(|told| Swept { task: told.task, sweep: &told.sweep, capsules: &told.capsules }).collect();
        let interrupted = cut == Some(Cut::Interrupted);
        reports::write(dir, &all, &About { choices, reach: &reach, all: telling.trace, interrupted })?;
    }
    if let Some(path) = &telling.junit {
        write_whole(path, &report::junit(&sweeps))?;
    }
    if let Some(json) = &mut json {
        json.line(out, &Line::begin(choices, told.iter().map(|told| told.task.name()).collect()));
        told.iter().for_each(|told| json.line(out, &Line::scenario(&told.sweep, &told.capsules)));
        let sweeps: Vec<&Sweep> = told.iter().map(|told| &told.sweep).collect();
        json.line(out, &Line::summary(&sweeps, &reach, exit.code()));
    }
    json.map_or(Ok(()), JsonLines::finish)?;
    Ok(exit)
}

/// A task, what it came to, and where its failures are saved.
struct Told<'a> {
    task: &'a Task,
    sweep: Sweep,
    capsules: Vec<PathBuf>,
    /// What shrinking each of them came to, for people.
    small: Vec<String>,
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

/// The table, then what there is to say of single scenarios, then the sum, then the marks.
fn show(told: &[Told<'_>], reach: &[Reach], setting: Setting<'_>, out: &mut Out) {
    let Setting { choices, telling, shared, suite, cut: _ } = setting;
    let sweeps: Vec<&Sweep> = told.iter().map(|told| &told.sweep).collect();
    out.line(&report::sweeps(&sweeps, Look { framed: out.is_terminal(), colour: out.has_colour() }));
    if !shared.quiet {
        let detail = Detail { trace: telling.trace, verbose: shared.verbose > 0 };
        let details =
            told.iter().map(|told| told.task.details(&told.sweep, (&told.capsules, &told.small), choices, detail));
        let details: String = details.collect();
        if !details.is_empty() {
            out.line(&format!("\n{details}"));
        }
        out.line(&sum(&sweeps));
    }
    if telling.require_reach || (suite && !shared.quiet) || shared.verbose > 0 {
        reach.iter().for_each(|reach| out.line(&reach.to_string()));
    }
}

fn sum(sweeps: &[&Sweep]) -> String {
    let passed = sweeps.iter().filter(|sweep| judge(sweep) == Exit::Pass).count();
    let runs: u64 = sweeps.iter().map(|sweep| sweep.runs).fold(0, u64::saturating_add);
    let events: u64 = sweeps.iter().map(|sweep| sweep.events).fold(0, u64::saturating_add);
    let time = report::span(sweeps.iter().map(|sweep| sweep.nanos).fold(0, u128::saturating_add));
    format!("\n{passed} of {} scenarios pass: {runs} runs, {events} events, {time} of virtual time", sweeps.len())
}

#[cfg(test)]
mod tests {
    use quiesce_sim::Digest;

    use super::*;
    use crate::run::Unequal;

    fn swept(verdict: Verdict) -> Sweep {
        Sweep {
            name: "small".to_owned(),
            seeds: Seeds::one(1),
            runs: 1,
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
