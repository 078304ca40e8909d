//! Where the draws of a run come from: the streams of its seed, and decisions that stand in for them.
//!
//! A draw is always made from its stream first, so that a decision put in its place moves no other draw.

use quiesce_machine::{Choices, Delay, NodeId};

use crate::Ratio;
use crate::decisions::{Asked, Ledger, Site};
use crate::random::{Purpose, Stream, Streams};

/// What stands for the swarm among the names of streams; no name of a node that people would choose.
const SWARM: &str = "\0swarm";

/// Every stream of a run, and the ledger if decisions are kept or given.
#[derive(Debug)]
pub(crate) struct Draws {
    streams: Roster,
    ledger: Option<Box<Ledger>>,
}

/// The streams of one seed.
#[derive(Debug)]
pub(crate) struct Roster {
    nodes: Vec<Streams>,
    swarm: Streams,
}

impl Roster {
    pub(crate) fn new(seed: u64, names: &[String]) -> Self {
        let nodes = names.iter().map(|name| Streams::new(seed, name)).collect();
        Roster { nodes, swarm: Streams::new(seed, SWARM) }
    }

    /// The streams of a node, or of the swarm.
    pub(crate) fn of(&mut self, whose: Option<NodeId>) -> &mut Streams {
        match whose {
            Some(node) => &mut self.nodes[node.index()],
            None => &mut self.swarm,
        }
    }
}

impl Draws {
    pub(crate) fn new(seed: u64, names: &[String], ledger: Option<Box<Ledger>>) -> Self {
        Draws { streams: Roster::new(seed, names), ledger }
    }

    /// The hand that draws for a node, after so many events.
    #[inline]
    pub(crate) fn of(&mut self, node: NodeId, events: u32) -> Hand<'_> {
        let streams = &mut self.streams.nodes[node.index()];
        Hand { whose: Some(node), events, streams, ledger: self.ledger.as_deref_mut() }
    }

    /// The hand that draws for the swarm, before anything happens.
    pub(crate) fn swarm(&mut self) -> Hand<'_> {
        let streams = &mut self.streams.swarm;
        Hand { whose: None, events: 0, streams, ledger: self.ledger.as_deref_mut() }
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
pub(crate) struct Hand<'a> {
    whose: Option<NodeId>,
    events: u32,
    streams: &'a mut Streams,
    ledger: Option<&'a mut Ledger>,
}

impl Hand<'_> {
    /// Draws whether something of this probability happens; [`keep_hits`](Self::keep_hits) makes it a decision.
    #[inline]
    pub(crate) fn draw_hits(&mut self, purpose: Purpose, ratio: Ratio) -> bool {
        self.streams.of(purpose).hits(ratio)
    }

    /// What was drawn turns out to matter: decision 1 if it happens, else 0.
    #[inline]
    pub(crate) fn keep_hits(&mut self, purpose: Purpose, about: About, ratio: Ratio, drawn: bool) -> bool {
        if self.ledger.is_none() || ratio.is_certain() {
            return drawn;
        }
        let redraw = |streams: &mut Streams| u64::from(streams.of(purpose).hits(ratio));
        self.settle(purpose.name(), about, 2, u64::from(drawn), redraw) == 1
    }

    /// Draws nanoseconds within a delay; [`keep_within`](Self::keep_within) makes it a decision.
    #[inline]
    pub(crate) fn draw_within(&mut self, purpose: Purpose, delay: Delay) -> u64 {
        self.streams.of(purpose).within(delay)
    }

    /// What was drawn turns out to matter; the decision is what it is above the delay's least.
    #[inline]
    pub(crate) fn keep_within(&mut self, purpose: Purpose, about: About, delay: Delay, drawn: u64) -> u64 {
        if self.ledger.is_none() {
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
        let drawn = self.streams.of(purpose).below(n);
        if self.ledger.is_none() {
            return drawn;
        }
        self.settle(purpose.name(), about, n, drawn, |streams| streams.of(purpose).below(n))
    }

    /// The jitter of a timer.
    #[inline]
    pub(crate) fn jitter(&mut self, label: &'static str, delay: Delay) -> u64 {
        let drawn = self.streams.timer(label).within(delay);
        if self.ledger.is_none() {
            return drawn;
        }
        self.settle_within("timer", About::label(label), delay, drawn, move |streams| streams.timer(label))
    }

    /// One of `0..n`, from a stream of that name.
    pub(crate) fn pick(&mut self, purpose: &'static str, n: u64) -> u64 {
        let drawn = self.streams.choice(purpose).below(n);
        if self.ledger.is_none() {
            return drawn;
        }
        let site = if self.whose.is_none() { "" } else { "choice" };
        self.settle(site, About::label(purpose), n, drawn, |streams| streams.choice(purpose).below(n))
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
        match &mut self.ledger {
            Some(ledger) if of > 1 => ledger.settle(site, Asked { step: self.events, of, drawn }, redraw),
            Some(_) | None => drawn,
        }
    }
}

impl Choices for Hand<'_> {
    fn choose(&mut self, purpose: &'static str, n: u32) -> u32 {
        u32::try_from(self.pick(purpose, u64::from(n))).expect("a pick is below n")
    }
}
