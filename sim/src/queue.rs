//! What is to happen, earliest (time, sequence) first.
//!
//! Keys of 128 bits, 64 of time, 40 of sequence, 24 of place, beside a slab of items. A [`Wheel`] keeps those far off;
//! those that come next stand near, in a sorted run, with a small heap for what is pushed among them. So a key is moved
//! twice or so, however many are pending, and a crowd of one instant costs no more than sorting it. The wheel turns far
//! where little is pending, and back when a crowd is pushed into that time. While only a few are pending, all of them are
//! near. A tick is a number in place of an item, and takes no memory but its key. Everything is reused: a steady state
//! allocates nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use quiesce_machine::Time;

use crate::prefetch::prefetch;
use crate::wheel::Wheel;

const PLACE_BITS: u32 = 24;
const SEQUENCE_BITS: u32 = 40;

/// The bit of a place that tells a tick from an item.
const TICK: u32 = 1 << (PLACE_BITS - 1);

/// How many items can be pending, and below what the number of a tick is.
pub(crate) const PENDING_MAX: usize = TICK as usize;

/// How many keys of a run ahead memory is fetched.
const AHEAD: usize = 8;

/// With fewer pending than this, no wheel is turned.
const FEW: usize = 32;

/// When so many were pushed into the time that the wheel has turned to, it turns back.
const CROWD: usize = 256;

/// Pending items and ticks, ordered by time and then by sequence.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    /// One earlier than all others, if known: a few that come and go one at a time pass the heap by.
    first: Option<Key>,
    /// What the wheel handed over, the earliest last.
    run: Vec<Key>,
    /// What was pushed since, no later than what the wheel turned to; all, while they are few.
    late: BinaryHeap<Reverse<Key>>,
    few: bool,
    far: Wheel,
    items: Vec<Option<T>>,
    free: Vec<u32>,
    sequence: u64,
}

/// Something whose time has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Due<T> {
    pub(crate) at: Time,
    pub(crate) sequence: u64,
    pub(crate) what: Pending<T>,
}

/// What can be pending.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pending<T> {
    Item(T),
    /// A number that says enough.
    Tick(u32),
}

impl<T> Queue<T> {
    /// An empty queue that hands out sequences from `first` on; those below are the caller's.
    pub(crate) fn new(first: u64) -> Self {
        Queue {
            first: None,
            run: Vec::new(),
            late: BinaryHeap::new(),
            few: true,
            far: Wheel::new(),
            items: Vec::new(),
            free: Vec::new(),
            sequence: first,
        }
    }

