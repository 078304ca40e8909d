//! The daemons whose consent a change of the map takes: a majority of the members, and of the Information Center as many
//! as share a member with any group that has agreed on how a job ended.
//!
//! A later map may have other members. So it is agreed on by the members of the map before it and by its own, and any two
//! maps of one cluster, one after the other, have somebody in common who knew.

use std::collections::BTreeSet;

use quiesce_machine::Rename;

use crate::xaction::id::DaemonId;

/// Those who have a say in what follows a map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Body {
    /// Its active members.
    pub voters: BTreeSet<DaemonId>,
    /// Its Information Center.
    pub ic: BTreeSet<DaemonId>,
}

impl Body {
    /// Whether these are more than half of the active members.
    #[must_use]
    pub fn is_majority(&self, of: &BTreeSet<DaemonId>) -> bool {
        2 * self.voters.intersection(of).count() > self.voters.len()
    }

    /// Whether these are more than half of the Information Center: what so many keep is not lost with the others.
    #[must_use]
    pub fn is_enough(&self, of: &BTreeSet<DaemonId>) -> bool {
        self.ic.is_empty() || 2 * self.ic.intersection(of).count() > self.ic.len()
    }

    /// Whether these share a member with every group that is enough.
    #[must_use]
    pub fn is_read(&self, by: &BTreeSet<DaemonId>) -> bool {
        2 * self.ic.intersection(by).count() >= self.ic.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(of: impl IntoIterator<Item = u16>) -> BTreeSet<DaemonId> {
        of.into_iter().map(DaemonId::Proxy).collect()
    }

    #[test]
    fn whoever_reads_meets_whoever_is_enough() {
        for size in 1..=5_u16 {
            let body = Body { voters: proxies(0..size), ic: proxies(0..size) };
            let groups: Vec<BTreeSet<DaemonId>> =
                (0..1_u32 << size).map(|bits| proxies((0..size).filter(|n| bits >> n & 1 == 1))).collect();
            for readers in groups.iter().filter(|group| body.is_read(group)) {
                for enough in groups.iter().filter(|group| body.is_enough(group)) {
                    assert!(!readers.is_disjoint(enough), "{readers:?} and {enough:?} of {size}");
                }
            }
            let fewest = groups.iter().filter(|group| body.is_read(group)).map(BTreeSet::len).min();
            assert_eq!(fewest, Some(usize::from(size.div_ceil(2))));
        }
    }

    #[test]
    fn half_is_no_majority() {
        let body = Body { voters: proxies(0..4), ic: proxies(0..2) };
        assert!(!body.is_majority(&proxies(0..2)) && body.is_majority(&proxies(0..3)));
        assert!(!body.is_enough(&proxies(0..1)) && body.is_read(&proxies(0..1)));
    }
}
