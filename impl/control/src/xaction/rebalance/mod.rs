//! Rebalance: data move to where they belong when the set of targets has changed, or when a user says so.
//!
//! `order` is what a primary orders, `trigger` when it does so and what it makes of the ends; `part` is what a target keeps
//! of its own part, whose steps are the target's (`target/rebalance`). Data are not moved: a target's are where they belong
//! after a time. Streams, retransmission and the "get from neighbour" mode are left out.
//! Source: `reference/aistore-registry-and-coexistence.md` section C.

mod marker;
mod message;
mod order;
mod part;
mod trigger;

use std::time::Duration;

pub(super) use marker::Marker;
pub use message::{RebMsg, RebTimer, Told};
pub use order::{Mode, Order, Progress, RebId};
pub use part::{RebEnd, Rebalance, Run, Stage};
pub(super) use trigger::Tally;

/// What it takes to move data; the defaults are the published ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moving {
    /// How long each target's data take.
    pub takes: Duration,
    /// `dest_retry_time`: how long a target waits for the others where it does not wait for good.
    pub barrier: Duration,
    /// `transport.quiescent`: how long nothing may arrive before streams are closed, and how long closing takes.
    pub quiescent: Duration,
}

impl Default for Moving {
    fn default() -> Self {
        Moving { takes: Duration::from_secs(10), barrier: Duration::from_secs(120), quiescent: Duration::from_secs(10) }
    }
}
