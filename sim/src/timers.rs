//! The armed timers of one node, with at most one live entry each in the queue.
//!
//! Arming later than the live entry, and disarming, touch the slot alone: the entry surfaces, finds that it is early or
//! not wanted, and is put back or forgotten. Only arming earlier leaves a stale entry behind. The queue keeps no more of
//! an entry than the node and the sequence it was pushed as, by which its timer is found.
//! A timer put back takes the place of the sequence it was armed with, so the order is that of a queue in which every
//! arming pushed and every disarming removed.
//!
//! A node has few timers, so slots are scanned; past [`SCANNED`] an index takes over. A member of the Information Center
//! may have a million, one for each part of each job, so the index is hashed: nothing depends on its order.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use quiesce_machine::Time;
use smallvec::SmallVec;

/// What becomes of an entry whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surfaced {
    /// Its timer, in that slot, fires: [`Timers::fire`].
    Due(u32),
    /// Its timer was armed again since: push the entry again, as that sequence.
    Later { at: Time, sequence: u64 },
    /// Nobody waits for it.
    Stale,
}

/// The timers of one node.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    slots: SmallVec<[Slot<T>; 1]>,
    index: Option<Box<Index>>,
}

/// How many slots there are before they are searched by an index.
const SCANNED: usize = 8;

/// Where the timers of many slots are. What a slot in use is found by stands in the slot itself.
#[derive(Debug)]
struct Index {
    /// Slots in use, by timer.
    timers: HashTable<u32>,
    /// The same, by live entry.
    entries: HashTable<u32>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    timer: Option<T>,
    armed: bool,
    deadline: Time,
    sequence: u64,
    /// When the live entry surfaces; never after the deadline.
    queued: Time,
    /// The sequence that the live entry was pushed as.
    entry: u64,
    cause: u32,
}

impl<T: Ord + Hash> Timers<T> {
    pub(crate) fn new() -> Self {
        Timers { slots: SmallVec::new(), index: None }
    }

    /// Arms a timer, in place of its deadline if it is armed. Says whether an entry is to be pushed at `deadline` as
    /// `sequence`. `cause` is the event that armed it.
    pub(crate) fn arm(&mut self, timer: T, deadline: Time, sequence: u64, cause: u32) -> bool {
        let Some(found) = self.find(&timer) else {
            self.claim(Slot {
                timer: Some(timer),
                armed: true,
                deadline,
                sequence,
                queued: deadline,
                entry: sequence,
                cause,
            });
            return true;
        };
        let slot = &mut self.slots[found as usize];
        (slot.armed, slot.deadline, slot.sequence, slot.cause) = (true, deadline, sequence, cause);
        let earlier = deadline < slot.queued;
        if earlier {
            slot.queued = deadline;
            self.enter(found, sequence);
        }
        earlier
    }

    /// Disarms a timer, if it is armed.
    pub(crate) fn disarm(&mut self, timer: &T) {
        if let Some(index) = self.find(timer) {
            self.slots[index as usize].armed = false;
        }
    }

    /// Looks at an entry whose time has come, and that was pushed as `sequence`.
    pub(crate) fn surface(&mut self, sequence: u64) -> Surfaced {
        let Some(found) = self.entered(sequence) else { return Surfaced::Stale };
        let slot = &mut self.slots[found as usize];
        if !slot.armed {
            self.release(found);
            Surfaced::Stale
        } else if slot.sequence == sequence {
            Surfaced::Due(found)
        } else {
            slot.queued = slot.deadline;
            let (at, sequence) = (slot.deadline, slot.sequence);
            self.enter(found, sequence);
            Surfaced::Later { at, sequence }
        }
    }

    /// Takes the timer of a slot that is due, and the event that armed it. It is no longer armed.
    ///
    /// # Panics
    /// When the slot is not in use.
    pub(crate) fn fire(&mut self, slot: u32) -> (T, u32) {
        let cause = self.slots[slot as usize].cause;
        (self.release(slot), cause)
    }

    /// The armed timers, ascending.
    pub(crate) fn armed(&self) -> impl Iterator<Item = &T> {
        let mut armed: Vec<&T> =
            self.slots.iter().filter(|slot| slot.armed).filter_map(|slot| slot.timer.as_ref()).collect();
        armed.sort();
        armed.into_iter()
    }

    /// Takes a timer before its time, and the event that armed it; none if it is not armed.
    pub(crate) fn take(&mut self, timer: &T) -> Option<(T, u32)> {
        let index = self.find(timer)?;
        let slot = &self.slots[index as usize];
        let (armed, cause) = (slot.armed, slot.cause);
        armed.then(|| (self.release(index), cause))
    }

