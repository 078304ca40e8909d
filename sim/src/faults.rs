//! The counters of every fault: planned, applied, messages affected.

use quiesce_machine::{Node, NodeId, Time};

use crate::{Action, FaultCount, FaultKind, Plan, Ratio, Shift, StoreFault, Swarm, Vacuity};

/// Counters of a run's faults.
#[derive(Debug)]
pub(crate) struct Faults {
    /// One for each step that is a fault.
    timeline: Vec<Option<FaultCount>>,
    /// How many of the steps were asked for; the swarm drew the others.
    asked: usize,
    pub(crate) loss: Random,
    pub(crate) duplicate: Random,
    pub(crate) reorder: Random,
    pub(crate) store_fail: Random,
    pub(crate) store_unknown: Random,
    pub(crate) store_late: Random,
}

/// Counters of one random fault.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Random {
    pub(crate) at_risk: u64,
    pub(crate) hit: u64,
}

impl Random {
    /// Counts a message or write that was at risk, and whether it was hit.
    pub(crate) fn count(&mut self, hit: bool) {
        self.at_risk += 1;
        self.hit += u64::from(hit);
    }
}

impl Faults {
    pub(crate) fn new<N: Node, M>(plan: &Plan<N, M>, asked: usize) -> Self {
        Faults {
            asked,
            timeline: (0..plan.steps.len()).map(|step| planned(plan, step)).collect(),
            loss: Random::default(),
            duplicate: Random::default(),
            reorder: Random::default(),
            store_fail: Random::default(),
            store_unknown: Random::default(),
            store_late: Random::default(),
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

    /// All counters: those of the timeline in plan order, then the random ones, then the sums of the swarm's.
    pub(crate) fn counts<N: Node, M>(&self, plan: &Plan<N, M>) -> Vec<FaultCount> {
        let (network, store) = (&plan.network, &plan.store_faults);
        let random = [
            (FaultKind::RandomLoss, network.loss, self.loss),
            (FaultKind::RandomDuplicate, network.duplicate, self.duplicate),
            (FaultKind::RandomReorder, network.reorder, self.reorder),
            (FaultKind::RandomStoreFail, store.fail, self.store_fail),
            (FaultKind::RandomStoreUnknown, store.unknown, self.store_unknown),
            (FaultKind::RandomStoreLate, store.late, self.store_late),
        ];
        let random = random.into_iter().filter_map(|(kind, ratio, hits)| {
            let highest = plan.swarm.as_ref().map_or(Ratio::ZERO, |swarm| swarm.highest(kind));
            random_count(kind, ratio, highest, hits)
        });
        let kinds = plan.swarm.iter().flat_map(Swarm::kinds).map(|kind| self.of_swarm(kind));
        self.timeline[..self.asked].iter().flatten().cloned().chain(random).chain(kinds).collect()
    }

    /// What all steps of one kind that the swarm drew did together.
    fn of_swarm(&self, kind: FaultKind) -> FaultCount {
        let none = FaultCount { step: None, kind, site: SWARM.to_owned(), planned: 0, applied: 0, affected: 0 };
        let drawn = self.timeline[self.asked..].iter().flatten().filter(|count| count.kind == kind);
        drawn.fold(none, |sum, count| FaultCount {
            planned: sum.planned + count.planned,
            applied: sum.applied + count.applied,
            affected: sum.affected + count.affected,
            ..sum
        })
    }

    fn count(&mut self, step: usize, change: impl FnOnce(&mut FaultCount)) {
        if let Some(count) = &mut self.timeline[step] {
            change(count);
        }
    }
}

/// The steps that came too late, and the faults of the timeline that touched nothing.
pub(crate) fn vacuities<N: Node, M>(plan: &Plan<N, M>, asked: usize, counts: &[FaultCount]) -> Vec<Vacuity> {
    let late = |at: Time| at > plan.until;
    let steps = plan.steps[..asked].iter().enumerate();
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

/// The site of whatever a swarm drew.
const SWARM: &str = "swarm";

fn random_count(kind: FaultKind, ratio: Ratio, highest: Ratio, hits: Random) -> Option<FaultCount> {
    let Random { at_risk, hit } = hits;
    let site = if highest.is_zero() { ratio.to_string() } else { format!("{SWARM} up to {highest}") };
    // A swarm that left the fault off put nothing at risk.
    let planned = if ratio.is_zero() { 0 } else { at_risk };
    let count = FaultCount { step: None, kind, site, planned, applied: hit, affected: hit };
    (!ratio.is_zero() || !highest.is_zero()).then_some(count)
}

fn planned<N: Node, M>(plan: &Plan<N, M>, step: usize) -> Option<FaultCount> {
    let name = |node: &NodeId| &plan.nodes[node.index()];
    let link = |from: &NodeId, to: &NodeId| format!("{} -> {}", name(from), name(to));
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
        Action::Cut { from, to } => (FaultKind::Cut, link(from, to), 1),
        Action::Isolate { node } => (FaultKind::Isolate, name(node).to_owned(), 1),
        Action::Clog { from, to } => (FaultKind::Clog, link(from, to), 1),
        Action::Release { from, to } => (FaultKind::Release, link(from, to), 1),
        Action::Slow { node, by } => (FaultKind::Slow, format!("{} {by:?} an event", name(node)), 1),
        Action::Skew { node, shift: Shift::Ahead(by) } => (FaultKind::Skew, format!("{} {by:?} ahead", name(node)), 1),
        Action::Skew { node, shift: Shift::Behind(by) } => {
            (FaultKind::Skew, format!("{} {by:?} behind", name(node)), 1)
        }
        Action::Drift { node, rate } => (FaultKind::Drift, format!("{} at {rate}", name(node)), 1),
        Action::Store { node, fault, count } => {
            let site = node.as_ref().map_or("*", name).to_owned();
            let kind = match fault {
                StoreFault::Fail => FaultKind::StoreFail,
                StoreFault::Unknown { .. } => FaultKind::StoreUnknown,
                StoreFault::Late { .. } => FaultKind::StoreLate,
            };
            (kind, site, *count)
        }
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
