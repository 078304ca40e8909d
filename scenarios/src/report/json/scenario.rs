//! A scenario's line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::VERSION;
use crate::run::{Failure, Finding, Sweep};
use crate::schema::Seeds;

/// What one scenario came to.
#[derive(Debug, Serialize)]
pub struct ScenarioResult<'a> {
    v: u32,
    scenario: &'a str,
    verdict: &'static str,
    seeds: SeedsLine,
    events: u64,
    virtual_ns: u128,
    digest: String,
    reasons: Vec<&'a str>,
    failing_seeds: u64,
    failures: Vec<FailureLine<'a>>,
    unequal_seeds: Vec<u64>,
    armed: Vec<&'static str>,
    judged: &'a BTreeMap<&'static str, u64>,
    faults: Vec<FaultLine<'a>>,
    facts: &'a BTreeMap<&'static str, u64>,
    messages: &'a BTreeMap<&'static str, u64>,
    marks: &'a BTreeMap<&'static str, u64>,
}

impl<'a> ScenarioResult<'a> {
    pub(super) fn new(sweep: &'a Sweep, capsules: &'a [PathBuf]) -> Self {
        let failures = sweep.failures.iter().zip(capsules).map(|(failure, capsule)| FailureLine::new(failure, capsule));
        let unequal = sweep.unequal.iter().map(|unequal| unequal.seed).collect();
        let faults = sweep.faults.iter().map(|fault| FaultLine {
            kind: fault.kind.to_string(),
            site: &fault.site,
            planned: fault.planned,
            applied: fault.applied,
            affected: fault.affected,
        });
        ScenarioResult {
            v: VERSION,
            scenario: &sweep.name,
            verdict: sweep.verdict.word(),
            seeds: SeedsLine::new(sweep.seeds),
            events: sweep.events,
            virtual_ns: sweep.nanos,
            digest: sweep.digest.to_string(),
            reasons: sweep.reasons.iter().map(String::as_str).collect(),
            failing_seeds: sweep.failing,
            failures: failures.collect(),
            unequal_seeds: unequal,
            armed: sweep.armed.keys().copied().collect(),
            judged: &sweep.armed,
            faults: faults.collect(),
            facts: &sweep.facts,
            messages: &sweep.messages,
            marks: &sweep.marks,
        }
    }
}

#[derive(Debug, Serialize)]
struct SeedsLine {
    first: u64,
    count: u64,
}

impl SeedsLine {
    fn new(Seeds { first, count }: Seeds) -> Self {
        SeedsLine { first, count }
    }
}

#[derive(Debug, Serialize)]
struct FailureLine<'a> {
    property: &'a str,
    kind: &'static str,
    evidence: &'a str,
    at_ns: u64,
    seed: u64,
    seeds: u64,
    digest: String,
    capsule: String,
}

impl<'a> FailureLine<'a> {
    fn new(failure: &'a Failure, capsule: &Path) -> Self {
        let Finding { kind, property, evidence, at } = &failure.finding;
        FailureLine {
            property,
            kind: kind.word(),
            evidence,
            at_ns: at.as_nanos(),
            seed: failure.run.seed,
            seeds: failure.seeds,
            digest: failure.run.digest.to_string(),
            capsule: capsule.display().to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
struct FaultLine<'a> {
    kind: String,
    site: &'a str,
    planned: u64,
    applied: u64,
    affected: u64,
}
