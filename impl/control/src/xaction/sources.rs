//! The targets that take part in a job, as shared by every message about it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use quiesce_machine::{Rename, Renaming};

use super::digest::digest;
use super::id::DaemonId;
use super::membership::{Smap, Version};

/// A job's targets, in order. Copies share one list, and hashing takes the same time however long it is: every
/// notification carries its job's sources, and drivers hash every message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sources(Arc<List>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct List {
    digest: u64,
    as_of: Version,
    /// Whether they are the first targets, none left out: the place of one is its number.
    first: bool,
    targets: Box<[DaemonId]>,
}

impl Sources {
    /// The active targets of a map.
    #[must_use]
    pub fn of(map: &Smap) -> Self {
        Self::new(map.version(), map.targets().collect())
    }

    /// One target, as of a map.
    #[must_use]
    pub fn one(map: &Smap, target: DaemonId) -> Self {
        Self::new(map.version(), vec![target])
    }

    /// Those of them that are the same members under a later map, chosen anew.
    #[must_use]
    pub fn under(&self, map: &Smap) -> Self {
        let stayed = |target: &DaemonId| map.member(*target).is_some_and(|member| member.since <= self.as_of());
        Self::new(map.version(), self.iter().copied().filter(stayed).collect())
    }

    /// These targets, as of a map of that version.
    #[must_use]
    pub fn as_of_version(as_of: Version, targets: Vec<DaemonId>) -> Self {
        Self::new(as_of, targets)
    }

    /// The map that they were taken from: a daemon that goes by an older one cannot tell whether they are members.
    #[must_use]
    pub fn as_of(&self) -> Version {
        self.0.as_of
    }

    /// The place of a target among them. Where every target takes part, the place is its number.
    #[inline]
    pub(super) fn place(&self, target: DaemonId) -> Option<usize> {
        match target {
            DaemonId::Target(n) if self.0.first => Some(usize::from(n)).filter(|&place| place < self.len()),
            DaemonId::Proxy(_) | DaemonId::Target(_) | DaemonId::Client(_) => self.binary_search(&target).ok(),
        }
    }

    /// Sorts the targets and drops repeats.
    fn new(as_of: Version, mut targets: Vec<DaemonId>) -> Self {
        targets.sort_unstable();
        targets.dedup();
        let first = targets
            .iter()
            .enumerate()
            .all(|(place, &target)| matches!(target, DaemonId::Target(n) if usize::from(n) == place));
        Sources(Arc::new(List { digest: digest(&(as_of, &targets)), as_of, first, targets: targets.into() }))
    }
}

impl FromIterator<DaemonId> for Sources {
    /// Targets of no map in particular.
    fn from_iter<I: IntoIterator<Item = DaemonId>>(targets: I) -> Self {
        Self::new(Version::default(), targets.into_iter().collect())
    }
}

impl Deref for Sources {
    type Target = [DaemonId];

    fn deref(&self) -> &[DaemonId] {
        &self.0.targets
    }
}

impl Rename for Sources {
    fn rename(&self, to: &Renaming) -> Self {
        Self::new(self.as_of(), self.iter().map(|target| target.rename(to)).collect())
    }
}

impl Hash for Sources {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.digest);
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.targets.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T1: DaemonId = DaemonId::Target(0);
    const T2: DaemonId = DaemonId::Target(1);

    #[test]
    fn sources_are_in_order_and_once_each() {
        let sources: Sources = [T2, T1, T2].into_iter().collect();
        assert_eq!(*sources, [T1, T2]);
        assert_eq!(format!("{sources:?}"), "[t1, t2]");
    }

    #[test]
    fn a_target_is_found_whether_or_not_its_number_is_its_place() {
        for last in [2, 9] {
            let sources: Sources = [0, 1, last].into_iter().map(DaemonId::Target).collect();
            for (place, &target) in sources.iter().enumerate() {
                assert_eq!(sources.place(target), Some(place));
            }
            for absent in [DaemonId::Target(3), DaemonId::Target(10), DaemonId::Proxy(1)] {
                assert_eq!(sources.place(absent), None);
            }
        }
    }

    #[test]
    fn equal_sources_have_equal_digests_and_others_do_not() {
        let of = |targets: &[DaemonId]| targets.iter().copied().collect::<Sources>();
        assert_eq!(of(&[T1, T2]).0.digest, of(&[T2, T1]).0.digest);
        assert_ne!(of(&[T1, T2]).0.digest, of(&[T1]).0.digest);
    }
}
