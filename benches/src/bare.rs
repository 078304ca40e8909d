//! The least that the workloads of [`kernel`](crate::kernel) can cost: their loops without nodes, effects, network or
//! digest, over a bare queue.
//!
//! Two queues: [`Heap`] is the standard binary heap of whole events, [`Wheel`] a hierarchical timing wheel over a slab.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::kernel::{RECEIVERS, ROUND, SENDERS, TICKERS, period};

/// What is pending at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pending {
    node: u32,
    parcel: [u64; 2],
}

/// Pending events, the earliest first; those of one instant in the order pushed.
pub trait Queue: Default {
    /// Adds an event, no earlier than the last popped.
    fn push(&mut self, at: u64, event: Pending);
    /// Takes the earliest.
    fn pop(&mut self) -> Option<(u64, Pending)>;
}

/// A binary heap of whole events.
#[derive(Debug, Default)]
pub struct Heap {
    events: BinaryHeap<Reverse<(u64, u64, Pending)>>,
    sequence: u64,
}

impl Queue for Heap {
    fn push(&mut self, at: u64, event: Pending) {
        self.events.push(Reverse((at, self.sequence, event)));
        self.sequence += 1;
    }

    fn pop(&mut self) -> Option<(u64, Pending)> {
        self.events.pop().map(|Reverse((at, _, event))| (at, event))
    }
}

const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;
const NONE: u32 = u32::MAX;

/// A wheel of 64 slots a level: an event stands on the level of the highest digit in which its time differs from now.
#[derive(Debug)]
pub struct Wheel {
    now: u64,
    held: [u64; LEVELS],
    slots: [[Line; SLOTS]; LEVELS],
    slab: Vec<Waiting>,
    free: u32,
}

/// The first and last of those waiting in a slot.
#[derive(Clone, Copy, Debug)]
struct Line {
    first: u32,
    last: u32,
}

#[derive(Debug)]
struct Waiting {
    at: u64,
    next: u32,
    event: Pending,
}

impl Default for Wheel {
    fn default() -> Self {
        let slots = [[Line { first: NONE, last: NONE }; SLOTS]; LEVELS];
        Wheel { now: 0, held: [0; LEVELS], slots, slab: Vec::new(), free: NONE }
    }
}

impl Wheel {
    fn link(&mut self, index: u32) {
        let at = self.slab[index as usize].at;
        let level = (((at ^ self.now) | 1).ilog2() / DIGIT_BITS) as usize;
        let slot = (at >> (level as u32 * DIGIT_BITS)) as usize % SLOTS;
        self.held[level] |= 1 << slot;
        let line = &mut self.slots[level][slot];
        self.slab[index as usize].next = NONE;
        match std::mem::replace(&mut line.last, index) {
            NONE => line.first = index,
            last => self.slab[last as usize].next = index,
        }
    }
}

impl Queue for Wheel {
    fn push(&mut self, at: u64, event: Pending) {
        let waiting = Waiting { at, next: NONE, event };
        let index = self.free;
        let index = match self.slab.get_mut(index as usize) {
            Some(place) => {
                self.free = place.next;
                *place = waiting;
                index
            }
            None => {
                self.slab.push(waiting);
                (self.slab.len() - 1) as u32
            }
        };
        self.link(index);
    }

    fn pop(&mut self) -> Option<(u64, Pending)> {
        loop {
            let level = self.held.iter().position(|&held| held != 0)?;
            let slot = self.held[level].trailing_zeros() as usize;
            let line = &mut self.slots[level][slot];
            let first = line.first;
            if level == 0 {
                let Waiting { at, next, event } = self.slab[first as usize];
                line.first = next;
                if next == NONE {
                    line.last = NONE;
                    self.held[0] &= !(1 << slot);
                }
                self.slab[first as usize].next = std::mem::replace(&mut self.free, first);
                self.now = at;
                return Some((at, event));
            }
            self.turn(level, slot);
        }
    }
}

