//! What some runs of a scenario came to, as a file holds it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::Time;
use quiesce_sim::{Digest, FaultCount, FaultKind};
use serde::{Deserialize, Serialize};

use crate::run::{FAILED_MOST, Failure, Finding, FindingKind, Part, SeedSet, Unequal, Verdict};
use crate::schema::Seeds;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptPart {
    /// First and last seed of each range.
    done: Vec<(u64, u64)>,
    digest: Option<String>,
    verdicts: BTreeSet<String>,
    events: u64,
    virtual_ns: u128,
    failing: u64,
    failed: BTreeSet<u64>,
    failures: Vec<KeptFailure>,
    unequal: Vec<(u64, String, String)>,
    stopped: BTreeSet<String>,
    untried: Option<BTreeSet<String>>,
    faults: Vec<KeptFault>,
    facts: BTreeMap<String, u64>,
    messages: BTreeMap<String, u64>,
    marks: BTreeMap<String, u64>,
    armed: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptFailure {
    seeds: u64,
    seed: u64,
    nth: u64,
    digest: String,
    kind: String,
    property: String,
    evidence: String,
    at_ns: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptFault {
    step: Option<usize>,
    kind: String,
    site: String,
    planned: u64,
    applied: u64,
    affected: u64,
}

impl KeptPart {
    pub(super) fn of(part: &Part) -> KeptPart {
        let plain = |counts: &BTreeMap<Cow<'static, str>, u64>| {
            counts.iter().map(|(label, count)| (label.to_string(), *count)).collect()
        };
        let unequal = |unequal: &Unequal| (unequal.seed, unequal.first.to_string(), unequal.second.to_string());
        KeptPart {
            done: part.done.ranges().iter().map(|range| (range.start, range.end - 1)).collect(),
            digest: part.first.map(|(_, digest)| digest.to_string()),
            verdicts: part.verdicts.iter().map(ToString::to_string).collect(),
            events: part.events,
            virtual_ns: part.nanos,
            failing: part.failing,
            failed: part.failed.clone(),
            failures: part.failures.iter().map(KeptFailure::of).collect(),
            unequal: part.unequal.iter().map(unequal).collect(),
            stopped: part.stopped.clone(),
            untried: part.untried.clone(),
            faults: part.faults.iter().map(KeptFault::of).collect(),
            facts: plain(&part.facts),
            messages: plain(&part.messages),
            marks: plain(&part.marks),
            armed: plain(&part.armed),
        }
    }

    /// The part of a sweep over `seeds`, or what in it cannot be.
    pub(super) fn into_part(self, seeds: Seeds) -> Result<Part, String> {
        let done = done(&self.done, seeds)?;
        let least = done.ranges().first().map(|range| range.start);
        let digest = self.digest.as_deref().map(digest).transpose()?;
        if least.is_some() != digest.is_some() {
            return Err("a digest goes with a first seed".to_owned());
        }
        if self.failing > done.count() || self.failed.len() > FAILED_MOST {
            return Err(format!("{} of {} seeds cannot fail", self.failing, done.count()));
        }
        let failures: Vec<Failure> =
            self.failures.into_iter().map(KeptFailure::into_failure).collect::<Result<_, _>>()?;
        let unequal: Vec<Unequal> = self.unequal.iter().map(unequal).collect::<Result<_, _>>()?;
        let named = failures.iter().map(|failure| failure.seed).chain(unequal.iter().map(|unequal| unequal.seed));
        if let Some(seed) = named.chain(self.failed.iter().copied()).find(|&seed| !done.contains(seed)) {
            return Err(format!("seed {seed} was never run"));
        }
        let verdicts: BTreeSet<Verdict> = self.verdicts.iter().map(|word| verdict(word)).collect::<Result<_, _>>()?;
        if verdicts.is_empty() != done.ranges().is_empty() || verdicts.contains(&Verdict::Fail) != (self.failing > 0) {
            return Err("the verdicts do not go with the runs".to_owned());
        }
        if failures.is_empty() != (self.failing == 0) || failures.iter().any(|failure| failure.seeds > self.failing) {
            return Err("the failures do not go with the failing seeds".to_owned());
        }
        let fewer = |failure: &Failure| self.armed.get(&failure.finding.property).is_some_and(|&of| of < failure.seeds);
        if failures.iter().any(fewer) || self.armed.values().any(|&of| of == 0 || of > done.count()) {
            return Err("the runs that a property judged do not go with the runs".to_owned());
        }
        let owned =
            |counts: BTreeMap<String, u64>| counts.into_iter().map(|(label, n)| (Cow::Owned(label), n)).collect();
        Ok(Part {
            first: least.zip(digest),
            done,
            verdicts,
            events: self.events,
            nanos: self.virtual_ns,
            failing: self.failing,
            failed: self.failed,
            failures,
            unequal,
            stopped: self.stopped,
            untried: self.untried,
            faults: self.faults.into_iter().map(KeptFault::into_count).collect::<Result<_, _>>()?,
            facts: owned(self.facts),
            messages: owned(self.messages),
            marks: owned(self.marks),
            armed: owned(self.armed),
        })
    }
}

fn done(ranges: &[(u64, u64)], seeds: Seeds) -> Result<SeedSet, String> {
    let range = |&(first, last): &(u64, u64)| last.checked_add(1).map(|end| first..end);
    let set = ranges.iter().map(range).collect::<Option<Vec<_>>>().and_then(SeedSet::of);
    let set = set.ok_or("the ranges of seeds are not in order and apart")?;
    if set.is_within(seeds) { Ok(set) } else { Err("seeds were run that were not to run".to_owned()) }
}

fn digest(text: &str) -> Result<Digest, String> {
    u128::from_str_radix(text, 16).map(Digest).map_err(|_| "a digest is not 32 hex digits".to_owned())
}

fn verdict(word: &str) -> Result<Verdict, String> {
    let all = [Verdict::Pass, Verdict::Vacuous, Verdict::Incomplete, Verdict::Error, Verdict::Fail];
    all.into_iter().find(|verdict| verdict.word() == word).ok_or_else(|| "there is no such verdict".to_owned())
}

fn unequal((seed, first, second): &(u64, String, String)) -> Result<Unequal, String> {
    Ok(Unequal { seed: *seed, first: digest(first)?, second: digest(second)? })
}

impl KeptFailure {
    fn of(failure: &Failure) -> KeptFailure {
        let Finding { kind, property, evidence, at } = &failure.finding;
        KeptFailure {
            seeds: failure.seeds,
            seed: failure.seed,
            nth: failure.nth,
            digest: failure.digest.to_string(),
            kind: kind.word().to_owned(),
            property: property.clone(),
            evidence: evidence.clone(),
            at_ns: at.as_nanos(),
        }
    }

    fn into_failure(self) -> Result<Failure, String> {
        let all = [FindingKind::Safety, FindingKind::Owed, FindingKind::Panic, FindingKind::Expectation];
        let kind = all.into_iter().find(|kind| kind.word() == self.kind).ok_or("there is no such sort of failure")?;
        let finding = Finding { kind, property: self.property, evidence: self.evidence, at: Time(self.at_ns) };
        Ok(Failure { seeds: self.seeds, seed: self.seed, nth: self.nth, digest: digest(&self.digest)?, finding })
    }
}

impl KeptFault {
    fn of(count: &FaultCount) -> KeptFault {
        let FaultCount { step, kind, site, planned, applied, affected } = count.clone();
        KeptFault { step, kind: kind.to_string(), site, planned, applied, affected }
    }

    fn into_count(self) -> Result<FaultCount, String> {
        let KeptFault { step, kind, site, planned, applied, affected } = self;
        let kind = FaultKind::named(&kind).ok_or("there is no such fault")?;
        Ok(FaultCount { step, kind, site, planned, applied, affected })
    }
}
