//! Workloads that measure what quiesce itself costs. The measurements are in `benches/`, one file a subject.
//!
//! ```
//! let outcome = quiesce_sim::run(&quiesce_benches::kernel::ping_pong(1_000), 1);
//! assert_eq!(outcome.events, 1_000);
//! ```
//!
//! No benchmark of the planes: what a control plane costs is the fan-out study's to say, `quiesce fanout`.
#![forbid(unsafe_code)]

pub mod bare;
pub mod checker;
pub mod kernel;
pub mod notification;
pub mod protocol;
