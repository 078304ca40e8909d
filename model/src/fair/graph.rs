//! The graph that liveness is judged on: compact, append-only, states in the order they were added.

/// A kind of step that must not be put off for ever: one message, one timer, one store. Zero is the class of all steps
/// that owe nobody anything: faults, users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(pub u32);

impl Class {
    /// The class of steps that may be put off for ever.
    pub const UNFAIR: Class = Class(0);

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a class may demand of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fairness {
    /// Nothing.
    Unfair,
    /// Taken again and again if enabled from some moment on.
    Weak,
    /// Taken again and again if enabled again and again.
    Strong,
}

/// The target of an edge that leaves the graph: to a state that owes nothing.
pub const OUTSIDE: u32 = u32::MAX;

/// One step from a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The state it leads to, or [`OUTSIDE`].
    pub to: u32,
    /// What kind of step it is.
    pub class: Class,
}

/// States and the steps between them.
#[derive(Clone, Debug)]
pub struct Graph {
    starts: Vec<usize>,
    edges: Vec<Edge>,
    fairness: Vec<Fairness>,
}

impl Default for Graph {
    fn default() -> Self {
        Graph { starts: vec![0], edges: Vec::new(), fairness: vec![Fairness::Unfair] }
    }
}

impl Graph {
    /// Adds the next state with its steps to others and returns its number. Steps back to itself are left out: who
    /// stays where they were has neither been able to leave nor left.
    ///
    /// # Panics
    /// When the graph is full, at [`OUTSIDE`] states.
    pub fn push(&mut self, edges: impl IntoIterator<Item = Edge>) -> u32 {
        let state = self.len();
        assert!(state < OUTSIDE, "a graph holds fewer than {OUTSIDE} states");
        self.edges.extend(edges.into_iter().filter(|edge| edge.to != state));
        self.starts.push(self.edges.len());
        state
    }

    /// States what a class demands; those not stated are [`Fairness::Weak`], [`Class::UNFAIR`] excepted.
    ///
    /// # Panics
    /// When the class is [`Class::UNFAIR`].
    pub fn declare(&mut self, class: Class, fairness: Fairness) {
        assert_ne!(class, Class::UNFAIR, "class 0 is unfair");
        if self.fairness.len() <= class.index() {
            self.fairness.resize(class.index() + 1, Fairness::Weak);
        }
        self.fairness[class.index()] = fairness;
    }

    /// What a class demands.
    #[must_use]
    pub fn fairness(&self, class: Class) -> Fairness {
        self.fairness.get(class.index()).copied().unwrap_or(Fairness::Weak)
    }

    /// How many states there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.starts.len() - 1).unwrap_or(OUTSIDE)
    }

    /// Whether there is no state.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many edges there are.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    /// The steps from a state, in the order given.
    ///
    /// # Panics
    /// When there is no such state.
    #[must_use]
    pub fn edges(&self, state: u32) -> &[Edge] {
        let at = state as usize;
        &self.edges[self.starts[at]..self.starts[at + 1]]
    }

    /// A graph of which state `n` has the edges from `starts[n]` to `starts[n + 1]`, none back to itself.
    pub(crate) fn assemble(starts: Vec<usize>, edges: Vec<Edge>) -> Self {
        Graph { starts, edges, ..Graph::default() }
    }

    /// One more than the greatest class of any edge.
    pub(crate) fn class_count(&self) -> usize {
        self.edges.iter().map(|edge| edge.class.index() + 1).max().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_back_to_its_own_state_is_no_edge() {
        let mut graph = Graph::default();
        let only = graph.push([Edge { to: 0, class: Class(1) }, Edge { to: OUTSIDE, class: Class(2) }]);
        assert_eq!(graph.edges(only), [Edge { to: OUTSIDE, class: Class(2) }]);
    }

    #[test]
    fn classes_are_weak_unless_declared() {
        let mut graph = Graph::default();
        graph.declare(Class(3), Fairness::Strong);
        assert_eq!(graph.fairness(Class::UNFAIR), Fairness::Unfair);
        assert_eq!(graph.fairness(Class(1)), Fairness::Weak);
        assert_eq!(graph.fairness(Class(3)), Fairness::Strong);
        assert_eq!(graph.fairness(Class(9)), Fairness::Weak);
    }
}
