//! Where a fair run can stay for ever.
//!
//! Liveness over a plain graph: states, edges that each belong to a class of steps, and which classes are fair. Knows
//! no nodes and no monitors. A run is *weakly* fair to a class when it does not leave it enabled for ever and never
//! take it; *strongly* fair when it does not leave it enabled again and again and never take it. Whatever some fair
//! run can owe for ever fails; [`regions`] finds where, [`lasso`] shows how.
//!
//! Four things a shorter rule gets wrong, each a test here: fairness belongs to the cycle itself, not to the component
//! around it; an edge back to its own state neither enables nor takes; standing still is a run; what is owed belongs
//! to the state, so that joining paths stay apart.

mod graph;
mod lasso;
#[cfg(test)]
mod oracle;
mod region;
mod scratch;

pub use graph::{Class, Edge, Edges, Fairness, Graph, OUTSIDE};
pub use lasso::{Lasso, lasso};
pub(crate) use region::Finder;
pub use region::{Region, regions};
