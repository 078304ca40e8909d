//! Values kept once each and spoken of by a small number.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

/// A growing set of values, numbered in the order they first came. Equal values have one number; a hash is never taken
/// for equality.
#[derive(Debug)]
pub(crate) struct Interner<T> {
    values: Vec<(u64, T)>,
    table: HashTable<u32>,
}

impl<T: Hash + Eq> Interner<T> {
    pub(crate) fn new() -> Self {
        Interner { values: Vec::new(), table: HashTable::new() }
    }

    /// The number of this value, and whether it is new.
    ///
    /// # Panics
    /// At 2^32 - 1 values.
    pub(crate) fn intern(&mut self, value: T) -> (u32, bool) {
        let hash = content_hash(&value);
        let Interner { values, table } = self;
        if let Some(&id) = table.find(hash, |&id| values[id as usize].1 == value) {
            return (id, false);
        }
        let id = u32::try_from(values.len()).ok().filter(|&id| id < u32::MAX);
        let id = id.expect("fewer than 2^32 - 1 distinct values of one kind");
        values.push((hash, value));
        table.insert_unique(hash, id, |&id| values[id as usize].0);
        (id, true)
    }

    /// The number of this value, if it is there.
    pub(crate) fn find<Q: Hash + Eq + ?Sized>(&self, value: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
    {
        let same = |&id: &u32| self.values[id as usize].1.borrow() == value;
        self.table.find(content_hash(value), same).copied()
    }

    /// A value by its number.
    ///
    /// # Panics
    /// When the number is not one of this set.
    pub(crate) fn value(&self, id: u32) -> &T {
        &self.values[id as usize].1
    }

    /// The hash of a value's content: the same in every process of one build, whatever came before.
    pub(crate) fn hash(&self, id: u32) -> u64 {
        self.values[id as usize].0
    }

    /// The values in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.values.iter().map(|(_, value)| value)
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

/// The hash of a value's content: the same in every run of one build.
#[must_use]
pub fn content_hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut bytes = Bytes(SmallVec::new());
    value.hash(&mut bytes);
    bytes.finish()
}

/// Gathers what is hashed, which is then hashed at once: much faster than little by little.
struct Bytes(SmallVec<[u8; 512]>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        xxh3_64(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_one_number_and_one_hash() {
        let mut set = Interner::new();
        assert_eq!(set.intern("a"), (0, true));
        assert_eq!(set.intern("b"), (1, true));
        assert_eq!(set.intern("a"), (0, false));
        let mut other = Interner::new();
        other.intern("b");
        assert_eq!(set.hash(1), other.hash(0), "a hash is of the content, not of the history");
        assert_ne!(set.hash(0), set.hash(1));
    }

    /// Hashes as nothing: every value collides with every other.
    #[derive(Debug, PartialEq, Eq)]
    struct Dull(u32);

    impl Hash for Dull {
        fn hash<H: Hasher>(&self, _: &mut H) {}
    }

    #[test]
    fn values_of_one_hash_stay_apart() {
        let mut set = Interner::new();
        let ids: Vec<_> = (0..100).map(|n| set.intern(Dull(n)).0).collect();
        assert_eq!(ids, (0..100).collect::<Vec<_>>());
        assert_eq!(set.intern(Dull(50)), (50, false));
    }
}
