//! The monitors' part of a state: who has seen what, who is owed what, and which evidence was found.
//!
//! What a monitor makes of an outcome depends on the monitor and the outcome alone, unless it looks at the nodes; that
//! it looks depends on the two alone. So what was made of it without looking is remembered.

use std::cell::Cell;

use hashbrown::HashMap;
use quiesce_machine::{Monitor, Node, NodeId, Obligation, Observation, View};
use smallvec::SmallVec;

use super::panics;
use super::state::watch_weight;
use super::stock::{Notice, Outcome, Stock};
use crate::intern::Interner;
use crate::scope::Scope;

/// Every state the monitors were ever in, one number for all of them together.
#[derive(Debug)]
pub(super) struct Watch<M> {
    monitors: Interner<M>,
    pub(super) together: Interner<Box<[u32]>>,
    /// What monitors together made of an outcome, none having looked.
    seen: HashMap<(u32, u32), Sight>,
    /// What one made of an outcome without looking.
    seen_by: HashMap<(u32, u32), One>,
    /// What monitors together are owed, by their number.
    owed: Vec<Option<Owed>>,
    pub(super) evidence: Interner<(u8, String)>,
    obligations: Interner<(u32, Obligation)>,
    armed: Vec<bool>,
    owing: Vec<bool>,
    /// What each renaming makes of monitors together, where a system folds its states.
    pub(super) images: Vec<Vec<u32>>,
}

/// What became of the monitors in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// They are in this state.
    Watching(u32),
    /// This property is violated, with this evidence.
    Broken { property: u8, evidence: u32 },
}

/// What became of one monitor in one step.
#[derive(Clone, Copy, Debug)]
enum One {
    Watching(u32),
    /// At that observation of the step.
    Broken {
        at: u32,
        property: u8,
        evidence: u32,
    },
}

/// What monitors together are owed.
#[derive(Debug)]
struct Owed {
    /// By those that did not look at the nodes.
    always: Box<[u32]>,
    /// The places of those that did.
    ask: Box<[u32]>,
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

    /// The violation that a failure of a node's code is, if known.
    pub(super) fn failure(&self, property: usize, node: &str, failure: &str) -> Option<Sight> {
        let (property, text) = panic_evidence(property, node, failure);
        self.evidence.find(&(property, text)).map(|evidence| Sight::Broken { property, evidence })
    }

    pub(super) fn learn_failure(&mut self, property: usize, node: &str, failure: &str) {
        self.evidence.intern(panic_evidence(property, node, failure));
    }
}

impl<M: std::hash::Hash + Eq> Watch<M> {
    /// The monitors of one state, by place in the scope.
    pub(super) fn each(&self, watch: u32) -> impl Iterator<Item = (usize, &M)> {
        self.together.value(watch).iter().map(|&id| self.monitors.value(id)).enumerate()
    }

    pub(super) fn new<N: Node>(monitors: &[M]) -> (Self, u32)
    where
        M: Monitor<N>,
    {
        let mut watch = Watch {
            monitors: Interner::new(),
            together: Interner::new(),
            seen: HashMap::new(),
            seen_by: HashMap::new(),
            owed: Vec::new(),
            evidence: Interner::new(),
            obligations: Interner::new(),
            armed: vec![false; monitors.len()],
            owing: vec![false; monitors.len()],
            images: Vec::new(),
        };
        let first =
            monitors.iter().enumerate().map(|(index, monitor)| watch.keep::<N>(index, monitor.clone())).collect();
        let first = watch.together.intern(first).0;
        (watch, first)
    }

    /// What monitors make of an outcome; none if that must be learned first.
    pub(super) fn sight<N: Node>(
        &self,
        watch: u32,
        (id, outcome): (u32, &Outcome<N>),
        by: NodeId,
        look: &Look<'_, N, M>,
    ) -> Option<Sight>
    where
        M: Monitor<N>,
    {
        if let Some(&known) = self.seen.get(&(watch, id)) {
            return Some(known);
        }
        let mut after: SmallVec<[u32; 32]> = SmallVec::new();
        let mut first = None;
        for (index, &monitor) in self.together.value(watch).iter().enumerate() {
            let one = match self.seen_by.get(&(monitor, id)) {
                Some(&one) => one,
                None => self.known::<N>(index, show_one(self.monitors.value(monitor), outcome, by, look))?,
            };
            note(one, &mut after, &mut first);
        }
        match first {
            Some((_, broken)) => Some(broken),
            None => self.together.find(&after[..]).map(Sight::Watching),
        }
    }

