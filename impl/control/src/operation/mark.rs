//! Places in the code of this plane that a suite of scenarios ought to reach.
//!
//! A mark stands where something rare is done for which a rule was written: a suite that never gets there says nothing
//! about the rule. All can be reached with our policies.

/// The director sends a committed operation again: nobody said that its record is there.
pub const RELAYED_AGAIN: &str = "operation/relay-repeated";
/// A committed operation takes over the record of the one before it.
pub const RECORD_TAKEN_OVER: &str = "operation/record-taken-over";
/// A request finds another transaction holding its row.
pub const WAITED_FOR_LOCK: &str = "operation/waited-for-the-row";
/// A request that was carried out before gets its answer again.
pub const ANSWERED_AGAIN: &str = "operation/request-answered-again";
/// A completion is of an operation that has ended, and is told how.
pub const FENCED: &str = "operation/completion-fenced";
/// A commit is not known to be durable and is made again.
pub const COMMIT_AGAIN: &str = "operation/commit-tried-again";
/// A commit has failed, and its transaction comes to nothing.
pub const ROLLED_BACK: &str = "operation/rolled-back";
/// A watch event was not taken note of and is sent again.
pub const WATCH_REPEATED: &str = "operation/watch-repeated";
/// A list is older than what a controller knows of a record.
pub const STALE_LIST: &str = "operation/stale-list";
/// A status write meets another version of its record.
pub const CONFLICT: &str = "operation/status-conflict";
/// A controller forgets everything, since it leads no more.
pub const STEPPED_DOWN: &str = "operation/stepped-down";
/// Row 6: the director says that the operation has ended, and the record follows.
pub const RECORD_FOLLOWS: &str = "operation/record-follows-the-row";
/// Time is over, and the webhook is asked once before anybody says so.
pub const ASKED_BEFORE_TIMEOUT: &str = "operation/asked-before-timeout";
/// A location that was heard before is written down instead of asking again.
pub const LOCATION_AGAIN: &str = "operation/location-written-again";
/// A repeated call joins the job that is there.
pub const JOINED: &str = "operation/call-joined-a-job";
/// The tenant's system finds a job at its start and goes on with it.
pub const WORK_RESUMED: &str = "operation/work-resumed";

/// Every mark.
pub const MARKS: [&str; 16] = [
    RELAYED_AGAIN,
    RECORD_TAKEN_OVER,
    WAITED_FOR_LOCK,
    ANSWERED_AGAIN,
    FENCED,
    COMMIT_AGAIN,
    ROLLED_BACK,
    WATCH_REPEATED,
    STALE_LIST,
    CONFLICT,
    STEPPED_DOWN,
    RECORD_FOLLOWS,
    ASKED_BEFORE_TIMEOUT,
    LOCATION_AGAIN,
    JOINED,
    WORK_RESUMED,
];
