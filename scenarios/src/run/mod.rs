//! Running scenarios: one seed, many seeds, and the judgement on both.

mod crash;
mod judge;
mod reach;
mod runnable;
mod sweep;

pub use crash::{CrashSweep, Fallen, Progress as CrashProgress};
pub use judge::{Finding, FindingKind, Run, Verdict};
pub use reach::Reach;
pub use runnable::{Prepared, Replayed, Runnable, small_world};
pub use sweep::{Failure, Sweep, Sweeping, Unequal, sweep};
