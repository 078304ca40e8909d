//! Counters by label.

use std::collections::BTreeMap;

/// How often each label was seen. A handful of labels is scanned faster than any map is searched.
#[derive(Debug, Default)]
pub(crate) struct Tally(Vec<(&'static str, u64)>);

impl Tally {
    #[inline(always)]
    pub(crate) fn add(&mut self, label: &'static str) {
        match self.0.iter_mut().find(|(known, _)| std::ptr::eq(*known, label)) {
            Some((_, count)) => *count += 1,
            None => self.0.push((label, 1)),
        }
    }

    /// The counts by label. One label may stand at several addresses; its counts add up here.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for &(label, count) in &self.0 {
            *counts.entry(label).or_default() += count;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_at_two_addresses_is_counted_once() {
        let mut tally = Tally::default();
        let copy: &'static str = String::from("ping").leak();
        ["ping", "pong", copy, "ping"].into_iter().for_each(|label| tally.add(label));
        assert_eq!(tally.counts(), BTreeMap::from([("ping", 3), ("pong", 1)]));
    }
}
