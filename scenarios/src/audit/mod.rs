//! Every policy put to the test: what the published choice breaks, and that ours does not break it in the same space.
//!
//! For each policy everything else is ours. The checker goes first: the scopes of the plane that our policies are known to
//! hold in, smallest first, until one shows what the published choice breaks. Where none does, the simulator runs the
//! bundled scenarios that name the policy, with their seeds. What was searched for the one choice is searched for the
//! other: a scope to its end, a scenario with all its seeds. Neither depends on the number of threads.

mod catalogue;
mod example;
mod space;
mod stands;
mod unexplained;

use quiesce_control::policy::Row;
use thiserror::Error;

use crate::check::{CheckRefused, Path};
use crate::planes::AnyPlane;
use crate::shrink::Shrunk;

pub use catalogue::catalogue;
pub use example::{Example, Price};
pub use space::Space;
pub use stands::{said, stands};
pub use unexplained::{Find, Mended, Place, Searched, unexplained};

/// What an audit of one policy came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// The plane.
    pub plane: &'static str,
    /// The policy.
    pub row: &'static Row,
    /// What the published choice breaks; none if nothing was caught.
    pub caught: Option<Caught>,
    /// What ours comes to where that was caught, or in all that was searched.
    pub ours: Ours,
}

/// How the published choice was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// The property that fails.
    pub property: String,
    /// What shows it.
    pub evidence: String,
    /// Where.
    pub by: By,
}

/// What caught a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The checker, by a shortest run.
    Checker {
        /// The scope.
        scope: &'static str,
        /// How many states it had seen.
        states: u64,
        /// How deep it had gone.
        depth: u64,
        /// Each step of the run.
        steps: Vec<String>,
        /// The same for the simulator.
        path: Path,
    },
    /// The simulator.
    Simulator {
        /// The scenario.
        scenario: String,
        /// How many seeds failed so, and how many ran.
        seeds: (u64, u64),
        /// The first that did.
        seed: u64,
        /// The scenario once made small; none if it cannot be.
        small: Option<Shrunk>,
    },
}

/// What ours comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ours {
    /// Nothing fails in any run of these scopes.
    HoldsInScope {
        /// The scope in which the published choice was caught.
        scope: &'static str,
        /// How many states it has.
        states: u64,
    },
    /// Nothing fails in these runs.
    HoldsInRuns {
        /// The scenario in which the published choice was caught.
        scenario: String,
        /// How many seeds ran.
        seeds: u64,
    },
    /// Something fails.
    Fails {
        /// In which scope or scenario.
        place: String,
        /// Which property.
        property: String,
    },
    /// The published choice was caught nowhere, so there is nothing to compare with.
    Unsearched,
}

impl Audited {
    /// Whether the published choice was caught and ours holds.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.caught.is_some() && matches!(self.ours, Ours::HoldsInScope { .. } | Ours::HoldsInRuns { .. })
    }
}

/// Why a policy was not audited.
#[derive(Debug, Error)]
pub enum AuditError {
    /// A small world makes no sense, or a node is no pure function.
    #[error(transparent)]
    Check(#[from] CheckRefused),
    /// There was no time, or somebody interrupted.
    #[error("stopped before `{what}` was searched")]
    Stopped {
        /// The policy or property.
        what: String,
    },
}

/// Says whether to stop before the end.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Audits one policy of a plane; the search ends with [`AuditError::Stopped`] when `stop` says so.
///
/// # Errors
/// When a small world cannot be searched, or there was no time.
pub fn audit(
    space: &mut Space,
    plane: &'static dyn AnyPlane,
    row: &'static Row,
    stop: Stop<'_>,
) -> Result<Audited, AuditError> {
    let stopped = || AuditError::Stopped { what: row.name.to_owned() };
    let done = |caught, ours| Audited { plane: plane.name(), row, caught, ours };
    for scope in space.scopes(plane, stop)? {
        if stop() {
            return Err(stopped());
        }
        let ours = match &scope.failing {
            Some(property) => Ours::Fails { place: scope.name.to_owned(), property: property.clone() },
            None => Ours::HoldsInScope { scope: scope.name, states: scope.states },
        };
        if let Some(caught) = space.published_in_scope(plane, &scope, row, stop)? {
            return Ok(done(Some(caught), ours));
        }
    }
    let mut ours = Ours::Unsearched;
    for place in space.scenarios_of(plane.name(), row.name) {
        if stop() {
            return Err(stopped());
        }
        ours = space.ours_in_scenario(place);
        if let Some(caught) = space.published_in_scenario(place, row) {
            return Ok(done(Some(caught), ours));
        }
    }
    if stop() { Err(stopped()) } else { Ok(done(None, ours)) }
}
