//! A replay's line.

use serde::Serialize;

use super::VERSION;
use crate::capsule::{Capsule, Comparison};
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
    differences: &'a [String],
    events: u64,
    digest: String,
}

impl<'a> ReplayResult<'a> {
    pub(super) fn new(scenario: &'a str, capsule: &'a Capsule, run: &'a Run, comparison: &'a Comparison) -> Self {
        let differences: &[String] = match comparison {
            Comparison::Reproduced | Comparison::Fixed => &[],
            Comparison::Differs(differences) => differences,
        };
        ReplayResult {
            v: VERSION,
            scenario,
            seed: capsule.seed,
            property: &capsule.property,
            verdict: run.verdict.word(),
            comparison: comparison.word(),
            differences,
            events: run.events,
            digest: run.digest.to_string(),
        }
    }
}
