//! The line of an audited policy.

use serde::Serialize;

use super::VERSION;
use crate::audit::{Audited, By, Caught, Ours};

/// What an audit of one policy came to.
#[derive(Debug, Serialize)]
pub struct AuditResult<'a> {
    v: u32,
    plane: &'a str,
    policy: &'a str,
    reference: &'a str,
    hardened: &'a str,
    about: &'a str,
    published: &'a str,
    caught: Option<CaughtLine<'a>>,
    ours: OursLine<'a>,
}

#[derive(Debug, Serialize)]
struct CaughtLine<'a> {
    property: &'a str,
    evidence: &'a str,
    #[serde(flatten)]
    by: ByLine<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
enum ByLine<'a> {
    Checker { scope: &'a str, states: u64, depth: u64, steps: &'a [String] },
    Simulator { scenario: &'a str, failed: u64, seeds: u64, seed: u64, entries: Option<usize>, nodes: Option<usize> },
}

#[derive(Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
enum OursLine<'a> {
    #[serde(rename = "holds")]
    Scope {
        scope: &'a str,
        states: u64,
    },
    #[serde(rename = "holds")]
    Runs {
        scenario: &'a str,
        seeds: u64,
    },
    Fails {
        place: &'a str,
        property: &'a str,
    },
    Unsearched,
}

impl<'a> AuditResult<'a> {
    pub(super) fn new(Audited { plane, row, caught, ours }: &'a Audited) -> Self {
        AuditResult {
            v: VERSION,
            plane,
            policy: row.name,
            reference: row.reference,
            hardened: row.hardened,
            about: row.about,
            published: row.published,
            caught: caught.as_ref().map(CaughtLine::new),
            ours: match ours {
                Ours::HoldsInScope { scope, states } => OursLine::Scope { scope, states: *states },
                Ours::HoldsInRuns { scenario, seeds } => OursLine::Runs { scenario, seeds: *seeds },
                Ours::Fails { place, property } => OursLine::Fails { place, property },
                Ours::Unsearched => OursLine::Unsearched,
            },
        }
    }
}

impl<'a> CaughtLine<'a> {
    fn new(Caught { property, evidence, by }: &'a Caught) -> Self {
        let by = match by {
            By::Checker { scope, states, depth, steps } => {
                ByLine::Checker { scope, states: *states, depth: *depth, steps }
            }
            By::Simulator { scenario, seeds: (failed, seeds), seed, small } => ByLine::Simulator {
                scenario,
                failed: *failed,
                seeds: *seeds,
                seed: *seed,
                entries: small.map(|(entries, _)| entries),
                nodes: small.map(|(_, nodes)| nodes),
            },
        };
        CaughtLine { property, evidence, by }
    }
}
