//! Places in the code of this plane that a suite of scenarios ought to reach.
//!
//! A mark stands where something rare is done for which a rule was written: a suite that never gets there says nothing
//! about the rule. All can be reached with our policies.

/// A member takes up a job from another member's copy.
pub const ADOPTED: &str = "xaction/adopted-from-a-copy";
/// Another member's copy knows of a part's end that this one has not heard of.
pub const MERGED_LATER: &str = "xaction/merge-took-a-later-part";
/// A copy of a job that was pruned here is not taken up again.
pub const TOMBSTONE: &str = "xaction/tombstone-refused-a-copy";
/// A notice of an end is the first that a member hears of a job.
pub const NOTICE_FIRST: &str = "xaction/notice-before-registration";
/// A target knows nothing of a job past its grace, and the starter is asked.
pub const ASKS_STARTER: &str = "xaction/asks-starter";
/// A settled job has lost a part, so it is aborted.
pub const LOST_PART: &str = "xaction/lost-part-aborts-the-job";
/// A query names a job unknown here, and the other members are asked.
pub const ASKS_MEMBERS: &str = "xaction/asks-other-members";
/// The order to abort is repeated.
pub const ABORT_AGAIN: &str = "xaction/abort-repeated";
/// A target is told to abort what it never started, and makes sure that it never will.
pub const FENCED: &str = "xaction/fenced-an-unknown-job";
/// A target finds after a restart that its part was cut short.
pub const CUT_SHORT: &str = "xaction/restart-found-a-part-cut-short";
/// A write failed and is tried again.
pub const WRITE_AGAIN: &str = "xaction/write-tried-again";

/// Every mark.
pub const MARKS: [&str; 11] = [
    ADOPTED,
    MERGED_LATER,
    TOMBSTONE,
    NOTICE_FIRST,
    ASKS_STARTER,
    LOST_PART,
    ASKS_MEMBERS,
    ABORT_AGAIN,
    FENCED,
    CUT_SHORT,
    WRITE_AGAIN,
];
