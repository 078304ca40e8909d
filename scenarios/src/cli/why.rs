//! `quiesce why`: from which step on a saved failure was inevitable.

use super::args::{self, Shared};
use super::exit::{Exit, OF_CAPSULE, Refusal};
use super::policies::checked;
use crate::capsule::Capsule;
use crate::report::{Look, Out, words};
use crate::why::{Why, why as explain};

pub(super) fn why(args: &args::Why, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    shared.heeded("why", &["--profile", "--policy"], OF_CAPSULE)?;
    let capsule = Capsule::open(&args.capsule)?;
    let prepared = capsule.prepare(&checked(shared.choices_over(capsule.choices()))?)?;
    let why = explain(&capsule, prepared.as_ref(), args.futures)?;
    let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
    if !shared.quiet {
        out.line(&words(&["step", "futures that fail", "what happened in it"], rows(&why, shared.verbose > 0), look));
        out.line("");
    }
    out.line(&verdict(&capsule, &why));
    Ok(Exit::Pass)
}

/// Every point, or only those at which the odds changed.
fn rows(why: &Why, all: bool) -> Vec<Vec<String>> {
    let changed = |place: usize| {
        let odds = |place: usize| why.points[place].odds;
        place == 0 || Some(place) == why.inevitable || odds(place) != odds(place - 1)
    };
    let shown = why.points.iter().enumerate().filter(|(place, _)| all || changed(*place));
    shown.map(|(_, point)| vec![point.step.to_string(), point.odds.to_string(), point.what.clone()]).collect()
}

fn verdict(capsule: &Capsule, why: &Why) -> String {
    let property = &capsule.property;
    match why.inevitable.map(|place| &why.points[place]) {
        None => format!("{property}: chance could still have avoided it at the last step that draws anything"),
        Some(point) if point.step == 0 => {
            format!("{property}: inevitable from the start, the timeline alone brings it about: {}", point.odds)
        }
        Some(point) => {
            format!("{property}: inevitable from step {} on, at {}: {} futures fail", point.step, point.at, point.odds)
        }
    }
}
