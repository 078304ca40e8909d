//! A failure as a scenario of a suite, with the trace of how it failed.
//!
//! Where one policy's published choice alone is guilty, the scenario passes with ours and names the property that the
//! other choice breaks, as every scenario of the suite does. Else it fails until the property holds.

use quiesce_sim::Course;

use crate::capsule::Capsule;
use crate::choices::Choices;
use crate::load;
use crate::run::{Prepared, Verdict};
use crate::shrink::{ShrinkError, guilty_policy, shrink};
use crate::text::Source;

/// A failure to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The plane it is about.
    pub plane: String,
    /// The scenario's name.
    pub name: String,
    /// The scenario.
    pub scenario: String,
    /// How it failed.
    pub trace: String,
    /// The policy whose published choice is guilty, if one alone is.
    pub guilty: Option<String>,
}

/// Makes a failure small and a scenario of it, under that name if one is given.
///
/// # Errors
/// When it cannot be made small; see [`shrink`].
pub fn keep(capsule: &Capsule, name: Option<&str>) -> Result<Kept, ShrinkError> {
    let mut small = shrink(capsule)?;
    if let Some(name) = name {
        small = small.named(name);
    }
    let failing = prepared(&small.text, &Choices::default());
    let plane = failing.head().plane.clone();
    let seed = failing.head().seeds.first;
    let trace = failing.replay(&Course::seed(seed)).trace.to_string();
    if let Some((policy, text)) = guilty_policy(&small, &capsule.property) {
        let run = prepared(&text, &Choices::default()).run(seed);
        if run.verdict == Verdict::Pass {
            return Ok(Kept { plane, name: small.name, scenario: text, trace, guilty: Some(policy) });
        }
    }
    Ok(Kept { plane, name: small.name, scenario: small.text, trace, guilty: None })
}

fn prepared(text: &str, choices: &Choices) -> Box<dyn Prepared> {
    let scenario = load(&Source::new("kept.toml", text)).expect("what is left of a scenario is one");
    scenario.under(choices).expect("a profile is a choice of every plane")
}