    /// How many are pending.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.run.len() + self.late.len() + self.far.len()
    }

    /// Takes the next sequence: what is pushed with it comes after all of the same time that took one before.
    #[inline]
    pub(crate) fn sequence(&mut self) -> u64 {
        let sequence = self.sequence;
        self.sequence += 1;
        sequence
    }

    /// Adds an item behind all others of its time.
    #[inline(always)]
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
        let place = self.store(item);
        self.add(Key::new(at, sequence, place));
    }

    /// Adds a tick at the place of a sequence taken before.
    ///
    /// # Panics
    /// When the number is not below [`PENDING_MAX`], or the sequence does not fit 40 bits.
    #[inline(always)]
    pub(crate) fn push_tick(&mut self, at: Time, sequence: u64, number: u32) {
        assert!(number < TICK, "the number of a tick is below {TICK}, found {number}");
        self.add(Key::new(at, sequence, TICK | number));
    }

    /// The earliest, if it is no later than `limit`.
    #[inline(always)]
    pub(crate) fn pop_until(&mut self, limit: Time) -> Option<Due<T>> {
        let key = match self.first {
            Some(first) if first.at() > limit => return None,
            Some(first) => {
                self.first = None;
                first
            }
            None => self.nearest(limit)?,
        };
        let place = key.place();
        let what = if place & TICK == 0 {
            self.free.push(place);
            Pending::Item(self.items[place as usize].take()?)
        } else {
            Pending::Tick(place & !TICK)
        };
        Some(Due { at: key.at(), sequence: key.sequence(), what })
    }

    /// The number of a tick that is due soon, if one is known; an item due soon is fetched.
    #[inline(always)]
    pub(crate) fn foresee(&self) -> Option<u32> {
        let place = self.run.len().checked_sub(AHEAD).map(|soon| self.run[soon].place())?;
        if place & TICK == 0 {
            prefetch(&self.items[place as usize]);
            return None;
        }
        Some(place & !TICK)
    }

    /// An item that is due sooner than that, if one is known: whom it concerns can be fetched.
    #[inline(always)]
    pub(crate) fn foresee_item(&self) -> Option<&T> {
        let place = self.run.len().checked_sub(AHEAD / 2).map(|soon| self.run[soon].place())?;
        if place & TICK == 0 { self.items[place as usize].as_ref() } else { None }
    }

    #[inline(always)]
    fn add(&mut self, mut key: Key) {
        if self.few {
            match &mut self.first {
                None if self.late.peek().is_none_or(|Reverse(nearest)| key < *nearest) => {
                    self.first = Some(key);
                    return;
                }
                Some(first) if key < *first => std::mem::swap(first, &mut key),
                Some(_) | None => (),
            }
            if self.late.len() == FEW {
                self.spread();
            }
        }
        if self.few || self.far.has_turned_to(key) {
            self.late.push(Reverse(key));
            if self.late.len() > CROWD {
                self.turn_back();
            }
        } else {
            self.far.put(key);
        }
    }

    /// Takes the first of those near, once some are; none if none will be before `limit`.
    #[inline]
    fn nearest(&mut self, limit: Time) -> Option<Key> {
        loop {
            let key = match (self.run.last(), self.late.peek()) {
                (Some(&key), None) => key,
                (Some(&key), Some(&Reverse(late))) if key < late => key,
                (_, Some(&Reverse(late))) if late.at() > limit => return None,
                (_, Some(_)) => return self.late.pop().map(|Reverse(late)| late),
                (None, None) => {
                    self.turn(limit).then_some(())?;
                    continue;
                }
            };
            if key.at() > limit {
                return None;
            }
            self.run.pop();
            return Some(key);
        }
    }

    /// The wheel hands over those that come next, if they do before `limit`; whether they do.
    #[inline]
    fn turn(&mut self, limit: Time) -> bool {
        if !self.far.turn(limit, &mut self.run) {
            return false;
        }
        self.few = self.far.len() == 0 && self.run.len() < FEW;
        if self.few {
            self.late.extend(self.run.drain(..).map(Reverse));
        } else {
            self.run.sort_unstable_by_key(|&key| Reverse(key));
        }
        true
    }

    /// There are too many to be near: all but those of the first unit go into the wheel.
    #[cold]
    fn spread(&mut self) {
        self.few = false;
        self.late.extend(self.first.take().map(Reverse));
        if let Some(&Reverse(first)) = self.late.peek() {
            self.far.turn_to(first);
        }
        for Reverse(key) in std::mem::take(&mut self.late) {
            if self.far.has_turned_to(key) {
                self.late.push(Reverse(key));
            } else {
                self.far.put(key);
            }
        }
    }

    /// The wheel handed over much time at once, since little was pending then, and now a crowd is pushed into that time:
    /// all but those of the next unit go back into the wheel.
    #[cold]
    #[inline(never)]
    fn turn_back(&mut self) {
        let late = self.late.peek().map(|&Reverse(key)| key);
        let Some(next) = late.into_iter().chain(self.run.last().copied()).min() else { return };
        if !self.far.turn_back(next) {
            return;
        }
        let near = self.run.partition_point(|&key| !self.far.has_turned_to(key));
        self.run.drain(..near).for_each(|key| self.far.put(key));
        for Reverse(key) in std::mem::take(&mut self.late) {
            if self.far.has_turned_to(key) {
                self.late.push(Reverse(key));
            } else {
                self.far.put(key);
            }
        }
    }

    #[inline(always)]
    fn store(&mut self, item: T) -> u32 {
        if let Some(place) = self.free.pop() {
            self.items[place as usize] = Some(item);
            return place;
        }
        assert!(self.items.len() < PENDING_MAX, "at most {PENDING_MAX} events can be pending");
        self.items.push(Some(item));
        (self.items.len() - 1) as u32
    }
}

/// When something is due, and its place: in the slab, or that of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(u128);

impl Key {
    #[inline]
    fn new(at: Time, sequence: u64, place: u32) -> Self {
        assert!(sequence < 1 << SEQUENCE_BITS, "a run has at most 2^{SEQUENCE_BITS} queued events");
        Key(u128::from(at.0) << 64 | u128::from(sequence << PLACE_BITS | u64::from(place)))
    }

    #[inline]
    pub(crate) fn at(self) -> Time {
        Time((self.0 >> 64) as u64)
    }

    #[inline]
    fn sequence(self) -> u64 {
        self.0 as u64 >> PLACE_BITS
    }

