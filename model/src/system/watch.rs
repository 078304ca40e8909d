//! The monitors' part of a state: who has seen what, who is owed what, and which evidence was found.

use std::cell::Cell;

use hashbrown::HashMap;
use quiesce_machine::{Monitor, Node, NodeId, Obligation, Observation, View};

use super::panics;
use super::stock::{Notice, Outcome, Stock};
use crate::intern::Interner;
use crate::scope::Scope;

/// Every state the monitors were ever in, one number for all of them together.
#[derive(Debug)]
pub(super) struct Watch<M> {
    monitors: Interner<M>,
    pub(super) together: Interner<Box<[u32]>>,
    seen: HashMap<(u32, u32), Sight>,
    owed: HashMap<u32, Box<[u32]>>,
    pub(super) evidence: Interner<(u8, String)>,
    obligations: Interner<(u32, Obligation)>,
    armed: Vec<bool>,
    owing: Vec<bool>,
}

/// What became of the monitors in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// They are in this state.
    Watching(u32),
    /// This property is violated, with this evidence.
    Broken { property: u8, evidence: u32 },
}

impl<M> Watch<M> {
    /// Whether a monitor ever had something to judge.
    pub(super) fn is_armed(&self, monitor: usize) -> bool {
        self.armed[monitor]
    }

    /// An obligation and the monitor it is owed to.
    pub(super) fn obligation(&self, id: u32) -> (usize, Obligation) {
        let &(monitor, obligation) = self.obligations.value(id);
        (monitor as usize, obligation)
    }

    /// Whether a monitor was owed anything in any state asked about.
    pub(super) fn was_owing(&self, monitor: usize) -> bool {
        self.owing[monitor]
    }
}

impl<M: Clone + std::hash::Hash + Eq> Watch<M> {
    pub(super) fn new<N: Node>(monitors: &[M]) -> (Self, u32)
    where
        M: Monitor<N>,
    {
        let mut watch = Watch {
            monitors: Interner::new(),
            together: Interner::new(),
            seen: HashMap::new(),
            owed: HashMap::new(),
            evidence: Interner::new(),
            obligations: Interner::new(),
            armed: vec![false; monitors.len()],
            owing: vec![false; monitors.len()],
        };
        let first = watch.gather::<N>(monitors.to_vec());
        (watch, first)
    }

    /// What monitors make of an outcome, if remembered.
    pub(super) fn remembered(&self, watch: u32, outcome: u32) -> Option<Sight> {
        self.seen.get(&(watch, outcome)).copied()
    }

    /// Shows every monitor what one step of `by` let be seen, and remembers it unless one looked at the nodes.
    pub(super) fn observe<N: Node>(
        &mut self,
        watch: u32,
        (id, outcome): (u32, &Outcome<N>),
        by: NodeId,
        look: &Look<'_, N, M>,
    ) -> Sight
    where
        M: Monitor<N>,
    {
        let mut monitors: Vec<M> = self.each(watch).map(|(_, monitor)| monitor.clone()).collect();
        let sight = match show(&mut monitors, outcome, by, look) {
            Ok(()) => Sight::Watching(self.gather::<N>(monitors)),
            Err((property, text)) => self.broken(property, text),
        };
        if !look.touched.get() {
            self.seen.insert((watch, id), sight);
        }
        sight
    }

    pub(super) fn broken(&mut self, property: usize, text: String) -> Sight {
        let property = u8::try_from(property).expect("a scope has few monitors");
        Sight::Broken { property, evidence: self.evidence.intern((property, text)).0 }
    }

