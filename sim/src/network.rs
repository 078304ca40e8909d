//! What becomes of a message that is sent: lost, late, doubled, held, and after how long.
//!
//! Judged once, when sent. Owns the cuts, clogs and rules in force, not the messages on their way.

use quiesce_machine::{Delay, Node, NodeId};

use crate::draws::{About, Hand};
use crate::faults::Faults;
use crate::random::Purpose;
use crate::{Action, Network, Plan};

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
    clogs: Vec<Clog>,
    rules: Vec<Rule<'p>>,
    calm: bool,
    drawn: Drawn,
    /// How long every message takes, while nothing else can become of any.
    clear: Option<Delay>,
}

/// What can be drawn for a message of this run, and so is for each.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    latency: bool,
    loss: bool,
    copies: bool,
    order: bool,
}

impl Drawn {
    fn of<N: Node, M>(plan: &Plan<N, M>) -> Self {
        let Network { latency, links, loss, duplicate, reorder, .. } = &plan.network;
        let copied = plan.steps.iter().any(|step| matches!(step.action, Action::Duplicate { .. }));
        Drawn {
            latency: std::iter::once(latency).chain(links.values()).any(|delay| delay.least < delay.most),
            loss: !loss.is_zero(),
            copies: copied || !duplicate.is_zero(),
            order: !reorder.is_zero(),
        }
    }
}

/// A link that holds what is sent over it.
#[derive(Clone, Copy, Debug)]
struct Clog {
    step: usize,
    from: NodeId,
    to: NodeId,
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
    Alone(NodeId),
}

impl Barrier {
    fn blocks(&self, from: NodeId, to: NodeId) -> bool {
        match &self.shape {
            Shape::Groups(group) => match (group[from.index()], group[to.index()]) {
                (Some(one), Some(other)) => one != other,
                (None, _) | (_, None) => false,
            },
            &Shape::OneWay(sender, receiver) => (from, to) == (sender, receiver),
            &Shape::Alone(node) => (from == node) != (to == node),
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
    pub(crate) fn new<N: Node, M>(plan: &'p Plan<N, M>) -> Self {
        let (barriers, clogs, rules) = (Vec::new(), Vec::new(), Vec::new());
        let drawn = Drawn::of(plan);
        let mut links = Links { network: &plan.network, barriers, clogs, rules, calm: false, drawn, clear: None };
        links.look();
        links
    }

    /// How long every message takes, if nothing else can become of any: the short way round [`send`](Self::send).
    #[inline]
    pub(crate) fn clear(&self) -> Option<Delay> {
        self.clear
    }

    /// Looks whether anything stands between nodes.
    fn look(&mut self) {
        let Drawn { latency: _, loss, copies, order } = self.drawn;
        let random = loss || copies || order || !self.network.links.is_empty();
        let clear = !random && self.barriers.is_empty() && self.clogs.is_empty() && self.rules.is_empty();
        self.clear = clear.then_some(self.network.latency);
    }

    /// Puts a partition, cut, clog or rule in force; other actions are none of the network's.
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
            &Action::Isolate { node } => self.barriers.push(Barrier { step, shape: Shape::Alone(node) }),
            &Action::Clog { from, to } => self.clogs.push(Clog { step, from, to }),
            Action::Lose { label, from, to, count } => rule(label, *from, *to, *count, RuleEffect::Lose),
            Action::Duplicate { label, from, to, count } => rule(label, *from, *to, *count, RuleEffect::Duplicate),
            Action::Delay { label, from, to, count, by } => {
                let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
                rule(label, *from, *to, *count, RuleEffect::Delay(nanos));
            }
            Action::Call { .. } | Action::Crash { .. } | Action::Restart { .. } => (),
            Action::Pause { .. } | Action::Resume { .. } | Action::Slow { .. } | Action::Skew { .. } => (),
            Action::Drift { .. } | Action::Store { .. } | Action::Release { .. } | Action::Heal => (),
        }
        self.look();
    }

    /// Removes partitions, cuts, clogs and rules.
    pub(crate) fn heal(&mut self) {
        self.barriers.clear();
        self.clogs.clear();
        self.rules.clear();
        self.look();
    }

