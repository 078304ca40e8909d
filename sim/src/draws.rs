//! Where the draws of a run come from: the streams of its seed, and decisions that stand in for them.
//!
//! A draw is always made from its stream first, so that a decision put in its place moves no other draw.

use quiesce_machine::{Choices, Delay, NodeId};

use crate::decisions::{Asked, Ledger, Site};
use crate::random::{Purpose, Stream, Streams};
use crate::{Names, Ratio};

/// What stands for the swarm among the names of streams; no name of a node that people would choose.
const SWARM: &str = "\0swarm";

/// Every stream of a run, and the ledger if decisions are kept or given.
#[derive(Debug)]
pub(crate) struct Draws<'p> {
    names: &'p Names,
    streams: Roster,
    ledger: Option<Box<Ledger>>,
}

/// The streams of one seed. Who never draws has none.
#[derive(Debug)]
pub(crate) struct Roster {
    seed: u64,
    nodes: Vec<Option<Box<Streams>>>,
    swarm: Option<Box<Streams>>,
}

impl Roster {
    /// Of so many nodes.
    pub(crate) fn new(seed: u64, nodes: usize) -> Self {
        Roster { seed, nodes: (0..nodes).map(|_| None).collect(), swarm: None }
    }

    /// The streams of a node, by its name, or of the swarm.
    #[inline]
    pub(crate) fn of(&mut self, whose: Option<NodeId>, names: &Names) -> &mut Streams {
        let streams = match whose {
            Some(node) => &mut self.nodes[node.index()],
            None => &mut self.swarm,
        };
        let name = || whose.map_or(SWARM, |node| &names[node.index()]);
        streams.get_or_insert_with(|| Box::new(Streams::new(self.seed, name())))
    }
}

impl<'p> Draws<'p> {
    pub(crate) fn new(seed: u64, names: &'p Names, ledger: Option<Box<Ledger>>) -> Self {
        Draws { names, streams: Roster::new(seed, names.len()), ledger }
    }

    /// The hand that draws for a node, after so many events.
    #[inline]
    pub(crate) fn of(&mut self, node: NodeId, events: u32) -> Hand<'_, 'p> {
        Hand { whose: Some(node), events, draws: self }
    }

    /// The hand that draws for the swarm, before anything happens.
    pub(crate) fn swarm(&mut self) -> Hand<'_, 'p> {
        Hand { whose: None, events: 0, draws: self }
    }

    /// What was decided, if it was kept.
    pub(crate) fn into_ledger(self) -> Option<Box<Ledger>> {
        self.ledger
    }
}

/// What a draw is about, beside its purpose: names it among others of the same site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct About {
    pub(crate) label: &'static str,
    pub(crate) peer: Option<NodeId>,
}

impl About {
    /// Nothing in particular.
    pub(crate) const NOTHING: About = About { label: "", peer: None };

    pub(crate) fn message(label: &'static str, to: NodeId) -> Self {
        About { label, peer: Some(to) }
    }

    pub(crate) fn label(label: &'static str) -> Self {
        About { label, peer: None }
    }
}

/// Draws for one node, or for the swarm.
#[derive(Debug)]
pub(crate) struct Hand<'a, 'p> {
    whose: Option<NodeId>,
    events: u32,
    draws: &'a mut Draws<'p>,
}

impl Hand<'_, '_> {
    /// Draws whether something of this probability happens; [`keep_hits`](Self::keep_hits) makes it a decision.
    #[inline]
    pub(crate) fn draw_hits(&mut self, purpose: Purpose, ratio: Ratio) -> bool {
        self.streams().of(purpose).hits(ratio)
    }

    /// What was drawn turns out to matter: decision 1 if it happens, else 0.
    #[inline]
    pub(crate) fn keep_hits(&mut self, purpose: Purpose, about: About, ratio: Ratio, drawn: bool) -> bool {
        if self.draws.ledger.is_none() || ratio.is_certain() {
            return drawn;
        }
        let redraw = |streams: &mut Streams| u64::from(streams.of(purpose).hits(ratio));
        self.settle(purpose.name(), about, 2, u64::from(drawn), redraw) == 1
    }

    /// Draws nanoseconds within a delay; [`keep_within`](Self::keep_within) makes it a decision.
    #[inline]
    pub(crate) fn draw_within(&mut self, purpose: Purpose, delay: Delay) -> u64 {
        self.streams().of(purpose).within(delay)
    }

    /// What was drawn turns out to matter; the decision is what it is above the delay's least.
    #[inline]
    pub(crate) fn keep_within(&mut self, purpose: Purpose, about: About, delay: Delay, drawn: u64) -> u64 {
        if self.draws.ledger.is_none() {
            return drawn;
        }
        self.settle_within(purpose.name(), about, delay, drawn, move |streams| streams.of(purpose))
    }

    /// Draws and keeps nanoseconds within a delay.
    #[inline]
    pub(crate) fn within(&mut self, purpose: Purpose, about: About, delay: Delay) -> u64 {
        let drawn = self.draw_within(purpose, delay);
        self.keep_within(purpose, about, delay, drawn)
    }

    /// Draws and keeps one of `0..n`.
    #[inline]
    pub(crate) fn below(&mut self, purpose: Purpose, about: About, n: u64) -> u64 {
        let drawn = self.streams().of(purpose).below(n);
        if self.draws.ledger.is_none() {
            return drawn;
        }
        self.settle(purpose.name(), about, n, drawn, |streams| streams.of(purpose).below(n))
    }

    /// The jitter of a timer.
    #[inline]
    pub(crate) fn jitter(&mut self, label: &'static str, delay: Delay) -> u64 {
        let drawn = self.streams().timer(label).within(delay);
        if self.draws.ledger.is_none() {
            return drawn;
        }
        self.settle_within("timer", About::label(label), delay, drawn, move |streams| streams.timer(label))
    }

    /// One of `0..n`, from a stream of that name.
    pub(crate) fn pick(&mut self, purpose: &'static str, n: u64) -> u64 {
        let drawn = self.streams().choice(purpose).below(n);
        if self.draws.ledger.is_none() {
            return drawn;
        }
        let site = if self.whose.is_none() { "" } else { "choice" };
        self.settle(site, About::label(purpose), n, drawn, |streams| streams.choice(purpose).below(n))
    }

    #[inline]
    fn streams(&mut self) -> &mut Streams {
        self.draws.streams.of(self.whose, self.draws.names)
    }

    #[cold]
    fn settle_within(
        &mut self,
        site: &'static str,
        about: About,
        delay: Delay,
        drawn: u64,
        stream: impl FnOnce(&mut Streams) -> &mut Stream,
    ) -> u64 {
        let Delay { least, most } = delay;
        let span = (most - least).saturating_add(1);
        least + self.settle(site, about, span, drawn - least, |streams| stream(streams).within(delay) - least)
    }

    #[cold]
    fn settle(
        &mut self,
        purpose: &'static str,
        about: About,
        of: u64,
        drawn: u64,
        redraw: impl FnOnce(&mut Streams) -> u64,
    ) -> u64 {
        let site = Site { whose: self.whose, purpose, about };
        match &mut self.draws.ledger {
            Some(ledger) if of > 1 => ledger.settle(site, Asked { step: self.events, of, drawn }, redraw),
            Some(_) | None => drawn,
        }
    }
}

impl Choices for Hand<'_, '_> {
    fn choose(&mut self, purpose: &'static str, n: u32) -> u32 {
        u32::try_from(self.pick(purpose, u64::from(n))).expect("a pick is below n")
    }
}
