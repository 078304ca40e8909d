//! What a kind's own rule says when one of its kind runs already. One row per kind.

use super::{Arg, Entry};
use super::{Ask, RenewRefused};
use crate::xaction::Kind;

/// What to do when a match runs already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Use the one that runs.
    Use,
    /// Use the one for the same bucket, else keep it and start another.
    SameBucketElseBoth,
    /// Refuse: it is running already.
    UsePrev,
    /// Refuse a second one for the same object, else keep both.
    SameObjectElseBoth,
    /// Refuse: it is running already, or it must be stopped first when the sizes differ.
    SameSizesElseStop,
    /// Keep both when prefixes are disjoint, else refuse.
    DisjointElseRefuse,
    /// Use the one that the same transaction began, else refuse.
    CommitElseRefuse,
    /// Refuse: there can be one only.
    Refuse,
    /// Keep it and start another.
    Both,
    /// Abort it, then start.
    AbortPrev,
    /// Abort an older one, then start; refuse to go back.
    NewerAborts,
}

/// What the rule says of one match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Use,
    Refuse(RenewRefused),
    Both,
    Abort,
}

impl Rule {
    /// The rule of a kind.
    ///
    /// Kinds that idle use what runs; only a batch of reads has a rule of its own. Source:
    /// `reference/aistore-registry-and-coexistence.md` section B, renew.
    #[must_use]
    pub fn of(kind: Kind) -> Rule {
        match kind {
            Kind::EcGet
            | Kind::EcPut
            | Kind::EcResp
            | Kind::PutCopies
            | Kind::Archive
            | Kind::CopyListrange
            | Kind::EtlListrange
            | Kind::List
            | Kind::Download
            | Kind::Election
            | Kind::LoadLomCache => Rule::Use,
            Kind::GetBatch => Rule::SameBucketElseBoth,
            Kind::Lru | Kind::CleanupStore => Rule::UsePrev,
            Kind::BlobDownload => Rule::SameObjectElseBoth,
            Kind::Rechunk => Rule::SameSizesElseStop,
            Kind::IndexShard => Rule::DisjointElseRefuse,
            Kind::CopyBck | Kind::EtlBck | Kind::MoveBck | Kind::CreateInventory => Rule::UsePrev,
            Kind::MakeNCopies => Rule::Refuse,
            Kind::EcEncode => Rule::CommitElseRefuse,
            Kind::SummaryBck
            | Kind::SummaryShard
            | Kind::Promote
            | Kind::EvictListrange
            | Kind::EvictRemoteBck
            | Kind::DeleteListrange
            | Kind::PrefetchListrange
            | Kind::Dsort
            | Kind::EtlInline => Rule::Both,
            Kind::Resilver => Rule::AbortPrev,
            Kind::Rebalance => Rule::NewerAborts,
        }
    }

    pub(super) fn says(self, ask: &Ask, prev: &Entry) -> Says {
        let same_arg = ask.arg == prev.arg;
        match self {
            Rule::Use => Says::Use,
            Rule::SameBucketElseBoth if ask.arg == Arg::Sender => Says::Both,
            Rule::SameBucketElseBoth if ask.from == prev.from => Says::Use,
            Rule::UsePrev => Says::Refuse(RenewRefused::UsePrev(prev.id)),
            Rule::SameObjectElseBoth | Rule::SameSizesElseStop if same_arg => {
                Says::Refuse(RenewRefused::UsePrev(prev.id))
            }
            Rule::SameSizesElseStop => Says::Refuse(RenewRefused::StopFirst(prev.id)),
            Rule::DisjointElseRefuse if ask.arg != Arg::None && prev.arg != Arg::None && !same_arg => Says::Both,
            Rule::CommitElseRefuse if ask.arg == Arg::Commit => Says::Use,
            Rule::DisjointElseRefuse | Rule::CommitElseRefuse | Rule::Refuse => {
                Says::Refuse(RenewRefused::Running(prev.id))
            }
            Rule::SameBucketElseBoth | Rule::SameObjectElseBoth | Rule::Both => Says::Both,
            Rule::AbortPrev | Rule::NewerAborts => Says::Abort,
        }
    }
}
