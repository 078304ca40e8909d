//! The set of fingerprints seen: open addressing over dense arrays, eight bytes a slot.

/// The most states one search can number.
pub(super) const STATES_MAX: usize = u32::MAX as usize - 1;

/// Fingerprints in the order they came, each once.
///
/// A slot holds 32 bits of the fingerprint and one more than an index, so that most probes touch one cache line. The
/// bits in the slot are not those that choose it. At most seven slots of ten are filled.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<u64>,
    fingerprints: Vec<u64>,
}

impl Table {
    pub(super) fn new() -> Self {
        Table { slots: vec![0; 1 << 10], fingerprints: Vec::new() }
    }

    /// The number of this fingerprint, and whether it is new.
    ///
    /// # Panics
    /// At [`STATES_MAX`] fingerprints.
    pub(super) fn insert(&mut self, fingerprint: u64) -> (u32, bool) {
        if (self.fingerprints.len() + 1) * 10 > self.slots.len() * 7 {
            self.grow();
        }
        let (tag, mut at) = self.probe(fingerprint);
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                break;
            }
            let index = (slot as u32) - 1;
            if slot & TAG == tag && self.fingerprints[index as usize] == fingerprint {
                return (index, false);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        assert!(self.fingerprints.len() < STATES_MAX, "a search numbers fewer than 2^32 - 1 states");
        self.fingerprints.push(fingerprint);
        self.slots[at] = tag | self.fingerprints.len() as u64;
        (self.fingerprints.len() as u32 - 1, true)
    }

    /// The number of this fingerprint, if it is there.
    pub(super) fn find(&self, fingerprint: u64) -> Option<u32> {
        let (tag, mut at) = self.probe(fingerprint);
        while self.slots[at] != 0 {
            let index = (self.slots[at] as u32) - 1;
            if self.slots[at] & TAG == tag && self.fingerprints[index as usize] == fingerprint {
                return Some(index);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        None
    }

    pub(super) fn len(&self) -> usize {
        self.fingerprints.len()
    }

    fn probe(&self, fingerprint: u64) -> (u64, usize) {
        (fingerprint & TAG, fingerprint as usize & (self.slots.len() - 1))
    }

    /// Doubles the slots. The old ones go first, so that both never stand side by side.
    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        self.slots = Vec::new();
        self.slots = vec![0; size];
        for (index, &fingerprint) in (1u64..).zip(&self.fingerprints) {
            let (tag, mut at) = (fingerprint & TAG, fingerprint as usize & (size - 1));
            while self.slots[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = tag | index;
        }
    }
}

/// The upper half of a slot.
const TAG: u64 = 0xFFFF_FFFF_0000_0000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_order_of_arrival_through_growth() {
        let mut table = Table::new();
        let scattered = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for n in 0..50_000 {
            assert_eq!(table.insert(scattered(n)), (n as u32, true));
        }
        for n in 0..50_000 {
            assert_eq!(table.insert(scattered(n)), (n as u32, false));
        }
        assert_eq!(table.find(scattered(7)), Some(7));
        assert_eq!(table.find(scattered(50_000)), None);
        assert_eq!(table.len(), 50_000);
    }

    #[test]
    fn fingerprints_that_share_slot_and_tag_stay_apart() {
        let mut table = Table::new();
        // The table starts with 2^10 slots, so bits 10 to 31 are in neither slot nor tag.
        let close = |n: u64| 1 << 40 | n << 10;
        for n in 0..500 {
            assert_eq!(table.insert(close(n)), (n as u32, true));
        }
        assert_eq!(table.insert(close(321)), (321, false));
    }
}
