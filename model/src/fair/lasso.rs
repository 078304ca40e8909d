//! One loop through a region that is fair to every class, as short as a greedy search makes it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Class, Edge, Fairness, Graph, Region};

/// A closed walk: from its first state through every edge back to it. Without edges it stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lasso {
    /// Where the loop begins and ends.
    pub entry: u32,
    /// The states stepped to and the class of each step; the last state is `entry` again.
    pub steps: Vec<Edge>,
}

/// A fair loop within `region`, from its first state.
///
/// It takes, or shows not enabled, one witness for every class that could otherwise be starved.
///
/// # Panics
/// When `region` is not one of [`regions`](super::regions) of this graph.
#[must_use]
pub fn lasso(graph: &Graph, region: &Region) -> Lasso {
    let entry = region.first();
    let mut loop_ = Loop { graph, inside: region.states.iter().copied().collect(), at: entry, steps: Vec::new() };
    if region.states.len() > 1 {
        for demand in demands(graph, region) {
            if !loop_.meets(entry, &demand) {
                loop_.walk(|from, edge| match demand {
                    Demand::Take(class) => edge.class == class,
                    Demand::TakeOrMiss(class) => {
                        edge.class == class || !enables(graph, edge.to, class) || !enables(graph, from, class)
                    }
                });
            }
        }
        if loop_.at != entry || loop_.steps.is_empty() {
            loop_.walk(|_, edge| edge.to == entry);
        }
    }
    Lasso { entry, steps: loop_.steps }
}

/// What a loop owes one class.
#[derive(Clone, Copy, Debug)]
enum Demand {
    /// Take it.
    Take(Class),
    /// Take it, or visit a state that does not enable it.
    TakeOrMiss(Class),
}

fn demands(graph: &Graph, region: &Region) -> Vec<Demand> {
    let classes: BTreeSet<_> =
        region.states.iter().flat_map(|&state| graph.edges(state)).map(|edge| edge.class).collect();
    let demand = |class| match graph.fairness(class) {
        Fairness::Unfair => None,
        Fairness::Weak => Some(Demand::TakeOrMiss(class)),
        Fairness::Strong => Some(Demand::Take(class)),
    };
    classes.into_iter().filter_map(demand).collect()
}

fn enables(graph: &Graph, state: u32, class: Class) -> bool {
    graph.edges(state).any(|edge| edge.class == class)
}

struct Loop<'a> {
    graph: &'a Graph,
    inside: BTreeSet<u32>,
    at: u32,
    steps: Vec<Edge>,
}

impl Loop<'_> {
    fn meets(&self, entry: u32, demand: &Demand) -> bool {
        let takes = |class| self.steps.iter().any(|step| step.class == class);
        match *demand {
            Demand::Take(class) => takes(class),
            Demand::TakeOrMiss(class) => {
                let mut visited = std::iter::once(entry).chain(self.steps.iter().map(|step| step.to));
                takes(class) || visited.any(|state| !enables(self.graph, state, class))
            }
        }
    }

    /// Goes on along a shortest way inside that ends with an edge which `wanted` accepts.
    fn walk(&mut self, wanted: impl Fn(u32, &Edge) -> bool) {
        let mut came: BTreeMap<u32, (u32, Edge)> = BTreeMap::new();
        let mut queue = VecDeque::from([self.at]);
        while let Some(state) = queue.pop_front() {
            for edge in self.graph.edges(state).filter(|edge| self.inside.contains(&edge.to)) {
                if wanted(state, &edge) {
                    self.append(state, edge, &came);
                    return;
                }
                if edge.to != self.at && !came.contains_key(&edge.to) {
                    came.insert(edge.to, (state, edge));
                    queue.push_back(edge.to);
                }
            }
        }
        panic!("a region of this graph has a witness for each of its fair classes");
    }

    fn append(&mut self, mut from: u32, last: Edge, came: &BTreeMap<u32, (u32, Edge)>) {
        let mut way = vec![last];
        while from != self.at {
            let (before, edge) = came[&from];
            way.push(edge);
            from = before;
        }
        self.steps.extend(way.into_iter().rev());
        self.at = last.to;
    }
}
