//! What a scenario came to over its seeds.

use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::Time;
use quiesce_sim::{Digest, FaultCount};

use super::part::{Label, Part};
use super::relay::{Cut, Leg, relay};
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
    /// The seeds that were to run.
    pub seeds: Seeds,
    /// How many of them ran.
    pub runs: u64,
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
    pub facts: BTreeMap<Label, u64>,
    /// Messages sent in all runs, by label.
    pub messages: BTreeMap<Label, u64>,
    /// Marks reached in all runs, and how often.
    pub marks: BTreeMap<Label, u64>,
    /// Properties that had something to judge, and in how many runs.
    pub armed: BTreeMap<Label, u64>,
}

/// One property's failures in a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How many seeds fail so.
    pub seeds: u64,
    /// The first seed that does.
    pub seed: u64,
    /// How many findings there were before it in that seed's run.
    pub nth: u64,
    /// The fingerprint of that run.
    pub digest: Digest,
    /// What was found there.
    pub finding: Finding,
}

impl Failure {
    /// Where it stands among the failures of a sweep.
    pub(super) fn place(&self) -> (u64, u64, &str) {
        (self.seed, self.nth, &self.finding.property)
    }
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
    let mut legs = [Leg::new(scenario, how.seeds)];
    relay(&mut legs, how.twice, &|| None, &|_, run| ran(run), &mut |_| Ok::<(), std::convert::Infallible>(()))
        .unwrap_or_else(|never| match never {});
    let [leg] = legs;
    Sweep::conclude(leg.part, scenario, how.seeds, None)
}

impl Sweep {
    /// What a scenario came to whose seeds were to be `seeds` and of which `part` ran; `cut` says why that is not all.
    #[must_use]
    pub fn conclude(part: Part, scenario: &dyn Prepared, seeds: Seeds, cut: Option<Cut>) -> Sweep {
        let runs = part.done.count();
        let lack = (runs < seeds.count).then(|| {
            let cut = cut.unwrap_or(Cut::Missing);
            format!("{cut} {runs} of {} seeds", seeds.count)
        });
        let (verdict, reasons) = judge(&part, scenario.expect(), lack);
        Sweep {
            name: scenario.head().name.clone(),
            seeds,
            runs,
            verdict,
            events: part.events,
            nanos: part.nanos,
            digest: part.first.map_or(Digest::default(), |(_, digest)| digest),
            failing: part.failing,
            failures: part.failures,
            reasons,
            unequal: part.unequal,
            faults: part.faults,
            facts: part.facts,
            messages: part.messages,
            marks: part.marks,
            armed: part.armed,
        }
    }

    /// How often a property failed of the runs in which it had something to judge, for every such property. What the
    /// scenario expects besides is judged in every run.
    #[must_use]
    pub fn odds(&self) -> BTreeMap<&str, Odds> {
        let failed = |property: &str| {
            let failure = self.failures.iter().find(|failure| failure.finding.property == property);
            failure.map_or(0, |failure| failure.seeds)
        };
        let judged =
            self.armed.iter().map(|(property, &of)| (property.as_ref(), Odds { failed: failed(property), of }));
        let besides =
            self.failures.iter().filter(|failure| !self.armed.contains_key(failure.finding.property.as_str()));
        let besides =
            besides.map(|failure| (failure.finding.property.as_str(), Odds { failed: failure.seeds, of: self.runs }));
        judged.chain(besides).collect()
    }

    /// Virtual time of all runs, to the last instant that can be named.
    #[must_use]
    pub fn time(&self) -> Time {
        Time(u64::try_from(self.nanos).unwrap_or(u64::MAX))
    }
}

/// The verdict, and why it is not `pass` although nothing failed. What no run tried counts only where all were run.
fn judge(part: &Part, expect: &Expect, lack: Option<String>) -> (Verdict, BTreeSet<String>) {
    let untried = part.untried.iter().flatten().cloned();
    let untried: BTreeSet<String> =
        untried.chain(idle_at_random(&part.faults)).chain(unseen(expect, &part.facts)).collect();
    let worst = part.verdicts.iter().copied().filter(|&verdict| verdict != Verdict::Vacuous).max();
    let worst = worst.unwrap_or(Verdict::Pass);
    let verdict = match (worst, &lack) {
        (Verdict::Pass, Some(_)) => Verdict::Incomplete,
        (Verdict::Pass, None) if !untried.is_empty() => Verdict::Vacuous,
        (worst, _) => worst,
    };
    let reasons = match verdict {
        Verdict::Pass | Verdict::Fail => BTreeSet::new(),
        Verdict::Vacuous => untried,
        Verdict::Incomplete | Verdict::Error => part.stopped.clone(),
    };
    (verdict, reasons.into_iter().chain(lack).collect())
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
fn unseen<'e>(expect: &'e Expect, facts: &BTreeMap<Label, u64>) -> impl Iterator<Item = String> + use<'e> {
    let unseen: Vec<_> = expect.facts.iter().filter(|label| !facts.contains_key(**label)).collect();
    unseen.into_iter().map(|label| format!("expect.facts: nothing ever stated {label}"))
}
