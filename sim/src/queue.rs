//! What is to happen, earliest (time, sequence) first.
//!
//! A hierarchical timing wheel of 128-bit keys, 64 bits of time, 40 of sequence, 24 of slot, beside a slab of items. The
//! wheel's finest turn is coarse: what falls into the same 16 µs is ordered by a small heap once its time is near. So an
//! item is moved as a key of 16 bytes, twice or so, however many are pending, and a crowd of one instant still costs no
//! more than a heap. While only a few are pending all of them are near. Slots and buckets are reused: a steady state
//! allocates nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use quiesce_machine::Time;

const SLOT_BITS: u32 = 24;
const SEQUENCE_BITS: u32 = 40;

/// How many items can be pending.
pub(crate) const PENDING_MAX: usize = 1 << SLOT_BITS;

/// With fewer pending than this, no wheel is turned.
const FEW: usize = 32;

/// Pending items, ordered by time and then by sequence.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    /// Those of the unit turned to and before; all, while they are few.
    near: BinaryHeap<Reverse<Key>>,
    /// One earlier than all of them, if known: a few that come and go one at a time pass the heap by.
    first: Option<Key>,
    few: bool,
    far: Wheel,
    items: Vec<Option<T>>,
    free: Vec<u32>,
    sequence: u64,
}

/// An item whose time has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Due<T> {
    pub(crate) at: Time,
    pub(crate) sequence: u64,
    pub(crate) item: T,
}

impl<T> Queue<T> {
    /// An empty queue that hands out sequences from `first` on; those below are the caller's.
    pub(crate) fn new(first: u64) -> Self {
        let (items, free) = (Vec::new(), Vec::new());
        Queue { near: BinaryHeap::new(), first: None, few: true, far: Wheel::new(), items, free, sequence: first }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    /// Takes the next sequence: what is pushed with it comes after all of the same time that took one before.
    pub(crate) fn sequence(&mut self) -> u64 {
        let sequence = self.sequence;
        self.sequence += 1;
        sequence
    }

    /// Adds an item behind all others of its time.
    pub(crate) fn push(&mut self, at: Time, item: T) {
        let sequence = self.sequence();
        self.push_as(at, sequence, item);
    }

    /// Adds an item at the place of a sequence taken before.
    ///
    /// # Panics
    /// When the queue is full ([`PENDING_MAX`]), or the sequence does not fit 40 bits.
    #[inline(always)]
    pub(crate) fn push_as(&mut self, at: Time, sequence: u64, item: T) {
        assert!(sequence < 1 << SEQUENCE_BITS, "a run has at most 2^{SEQUENCE_BITS} queued events");
        let mut key = Key::new(at, sequence, self.store(item));
        if self.few {
            match &mut self.first {
                None if self.near.peek().is_none_or(|Reverse(nearest)| key < *nearest) => {
                    self.first = Some(key);
                    return;
                }
                Some(first) if key < *first => std::mem::swap(first, &mut key),
                Some(_) | None => (),
            }
            if self.near.len() == FEW {
                self.spread();
            }
        }
        if self.few || key.unit() <= self.far.turned {
            self.near.push(Reverse(key));
        } else {
            self.far.put(key);
        }
    }

    /// The earliest item, if it is no later than `limit`.
    #[inline(always)]
    pub(crate) fn pop_until(&mut self, limit: Time) -> Option<Due<T>> {
        let key = match self.first {
            Some(first) => first,
            None => self.nearest(limit)?,
        };
        if key.at() > limit {
            return None;
        }
        if self.first.take().is_none() {
            self.near.pop();
        }
        self.free.push(key.slot());
        let item = self.items[key.slot() as usize].take();
        item.map(|item| Due { at: key.at(), sequence: key.sequence(), item })
    }

    /// The first of those near, once some are; none if none will be before `limit`.
    #[inline]
    fn nearest(&mut self, limit: Time) -> Option<Key> {
        loop {
            if let Some(&Reverse(key)) = self.near.peek() {
                return Some(key);
            }
            if !self.far.turn(limit, &mut self.near) {
                return None;
            }
            self.few = self.far.keys == 0 && self.near.len() < FEW;
        }
    }

    /// There are too many to be near: all but those of the first unit go into the wheel.
    #[cold]
    fn spread(&mut self) {
        self.few = false;
        self.near.extend(self.first.take().map(Reverse));
        self.far.turned = self.near.peek().map_or(0, |Reverse(first)| first.unit());
        for Reverse(key) in std::mem::take(&mut self.near) {
            if key.unit() == self.far.turned {
                self.near.push(Reverse(key));
            } else {
                self.far.put(key);
            }
        }
    }

    fn store(&mut self, item: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.items[slot as usize] = Some(item);
            return slot;
        }
        assert!(self.items.len() < PENDING_MAX, "at most {PENDING_MAX} events can be pending");
        self.items.push(Some(item));
        (self.items.len() - 1) as u32
    }
}

