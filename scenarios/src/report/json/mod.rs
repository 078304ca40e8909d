//! Results as JSON Lines: first `run`, then one `result` for each thing done, last `summary`; each with `"v":1`.

mod audit;
mod check;
mod crash;
mod replay;
mod rows;
mod scenario;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use audit::{AuditResult, FindResult};
pub use check::CheckResult;
pub use crash::CrashResult;
pub use replay::{ReplayResult, ReplaysResult};
pub use rows::Rows;
pub use scenario::ScenarioResult;

use super::out::Out;
use crate::audit::{Audited, Find};
use crate::capsule::{Capsule, Comparison};
use crate::check::Checked;
use crate::choices::Choices;
use crate::files::{WriteError, write_whole};
use crate::run::{CrashSweep, Reach, Run, Sweep};

pub(super) const VERSION: u32 = 1;

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
    /// What one scenario, check or replay came to.
    Result(Box<Done<'a>>),
    /// What all of it came to.
    Summary(Summary),
}

/// What one thing came to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Done<'a> {
    /// A scenario over its seeds.
    Scenario(ScenarioResult<'a>),
    /// The branches of a scenario's run.
    Crashes(CrashResult<'a>),
    /// A small world.
    Check(CheckResult<'a>),
    /// A policy put to the test.
    Audit(AuditResult<'a>),
    /// A property that fails with every policy as published.
    Find(FindResult<'a>),
    /// A capsule.
    Replay(ReplayResult<'a>),
    /// A capsule replayed in number.
    Replays(ReplaysResult),
}

/// What is about to be done.
#[derive(Debug, Serialize)]
pub struct Begin<'a> {
    v: u32,
    quiesce: &'static str,
    profile: &'static str,
    policies: BTreeMap<&'a str, &'a str>,
    tasks: Vec<&'a str>,
}

impl<'a> Line<'a> {
    /// The first line.
    #[must_use]
    pub fn begin(choices: &'a Choices, tasks: Vec<&'a str>) -> Self {
        let policies = choices.policies.iter().map(|(name, choice)| (name.as_str(), choice.as_str())).collect();
        let (quiesce, profile) = (env!("CARGO_PKG_VERSION"), choices.profile.word());
        Line::Run(Begin { v: VERSION, quiesce, profile, policies, tasks })
    }

    /// A scenario's line; `capsules` in the order of its failures.
    #[must_use]
    pub fn scenario(sweep: &'a Sweep, capsules: &'a [PathBuf]) -> Self {
        Line::Result(Box::new(Done::Scenario(ScenarioResult::new(sweep, capsules))))
    }

    /// A replay's line.
    #[must_use]
    pub fn replay(scenario: &'a str, capsule: &'a Capsule, run: &'a Run, comparison: &'a Comparison) -> Self {
        Line::Result(Box::new(Done::Replay(ReplayResult::new(scenario, capsule, run, comparison))))
    }

    /// The line of a capsule replayed in number; `prints` are fingerprints of what the replays print.
    #[must_use]
    pub fn replays(capsule: &Path, comparison: &'static str, times: u32, prints: impl Iterator<Item = u128>) -> Self {
        Line::Result(Box::new(Done::Replays(ReplaysResult::new(capsule, comparison, times, prints))))
    }

    /// A check's line; `capsules` in the order of its counterexamples.
    #[must_use]
    pub fn check(scope: &'a str, checked: &'a Checked, capsules: &'a [PathBuf]) -> Self {
        Line::Result(Box::new(Done::Check(CheckResult::new(scope, checked, capsules))))
    }

    /// The line of an audited policy.
    #[must_use]
    pub fn audit(audited: &'a Audited) -> Self {
        Line::Result(Box::new(Done::Audit(AuditResult::new(audited))))
    }

    /// The line of a property that fails with every policy as published.
    #[must_use]
    pub fn find(find: &'a Find) -> Self {
        Line::Result(Box::new(Done::Find(FindResult::new(find))))
    }

    /// A crash sweep's line; `capsules` by property.
    #[must_use]
    pub fn crashes(scenario: &'a str, sweep: &'a CrashSweep, capsules: &'a BTreeMap<&'static str, PathBuf>) -> Self {
        Line::Result(Box::new(Done::Crashes(CrashResult::new(scenario, sweep, capsules))))
    }

    /// The last line after sweeps.
    #[must_use]
    pub fn summary(sweeps: &[&Sweep], reach: &[Reach], exit: u8) -> Self {
        let mut verdicts = BTreeMap::new();
        for sweep in sweeps {
            *verdicts.entry(sweep.verdict.word()).or_default() += 1;
        }
        let sweeps = Sweeps {
            scenarios: sweeps.len(),
            verdicts,
            runs: sweeps.iter().map(|sweep| sweep.runs).fold(0, u64::saturating_add),
            events: sweeps.iter().map(|sweep| sweep.events).fold(0, u64::saturating_add),
            virtual_ns: sweeps.iter().map(|sweep| sweep.nanos).fold(0, u128::saturating_add),
            unreached: reach.iter().flat_map(Reach::missed).collect(),
        };
        Line::Summary(Summary { v: VERSION, sweeps: Some(sweeps), exit })
    }

    /// The last line after anything else.
    #[must_use]
    pub fn end(exit: u8) -> Self {
        Line::Summary(Summary { v: VERSION, sweeps: None, exit })
    }
}

/// What all of it came to.
#[derive(Debug, Serialize)]
pub struct Summary {
    v: u32,
    #[serde(flatten)]
    sweeps: Option<Sweeps>,
    exit: u8,
}

#[derive(Debug, Serialize)]
struct Sweeps {
    scenarios: usize,
    verdicts: BTreeMap<&'static str, u64>,
    runs: u64,
    events: u64,
    virtual_ns: u128,
    /// Marks that no scenario reached.
    unreached: Vec<&'static str>,
}
