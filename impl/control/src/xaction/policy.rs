//! The policies of this plane. Hazards `IC-n` and `H-n`: `reference/hazards-aistore.md`.

crate::policies! {
    /// Whether a listener built from the wire can hold error texts (IC-1).
    wire_errors: WireErrors = "wire-errors" {
        /// It drops them, so a failed job reads as a success on other members.
        Dropped = "dropped"
            => "Asked at one proxy a failed job reads as failed, at another as finished: a script that polls the \
                second goes on with data that are not there.",
        /// It keeps them like one built locally.
        Carried = "carried",
    }
    /// What a target's 404 means to the member that pulled (IC-5).
    not_found: NotFound = "not-found" {
        /// Past the grace period it aborts the job everywhere.
        AbortsJob = "aborts-job"
            => "A job that was only slow to start on one target is aborted on all of them, and its user has to begin \
                again.",
        /// Past the grace period the starter is asked; only if it starts no more is the target's part given up.
        AsksStarter = "asks-starter",
    }
    /// Who tells the other targets that a job is aborted, and for how long (IC-12).
    abort_delivery: AbortDelivery = "abort-delivery" {
        /// The primary, once, whatever becomes of the message.
        PrimaryOnce = "primary-once"
            => "An aborted job keeps reading and writing on the targets that missed the word, for as long as it takes \
                them.",
        /// Every member that has the job, again and again until each target has ended.
        UntilEnded = "until-ended",
    }
    /// When a job has ended (IC-12, H-22).
    job_end: JobEnd = "job-end" {
        /// At the first target's abort, or when every target has ended.
        FirstAbort = "first-abort"
            => "A user who sees the job ended deletes or rewrites its objects while a target still works on them.",
        /// When every target has ended.
        EverySource = "every-source",
    }
    /// How members keep their tables alike (IC-8).
    table_sync: TableSync = "table-sync" {
        /// A member asks another when a query names a job it does not know.
        OnDemand = "on-demand"
            => "The answer depends on the proxy that is asked, until somebody happens to ask about that very job \
                there.",
        /// Besides, members exchange tables and pull silent targets periodically.
        Periodic = "periodic",
    }
    /// How two copies of one job's listener become one (section 11 of the IC reference).
    merge: Merge = "merge" {
        /// A finished copy replaces a running one, otherwise the first stays as it is.
        FirstWins = "first-wins"
            => "Two proxies go on telling two stories of one job, and no later exchange settles which is right.",
        /// Per target the later state; union of errors.
        Join = "join",
    }
    /// What a member keeps of a job that it has pruned (section 11 of the IC reference: a deletion is not remembered).
    tombstone: Tombstone = "tombstone" {
        /// Nothing: a copy of another member's that keeps it longer brings it back.
        None = "none"
            => "A job that was forgotten on purpose is back a while later, on some proxies and not on others, as often as two \
                of them exchange tables.",
        /// That it was there, for longer than anybody keeps it.
        Kept = "kept",
    }
    /// How a target tells the members that its part has ended (IC-29).
    notification: Notification = "notification" {
        /// One message each, whatever becomes of it; a member that does not know the job drops it.
        Once = "once"
            => "A job that has finished everywhere comes to be called aborted, because the one message that said so \
                was lost.",
        /// Again and again until each member has acknowledged, with all that a member needs to take up the job.
        UntilAcknowledged = "until-acknowledged",
    }
    /// What a target remembers of its xactions across a restart (IC-5, restart variant).
    xact_record: XactRecord = "xact-record" {
        /// Nothing.
        Volatile = "volatile"
            => "A restart of one target turns a job that it had finished into one that failed.",
        /// That they began and how they ended; what a crash cut short is aborted on restart.
        Durable = "durable",
    }
    /// What a stop does at a target that does not know the xaction (IC-34).
    stop_unknown: StopUnknown = "stop-unknown" {
        /// Nothing: a start that arrives later goes ahead.
        Ignored = "ignored"
            => "A job that was stopped starts after all, and whoever waits for it waits for ever.",
        /// It is remembered as aborted, and a start that arrives later is refused.
        Fenced = "fenced",
    }
    /// Where a job's id comes from when a start request is repeated.
    job_identity: JobIdentity = "job-identity" {
        /// The gateway mints one for each request it sees.
        Gateway = "gateway"
            => "A retry of the client library makes a second job that nobody asked for, and nobody holds its id.",
        /// It is derived from the client's request, so a repeated request names the same job.
        Request = "request",
    }
    /// When a job counts as registered (IC-14, IC-29).
    registration: Registration = "registration" {
        /// After one try, whatever became of it.
        BestEffort = "best-effort"
            => "The id that the user was given means nothing any more once the gateway is gone: the job runs, and \
                nobody can ask about it.",
        /// When two members have it, or every other member is down.
        Acknowledged = "acknowledged",
    }
    /// What a gateway does about a target that does not answer a start (IC-14).
    start_delivery: StartDelivery = "start-delivery" {
        /// It reports an error; the targets that started go on.
        Once = "once"
            => "One lost message leaves a job on some targets and not on others, and the user reads that it was \
                aborted.",
        /// It asks again until the target answers.
        UntilAnswered = "until-answered",
    }
    /// What a client does when its gateway does not serve it (IC-19).
    gateway_down: GatewayDown = "gateway-down" {
        /// It retries the same one, and gives up at the first answer that is an error.
        SameAgain = "same-again"
            => "A client that waits through one proxy fails or hangs when that proxy dies, though others know the \
                answer.",
        /// It goes on with the next one.
        NextGateway = "next-gateway",
    }
    /// Whom a member asks about an id that it does not know (IC-24).
    unknown_id: UnknownId = "unknown-id" {
        /// One other member; no answer counts as unknown.
        AsksOne = "asks-one"
            => "After a restart a client is told that its running job does not exist.",
        /// All others; it says unknown only when each has said so or is down.
        AsksAll = "asks-all",
    }
    /// Whose word on a kind of job counts: which of them runs, or else ended last (IC-15).
    kind_query: KindQuery = "kind-query" {
        /// The table of the member that is asked.
        OneMember = "one-member"
            => "A wait for a kind comes back at once with how the last job of it ended, while the one that was just \
                started is at work.",
        /// Those of enough members to know of every job that was started.
        EnoughMembers = "enough-members",
    }
    /// Whose jobs a query for all of them shows (IC-27).
    status_all: StatusAll = "status-all" {
        /// Those in the table of the proxy that is asked, member or not.
        OwnTable = "own-table"
            => "The list is empty at most proxies, and a script that looks there before it takes a node down finds \
                nothing at work.",
        /// Those of enough members to know of every job that was started.
        EnoughMembers = "enough-members",
    }
    /// What a member makes of a target that is left out of the map while its part of a job runs (IC-12, H-22).
    map_change: MapChange = "map-change" {
        /// The job is aborted and over, here; the other targets are not told.
        AbortsHere = "aborts-here"
            => "A job is called ended while targets still work on it, because another target left the cluster.",
        /// The part is lost unless the members knew its end when they agreed on the map; with it the job is aborted
        /// everywhere.
        LosesParts = "loses-parts",
    }
    /// Who has to know how a job ended before a member says so.
    verdict: Verdict = "verdict" {
        /// Nobody else.
        Alone = "alone"
            => "A user acts on an end that the cluster takes back: first finished, later aborted.",
        /// More than half of the members, durably.
        Majority = "majority",
    }
    /// What a primary needs to change the map (H-17).
    primary_quorum: PrimaryQuorum = "primary-quorum" {
        /// Nothing: a change is in force at once, and alone it goes on leading whoever it still reaches.
        None = "none"
            => "The cluster splits in two that both take orders, and after the heal one half of what was ordered is \
                gone.",
        /// The agreement of a majority of the members before and after, and enough of the Information Center.
        Majority = "majority",
    }
    /// What a primary does about a later map that names another primary (H-17).
    foreign_primary: ForeignPrimary = "foreign-primary" {
        /// It refuses it, and goes on as primary until it restarts.
        Stands = "stands"
            => "Two primaries give orders until somebody restarts the older one by hand.",
        /// It goes by the later map.
        Yields = "yields",
    }
    /// Whose votes make a primary (H-35).
    electorate: Electorate = "electorate" {
        /// More yes than no among the others: the dead and the silent count as no, each votes by its own map.
        EachByOwnMap = "each-by-own-map"
            => "With a proxy and a target down the others never agree on a primary: nobody can join, leave or start.",
        /// A majority of the members, the candidate included; one durable vote a term, for no older map than one's own.
        Majority = "majority",
    }
    /// How members learn who has won an election (H-18).
    vote_result: VoteResult = "vote-result" {
        /// By a message that each applies to its own map, whenever it comes.
        Unconditional = "unconditional"
            => "Daemons hold different maps under one version, and none of them ever asks for the other's.",
        /// By the winner's map, which is later than all before.
        NewerMap = "newer-map",
    }
    /// Who is taken into the Information Center (IC-18, H-20).
    ic_staffing: IcStaffing = "ic-staffing" {
        /// Any electable proxy, also one in maintenance.
        AnyElectable = "any-electable"
            => "A proxy that is being switched off is asked about jobs, and takes what it knows along when it goes.",
        /// An active one.
        ActiveOnly = "active-only",
    }
    /// What a primary does about a sign of life from a daemon that is no member.
    keepalive_outside: KeepaliveOutside = "keepalive-outside" {
        /// It takes it in, also one that was decommissioned and has not heard of it.
        ReAdds = "re-adds"
            => "A node that was decommissioned, perhaps wiped, is a member again by itself, and objects are looked \
                for on it.",
        /// It takes it in unless it was sent away for good; then it tells it so.
        StaysOut = "stays-out",
    }
    /// When an administrator is told that a change is made (section D, metasync: success is not required).
    admin_answer: AdminAnswer = "admin-answer" {
        /// At once.
        AtOnce = "at-once"
            => "An administrator is told that a node is in maintenance, pulls the plug, and the next primary counts \
                on that node.",
        /// When a majority has the map, so that the next primary has it too.
        MajorityHasIt = "majority-has-it",
    }
    /// How many of the xactions that a renewal matches are looked at (H-9).
    renew_match: RenewMatch = "renew-match" {
        /// The first; what the others forbid is not seen.
        First = "first"
            => "Two jobs that exclude each other work on the same objects at once.",
        /// Every one; whichever forbids most decides.
        Every = "every",
    }
    /// When an xaction that is aborted to make room has made it (H-27).
    renewal_abort: RenewalAbort = "renewal-abort" {
        /// After two seconds, whether or not it has ended.
        Timed = "timed"
            => "The new job begins beside the old one that it was to replace, and the two undo each other's work.",
        /// When it has ended.
        Ended = "ended",
    }
    /// Which starts ask whether something that moves data runs (H-14).
    conflict_rule: ConflictRule = "conflict-rule" {
        /// Some of those that the documents name, and only those that users ask for.
        Published = "published"
            => "An inventory or a copy runs while data move, and quietly leaves out objects that are on their way.",
        /// All that the documents name, whoever asks; what moves data asks too.
        Documented = "documented",
    }
    /// Whether on-demand xactions stand in the way of an administrator (H-12).
    demand_conflict: DemandConflict = "demand-conflict" {
        /// They do, idle or not.
        Blocks = "blocks"
            => "A shutdown, a stop or a rebalance is refused for as long as there is any load at all.",
        /// They do not: they are aborted and asked for again.
        Yields = "yields",
    }
    /// Which xactions an abort looks at (H-8).
    abort_scan: AbortScan = "abort-scan" {
        /// Those in history, which takes no brief ones once it is full.
        Recorded = "recorded"
            => "A stop answers that all is stopped, and short jobs that history has no room for run on.",
        /// Everything that runs.
        Running = "running",
    }
    /// When a target does what an abort takes, beside marking the xaction (H-16).
    abort_body: AbortBody = "abort-body" {
        /// Under the lock of its registry, which others wait for; one that takes the lock again never gets it once somebody
        /// waits.
        UnderLock = "under-lock"
            => "A rebalance that ends an inline transformation hangs on a target where a start came in between, and that \
                target starts nothing any more until somebody restarts it.",
        /// When the registry is free again.
        AfterUnlock = "after-unlock",
    }
    /// What work does for an xaction whose idle timer has run out (H-30).
    expiry: Expiry = "expiry" {
        /// It is queued, and nobody reads the queue.
        Final = "final"
            => "Requests that were accepted in the moment in which their host expired are never done, and nobody says \
                so.",
        /// It brings the xaction back to life.
        Revoked = "revoked",
    }
    /// When a start looks whether it may go ahead (H-3).
    admission: Admission = "admission" {
        /// Before it registers; what is registered in between is not seen.
        Before = "before"
            => "Two jobs that may not run together do, when both are started within the same moment.",
        /// Again as it registers.
        AtRegistration = "at-registration",
    }
    /// What a user learns whose job is done by one that runs already (H-11).
    started_elsewhere: StartedElsewhere = "started-elsewhere" {
        /// The id asked for, which nothing ever has.
        Silent = "silent"
            => "The id in the answer never shows up anywhere: a script that waits for it waits for ever.",
        /// That it is refused, and which one runs.
        Said = "said",
    }
    /// What giving up a transaction does to a rename that it began (H-4).
    transaction_abort: TransactionAbort = "transaction-abort" {
        /// Nothing: it counts as running for ever.
        LeavesRename = "leaves-rename"
            => "After one rename that failed its bucket cannot be renamed, or its job started again, until the target \
                restarts.",
        /// It ends, like everything else that was begun.
        EndsAll = "ends-all",
    }
    /// Whether a copy may go into a bucket that another job is making, and takes away if it fails (IC-9).
    unfinished_bucket: UnfinishedBucket = "unfinished-bucket" {
        /// It may: buckets go by their names, and what the other takes away has the same.
        Shared = "shared"
            => "A copy that was begun right after another one was stopped loses its bucket under its hands, with all it \
                had copied.",
        /// Not before the other has ended, and has left its bucket there.
        Reserved = "reserved",
    }
    /// What becomes of a job that some targets started and others refused (H-10).
    partial_start: PartialStart = "partial-start" {
        /// Where it started it goes on, and the user is told that it failed.
        Left = "left"
            => "The user reads that the job failed and starts it anew, while half of the first one is at work.",
        /// It is stopped everywhere before the user is told.
        Undone = "undone",
    }
    /// Which targets a wait on snapshots looks at (H-34).
    snaps_wait: SnapsWait = "snaps-wait" {
        /// The first that has the job.
        OneTarget = "one-target"
            => "A wait comes back when the first target is done, and what is built on it reads half a result.",
        /// All that have it.
        EveryTarget = "every-target",
    }
    /// What a rebalance is called (H-2).
    rebalance_id: RebalanceId = "rebalance-id" {
        /// By a counter of its own: a primary that has not heard of the last one uses its number again.
        OwnCounter = "own-counter"
            => "Two rebalances share a number: the end of the one is taken for the end of the other.",
        /// By the version of the map that orders it.
        MapVersion = "map-version",
    }
    /// Where a target learns what a rebalance asks of it (H-32, H-33).
    rebalance_mode: RebalanceMode = "rebalance-mode" {
        /// From the message that the map comes with: a later map may come with an earlier one's, and a repeated one
        /// comes with none.
        InMessage = "in-message"
            => "A target that joins gets no data and the rebalance is reported done, or one target waits for streams that \
                the others, who only clean up, never open.",
        /// From the order in the map.
        InOrder = "in-order",
    }
    /// What becomes of a decommission whose rebalance failed (H-24).
    decommission_end: DecommissionEnd = "decommission-end" {
        /// The target leaves, with data that may be nowhere else.
        DespiteErrors = "despite-errors"
            => "Objects whose only copy was on the leaving target are lost.",
        /// The rebalance is ordered again, and the target leaves when its data have moved.
        WhenMoved = "when-moved",
    }
    /// How long a target waits for the others before it calls a rebalance finished (H-19).
    rebalance_barrier: RebalanceBarrier = "rebalance-barrier" {
        /// For a time; then it goes on without them.
        TimesOut = "times-out"
            => "A slow target's objects are unreachable while the others say that all is in place.",
        /// Until they are there, or another order comes.
        Waits = "waits",
    }
    /// Who finishes a change of membership when its rebalance is done (H-15).
    rebalance_finalizer: RebalanceFinalizer = "rebalance-finalizer" {
        /// The primary that was asked for it, from memory.
        InMemory = "in-memory"
            => "A decommission stays half done after a change of primary: the target never leaves, and no other \
                change is let in.",
        /// Whoever is primary, as the map says.
        AsInTheMap = "as-in-the-map",
    }
    /// Whether a target has to reach others before it begins to move data (H-5).
    rebalance_ping: RebalancePing = "rebalance-ping" {
        /// Every target in the map, also one that is switched off in maintenance; else it gives up and tells nobody.
        Everybody = "everybody"
            => "While any node is switched off in maintenance, data are never moved, and nobody is told.",
        /// Nobody: the barrier at the end waits for those who take part.
        Nobody = "nobody",
    }
    /// Which rebalance a target ends for a newer one (H-1).
    preemption: Preemption = "preemption" {
        /// The one whose order it took last; one that a user asked for is not found, and takes the newer one along.
        ByLastId = "by-last-id"
            => "A rebalance that has just begun is thrown away, while an older one goes on beside it by an older \
                map.",
        /// The one under way.
        ByWhatRuns = "by-what-runs",
    }
    /// What a stop does to a rebalance whose marker is on its way out (H-25).
    late_stop: LateStop = "late-stop" {
        /// It is aborted, and no marker says so.
        Aborts = "aborts"
            => "A rebalance that was cut short leaves no trace: after a restart nobody resumes it, and objects stay \
                where they do not belong.",
        /// It is refused: the rebalance finishes.
        Refused = "refused",
    }
    /// Which changes of the map end a rebalance (H-13).
    map_change_aborts: MapChangeAborts = "map-change-aborts" {
        /// Any.
        AnyChange = "any-change"
            => "Any proxy that joins throws hours of moved data away, and a rebalance may never come to its end.",
        /// Those that order another.
        NewOrder = "new-order",
    }
    /// Who decides what becomes of a bucket that an ended job made (IC-6).
    bucket_finalizer: BucketFinalizer = "bucket-finalizer" {
        /// The primary that made it, from memory.
        InMemory = "in-memory"
            => "A copy that failed leaves half a bucket behind for good, because the primary died in the meantime.",
        /// Whoever is primary, as the map says.
        AsInTheMap = "as-in-the-map",
    }
    /// What keeps two targets from being taken out at once (IC-7, H-7).
    one_change: OneChange = "one-change" {
        /// Nothing that outlives a change of primary: the second is admitted.
        NotKept = "not-kept"
            => "Two targets go at once, and with them both copies of what was mirrored on the two.",
        /// The map: while a target is on its way out, no other change of targets is admitted.
        AsInTheMap = "as-in-the-map",
    }
}
