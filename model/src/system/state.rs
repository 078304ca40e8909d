//! One state of a world, in a few words.

use std::hash::{Hash, Hasher};

use smallvec::SmallVec;

use super::by_index::Judged;
use crate::scope::Budget;

/// A state of a [`System`](super::System): numbers of values the system keeps, so that a step touches few words.
///
/// Layout: the words of `Head`, one place per node, the messages in flight, ascending, repeats included. Equal states
/// have equal words within one system; the hash follows content, and so is the same in every run.
#[derive(Debug, Default)]
pub struct State {
    words: SmallVec<[u32; INLINE]>,
    /// The sum of the mixed content hashes of places, monitors and messages, wrapping. A sum, so that a step adjusts it;
    /// no exclusive or, in which equal pairs would cancel.
    sum: u64,
}

/// The words before the places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// The number of the monitors' states together; once a property is violated, the number of the evidence.
    Watch,
    /// What is left to crash, to lose records, to lose and to duplicate, a byte each.
    Budget,
    /// A byte each: partitions left, the cut in force, one more than the violated property, store faults left.
    World,
}

/// How many words a state has without memory of its own: with these it fills two cache lines.
const INLINE: usize = 28;

const HEAD: usize = Head::World as usize + 1;

/// Positions in the hash; each place has one of its own from the last on.
const WATCH: usize = 0;
const BROKEN: usize = 1;
const FLIGHT: usize = 2;
const WORLD: usize = 3;
const PLACES: usize = 4;

/// What is left of the budget, and the partition in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Faults {
    pub(super) left: Budget,
    /// One more than a place in the scope's cuts; zero is none.
    pub(super) cut: u8,
}

impl State {
    /// A world of these places, each with its hash, in which no message was sent yet.
    pub(super) fn new(places: &[(u32, u64)], watch: (u32, u64), left: Budget) -> Self {
        let mut state = State { words: SmallVec::from_slice(&[0; HEAD]), sum: 0 };
        state.words[Head::Watch as usize] = watch.0;
        state.sum = mix(watch.1, WATCH);
        for (node, &(place, hash)) in places.iter().enumerate() {
            state.words.push(place);
            state.sum = state.sum.wrapping_add(mix(hash, PLACES + node));
        }
        state.set_faults(Faults { left, cut: 0 });
        state
    }

    /// The places of that many nodes.
    pub(super) fn places(&self, nodes: usize) -> &[u32] {
        &self.words[HEAD..HEAD + nodes]
    }

    /// The messages in flight between that many nodes.
    pub(super) fn flights(&self, nodes: usize) -> &[u32] {
        &self.words[HEAD + nodes..]
    }

    pub(super) fn watch(&self) -> u32 {
        self.words[Head::Watch as usize]
    }

    /// The violated property and the number of its evidence.
    pub(super) fn broken(&self) -> Option<(usize, u32)> {
        let [_, _, property, _] = self.words[Head::World as usize].to_le_bytes();
        usize::from(property).checked_sub(1).map(|property| (property, self.words[Head::Watch as usize]))
    }

    pub(super) fn faults(&self) -> Faults {
        let [crashes, record_losses, losses, duplicates] = self.words[Head::Budget as usize].to_le_bytes();
        let [partitions, cut, _, store_faults] = self.words[Head::World as usize].to_le_bytes();
        Faults { left: Budget { crashes, record_losses, losses, duplicates, partitions, store_faults }, cut }
    }

    pub(super) fn set_faults(&mut self, faults: Faults) {
        let (budget, world) = fault_words(faults, self.words[Head::World as usize]);
        self.words[Head::Budget as usize] = budget;
        self.words[Head::World as usize] = world;
    }

    /// Marks a violation of a property, with evidence that has this number and hash. The monitors, of which `watch` is
    /// the hash, see nothing any more.
    pub(super) fn set_broken(&mut self, property: u8, evidence: (u32, u64), watch: u64) {
        let [partitions, cut, _, store_faults] = self.words[Head::World as usize].to_le_bytes();
        self.words[Head::World as usize] = u32::from_le_bytes([partitions, cut, property + 1, store_faults]);
        self.words[Head::Watch as usize] = evidence.0;
        self.sum = self.sum.wrapping_sub(mix(watch, WATCH)).wrapping_add(mix(evidence.1, BROKEN));
    }

