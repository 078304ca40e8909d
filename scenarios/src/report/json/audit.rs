//! The line of an audited policy.

use serde::Serialize;

use super::VERSION;
use crate::audit::{Audited, By, Caught, Find, Mended, Ours, Place, stands};

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
    consequence: &'a str,
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
            consequence: row.consequence,
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

/// A property that fails with every policy as published.
#[derive(Debug, Serialize)]
pub struct FindResult<'a> {
    v: u32,
    plane: &'a str,
    #[serde(flatten)]
    shortest: CaughtLine<'a>,
    explained: bool,
    stands: Option<&'static str>,
    places: Vec<PlaceLine<'a>>,
}

#[derive(Debug, Serialize)]
struct PlaceLine<'a> {
    place: &'a str,
    scope: bool,
    mended: &'static str,
    policies: &'a [&'static str],
}

impl<'a> FindResult<'a> {
    pub(super) fn new(find: &'a Find) -> Self {
        let Find { plane, shortest, places } = find;
        FindResult {
            v: VERSION,
            plane,
            shortest: CaughtLine::new(shortest),
            explained: find.unexplained().next().is_none(),
            stands: stands(plane, &shortest.property),
            places: places.iter().map(PlaceLine::new).collect(),
        }
    }
}

impl<'a> PlaceLine<'a> {
    fn new(Place { name, is_scope, mended }: &'a Place) -> Self {
        let word = match mended {
            Mended::ByEach(_) => "by-each",
            Mended::ByNamed(_) => "by-those-that-name-it",
            Mended::ByOthers(_) => "by-others-together",
            Mended::ByNone => "by-none",
        };
        PlaceLine { place: name, scope: *is_scope, mended: word, policies: mended.policies() }
    }
}

impl<'a> CaughtLine<'a> {
    fn new(Caught { property, evidence, by }: &'a Caught) -> Self {
        let by = match by {
            By::Checker { scope, states, depth, steps, path: _ } => {
                ByLine::Checker { scope, states: *states, depth: *depth, steps }
            }
            By::Simulator { scenario, seeds: (failed, seeds), seed, small } => ByLine::Simulator {
                scenario,
                failed: *failed,
                seeds: *seeds,
                seed: *seed,
                entries: small.as_ref().map(|small| small.entries.0),
                nodes: small.as_ref().map(|small| small.nodes.0),
            },
        };
        CaughtLine { property, evidence, by }
    }
}
