//! A deterministic world for [`Node`](quiesce_machine::Node)s: one thing happens at a time, earliest first, and the same
//! plan and seed make the same things happen.
//!
//! A [`Plan`] says what a run is made of: nodes, network, a timeline of calls and faults, properties. [`run`] plays it
//! with a seed and judges it; [`record`] does the same and keeps a [`Trace`]. This crate knows no control plane, no
//! scenario file and no model checker; sweeping seeds is the caller's.
#![forbid(unsafe_code)]

mod check;
mod cluster;
mod digest;
mod faults;
mod judge;
mod network;
mod outcome;
mod panics;
mod perform;
mod plan;
mod queue;
mod random;
mod ratio;
mod run;
mod store;
mod tally;
mod timeline;
mod timers;
mod trace;
mod world;

pub use check::{Place, PlanError};
pub use digest::Digest;
pub use outcome::{Answer, Bound, FaultCount, FaultKind, Finding, FindingKind, Outcome, Vacuity, Verdict};
pub use plan::{Action, Network, Plan, Records, Step};
pub use ratio::{Ratio, RatioError};
pub use run::{record, run};
pub use trace::{Entry, EntryKind, Trace};