    /// What monitors made of an outcome, if that is remembered, so that none of them looked at nodes.
    pub(super) fn remembered(&self, watch: u32, outcome: u32) -> Option<Sight> {
        self.seen.get(&(watch, outcome)).copied()
    }

    /// What monitors together add to the sum of a state.
    pub(super) fn weight(&self, watch: u32) -> u64 {
        watch_weight(self.together.hash(watch))
    }

    /// Finds out what monitors make of an outcome.
    pub(super) fn learn_sight<N: Node>(
        &mut self,
        watch: u32,
        (id, outcome): (u32, &Outcome<N>),
        by: NodeId,
        look: &Look<'_, N, M>,
    ) where
        M: Monitor<N>,
    {
        let monitors: SmallVec<[u32; 32]> = SmallVec::from_slice(self.together.value(watch));
        let (mut after, mut first, mut looked) = (SmallVec::new(), None, false);
        for (index, &monitor) in monitors.iter().enumerate() {
            let one = match self.seen_by.get(&(monitor, id)) {
                Some(&one) => one,
                None => {
                    let shown = show_one(self.monitors.value(monitor), outcome, by, look);
                    let looks = shown.looked;
                    let one = self.keep_shown::<N>(index, shown);
                    looked |= looks;
                    if !looks {
                        self.seen_by.insert((monitor, id), one);
                    }
                    one
                }
            };
            note(one, &mut after, &mut first);
        }
        let sight = match first {
            Some((_, broken)) => broken,
            None => Sight::Watching(self.together.intern(after[..].into()).0),
        };
        if !looked {
            self.seen.insert((watch, id), sight);
        }
    }