impl Wheel {
    /// Turns to a slot and spreads what waits there over the lower levels.
    fn turn(&mut self, level: usize, slot: usize) {
        let line = std::mem::replace(&mut self.slots[level][slot], Line { first: NONE, last: NONE });
        self.held[level] &= !(1 << slot);
        let shift = level as u32 * DIGIT_BITS;
        let above = self.now.checked_shr(shift + DIGIT_BITS).map_or(0, |high| high << (shift + DIGIT_BITS));
        self.now = above | (slot as u64) << shift;
        let mut index = line.first;
        while index != NONE {
            let next = self.slab[index as usize].next;
            self.link(index);
            index = next;
        }
    }
}

/// [`ping_pong`](crate::kernel::ping_pong): a queue, two counters, one message. Returns what was received.
#[must_use]
pub fn ping_pong<Q: Queue>(events: u64) -> [u64; 2] {
    let mut pending = Q::default();
    pending.push(1_000_000, Pending { node: 1, parcel: [0; 2] });
    let mut received = [0; 2];
    for _ in 1..events {
        let Some((at, Pending { node, parcel })) = pending.pop() else { break };
        received[node as usize] += 1;
        pending.push(at + 1_000_000, Pending { node: 1 - node, parcel });
    }
    received
}

/// [`fan_in`](crate::kernel::fan_in): a queue, a counter a receiver, and a draw a message. Returns what was received.
#[must_use]
pub fn fan_in<Q: Queue>(events: u64) -> Vec<u64> {
    let round = ROUND.as_nanos() as u64;
    let mut pending = Q::default();
    let mut received = vec![0; RECEIVERS as usize];
    let mut draw = 1_u64;
    for node in RECEIVERS..RECEIVERS + SENDERS {
        pending.push(0, Pending { node, parcel: [0; 2] });
    }
    for _ in 0..events {
        let Some((at, Pending { node, parcel })) = pending.pop() else { break };
        if let Some(count) = received.get_mut(node as usize) {
            *count += parcel[0];
            continue;
        }
        for node in 0..RECEIVERS {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let latency = ((u128::from(draw) * u128::from(round)) >> 64) as u64;
            pending.push(at + latency, Pending { node, parcel: [1; 2] });
        }
        pending.push(at + round, Pending { node, parcel });
    }
    received
}

/// [`periodic`](crate::kernel::periodic): a queue and a counter a node. Returns how many events the first node had.
#[must_use]
pub fn periodic<Q: Queue>(events: u64) -> u64 {
    let mut counted = vec![0_u64; TICKERS as usize];
    let mut pending = Q::default();
    for node in 0..TICKERS {
        pending.push(period(node), Pending { node, parcel: [0; 2] });
    }
    for _ in 0..events {
        let Some((at, Pending { node, parcel })) = pending.pop() else { break };
        counted[node as usize] += 1;
        pending.push(at + period(node), Pending { node, parcel });
    }
    counted[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained<Q: Queue>(pushed: &[u64]) -> Vec<(u64, u32)> {
        let mut queue = Q::default();
        for (node, &at) in (0..).zip(pushed) {
            queue.push(at, Pending { node, parcel: [0; 2] });
        }
        std::iter::from_fn(|| queue.pop()).map(|(at, event)| (at, event.node)).collect()
    }

    #[test]
    fn both_queues_take_the_earliest_first_and_keep_ties_in_order() {
        let pushed = [70, 5, u64::MAX, 5, 1 << 40, 64, 63, 70, 0];
        let mut expected: Vec<(u64, u32)> = pushed.into_iter().zip(0..).collect();
        expected.sort_unstable();
        assert_eq!(drained::<Heap>(&pushed), expected);
        assert_eq!(drained::<Wheel>(&pushed), expected);
    }

    #[test]
    fn both_queues_drive_every_loop_the_same_way() {
        assert_eq!(ping_pong::<Wheel>(1000), ping_pong::<Heap>(1000));
        assert_eq!(ping_pong::<Heap>(1000).iter().sum::<u64>(), 999);
        assert_eq!(fan_in::<Wheel>(100_000), fan_in::<Heap>(100_000));
        assert!((70_000..80_000).contains(&fan_in::<Heap>(100_000).iter().sum::<u64>()));
        assert_eq!(periodic::<Wheel>(300_000), periodic::<Heap>(300_000));
        assert_eq!(periodic::<Heap>(300_000), 5, "a node whose period is a second, where the mean is one and a half");
    }
}
