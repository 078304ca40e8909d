//! The counters of every fault: planned, applied, messages affected.

use quiesce_machine::{Node, NodeId, Time};

use crate::{Action, FaultCount, FaultKind, Plan, Ratio, Vacuity};

/// Counters of a run's faults.
#[derive(Debug)]
pub(crate) struct Faults {
    /// One for each step that is a fault.
    timeline: Vec<Option<FaultCount>>,
    pub(crate) loss: Random,
    pub(crate) duplicate: Random,
    pub(crate) reorder: Random,
}

/// Counters of one random fault.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Random {
    pub(crate) at_risk: u64,
    pub(crate) hit: u64,
}

impl Random {
    /// Counts a message that was at risk, and whether it was hit.
    pub(crate) fn count(&mut self, hit: bool) {
        self.at_risk += 1;
        self.hit += u64::from(hit);
    }
}

impl Faults {
    pub(crate) fn new<N: Node, M>(plan: &Plan<N, M>) -> Self {
        Faults {
            timeline: (0..plan.steps.len()).map(|step| planned(plan, step)).collect(),
            loss: Random::default(),
            duplicate: Random::default(),
            reorder: Random::default(),
        }
    }

    /// A step struck: once, or its rule matched a message.
    pub(crate) fn applied(&mut self, step: usize) {
        self.count(step, |count| count.applied += 1);
    }

    /// A step's fault touched a message.
    pub(crate) fn affected(&mut self, step: usize) {
        self.count(step, |count| count.affected += 1);
    }

    /// A step's fault in words; empty for a step that is none.
    pub(crate) fn describe(&self, step: usize) -> String {
        self.timeline[step].as_ref().map_or(String::new(), |count| format!("{} {}", count.kind, count.site))
    }

    /// All counters: those of the timeline in plan order, then the random ones.
    pub(crate) fn counts<N: Node, M>(&self, plan: &Plan<N, M>) -> Vec<FaultCount> {
        let network = &plan.network;
        let random = [
            random(FaultKind::RandomLoss, network.loss, self.loss),
            random(FaultKind::RandomDuplicate, network.duplicate, self.duplicate),
            random(FaultKind::RandomReorder, network.reorder, self.reorder),
        ];
        self.timeline.iter().flatten().cloned().chain(random.into_iter().flatten()).collect()
    }

    fn count(&mut self, step: usize, change: impl FnOnce(&mut FaultCount)) {
        if let Some(count) = &mut self.timeline[step] {
            change(count);
        }
    }
}

/// The steps that came too late, and the faults of the timeline that touched nothing.
pub(crate) fn vacuities<N: Node, M>(plan: &Plan<N, M>, counts: &[FaultCount]) -> Vec<Vacuity> {
    let late = |at: Time| at > plan.until;
    let steps = plan.steps.iter().enumerate();
    let mut found: Vec<Vacuity> = steps
        .filter(|(_, step)| late(step.at))
        .map(|(index, step)| Vacuity::Late { step: index, at: step.at, until: plan.until })
        .collect();
    for count in counts.iter().filter(|count| count.is_idle()) {
        if let Some(step) = count.step.filter(|&step| !late(plan.steps[step].at)) {
            found.push(Vacuity::Idle { step, kind: count.kind, site: count.site.clone() });
        }
    }
    found
}

fn random(kind: FaultKind, ratio: Ratio, Random { at_risk, hit }: Random) -> Option<FaultCount> {
    let count = FaultCount { step: None, kind, site: ratio.to_string(), planned: at_risk, applied: hit, affected: hit };
    (!ratio.is_zero()).then_some(count)
}

fn planned<N: Node, M>(plan: &Plan<N, M>, step: usize) -> Option<FaultCount> {
    let name = |node: &NodeId| plan.nodes[node.index()].as_str();
    let rule = |label: &str, from: &Option<NodeId>, to: &Option<NodeId>| {
        let end = |node: &Option<NodeId>| node.as_ref().map_or("*", name).to_owned();
        format!("{label} {} -> {}", end(from), end(to))
    };
    let (kind, site, planned) = match &plan.steps[step].action {
        Action::Call { .. } | Action::Heal => return None,
        Action::Crash { node, .. } => (FaultKind::Crash, name(node).to_owned(), 1),
        Action::Restart { node } => (FaultKind::Restart, name(node).to_owned(), 1),
        Action::Pause { node } => (FaultKind::Pause, name(node).to_owned(), 1),
        Action::Resume { node } => (FaultKind::Resume, name(node).to_owned(), 1),
        Action::Partition { groups } => (FaultKind::Partition, sides(groups, name), 1),
        Action::Cut { from, to } => (FaultKind::Cut, format!("{} -> {}", name(from), name(to)), 1),
        Action::Lose { label, from, to, count } => (FaultKind::Lose, rule(label, from, to), *count),
        Action::Duplicate { label, from, to, count } => (FaultKind::Duplicate, rule(label, from, to), *count),
        Action::Delay { label, from, to, count, .. } => (FaultKind::Delay, rule(label, from, to), *count),
    };
    Some(FaultCount { step: Some(step), kind, site, planned: u64::from(planned), applied: 0, affected: 0 })
}

fn sides<'a>(groups: &[Vec<NodeId>], name: impl Fn(&NodeId) -> &'a str) -> String {
    let side = |group: &Vec<NodeId>| group.iter().map(&name).collect::<Vec<_>>().join(" ");
    groups.iter().map(side).collect::<Vec<_>>().join(" | ")
}
