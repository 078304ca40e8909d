//! What is to happen, earliest (time, sequence) first.
//!
//! A binary heap of 128-bit keys, 64 bits of time, 40 of sequence, 24 of slot, beside a slab of items, so that sifting
//! moves 16 bytes whatever an item weighs. Slots are reused: a steady state allocates nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use quiesce_machine::Time;

const SLOT_BITS: u32 = 24;
const SEQUENCE_BITS: u32 = 40;

/// How many items can be pending.
pub(crate) const PENDING_MAX: usize = 1 << SLOT_BITS;

/// Pending items, ordered by time and then by sequence.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    keys: BinaryHeap<Reverse<u128>>,
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
        Queue { keys: BinaryHeap::new(), items: Vec::new(), free: Vec::new(), sequence: first }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
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
    pub(crate) fn push_as(&mut self, at: Time, sequence: u64, item: T) {
        assert!(sequence < 1 << SEQUENCE_BITS, "a run has at most 2^{SEQUENCE_BITS} queued events");
        let slot = self.store(item);
        self.keys.push(Reverse(
            u128::from(at.0) << (SEQUENCE_BITS + SLOT_BITS) | u128::from(sequence) << SLOT_BITS | u128::from(slot),
        ));
    }

    /// The earliest item, if it is no later than `limit`.
    pub(crate) fn pop_until(&mut self, limit: Time) -> Option<Due<T>> {
        let &Reverse(key) = self.keys.peek()?;
        let at = Time((key >> (SEQUENCE_BITS + SLOT_BITS)) as u64);
        if at > limit {
            return None;
        }
        self.keys.pop();
        let sequence = (key >> SLOT_BITS) as u64 & ((1 << SEQUENCE_BITS) - 1);
        let slot = key as u32 & ((1 << SLOT_BITS) - 1);
        self.free.push(slot);
        self.items[slot as usize].take().map(|item| Due { at, sequence, item })
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

#[cfg(test)]
mod tests {
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
