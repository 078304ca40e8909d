//! The strong components in which a fair run can stay for ever.

use super::scratch::{Scratch, Tally};
use super::{Fairness, Graph};

/// States that a fair run can visit again and again, all of them and no other, without ever leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The states, ascending. A single one means standing still.
    pub states: Vec<u32>,
}

impl Region {
    /// The first of its states: under breadth-first numbering the one nearest to the start.
    #[must_use]
    pub fn first(&self) -> u32 {
        self.states[0]
    }
}

/// Every greatest region within `states`, which are distinct. Empty when every fair run leaves `states` in the end.
///
/// Each strong component of the graph restricted to `states` is tried whole. A weakly fair class that is enabled all
/// over it and taken nowhere in it rules it out for good. A strongly fair class that is enabled somewhere and taken
/// nowhere rules out the states that enable it; the rest is split and tried again.
///
/// # Panics
/// When a state is not in the graph.
#[must_use]
pub fn regions(graph: &Graph, states: &[u32]) -> Vec<Region> {
    Finder::new(graph).find(states)
}

/// [`regions`] for many sets of states of one graph, with the working memory kept.
#[derive(Debug)]
pub(crate) struct Finder<'a> {
    graph: &'a Graph,
    scratch: Scratch,
    tallies: Vec<Tally>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(graph: &'a Graph) -> Self {
        Finder { graph, scratch: Scratch::new(graph), tallies: Vec::new() }
    }

    /// Those of `states` in which some fair run within `states` might stay: who lies on a cycle, and who may stand still.
    /// Every region within any of `states` lies within these. Ascending if `states` are.
    pub(crate) fn candidates(&mut self, states: &[u32]) -> Vec<u32> {
        let graph = self.graph;
        let mut stays = vec![false; graph.len() as usize];
        self.scratch.components(graph, states, |component| {
            if component.len() > 1
                || graph.edges(component[0]).all(|edge| graph.fairness(edge.class) == Fairness::Unfair)
            {
                component.iter().for_each(|&state| stays[state as usize] = true);
            }
        });
        states.iter().copied().filter(|&state| stays[state as usize]).collect()
    }

    pub(crate) fn find(&mut self, states: &[u32]) -> Vec<Region> {
        let mut regions = Vec::new();
        let mut open = vec![states.to_vec()];
        while let Some(restricted) = open.pop() {
            let mut components = Vec::new();
            self.scratch.components(self.graph, &restricted, |component| components.push(component.to_vec()));
            for component in components {
                match self.judge(component) {
                    Judgement::Fair(region) => regions.push(region),
                    Judgement::Unfair => (),
                    Judgement::Split(rest) => open.push(rest),
                }
            }
        }
        regions.sort_by_key(Region::first);
        regions
    }

    fn judge(&mut self, mut component: Vec<u32>) -> Judgement {
        self.scratch.tally(self.graph, &component, &mut self.tallies);
        let size = component.len();
        let (graph, tallies) = (self.graph, &self.tallies);
        let starved = |fairness| tallies.iter().filter(move |t| !t.taken && graph.fairness(t.class) == fairness);
        if starved(Fairness::Weak).any(|t| t.enabled_in as usize == size) {
            return Judgement::Unfair;
        }
        let strong: Vec<_> = starved(Fairness::Strong).map(|t| t.class).collect();
        if strong.is_empty() {
            component.sort_unstable();
            return Judgement::Fair(Region { states: component });
        }
        component.retain(|&state| !graph.edges(state).any(|edge| strong.contains(&edge.class)));
        Judgement::Split(component)
    }
}

enum Judgement {
    Fair(Region),
    Unfair,
    Split(Vec<u32>),
}

#[cfg(test)]
mod tests {
    use super::super::{Class, Edge, OUTSIDE};
    use super::*;

    const A: u32 = 0;
    const B: u32 = 1;
    const D: u32 = 2;
    const C: u32 = OUTSIDE;
    const G: Class = Class(1);
    const F: Class = Class(2);
    /// Another fair class that is always free to be taken.
    const H: Class = Class(3);

