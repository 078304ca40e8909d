//! Running scenarios: one seed, many seeds, and the judgement on both.

mod judge;
mod runnable;
mod sweep;

pub use judge::{Finding, FindingKind, Run, Verdict};
pub use runnable::{Prepared, Runnable};
pub use sweep::{Failure, Sweep, Sweeping, Unequal, sweep};
