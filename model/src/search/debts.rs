//! What the states of a walk owe, and how one can get from one that owes to another.

use crate::fair::{Class, Edge, Fairness, Graph, OUTSIDE};
use crate::intern::Interner;

/// The graph of the states that owe, as a walk writes it down. Steps name states by their number in the walk.
#[derive(Debug)]
pub(super) struct Ledger {
    states: Vec<u32>,
    sets: Vec<u32>,
    distinct: Interner<Box<[u32]>>,
    starts: Vec<usize>,
    edges: Vec<Edge>,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Ledger { states: Vec::new(), sets: Vec::new(), distinct: Interner::new(), starts: vec![0], edges: Vec::new() }
    }

    /// Notes a step of the state that is entered next, to another state.
    pub(super) fn step(&mut self, edge: Edge) {
        self.edges.push(edge);
    }

    /// Enters a state, its steps being noted, with what it owes. States come in ascending order.
    pub(super) fn enter(&mut self, state: u32, owed: &[u32]) {
        self.states.push(state);
        let mut owed: Box<[u32]> = owed.into();
        owed.sort_unstable();
        self.sets.push(self.distinct.intern(owed).0);
        self.starts.push(self.edges.len());
    }

    /// Forgets the steps noted for a state that will not be entered.
    pub(super) fn tear(&mut self) {
        self.edges.truncate(*self.starts.last().unwrap_or(&0));
    }

    /// Numbers the entered states anew, `count` being the number of states in the walk.
    pub(super) fn close(mut self, count: usize) -> Debts {
        let mut anew = vec![OUTSIDE; if self.states.is_empty() { 0 } else { count }];
        for (new, &old) in (0u32..).zip(&self.states) {
            anew[old as usize] = new;
        }
        for edge in &mut self.edges {
            edge.to = anew[edge.to as usize];
        }
        let graph = Graph::assemble(self.starts, self.edges);
        Debts { graph, states: self.states, sets: self.sets, distinct: self.distinct }
    }
}

/// The states of a walk that owe something, and all of whose steps were looked at, as a graph of their own.
#[derive(Debug)]
pub struct Debts {
    graph: Graph,
    states: Vec<u32>,
    sets: Vec<u32>,
    distinct: Interner<Box<[u32]>>,
}

impl Debts {
    /// The graph of these states alone, numbered from zero.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// States that steps of this class may not be put off for ever, though they be enabled only now and then.
    pub fn declare_strong(&mut self, class: Class) {
        self.graph.declare(class, Fairness::Strong);
    }

    /// A state's number in the walk.
    ///
    /// # Panics
    /// When there is no such state.
    #[must_use]
    pub fn in_walk(&self, state: u32) -> u32 {
        self.states[state as usize]
    }

    /// Everything that is ever owed, ascending.
    #[must_use]
    pub fn all(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.distinct.iter().flat_map(|set| set.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The states that owe any of `owed`, ascending.
    #[must_use]
    pub fn owing(&self, owed: &[u32]) -> Vec<u32> {
        let hot: Vec<bool> = self.distinct.iter().map(|set| set.iter().any(|debt| owed.contains(debt))).collect();
        (0u32..).zip(&self.sets).filter(|(_, set)| hot[**set as usize]).map(|(state, _)| state).collect()
    }
}
