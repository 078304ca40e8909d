//! Results as JSON Lines: first `run`, then one `result` per scenario, last `summary`; each with `"v":1`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::out::Out;
use crate::choices::Choices;
use crate::files::{WriteError, write_whole};
use crate::run::{Failure, Finding, Sweep};
use crate::schema::Seeds;

const VERSION: u32 = 1;

/// Where JSON Lines go.
#[derive(Debug)]
pub enum JsonLines {
    /// To standard output, line by line.
    Stream,
    /// To a file, which appears when all is written.
    File(PathBuf, String),
}

impl JsonLines {
    /// `-` is standard output, all else a path.
    #[must_use]
    pub fn new(target: &str) -> Self {
        if target == "-" { JsonLines::Stream } else { JsonLines::File(PathBuf::from(target), String::new()) }
    }

    /// Whether standard output is taken.
    #[must_use]
    pub fn takes_stdout(&self) -> bool {
        matches!(self, JsonLines::Stream)
    }

    /// Writes one line.
    pub fn line(&mut self, out: &mut Out, line: &Line<'_>) {
        let line = serde_json::to_string(line).expect("a line has nothing that JSON cannot say");
        match self {
            JsonLines::Stream => out.line(&line),
            JsonLines::File(_, text) => {
                text.push_str(&line);
                text.push('\n');
            }
        }
    }

    /// Writes the file, if it is one.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn finish(self) -> Result<(), WriteError> {
        match self {
            JsonLines::Stream => Ok(()),
            JsonLines::File(path, text) => write_whole(&path, &text),
        }
    }
}

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Line<'a> {
    /// What is about to be done.
    Run(Begin<'a>),
    /// What one scenario came to.
    Result(Box<ScenarioResult<'a>>),
    /// What all of them came to.
    Summary(Summary),
}

/// What is about to be done.
#[derive(Debug, Serialize)]
pub struct Begin<'a> {
    v: u32,
    quiesce: &'static str,
    profile: &'static str,
    policies: BTreeMap<&'a str, &'a str>,
    scenarios: Vec<&'a str>,
}

impl<'a> Line<'a> {
    /// The first line.
    #[must_use]
    pub fn begin(choices: &'a Choices, scenarios: Vec<&'a str>) -> Self {
        let policies = choices.policies.iter().map(|(name, choice)| (name.as_str(), choice.as_str())).collect();
        let (quiesce, profile) = (env!("CARGO_PKG_VERSION"), choices.profile.word());
        Line::Run(Begin { v: VERSION, quiesce, profile, policies, scenarios })
    }

    /// A scenario's line; `capsules` in the order of its failures.
    #[must_use]
    pub fn result(sweep: &'a Sweep, capsules: &'a [PathBuf]) -> Self {
        let failures = sweep.failures.iter().zip(capsules).map(|(failure, capsule)| FailureLine::new(failure, capsule));
        let unequal = sweep.unequal.iter().map(|unequal| unequal.seed).collect();
        let faults = sweep.faults.iter().map(|fault| FaultLine {
            kind: fault.kind.to_string(),
            site: &fault.site,
            planned: fault.planned,
            applied: fault.applied,
            affected: fault.affected,
        });
        Line::Result(Box::new(ScenarioResult {
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
            armed: &sweep.armed,
            faults: faults.collect(),
            facts: &sweep.facts,
            messages: &sweep.messages,
        }))
    }

    /// The last line.
    #[must_use]
    pub fn summary(sweeps: &[Sweep], exit: u8) -> Self {
        let mut verdicts = BTreeMap::new();
        for sweep in sweeps {
            *verdicts.entry(sweep.verdict.word()).or_default() += 1;
        }
        Line::Summary(Summary {
            v: VERSION,
            scenarios: sweeps.len(),
            verdicts,
            runs: sweeps.iter().map(|sweep| sweep.seeds.count).sum(),
            events: sweeps.iter().map(|sweep| sweep.events).sum(),
            virtual_ns: sweeps.iter().map(|sweep| sweep.nanos).sum(),
            exit,
        })
    }
}

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
    armed: &'a BTreeSet<&'static str>,
    faults: Vec<FaultLine<'a>>,
    facts: &'a BTreeMap<&'static str, u64>,
    messages: &'a BTreeMap<&'static str, u64>,
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

/// What all scenarios came to.
#[derive(Debug, Serialize)]
pub struct Summary {
    v: u32,
    scenarios: usize,
    verdicts: BTreeMap<&'static str, u64>,
    runs: u64,
    events: u64,
    virtual_ns: u128,
    exit: u8,
}
