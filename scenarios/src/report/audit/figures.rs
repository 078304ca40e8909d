//! What an audit found, in few words; and what its pages are called.

use quiesce_control::policy::Row;

use crate::audit::{By, Ours};
use crate::shrink::Shrunk;

/// What caught a choice, where, and after how much.
#[must_use]
pub fn caught_by(by: &By) -> String {
    match by {
        By::Checker { scope, states, depth, .. } => format!("checker, {scope}: {states} states, depth {depth}"),
        By::Simulator { scenario, seeds: (failed, of), .. } => format!("simulator, {scenario}: {failed} of {of} seeds"),
    }
}

/// How long the shortest run is.
#[must_use]
pub fn shortest(by: &By) -> String {
    match by {
        By::Checker { steps, .. } => format!("{} steps", steps.len()),
        By::Simulator { small: Some(Shrunk { entries, nodes, .. }), .. } => {
            format!("{} entries, {} nodes", entries.0, nodes.0)
        }
        By::Simulator { small: None, .. } => "-".to_owned(),
    }
}

/// What ours comes to.
#[must_use]
pub fn held(ours: &Ours) -> String {
    match ours {
        Ours::HoldsInScope { states, .. } => format!("holds: {states} states"),
        Ours::HoldsInRuns { seeds, .. } => format!("holds: {seeds} seeds"),
        Ours::Fails { place, property } => format!("fails: {property} in {place}"),
        Ours::Unsearched => "-".to_owned(),
    }
}

/// The name of a policy's pages, without ending.
#[must_use]
pub fn pages(plane: &str, row: &Row) -> String {
    format!("{plane}.{}", row.name)
}

/// A number given in tenths, like `12.5`.
pub(super) fn tenths(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Virtual time in nanoseconds as people read it: `12.5 ms`, `1.250 s`.
pub(super) fn wait(nanos: u64) -> String {
    let (millis, micros) = (nanos / 1_000_000, nanos / 1_000 % 1_000);
    if millis >= 1_000 {
        format!("{}.{:03} s", millis / 1_000, millis % 1_000)
    } else {
        format!("{millis}.{} ms", micros / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_down_to_what_people_read() {
        assert_eq!((tenths(125).as_str(), tenths(7).as_str()), ("12.5", "0.7"));
        assert_eq!((wait(12_590_000).as_str(), wait(1_250_900_000).as_str()), ("12.5 ms", "1.250 s"));
    }
}