/// The place of an item in time, and in the slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u128);

impl Key {
    fn new(at: Time, sequence: u64, slot: u32) -> Self {
        Key(u128::from(at.0) << 64 | u128::from(sequence << SLOT_BITS | u64::from(slot)))
    }

    fn at(self) -> Time {
        Time((self.0 >> 64) as u64)
    }

    fn sequence(self) -> u64 {
        self.0 as u64 >> SLOT_BITS
    }

    fn slot(self) -> u32 {
        self.0 as u32 & ((1 << SLOT_BITS) - 1)
    }

    /// The unit of the wheel it falls into.
    fn unit(self) -> u64 {
        self.at().0 >> UNIT_BITS
    }
}

/// A unit of the wheel is 2^14 ns.
const UNIT_BITS: u32 = 14;
/// Every level has a bucket for each value of a digit of the unit.
const DIGIT_BITS: u32 = 8;
const BUCKETS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = (u64::BITS - UNIT_BITS).div_ceil(DIGIT_BITS) as usize;

/// Keys of units to come. A key stands on the level of the highest digit in which its unit differs from the unit turned
/// to, in the bucket of that digit, so that lower levels come before higher ones and buckets of a level in order.
#[derive(Debug)]
struct Wheel {
    /// Every key of this unit and of those before has been handed over.
    turned: u64,
    keys: usize,
    levels: [Level; LEVELS],
    chunks: Vec<Chunk>,
    /// The first chunk that no bucket uses.
    free: u32,
}

/// The buckets of one digit.
#[derive(Debug, Default)]
struct Level {
    /// The first chunk of each bucket. Empty until first used.
    first: Vec<u32>,
    /// Which buckets hold keys.
    held: [u64; BUCKETS / 64],
}

/// Some keys of a bucket, in the memory of four cache lines.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    keys: [Key; CHUNK],
    filled: u32,
    next: u32,
}

/// How many keys a chunk holds.
const CHUNK: usize = 15;
/// No chunk.
const NONE: u32 = u32::MAX;

impl Wheel {
    fn new() -> Self {
        Wheel { turned: 0, keys: 0, levels: Default::default(), chunks: Vec::new(), free: NONE }
    }

    /// Takes a key of a unit that is still to come.
    #[inline]
    fn put(&mut self, key: Key) {
        let unit = key.unit();
        let level = ((unit ^ self.turned).ilog2() / DIGIT_BITS) as usize;
        let digit = digit(unit, level);
        let Level { first, held } = &mut self.levels[level];
        if first.is_empty() {
            first.resize(BUCKETS, NONE);
        }
        held[digit / 64] |= 1 << (digit % 64);
        self.keys += 1;
        let first = &mut first[digit];
        match self.chunks.get_mut(*first as usize) {
            Some(chunk) if (chunk.filled as usize) < CHUNK => {
                chunk.keys[chunk.filled as usize] = key;
                chunk.filled += 1;
            }
            Some(_) | None => *first = open(&mut self.chunks, &mut self.free, key, *first),
        }
    }

    /// Turns to the next bucket with keys and hands over those whose unit that is; false, and nothing changes, if there
    /// is none or it begins behind `limit`.
    fn turn(&mut self, limit: Time, near: &mut BinaryHeap<Reverse<Key>>) -> bool {
        let next = (0..LEVELS).find_map(|level| Some((level, self.next(level)?)));
        let Some((level, bucket)) = next else { return false };
        let above = (level as u32 + 1) * DIGIT_BITS;
        let high = self.turned.checked_shr(above).map_or(0, |high| high << above);
        let unit = high | (bucket as u64) << (above - DIGIT_BITS);
        if unit << UNIT_BITS > limit.0 {
            return false;
        }
        self.turned = unit;
        let Level { first, held } = &mut self.levels[level];
        held[bucket / 64] &= !(1 << (bucket % 64));
        let mut chunk = std::mem::replace(&mut first[bucket], NONE);
        while chunk != NONE {
            chunk = self.hand_over(chunk, near);
        }
        true
    }

    /// Hands over the keys of a chunk, or puts them on a lower level; returns the chunk behind it.
    fn hand_over(&mut self, index: u32, near: &mut BinaryHeap<Reverse<Key>>) -> u32 {
        let Chunk { filled, next, .. } = self.chunks[index as usize];
        self.keys -= filled as usize;
        for place in 0..filled as usize {
            let key = self.chunks[index as usize].keys[place];
            if key.unit() == self.turned {
                near.push(Reverse(key));
            } else {
                self.put(key);
            }
        }
        self.chunks[index as usize].next = std::mem::replace(&mut self.free, index);
        next
    }

