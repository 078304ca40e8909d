//! Faults that a seed draws: which kinds are on, how strong, where and when.
//!
//! Switching whole kinds off in some runs finds what no run with all of them finds: a fault can hide what another would
//! show. A swarm becomes steps and ratios of a plan before anything happens, so that whatever it drew can be looked
//! at, run again, and made smaller, as if it had been written down.

use std::time::Duration;

use quiesce_machine::{Delay, Node, NodeId, Time};

use crate::draws::Hand;
use crate::{Action, FaultKind, Network, Plan, Rate, Ratio, Records, Shift, Step, StoreFaults};

/// What a seed may draw. A kind is on in half of all runs, if its bound is not zero.
///
/// The counts are the most bouts of a kind in one run, spread over the phase under fire; each bout strikes nodes drawn
/// anew, and ends by itself. The ratios are the highest: an eighth of each, two eighths, up to all of it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swarm {
    /// Which nodes are struck one by one; all if empty. Partitions are of all nodes.
    pub nodes: Vec<NodeId>,
    /// How many of all nodes are down at once at most, those that the timeline crashes included. Crashes beyond that
    /// are not drawn.
    pub down_most: u32,
    /// How long a bout lasts.
    pub lasting: Delay,
    /// Crashes, each with a restart.
    pub crash: u32,
    /// How many crashes lose the records.
    pub records_lost: Ratio,
    /// Pauses.
    pub pause: u32,
    /// Partitions of all nodes into two groups.
    pub partition: u32,
    /// Cuts, one way.
    pub cut: u32,
    /// Isolated nodes.
    pub isolate: u32,
    /// Clogged links.
    pub clog: u32,
    /// Slow nodes.
    pub slow: u32,
    /// How long those take for each event.
    pub slow_by: Delay,
    /// Clocks set wrong, ahead or behind.
    pub skew: u32,
    /// By how much.
    pub skew_by: Delay,
    /// Clocks that run fast or slow.
    pub drift: u32,
    /// By which part of true time at most.
    pub drift_by: Ratio,
    /// Messages lost.
    pub loss: Ratio,
    /// Messages that arrive twice.
    pub duplicate: Ratio,
    /// Messages held back.
    pub reorder: Ratio,
    /// For how long those are held back.
    pub reorder_delay: Delay,
    /// Writes that fail.
    pub store_fail: Ratio,
    /// Writes whose answer is lost.
    pub store_unknown: Ratio,
    /// Writes that land late.
    pub store_late: Ratio,
    /// How much later those land.
    pub store_late_by: Delay,
}

impl Default for Swarm {
    /// Nothing is on. Bouts last from a second to half a minute, and one node is down at once.
    fn default() -> Self {
        let none = Delay::from(Duration::ZERO);
        Swarm {
            nodes: Vec::new(),
            down_most: 1,
            lasting: Delay::from(Duration::from_secs(1)..Duration::from_secs(30)),
            crash: 0,
            records_lost: Ratio::ZERO,
            pause: 0,
            partition: 0,
            cut: 0,
            isolate: 0,
            clog: 0,
            slow: 0,
            slow_by: none,
            skew: 0,
            skew_by: none,
            drift: 0,
            drift_by: Ratio::ZERO,
            loss: Ratio::ZERO,
            duplicate: Ratio::ZERO,
            reorder: Ratio::ZERO,
            reorder_delay: none,
            store_fail: Ratio::ZERO,
            store_unknown: Ratio::ZERO,
            store_late: Ratio::ZERO,
            store_late_by: none,
        }
    }
}