    /// Disarms all; entries in the queue become stale.
    pub(crate) fn clear(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.timer = None);
        if let Some(index) = &mut self.index {
            index.timers.clear();
            index.entries.clear();
            index.free = (0..self.slots.len() as u32).collect();
        }
    }

    /// The slot of a timer.
    fn find(&self, timer: &T) -> Option<u32> {
        match &self.index {
            None => self.slots.iter().position(|slot| slot.timer.as_ref() == Some(timer)).map(|index| index as u32),
            Some(index) => index.find(&self.slots, timer),
        }
    }

    /// The slot whose live entry was pushed as that sequence.
    fn entered(&self, sequence: u64) -> Option<u32> {
        match &self.index {
            None => {
                let live = |slot: &Slot<T>| slot.entry == sequence && slot.timer.is_some();
                self.slots.iter().position(live).map(|index| index as u32)
            }
            Some(index) => index.entered(&self.slots, sequence),
        }
    }

    /// The live entry of a slot is another one.
    fn enter(&mut self, slot: u32, sequence: u64) {
        if let Some(index) = &mut self.index {
            index.leave(&self.slots, slot);
        }
        self.slots[slot as usize].entry = sequence;
        if let Some(index) = &mut self.index {
            index.enter(&self.slots, slot);
        }
    }

    /// Gives a slot to a timer that has none.
    fn claim(&mut self, claimed: Slot<T>) {
        let free = match &mut self.index {
            None => self.slots.iter().position(|slot| slot.timer.is_none()).map(|index| index as u32),
            Some(index) => index.free.pop(),
        };
        let slot = free.unwrap_or(self.slots.len() as u32);
        match free {
            Some(slot) => self.slots[slot as usize] = claimed,
            None => self.slots.push(claimed),
        }
        match &mut self.index {
            Some(index) => index.claim(&self.slots, slot),
            None if self.slots.len() > SCANNED => self.index = Some(Box::new(Index::of(&self.slots))),
            None => (),
        }
    }

    fn release(&mut self, slot: u32) -> T {
        if let Some(index) = &mut self.index {
            index.release(&self.slots, slot);
        }
        self.slots[slot as usize].timer.take().expect("a slot in use holds a timer")
    }
}

impl Index {
    fn of<T: Ord + Hash>(slots: &[Slot<T>]) -> Self {
        let (used, free): (Vec<u32>, Vec<u32>) =
            (0..slots.len() as u32).partition(|&slot| slots[slot as usize].timer.is_some());
        let mut index = Index { timers: HashTable::new(), entries: HashTable::new(), free };
        used.into_iter().for_each(|slot| index.claim(slots, slot));
        index
    }

    /// The slot of a timer.
    fn find<T: Ord + Hash>(&self, slots: &[Slot<T>], timer: &T) -> Option<u32> {
        let is = |&slot: &u32| slots[slot as usize].timer.as_ref() == Some(timer);
        self.timers.find(mix(&Some(timer)), is).copied()
    }

    /// The slot of a live entry.
    fn entered<T>(&self, slots: &[Slot<T>], sequence: u64) -> Option<u32> {
        self.entries.find(mix(&sequence), |&slot| slots[slot as usize].entry == sequence).copied()
    }

    /// A slot is in use.
    fn claim<T: Ord + Hash>(&mut self, slots: &[Slot<T>], slot: u32) {
        let hash = |&slot: &u32| mix(&slots[slot as usize].timer);
        self.timers.insert_unique(hash(&slot), slot, hash);
        self.enter(slots, slot);
    }

    fn enter<T>(&mut self, slots: &[Slot<T>], slot: u32) {
        let hash = |&slot: &u32| mix(&slots[slot as usize].entry);
        self.entries.insert_unique(hash(&slot), slot, hash);
    }

    fn leave<T>(&mut self, slots: &[Slot<T>], slot: u32) {
        let found = self.entries.find_entry(mix(&slots[slot as usize].entry), |&other| other == slot);
        found.expect("a slot in use has a live entry").remove();
    }

    fn release<T: Ord + Hash>(&mut self, slots: &[Slot<T>], slot: u32) {
        let found = self.timers.find_entry(mix(&slots[slot as usize].timer), |&other| other == slot);
        found.expect("a slot in use stands in the index").remove();
        self.leave(slots, slot);
        self.free.push(slot);
    }
}

