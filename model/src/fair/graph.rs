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

/// States and the steps between them, in few bytes: a step to a state near its own takes two or three.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Each edge's distance and class, in groups of seven bits.
    bytes: Vec<u8>,
    /// Where a state's edges begin, counted from its stretch's base.
    starts: Vec<u32>,
    /// Where each stretch of states begins.
    bases: Vec<usize>,
    edge_count: usize,
    class_count: usize,
    fairness: Vec<Fairness>,
}

/// How many states share a base.
const STRETCH: usize = 1 << 12;

impl Default for Graph {
    fn default() -> Self {
        Graph {
            bytes: Vec::new(),
            starts: Vec::new(),
            bases: Vec::new(),
            edge_count: 0,
            class_count: 1,
            fairness: vec![Fairness::Unfair],
        }
    }
}

impl Graph {
    /// Adds the next state with its steps to others and returns its number. Steps back to itself are left out: who
    /// stays where they were has neither been able to leave nor left.
    ///
    /// # Panics
    /// When the graph is full, at [`OUTSIDE`] states, or the steps of 4,096 states take more than 4 GiB.
    pub fn push(&mut self, edges: impl IntoIterator<Item = Edge>) -> u32 {
        let state = self.len();
        assert!(state < OUTSIDE, "a graph holds fewer than {OUTSIDE} states");
        if self.starts.len().is_multiple_of(STRETCH) {
            self.bases.push(self.bytes.len());
        }
        let base = self.bases[self.starts.len() / STRETCH];
        let start = u32::try_from(self.bytes.len() - base).expect("the steps of 4,096 states take less than 4 GiB");
        self.starts.push(start);
        for Edge { to, class } in edges.into_iter().filter(|edge| edge.to != state) {
            write(&mut self.bytes, zigzag(state, to));
            write(&mut self.bytes, u64::from(class.0));
            self.edge_count += 1;
            self.class_count = self.class_count.max(class.index() + 1);
        }
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
        u32::try_from(self.starts.len()).unwrap_or(OUTSIDE)
    }

    /// Whether there is no state.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many edges there are.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.edge_count
    }

    /// The steps from a state, in the order given.
    ///
    /// # Panics
    /// When there is no such state.
    #[must_use]
    pub fn edges(&self, state: u32) -> Edges<'_> {
        let at = state as usize;
        let end = if at + 1 < self.starts.len() { self.start(at + 1) } else { self.bytes.len() };
        Edges { state, bytes: &self.bytes[self.start(at)..end] }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len() + self.starts.len() * size_of::<u32>() + self.bases.len() * size_of::<usize>()
    }

    /// One more than the greatest class of any edge.
    pub(crate) fn class_count(&self) -> usize {
        self.class_count
    }

    fn start(&self, state: usize) -> usize {
        self.bases[state / STRETCH] + self.starts[state] as usize
    }
}

/// The steps from one state.
#[derive(Clone, Copy, Debug)]
pub struct Edges<'a> {
    state: u32,
    bytes: &'a [u8],
}

impl Iterator for Edges<'_> {
    type Item = Edge;

    fn next(&mut self) -> Option<Edge> {
        if self.bytes.is_empty() {
            return None;
        }
        let to = unzigzag(self.state, read(&mut self.bytes));
        let class = Class(read(&mut self.bytes) as u32);
        Some(Edge { to, class })
    }
}

/// How far and which way it is to a state, as a number that is small if the state is near.
fn zigzag(from: u32, to: u32) -> u64 {
    let distance = i64::from(to) - i64::from(from);
    (distance << 1 ^ distance >> 63) as u64
}

fn unzigzag(from: u32, distance: u64) -> u32 {
    let distance = (distance >> 1) as i64 ^ -((distance & 1) as i64);
    (i64::from(from) + distance) as u32
}

fn write(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7F {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read(bytes: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    while let Some((&byte, rest)) = bytes.split_first() {
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            break;
        }
        shift += 7;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_back_to_its_own_state_is_no_edge() {
        let mut graph = Graph::default();
        let only = graph.push([Edge { to: 0, class: Class(1) }, Edge { to: OUTSIDE, class: Class(2) }]);
        assert_eq!(graph.edges(only).collect::<Vec<_>>(), [Edge { to: OUTSIDE, class: Class(2) }]);
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

    #[test]
    fn edges_come_back_as_they_were_pushed() {
        let ends = [0, 1, 63, 64, 65, 8_191, 8_192, 1 << 20, u32::MAX - 1, OUTSIDE];
        let classes = [0, 1, 127, 128, 16_384, u32::MAX];
        let all = |state| {
            let edges = ends.iter().flat_map(|&to| classes.map(|class| Edge { to, class: Class(class) }));
            edges.filter(move |edge| edge.to != state)
        };
        let mut graph = Graph::default();
        for state in 0..9_000 {
            graph.push(all(state).take(state as usize % 7));
        }
        for state in 0..9_000 {
            let expected: Vec<_> = all(state).take(state as usize % 7).collect();
            assert_eq!(graph.edges(state).collect::<Vec<_>>(), expected, "of state {state}");
        }
        let last = graph.push(all(9_000));
        assert_eq!(graph.edges(last).collect::<Vec<_>>(), all(9_000).collect::<Vec<_>>());
    }
}
