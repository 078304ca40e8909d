//! A scenario to be swept, and what there is to say of it afterwards.

use std::path::PathBuf;

use quiesce_sim::Course;

use super::args::Shared;
use super::exit::Refusal;
use super::find::Found;
use crate::capsule::{Capsule, World};
use crate::choices::Choices;
use crate::odds::Odds;
use crate::plane::Profile;
use crate::report;
use crate::run::{Failure, Prepared, Sweep};
use crate::schema::Seeds;

/// How many lines of a failing trace `-v` shows.
const TAIL: usize = 20;

/// A scenario to be swept.
pub(super) struct Task {
    pub(super) found: Found,
    pub(super) scenario: Box<dyn Prepared>,
    /// All its seeds, those of other shards among them.
    pub(super) seeds: Seeds,
}

impl Task {
    pub(super) fn new(found: Found, choices: &Choices, seeds: Option<Seeds>) -> Result<Task, Refusal> {
        let scenario = found.scenario.under(choices)?;
        let seeds = seeds.unwrap_or(scenario.head().seeds);
        Ok(Task { found, scenario, seeds })
    }

    pub(super) fn name(&self) -> &str {
        &self.scenario.head().name
    }

    pub(super) fn plane(&self) -> &str {
        &self.scenario.head().plane
    }

    /// Saves a capsule for each failure.
    pub(super) fn save(
        &self,
        failures: &[Failure],
        profile: Profile,
        shared: &Shared,
    ) -> Result<Vec<(Capsule, PathBuf)>, Refusal> {
        let save = |failure: &Failure| {
            let (world, course) = (World::of(&self.found.source), Course::seed(failure.seed));
            let (seed, property) = (failure.seed, &failure.finding.property);
            let capsule = Capsule::of(world, self.scenario.as_ref(), profile, &course, property);
            let capsule = capsule.ok_or_else(|| Refusal::Fickle { seed, property: property.clone() })?;
            let path = capsule.save(&shared.capsules, self.name())?;
            Ok((capsule, path))
        };
        failures.iter().map(save).collect()
    }

    /// What there is to say of this scenario beside its line in the table.
    /// `small` says of each failure what shrinking it came to.
    pub(super) fn details(
        &self,
        sweep: &Sweep,
        saved: (&[PathBuf], &[String]),
        choices: &Choices,
        detail: Detail,
    ) -> String {
        let (capsules, small) = saved;
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
        if detail.verbose {
            text.push_str(&clean(sweep));
            text.push_str(&faults(sweep));
        }
        if detail.trace || (detail.verbose && !sweep.failures.is_empty()) {
            text.push_str(&self.trace(sweep, detail.trace));
        }
        if text.is_empty() { text } else { format!("{} {}\n{text}", sweep.verdict, self.name()) }
    }

    /// The trace of the first failing seed, or of the first; all of it or its end.
    fn trace(&self, sweep: &Sweep, whole: bool) -> String {
        let seed = sweep.failures.first().map_or(sweep.seeds.first, |failure| failure.seed);
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

/// How much there is to say.
#[derive(Clone, Copy)]
pub(super) struct Detail {
    /// Everything that happened in a run.
    pub(super) trace: bool,
    /// What faults did, and the end of failing runs.
    pub(super) verbose: bool,
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
