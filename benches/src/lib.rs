//! Workloads that measure what quiesce itself costs. The measurements are in `benches/`, one file a subject.
#![forbid(unsafe_code)]

pub mod bare;
pub mod checker;
pub mod kernel;
pub mod notification;
pub mod protocol;
