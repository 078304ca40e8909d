//! Plans that make no sense, refused before anything runs.

use std::collections::BTreeSet;

use quiesce_machine::{CallId, Delay, Node, NodeId};

use crate::{Action, Plan, Ratio, Swarm};

/// Why a plan makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// There is nobody.
    #[error("a plan needs at least one node, found none")]
    NoNodes,
    /// Two nodes of one name would share their random streams.
    #[error("nodes have different names, found `{name}` twice")]
    NameTwice {
        /// The name.
        name: String,
    },
    /// A node that is not in the plan.
    #[error("{place} speaks of node {node}, but the plan's nodes are n0 to n{}", .count - 1)]
    UnknownNode {
        /// Where.
        place: Place,
        /// The node.
        node: NodeId,
        /// How many nodes there are.
        count: usize,
    },
    /// A partition puts a node on both sides.
    #[error("{place} names `{name}` twice, but a node is in one group of a partition")]
    GroupTwice {
        /// Where.
        place: Place,
        /// The node.
        name: String,
    },
    /// Two calls could not be told apart.
    #[error("{place} makes call {} again, but each call has an id of its own", .call.0)]
    CallTwice {
        /// Where.
        place: Place,
        /// The call.
        call: CallId,
    },
    /// A delay that is longer at its short end.
    #[error("{place} runs from shorter to longer, found {least} ns to {most} ns")]
    ReversedDelay {
        /// Where.
        place: Place,
        /// The end that should be shorter.
        least: u64,
        /// The end that should be longer.
        most: u64,
    },
    /// A drift that could stop a clock.
    #[error("swarm.drift_by is below 1, found {found}")]
    DriftTooStrong {
        /// What was asked for.
        found: Ratio,
    },
    /// More events than can be numbered.
    #[error("max_events is at most {}, found {found}", u32::MAX)]
    TooManyEvents {
        /// What was asked for.
        found: u64,
    },
}

/// A part of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A step, by its place in the plan.
    Step(usize),
    /// The network's latency.
    Latency,
    /// The latency of one link.
    Link(NodeId, NodeId),
    /// The network's extra delay for messages held back.
    ReorderDelay,
    /// The store's latency.
    StoreLatency,
    /// The extra delay of writes that land late.
    StoreLateBy,
    /// The nodes that a swarm may strike.
    SwarmNodes,
    /// A range of the swarm's, by its name.
    Swarm(&'static str),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Step(step) => write!(f, "step {}", step + 1),
            Place::Latency => write!(f, "network.latency"),
            Place::Link(from, to) => write!(f, "network.links from {from} to {to}"),
            Place::ReorderDelay => write!(f, "network.reorder_delay"),
            Place::StoreLatency => write!(f, "store_latency"),
            Place::StoreLateBy => write!(f, "store_faults.late_by"),
            Place::SwarmNodes => write!(f, "swarm.nodes"),
            Place::Swarm(name) => write!(f, "swarm.{name}"),
        }
    }
}

impl<N: Node, M> Plan<N, M> {
    /// Whether the plan can be run.
    ///
    /// # Errors
    /// The first thing that makes no sense.
    pub fn check(&self) -> Result<(), PlanError> {
        self.check_nodes()?;
        self.check_delays()?;
        if self.max_events > u64::from(u32::MAX) {
            return Err(PlanError::TooManyEvents { found: self.max_events });
        }
        self.check_steps()
    }

    fn check_nodes(&self) -> Result<(), PlanError> {
        let mut names = BTreeSet::new();
        match self.nodes.iter().find(|name| !names.insert(*name)) {
            Some(name) => Err(PlanError::NameTwice { name: (*name).to_owned() }),
            None if names.is_empty() => Err(PlanError::NoNodes),
            None => Ok(()),
        }
    }

    fn check_delays(&self) -> Result<(), PlanError> {
        check_delay(Place::Latency, self.network.latency)?;
        check_delay(Place::ReorderDelay, self.network.reorder_delay)?;
        check_delay(Place::StoreLatency, self.store_latency)?;
        check_delay(Place::StoreLateBy, self.store_faults.late_by)?;
        self.swarm.iter().try_for_each(|swarm| self.check_swarm(swarm))?;
        for (&(from, to), &latency) in &self.network.links {
            let place = Place::Link(from, to);
            self.check_known(place, [from, to])?;
            check_delay(place, latency)?;
        }
        Ok(())
    }

    fn check_swarm(&self, swarm: &Swarm) -> Result<(), PlanError> {
        self.check_known(Place::SwarmNodes, swarm.nodes.iter().copied())?;
        check_delay(Place::Swarm("lasting"), swarm.lasting)?;
        check_delay(Place::Swarm("slow_by"), swarm.slow_by)?;
        check_delay(Place::Swarm("skew_by"), swarm.skew_by)?;
        check_delay(Place::Swarm("reorder_delay"), swarm.reorder_delay)?;
        check_delay(Place::Swarm("store_late_by"), swarm.store_late_by)?;
        let found = swarm.drift_by;
        if found.num() < found.den() { Ok(()) } else { Err(PlanError::DriftTooStrong { found }) }
    }

    fn check_steps(&self) -> Result<(), PlanError> {
        let mut calls = BTreeSet::new();
        for (index, step) in self.steps.iter().enumerate() {
            let place = Place::Step(index);
            self.check_known(place, step.action.nodes())?;
            if let &Action::Call { call, .. } = &step.action
                && !calls.insert(call)
            {
                return Err(PlanError::CallTwice { place, call });
            }
            if let Action::Partition { groups } = &step.action {
                self.check_groups(place, groups)?;
            }
        }
        Ok(())
    }

    fn check_groups(&self, place: Place, groups: &[Vec<NodeId>]) -> Result<(), PlanError> {
        let mut grouped = BTreeSet::new();
        match groups.iter().flatten().find(|node| !grouped.insert(**node)) {
            Some(node) => Err(PlanError::GroupTwice { place, name: self.nodes[node.index()].to_owned() }),
            None => Ok(()),
        }
    }

    fn check_known(&self, place: Place, nodes: impl IntoIterator<Item = NodeId>) -> Result<(), PlanError> {
        let count = self.nodes.len();
        match nodes.into_iter().find(|node| node.index() >= count) {
            Some(node) => Err(PlanError::UnknownNode { place, node, count }),
            None => Ok(()),
        }
    }
}

fn check_delay(place: Place, Delay { least, most }: Delay) -> Result<(), PlanError> {
    if least <= most { Ok(()) } else { Err(PlanError::ReversedDelay { place, least, most }) }
}

impl<N: Node> Action<N> {
    fn nodes(&self) -> Vec<NodeId> {
        match self {
            Action::Call { node, .. }
            | Action::Crash { node, .. }
            | Action::Restart { node }
            | Action::Pause { node }
            | Action::Resume { node }
            | Action::Isolate { node }
            | Action::Slow { node, .. }
            | Action::Skew { node, .. }
            | Action::Drift { node, .. } => vec![*node],
            Action::Partition { groups } => groups.concat(),
            Action::Cut { from, to } | Action::Clog { from, to } | Action::Release { from, to } => vec![*from, *to],
            Action::Store { node, .. } => node.iter().copied().collect(),
            Action::Lose { from, to, .. } | Action::Duplicate { from, to, .. } | Action::Delay { from, to, .. } => {
                from.iter().chain(to).copied().collect()
            }
            Action::Heal => Vec::new(),
        }
    }
}
