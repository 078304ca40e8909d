//! What one thread found out about a run of states, before it is numbered.
//!
//! Threads look up fingerprints in the table as it was, and change nothing. What they did not find is numbered later, on
//! one thread and in the order of the states, so that numbers do not depend on threads.

use super::Steps;
use super::debts::Sets;
use super::table::Table;
use crate::fair::{Class, Edge};

/// The target of a step to a state that has no number yet.
pub(super) const AWAITED: u32 = u32::MAX;
/// The place of an edge that is not kept.
pub(super) const NO_EDGE: u32 = u32::MAX;

/// What became of states that follow each other.
#[derive(Debug)]
pub(super) struct Haul<S> {
    pub(super) sources: Vec<Source>,
    /// The steps of states that owe; those to themselves left out.
    pub(super) edges: Vec<Edge>,
    /// Steps to states not in the table.
    pub(super) finds: Vec<Find<S>>,
}

/// One state that was expanded, and where what is known of it ends.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) owes: Owes,
    pub(super) edges_end: usize,
    pub(super) finds_end: usize,
    pub(super) generated: u32,
}

/// What a state owes.
#[derive(Debug)]
pub(super) enum Owes {
    /// Not known: the model has to learn the state first.
    Unknown,
    Nothing,
    /// A set that was owed before.
    Set(u32),
    NewSet(Box<[u32]>),
}

/// A state that may be new.
#[derive(Debug)]
pub(super) struct Find<S> {
    pub(super) fingerprint: u64,
    pub(super) ordinal: usize,
    /// The edge that leads to it, if kept.
    pub(super) edge: u32,
    /// Whether some property has something to say of it.
    pub(super) striking: bool,
    pub(super) state: S,
}

impl<S> Haul<S> {
    pub(super) fn new() -> Self {
        Haul { sources: Vec::new(), edges: Vec::new(), finds: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.sources.clear();
        self.edges.clear();
        self.finds.clear();
    }
}

/// Fills a haul.
pub(super) struct Gatherer<'a, S, F> {
    haul: &'a mut Haul<S>,
    table: &'a Table,
    sets: &'a Sets,
    /// The number of the state whose turn it is.
    number: u32,
    strikes: F,
    owes: Owes,
    sorted: Vec<u32>,
    /// Fingerprints that will come, with their numbers, and how many have come.
    foreseen: Vec<u64>,
    numbers: Vec<Option<u32>>,
    came: usize,
    generated: u32,
}

impl<'a, S, F: Fn(&S) -> bool> Gatherer<'a, S, F> {
    /// Of states numbered from `number` on. `strikes` says whether some property has something to say of a state.
    pub(super) fn new(haul: &'a mut Haul<S>, (table, sets): (&'a Table, &'a Sets), number: u32, strikes: F) -> Self {
        haul.clear();
        let (sorted, foreseen, numbers) = (Vec::new(), Vec::new(), Vec::new());
        Gatherer {
            haul,
            table,
            sets,
            number,
            strikes,
            owes: Owes::Nothing,
            sorted,
            foreseen,
            numbers,
            came: 0,
            generated: 0,
        }
    }

    /// The number of a fingerprint, if it has one.
    fn find(&mut self, fingerprint: u64) -> Option<u32> {
        if self.foreseen.get(self.came) != Some(&fingerprint) {
            return self.table.find(fingerprint);
        }
        self.came += 1;
        self.numbers[self.came - 1]
    }

    fn close(&mut self) {
        let owes = std::mem::replace(&mut self.owes, Owes::Nothing);
        let (edges_end, finds_end) = (self.haul.edges.len(), self.haul.finds.len());
        self.haul.sources.push(Source { owes, edges_end, finds_end, generated: self.generated });
        self.generated = 0;
        self.number += 1;
    }
}

impl<S, F: Fn(&S) -> bool> Steps<S> for Gatherer<'_, S, F> {
    fn begin(&mut self, owed: &[u32]) {
        self.sorted.clear();
        self.sorted.extend_from_slice(owed);
        self.sorted.sort_unstable();
        self.owes = match self.sets.find(&self.sorted) {
            _ if owed.is_empty() => Owes::Nothing,
            Some(set) => Owes::Set(set),
            None => Owes::NewSet(self.sorted.as_slice().into()),
        };
    }

    fn foresee(&mut self, fingerprints: &[u64]) {
        self.foreseen.clear();
        self.foreseen.extend_from_slice(fingerprints);
        self.table.find_all(fingerprints, &mut self.numbers);
        self.came = 0;
    }

    fn step(&mut self, ordinal: usize, class: Class, fingerprint: u64, next: impl FnOnce() -> S) {
        self.generated += 1;
        let keeps = self.sets.are_kept() && !matches!(self.owes, Owes::Nothing);
        let found = self.find(fingerprint);
        let Haul { edges, finds, .. } = &mut *self.haul;
        match found {
            Some(to) if keeps && to != self.number => edges.push(Edge { to, class }),
            Some(_) => (),
            None => {
                let edge = if keeps { u32::try_from(edges.len()).unwrap_or(NO_EDGE) } else { NO_EDGE };
                edges.extend(keeps.then_some(Edge { to: AWAITED, class }));
                let state = next();
                finds.push(Find { fingerprint, ordinal, edge, striking: (self.strikes)(&state), state });
            }
        }
    }

    fn end(&mut self) {
        self.close();
    }

    fn decline(&mut self) {
        let (edges, finds) = self.haul.sources.last().map_or((0, 0), |source| (source.edges_end, source.finds_end));
        self.haul.edges.truncate(edges);
        self.haul.finds.truncate(finds);
        self.owes = Owes::Unknown;
        self.generated = 0;
        self.foreseen.clear();
        self.close();
    }
}
