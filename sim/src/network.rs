//! What becomes of a message that is sent: lost, late, doubled, and after how long.
//!
//! Judged once, when sent. Owns the cuts and rules in force, not the messages on their way.

use quiesce_machine::{Delay, Node, NodeId};

use crate::faults::Faults;
use crate::random::Streams;
use crate::{Action, Network};

/// Why a message was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// A partition or a cut stands between the two.
    Cut,
    /// A rule of the timeline dropped it.
    Rule,
    /// The network lost it at random.
    Random,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It never arrives.
    Lost(Loss),
    /// It arrives after so many nanoseconds, and perhaps again.
    Arrives { after: u64, again: Option<u64> },
}

/// The state of every link.
#[derive(Debug)]
pub(crate) struct Links<'p> {
    network: &'p Network,
    barriers: Vec<Barrier>,
    rules: Vec<Rule<'p>>,
    calm: bool,
}

#[derive(Debug)]
struct Barrier {
    step: usize,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    /// The group of each node; none for those who talk to all.
    Groups(Vec<Option<usize>>),
    OneWay(NodeId, NodeId),
}

impl Barrier {
    fn blocks(&self, from: NodeId, to: NodeId) -> bool {
        match &self.shape {
            Shape::Groups(group) => match (group[from.index()], group[to.index()]) {
                (Some(one), Some(other)) => one != other,
                (None, _) | (_, None) => false,
            },
            &Shape::OneWay(sender, receiver) => (from, to) == (sender, receiver),
        }
    }
}

#[derive(Debug)]
struct Rule<'p> {
    step: usize,
    label: &'p str,
    from: Option<NodeId>,
    to: Option<NodeId>,
    left: u32,
    effect: RuleEffect,
}

#[derive(Clone, Copy, Debug)]
enum RuleEffect {
    Lose,
    Duplicate,
    Delay(u64),
}

impl Rule<'_> {
    fn matches(&self, from: NodeId, to: NodeId, label: &str) -> bool {
        self.left > 0
            && self.from.is_none_or(|sender| sender == from)
            && self.to.is_none_or(|receiver| receiver == to)
            && self.label == label
    }
}

impl<'p> Links<'p> {
    pub(crate) fn new(network: &'p Network) -> Self {
        Links { network, barriers: Vec::new(), rules: Vec::new(), calm: false }
    }

    /// Puts a partition, cut or rule in force; other actions are none of the network's.
    pub(crate) fn strike<N: Node>(&mut self, step: usize, action: &'p Action<N>, nodes: usize) {
        let mut rule = |label: &'p str, from: Option<NodeId>, to: Option<NodeId>, count: u32, effect: RuleEffect| {
            self.rules.push(Rule { step, label, from, to, left: count, effect });
        };
        match action {
            Action::Partition { groups } => {
                let mut group_of = vec![None; nodes];
                for (group, members) in groups.iter().enumerate() {
                    members.iter().for_each(|node| group_of[node.index()] = Some(group));
                }
                self.barriers.push(Barrier { step, shape: Shape::Groups(group_of) });
            }
            &Action::Cut { from, to } => self.barriers.push(Barrier { step, shape: Shape::OneWay(from, to) }),
            Action::Lose { label, from, to, count } => rule(label, *from, *to, *count, RuleEffect::Lose),
            Action::Duplicate { label, from, to, count } => rule(label, *from, *to, *count, RuleEffect::Duplicate),
            Action::Delay { label, from, to, count, by } => {
                let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
                rule(label, *from, *to, *count, RuleEffect::Delay(nanos));
            }
            Action::Call { .. } | Action::Crash { .. } | Action::Restart { .. } => (),
            Action::Pause { .. } | Action::Resume { .. } | Action::Heal => (),
        }
    }

    /// Removes partitions, cuts and rules.
    pub(crate) fn heal(&mut self) {
        self.barriers.clear();
        self.rules.clear();
    }

    /// Loses, doubles and holds back no more messages at random.
    pub(crate) fn calm(&mut self) {
        self.calm = true;
    }

    /// Whether something stands between the two, either way.
    pub(crate) fn apart(&self, one: NodeId, other: NodeId) -> bool {
        self.barriers.iter().any(|barrier| barrier.blocks(one, other) || barrier.blocks(other, one))
    }

    /// How long a refusal takes on its way back to the sender.
    pub(crate) fn refusal(&self, sender: NodeId, receiver: NodeId, streams: &mut Streams) -> u64 {
        streams.bounce.within(self.latency(receiver, sender))
    }

    /// Decides on one message to another node. `streams` are the sender's.
    ///
    /// Every draw that can be made for any message is made for each, so that no fault moves another's draws.
    pub(crate) fn send(
        &mut self,
        from: NodeId,
        to: NodeId,
        label: &str,
        streams: &mut Streams,
        faults: &mut Faults,
    ) -> Fate {
        let latency = self.latency(from, to);
        let mut after = streams.latency.within(latency);
        let lost = streams.loss.hits(self.network.loss);
        let doubled = streams.duplicate.hits(self.network.duplicate);
        let copy = streams.duplicate.within(latency);
        let held = streams.reorder.hits(self.network.reorder);
        let extra = streams.reorder.within(self.network.reorder_delay);

        if self.blocked(from, to, faults) {
            return Fate::Lost(Loss::Cut);
        }
        let mut again = None;
        for rule in self.rules.iter_mut().filter(|rule| rule.matches(from, to, label)) {
            rule.left -= 1;
            faults.applied(rule.step);
            faults.affected(rule.step);
            match rule.effect {
                RuleEffect::Lose => return Fate::Lost(Loss::Rule),
                RuleEffect::Duplicate => again = Some(copy),
                RuleEffect::Delay(by) => after = after.saturating_add(by),
            }
        }
        if !self.calm {
            faults.loss.count(lost);
            if lost {
                return Fate::Lost(Loss::Random);
            }
            faults.duplicate.count(doubled);
            faults.reorder.count(held);
            again = again.or(doubled.then_some(copy));
            after = if held { after.saturating_add(extra) } else { after };
        }
        Fate::Arrives { after, again }
    }

    fn blocked(&self, from: NodeId, to: NodeId, faults: &mut Faults) -> bool {
        let mut blocked = false;
        for barrier in self.barriers.iter().filter(|barrier| barrier.blocks(from, to)) {
            faults.affected(barrier.step);
            blocked = true;
        }
        blocked
    }

    fn latency(&self, from: NodeId, to: NodeId) -> Delay {
        if self.network.links.is_empty() {
            return self.network.latency;
        }
        self.network.links.get(&(from, to)).copied().unwrap_or(self.network.latency)
    }
}
