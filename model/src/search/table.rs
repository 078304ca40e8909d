//! The set of fingerprints seen: open addressing over a dense array, four bytes a slot.

use super::chunks::Chunks;

/// The most states one search can number.
pub(super) const STATES_MAX: usize = u32::MAX as usize - 1;

/// How many fingerprints are looked for side by side.
const ABREAST: usize = 32;

/// Fingerprints in the order they came, each once.
///
/// A slot holds one more than an index, and in the bits that no index needs, some of the fingerprint: a probe touches
/// one cache line, and rarely the dense array for nothing. At most four slots of five are filled, so that a
/// fingerprint costs 13 to 18 bytes.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<u32>,
    fingerprints: Chunks<u64>,
}

impl Table {
    pub(super) fn new() -> Self {
        Table { slots: vec![0; 1 << 10], fingerprints: Chunks::new() }
    }

    /// The number of this fingerprint, and whether it is new.
    ///
    /// # Panics
    /// At [`STATES_MAX`] fingerprints.
    pub(super) fn insert(&mut self, fingerprint: u64) -> (u32, bool) {
        if (self.fingerprints.len() + 1) * 5 > self.slots.len() * 4 {
            self.grow();
        }
        let at = match self.probe(fingerprint) {
            Ok(index) => return (index, false),
            Err(at) => at,
        };
        assert!(self.fingerprints.len() < STATES_MAX, "a search numbers fewer than 2^32 - 1 states");
        self.fingerprints.push(fingerprint);
        let index = self.fingerprints.len() as u32 - 1;
        self.slots[at] = slot(self.tag_mask(), fingerprint, index);
        (index, true)
    }

    /// The number of this fingerprint, if it is there.
    pub(super) fn find(&self, fingerprint: u64) -> Option<u32> {
        self.probe(fingerprint).ok()
    }

    /// The numbers of many fingerprints. They are looked for side by side, so that memory is waited for together and not
    /// once for each.
    pub(super) fn find_all(&self, wanted: &[u64], found: &mut Vec<Option<u32>>) {
        found.clear();
        for some in wanted.chunks(ABREAST) {
            let (mut slots, mut kept) = ([0; ABREAST], [0; ABREAST]);
            for (slot, &fingerprint) in slots.iter_mut().zip(some) {
                *slot = self.slots[self.first_slot(fingerprint)];
            }
            let tags = self.tag_mask();
            for ((kept, &slot), &fingerprint) in kept.iter_mut().zip(&slots).zip(some) {
                if slot != 0 && slot & tags == tag(tags, fingerprint) {
                    *kept = self.fingerprints[((slot & !tags) - 1) as usize];
                }
            }
            for ((&kept, &slot), &fingerprint) in kept.iter().zip(&slots).zip(some) {
                let same = slot != 0 && slot & tags == tag(tags, fingerprint) && kept == fingerprint;
                found.push(match slot {
                    0 => None,
                    _ if same => Some((slot & !tags) - 1),
                    _ => self.find(fingerprint),
                });
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.fingerprints.len()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<u32>() + self.fingerprints.bytes()
    }

    /// The index of this fingerprint, or the slot where it belongs.
    fn probe(&self, fingerprint: u64) -> Result<u32, usize> {
        let (last, tags) = (self.slots.len() - 1, self.tag_mask());
        let tag = tag(tags, fingerprint);
        let mut at = self.first_slot(fingerprint);
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return Err(at);
            }
            if slot & tags == tag {
                let index = (slot & !tags) - 1;
                if self.fingerprints[index as usize] == fingerprint {
                    return Ok(index);
                }
            }
            at = (at + 1) & last;
        }
    }

    /// The bits of a slot that no index needs.
    fn tag_mask(&self) -> u32 {
        !(self.slots.len() as u64 - 1) as u32
    }

    /// Where to look first: by the upper bits of a product, in which every bit of the fingerprint has a part.
    fn first_slot(&self, fingerprint: u64) -> usize {
        (fingerprint.wrapping_mul(0x9FB2_1C65_1E98_DF25) >> (64 - self.slots.len().trailing_zeros())) as usize
    }

    /// Doubles the slots. The old ones go first, so that both never stand side by side.
    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        self.slots = Vec::new();
        self.slots = vec![0; size];
        let tags = self.tag_mask();
        for (index, &fingerprint) in (0u32..).zip(self.fingerprints.iter()) {
            let mut at = self.first_slot(fingerprint);
            while self.slots[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot(tags, fingerprint, index);
        }
    }
}

fn tag(tags: u32, fingerprint: u64) -> u32 {
    (fingerprint >> 32) as u32 & tags
}

fn slot(tags: u32, fingerprint: u64, index: u32) -> u32 {
    tag(tags, fingerprint) | (index + 1)
}

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
        let wanted: Vec<u64> = (0..100_000).step_by(997).map(scattered).collect();
        let mut found = vec![None];
        table.find_all(&wanted, &mut found);
        assert_eq!(found, wanted.iter().map(|&one| table.find(one)).collect::<Vec<_>>());
        assert_eq!(found.iter().flatten().count(), 51, "those below 50,000");
        assert_eq!(table.find(scattered(7)), Some(7));
        assert_eq!(table.find(scattered(50_000)), None);
        assert_eq!(table.len(), 50_000);
    }

    #[test]
    fn fingerprints_that_share_slot_and_tag_stay_apart() {
        let mut table = Table::new();
        // Alike in their upper half, and so in their tags.
        let close = |n: u64| 1 << 60 | n;
        for n in 0..500 {
            assert_eq!(table.insert(close(n)), (n as u32, true));
        }
        assert_eq!(table.insert(close(321)), (321, false));
        assert_eq!(table.find(close(500)), None);
    }
}
