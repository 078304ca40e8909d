//! Kinds of xaction and what the Information Center knows of each.
//!
//! Holds the kinds that clients of this plane can start by broadcast; names and IC modes are those of
//! `reference/aistore-registry-and-coexistence.md` section A.

use std::fmt;

/// What an xaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Brings objects of a remote bucket into the cluster.
    PrefetchListrange,
    /// Drops cached objects.
    EvictListrange,
    /// Deletes objects.
    DeleteListrange,
    /// Copies objects to another bucket.
    CopyListrange,
    /// Warms up in-memory metadata.
    LoadLomCache,
}

/// Whether and when targets report a kind to the Information Center.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IcMode {
    /// Never: the Information Center does not know the job.
    None,
    /// When a target's part ends.
    UponTerm,
}

impl Kind {
    /// Every kind, in table order.
    pub const ALL: [Kind; 5] =
        [Kind::PrefetchListrange, Kind::EvictListrange, Kind::DeleteListrange, Kind::CopyListrange, Kind::LoadLomCache];

    /// The kind's own name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::PrefetchListrange => "prefetch-listrange",
            Kind::EvictListrange => "evict-listrange",
            Kind::DeleteListrange => "delete-listrange",
            Kind::CopyListrange => "copy-listrange",
            Kind::LoadLomCache => "load-lom-cache",
        }
    }

    /// The name people use.
    #[must_use]
    pub fn display_name(self) -> &'static str {
        match self {
            Kind::PrefetchListrange => "prefetch-objects",
            Kind::EvictListrange => "evict-objects",
            Kind::DeleteListrange => "delete-objects",
            Kind::CopyListrange => "copy-objects",
            Kind::LoadLomCache => "warm-up-metadata",
        }
    }

    /// Whether the Information Center tracks it.
    #[must_use]
    pub fn ic_mode(self) -> IcMode {
        match self {
            Kind::PrefetchListrange | Kind::EvictListrange | Kind::DeleteListrange => IcMode::UponTerm,
            Kind::CopyListrange | Kind::LoadLomCache => IcMode::None,
        }
    }

    /// The kind of that name or display name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name || kind.display_name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.display_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_either_name_and_the_empty_name_is_none() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(Kind::from_name(kind.display_name()), Some(kind));
        }
        assert_eq!(Kind::from_name(""), None);
    }
}