    #[inline]
    fn place(self) -> u32 {
        self.0 as u32 & ((1 << PLACE_BITS) - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn drain(queue: &mut Queue<char>) -> String {
        std::iter::from_fn(|| queue.pop_until(Time::MAX))
            .map(|due| due.what)
            .map(|what| match what {
                Pending::Item(item) => item,
                Pending::Tick(number) => char::from_digit(number, 10).unwrap(),
            })
            .collect()
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
        assert_eq!(queue.pop_until(Time(7)), Some(Due { at: Time(7), sequence: 0, what: Pending::Item('a') }));
        assert_eq!(queue.pop_until(Time::MAX), None);
    }

    /// What a queue is asked to do, so many nanoseconds from now.
    #[derive(Clone, Copy, Debug)]
    enum Ask {
        Push,
        Tick,
        Pop,
    }

    fn asked() -> impl Strategy<Value = Vec<(Ask, u64)>> {
        let nanos = (0..64_u32, any::<u64>()).prop_map(|(bits, nanos)| nanos >> bits);
        let ask = prop_oneof![Just(Ask::Push), Just(Ask::Tick), Just(Ask::Pop)];
        prop::collection::vec((ask, nanos), 0..200)
    }

    /// Many at once, over times so short that the wheel hands over runs of every length.
    fn crowds() -> impl Strategy<Value = Vec<(Ask, u64)>> {
        let crowd = (0..40_u32, 1..800_usize, any::<u64>()).prop_map(|(bits, count, mix)| {
            let nanos = (0..count as u64).map(move |place| mix.wrapping_mul(place | 1) >> (63 - bits));
            let pops = count / 2;
            let pushed = nanos.map(|nanos| (Ask::Push, nanos));
            pushed.chain(std::iter::repeat_n((Ask::Pop, u64::MAX), pops)).collect::<Vec<_>>()
        });
        prop::collection::vec(crowd, 1..4).prop_map(|crowds| crowds.concat())
    }

    /// Asks a queue and a sorted map the same.
    fn same(start: u64, asked: Vec<(Ask, u64)>) -> Result<(), TestCaseError> {
        let mut now = start >> 16;
        let mut queue = Queue::new(0);
        let mut sorted = BTreeMap::new();
        for (ask, nanos) in asked {
            let at = Time(now.saturating_add(nanos));
            match ask {
                Ask::Push => {
                    sorted.insert((at, queue.sequence), Pending::Item(nanos));
                    queue.push(at, nanos);
                }
                Ask::Tick => {
                    let sequence = queue.sequence();
                    sorted.insert((at, sequence), Pending::Tick(nanos as u32 % TICK));
                    queue.push_tick(at, sequence, nanos as u32 % TICK);
                }
                Ask::Pop => {
                    let first = sorted.first_key_value().map(|(&(due, _), _)| due).filter(|&due| due <= at);
                    let expected = first.and_then(|_| sorted.pop_first());
                    let expected = expected.map(|((at, sequence), what)| Due { at, sequence, what });
                    prop_assert_eq!(queue.pop_until(at), expected);
                    now = first.map_or(now, |due| due.0);
                }
            }
            prop_assert_eq!(queue.len(), sorted.len());
        }
        while let Some(((at, sequence), what)) = sorted.pop_first() {
            prop_assert_eq!(queue.pop_until(Time::MAX), Some(Due { at, sequence, what }));
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn it_does_what_a_sorted_map_does(asked in asked(), start in any::<u64>()) {
            same(start, asked)?;
        }

        #[test]
        fn it_does_what_a_sorted_map_does_with_crowds(asked in crowds(), start in any::<u64>()) {
            same(start, asked)?;
        }
    }

    #[test]
    fn a_crowd_pushed_into_time_that_was_handed_over_stands_in_the_wheel() {
        let mut queue = Queue::new(0);
        (0..40).for_each(|place| queue.push(Time(1_000_000_000 + place * 100_000), 'x'));
        assert!(queue.pop_until(Time::MAX).is_some(), "and with the first the rest of its bucket is handed over");
        (0..2000).for_each(|place| queue.push(Time(1_000_100_000 + (place * 7919 % 2000) * 1000), 'y'));
        assert!(queue.late.len() + queue.run.len() <= CROWD && queue.far.len() > 1500, "{}", queue.late.len());
        let order: Vec<_> =
            std::iter::from_fn(|| queue.pop_until(Time::MAX)).map(|due| (due.at, due.sequence)).collect();
        assert!(order.len() == 2039 && order.is_sorted());
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