    /// Puts a new place with its hash in the stead of the old one, of which the hash is enough.
    pub(super) fn set_place(&mut self, node: usize, old: u64, (place, hash): (u32, u64)) {
        self.words[HEAD + node] = place;
        self.sum = self.sum.wrapping_sub(mix(old, PLACES + node)).wrapping_add(mix(hash, PLACES + node));
    }

    /// Puts new monitors in the stead of the old ones, each with its hash.
    pub(super) fn set_watch(&mut self, old: u64, (watch, hash): (u32, u64)) {
        self.words[Head::Watch as usize] = watch;
        self.sum = self.sum.wrapping_sub(mix(old, WATCH)).wrapping_add(mix(hash, WATCH));
    }

    /// Whether a message, or its like, is in flight.
    pub(super) fn is_in_flight(&self, nodes: usize, flight: u32) -> bool {
        self.flights(nodes).binary_search(&flight).is_ok()
    }

    pub(super) fn add_flight(&mut self, nodes: usize, flight: u32, hash: u64) {
        let at = self.flights(nodes).partition_point(|&other| other < flight);
        self.words.insert(HEAD + nodes + at, flight);
        self.sum = self.sum.wrapping_add(mix(hash, FLIGHT));
    }

    /// Removes one copy of a message.
    ///
    /// # Panics
    /// When it is not in flight.
    pub(super) fn take_flight(&mut self, nodes: usize, flight: u32, hash: u64) {
        let at = self.flights(nodes).binary_search(&flight).expect("only messages in flight are taken");
        self.words.remove(HEAD + nodes + at);
        self.sum = self.sum.wrapping_sub(mix(hash, FLIGHT));
    }

    /// The hash of this state's content.
    pub(super) fn fingerprint(&self) -> u64 {
        finished(self.sum, self.words[Head::Budget as usize], self.words[Head::World as usize])
    }

    /// The fingerprint of a state whose parts weigh so much more, and which has these faults.
    pub(super) fn fingerprint_after(&self, change: u64, faults: Faults) -> u64 {
        let world = self.words[Head::World as usize];
        let (budget, world) = fault_words(faults, world);
        finished(self.sum.wrapping_add(change), budget, world)
    }
}

/// The words of a state that say what is left of the budget and which partition is in force, the last having been `world`.
fn fault_words(Faults { left, cut }: Faults, world: u32) -> (u32, u32) {
    let Budget { crashes, record_losses, losses, duplicates, partitions, store_faults } = left;
    let [_, _, property, _] = world.to_le_bytes();
    let budget = u32::from_le_bytes([crashes, record_losses, losses, duplicates]);
    (budget, u32::from_le_bytes([partitions, cut, property, store_faults]))
}

fn finished(sum: u64, budget: u32, world: u32) -> u64 {
    mix(sum.wrapping_add(mix(u64::from(budget) | u64::from(world) << 32, WORLD)), 0)
}

/// What a place of this hash adds to the sum of a state.
pub(super) fn place_weight(hash: u64, node: usize) -> u64 {
    mix(hash, PLACES + node)
}

/// What a message of this hash adds.
pub(super) fn flight_weight(hash: u64) -> u64 {
    mix(hash, FLIGHT)
}

/// What monitors of this hash add.
pub(super) fn watch_weight(hash: u64) -> u64 {
    mix(hash, WATCH)
}

impl Judged for State {
    fn violates(&self, property: usize) -> bool {
        self.broken().is_some_and(|(broken, _)| broken == property)
    }
}

impl Clone for State {
    /// Copies words, where the derived one would push them one by one.
    fn clone(&self) -> Self {
        State { words: SmallVec::from_slice(&self.words), sum: self.sum }
    }

    fn clone_from(&mut self, other: &Self) {
        self.words.clear();
        self.words.extend_from_slice(&other.words);
        self.sum = other.sum;
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl Eq for State {}

impl Hash for State {
    /// Hashes content, as the words are numbers that depend on what was seen before.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.fingerprint());
    }
}

/// Scatters a hash, differently at each position.
pub(super) fn mix(hash: u64, position: usize) -> u64 {
    let mut x = hash ^ (position as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
