//! Working memory of the search, allocated once for a graph and cleaned only where it was used.

use super::{Class, Edge, Edges, Graph};

/// No number yet.
const NONE: u32 = u32::MAX;

/// Marks and counters by state and by class.
#[derive(Debug)]
pub(super) struct Scratch {
    /// Which set of states is being looked at: a state belongs when it bears the set's number. Zero is no set.
    group: Vec<u32>,
    groups: u32,
    order: Vec<u32>,
    low: Vec<u32>,
    class: Vec<ClassCount>,
}

#[derive(Clone, Copy, Debug, Default)]
struct ClassCount {
    enabled_in: u32,
    last_state: u32,
    taken: bool,
}

/// What is known of one class within one component.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    pub(super) class: Class,
    pub(super) enabled_in: u32,
    pub(super) taken: bool,
}

/// A search's place in one state: the state, and its edges yet to be followed.
struct Visit<'a> {
    state: u32,
    edges: Edges<'a>,
}

impl Scratch {
    pub(super) fn new(graph: &Graph) -> Self {
        let states = graph.len() as usize;
        Scratch {
            group: vec![0; states],
            groups: 0,
            order: vec![NONE; states],
            low: vec![NONE; states],
            class: vec![ClassCount::default(); graph.class_count()],
        }
    }

    /// Marks `states` as one set and returns its number; they leave any set they were in.
    pub(super) fn mark(&mut self, states: &[u32]) -> u32 {
        self.groups += 1;
        for &state in states {
            self.group[state as usize] = self.groups;
        }
        self.groups
    }

    pub(super) fn unmark(&mut self, states: &[u32]) {
        for &state in states {
            self.group[state as usize] = 0;
        }
    }

    pub(super) fn is_in(&self, state: u32, group: u32) -> bool {
        self.group.get(state as usize) == Some(&group)
    }

    /// Calls `found` with each strong component of the graph restricted to `states`, single states included. Tarjan's
    /// algorithm with a stack of its own, so depth costs memory and not the thread's stack.
    pub(super) fn components(&mut self, graph: &Graph, states: &[u32], mut found: impl FnMut(&[u32])) {
        let group = self.mark(states);
        for &state in states {
            self.order[state as usize] = NONE;
        }
        let (mut clock, mut open, mut path) = (0, Vec::new(), Vec::new());
        for &root in states {
            if self.order[root as usize] == NONE {
                path.push(self.enter(graph, root, &mut clock, &mut open));
            }
            while let Some(visit) = path.last_mut() {
                let at = visit.state as usize;
                let Some(edge) = visit.edges.next() else {
                    let done = visit.state;
                    path.pop();
                    self.leave(done, path.last().map(|v| v.state), &mut open, &mut found);
                    continue;
                };
                if !self.is_in(edge.to, group) {
                    continue;
                }
                let seen = self.order[edge.to as usize];
                if seen == NONE {
                    path.push(self.enter(graph, edge.to, &mut clock, &mut open));
                } else {
                    self.low[at] = self.low[at].min(seen);
                }
            }
        }
        self.unmark(states);
    }

    fn enter<'a>(&mut self, graph: &'a Graph, state: u32, clock: &mut u32, open: &mut Vec<u32>) -> Visit<'a> {
        self.order[state as usize] = *clock;
        self.low[state as usize] = *clock;
        *clock += 1;
        open.push(state);
        Visit { state, edges: graph.edges(state) }
    }

    fn leave(&mut self, state: u32, parent: Option<u32>, open: &mut Vec<u32>, found: &mut impl FnMut(&[u32])) {
        let low = self.low[state as usize];
        if low == self.order[state as usize] {
            let start = open.iter().rposition(|&s| s == state).unwrap_or(0);
            for &member in &open[start..] {
                self.group[member as usize] = 0;
            }
            found(&open[start..]);
            open.truncate(start);
        } else if let Some(parent) = parent {
            self.low[parent as usize] = self.low[parent as usize].min(low);
        }
    }

    /// Counts, for each class enabled somewhere in `component`, in how many of its states, and whether some step inside
    /// takes it.
    pub(super) fn tally(&mut self, graph: &Graph, component: &[u32], tallies: &mut Vec<Tally>) {
        tallies.clear();
        let group = self.mark(component);
        let mut used: Vec<Class> = Vec::new();
        for (number, &state) in (1u32..).zip(component) {
            for Edge { to, class } in graph.edges(state) {
                let inside = self.is_in(to, group);
                let count = &mut self.class[class.0 as usize];
                if count.enabled_in == 0 {
                    used.push(class);
                }
                if count.last_state != number {
                    count.last_state = number;
                    count.enabled_in += 1;
                }
                count.taken |= inside;
            }
        }
        for class in used {
            let ClassCount { enabled_in, taken, .. } = std::mem::take(&mut self.class[class.0 as usize]);
            tallies.push(Tally { class, enabled_in, taken });
        }
        self.unmark(component);
    }
}
