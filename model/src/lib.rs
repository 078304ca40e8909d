//! Exhaustive checking of the very same nodes that run in the simulator.
//!
//! A [`Scope`] names a small world: nodes, users' requests, and how often each fault may strike. [`check`] explores
//! every run of it: every order of messages, every moment for timers, crashes and users, every answer to a choice. It
//! finds violations of safety with a shortest run, and what a fair run can owe for ever with a run that ends in a loop.
//!
//! [`System`] is a `stateright::Model` of such a world, so that Stateright's tools work on it. Its states are numbers
//! of parts met before: a node's code is run once for each part it ever meets. [`search`] walks any model breadth
//! first; [`fair`] finds, in any graph, where a fair run can stay for ever.
//!
//! Left out on purpose: time. The clock stands still, timers fire in any order, so that what holds here holds for every
//! choice of delays. Knows no plane.
#![forbid(unsafe_code)]

mod check;
mod explore;
pub mod fair;
mod intern;
mod judge;
mod report;
mod scope;
pub mod search;
mod symmetry;
mod system;

pub use check::{CheckError, check, check_after, check_folded};
pub use explore::{ExploreError, Stop, Tour, explore};
pub use intern::content_hash;
pub use report::{
    Act, Cost, Counterexample, Ending, Folding, Leg, Limits, Message, Observer, Odds, Pick, Progress, PropertyReport,
    Report, Search, Shortfall, Step, Verdict,
};
pub use scope::{Budget, Scope, ScopeError};
pub use symmetry::{Member, Symmetry, SymmetryError};
pub use system::{Action, Guide, Onward, State, System};

/// The property every scope has beside its monitors': no node and no monitor panics, asks for endless choices, or sends
/// to a node that does not exist.
pub const PANIC: &str = "panic";
