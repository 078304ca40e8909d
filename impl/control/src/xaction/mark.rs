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
/// A target is handed the news of another.
pub const RELAYED: &str = "xaction/relayed-news";
/// The relay is down, and its news go straight to the members.
pub const RELAY_DOWN: &str = "xaction/relay-is-down";
/// A query names a job unknown here, and the other members are asked.
pub const ASKS_MEMBERS: &str = "xaction/asks-other-members";
/// A query names a kind or no job at all, and the other members are asked for what they know.
pub const ASKS_FOR_MORE: &str = "xaction/asks-members-for-more";
/// So many members are down that nobody can say whether a job is unknown.
pub const TOO_FEW_TO_TELL: &str = "xaction/too-few-members-to-call-a-job-unknown";
/// The order to abort is repeated.
pub const ABORT_AGAIN: &str = "xaction/abort-repeated";
/// A target is told to abort what it never started, and makes sure that it never will.
pub const FENCED: &str = "xaction/fenced-an-unknown-job";
/// A target finds after a restart that its part was cut short.
pub const CUT_SHORT: &str = "xaction/restart-found-a-part-cut-short";
/// A target finds after a restart that every member knows the end of its part, and tells nobody.
pub const TOLD_BEFORE: &str = "xaction/told-before-the-restart";
/// A write failed and is tried again.
pub const WRITE_AGAIN: &str = "xaction/write-tried-again";
/// A target whose part of a job has not ended is no member any more.
pub const TARGET_GONE: &str = "xaction/part-lost-with-its-target";
/// A proxy is taken into the Information Center.
pub const STAFFED: &str = "xaction/staffed";
/// A target learns that it was out of the cluster while it worked.
pub const WAS_OUT: &str = "xaction/target-was-out";
/// A target refuses its part of a job whose targets were chosen before it became a member.
pub const OLDER_THAN_I: &str = "xaction/refused-an-older-job";
/// A gateway is no member any more, and drops the jobs it was starting.
pub const STOPS_STARTING: &str = "xaction/gateway-left-out-stops-starting";
/// A gateway finds a job registered with other targets, by another gateway before it.
pub const OTHERS_FIRST: &str = "xaction/registered-with-other-targets-before";
/// A member that has not said how a job ended hears that the others did long ago.
pub const PRUNED_ELSEWHERE: &str = "xaction/pruned-elsewhere";
/// A target drops a rebalance for a newer order.
pub const PREEMPTED: &str = "xaction/rebalance-preempted";
/// A target finds after a restart that a rebalance was cut short.
pub const INTERRUPTED: &str = "xaction/rebalance-interrupted";
/// A primary orders again what was cut short.
pub const REORDERED: &str = "xaction/rebalance-ordered-again";
/// A primary takes a daemon in again of which it had heard too long nothing.
pub const READMITTED: &str = "xaction/readmitted-by-keepalive";
/// A daemon that was shut down stops.
pub const SWITCHED_OFF: &str = "xaction/switched-off";
/// A primary leaves silent members out of the map.
pub const REMOVED_SILENT: &str = "xaction/removed-silent-members";
/// A primary hears of too few members to leave others out.
pub const NO_QUORUM: &str = "xaction/primary-without-quorum";
/// A primary learns of a later map that names another primary.
pub const YIELDED: &str = "xaction/primary-yielded";
/// A daemon that was left out of the map asks to be taken in again.
pub const ASKS_BACK_IN: &str = "xaction/asks-back-in";
/// Enough daemons have agreed on a change of the map.
pub const SETTLED: &str = "xaction/map-settled";
/// A primary has itself elected again, since votes were promised to somebody who has not won.
pub const LEADS_ANEW: &str = "xaction/primary-elected-again";
/// A member agrees on how a job ended when it hears that enough others know.
pub const SEALED: &str = "xaction/end-sealed";
/// A member that agrees with the others on the members drops a job of which they know nothing.
pub const NOT_CARRIED: &str = "xaction/job-not-carried-over";
/// A member finds after a restart that the Information Center went on without it, and asks for what it missed.
pub const STALE: &str = "xaction/member-asks-for-what-it-missed";
/// A proxy stands for election.
pub const STANDS: &str = "xaction/stands-for-election";
/// A candidate does not win.
pub const LOST_ELECTION: &str = "xaction/lost-an-election";

/// A start is refused because something in its way still runs after some seconds.
pub const CONFLICT: &str = "xaction/start-refused-for-what-runs";
/// What was allowed when it looked is refused when it registers.
pub const CONFLICT_SINCE: &str = "xaction/conflict-arose-before-registration";
/// A start is refused because what runs will do.
pub const RUNS_ALREADY: &str = "xaction/refused-as-running-already";
/// A commit waits for the bucket that the job is to fill.
pub const COMMIT_WAITS: &str = "xaction/commit-waits-for-metadata";
/// A target starts a job by itself.
pub const CHORE: &str = "xaction/target-starts-a-job-itself";
/// What was begun is given up.
pub const BEGUN_GIVEN_UP: &str = "xaction/begun-and-given-up";
/// A start is undone because a target refused.
pub const START_UNDONE: &str = "xaction/start-undone";
/// An abort by filter hits something that runs.
pub const SWEPT: &str = "xaction/swept-by-a-filter";
/// Work comes to an on-demand xaction whose idle timer has run out.
pub const EXPIRY_REVOKED: &str = "xaction/work-came-while-expiring";
/// A wait's condition is met although parts have not ended.
pub const WAIT_MET_WHILE_RUNNING: &str = "xaction/wait-met-while-running";

/// Every mark.
pub const MARKS: [&str; 49] = [
    SWEPT,
    EXPIRY_REVOKED,
    WAIT_MET_WHILE_RUNNING,
    CONFLICT,
    CONFLICT_SINCE,
    RUNS_ALREADY,
    BEGUN_GIVEN_UP,
    COMMIT_WAITS,
    CHORE,
    START_UNDONE,
    ADOPTED,
    MERGED_LATER,
    TOMBSTONE,
    NOTICE_FIRST,
    ASKS_STARTER,
    LOST_PART,
    RELAYED,
    RELAY_DOWN,
    ASKS_MEMBERS,
    ASKS_FOR_MORE,
    TOO_FEW_TO_TELL,
    ABORT_AGAIN,
    FENCED,
    CUT_SHORT,
    TOLD_BEFORE,
    WRITE_AGAIN,
    TARGET_GONE,
    STAFFED,
    WAS_OUT,
    OLDER_THAN_I,
    SETTLED,
    LEADS_ANEW,
    SEALED,
    NOT_CARRIED,
    PREEMPTED,
    INTERRUPTED,
    REORDERED,
    PRUNED_ELSEWHERE,
    STALE,
    OTHERS_FIRST,
    STOPS_STARTING,
    READMITTED,
    SWITCHED_OFF,
    REMOVED_SILENT,
    NO_QUORUM,
    YIELDED,
    ASKS_BACK_IN,
    STANDS,
    LOST_ELECTION,
];
