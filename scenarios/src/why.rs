//! From which step on a failure was inevitable: the run is left behind every step that draws something, and what would
//! be drawn later is drawn anew, many times over.
//!
//! The timeline is given: what users ask and which faults strike is not drawn again. So a failure that is inevitable
//! from the start was brought about by the timeline alone.

use std::collections::BTreeSet;

use quiesce_machine::Time;
use quiesce_sim::{Course, Fork};
use rayon::prelude::*;
use thiserror::Error;

use crate::capsule::{Capsule, steps};
use crate::odds::Odds;
use crate::run::Prepared;

/// How a failure became inevitable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// The futures of every step behind which something is left to chance, in order; the first is that of the start.
    pub points: Vec<Point>,
    /// The first of the points from which on every future fails; none if some future of the last one does not.
    pub inevitable: Option<usize>,
}

/// The futures of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The step; 0 before the first.
    pub step: u32,
    /// When.
    pub at: Time,
    /// What happened in it.
    pub what: String,
    /// How many of the futures behind it fail.
    pub odds: Odds,
}

/// Why nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WhyError {
    /// It comes from a search.
    #[error("a failure found by searching a small world leaves nothing to chance")]
    Given,
    /// It is gone.
    #[error("{property} does not fail any more, so there is nothing to explain")]
    Gone {
        /// The property.
        property: String,
    },
}

/// Draws so many futures behind every step that draws something. The result does not depend on the number of threads.
///
/// # Errors
/// When the failure is gone, or nothing in it was drawn in the first place.
pub fn why(capsule: &Capsule, prepared: &dyn Prepared, futures: u32) -> Result<Why, WhyError> {
    if capsule.turns.is_some() {
        return Err(WhyError::Given);
    }
    let course = capsule.course();
    let replayed = prepared.replay(&course);
    let fails = |findings: &[crate::run::Finding]| findings.iter().any(|found| found.property == capsule.property);
    if !fails(&replayed.run.findings) {
        return Err(WhyError::Gone { property: capsule.property.clone() });
    }
    let drawing: BTreeSet<u32> = replayed.decisions.iter().map(|decision| decision.step).chain([0]).collect();
    let told: Vec<String> = steps(&replayed.trace).collect();
    let times: Vec<Time> = replayed.trace.entries.iter().filter(|entry| entry.event.is_some()).map(|e| e.at).collect();
    let point = |&step: &u32| {
        let future = |seed: &u32| {
            let fork = Some(Fork { after: step, seed: u64::from(*seed) });
            fails(&prepared.replay(&Course { fork, ..course.clone() }).run.findings)
        };
        let failed = (1..=futures).filter(future).count() as u64;
        let place = (step as usize).checked_sub(1);
        let what = place.and_then(|place| told.get(place).cloned()).unwrap_or_else(|| "before anything".to_owned());
        let at = place.and_then(|place| times.get(place).copied()).unwrap_or(Time::ZERO);
        Point { step, at, what, odds: Odds { failed, of: u64::from(futures) } }
    };
    let points: Vec<Point> = drawing.into_iter().collect::<Vec<_>>().par_iter().map(point).collect();
    let open = points.iter().rposition(|point| point.odds.failed < point.odds.of);
    let inevitable = open.map_or(0, |last| last + 1);
    Ok(Why { inevitable: (inevitable < points.len()).then_some(inevitable), points })
}
