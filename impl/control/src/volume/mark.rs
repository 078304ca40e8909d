//! Places in the code of this plane that a suite of scenarios ought to reach.
//!
//! A mark stands where something rare is done for which a rule was written: a suite that never gets there says nothing
//! about the rule. All can be reached with our policies.

/// The store is sent a write whose number it has taken already.
pub const OLD_WRITE: &str = "volume/store-ignored-an-old-write";
/// An engine is called by an agent whose lease is gone.
pub const OLD_EPOCH: &str = "volume/engine-refused-an-old-epoch";
/// An engine refuses to take the last healthy child from a nexus.
pub const LAST_HEALTHY: &str = "volume/engine-kept-the-last-healthy-child";
/// A write is not answered and is sent again.
pub const WRITE_AGAIN: &str = "volume/write-sent-again";
/// The store refuses a write that has to be made.
pub const UNDO_AGAIN: &str = "volume/refused-write-tried-again";
/// An agent was deposed before it could say what it had found in its memory.
pub const NOT_SAID: &str = "volume/answer-withheld";
/// A request finds its resource busy and waits.
pub const BUSY: &str = "volume/waited-for-a-guard";
/// Whoever was in the way is done by the time a request would be told of it.
pub const CONFLICT_OVER: &str = "volume/conflict-was-over";
/// A copy of a request that was answered arrives.
pub const RECOGNISED: &str = "volume/copy-of-a-request-recognised";
/// A request meets what a former leader left half done.
pub const RESOLVED_FIRST: &str = "volume/request-waited-for-a-leftover-operation";
/// A removal that a former leader began goes on.
pub const RESUMED: &str = "volume/resumed-an-operation";
/// What else a former leader began is taken back.
pub const TAKEN_BACK: &str = "volume/took-back-an-operation";
/// A leftover is in the way of a create, and goes first.
pub const EVICTED: &str = "volume/evicted-a-leftover";
/// An engine holds something that no spec speaks of.
pub const ORPHAN: &str = "volume/collected-an-orphan";
/// A request fails after something was written, and is taken back.
pub const UNDONE: &str = "volume/took-back-a-request";
/// A target is not there, and is made anew.
pub const TARGET_ANEW: &str = "volume/target-made-anew";
/// A target moves off a node that is lost or being drained.
pub const TARGET_MOVED: &str = "volume/target-moved-by-itself";
/// A replica that missed writes is left out of a new target.
pub const LEFT_OUT: &str = "volume/left-out-a-stale-replica";
/// A replica that is lost leaves its volume.
pub const REPLACED: &str = "volume/bad-replica-removed";
/// A volume gets back a replica that it lacks.
pub const REGROWN: &str = "volume/lacking-replica-made";
/// The last target left a node.
pub const DRAINED: &str = "volume/node-drained";
/// A volume goes, and parts of it wait for their node to return.
pub const PARTS_LEFT: &str = "volume/deletion-left-parts-behind";

/// Every mark.
pub const MARKS: [&str; 22] = [
    OLD_WRITE,
    OLD_EPOCH,
    LAST_HEALTHY,
    WRITE_AGAIN,
    UNDO_AGAIN,
    NOT_SAID,
    BUSY,
    CONFLICT_OVER,
    RECOGNISED,
    RESOLVED_FIRST,
    RESUMED,
    TAKEN_BACK,
    EVICTED,
    ORPHAN,
    UNDONE,
    TARGET_ANEW,
    TARGET_MOVED,
    LEFT_OUT,
    REPLACED,
    REGROWN,
    DRAINED,
    PARTS_LEFT,
];