    /// The first bucket of a level that holds keys, behind the one turned to.
    fn next(&self, level: usize) -> Option<usize> {
        let after = digit(self.turned, level) + 1;
        let held = &self.levels[level].held;
        let first = after / 64;
        if first == held.len() {
            return None;
        }
        let rest = held[first] & (u64::MAX << (after % 64));
        if rest != 0 {
            return Some(first * 64 + rest.trailing_zeros() as usize);
        }
        let word = (first + 1..held.len()).find(|&word| held[word] != 0)?;
        Some(word * 64 + held[word].trailing_zeros() as usize)
    }
}

/// A chunk with one key, in front of another; one that is free if there is any. Returns its place.
#[inline]
fn open(chunks: &mut Vec<Chunk>, free: &mut u32, key: Key, next: u32) -> u32 {
    let index = *free;
    let Some(chunk) = chunks.get_mut(index as usize) else {
        chunks.push(Chunk { keys: [key; CHUNK], filled: 1, next });
        return (chunks.len() - 1) as u32;
    };
    *free = chunk.next;
    (chunk.keys[0], chunk.filled, chunk.next) = (key, 1, next);
    index
}

fn digit(unit: u64, level: usize) -> usize {
    (unit >> (level as u32 * DIGIT_BITS)) as usize % BUCKETS
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn drain(queue: &mut Queue<char>) -> String {
        std::iter::from_fn(|| queue.pop_until(Time::MAX)).map(|due| due.item).collect()
    }

    #[test]
    fn the_earliest_comes_first_and_ties_keep_their_order() {
        let mut queue = Queue::new(0);
        for (at, item) in [(5, 'd'), (1, 'a'), (3, 'b'), (3, 'c'), (u64::MAX, 'e')] {
            queue.push(Time(at), item);
        }
        assert_eq!(drain(&mut queue), "abcde");
    }

    #[test]
    fn an_item_takes_the_place_of_the_sequence_it_is_pushed_with() {
        let mut queue = Queue::new(10);
        let early = queue.sequence();
        queue.push(Time(3), 'c');
        queue.push_as(Time(3), early, 'b');
        queue.push_as(Time(3), 0, 'a');
        assert_eq!(drain(&mut queue), "abc");
    }

    #[test]
    fn nothing_past_the_limit_is_popped_or_lost() {
        let mut queue = Queue::new(0);
        queue.push(Time(7), 'a');
        assert_eq!(queue.pop_until(Time(6)), None);
        assert_eq!(queue.pop_until(Time(7)), Some(Due { at: Time(7), sequence: 0, item: 'a' }));
        assert_eq!(queue.pop_until(Time::MAX), None);
    }

    /// What a queue is asked to do: push so many nanoseconds from now, or pop up to so many.
    fn asked() -> impl Strategy<Value = Vec<(bool, u64)>> {
        let nanos = (0..64_u32, any::<u64>()).prop_map(|(bits, nanos)| nanos >> bits);
        prop::collection::vec((any::<bool>(), nanos), 0..200)
    }

    proptest! {
        #[test]
        fn it_does_what_a_sorted_map_does(asked in asked(), start in any::<u64>()) {
            let mut now = start >> 16;
            let mut queue = Queue::new(0);
            let mut sorted = BTreeMap::new();
            for (push, nanos) in asked {
                let at = Time(now.saturating_add(nanos));
                if push {
                    sorted.insert((at, queue.sequence), nanos);
                    queue.push(at, nanos);
                } else {
                    let first = sorted.first_key_value().map(|(&(due, _), _)| due).filter(|&due| due <= at);
                    let expected = first.and_then(|_| sorted.pop_first());
                    let expected = expected.map(|((at, sequence), item)| Due { at, sequence, item });
                    prop_assert_eq!(queue.pop_until(at), expected);
                    now = first.map_or(now, |due| due.0);
                }
                prop_assert_eq!(queue.len(), sorted.len());
            }
            while let Some(((at, sequence), item)) = sorted.pop_first() {
                prop_assert_eq!(queue.pop_until(Time::MAX), Some(Due { at, sequence, item }));
            }
        }
    }

    #[test]
    fn slots_are_reused() {
        let mut queue = Queue::new(0);
        for round in 0..1000 {
            queue.push(Time(round), 'x');
            queue.push(Time(round + 1), 'y');
            assert!(queue.pop_until(Time::MAX).is_some() && queue.pop_until(Time::MAX).is_some());
        }
        assert_eq!((queue.items.len(), queue.len()), (2, 0));
    }

    #[test]
    #[should_panic(expected = "at most 2^40 queued events")]
    fn a_sequence_past_40_bits_is_refused() {
        Queue::new(1 << SEQUENCE_BITS).push(Time(0), 'a');
    }
}
