//! Scenarios for control planes: read them, run them over seeds, judge them, replay what failed.
#![forbid(unsafe_code)]

pub mod choices;
mod load;
pub mod plane;
pub mod planes;
pub mod report;
pub mod run;
pub mod schema;
pub mod text;

pub use load::load;
