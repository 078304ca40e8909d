//! The world as its users see it: plans in, outcomes and traces out.

mod determinism;
mod network;
mod processes;
mod puppet;
mod verdicts;
