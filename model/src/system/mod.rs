//! A world of nodes as a `stateright::Model`.
//!
//! Owns what can happen next in a state and what comes of it. Searching is `search`'s, and judging what is owed `fair`'s.
//! The clock stands still; messages arrive in any order; users and faults strike at any moment or never. Source of the
//! representation: `reference/checker-notes.md`, section 3.

mod action;
mod begin;
pub(crate) mod by_index;
mod fold;
mod foretell;
mod ignored;
mod known;
mod mail;
mod model;
mod next;
mod panics;
mod place;
mod react;
mod state;
mod step;
mod stock;
mod story;
mod watch;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hashbrown::HashSet;
use quiesce_machine::{Monitor, Node, NodeId, Obligation};

pub use action::Action;
pub use begin::{Guide, Onward};
pub use state::State;

use crate::fair::Class;
use crate::scope::{Scope, ScopeError};
use crate::search::Brake;
use action::Kind;
use fold::Fold;
use known::Known;
use place::Place;
use stock::{Rules, Stock};
use watch::{Look, Watch};

/// The most monitors one scope may have.
pub(crate) const MONITORS_MAX: usize = by_index::LEN - 1;

/// The worlds of one scope. Remembers every step of a process it was ever asked about, so that one system serves one
/// search; memory grows with the variety of single processes, not with the number of states.
#[derive(Debug)]
pub struct System<N: Node, M: Monitor<N>> {
    scope: Scope<N, M>,
    /// For each cut, who is on its side.
    sides: Vec<Vec<bool>>,
    heal_class: u32,
    stock: RwLock<Stock<N>>,
    watch: RwLock<Watch<M>>,
    first_watch: u32,
    /// The places of the nodes before anything happened.
    unborn: Vec<u32>,
    openings: Vec<Opening>,
    brake: Option<Brake>,
    fold: Option<Fold<N, M>>,
    /// Whether messages that will be ignored are left out of states.
    drops_ignored: bool,
}

/// One way the world can begin.
#[derive(Clone, Debug)]
struct Opening {
    state: State,
    /// The outcomes of the first starts, by node.
    outcomes: Vec<u32>,
    /// What happened after them, each with the state it happened in.
    before: Vec<(State, Action)>,
}

impl<N: Node, M: Monitor<N>> System<N, M> {
    /// The worlds of `scope`, in which every process has just started for the first time, in the order of the nodes.
    ///
    /// # Errors
    /// When the scope makes no sense.
    pub fn new(scope: Scope<N, M>) -> Result<Self, ScopeError> {
        scope.validate()?;
        let side = |cut: &Vec<NodeId>| (0..scope.nodes.len()).map(|n| cut.iter().any(|m| m.index() == n)).collect();
        let sides = scope.cuts.iter().map(side).collect();
        let mut stock = Stock::new();
        let heal_class = stock.heal_class();
        let (watch, first_watch) = Watch::new::<N>(&scope.monitors);
        let ids = (0u32..).zip(&scope.nodes).map(|(id, _)| NodeId(id));
        let unborn = ids.map(|id| stock.places.intern(Place::unborn(id)).0).collect();
        let (stock, watch) = (RwLock::new(stock), RwLock::new(watch));
        let openings = Vec::new();
        let (brake, fold, drops_ignored) = (None, None, false);
        let mut system = System {
            scope,
            sides,
            heal_class,
            stock,
            watch,
            first_watch,
            unborn,
            openings,
            brake,
            fold,
            drops_ignored,
        };
        system.openings = system.open();
        Ok(system)
    }

    /// The same system, to be searched by somebody who keeps no limits and judges safety alone.
    pub(crate) fn with_brake(mut self, brake: Brake) -> Self {
        self.brake = Some(brake);
        self
    }

    /// The scope.
    #[must_use]
    pub fn scope(&self) -> &Scope<N, M> {
        &self.scope
    }

    /// A process of `state`, or none while it is down.
    ///
    /// # Panics
    /// When there is no such node, or the state is not one of this system.
    #[must_use]
    pub fn process(&self, state: &State, node: NodeId) -> Option<N> {
        self.stock().places.value(state.places(self.nodes())[node.index()]).process.clone()
    }

    /// Whether a property ever had anything to judge in the states seen so far.
    pub(crate) fn is_armed(&self, property: usize) -> bool {
        property == self.scope.monitors.len() || self.watch().is_armed(property)
    }

    /// Whether a property was ever owed anything in the states asked about so far.
    pub(crate) fn was_owing(&self, property: usize) -> bool {
        property < self.scope.monitors.len() && self.watch().was_owing(property)
    }

