//! One scenario over many seeds, on every core.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quiesce_machine::Time;
use quiesce_sim::{Digest, FaultCount};
use rayon::prelude::*;

use super::runnable::Prepared;
use super::{Finding, Run, Verdict};
use crate::odds::Odds;
use crate::schema::{Expect, Seeds};

/// How a sweep is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweeping {
    /// The seeds.
    pub seeds: Seeds,
    /// Whether each seed runs twice, to compare the two.
    pub twice: bool,
}

/// What a scenario came to over its seeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The scenario's name.
    pub name: String,
    /// The seeds.
    pub seeds: Seeds,
    /// The judgement on all of them.
    pub verdict: Verdict,
    /// Events handled in all runs.
    pub events: u64,
    /// Virtual time of all runs, in nanoseconds.
    pub nanos: u128,
    /// The fingerprint of the first seed's run.
    pub digest: Digest,
    /// How many seeds failed.
    pub failing: u64,
    /// The properties that failed, in the order in which they first did.
    pub failures: Vec<Failure>,
    /// Why the verdict is not `pass` although nothing failed.
    pub reasons: BTreeSet<String>,
    /// Seeds whose two runs differ.
    pub unequal: Vec<Unequal>,
    /// What each fault did, over all runs.
    pub faults: Vec<FaultCount>,
    /// Facts stated in all runs, by label.
    pub facts: BTreeMap<&'static str, u64>,
    /// Messages sent in all runs, by label.
    pub messages: BTreeMap<&'static str, u64>,
    /// Marks reached in all runs, and how often.
    pub marks: BTreeMap<&'static str, u64>,
    /// Properties that had something to judge, and in how many runs.
    pub armed: BTreeMap<&'static str, u64>,
}

/// One property's failures in a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How many seeds fail so.
    pub seeds: u64,
    /// The first run that does.
    pub run: Arc<Run>,
    /// What was found there.
    pub finding: Finding,
}

/// Two runs of one seed that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unequal {
    /// The seed.
    pub seed: u64,
    /// The digest of the first run.
    pub first: Digest,
    /// The digest of the second.
    pub second: Digest,
}

/// Runs `scenario` over the seeds, in parallel; `ran` is told of every run, from many threads.
///
/// The result does not depend on the number of threads.
pub fn sweep(scenario: &dyn Prepared, how: Sweeping, ran: &(dyn Fn(&Run) + Sync)) -> Sweep {
    let one = |seed| {
        let run = scenario.run(seed);
        ran(&run);
        let second = how.twice.then(|| scenario.run(seed).digest).filter(|&second| second != run.digest);
        Part::of(run, second)
    };
    let parts = how.seeds.range().into_par_iter().map(one);
    let whole = parts.reduce_with(Part::join).expect("a sweep has at least one seed");
    whole.into_sweep(scenario, how.seeds)
}

/// The runs of neighbouring seeds, folded into one.
#[derive(Debug)]
struct Part {
    first: Digest,
    verdicts: BTreeSet<Verdict>,
    events: u64,
    nanos: u128,
    failing: u64,
    failures: Vec<Failure>,
    unequal: Vec<Unequal>,
    /// Why runs were cut short or could not be run.
    stopped: BTreeSet<String>,
    /// What no run tried; `None` as long as no run came to its end.
    untried: Option<BTreeSet<String>>,
    faults: Vec<FaultCount>,
    facts: BTreeMap<&'static str, u64>,
    messages: BTreeMap<&'static str, u64>,
    marks: BTreeMap<&'static str, u64>,
    armed: BTreeMap<&'static str, u64>,
}

impl Part {
    fn of(run: Run, second: Option<Digest>) -> Part {
        let ended = matches!(run.verdict, Verdict::Pass | Verdict::Vacuous);
        let (seed, first) = (run.seed, run.digest);
        let run = Arc::new(run);
        Part {
            first,
            verdicts: BTreeSet::from([run.verdict]),
            events: run.events,
            nanos: u128::from(run.now.as_nanos()),
            failing: u64::from(run.verdict == Verdict::Fail),
            failures: failures(&run),
            unequal: second.map(|second| Unequal { seed, first, second }).into_iter().collect(),
            stopped: if ended { BTreeSet::new() } else { run.reasons.clone() },
            untried: ended.then(|| run.reasons.clone()),
            faults: run.faults.clone(),
            facts: run.facts.clone(),
            messages: run.messages.clone(),
            marks: run.marks.clone(),
            armed: run.armed.iter().map(|&property| (property, 1)).collect(),
        }
    }

