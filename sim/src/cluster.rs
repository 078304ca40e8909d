//! The processes of a run, and the read-only look at them that monitors get.

use std::collections::VecDeque;

use quiesce_machine::{Event, Incarnation, Node, NodeId, View};

use crate::Names;
use crate::clock::Clock;
use crate::store::Store;
use crate::timers::Timers;

/// Every process of a run.
#[derive(Debug)]
pub(crate) struct Cluster<'p, N: Node> {
    pub(crate) config: &'p N::Config,
    pub(crate) names: &'p Names,
    pub(crate) processes: Vec<Process<N>>,
}

impl<N: Node> View<N> for Cluster<'_, N> {
    fn config(&self) -> &N::Config {
        self.config
    }

    fn node_count(&self) -> u32 {
        self.processes.len() as u32
    }

    fn node(&self, id: NodeId) -> Option<&N> {
        self.processes.get(id.index())?.state.as_ref()
    }

    fn name(&self, id: NodeId) -> String {
        self.names.get(id.index()).map_or_else(|| id.to_string(), str::to_owned)
    }
}

/// One node's state and what surrounds it. What every event looks at stands together and is small; the rest is behind a
/// pointer.
#[derive(Debug)]
pub(crate) struct Process<N: Node> {
    /// None while the process is down.
    pub(crate) state: Option<N>,
    pub(crate) incarnation: Incarnation,
    /// The number of the event that started this life: what an earlier event caused belongs to an earlier life.
    pub(crate) since: u32,
    pub(crate) timers: Timers<N::Timer>,
    /// None until it has been in trouble.
    trouble: Option<Box<Trouble<N>>>,
    store: Option<Box<Store<N::Record>>>,
}

/// What faults did to a process.
#[derive(Debug)]
pub(crate) struct Trouble<N: Node> {
    /// The step that paused it, while it is paused.
    pub(crate) paused_by: Option<usize>,
    /// The step that crashed it last.
    pub(crate) crashed_by: Option<usize>,
    /// Whether it is to stay down when everything heals.
    pub(crate) stays_down: bool,
    /// What slows it, while something does.
    pub(crate) slowed: Option<Slowed>,
    /// What happened to it while paused or busy, in order.
    pub(crate) waiting: VecDeque<Waiting<N>>,
    /// Its machine's clock, unless that is right.
    pub(crate) clock: Option<Box<Clock>>,
}

/// Why a process is slow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slowed {
    pub(crate) step: usize,
    /// How long each event takes, in nanoseconds.
    pub(crate) nanos: u64,
    /// The sequence that ends the work it is busy with, if it is.
    pub(crate) busy: Option<u64>,
}

/// Something that waits for a paused or busy process.
#[derive(Debug)]
pub(crate) enum Waiting<N: Node> {
    /// An event, and the one that caused it.
    Event { cause: u32, event: Event<N> },
    /// A timer that ran out, and the sequence its entry was pushed with.
    Timer { sequence: u64 },
}

impl<N: Node> Process<N> {
    pub(crate) fn new() -> Self {
        let incarnation = Incarnation(0);
        Process { state: None, incarnation, since: 0, timers: Timers::new(), trouble: None, store: None }
    }

    /// Whether it is up, and still in the life in which it handled an event.
    #[inline]
    pub(crate) fn is_in_life_of(&self, event: u32) -> bool {
        self.state.is_some() && event >= self.since
    }

    /// What faults did to it, if any ever did.
    #[inline]
    pub(crate) fn trouble(&self) -> Option<&Trouble<N>> {
        self.trouble.as_deref()
    }

    /// The same, to be changed.
    pub(crate) fn in_trouble(&mut self) -> &mut Trouble<N> {
        self.trouble.get_or_insert_with(|| Box::new(Trouble::none()))
    }

    /// What it wrote, and writes.
    pub(crate) fn store(&mut self) -> &mut Store<N::Record> {
        self.store.get_or_insert_with(|| Box::new(Store::new()))
    }

    /// Every record of its store, ordered by key.
    pub(crate) fn records(&self) -> Vec<N::Record> {
        self.store.as_ref().map_or(Vec::new(), |store| store.records())
    }

    /// How many writes of its store have not landed yet.
    pub(crate) fn pending(&self) -> usize {
        self.store.as_ref().map_or(0, |store| store.pending())
    }

    /// The step that paused it, while it is paused.
    pub(crate) fn paused_by(&self) -> Option<usize> {
        self.trouble()?.paused_by
    }

    /// The step that crashed it last.
    pub(crate) fn crashed_by(&self) -> Option<usize> {
        self.trouble()?.crashed_by
    }

    /// What slows it, while something does.
    pub(crate) fn slowed(&self) -> Option<Slowed> {
        self.trouble()?.slowed
    }

    /// Its machine's clock, unless that is right.
    #[inline]
    pub(crate) fn clock(&self) -> Option<&Clock> {
        self.trouble()?.clock.as_deref()
    }

    /// The step that keeps it from handling anything at once.
    #[inline]
    pub(crate) fn hindered_by(&self) -> Option<usize> {
        let trouble = self.trouble()?;
        trouble.paused_by.or(trouble.slowed.map(|slowed| slowed.step))
    }
}

impl<N: Node> Trouble<N> {
    fn none() -> Self {
        let waiting = VecDeque::new();
        Trouble { paused_by: None, crashed_by: None, stays_down: false, slowed: None, waiting, clock: None }
    }
}