    /// An obligation by its number, and the property it belongs to.
    pub(crate) fn obligation(&self, id: u32) -> (usize, Obligation) {
        self.watch().obligation(id)
    }

    /// The classes of the long timers that were ever armed.
    pub(crate) fn patient_classes(&self) -> Vec<Class> {
        self.stock().patient_classes(self.scope.punctual).map(Class).collect()
    }

    /// What became of the nodes' code: distinct places, distinct messages, runs of `handle`.
    pub(crate) fn figures(&self) -> (u64, u64, u64) {
        let stock = self.stock();
        (stock.places.len() as u64, stock.mail.len() as u64, stock.handled)
    }

    /// The property a state violates, and the evidence.
    pub(crate) fn violation(&self, state: &State) -> Option<(usize, String)> {
        let (property, evidence) = state.broken()?;
        Some((property, self.watch().evidence.value(evidence).1.clone()))
    }

    /// What is owed, as a sentence about `state`.
    pub(crate) fn describe(&self, state: &State, monitor: usize, owed: Obligation) -> String {
        let (stock, watch) = (self.stock(), self.watch());
        let look = Look::new(&self.scope, &stock, state.places(self.nodes()));
        let described = watch.each(state.watch()).nth(monitor).map(|(_, monitor)| monitor.describe(owed, &look));
        described.unwrap_or_default()
    }

    fn open(&self) -> Vec<Opening> {
        let places: Vec<_> = {
            let stock = self.stock();
            self.unborn.iter().map(|&place| (place, stock.places.hash(place))).collect()
        };
        let watch = (self.first_watch, self.watch().together.hash(self.first_watch));
        let world = State::new(&places, watch, self.scope.budget);
        let mut openings = vec![Opening { state: world, outcomes: Vec::new(), before: Vec::new() }];
        for (node, &place) in self.unborn.iter().enumerate() {
            let starts = self.starts(place);
            openings = openings.iter().flat_map(|opening| self.go_on(opening, node, &starts)).collect();
        }
        let mut seen = HashSet::new();
        openings.retain(|opening| seen.insert(opening.state.clone()));
        openings
    }

    /// The outcomes of a place's next start.
    fn starts(&self, place: u32) -> Vec<u32> {
        let mut stock = self.stock_mut();
        stock.learn_moves(&self.rules(), place);
        let prompt = stock.moves(place).map(|moves| &*moves.prompt).unwrap_or_default();
        let starts = prompt.iter().filter(|action| matches!(action.kind, Kind::Start { .. }));
        starts.map(|action| action.outcome).collect()
    }

    fn go_on(&self, opening: &Opening, node: usize, starts: &[u32]) -> Vec<Opening> {
        if opening.state.broken().is_some() {
            return vec![opening.clone()];
        }
        let go = |&start: &u32| {
            let mut opening = opening.clone();
            opening.outcomes.push(start);
            self.start(&mut opening.state, node, start);
            opening
        };
        starts.iter().map(go).collect()
    }

    /// Lets `node` take its first start.
    fn start(&self, state: &mut State, node: usize, outcome: u32) {
        let before = state.clone();
        loop {
            let started = self.known().apply(state, node, outcome);
            match started {
                Ok(()) => return,
                Err(missing) => self.find(missing, &before, state),
            }
            state.clone_from(&before);
        }
    }

    /// The state after an action that may happen in `state`, names as they come.
    fn after(&self, state: &State, action: Action) -> State {
        let mut next = State::default();
        while self.known().after(state, action, &mut next).is_err() {
            self.find_out(state);
        }
        next
    }

    fn nodes(&self) -> usize {
        self.scope.nodes.len()
    }

    fn rules(&self) -> Rules<'_, N> {
        let Scope { config, nodes, calls, crashable, budget, .. } = &self.scope;
        Rules { config, nodes: nodes.len(), calls, crashable, store_faults: budget.store_faults > 0 }
    }

    fn known(&self) -> Known<'_, N, M> {
        let stock = self.stock();
        Known { system: self, stock, watch: self.watch() }
    }

    fn stock(&self) -> RwLockReadGuard<'_, Stock<N>> {
        self.stock.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn stock_mut(&self) -> RwLockWriteGuard<'_, Stock<N>> {
        self.stock.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) -> RwLockReadGuard<'_, Watch<M>> {
        self.watch.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Always taken after the stock, never before it.
    fn watch_mut(&self) -> RwLockWriteGuard<'_, Watch<M>> {
        self.watch.write().unwrap_or_else(PoisonError::into_inner)
    }
}
