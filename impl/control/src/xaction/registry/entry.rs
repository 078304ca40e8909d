//! One xaction of one target, as its registry knows it.

use quiesce_machine::{Rename, Stamp};

use crate::xaction::bucket::Bucket;
use crate::xaction::{Kind, XactId};

/// An xaction in the registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Entry {
    /// Its id.
    pub id: XactId,
    /// Its kind.
    pub kind: Kind,
    /// The bucket it works on, or copies from.
    pub from: Option<Bucket>,
    /// The bucket it copies to.
    pub to: Option<Bucket>,
    /// What else tells two of its kind apart.
    pub arg: Arg,
    /// How it stands.
    pub phase: Phase,
    /// Why it was aborted, if it was.
    pub aborted: Option<Cause>,
    /// Work handed to it and not done; only kinds that idle have any.
    pub pending: u8,
    /// Whether it has had work or been renewed since the last tick of its idle timer.
    pub touched: bool,
    /// When it was registered.
    pub start: Stamp,
    /// When it ended.
    pub end: Option<Stamp>,
    /// Whether the list of active xactions holds it.
    pub(super) active: bool,
    /// Whether history holds it.
    pub(super) recorded: bool,
    /// Whether history may forget it.
    pub(super) ripe: bool,
}

/// How an xaction stands. Everything before `Stopping` counts as running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Phase {
    /// Registered by a transaction that is not committed.
    Begun,
    /// Working.
    Running,
    /// Alive without work.
    Idle,
    /// Its idle timer has run out, and its run loop has yet to see it.
    Expiring,
    /// Told to stop.
    Stopping,
    /// Ended.
    Finished,
}

/// What tells two xactions of one kind apart, beside buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Arg {
    /// Nothing.
    #[default]
    None,
    /// The object of a blob download, the chunk sizes of a rechunk, or the prefix of shards to index.
    Named(u16),
    /// An encoding that goes from begin to commit.
    Commit,
    /// A rebalance that moves nothing, and removes what is misplaced.
    Cleanup,
    /// A sender's part of a batch of reads, which is known by id alone.
    Sender,
}

/// Why an xaction was aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Cause {
    /// A user stopped it.
    User,
    /// Another of its kind takes its place.
    Renewal,
    /// A member of the Information Center said so.
    Ic,
    /// A new rebalance began.
    Rebalance,
    /// The transaction that began it was given up.
    Transaction,
    /// Its bucket is gone.
    BucketGone,
    /// It gave up by itself.
    Itself,
}

impl Cause {
    /// The text that status carries.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Cause::User => "user abort",
            Cause::Renewal => "renewal abort",
            Cause::Ic => "IC(notifications) abort",
            Cause::Rebalance => "starting rebalance",
            Cause::Transaction => "transaction abort",
            Cause::BucketGone => "bucket destroyed",
            Cause::Itself => "gave up",
        }
    }
}

impl Entry {
    /// Whether it counts as running: begun, idle and expiring ones do.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Begun | Phase::Running | Phase::Idle | Phase::Expiring)
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Finished
    }

    /// Whether status calls it idle: it has no work, for now or for good.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !matches!(self.phase, Phase::Begun | Phase::Running)
    }

    /// Whether it lives on without work.
    #[must_use]
    pub fn is_demand(&self) -> bool {
        self.kind.descriptor().idles
    }

    /// Whether its history is kept briefly.
    pub(super) fn is_quiet(&self) -> bool {
        self.kind.descriptor().quiet_brief
    }

    /// Whether a bucket of that name is one of its own.
    pub(super) fn touches(&self, bucket: Bucket) -> bool {
        [self.from, self.to].into_iter().flatten().any(|own| own.name == bucket.name)
    }
}
