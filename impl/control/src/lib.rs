//! The control planes under test: real code, written against the contract of `quiesce-machine`.
//!
//! Each plane owns its nodes, its policies and its monitors. Nothing here knows a clock, a socket, a file, a thread or a
//! random source, and nothing knows who drives it.
#![forbid(unsafe_code)]

mod instant;
pub mod monitor;
pub mod nearest;
pub mod operation;
pub mod policy;
pub mod volume;
pub mod xaction;
