//! The policies of this plane. Hazards `H1` to `H16`: `reference/compass-operations.md` section 9.

crate::policies! {
    /// When the record of an operation is written, beside the database's commit (H1).
    schedule: Schedule = "schedule" {
        /// Before the commit, which may still fail.
        BeforeCommit = "before-commit"
            => "A customer's install or delete is accepted and never happens: the record is there without its row, or \
                the row without its record.",
        /// After it, from the row, again and again until the API server has the record.
        Outbox = "outbox",
    }
    /// When a transaction reads the row it is about to change (H2).
    row_read: RowRead = "row-read" {
        /// When the request arrives, without a lock.
        Unlocked = "unlocked"
            => "Two installs of one application run at once, and the later one overwrites what the earlier one did.",
        /// When it holds the row's lock.
        Locked = "locked",
    }
    /// Which completion call the director applies (H12).
    completion: Completion = "completion" {
        /// Every one, whatever operation it is about.
        Unfenced = "unfenced"
            => "An operation in progress is shown as done, because the one before it came in late.",
        /// The first one of the row's current operation.
        Fenced = "fenced",
    }
    /// What a reconcile does about an operation that has ended (H6).
    ended: Ended = "ended" {
        /// All of it again.
        Replayed = "replayed"
            => "After each restart webhooks of operations long ended are called again.",
        /// Nothing.
        Absorbed = "absorbed",
    }
    /// How the tenant's system tells a repeated webhook call from a new one (H3, H4, H5).
    webhook_key: WebhookKey = "webhook-key" {
        /// It does not.
        Absent = "absent"
            => "A customer's system creates a tenant twice, or charges twice, because one answer was lost.",
        /// By the operation's id, which every call carries.
        Operation = "operation",
    }
    /// What is remembered of a webhook's outcome before the director is told (H5).
    outcome: OutcomeMemory = "outcome" {
        /// Nothing: a completion that fails makes the controller call the webhook again.
        Forgotten = "forgotten"
            => "The customer's system has done it, and the operation is reported as failed.",
        /// It is written to the record first.
        Recorded = "recorded",
    }
    /// What a status means that is none of the webhook's three identifiers, or an answer in a mode without polling (H7).
    odd_answer: OddAnswer = "odd-answer" {
        /// The reconcile stops, and no timer starts another.
        Wedges = "wedges"
            => "An operation hangs in progress until somebody restarts the controller.",
        /// It is asked again later.
        Retried = "retried",
    }
    /// How `retryInterval` is read where a call failed (H7, H8).
    retry_unit: RetryUnit = "retry-unit" {
        /// As nanoseconds; none at all for 0.
        Nanoseconds = "nanoseconds"
            => "A webhook that asked for half a minute of patience is called again at once, without a pause, while it \
                struggles.",
        /// As seconds; the default interval for 0.
        Seconds = "seconds",
    }
    /// What a job's failure with an error text means (H9).
    failure_text: FailureText = "failure-text" {
        /// The poll failed: it is tried again.
        Retried = "retried"
            => "A job that failed for good is polled until its time is up, and the reason never reaches the \
                customer.",
        /// The job failed.
        Final = "final",
    }
    /// Whether the director tells a controller that an application is ready, and how its operation ended (row 6; H1).
    readiness: Readiness = "readiness" {
        /// No: the fields were dropped from its API, and row 6 of the table never matches.
        Hidden = "hidden"
            => "The controller goes on asking for an operation whose application has been ready for long, and may yet \
                fail it.",
        /// Yes, with the number of that operation; row 6 ends the record of that one alone.
        Visible = "visible",
    }
    /// What becomes of a record whose application cannot be fetched for a long time (H10).
    collection: Collection = "collection" {
        /// It is deleted, whether its operation has ended or not.
        Deletes = "deletes"
            => "An operation in progress loses its record and stays in progress for ever, because nobody answered \
                about it for a while.",
        /// It stays.
        Keeps = "keeps",
    }
    /// What a failed delete leaves in the row (H11).
    deleted_at: DeletedAt = "deleted-at" {
        /// Its time of deletion, which reads as a delete in progress once the error is gone.
        Kept = "kept"
            => "A customer whose delete failed can do nothing more with the application: every request is refused as \
                concurrent.",
        /// Nothing but the error.
        Cleared = "cleared",
    }
    /// When it is noticed that an operation has run out of time (H13).
    deadline: Deadline = "deadline" {
        /// At the next visit, whenever that is.
        OnVisit = "on-visit"
            => "An operation that ran out of time keeps its application locked long after, until somebody comes by.",
        /// When it runs out.
        OnTime = "on-time",
    }
    /// Whether a replica can say that an operation has run out of time without having asked the webhook (H13).
    attempt: Attempt = "attempt" {
        /// Yes.
        Optional = "optional"
            => "An operation fails by time-out though its webhook was never called once.",
        /// No: it calls or polls once at least.
        Required = "required",
    }
    /// What a failure by time-out says about the tenant's side (H16).
    timeout_claim: TimeoutClaim = "timeout-claim" {
        /// That the webhook did not succeed.
        Failed = "failed"
            => "The customer is told that it failed and does it by hand, while the tenant's side is doing it.",
        /// That its outcome is unknown.
        Unknown = "unknown",
    }
    /// Where the webhook's definition comes from (H15).
    plan: Plan = "plan" {
        /// From the director at each reconcile.
        Live = "live"
            => "An edit of the webhook in mid-flight makes a running operation call a system that knows nothing of \
                it.",
        /// From the record, as it was when the operation was accepted.
        Frozen = "frozen",
    }
    /// What a request that is received again means.
    request_identity: RequestIdentity = "request-identity" {
        /// A new one.
        New = "new"
            => "A click that the browser sends twice makes two operations, or fails the first one as concurrent with \
                itself.",
        /// The same one: it gets the same answer.
        Same = "same",
    }
    /// What becomes of an operation whose request object cannot be read (H14).
    malformed: Malformed = "malformed" {
        /// The completion call is never sent, and the reconcile repeats for ever.
        Repeats = "repeats"
            => "An operation that nobody can read locks its application for ever, and a controller's worker with it.",
        /// It fails.
        Fails = "fails",
    }
    /// What a reconcile reads after a status write of its own (H3).
    own_writes: OwnWrites = "own-writes" {
        /// The cache, which has not seen the write yet, or what it conflicts with.
        Awaited = "awaited"
            => "A second job is started at the customer's system while the first runs.",
        /// What was written, or should have been; after a conflict, what the API server has.
        Remembered = "remembered",
    }
}

impl Policies {
    /// Whether the row is the outbox of its operation (policy `schedule`).
    pub(crate) fn has_outbox(&self) -> bool {
        self.schedule == Schedule::Outbox
    }

    /// Whether a request keeps its identity when it is sent again (policy `request-identity`).
    pub(crate) fn knows_repeats(&self) -> bool {
        self.request_identity == RequestIdentity::Same
    }

    /// Whether old records are deleted (policy `collection`).
    pub(crate) fn collects(&self) -> bool {
        self.collection == Collection::Deletes
    }

    /// Whether a controller remembers what it writes (policy `own-writes`).
    pub(crate) fn goes_by_own_writes(&self) -> bool {
        self.own_writes == OwnWrites::Remembered
    }
}
