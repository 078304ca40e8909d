//! Scenarios for control planes: read them, run them over seeds, judge them, replay what failed.
//!
//! A scenario is a TOML file: a cluster, a network, a timeline of calls and faults, and what is expected. [`load`] reads
//! one of any plane; [`run::sweep`] runs it over seeds; [`capsule`] keeps what failed. The program `quiesce` is [`cli`].
//!
//! The simulator, the model checker and the planes are crates of their own; this one joins them, and knows each plane
//! only through [`plane::Plane`].
//!
//! ```
//! use quiesce::run::{Sweeping, Verdict, sweep};
//! use quiesce::{choices::Choices, load, text::Source};
//!
//! let text = r#"
//!     name = "first"
//!     about = "A job ends, and a wait for it returns."
//!     plane = "xaction"
//!     timeline = [
//!       { at = "0s", start = "prefetch-objects", via = "p1", as = "job" },
//!       { at = "1s", wait = "job", via = "p2", as = "w" },
//!     ]
//!     expect = { replies = { w = "finished" } }
//! "#;
//! let scenario = load(&Source::new("first.toml", text))?;
//! let scenario = scenario.under(&Choices::default())?;
//! let how = Sweeping { seeds: scenario.head().seeds, twice: false };
//! assert_eq!(sweep(scenario.as_ref(), how, &|_run| ()).verdict, Verdict::Pass);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It judges nothing by itself: what a plane must keep is its monitors', and whether a run broke it is the simulator's or
//! the checker's to say. Reading it as a library is for tests and tools around the program; the pages in `docs/` are about
//! the program.
#![forbid(unsafe_code)]

pub mod audit;
pub mod capsule;
pub mod check;
pub mod choices;
pub mod cli;
pub mod fanout;
pub mod files;
pub mod first;
pub mod keep;
pub mod kept;
mod load;
pub mod odds;
pub mod plane;
pub mod planes;
pub mod report;
pub mod run;
pub mod schema;
pub mod shrink;
pub mod snapshot;
pub mod suite;
pub mod text;
pub mod why;

pub use load::load;
