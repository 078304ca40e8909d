//! A look at the whole cluster after chosen events, for debugging: what every process remembers, keeps and waits for.

use std::collections::BTreeSet;

use quiesce_machine::{Monitor, Node, Time};

use crate::world::World;

/// The cluster after one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The number of the event, 0 before the first.
    pub step: u32,
    /// When.
    pub at: Time,
    /// Every node, in order.
    pub nodes: Vec<NodeState>,
}

/// One node, as it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// Its name.
    pub name: String,
    /// What the process remembers; none while it is down.
    pub memory: Option<String>,
    /// What its store holds, ordered by key.
    pub records: Vec<String>,
    /// How many writes are on their way there.
    pub pending: usize,
    /// The armed timers, ascending.
    pub timers: Vec<String>,
}

/// Which events to look behind, and what was seen.
#[derive(Debug)]
pub(crate) struct Lens {
    wanted: BTreeSet<u32>,
    pub(crate) taken: Vec<Snapshot>,
}

impl Lens {
    pub(crate) fn new(steps: &[u32]) -> Self {
        Lens { wanted: steps.iter().copied().collect(), taken: Vec::new() }
    }
}

impl<N: Node, M: Monitor<N>> World<'_, N, M> {
    /// Takes a snapshot if one is wanted after this event.
    #[cold]
    pub(crate) fn look(&mut self) {
        if self.lens.as_mut().is_some_and(|lens| lens.wanted.remove(&self.events)) {
            self.take_snapshot(self.events);
        }
    }

    /// Takes the snapshots that are still wanted, at the end of the run.
    pub(crate) fn look_last(&mut self) {
        let wanted = self.lens.as_mut().map(|lens| std::mem::take(&mut lens.wanted)).unwrap_or_default();
        wanted.into_iter().for_each(|step| self.take_snapshot(step));
    }

    fn take_snapshot(&mut self, step: u32) {
        let nodes = self.node_ids().map(|node| {
            let process = &self.cluster.processes[node.index()];
            NodeState {
                name: self.plan.nodes[node.index()].to_owned(),
                memory: process.state.as_ref().map(|memory| format!("{memory:?}")),
                records: process.records().iter().map(|record| format!("{record:?}")).collect(),
                pending: process.pending(),
                timers: process.timers.armed().map(|timer| format!("{timer:?}")).collect(),
            }
        });
        let snapshot = Snapshot { step, at: self.now, nodes: nodes.collect() };
        if let Some(lens) = &mut self.lens {
            lens.taken.push(snapshot);
        }
    }
}