    /// Adds what is owed to the monitors in this state; none if that must be learned first.
    pub(super) fn owed<N: Node>(&self, watch: u32, look: &Look<'_, N, M>, owed: &mut Vec<u32>) -> Option<()>
    where
        M: Monitor<N>,
    {
        let Owed { always, ask } = self.owed.get(watch as usize)?.as_ref()?;
        owed.extend_from_slice(always);
        let mut known = true;
        for &index in ask {
            let monitor = self.monitors.value(self.together.value(watch)[index as usize]);
            let start = owed.len();
            monitor.owed(look, &mut |obligation| match self.obligations.find(&(index, obligation)) {
                Some(id) if owed[start..].contains(&id) => (),
                Some(id) => owed.push(id),
                None => known = false,
            });
        }
        known.then_some(())
    }

    /// Finds out what is owed to the monitors in this state.
    pub(super) fn learn_owed<N: Node>(&mut self, watch: u32, look: &Look<'_, N, M>)
    where
        M: Monitor<N>,
    {
        let monitors: SmallVec<[u32; 32]> = SmallVec::from_slice(self.together.value(watch));
        let (mut always, mut ask) = (Vec::new(), Vec::new());
        for (index, monitor) in (0u32..).zip(monitors) {
            let mut found = Vec::new();
            let (monitors, obligations) = (&self.monitors, &mut self.obligations);
            look.looked.set(false);
            monitors.value(monitor).owed(look, &mut |o| found.push(obligations.intern((index, o)).0));
            self.owing[index as usize] |= !found.is_empty();
            if look.looked.get() {
                ask.push(index);
            } else {
                always.extend(found);
            }
        }
        always.sort_unstable();
        always.dedup();
        let at = watch as usize;
        if self.owed.len() <= at {
            self.owed.resize_with(at + 1, || None);
        }
        self.owed[at] = Some(Owed { always: always.into(), ask: ask.into() });
    }

    /// What was shown, in numbers; none if it is new, or was seen without looking and must be remembered.
    fn known<N: Node>(&self, index: usize, shown: Shown<M>) -> Option<One>
    where
        M: Monitor<N>,
    {
        if !shown.looked {
            return None;
        }
        match shown.became {
            Ok(monitor) => self.monitors.find(&monitor).map(One::Watching),
            Err(Failing { at, panicked, text }) => {
                let property = self.property(index, panicked);
                self.evidence.find(&(property, text)).map(|evidence| One::Broken { at, property, evidence })
            }
        }
    }

    fn keep_shown<N: Node>(&mut self, index: usize, shown: Shown<M>) -> One
    where
        M: Monitor<N>,
    {
        match shown.became {
            Ok(monitor) => One::Watching(self.keep::<N>(index, monitor)),
            Err(Failing { at, panicked, text }) => {
                let property = self.property(index, panicked);
                One::Broken { at, property, evidence: self.evidence.intern((property, text)).0 }
            }
        }
    }

    fn keep<N: Node>(&mut self, index: usize, monitor: M) -> u32
    where
        M: Monitor<N>,
    {
        self.armed[index] |= monitor.armed();
        self.monitors.intern(monitor).0
    }

    /// The number of monitors together that others were renamed to.
    pub(super) fn keep_together(&mut self, monitors: impl Iterator<Item = M>) -> u32 {
        let together: Box<[u32]> = monitors.map(|monitor| self.monitors.intern(monitor).0).collect();
        self.together.intern(together).0
    }

    fn property(&self, index: usize, panicked: bool) -> u8 {
        property_byte(if panicked { self.armed.len() } else { index })
    }
}

fn panic_evidence(property: usize, node: &str, failure: &str) -> (u8, String) {
    (property_byte(property), format!("{node}: {failure}"))
}

fn property_byte(property: usize) -> u8 {
    u8::try_from(property).expect("a scope has few monitors")
}

/// Adds what became of one monitor. The first to fail, by observation and then by place, decides.
fn note(one: One, after: &mut SmallVec<[u32; 32]>, first: &mut Option<(u32, Sight)>) {
    match one {
        One::Watching(monitor) => after.push(monitor),
        One::Broken { at, property, evidence } => {
            if first.is_none_or(|(before, _)| at < before) {
                *first = Some((at, Sight::Broken { property, evidence }));
            }
        }
    }
}

/// What one step made of one monitor.
struct Shown<M> {
    became: Result<M, Failing>,
    /// Whether it looked at the nodes.
    looked: bool,
}

/// A monitor that reported a violation, or panicked, at one observation of a step.
struct Failing {
    at: u32,
    panicked: bool,
    text: String,
}

/// Shows one monitor what one step of `by` let be seen.
fn show_one<N: Node, M: Monitor<N>>(monitor: &M, outcome: &Outcome<N>, by: NodeId, look: &Look<'_, N, M>) -> Shown<M> {
    let mut monitor = monitor.clone();
    let mut looked = false;
    let mut show = |at: u32, seen: &Observation<'_, N>, look: &Look<'_, N, M>| {
        look.looked.set(false);
        let name = monitor.name();
        let result = panics::caught(|| monitor.observe(seen, look));
        looked |= look.looked.get();
        match result {
            Ok(Ok(())) => Ok(()),
            Ok(Err(violation)) => Err(Failing { at, panicked: false, text: violation.evidence }),
            Err(text) => Err(Failing { at, panicked: true, text: format!("the monitor {name} panicked: {text}") }),
        }
    };
    let noticed = match outcome.notice {
        Some(Notice::Started(incarnation)) => {
            show(0, &Observation::Started { node: by, incarnation }, &look.at_boot_of(by))
        }
        Some(Notice::Crashed { records_lost }) => show(0, &Observation::Crashed { node: by, records_lost }, look),
        None => Ok(()),
    };
    let mut facts = (1u32..).zip(&outcome.facts);
    let shown = noticed.and_then(|()| facts.try_for_each(|(at, fact)| show(at, &Observation::Fact { by, fact }, look)));
    Shown { became: shown.map(|()| monitor), looked }
}

/// What monitors may look at: the nodes of one state.
#[derive(Debug)]
pub(super) struct Look<'a, N: Node, M> {
    pub(super) scope: &'a Scope<N, M>,
    pub(super) stock: &'a Stock<N>,
    pub(super) places: &'a [u32],
    /// A process as it was before its first event, where that is what there is to see.
    newborn: Option<(NodeId, N)>,
    /// Whether anybody looked at a node.
    looked: Cell<bool>,
}

impl<'a, N: Node, M> Look<'a, N, M> {
    pub(super) fn new(scope: &'a Scope<N, M>, stock: &'a Stock<N>, places: &'a [u32]) -> Self {
        Look { scope, stock, places, newborn: None, looked: Cell::new(false) }
    }

    /// The same nodes when `node` had just booted.
    fn at_boot_of(&self, node: NodeId) -> Self {
        let Look { scope, stock, places, .. } = *self;
        let newborn = Some((node, N::boot(node, &scope.config)));
        Look { scope, stock, places, newborn, looked: Cell::new(false) }
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
        self.looked.set(true);
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
