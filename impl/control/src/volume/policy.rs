//! The policies of this plane. Hazards `H1` to `H19`: `reference/mayastor-control-plane.md` section 13.

crate::policies! {
    /// What the store checks before it takes a write (H2).
    write_guard: WriteGuard = "write-guard" {
        /// That the writer's lease is in force.
        LeaseOnly = "lease-only"
            => "A volume that was deleted comes back as created, and its deletion has to be found out by hand.",
        /// Besides, that no later write of that lease was taken: a late copy changes nothing.
        Revision = "revision",
    }
    /// What a write that is not answered in time means to the agent (H4, H8).
    unknown_write: UnknownWrite = "unknown-write" {
        /// It failed; the operation is answered 507 and undone in memory.
        Fails = "fails"
            => "The user reads an error, retries, and has two volumes, or finds one that was never to be there.",
        /// Nothing yet: it is sent again until its outcome is known.
        Resolved = "resolved",
    }
    /// What an engine checks before it does what an agent calls for (H3).
    engine_epoch: EngineEpoch = "engine-epoch" {
        /// Nothing.
        Ignored = "ignored"
            => "An agent that was replaced an hour ago takes down a target that its successor has just put up.",
        /// That it has not heard of a later lease.
        Checked = "checked",
    }
    /// What becomes of a resource whose deletion could not be written down (H5).
    failed_delete: FailedDelete = "failed-delete" {
        /// It stays deleting in memory, and the collector finishes the deletion that was refused.
        StaysDeleting = "stays-deleting"
            => "A deletion that was refused destroys the data all the same, minutes later.",
        /// It is as it was.
        Restored = "restored",
    }
    /// What is done about engine objects that no spec speaks of (H1, H13).
    orphans: Orphans = "orphans" {
        /// Nothing.
        Ignored = "ignored"
            => "Replicas that no volume knows eat up the pool, until somebody looks for them by hand.",
        /// The reconciler destroys them, each by its birth.
        Collected = "collected",
    }
    /// What an unpublish that fails at the engine leaves (H6).
    failed_unpublish: FailedUnpublish = "failed-unpublish" {
        /// The nexus on its way out, the volume published.
        NexusDeleting = "nexus-deleting"
            => "A published volume stays without its target: the application has lost its disk, and nothing brings it \
                back.",
        /// The volume published, and its target is made anew if it is gone.
        KeepsTarget = "keeps-target",
    }
    /// What a new leader does about an operation that its predecessor left unfinished (H7, H8).
    pending_operation: PendingOperation = "pending-operation" {
        /// It takes it for failed and clears the record.
        Dropped = "dropped"
            => "A volume that was in mid-change when the agent died is neither changed nor as before, and stays so.",
        /// It finishes it, or takes back what it did.
        Resumed = "resumed",
    }
    /// What is done about a node operation whose end could not be written down (H9).
    node_operation: NodeOperation = "node-operation" {
        /// Nothing: the node stays dirty.
        Forgotten = "forgotten"
            => "A node cannot be cordoned or drained any more: every request is refused as one in progress.",
        /// It is resolved like that of any other resource.
        Resolved = "resolved",
    }
    /// When a new resource becomes visible to the reconciler (H10).
    new_resource: NewResource = "new-resource" {
        /// Before its creator guards it, so that the reconciler may take it for a leftover.
        Unguarded = "unguarded"
            => "A create fails with an error about a rival that there never was.",
        /// Under the guard of its creator.
        Guarded = "guarded",
    }
    /// What keeps an old target from writing once a new one starts (H11).
    target_fence: TargetFence = "target-fence" {
        /// Nothing that the control plane does.
        None = "none"
            => "Two targets write to the same replicas, and the volume's data are torn.",
        /// Every replica is told first to accept the new target alone.
        Replicas = "replicas",
    }
    /// When an engine's "exists already" counts as success (H14).
    adoption: Adoption = "adoption" {
        /// When something of that name is there.
        ByName = "by-name"
            => "A new volume comes up with the remains of an old one of that name: another user's data, or another \
                size.",
        /// When it is this very resource; a leftover of the same name is destroyed first.
        ByBirth = "by-birth",
    }
    /// What a repeated create of a resource is answered (section 1).
    repeated_create: RepeatedCreate = "repeated-create" {
        /// 409, like a rival's.
        Conflict = "conflict"
            => "A provisioner that retries, as provisioners do, is told of a conflict with itself and gives up.",
        /// 422.
        AlreadyExists = "already-exists",
    }
    /// Who makes sure that the last healthy child of a target stays (H17).
    last_healthy: LastHealthy = "last-healthy" {
        /// The agent, from what it knew before.
        Agent = "agent"
            => "The only replica with the data is taken from the volume, by a step that was meant to tidy up.",
        /// The engine, when it is to take the child.
        Engine = "engine",
    }
    /// In which sequence the parts of a new volume are written down and made (section 1).
    create_sequence: CreateSequence = "create-sequence" {
        /// Every part is written down first, then made, then completed, the volume last: what fails cannot be replaced.
        AllAtOnce = "all-at-once"
            => "A create fails for want of one bad node, while others stand empty.",
        /// One part after the other; a replica that fails is made elsewhere.
        OneByOne = "one-by-one",
    }
    /// When the deletion of a volume is acknowledged (H16).
    volume_delete: VolumeDelete = "volume-delete" {
        /// Once its key is gone, whatever remains of it.
        KeyGone = "key-gone"
            => "The user reads that the volume is gone and makes one of the same name, into its remains.",
        /// Once its parts on every node that answers are gone.
        PartsGone = "parts-gone",
    }
    /// To what the parts of a volume belong (H12).
    ownership: Ownership = "ownership" {
        /// To whatever has its uuid: one that could not be reached when the volume went may join the next of that uuid.
        ByUuid = "by-uuid"
            => "A new volume takes a replica of its predecessor for its own, and serves stale data from it.",
        /// To one life of it; what cannot be reached when that ends is on its way out.
        ByBirth = "by-birth",
    }
    /// How long it stays on record that a replica missed writes (H19).
    health_record: HealthRecord = "health-record" {
        /// Until its nexus is replaced, when an agent deletes the record, or dies before that.
        PerNexus = "per-nexus"
            => "What the store holds of nexuses long gone piles up, or the word that a replica is stale goes with one \
                that is not.",
        /// As long as the replica is: they go together.
        PerReplica = "per-replica",
    }
    /// What room a pool is taken to have (H15).
    room: Room = "room" {
        /// What its engine reported: two creates at once are promised the same.
        Reported = "reported"
            => "Two volumes are promised the same room, and writes to one of them fail later.",
        /// What is promised to nobody on record.
        Unpromised = "unpromised",
    }
    /// What an agent makes sure of before it answers from memory.
    memory_answer: MemoryAnswer = "memory-answer" {
        /// Nothing: it may have been deposed without knowing.
        AtOnce = "at-once"
            => "The user is told that a volume is there, or is not, by somebody who has no say any more.",
        /// That its lease is in force, of the store.
        Confirmed = "confirmed",
    }
    /// What an agent does with a copy of a request that it has answered (H18).
    repeated_request: RepeatedRequest = "repeated-request" {
        /// It takes it for a new one.
        Executed = "executed"
            => "A delete that the network delivers twice destroys the volume that was made in between.",
        /// It answers as before.
        Recognised = "recognised",
    }
}
