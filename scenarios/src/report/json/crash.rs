//! A crash sweep's line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::VERSION;
use crate::run::{CrashSweep, Fallen};

/// What the branches of one run came to.
#[derive(Debug, Serialize)]
pub struct CrashResult<'a> {
    v: u32,
    crash_sweep: &'a str,
    seed: u64,
    run: &'static str,
    boundaries: u64,
    branches: BTreeMap<String, u64>,
    failed: usize,
    failures: Vec<FallenLine<'a>>,
    capsules: &'a BTreeMap<&'static str, PathBuf>,
}

#[derive(Debug, Serialize)]
struct FallenLine<'a> {
    node: &'a str,
    event: u32,
    effect: u32,
    of: u32,
    blow: String,
    before: &'a str,
    struck_ns: u64,
    property: Option<&'static str>,
    evidence: &'a str,
    at_ns: u64,
}

impl<'a> CrashResult<'a> {
    pub(super) fn new(scenario: &'a str, sweep: &'a CrashSweep, capsules: &'a BTreeMap<&'static str, PathBuf>) -> Self {
        CrashResult {
            v: VERSION,
            crash_sweep: scenario,
            seed: sweep.seed,
            run: sweep.verdict.word(),
            boundaries: sweep.boundaries,
            branches: sweep.branches.iter().map(|(blow, count)| (blow.to_string(), *count)).collect(),
            failed: sweep.fallen.len(),
            failures: sweep.fallen.iter().map(FallenLine::new).collect(),
            capsules,
        }
    }
}

impl<'a> FallenLine<'a> {
    fn new(fallen: &'a Fallen) -> Self {
        FallenLine {
            node: &fallen.node,
            event: fallen.branch.event,
            effect: fallen.branch.effect,
            of: fallen.branch.of,
            blow: fallen.branch.blow.to_string(),
            before: &fallen.branch.next,
            struck_ns: fallen.branch.at.as_nanos(),
            property: fallen.property,
            evidence: &fallen.evidence,
            at_ns: fallen.at.as_nanos(),
        }
    }
}
