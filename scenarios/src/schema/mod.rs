//! The scenario format: a TOML file becomes a plan for the simulator and a list of expectations.
//!
//! Every mistake in a file is found here, before anything runs, and has a place in the file. What a scenario does is
//! the simulator's [`Plan`](quiesce_sim::Plan); nothing here runs it.

mod expect;
mod faults;
mod head;
mod network;
mod scenario;
mod swarm;
mod timeline;
mod write;

pub use expect::{Expect, Limits};
pub use faults::COMMON_VERBS;
pub use head::{Head, Seeds};
pub use scenario::Scenario;
pub use timeline::{Named, Names};
pub use write::Drawn;
