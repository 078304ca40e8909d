//! Some runs of a scenario, folded into one. Parts join in any order to the same whole.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quiesce_sim::{Digest, FaultCount};

use super::seed_set::SeedSet;
use super::{Failure, Run, Unequal, Verdict};

/// A word of a plane: its own, or one read from a file.
pub type Label = Cow<'static, str>;

/// The most seeds that are remembered as failing; the least of them.
pub const FAILED_MOST: usize = 100;

/// What some seeds of a scenario came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The seeds.
    pub done: SeedSet,
    /// The least of them, and the fingerprint of its run.
    pub first: Option<(u64, Digest)>,
    /// The verdicts that there were.
    pub verdicts: BTreeSet<Verdict>,
    /// Events handled.
    pub events: u64,
    /// Virtual time, in nanoseconds.
    pub nanos: u128,
    /// How many seeds failed.
    pub failing: u64,
    /// Which, the least [`FAILED_MOST`].
    pub failed: BTreeSet<u64>,
    /// Each property that failed, by the first seed in which it did.
    pub failures: Vec<Failure>,
    /// Seeds whose two runs differ, in order.
    pub unequal: Vec<Unequal>,
    /// Why runs were cut short or could not be run.
    pub stopped: BTreeSet<String>,
    /// What no run tried; `None` as long as no run came to its end.
    pub untried: Option<BTreeSet<String>>,
    /// What each fault did; empty as long as no run could be run.
    pub faults: Vec<FaultCount>,
    /// Facts stated, by label.
    pub facts: BTreeMap<Label, u64>,
    /// Messages sent, by label.
    pub messages: BTreeMap<Label, u64>,
    /// Marks reached.
    pub marks: BTreeMap<Label, u64>,
    /// Properties that had something to judge, and in how many runs.
    pub armed: BTreeMap<Label, u64>,
}

impl Part {
    /// One run; `second` is the digest of a second run that differs.
    #[must_use]
    pub fn of(run: Run, second: Option<Digest>) -> Part {
        let ended = matches!(run.verdict, Verdict::Pass | Verdict::Vacuous);
        let (seed, first, failed) = (run.seed, run.digest, run.verdict == Verdict::Fail);
        let mut done = SeedSet::default();
        done.add(seed..seed.saturating_add(1));
        let run = Arc::new(run);
        Part {
            done,
            first: Some((seed, first)),
            verdicts: BTreeSet::from([run.verdict]),
            events: run.events,
            nanos: u128::from(run.now.as_nanos()),
            failing: u64::from(failed),
            failed: failed.then_some(seed).into_iter().collect(),
            failures: failures(&run),
            unequal: second.map(|second| Unequal { seed, first, second }).into_iter().collect(),
            stopped: if ended { BTreeSet::new() } else { run.reasons.clone() },
            untried: ended.then(|| run.reasons.clone()),
            faults: run.faults.clone(),
            facts: labelled(&run.facts),
            messages: labelled(&run.messages),
            marks: labelled(&run.marks),
            armed: run.armed.iter().map(|&name| (Cow::Borrowed(name), 1)).collect(),
        }
    }

    /// This part and another, of other seeds. Counts that would overflow stay at the most there is.
    #[must_use]
    pub fn join(mut self, other: Part) -> Part {
        other.done.ranges().iter().for_each(|range| self.done.add(range.clone()));
        self.first = self.first.into_iter().chain(other.first).min();
        self.verdicts.extend(other.verdicts);
        self.events = self.events.saturating_add(other.events);
        self.nanos = self.nanos.saturating_add(other.nanos);
        self.failing = self.failing.saturating_add(other.failing);
        self.failed.extend(other.failed);
        while self.failed.len() > FAILED_MOST {
            self.failed.pop_last();
        }
        self.join_failures(other.failures);
        self.unequal.extend(other.unequal);
        self.unequal.sort_by_key(|unequal| unequal.seed);
        self.stopped.extend(other.stopped);
        self.untried = match (self.untried, other.untried) {
            (Some(one), Some(other)) => Some(one.intersection(&other).cloned().collect()),
            (one, other) => one.or(other),
        };
        self.faults = add_faults(self.faults, other.faults);
        add_counts(&mut self.facts, other.facts);
        add_counts(&mut self.messages, other.messages);
        add_counts(&mut self.marks, other.marks);
        add_counts(&mut self.armed, other.armed);
        self
    }

    fn join_failures(&mut self, others: Vec<Failure>) {
        for failure in others {
            match self.failures.iter_mut().find(|known| known.finding.property == failure.finding.property) {
                Some(known) => {
                    let seeds = known.seeds.saturating_add(failure.seeds);
                    if failure.place() < known.place() {
                        *known = failure;
                    }
                    known.seeds = seeds;
                }
                None => self.failures.push(failure),
            }
        }
        self.failures.sort_by(|one, other| one.place().cmp(&other.place()));
    }
}

/// A run's failures: the first finding of each property.
fn failures(run: &Arc<Run>) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for (nth, finding) in run.findings.iter().enumerate() {
        if !failures.iter().any(|known| known.finding.property == finding.property) {
            let (seed, digest, finding) = (run.seed, run.digest, finding.clone());
            failures.push(Failure { seeds: 1, seed, nth: nth as u64, digest, finding });
        }
    }
    failures
}

fn labelled(counts: &BTreeMap<&'static str, u64>) -> BTreeMap<Label, u64> {
    counts.iter().map(|(&label, &count)| (Cow::Borrowed(label), count)).collect()
}

/// Adds up counters of one plan. A run that could not be run has none.
fn add_faults(mut one: Vec<FaultCount>, other: Vec<FaultCount>) -> Vec<FaultCount> {
    if one.is_empty() {
        return other;
    }
    for (sum, more) in one.iter_mut().zip(&other) {
        sum.planned = sum.planned.saturating_add(more.planned);
        sum.applied = sum.applied.saturating_add(more.applied);
        sum.affected = sum.affected.saturating_add(more.affected);
    }
    one
}

fn add_counts(sum: &mut BTreeMap<Label, u64>, more: BTreeMap<Label, u64>) {
    for (label, count) in more {
        let known = sum.entry(label).or_default();
        *known = known.saturating_add(count);
    }
}
