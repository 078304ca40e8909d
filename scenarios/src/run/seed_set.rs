//! Sets of seeds, as ranges: a sweep over millions of neighbours is one.

use std::ops::Range;

use crate::schema::Seeds;

/// A set of seeds. Its ranges are in order and do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedSet(Vec<Range<u64>>);

impl SeedSet {
    /// The set of these ranges; `None` unless they are in order, not empty, and apart.
    #[must_use]
    pub fn of(ranges: Vec<Range<u64>>) -> Option<SeedSet> {
        let sound = ranges.iter().all(|range| range.start < range.end);
        let apart = ranges.windows(2).all(|pair| pair[0].end < pair[1].start);
        (sound && apart).then_some(SeedSet(ranges))
    }

    /// Its ranges, in order.
    #[must_use]
    pub fn ranges(&self) -> &[Range<u64>] {
        &self.0
    }

    /// How many seeds are in it.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).fold(0, u64::saturating_add)
    }

    /// Whether a seed is in it.
    #[must_use]
    pub fn contains(&self, seed: u64) -> bool {
        let after = self.0.partition_point(|range| range.start <= seed);
        after > 0 && self.0[after - 1].contains(&seed)
    }

    /// Whether all of it is among `seeds`.
    #[must_use]
    pub fn is_within(&self, seeds: Seeds) -> bool {
        let all = seeds.range();
        self.0.iter().all(|range| all.start <= range.start && range.end <= all.end)
    }

    /// How many of these seeds are in it.
    #[must_use]
    pub fn count_within(&self, seeds: Seeds) -> u64 {
        let all = seeds.range();
        let common = |range: &Range<u64>| range.end.min(all.end).saturating_sub(range.start.max(all.start));
        self.0.iter().map(common).fold(0, u64::saturating_add)
    }

    /// Adds seeds.
    pub fn add(&mut self, more: Range<u64>) {
        if more.is_empty() {
            return;
        }
        let from = self.0.partition_point(|range| range.end < more.start);
        let to = self.0.partition_point(|range| range.start <= more.end);
        let start = self.0[from..to].first().map_or(more.start, |range| range.start.min(more.start));
        let end = self.0[from..to].last().map_or(more.end, |range| range.end.max(more.end));
        self.0.splice(from..to, std::iter::once(start..end));
    }

    /// The least seed that both have.
    #[must_use]
    pub fn common(&self, other: &SeedSet) -> Option<u64> {
        let (mut one, mut two) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(left), Some(right)) = (one.peek(), two.peek()) {
            let start = left.start.max(right.start);
            if start < left.end.min(right.end) {
                return Some(start);
            }
            if left.end <= right.end {
                one.next()
            } else {
                two.next()
            };
        }
        None
    }

    /// At most `most` of the seeds in `seeds` that are not in it, least first.
    #[must_use]
    pub fn missing(&self, seeds: Seeds, most: usize) -> Vec<u64> {
        let mut missing = Vec::new();
        let mut next = seeds.range();
        while missing.len() < most && !next.is_empty() {
            let after = self.0.partition_point(|range| range.end <= next.start);
            match self.0.get(after) {
                Some(range) if range.start <= next.start => next.start = range.end.min(next.end),
                found => {
                    let end = found.map_or(next.end, |range| range.start.min(next.end));
                    let room = (most - missing.len()) as u64;
                    let stop = end.min(next.start.saturating_add(room));
                    missing.extend(next.start..stop);
                    next.start = stop;
                }
            }
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_of_ranges_is_a_set(added in prop::collection::vec((0..40_u64, 0..8_u64), 0..12), most in 0..50_usize) {
            let (mut set, mut oracle) = (SeedSet::default(), BTreeSet::new());
            for &(start, length) in &added {
                set.add(start..start + length);
                oracle.extend(start..start + length);
            }
            prop_assert_eq!(SeedSet::of(set.ranges().to_vec()), Some(set.clone()));
            prop_assert_eq!(set.count(), oracle.len() as u64);
            let within = oracle.iter().filter(|seed| (5..45).contains(*seed)).count();
            prop_assert_eq!(set.count_within(Seeds { first: 5, count: 40 }), within as u64);
            prop_assert!((0..50).all(|seed| set.contains(seed) == oracle.contains(&seed)));
            let missing: Vec<u64> = (5..45).filter(|seed| !oracle.contains(seed)).take(most).collect();
            prop_assert_eq!(set.missing(Seeds { first: 5, count: 40 }, most), missing);
            let mut odd = SeedSet::default();
            (0..50).filter(|seed| seed % 7 == 3).for_each(|seed| odd.add(seed..seed + 1));
            prop_assert_eq!(set.common(&odd), oracle.iter().copied().find(|seed| seed % 7 == 3));
        }
    }

    #[test]
    fn ranges_that_touch_overlap_or_are_empty_are_no_set() {
        let odd: [&[(u64, u64)]; 5] = [&[(1, 1)], &[(3, 2)], &[(1, 3), (3, 4)], &[(5, 6), (1, 2)], &[(1, 5), (2, 9)]];
        for pairs in odd {
            let ranges = pairs.iter().map(|&(start, end)| start..end).collect();
            assert_eq!(SeedSet::of(ranges), None);
        }
    }
}
