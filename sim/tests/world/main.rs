//! The world as its users see it: plans in, outcomes and traces out.

mod branches;
mod decisions;
mod determinism;
mod litmus;
mod machines;
mod meters;
mod network;
mod processes;
mod puppet;
mod snapshots;
mod swarm;
mod turns;
mod verdicts;
