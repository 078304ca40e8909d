//! The armed timers of one node, with at most one live entry each in the queue.
//!
//! Arming later than the live entry, and disarming, touch the slot alone: the entry surfaces, finds that it is early or
//! not wanted, and is put back or forgotten. Only arming earlier leaves a stale entry behind, told by its generation.
//! A timer put back takes the place of the sequence it was armed with, so the order is that of a queue in which every
//! arming pushed and every disarming removed.

use quiesce_machine::Time;

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
    slots: Vec<Slot<T>>,
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
        Timers { slots: Vec::new(), order: Vec::new(), free: Vec::new() }
    }

    /// Arms a timer, in place of its deadline if it is armed. An entry returned is to be pushed at `deadline` as
    /// `sequence`. `cause` is the event that armed it.
    pub(crate) fn arm(&mut self, timer: T, deadline: Time, sequence: u64, cause: u32) -> Option<Entry> {
        let (index, live) = match self.find(&timer) {
            Ok(place) => (self.order[place], true),
            Err(place) => (self.claim(timer, place), false),
        };
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
        if let Ok(place) = self.find(timer) {
            self.slots[self.order[place] as usize].armed = false;
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

    /// Disarms all; entries in the queue become stale.
    pub(crate) fn clear(&mut self) {
        for index in std::mem::take(&mut self.order) {
            let slot = &mut self.slots[index as usize];
            slot.timer = None;
            slot.generation = slot.generation.wrapping_add(1);
            self.free.push(index);
        }
    }

    fn find(&self, timer: &T) -> Result<usize, usize> {
        self.order.binary_search_by(|&index| self.slots[index as usize].timer.as_ref().cmp(&Some(timer)))
    }

    fn claim(&mut self, timer: T, place: usize) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            let (deadline, queued) = (Time::ZERO, Time::ZERO);
            self.slots.push(Slot { timer: None, armed: false, deadline, sequence: 0, queued, generation: 0, cause: 0 });
            (self.slots.len() - 1) as u32
        });
        self.slots[index as usize].timer = Some(timer);
        self.order.insert(place, index);
        index
    }

    fn release(&mut self, index: u32) -> T {
        let timer = self.slots[index as usize].timer.as_ref();
        let place = self.order.binary_search_by(|&other| self.slots[other as usize].timer.as_ref().cmp(&timer));
        self.order.remove(place.expect("a slot in use stands in the order"));
        self.free.push(index);
        let slot = &mut self.slots[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.timer.take().expect("a slot in use holds a timer")
    }
}
