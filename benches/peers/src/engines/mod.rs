//! One file an engine: how it runs each workload.

mod desru;
mod madsim;
mod nexosim;
mod ours;
mod simcore;
mod turmoil;

/// A workload runs until about so many messages were delivered, or timers fired, and says how many were.
pub type Run = fn(u64) -> u64;

/// What stands in one column of the table.
pub struct Engine {
    pub name: &'static str,
    /// Two nodes pass one message to and fro, a millisecond each way.
    pub ping_pong: Run,
    /// Every second 1,000 nodes send to 3 others, each message up to a second on its way.
    pub fan_in: Run,
    /// The same, where one message in a hundred is lost and each is asked whether a partition stops it; few can.
    pub fan_in_troubled: Option<Run>,
    /// 100,000 timers with periods of their own.
    pub periodic: Run,
    /// `fan_in` has this fraction of the events that the others have, for those who take minutes otherwise. A rate is a
    /// rate.
    pub fan_in_fraction: u64,
}

/// All engines, ours first.
pub const ENGINES: [Engine; 8] = [
    ours::SIMULATOR,
    ours::HEAP,
    ours::WHEEL,
    simcore::ENGINE,
    desru::ENGINE,
    nexosim::ENGINE,
    turmoil::ENGINE,
    madsim::ENGINE,
];
