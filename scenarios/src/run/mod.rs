//! Running scenarios: one seed, many seeds, and the judgement on both.

mod cost;
mod crash;
mod judge;
mod part;
mod reach;
mod relay;
mod runnable;
mod seed_set;
mod sweep;

pub use cost::Cost;
pub use crash::{CrashSweep, Fallen, Progress as CrashProgress};
pub use judge::{Finding, FindingKind, Run, Verdict};
pub use part::{FAILED_MOST, Label, Part};
pub use reach::Reach;
pub use relay::{Cut, Leg, relay};
pub use runnable::{Prepared, Replayed, Runnable, small_world};
pub use seed_set::SeedSet;
pub use sweep::{Failure, Sweep, Sweeping, Unequal, sweep};