    /// Removes what one step put in force.
    pub(crate) fn end(&mut self, step: usize) {
        self.barriers.retain(|barrier| barrier.step != step);
        self.clogs.retain(|clog| clog.step != step);
        self.rules.retain(|rule| rule.step != step);
        self.look();
    }

    /// Unclogs a link; whether it was clogged.
    pub(crate) fn release(&mut self, from: NodeId, to: NodeId) -> bool {
        let before = self.clogs.len();
        self.clogs.retain(|clog| (clog.from, clog.to) != (from, to));
        self.look();
        self.clogs.len() < before
    }

    /// The step that clogs a link.
    pub(crate) fn clogged(&self, from: NodeId, to: NodeId) -> Option<usize> {
        self.clogs.iter().find(|clog| (clog.from, clog.to) == (from, to)).map(|clog| clog.step)
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
    pub(crate) fn refusal(
        &self,
        sender: NodeId,
        receiver: NodeId,
        label: &'static str,
        hand: &mut Hand<'_, '_>,
    ) -> u64 {
        hand.within(Purpose::Bounce, About::message(label, receiver), self.latency(receiver, sender))
    }

    /// Decides on one message to another node. The hand is the sender's.
    ///
    /// Every draw that can be made for any message of the run is made for each, so that no fault moves another's draws.
    #[inline]
    pub(crate) fn send(
        &mut self,
        from: NodeId,
        to: NodeId,
        label: &'static str,
        hand: &mut Hand<'_, '_>,
        faults: &mut Faults,
    ) -> Fate {
        let latency = self.latency(from, to);
        let Network { loss, duplicate, reorder, reorder_delay, .. } = *self.network;
        let about = About::message(label, to);
        let after = if self.drawn.latency { hand.draw_within(Purpose::Latency, latency) } else { latency.least };
        let lost = self.drawn.loss && hand.draw_hits(Purpose::Loss, loss);
        let (doubled, copy) = if self.drawn.copies {
            (hand.draw_hits(Purpose::Duplicate, duplicate), hand.draw_within(Purpose::Copy, latency))
        } else {
            (false, latency.least)
        };
        let (held, extra) = if self.drawn.order {
            (hand.draw_hits(Purpose::Reorder, reorder), hand.draw_within(Purpose::HeldBack, reorder_delay))
        } else {
            (false, reorder_delay.least)
        };

        if !self.barriers.is_empty() && self.blocked(from, to, faults) {
            return Fate::Lost(Loss::Cut);
        }
        let (mut again, mut late) = (false, 0_u64);
        for rule in self.rules.iter_mut().filter(|rule| rule.matches(from, to, label)) {
            rule.left -= 1;
            faults.applied(rule.step);
            faults.affected(rule.step);
            match rule.effect {
                RuleEffect::Lose => return Fate::Lost(Loss::Rule),
                RuleEffect::Duplicate => again = true,
                RuleEffect::Delay(by) => late = late.saturating_add(by),
            }
        }
        if !self.calm {
            let lost = hand.keep_hits(Purpose::Loss, about, loss, lost);
            faults.loss.count(lost);
            if lost {
                return Fate::Lost(Loss::Random);
            }
            let doubled = hand.keep_hits(Purpose::Duplicate, about, duplicate, doubled);
            let held = hand.keep_hits(Purpose::Reorder, about, reorder, held);
            faults.duplicate.count(doubled);
            faults.reorder.count(held);
            again |= doubled;
            if held {
                let extra = hand.keep_within(Purpose::HeldBack, about, reorder_delay, extra);
                late = late.saturating_add(extra);
            }
        }
        let after = hand.keep_within(Purpose::Latency, about, latency, after).saturating_add(late);
        let again = again.then(|| hand.keep_within(Purpose::Copy, about, latency, copy));
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

    #[inline]
    fn latency(&self, from: NodeId, to: NodeId) -> Delay {
        if self.network.links.is_empty() {
            return self.network.latency;
        }
        self.network.links.get(&(from, to)).copied().unwrap_or(self.network.latency)
    }
}
