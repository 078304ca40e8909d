//! Messages in flight.

use quiesce_machine::{Node, NodeId, Renaming};

use super::state::{flight_weight, mix};
use crate::intern::Interner;
use crate::report::{Leg, Message};

/// Every message ever sent. A *flight* is a message on one of its legs, and has a number of its own.
#[derive(Debug)]
pub(super) struct Mail<N: Node> {
    letters: Interner<Letter<N>>,
    /// From whom each goes to whom, and what its flights weigh in a state, by leg.
    slips: Vec<(NodeId, NodeId, [u64; LEGS.len()])>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Letter<N: Node> {
    from: NodeId,
    to: NodeId,
    msg: N::Msg,
}

/// Where a flight comes from and goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) leg: Leg,
}

impl Envelope {
    /// Who is to get it now.
    pub(super) fn addressee(self) -> NodeId {
        match self.leg {
            Leg::Out | Leg::Orphaned => self.to,
            Leg::Back => self.from,
        }
    }

    /// Whether it goes over the network, on its way out.
    pub(super) fn is_exposed(self) -> bool {
        self.leg != Leg::Back && self.from != self.to
    }
}

const LEGS: [Leg; 3] = [Leg::Out, Leg::Orphaned, Leg::Back];

impl<N: Node> Mail<N> {
    pub(super) fn new() -> Self {
        Mail { letters: Interner::new(), slips: Vec::new() }
    }

    /// The flight of a message just sent.
    pub(super) fn post(&mut self, from: NodeId, to: NodeId, msg: N::Msg) -> u32 {
        let (letter, new) = self.letters.intern(Letter { from, to, msg });
        if new {
            let hash = self.letters.hash(letter);
            self.slips.push((from, to, LEGS.map(|leg| flight_weight(mix(hash, leg as usize)))));
        }
        letter.checked_mul(LEGS.len() as u32).expect("fewer than 2^30 distinct messages")
    }

    /// The same message on another leg.
    pub(super) fn on(flight: u32, leg: Leg) -> u32 {
        flight - flight % LEGS.len() as u32 + leg as u32
    }

    pub(super) fn envelope(&self, flight: u32) -> Envelope {
        let (from, to, _) = self.slips[Self::letter_of(flight) as usize];
        Envelope { from, to, leg: leg(flight) }
    }

    pub(super) fn message(&self, flight: u32) -> Message<N> {
        let Letter { from, to, msg } = self.letter(flight);
        Message { from: *from, to: *to, msg: msg.clone(), leg: leg(flight) }
    }

    pub(super) fn hash(&self, flight: u32) -> u64 {
        mix(self.letters.hash(Self::letter_of(flight)), leg(flight) as usize)
    }

    /// What a flight adds to the sum of a state.
    pub(super) fn weight(&self, flight: u32) -> u64 {
        self.slips[Self::letter_of(flight) as usize].2[leg(flight) as usize]
    }

    /// The number of a flight's message, whatever its leg.
    pub(super) fn letter_of(flight: u32) -> u32 {
        flight / LEGS.len() as u32
    }

    /// Another message on the same leg.
    pub(super) fn with_letter(flight: u32, letter: u32) -> u32 {
        letter * LEGS.len() as u32 + flight % LEGS.len() as u32
    }

    /// The number of a message with other names.
    pub(super) fn rename(&mut self, letter: u32, msg: fn(&N::Msg, &Renaming) -> N::Msg, to: &Renaming) -> u32 {
        let Letter { from, to: receiver, msg: says } = self.letters.value(letter);
        let (from, receiver, says) = (to.node(*from), to.node(*receiver), msg(says, to));
        Self::letter_of(self.post(from, receiver, says))
    }

    /// How many distinct messages there are, whatever their legs.
    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    fn letter(&self, flight: u32) -> &Letter<N> {
        self.letters.value(Self::letter_of(flight))
    }
}

fn leg(flight: u32) -> Leg {
    LEGS[flight as usize % LEGS.len()]
}