impl Swarm {
    /// The kinds of bouts that can be drawn.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = FaultKind> {
        self.bouts().into_iter().filter(|&(_, most)| most > 0).map(|(bout, _)| bout.words().kind)
    }

    /// The highest ratio of a random fault; zero for what the swarm leaves alone.
    pub(crate) fn highest(&self, kind: FaultKind) -> Ratio {
        self.chances().into_iter().find(|chance| chance.kind == kind).map_or(Ratio::ZERO, |chance| chance.highest)
    }

    /// Draws steps and ratios into a plan.
    pub(crate) fn draw<N: Node, M>(&self, plan: &mut Plan<N, M>, hand: &mut Hand<'_, '_>) {
        for Chance { kind, highest, strength, set } in self.chances() {
            if !highest.is_zero() && hand.pick(kind.name(), 2) == 1 {
                let ratio = part(highest, 1 + hand.pick(strength, EIGHTHS));
                set(self, &mut plan.network, &mut plan.store_faults, ratio);
            }
        }
        let mut lives = Lives::of(plan, self.down_most);
        for (fault, most) in self.bouts() {
            let words = fault.words();
            if most == 0 || hand.pick(words.kind.name(), 2) == 0 {
                continue;
            }
            for _ in 0..=hand.pick(words.count, u64::from(most)) {
                let bout = Bout { fault, words, hand, swarm: self, nodes: plan.nodes.len() as u32 };
                plan.steps.extend(bout.draw(plan.until, &mut lives));
            }
        }
    }

    /// Every kind of bout with its bound.
    fn bouts(&self) -> [(Fault, u32); 9] {
        [
            (Fault::Crash, self.crash),
            (Fault::Pause, self.pause),
            (Fault::Partition, self.partition),
            (Fault::Cut, self.cut),
            (Fault::Isolate, self.isolate),
            (Fault::Clog, self.clog),
            (Fault::Slow, self.slow),
            (Fault::Skew, self.skew),
            (Fault::Drift, self.drift),
        ]
    }

    /// Every random fault.
    fn chances(&self) -> [Chance; 6] {
        [
            Chance {
                kind: FaultKind::RandomLoss,
                highest: self.loss,
                strength: "random-loss/strength",
                set: |_, network, _, ratio| network.loss = ratio,
            },
            Chance {
                kind: FaultKind::RandomDuplicate,
                highest: self.duplicate,
                strength: "random-duplicate/strength",
                set: |_, network, _, ratio| network.duplicate = ratio,
            },
            Chance {
                kind: FaultKind::RandomReorder,
                highest: self.reorder,
                strength: "random-reorder/strength",
                set: |swarm, network, _, ratio| {
                    (network.reorder, network.reorder_delay) = (ratio, swarm.reorder_delay);
                },
            },
            Chance {
                kind: FaultKind::RandomStoreFail,
                highest: self.store_fail,
                strength: "random-store-fail/strength",
                set: |_, _, store, ratio| store.fail = ratio,
            },
            Chance {
                kind: FaultKind::RandomStoreUnknown,
                highest: self.store_unknown,
                strength: "random-store-unknown/strength",
                set: |_, _, store, ratio| store.unknown = ratio,
            },
            Chance {
                kind: FaultKind::RandomStoreLate,
                highest: self.store_late,
                strength: "random-store-late/strength",
                set: |swarm, _, store, ratio| (store.late, store.late_by) = (ratio, swarm.store_late_by),
            },
        ]
    }
}

/// A random fault that a swarm may switch on.
struct Chance {
    kind: FaultKind,
    highest: Ratio,
    strength: &'static str,
    set: fn(&Swarm, &mut Network, &mut StoreFaults, Ratio),
}

/// What comes in bouts.
#[derive(Clone, Copy)]
enum Fault {
    Crash,
    Pause,
    Partition,
    Cut,
    Isolate,
    Clog,
    Slow,
    Skew,
    Drift,
}

/// One bout to be drawn.
struct Bout<'a, 'h, 'p> {
    fault: Fault,
    words: Words,
    hand: &'a mut Hand<'h, 'p>,
    swarm: &'a Swarm,
    nodes: u32,
}

impl Bout<'_, '_, '_> {
    /// Where, when, how long and how; none if it cannot be, because too many nodes would be down or too few are there.
    fn draw<N: Node>(mut self, until: Time, lives: &mut Lives) -> Option<Step<N>> {
        let at = Time(self.hand.pick(self.words.at, until.0.max(1)));
        let nanos = self.within(self.words.lasting, self.swarm.lasting);
        let action = self.action()?;
        if let Action::Crash { node, .. } = action
            && !lives.end(node, at, at.after_nanos(nanos))
        {
            return None;
        }
        Some(Step { at, action, lasting: Some(Duration::from_nanos(nanos)) })
    }

    fn action<N: Node>(&mut self) -> Option<Action<N>> {
        let how = self.words.how;
        Some(match self.fault {
            Fault::Crash => {
                let node = self.node()?;
                let lost = self.part_of(how, self.swarm.records_lost);
                let records = if lost { Records::Lost } else { Records::Kept };
                Action::Crash { node, records, stays_down: false }
            }
            Fault::Pause => Action::Pause { node: self.node()? },
            Fault::Partition => Action::Partition { groups: self.groups()? },
            Fault::Cut => {
                let (from, to) = self.link()?;
                Action::Cut { from, to }
            }
            Fault::Isolate => Action::Isolate { node: self.node()? },
            Fault::Clog => {
                let (from, to) = self.link()?;
                Action::Clog { from, to }
            }
            Fault::Slow => {
                let by = Duration::from_nanos(self.within(how, self.swarm.slow_by));
                Action::Slow { node: self.node()?, by }
            }
            Fault::Skew => {
                let by = Duration::from_nanos(self.within(how, self.swarm.skew_by));
                let ahead = self.hand.pick("skew/ahead", 2) == 1;
                let shift = if ahead { Shift::Ahead(by) } else { Shift::Behind(by) };
                Action::Skew { node: self.node()?, shift }
            }
            Fault::Drift => {
                let by = part(self.swarm.drift_by, 1 + self.hand.pick(how, EIGHTHS));
                let fast = self.hand.pick("drift/fast", 2) == 1;
                Action::Drift { node: self.node()?, rate: rate(by, fast)? }
            }
        })
    }

    fn node(&mut self) -> Option<NodeId> {
        let word = self.words.node;
        let some = &self.swarm.nodes;
        match some.len() as u64 {
            0 => Some(NodeId(self.hand.pick(word, u64::from(self.nodes)) as u32)),
            count => some.get(self.hand.pick(word, count) as usize).copied(),
        }
    }

    /// Two different nodes, the first of them one that may be struck; either may be the sender.
    fn link(&mut self) -> Option<(NodeId, NodeId)> {
        let struck = self.node()?;
        let other = self.hand.pick(self.words.peer, u64::from(self.nodes).checked_sub(1).filter(|&rest| rest > 0)?);
        let other = NodeId(other as u32 + u32::from(other >= u64::from(struck.0)));
        let outward = self.hand.pick(self.words.how, 2) == 1;
        Some(if outward { (struck, other) } else { (other, struck) })
    }

    /// Two groups, neither empty, each node in one of them.
    fn groups(&mut self) -> Option<Vec<Vec<NodeId>>> {
        let mut side_of = |node| (NodeId(node), self.hand.pick("partition/side", 2) == 1);
        let sides: Vec<(NodeId, bool)> = (0..self.nodes).map(&mut side_of).collect();
        let side = |wanted: bool| sides.iter().filter(|side| side.1 == wanted).map(|side| side.0).collect::<Vec<_>>();
        let groups = vec![side(false), side(true)];
        groups.iter().all(|group| !group.is_empty()).then_some(groups)
    }

    fn within(&mut self, word: &'static str, Delay { least, most }: Delay) -> u64 {
        least + self.hand.pick(word, (most - least).saturating_add(1))
    }

    fn part_of(&mut self, word: &'static str, ratio: Ratio) -> bool {
        self.hand.pick(word, u64::from(ratio.den())) < u64::from(ratio.num())
    }
}

