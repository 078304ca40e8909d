//! Scenarios for control planes: read them, run them over seeds, judge them, replay what failed.
//!
//! A scenario is a TOML file: a cluster, a network, a timeline of calls and faults, and what is expected. [`load`] reads
//! one of any plane; [`run::sweep`] runs it over seeds; [`capsule`] keeps what failed. The program `quiesce` is [`cli`].
//!
//! The simulator, the model checker and the planes are crates of their own; this one joins them, and knows each plane
//! only through [`plane::Plane`].
#![forbid(unsafe_code)]

pub mod capsule;
pub mod check;
pub mod choices;
pub mod cli;
pub mod files;
mod load;
pub mod plane;
pub mod planes;
pub mod report;
pub mod run;
pub mod schema;
pub mod suite;
pub mod text;

pub use load::load;
