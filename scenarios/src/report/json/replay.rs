//! A replay's line.

use std::path::Path;

use serde::Serialize;

use super::VERSION;
use crate::capsule::{Capsule, Comparison, Divergence};
use crate::run::Run;

/// What a replay came to.
#[derive(Debug, Serialize)]
pub struct ReplayResult<'a> {
    v: u32,
    scenario: &'a str,
    seed: u64,
    property: &'a str,
    verdict: &'static str,
    comparison: &'static str,
    divergence: Option<DivergenceLine<'a>>,
    differences: &'a [String],
    events: u64,
    digest: String,
}

#[derive(Debug, Serialize)]
struct DivergenceLine<'a> {
    step: usize,
    expected: Option<&'a str>,
    got: Option<&'a str>,
}

impl<'a> DivergenceLine<'a> {
    fn new(divergence: &'a Divergence) -> Self {
        let Divergence { step, expected, got } = divergence;
        DivergenceLine { step: *step, expected: expected.as_deref(), got: got.as_deref() }
    }
}

impl<'a> ReplayResult<'a> {
    pub(super) fn new(scenario: &'a str, capsule: &'a Capsule, run: &'a Run, comparison: &'a Comparison) -> Self {
        ReplayResult {
            v: VERSION,
            scenario,
            seed: capsule.seed,
            property: &capsule.property,
            verdict: run.verdict.word(),
            comparison: comparison.fate.word(),
            divergence: comparison.divergence.as_ref().map(DivergenceLine::new),
            differences: &comparison.differences,
            events: run.events,
            digest: run.digest.to_string(),
        }
    }
}

/// What the replays of one capsule came to.
#[derive(Debug, Serialize)]
pub struct ReplaysResult {
    v: u32,
    capsule: String,
    comparison: &'static str,
    replays: u32,
    /// Fingerprints of what the replays print; one if they are all the same.
    prints: Vec<String>,
}

impl ReplaysResult {
    pub(super) fn new(
        capsule: &Path,
        comparison: &'static str,
        replays: u32,
        prints: impl Iterator<Item = u128>,
    ) -> Self {
        let prints = prints.map(|print| format!("{print:032x}")).collect();
        ReplaysResult { v: VERSION, capsule: capsule.display().to_string(), comparison, replays, prints }
    }
}
