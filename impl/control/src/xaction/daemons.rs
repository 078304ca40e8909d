//! Sets of daemons: those who have not answered, those who have been heard of.
//!
//! A few daemons take no memory but the set's own, and thousands a bit each; whether one is in it shows at once.

use std::fmt;

use quiesce_machine::{Rename, Renaming};
use smallvec::SmallVec;

use super::id::DaemonId;

/// A set of daemons, in order. Equal sets are equal in memory, however they came about.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Daemons(SmallVec<[Block; 1]>);

/// Those whose numbers differ in the lowest bits alone. None is empty, and they are in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Block {
    place: u64,
    bits: u64,
}

impl Daemons {
    /// No daemon at all.
    pub(super) fn new() -> Self {
        Daemons::default()
    }

    /// Whether nobody is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a daemon is in it.
    pub(super) fn contains(&self, daemon: DaemonId) -> bool {
        let (place, bit) = split(daemon);
        self.find(place).is_ok_and(|found| self.0[found].bits & bit != 0)
    }

    /// The first in order.
    pub(super) fn first(&self) -> Option<DaemonId> {
        self.iter().next()
    }

    /// Everybody, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = DaemonId> {
        self.0.iter().flat_map(|&Block { place, bits }| {
            let rest = std::iter::successors(Some(bits), |&bits| Some(bits & bits.wrapping_sub(1)))
                .take_while(|&bits| bits != 0);
            rest.map(move |bits| DaemonId::numbered(place << BITS | u64::from(bits.trailing_zeros())))
        })
    }

    /// Puts a daemon in; whether it was not in it.
    pub(super) fn insert(&mut self, daemon: DaemonId) -> bool {
        let (place, bit) = split(daemon);
        match self.find(place) {
            Ok(found) => {
                let bits = &mut self.0[found].bits;
                let new = *bits & bit == 0;
                *bits |= bit;
                new
            }
            Err(before) => {
                self.0.insert(before, Block { place, bits: bit });
                true
            }
        }
    }

    /// Takes a daemon out; whether it was in it.
    pub(super) fn remove(&mut self, daemon: DaemonId) -> bool {
        let (place, bit) = split(daemon);
        let Ok(found) = self.find(place) else { return false };
        let bits = &mut self.0[found].bits;
        let there = *bits & bit != 0;
        *bits &= !bit;
        if *bits == 0 {
            self.0.remove(found);
        }
        there
    }

    /// Takes out those that do not fit.
    pub(super) fn retain(&mut self, fits: impl Fn(DaemonId) -> bool) {
        *self = self.iter().filter(|&daemon| fits(daemon)).collect();
    }

    /// Where the block of a place stands, or would. Where the first daemons of a role are all in it, it is the one
    /// so far from the first.
    fn find(&self, place: u64) -> Result<usize, usize> {
        let likely = self.0.first().and_then(|first| usize::try_from(place.checked_sub(first.place)?).ok());
        match likely {
            Some(likely) if self.0.get(likely).is_some_and(|block| block.place == place) => Ok(likely),
            Some(_) | None => self.0.binary_search_by_key(&place, |block| block.place),
        }
    }
}

/// How many bits of a number choose among those of a block.
const BITS: u32 = 6;

/// The place of a daemon's block, and its bit there.
fn split(daemon: DaemonId) -> (u64, u64) {
    let number = daemon.number();
    (number >> BITS, 1 << (number % (1 << BITS)))
}

impl FromIterator<DaemonId> for Daemons {
    fn from_iter<I: IntoIterator<Item = DaemonId>>(daemons: I) -> Self {
        let mut set = Daemons::new();
        set.extend(daemons);
        set
    }
}

impl Extend<DaemonId> for Daemons {
    fn extend<I: IntoIterator<Item = DaemonId>>(&mut self, daemons: I) {
        daemons.into_iter().for_each(|daemon| _ = self.insert(daemon));
    }
}

impl Rename for Daemons {
    fn rename(&self, to: &Renaming) -> Self {
        self.iter().map(|daemon| daemon.rename(to)).collect()
    }
}

impl fmt::Debug for Daemons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn daemon() -> impl Strategy<Value = DaemonId> {
        let number = prop_oneof![0..4_u16, 0..200_u16, Just(40_000)];
        (0..3, number).prop_map(|(role, n)| match role {
            0 => DaemonId::Proxy(n),
            1 => DaemonId::Target(n),
            _ => DaemonId::Client(n),
        })
    }

    proptest! {
        #[test]
        fn it_does_what_a_sorted_set_does(steps in prop::collection::vec((any::<bool>(), daemon()), 0..100)) {
            let (mut set, mut sorted) = (Daemons::new(), BTreeSet::new());
            for (puts, daemon) in steps {
                prop_assert_eq!(set.contains(daemon), sorted.contains(&daemon));
                if puts {
                    prop_assert_eq!(set.insert(daemon), sorted.insert(daemon));
                } else {
                    prop_assert_eq!(set.remove(daemon), sorted.remove(&daemon));
                }
                prop_assert_eq!(set.iter().collect::<Vec<_>>(), sorted.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!(set.is_empty(), sorted.is_empty());
                prop_assert_eq!(set.first(), sorted.first().copied());
                prop_assert_eq!(&set, &sorted.iter().rev().copied().collect::<Daemons>());
                prop_assert_eq!(format!("{set:?}"), format!("{sorted:?}"));
            }
            let even = |daemon: &DaemonId| daemon.number().is_multiple_of(2);
            set.retain(|daemon| even(&daemon));
            sorted.retain(even);
            prop_assert!(set.iter().eq(sorted.iter().copied()));
        }
    }
}