    /// This part and the one of the seeds right behind it.
    fn join(mut self, later: Part) -> Part {
        self.verdicts.extend(later.verdicts);
        self.events += later.events;
        self.nanos += later.nanos;
        self.failing += later.failing;
        for failure in later.failures {
            match self.failures.iter_mut().find(|known| known.finding.property == failure.finding.property) {
                Some(known) => known.seeds += failure.seeds,
                None => self.failures.push(failure),
            }
        }
        self.unequal.extend(later.unequal);
        self.stopped.extend(later.stopped);
        self.untried = match (self.untried, later.untried) {
            (Some(one), Some(other)) => Some(one.intersection(&other).cloned().collect()),
            (one, other) => one.or(other),
        };
        self.faults = add_faults(self.faults, later.faults);
        add_counts(&mut self.facts, later.facts);
        add_counts(&mut self.messages, later.messages);
        add_counts(&mut self.marks, later.marks);
        add_counts(&mut self.armed, later.armed);
        self
    }

    fn into_sweep(self, scenario: &dyn Prepared, seeds: Seeds) -> Sweep {
        let untried: BTreeSet<String> = self
            .untried
            .iter()
            .flatten()
            .cloned()
            .chain(idle_at_random(&self.faults))
            .chain(unseen(scenario.expect(), &self.facts))
            .collect();
        let worst = self.verdicts.iter().copied().filter(|&verdict| verdict != Verdict::Vacuous).max();
        let worst = worst.unwrap_or(Verdict::Pass);
        let verdict = if worst == Verdict::Pass && !untried.is_empty() { Verdict::Vacuous } else { worst };
        let reasons = match verdict {
            Verdict::Pass | Verdict::Fail => BTreeSet::new(),
            Verdict::Vacuous => untried,
            Verdict::Incomplete | Verdict::Error => self.stopped,
        };
        Sweep {
            name: scenario.head().name.clone(),
            seeds,
            verdict,
            events: self.events,
            nanos: self.nanos,
            digest: self.first,
            failing: self.failing,
            failures: self.failures,
            reasons,
            unequal: self.unequal,
            faults: self.faults,
            facts: self.facts,
            messages: self.messages,
            marks: self.marks,
            armed: self.armed,
        }
    }
}

impl Sweep {
    /// How often a property failed of the runs in which it had something to judge, for every such property. What the
    /// scenario expects besides is judged in every run.
    #[must_use]
    pub fn odds(&self) -> BTreeMap<&str, Odds> {
        let failed = |property: &str| {
            let failure = self.failures.iter().find(|failure| failure.finding.property == property);
            failure.map_or(0, |failure| failure.seeds)
        };
        let judged = self.armed.iter().map(|(&property, &of)| (property, Odds { failed: failed(property), of }));
        let besides =
            self.failures.iter().filter(|failure| !self.armed.contains_key(failure.finding.property.as_str()));
        let besides = besides
            .map(|failure| (failure.finding.property.as_str(), Odds { failed: failure.seeds, of: self.seeds.count }));
        judged.chain(besides).collect()
    }

    /// Virtual time of all runs, to the last instant that can be named.
    #[must_use]
    pub fn time(&self) -> Time {
        Time(u64::try_from(self.nanos).unwrap_or(u64::MAX))
    }
}

/// A run's failures: the first finding of each property.
fn failures(run: &Arc<Run>) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for finding in &run.findings {
        if !failures.iter().any(|known| known.finding.property == finding.property) {
            failures.push(Failure { seeds: 1, run: Arc::clone(run), finding: finding.clone() });
        }
    }
    failures
}

/// Random faults, and kinds of a swarm's, that struck nothing in any run.
fn idle_at_random(faults: &[FaultCount]) -> impl Iterator<Item = String> {
    let random = faults.iter().filter(|fault| fault.step.is_none() && fault.is_idle());
    random.map(|fault| match fault.planned {
        0 => format!("{} {} was never drawn", fault.kind, fault.site),
        _ => format!("{} {} {}", fault.kind, fault.site, fault.why_idle()),
    })
}

/// The facts that a scenario expects and no run stated.
fn unseen<'e>(expect: &'e Expect, facts: &BTreeMap<&'static str, u64>) -> impl Iterator<Item = String> + use<'e> {
    let unseen: Vec<_> = expect.facts.iter().filter(|label| !facts.contains_key(**label)).collect();
    unseen.into_iter().map(|label| format!("expect.facts: nothing ever stated {label}"))
}

/// Adds up counters of one plan. A run that could not be run has none.
fn add_faults(mut one: Vec<FaultCount>, other: Vec<FaultCount>) -> Vec<FaultCount> {
    if one.is_empty() {
        return other;
    }
    for (sum, more) in one.iter_mut().zip(&other) {
        sum.planned += more.planned;
        sum.applied += more.applied;
        sum.affected += more.affected;
    }
    one
}

fn add_counts(sum: &mut BTreeMap<&'static str, u64>, more: BTreeMap<&'static str, u64>) {
    for (label, count) in more {
        *sum.entry(label).or_default() += count;
    }
}
