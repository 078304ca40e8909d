//! Where the published registry can break a property. Hazards: `reference/hazards-aistore.md` section D.

crate::policies! {
    /// How many of the xactions that a renewal matches are looked at (H-9).
    renew_match: RenewMatch = "renew-match" {
        /// The first; what the others forbid is not seen.
        First = "first",
        /// Every one; whichever forbids most decides.
        Every = "every",
    }
    /// When an xaction that is aborted to make room has made it (H-27).
    renewal_abort: RenewalAbort = "renewal-abort" {
        /// After two seconds, whether or not it has ended.
        Timed = "timed",
        /// When it has ended.
        Ended = "ended",
    }
    /// Which starts ask whether something that moves data runs (H-14).
    conflict_rule: ConflictRule = "conflict-rule" {
        /// Some of those that the documents name, and only those that users ask for.
        Published = "published",
        /// All that the documents name, whoever asks; what moves data asks too.
        Documented = "documented",
    }
    /// Whether on-demand xactions stand in the way of an administrator (H-12).
    demand_conflict: DemandConflict = "demand-conflict" {
        /// They do, idle or not.
        Blocks = "blocks",
        /// They do not: they are aborted and asked for again.
        Yields = "yields",
    }
    /// Which xactions an abort looks at (H-8).
    abort_scan: AbortScan = "abort-scan" {
        /// Those in history, which takes no brief ones once it is full.
        Recorded = "recorded",
        /// Everything that runs.
        Running = "running",
    }
    /// What work does for an xaction whose idle timer has run out (H-30).
    expiry: Expiry = "expiry" {
        /// It is queued, and nobody reads the queue.
        Final = "final",
        /// It brings the xaction back to life.
        Revoked = "revoked",
    }
}