/// Into how many steps the strength of a ratio is divided.
const EIGHTHS: u64 = 8;

/// So many eighths of a ratio, or all of one too fine to divide.
fn part(ratio: Ratio, eighths: u64) -> Ratio {
    let num = u32::try_from(u64::from(ratio.num()) * eighths).ok();
    let den = ratio.den().checked_mul(EIGHTHS as u32);
    num.zip(den).and_then(|(num, den)| Ratio::new(num, den).ok()).unwrap_or(ratio)
}

/// A clock that is faster or slower than true time by a part of it.
fn rate(by: Ratio, fast: bool) -> Option<Rate> {
    let num = if fast { by.den().checked_add(by.num())? } else { by.den() - by.num() };
    Rate::new(num, by.den()).ok()
}

/// Who is down when.
struct Lives {
    most: u32,
    down: Vec<(NodeId, Time, Time)>,
}

impl Lives {
    /// What the timeline says. A crash lasts until the next restart of its node, if it does not end by itself.
    fn of<N: Node, M>(plan: &Plan<N, M>, most: u32) -> Self {
        let crash = |step: &Step<N>| {
            let Action::Crash { node, .. } = step.action else { return None };
            let restarts = |other: &&Step<N>| {
                other.at >= step.at && matches!(other.action, Action::Restart { node: started } if started == node)
            };
            let restart = plan.steps.iter().filter(restarts).map(|other| other.at).min().unwrap_or(Time::MAX);
            Some((node, step.at, step.lasting.map_or(restart, |lasting| restart.min(step.at + lasting))))
        };
        Lives { most, down: plan.steps.iter().filter_map(crash).collect() }
    }

    /// Lets a node be down from one instant to another, if it is up throughout and not too many others are down.
    fn end(&mut self, node: NodeId, from: Time, to: Time) -> bool {
        let meanwhile: Vec<NodeId> =
            self.down.iter().filter(|down| down.1 <= to && from <= down.2).map(|down| down.0).collect();
        let free = !meanwhile.contains(&node) && (meanwhile.len() as u64) < u64::from(self.most);
        if free {
            self.down.push((node, from, to));
        }
        free
    }
}

/// The names of a kind and its draws.
#[derive(Clone, Copy)]
struct Words {
    kind: FaultKind,
    count: &'static str,
    at: &'static str,
    lasting: &'static str,
    node: &'static str,
    peer: &'static str,
    how: &'static str,
}

macro_rules! words {
    ($kind:ident, $word:literal) => {
        Words {
            kind: FaultKind::$kind,
            count: concat!($word, "/count"),
            at: concat!($word, "/at"),
            lasting: concat!($word, "/lasting"),
            node: concat!($word, "/node"),
            peer: concat!($word, "/peer"),
            how: concat!($word, "/how"),
        }
    };
}

impl Fault {
    fn words(self) -> Words {
        match self {
            Fault::Crash => words!(Crash, "crash"),
            Fault::Pause => words!(Pause, "pause"),
            Fault::Partition => words!(Partition, "partition"),
            Fault::Cut => words!(Cut, "cut"),
            Fault::Isolate => words!(Isolate, "isolate"),
            Fault::Clog => words!(Clog, "clog"),
            Fault::Slow => words!(Slow, "slow"),
            Fault::Skew => words!(Skew, "skew"),
            Fault::Drift => words!(Drift, "drift"),
        }
    }
}