fn mix(value: &impl Hash) -> u64 {
    FixedState::default().hash_one(value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::queue::{Pending, Queue};

    /// What comes out, in order.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Out {
        Fired(u64, u8),
        Marked(u64, u32),
    }

    /// Timers and queue as the world uses them.
    struct Lazy {
        queue: Queue<u32>,
        timers: Timers<u8>,
        out: Vec<Out>,
    }

    impl Lazy {
        fn new() -> Self {
            Lazy { queue: Queue::new(0), timers: Timers::new(), out: Vec::new() }
        }

        fn arm(&mut self, timer: u8, deadline: u64) {
            let sequence = self.queue.sequence();
            if self.timers.arm(timer, Time(deadline), sequence, 0) {
                self.queue.push_tick(Time(deadline), sequence, 0);
            }
        }

        fn run_until(&mut self, limit: u64) {
            while let Some(due) = self.queue.pop_until(Time(limit)) {
                match due.what {
                    Pending::Item(mark) => self.out.push(Out::Marked(due.at.0, mark)),
                    Pending::Tick(_) => match self.timers.surface(due.sequence) {
                        Surfaced::Stale => (),
                        Surfaced::Later { at, sequence } => self.queue.push_tick(at, sequence, 0),
                        Surfaced::Due(slot) => self.out.push(Out::Fired(due.at.0, self.timers.fire(slot).0)),
                    },
                }
            }
        }
    }

    /// The same without laziness: a sorted map of all that is to come.
    #[derive(Default)]
    struct Naive {
        pending: BTreeMap<(u64, u64), Out>,
        sequence: u64,
        out: Vec<Out>,
    }

    impl Naive {
        fn push(&mut self, at: u64, out: Out) {
            self.pending.insert((at, self.sequence), out);
            self.sequence += 1;
        }

        fn disarm(&mut self, disarmed: impl Fn(u8) -> bool) {
            self.pending.retain(|_, out| !matches!(*out, Out::Fired(_, timer) if disarmed(timer)));
        }

        fn run_until(&mut self, limit: u64) {
            let later = self.pending.split_off(&(limit + 1, 0));
            self.out.extend(std::mem::replace(&mut self.pending, later).into_values());
        }
    }

    /// More than are scanned.
    const TIMERS: u8 = 2 * SCANNED as u8;

    #[derive(Clone, Debug)]
    enum Op {
        Arm(u8, u64),
        Disarm(u8),
        Mark(u64),
        Clear,
        Pass(u64),
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let op = prop_oneof![
            6 => (0..TIMERS, 0..12u64).prop_map(|(timer, after)| Op::Arm(timer, after)),
            2 => (0..TIMERS).prop_map(Op::Disarm),
            2 => (0..12u64).prop_map(Op::Mark),
            1 => Just(Op::Clear),
            4 => (0..8u64).prop_map(Op::Pass),
        ];
        prop::collection::vec(op, 0..120)
    }

    proptest! {
        #[test]
        fn lazy_timers_fire_as_if_every_arming_pushed_and_every_disarming_removed(ops in ops()) {
            let (mut lazy, mut naive, mut now) = (Lazy::new(), Naive::default(), 0);
            for (index, op) in ops.iter().enumerate() {
                match *op {
                    Op::Arm(timer, after) => {
                        lazy.arm(timer, now + after);
                        naive.disarm(|other| other == timer);
                        naive.push(now + after, Out::Fired(now + after, timer));
                    }
                    Op::Disarm(timer) => {
                        lazy.timers.disarm(&timer);
                        naive.disarm(|other| other == timer);
                    }
                    Op::Mark(after) => {
                        lazy.queue.push(Time(now + after), index as u32);
                        naive.push(now + after, Out::Marked(now + after, index as u32));
                    }
                    Op::Clear => {
                        lazy.timers.clear();
                        naive.disarm(|_| true);
                    }
                    Op::Pass(by) => {
                        now += by;
                        lazy.run_until(now);
                        naive.run_until(now);
                        prop_assert_eq!(&lazy.out, &naive.out);
                    }
                }
            }
            lazy.run_until(1000);
            naive.run_until(1000);
            prop_assert_eq!(&lazy.out, &naive.out);
            prop_assert!(lazy.timers.slots.iter().all(|slot| slot.timer.is_none()), "every slot is given back");
        }
    }

    #[test]
    fn arming_later_and_disarming_push_nothing() {
        let mut lazy = Lazy::new();
        for round in 0..1000 {
            lazy.arm(1, 100 + round);
            lazy.timers.disarm(&1);
            lazy.arm(1, 200 + round);
            lazy.arm(1, 200 + round);
        }
        lazy.arm(2, 300);
        lazy.arm(2, 300);
        assert_eq!((lazy.queue.len(), lazy.timers.slots.len()), (2, 2));
        lazy.run_until(5000);
        assert_eq!(lazy.out, [Out::Fired(300, 2), Out::Fired(1199, 1)]);
    }

    #[test]
    fn arming_earlier_fires_once_and_earlier() {
        let mut lazy = Lazy::new();
        lazy.arm(1, 100);
        lazy.arm(1, 50);
        lazy.run_until(1000);
        assert_eq!(lazy.out, [Out::Fired(50, 1)]);
    }

    #[test]
    fn a_timer_put_back_keeps_the_place_it_was_armed_at() {
        let mut lazy = Lazy::new();
        lazy.arm(1, 10);
        lazy.arm(1, 20);
        lazy.queue.push(Time(20), 7);
        lazy.run_until(1000);
        assert_eq!(lazy.out, [Out::Fired(20, 1), Out::Marked(20, 7)]);
    }
}
