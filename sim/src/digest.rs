//! A fingerprint of everything that happened in a run.
//!
//! Events are hashed by their derived `Hash` into a block, the block by xxh3-128, whose result opens the next block.
//! Derived `Hash` is not stable across toolchains, so digests compare runs of one build and are never kept as golden.

use std::fmt;
use std::hash::Hasher;

use xxhash_rust::xxh3::xxh3_128;

/// A fingerprint of a run: equal for two runs of one build in which the same happened. Prints as 32 hex digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u128);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// How many bytes a block has; a power of two, so that a place in it is a mask away.
const BLOCK: usize = 4096;

/// The widest integer, which may reach over the end of a block.
const WIDEST: usize = 16;

/// The byte in front of a length or variant that has eight.
const WIDE: u8 = u8::MAX;

/// Gathers what is hashed. As a [`Hasher`] it writes every integer in its own width, little end first; those of the
/// machine's width, which tell variants apart and count what follows, in one byte where they fit.
#[derive(Debug)]
pub(crate) struct Digester {
    block: Box<[u8; BLOCK + WIDEST]>,
    /// Less than a block.
    filled: usize,
}

impl Digester {
    pub(crate) fn new() -> Self {
        Digester { block: Box::new([0; BLOCK + WIDEST]), filled: 0 }
    }

    /// The digest of all written so far.
    pub(crate) fn digest(&self) -> Digest {
        Digest(xxh3_128(&self.block[..self.filled]))
    }

    #[inline(always)]
    fn put<const WIDTH: usize>(&mut self, bytes: [u8; WIDTH]) {
        let place = self.filled % BLOCK;
        self.block[place..place + WIDTH].copy_from_slice(&bytes);
        self.filled = place + WIDTH;
        if self.filled >= BLOCK {
            self.chain();
        }
    }

    /// Lengths and variants: one byte below [`WIDE`], else that byte and all eight.
    #[inline(always)]
    fn put_small(&mut self, value: u64) {
        if value < u64::from(WIDE) {
            self.put([value as u8]);
        } else {
            self.put([WIDE]);
            self.put(value.to_le_bytes());
        }
    }

    /// Writes what does not fit the block.
    #[cold]
    #[inline(never)]
    fn put_over(&mut self, mut bytes: &[u8]) {
        while self.filled + bytes.len() >= BLOCK {
            let (head, tail) = bytes.split_at(BLOCK - self.filled);
            self.block[self.filled..BLOCK].copy_from_slice(head);
            self.filled = BLOCK;
            self.chain();
            bytes = tail;
        }
        self.block[self.filled..self.filled + bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
    }

    /// Closes a full block: the next one begins with its digest, and with what reached over its end.
    #[cold]
    #[inline(never)]
    fn chain(&mut self) {
        let digest = xxh3_128(&self.block[..BLOCK]).to_le_bytes();
        let over = self.filled - BLOCK;
        self.block.copy_within(BLOCK..BLOCK + over, digest.len());
        self.block[..digest.len()].copy_from_slice(&digest);
        self.filled = digest.len() + over;
    }
}

impl Hasher for Digester {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let end = self.filled + bytes.len();
        match self.block.get_mut(self.filled..end) {
            Some(place) if end < BLOCK => {
                place.copy_from_slice(bytes);
                self.filled = end;
            }
            Some(_) | None => self.put_over(bytes),
        }
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.put([value]);
    }

    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.put(value.to_le_bytes());
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.put(value.to_le_bytes());
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.put(value.to_le_bytes());
    }

    #[inline]
    fn write_u128(&mut self, value: u128) {
        self.put(value.to_le_bytes());
    }

    #[inline(always)]
    fn write_usize(&mut self, value: usize) {
        self.put_small(value as u64);
    }

    #[inline(always)]
    fn write_isize(&mut self, value: isize) {
        self.put_small(value as u64);
    }

    /// The low half of [`digest`](Digester::digest).
    fn finish(&self) -> u64 {
        self.digest().0 as u64
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hash;

    use super::*;

    fn digest_of(values: impl IntoIterator<Item = u64>) -> Digest {
        let mut digester = Digester::new();
        values.into_iter().for_each(|value| value.hash(&mut digester));
        digester.digest()
    }

    #[test]
    fn a_digest_depends_on_every_block_and_on_their_order() {
        let base = digest_of(0..2000);
        assert_eq!(base, digest_of(0..2000));
        assert_ne!(base, digest_of(0..1999));
        for swapped in [0, 500, 1000, 1998] {
            let mut values: Vec<u64> = (0..2000).collect();
            values.swap(swapped, swapped + 1);
            assert_ne!(base, digest_of(values), "swapped {swapped}");
        }
    }

    #[test]
    fn a_value_longer_than_a_block_counts_to_its_last_byte() {
        let mut long = vec![7u8; 3 * BLOCK];
        let digest_long = |bytes: &[u8]| {
            let mut digester = Digester::new();
            digester.write(bytes);
            digester.write_u8(1);
            digester.digest()
        };
        let base = digest_long(&long);
        long[3 * BLOCK - 1] = 8;
        assert_ne!(base, digest_long(&long));
    }

    #[test]
    fn lengths_of_every_size_count() {
        let of = |length: usize| {
            let mut digester = Digester::new();
            digester.write_usize(length);
            (digester.filled, digester.digest())
        };
        let lengths = [0, 1, 254, 255, 256, 511, usize::MAX];
        assert_eq!(lengths.map(|length| of(length).0), [1, 1, 1, 9, 9, 9, 9]);
        let distinct: std::collections::BTreeSet<_> = lengths.map(|length| of(length).1).into();
        assert_eq!(distinct.len(), lengths.len());
    }

    #[test]
    fn a_digest_prints_32_hex_digits() {
        assert_eq!(Digest(0xab).to_string(), "000000000000000000000000000000ab");
    }
}
