//! Keys of times to come, in a hierarchical timing wheel.
//!
//! Owns no order within what it hands over, and no items. Its finest turn is coarse, and where few keys stand it turns
//! further at once: what is handed over together is sorted by whoever takes it.

use quiesce_machine::Time;

use crate::queue::Key;

/// A unit of the wheel is 2^14 ns.
const UNIT_BITS: u32 = 14;
/// Every level has a bucket for each value of a digit of the unit.
const DIGIT_BITS: u32 = 8;
const BUCKETS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = (u64::BITS - UNIT_BITS).div_ceil(DIGIT_BITS) as usize;

/// Up to how many keys of a bucket are handed over at once, however much time the bucket spans.
const RUN: usize = 512;

/// Keys of units to come. A key stands on the level of the highest digit in which its unit differs from the unit turned
/// to, in the bucket of that digit, so that lower levels come before higher ones and buckets of a level in order.
#[derive(Debug)]
pub(crate) struct Wheel {
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
    pub(crate) fn new() -> Self {
        Wheel { turned: 0, keys: 0, levels: Default::default(), chunks: Vec::new(), free: NONE }
    }

    /// How many keys stand in it.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.keys
    }

    /// Whether the time of a key has been handed over.
    #[inline]
    pub(crate) fn has_turned_to(&self, key: Key) -> bool {
        unit(key) <= self.turned
    }

    /// Turns an empty wheel to the time of a key.
    pub(crate) fn turn_to(&mut self, key: Key) {
        assert!(self.keys == 0, "a wheel with {} keys is turned to the next of them", self.keys);
        self.turned = unit(key);
    }

    /// Turns back to the time of a key that has been handed over; false, and nothing changes, if it is there already, or
    /// if keys stand so near that their places hang on where it has turned to. None do behind a bucket that was handed
    /// over whole.
    pub(crate) fn turn_back(&mut self, key: Key) -> bool {
        let changed = unit(key) ^ self.turned;
        let Some(highest) = changed.checked_ilog2().map(|bit| (bit / DIGIT_BITS) as usize) else { return false };
        let bare = self.levels[..=highest].iter().all(|level| level.held.iter().all(|&word| word == 0));
        if bare {
            self.turned = unit(key);
        }
        bare
    }

    /// Takes a key of a time that it has not turned to.
    #[inline]
    pub(crate) fn put(&mut self, key: Key) {
        let unit = unit(key);
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

    /// Turns on until it has handed over keys, in any order; false, and nothing changes, if there are none or the bucket
    /// of the next begins behind `limit`.
    pub(crate) fn turn(&mut self, limit: Time, run: &mut Vec<Key>) -> bool {
        while run.is_empty() {
            let next = (0..LEVELS).find_map(|level| Some((level, self.next(level)?)));
            let Some((level, bucket)) = next else { return false };
            let (shift, above) = (level as u32 * DIGIT_BITS, (level as u32 + 1) * DIGIT_BITS);
            let high = self.turned.checked_shr(above).map_or(0, |high| high << above);
            let first = high | (bucket as u64) << shift;
            if first << UNIT_BITS > limit.0 {
                return false;
            }
            let Level { first: lines, held } = &mut self.levels[level];
            held[bucket / 64] &= !(1 << (bucket % 64));
            let chunk = std::mem::replace(&mut lines[bucket], NONE);
            if level == 0 || self.holds_few(chunk) {
                self.turned = first | ((1 << shift) - 1);
                self.hand_over(chunk, run);
            } else {
                self.turned = first;
                self.spread(chunk, run);
            }
        }
        true
    }

    /// Whether no more keys stand in a line of chunks than are handed over at once.
    fn holds_few(&self, mut chunk: u32) -> bool {
        let mut keys = 0;
        while let Some(Chunk { filled, next, .. }) = self.chunks.get(chunk as usize) {
            keys += *filled as usize;
            if keys > RUN {
                return false;
            }
            chunk = *next;
        }
        true
    }

    /// Hands over the keys of a line of chunks.
    fn hand_over(&mut self, mut chunk: u32, run: &mut Vec<Key>) {
        while let Some(Chunk { keys, filled, next }) = self.chunks.get_mut(chunk as usize) {
            run.extend_from_slice(&keys[..*filled as usize]);
            self.keys -= *filled as usize;
            let behind = std::mem::replace(next, std::mem::replace(&mut self.free, chunk));
            chunk = behind;
        }
    }

    /// Puts the keys of a line of chunks on lower levels, or hands them over if their time is the one turned to.
    fn spread(&mut self, mut chunk: u32, run: &mut Vec<Key>) {
        while let Some(&Chunk { filled, next, .. }) = self.chunks.get(chunk as usize) {
            self.keys -= filled as usize;
            for place in 0..filled as usize {
                let key = self.chunks[chunk as usize].keys[place];
                if self.has_turned_to(key) {
                    run.push(key);
                } else {
                    self.put(key);
                }
            }
            self.chunks[chunk as usize].next = std::mem::replace(&mut self.free, chunk);
            chunk = next;
        }
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

/// The unit of the wheel that a key falls into.
#[inline]
fn unit(key: Key) -> u64 {
    key.at().0 >> UNIT_BITS
}

fn digit(unit: u64, level: usize) -> usize {
    (unit >> (level as u32 * DIGIT_BITS)) as usize % BUCKETS
}
