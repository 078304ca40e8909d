//! A check's line.

use std::path::{Path as FilePath, PathBuf};

use quiesce_model::{Ending, Folding};
use serde::Serialize;

use super::VERSION;
use crate::check::{Checked, Story};

/// What a check came to.
#[derive(Debug, Serialize)]
pub struct CheckResult<'a> {
    v: u32,
    scope: &'a str,
    verdict: &'static str,
    unique_states: u64,
    states: u64,
    depth: u64,
    /// One in so many is at most the chance that two states were taken for one.
    collision_one_in: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    symmetry: Option<SymmetryLine>,
    properties: Vec<PropertyLine<'a>>,
    failures: Vec<StoryLine<'a>>,
}

#[derive(Debug, Serialize)]
struct SymmetryLine {
    renamings: u64,
    stands_for: Option<u64>,
}

#[derive(Debug, Serialize)]
struct PropertyLine<'a> {
    property: &'a str,
    verdict: &'static str,
    reason: String,
    owing_states: Option<u64>,
}

#[derive(Debug, Serialize)]
struct StoryLine<'a> {
    property: &'a str,
    evidence: &'a str,
    steps: &'a [String],
    loop_start: Option<usize>,
    capsule: &'a FilePath,
}

impl<'a> CheckResult<'a> {
    pub(super) fn new(scope: &'a str, checked: &'a Checked, capsules: &'a [PathBuf]) -> Self {
        let properties = checked.properties.iter().map(|property| PropertyLine {
            property: property.name,
            verdict: property.verdict.word(),
            reason: property.verdict.to_string(),
            owing_states: property.owing_states,
        });
        CheckResult {
            v: VERSION,
            scope,
            verdict: checked.verdict.word(),
            unique_states: checked.unique_states,
            states: checked.states,
            depth: checked.depth,
            collision_one_in: checked.collision.one_in().to_string(),
            symmetry: checked.folding.map(|Folding { renamings, stands_for }| SymmetryLine { renamings, stands_for }),
            properties: properties.collect(),
            failures: checked.counterexamples.iter().zip(capsules).map(StoryLine::new).collect(),
        }
    }
}

impl<'a> StoryLine<'a> {
    fn new((Story { property, evidence, steps, ending, path: _ }, capsule): (&'a Story, &'a PathBuf)) -> Self {
        let loop_start = match ending {
            Ending::Loop { start } => Some(*start),
            Ending::Violation | Ending::Rest => None,
        };
        StoryLine { property, evidence, steps, loop_start, capsule }
    }
}
