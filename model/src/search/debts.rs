//! What the states of a walk owe, and how one can get from one that owes to another.

use crate::fair::{Class, Edge, Fairness, Graph};
use crate::intern::Interner;

/// The states of a walk whose every step was looked at, with what they owe and the steps of those that owe. States have
/// the walk's numbers; one that owes nothing has no steps here, and none may come after the last that owes.
#[derive(Debug)]
pub struct Debts {
    graph: Graph,
    pub(super) sets: Sets,
}

/// What is owed together, by state.
#[derive(Debug)]
pub(super) struct Sets {
    distinct: Interner<Box<[u32]>>,
    of: Vec<u32>,
    kept: bool,
}

/// The set of a state that owes nothing.
const NOTHING: u32 = u32::MAX;

impl Sets {
    /// Whether anybody wants to know.
    pub(super) fn are_kept(&self) -> bool {
        self.kept
    }

    /// The number of a set that was owed before, ascending.
    pub(super) fn find(&self, owed: &[u32]) -> Option<u32> {
        self.distinct.find(owed)
    }

    /// The number of a set, ascending.
    pub(super) fn intern(&mut self, owed: Box<[u32]>) -> u32 {
        self.distinct.intern(owed).0
    }
}

impl Debts {
    /// Of a walk that has not begun. If `kept`, steps will be noted.
    pub(super) fn new(kept: bool) -> Self {
        let sets = Sets { distinct: Interner::new(), of: Vec::new(), kept };
        Debts { graph: Graph::default(), sets }
    }

    /// Enters a state that owes a set, with its steps. States come in ascending order.
    pub(super) fn enter(&mut self, state: u32, set: u32, edges: &[Edge]) {
        while self.graph.len() < state {
            self.graph.push([]);
            self.sets.of.push(NOTHING);
        }
        self.graph.push(edges.iter().copied());
        self.sets.of.push(set);
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.graph.bytes() + self.sets.of.len() * size_of::<u32>()
    }

    /// The steps between states that owe.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// States that steps of this class may not be put off for ever, though they be enabled only now and then.
    pub fn declare_strong(&mut self, class: Class) {
        self.graph.declare(class, Fairness::Strong);
    }

    /// Everything that is ever owed, ascending.
    #[must_use]
    pub fn all(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.sets.distinct.iter().flat_map(|set| set.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// How many states owe any of `owed`.
    #[must_use]
    pub fn count_owing(&self, owed: &[u32]) -> usize {
        let hot = self.hot(owed);
        self.sets.of.iter().filter(|&&set| is_hot(&hot, set)).count()
    }

    /// The states that owe any of `owed`, ascending.
    #[must_use]
    pub fn owing(&self, owed: &[u32]) -> Vec<u32> {
        let hot = self.hot(owed);
        (0u32..).zip(&self.sets.of).filter(|(_, set)| is_hot(&hot, **set)).map(|(state, _)| state).collect()
    }

    /// Those of `states` that owe any of `owed`.
    pub(crate) fn owing_among(&self, states: &[u32], owed: &[u32]) -> Vec<u32> {
        let hot = self.hot(owed);
        states.iter().copied().filter(|&state| is_hot(&hot, self.sets.of[state as usize])).collect()
    }

    /// Every state that owes anything, ascending.
    pub(crate) fn owing_anything(&self) -> Vec<u32> {
        (0u32..).zip(&self.sets.of).filter(|(_, set)| **set != NOTHING).map(|(state, _)| state).collect()
    }

    fn hot(&self, owed: &[u32]) -> Vec<bool> {
        self.sets.distinct.iter().map(|set| set.iter().any(|debt| owed.contains(debt))).collect()
    }
}

fn is_hot(hot: &[bool], set: u32) -> bool {
    set != NOTHING && hot[set as usize]
}