    fn graph(states: &[&[(u32, Class)]], f: Fairness) -> Graph {
        let mut graph = Graph::default();
        for edges in states {
            graph.push(edges.iter().map(|&(to, class)| Edge { to, class }));
        }
        graph.declare(F, f);
        graph
    }

    fn found(states: &[&[(u32, Class)]], f: Fairness) -> Vec<Vec<u32>> {
        let graph = graph(states, f);
        let all: Vec<_> = (0..graph.len()).collect();
        regions(&graph, &all).into_iter().map(|region| region.states).collect()
    }

    #[test]
    fn a_step_out_of_the_owing_states_does_not_count_as_taken_inside() {
        // C leads back to A, so that A, B and C are one component of the whole graph.
        let both: &[&[_]] = &[&[(B, G), (C, F)], &[(A, G), (C, F)]];
        assert_eq!(found(both, Fairness::Weak), [[0; 0]; 0], "F is enabled for ever and never taken");
    }

    #[test]
    fn a_step_enabled_now_and_then_binds_only_the_strongly_fair() {
        let at_a: &[&[_]] = &[&[(B, G), (C, F)], &[(A, G)]];
        assert_eq!(found(at_a, Fairness::Weak), [[A, B]]);
        assert_eq!(found(at_a, Fairness::Strong), [[0; 0]; 0]);
    }

    #[test]
    fn standing_still_where_only_unfair_steps_leave_is_a_run() {
        let still: &[&[_]] = &[&[(B, Class::UNFAIR), (C, F)], &[(A, Class::UNFAIR)]];
        assert_eq!(found(still, Fairness::Strong), [[B]]);
    }

    #[test]
    fn fairness_belongs_to_the_cycle_inside_the_component() {
        let with_d: &[&[_]] = &[&[(B, G)], &[(A, G), (D, G)], &[(A, G), (C, F)]];
        assert_eq!(found(with_d, Fairness::Strong), [[A, B]], "the run that leaves D out never enables F");
    }

    #[test]
    fn a_step_back_to_its_own_state_neither_enables_nor_takes() {
        let with_exit: &[&[_]] = &[&[(A, F), (B, G), (C, F)], &[(B, F), (A, G), (C, F)]];
        assert_eq!(found(with_exit, Fairness::Weak), [[0; 0]; 0], "not taken by standing still");
        let without: &[&[_]] = &[&[(A, F), (B, G)], &[(B, F), (A, G)]];
        assert_eq!(found(without, Fairness::Weak), [[A, B]], "not enabled by standing still");
    }

    #[test]
    fn a_lone_state_holds_only_if_a_fair_step_leaves_it() {
        assert_eq!(found(&[&[(C, Class::UNFAIR)]], Fairness::Weak), [[A]]);
        assert_eq!(found(&[&[(C, F)]], Fairness::Weak), [[0; 0]; 0]);
        assert_eq!(found(&[&[]], Fairness::Weak), [[A]], "a final state that owes");
    }

    #[test]
    fn what_is_owed_keeps_joining_paths_apart() {
        // Two ways to one end; A paid nothing and its end still owes, the other way's end is OUTSIDE.
        assert_eq!(found(&[&[(B, H)], &[]], Fairness::Weak), [[B]]);
        assert_eq!(found(&[&[(C, H)]], Fairness::Weak), [[0; 0]; 0], "the merged end owes nothing and hides it");
    }

    #[test]
    fn only_the_states_asked_about_count() {
        let graph = graph(&[&[(B, G)], &[(A, G)]], Fairness::Weak);
        assert_eq!(regions(&graph, &[A]), []);
        assert_eq!(regions(&graph, &[A, B]).len(), 1);
        assert_eq!(regions(&graph, &[]), []);
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let mut graph = Graph::default();
        let last = 1_000_000;
        for state in 0..last {
            graph.push([Edge { to: state + 1, class: G }]);
        }
        graph.push([Edge { to: 0, class: G }]);
        let all: Vec<_> = (0..=last).collect();
        assert_eq!(regions(&graph, &all).len(), 1, "one ring of a million states");
    }
}