    /// Adds what is owed to the monitors in this state.
    pub(super) fn owed<N: Node>(&mut self, watch: u32, look: &Look<'_, N, M>, owed: &mut Vec<u32>)
    where
        M: Monitor<N>,
    {
        if let Some(known) = self.owed.get(&watch) {
            owed.extend_from_slice(known);
            return;
        }
        let mut found = Vec::new();
        for (index, &monitor) in (0u32..).zip(self.together.value(watch)) {
            let before = found.len();
            let obligations = &mut self.obligations;
            self.monitors.value(monitor).owed(look, &mut |o| found.push(obligations.intern((index, o)).0));
            self.owing[index as usize] |= found.len() > before;
        }
        found.sort_unstable();
        found.dedup();
        owed.extend_from_slice(&found);
        if !look.touched.get() {
            self.owed.insert(watch, found.into());
        }
    }

    /// The monitors of one state, by place in the scope.
    pub(super) fn each(&self, watch: u32) -> impl Iterator<Item = (usize, &M)> {
        self.together.value(watch).iter().map(|&id| self.monitors.value(id)).enumerate()
    }

    fn gather<N: Node>(&mut self, monitors: Vec<M>) -> u32
    where
        M: Monitor<N>,
    {
        let mut ids = Vec::with_capacity(monitors.len());
        for (index, monitor) in monitors.into_iter().enumerate() {
            let armed = monitor.armed();
            let (id, _) = self.monitors.intern(monitor);
            self.armed[index] |= armed;
            ids.push(id);
        }
        self.together.intern(ids.into()).0
    }
}

fn show<N: Node, M: Monitor<N>>(
    monitors: &mut [M],
    outcome: &Outcome<N>,
    by: NodeId,
    look: &Look<'_, N, M>,
) -> Result<(), (usize, String)> {
    match outcome.notice {
        Some(Notice::Started(incarnation)) => {
            let newborn = look.at_boot_of(by);
            let shown = show_one(monitors, &Observation::Started { node: by, incarnation }, &newborn);
            look.touched.set(look.touched.get() | newborn.touched.get());
            shown?;
        }
        Some(Notice::Crashed { records_lost }) => {
            show_one(monitors, &Observation::Crashed { node: by, records_lost }, look)?;
        }
        None => (),
    }
    outcome.facts.iter().try_for_each(|fact| show_one(monitors, &Observation::Fact { by, fact }, look))
}

fn show_one<N: Node, M: Monitor<N>>(
    monitors: &mut [M],
    seen: &Observation<'_, N>,
    look: &Look<'_, N, M>,
) -> Result<(), (usize, String)> {
    let panic_index = monitors.len();
    for (index, monitor) in monitors.iter_mut().enumerate() {
        let name = monitor.name();
        match panics::caught(|| monitor.observe(seen, look)) {
            Ok(Ok(())) => (),
            Ok(Err(violation)) => return Err((index, violation.evidence)),
            Err(text) => return Err((panic_index, format!("the monitor {name} panicked: {text}"))),
        }
    }
    Ok(())
}

/// What monitors may look at: the nodes of one state.
#[derive(Debug)]
pub(super) struct Look<'a, N: Node, M> {
    pub(super) scope: &'a Scope<N, M>,
    pub(super) stock: &'a Stock<N>,
    pub(super) places: &'a [u32],
    /// A process as it was before its first event, where that is what there is to see.
    newborn: Option<(NodeId, N)>,
    /// Whether anybody looked at a node: what follows then depends on more than the monitor.
    touched: Cell<bool>,
}

impl<'a, N: Node, M> Look<'a, N, M> {
    pub(super) fn new(scope: &'a Scope<N, M>, stock: &'a Stock<N>, places: &'a [u32]) -> Self {
        Look { scope, stock, places, newborn: None, touched: Cell::new(false) }
    }

    /// The same nodes when `node` had just booted.
    fn at_boot_of(&self, node: NodeId) -> Self {
        let Look { scope, stock, places, .. } = *self;
        let newborn = Some((node, N::boot(node, &scope.config)));
        Look { scope, stock, places, newborn, touched: Cell::new(false) }
    }
}

impl<N: Node, M> View<N> for Look<'_, N, M> {
    fn config(&self) -> &N::Config {
        &self.scope.config
    }

    fn node_count(&self) -> u32 {
        u32::try_from(self.places.len()).unwrap_or(u32::MAX)
    }

    fn node(&self, id: NodeId) -> Option<&N> {
        self.touched.set(true);
        if let Some((_, newborn)) = self.newborn.as_ref().filter(|(node, _)| *node == id) {
            return Some(newborn);
        }
        let place = *self.places.get(id.index())?;
        self.stock.places.value(place).process.as_ref()
    }

    fn name(&self, id: NodeId) -> String {
        self.scope.nodes.get(id.index()).cloned().unwrap_or_else(|| id.to_string())
    }
}
