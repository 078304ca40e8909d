//! The armed timers of one node, with at most one live entry each in the queue.
//!
//! Arming later than the live entry, and disarming, touch the slot alone: the entry surfaces, finds that it is early or
//! not wanted, and is put back or forgotten. Only arming earlier leaves a stale entry behind, told by its generation.
//! A timer put back takes the place of the sequence it was armed with, so the order is that of a queue in which every
//! arming pushed and every disarming removed.

//!
//! A node has few timers, so slots are scanned; past [`SCANNED`] an index takes over.

use quiesce_machine::Time;
use smallvec::SmallVec;

/// A queue entry of a timer: a slot, and which use of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    slot: u32,
    generation: u32,
}

/// What becomes of an entry whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surfaced {
    /// Its timer fires: [`Timers::fire`].
    Due,
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

/// Where the timers of many slots are.
#[derive(Debug)]
struct Index {
    /// Slots in use, ordered by timer.
    order: Vec<u32>,
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
    generation: u32,
    cause: u32,
}

impl<T: Ord> Timers<T> {
    pub(crate) fn new() -> Self {
        Timers { slots: SmallVec::new(), index: None }
    }

    /// Arms a timer, in place of its deadline if it is armed. An entry returned is to be pushed at `deadline` as
    /// `sequence`. `cause` is the event that armed it.
    pub(crate) fn arm(&mut self, timer: T, deadline: Time, sequence: u64, cause: u32) -> Option<Entry> {
        let found = self.find(&timer);
        let live = found.is_some();
        let index = found.unwrap_or_else(|| self.claim(timer));
        let slot = &mut self.slots[index as usize];
        slot.armed = true;
        slot.deadline = deadline;
        slot.sequence = sequence;
        slot.cause = cause;
        if live && slot.queued <= deadline {
            return None;
        }
        slot.queued = deadline;
        slot.generation = slot.generation.wrapping_add(1);
        Some(Entry { slot: index, generation: slot.generation })
    }

    /// Disarms a timer, if it is armed.
    pub(crate) fn disarm(&mut self, timer: &T) {
        if let Some(index) = self.find(timer) {
            self.slots[index as usize].armed = false;
        }
    }

    /// Looks at an entry whose time has come. It was pushed as `sequence`.
    pub(crate) fn surface(&mut self, entry: Entry, sequence: u64) -> Surfaced {
        let slot = &mut self.slots[entry.slot as usize];
        if slot.generation != entry.generation {
            Surfaced::Stale
        } else if !slot.armed {
            self.release(entry.slot);
            Surfaced::Stale
        } else if slot.sequence == sequence {
            Surfaced::Due
        } else {
            slot.queued = slot.deadline;
            Surfaced::Later { at: slot.deadline, sequence: slot.sequence }
        }
    }

    /// Takes the timer of an entry that is due, and the event that armed it. It is no longer armed.
    ///
    /// # Panics
    /// When the entry is not due.
    pub(crate) fn fire(&mut self, entry: Entry) -> (T, u32) {
        let cause = self.slots[entry.slot as usize].cause;
        (self.release(entry.slot), cause)
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
        for slot in &mut self.slots {
            if slot.timer.take().is_some() {
                slot.generation = slot.generation.wrapping_add(1);
            }
        }
        if let Some(index) = &mut self.index {
            index.free.append(&mut index.order);
        }
    }

    /// The slot of a timer.
    fn find(&self, timer: &T) -> Option<u32> {
        match &self.index {
            None => self.slots.iter().position(|slot| slot.timer.as_ref() == Some(timer)).map(|index| index as u32),
            Some(index) => index.find(&self.slots, timer).ok().map(|place| index.order[place]),
        }
    }

    /// Gives a slot to a timer that has none.
    fn claim(&mut self, timer: T) -> u32 {
        let free = match &mut self.index {
            None => self.slots.iter().position(|slot| slot.timer.is_none()).map(|index| index as u32),
            Some(index) => index.free.pop(),
        };
        let slot = free.unwrap_or_else(|| {
            let (deadline, queued) = (Time::ZERO, Time::ZERO);
            self.slots.push(Slot { timer: None, armed: false, deadline, sequence: 0, queued, generation: 0, cause: 0 });
            (self.slots.len() - 1) as u32
        });
        if let Some(index) = &mut self.index {
            let place = index.find(&self.slots, &timer).expect_err("a timer has one slot");
            index.order.insert(place, slot);
        }
        self.slots[slot as usize].timer = Some(timer);
        if self.index.is_none() && self.slots.len() > SCANNED {
            self.index = Some(Box::new(Index::of(&self.slots)));
        }
        slot
    }

    fn release(&mut self, slot: u32) -> T {
        if let Some(index) = &mut self.index {
            index.release(&self.slots, slot);
        }
        let slot = &mut self.slots[slot as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.timer.take().expect("a slot in use holds a timer")
    }
}

impl Index {
    fn of<T: Ord>(slots: &[Slot<T>]) -> Self {
        let (mut order, free): (Vec<u32>, Vec<u32>) =
            (0..slots.len() as u32).partition(|&slot| slots[slot as usize].timer.is_some());
        order.sort_by(|&one, &other| slots[one as usize].timer.cmp(&slots[other as usize].timer));
        Index { order, free }
    }

    /// The place of a timer in the order, or where it would be.
    fn find<T: Ord>(&self, slots: &[Slot<T>], timer: &T) -> Result<usize, usize> {
        self.order.binary_search_by(|&slot| slots[slot as usize].timer.as_ref().cmp(&Some(timer)))
    }

    fn release<T: Ord>(&mut self, slots: &[Slot<T>], slot: u32) {
        let timer = slots[slot as usize].timer.as_ref().expect("a slot in use holds a timer");
        let place = self.find(slots, timer).expect("a slot in use stands in the order");
        self.order.remove(place);
        self.free.push(slot);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::queue::Queue;

    /// What the queue of a test holds.
    #[derive(Clone, Copy, Debug)]
    enum Item {
        Timer(Entry),
        Mark(u32),
    }

    /// What comes out, in order.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Out {
        Fired(u64, u8),
        Marked(u64, u32),
    }

    /// Timers and queue as the world uses them.
    struct Lazy {
        queue: Queue<Item>,
        timers: Timers<u8>,
        out: Vec<Out>,
    }

    impl Lazy {
        fn new() -> Self {
            Lazy { queue: Queue::new(0), timers: Timers::new(), out: Vec::new() }
        }

        fn arm(&mut self, timer: u8, deadline: u64) {
            let sequence = self.queue.sequence();
            if let Some(entry) = self.timers.arm(timer, Time(deadline), sequence, 0) {
                self.queue.push_as(Time(deadline), sequence, Item::Timer(entry));
            }
        }

        fn run_until(&mut self, limit: u64) {
            while let Some(due) = self.queue.pop_until(Time(limit)) {
                match due.item {
                    Item::Mark(mark) => self.out.push(Out::Marked(due.at.0, mark)),
                    Item::Timer(entry) => match self.timers.surface(entry, due.sequence) {
                        Surfaced::Stale => (),
                        Surfaced::Later { at, sequence } => self.queue.push_as(at, sequence, Item::Timer(entry)),
                        Surfaced::Due => self.out.push(Out::Fired(due.at.0, self.timers.fire(entry).0)),
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
                        lazy.queue.push(Time(now + after), Item::Mark(index as u32));
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
        lazy.queue.push(Time(20), Item::Mark(7));
        lazy.run_until(1000);
        assert_eq!(lazy.out, [Out::Fired(20, 1), Out::Marked(20, 7)]);
    }
}
