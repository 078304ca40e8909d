//! Breadth first through every state, with what liveness needs kept.

use std::fmt;
use std::time::{Duration, Instant};

use stateright::{Expectation, Property};

use super::debts::{Debts, Ledger};
use super::table::{STATES_MAX, Table};
use super::{Explore, Route};
use crate::fair::Edge;
use crate::report::{Limits, Progress, Shortfall};

/// What a search may spend, and whom it tells how far it is.
#[derive(Clone, Copy, Default)]
pub struct Bounds<'a> {
    /// When to give up.
    pub limits: Limits,
    /// Told from time to time.
    pub progress: Option<&'a dyn Fn(Progress)>,
}

impl fmt::Debug for Bounds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounds").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// What a walk found. States are numbered in the order found: those nearer to the start first.
#[derive(Debug)]
pub struct Walk {
    table: Table,
    origins: Vec<Origin>,
    ordinals: Vec<u16>,
    found: Vec<Option<u32>>,
    /// States generated, repeats included.
    pub generated: u64,
    /// The most steps needed to any state.
    pub depth: u64,
    /// What was left out; none if the walk is complete.
    pub shortfall: Option<Shortfall>,
    /// What is owed where, among the states whose every step was looked at.
    pub debts: Debts,
}

/// From which state a state was first reached, or [`FIRST`]. Beside it stands which action, or which first state.
type Origin = u32;

const FIRST: Origin = u32::MAX;

/// How many states are expanded between two looks at the clock.
const STRIDE: usize = 256;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Walks every state of `model` breadth first, within `bounds`. Safety is judged on each state as it is found, by the
/// model's `always` properties; `sometimes` properties are looked for alike.
///
/// # Panics
/// When the model has an `eventually` property: Stateright's notion of these misses cycles and joins. Say what is owed
/// instead.
pub fn walk<E: Explore>(model: &E, bounds: Bounds<'_>) -> Walk {
    let properties = model.properties();
    let eventual = properties.iter().find(|property| property.expectation == Expectation::Eventually);
    assert!(eventual.is_none(), "say what is owed instead of `eventually`, found {:?}", eventual.map(|p| p.name));
    let mut walker = Walker::new(model, properties, bounds);
    walker.run();
    walker.finish()
}

impl Walk {
    /// How many distinct states were found.
    #[must_use]
    pub fn unique(&self) -> u64 {
        self.table.len() as u64
    }

    /// The first state found that violates an `always` property, or shows a `sometimes` property, by its place in the
    /// model's list.
    #[must_use]
    pub fn found(&self, property: usize) -> Option<u32> {
        self.found.get(property).copied().flatten()
    }

    /// A shortest way to a state.
    ///
    /// # Panics
    /// When `state` is not one of this walk, or the model's actions changed.
    #[must_use]
    pub fn route<E>(&self, model: &E, state: u32) -> Route<E::State, E::Action>
    where
        E: Explore,
        E::Action: Clone,
    {
        let (mut at, mut ordinals) = (state, Vec::new());
        while self.origins[at as usize] != FIRST {
            ordinals.push(self.ordinals[at as usize]);
            at = self.origins[at as usize];
        }
        let start = usize::from(self.ordinals[at as usize]);
        let first = model.init_states().swap_remove(start);
        let mut route = Route { start, states: vec![first], actions: Vec::new() };
        for ordinal in ordinals.into_iter().rev() {
            let mut actions = Vec::new();
            model.actions(route.end(), &mut actions);
            let action = actions.swap_remove(usize::from(ordinal));
            self.go(model, &mut route, action);
        }
        assert_eq!(self.number(model, route.end()), Some(state), "a way leads where it led before");
        route
    }

    /// Adds to a route a step of this class to this state.
    ///
    /// # Panics
    /// When there is none.
    pub(crate) fn follow<E>(&self, model: &E, route: &mut Route<E::State, E::Action>, edge: Edge)
    where
        E: Explore,
        E::Action: Clone,
    {
        let mut actions = Vec::new();
        model.actions(route.end(), &mut actions);
        let leads = |action: &E::Action| {
            let next = model.next_state(route.end(), action.clone());
            model.class(action) == edge.class && next.is_some_and(|next| self.number(model, &next) == Some(edge.to))
        };
        let action = actions.into_iter().find(leads).expect("a kept edge stands for an action");
        self.go(model, route, action);
    }

    fn go<E>(&self, model: &E, route: &mut Route<E::State, E::Action>, action: E::Action)
    where
        E: Explore,
        E::Action: Clone,
    {
        let next = model.next_state(route.end(), action.clone());
        route.states.push(next.expect("an action that led to a state leads there again"));
        route.actions.push(action);
    }

    fn number<E: Explore>(&self, model: &E, state: &E::State) -> Option<u32> {
        self.table.find(model.fingerprint(state))
    }
}

struct Walker<'a, E: Explore> {
    model: &'a E,
    properties: Vec<Property<E>>,
    bounds: Bounds<'a>,
    began: Instant,
    told: Instant,
    table: Table,
    origins: Vec<Origin>,
    ordinals: Vec<u16>,
    found: Vec<Option<u32>>,
    ledger: Ledger,
    next: Vec<E::State>,
    actions: Vec<E::Action>,
    owed: Vec<u32>,
    generated: u64,
    depth: u64,
    shortfall: Option<Shortfall>,
}

impl<'a, E: Explore> Walker<'a, E> {
    fn new(model: &'a E, properties: Vec<Property<E>>, bounds: Bounds<'a>) -> Self {
        let found = vec![None; properties.len()];
        let now = Instant::now();
        Walker {
            model,
            properties,
            bounds,
            began: now,
            told: now,
            table: Table::new(),
            origins: Vec::new(),
            ordinals: Vec::new(),
            found,
            ledger: Ledger::new(),
            next: Vec::new(),
            actions: Vec::new(),
            owed: Vec::new(),
            generated: 0,
            depth: 0,
            shortfall: None,
        }
    }

    fn run(&mut self) {
        for (ordinal, state) in self.model.init_states().into_iter().enumerate() {
            if self.model.within_boundary(&state) {
                self.meet(state, FIRST, ordinal);
            }
        }
        let mut expanded = 0;
        while !self.next.is_empty() {
            let level = std::mem::take(&mut self.next);
            let left = level.len();
            for (done, state) in level.into_iter().enumerate() {
                if expanded % STRIDE as u32 == 0 {
                    self.look_at_the_clock(left - done);
                }
                if self.shortfall.is_some() {
                    return;
                }
                self.expand(expanded, &state);
                expanded += 1;
            }
            self.depth += u64::from(!self.next.is_empty());
        }
    }

    fn finish(self) -> Walk {
        let debts = self.ledger.close(self.table.len());
        Walk {
            table: self.table,
            origins: self.origins,
            ordinals: self.ordinals,
            found: self.found,
            generated: self.generated,
            depth: self.depth,
            shortfall: self.shortfall,
            debts,
        }
    }

    fn expand(&mut self, number: u32, state: &E::State) {
        self.owed.clear();
        self.model.owed(state, &mut self.owed);
        let owes = !self.owed.is_empty();
        let mut actions = std::mem::take(&mut self.actions);
        self.model.actions(state, &mut actions);
        for (ordinal, action) in actions.drain(..).enumerate() {
            let class = self.model.class(&action);
            let Some(next) = self.model.next_state(state, action) else { continue };
            if !self.model.within_boundary(&next) {
                continue;
            }
            let Some(to) = self.meet(next, number, ordinal) else { break };
            if owes && to != number {
                self.ledger.step(Edge { to, class });
            }
        }
        self.actions = actions;
        if self.shortfall.is_some_and(|shortfall| shortfall != Shortfall::FirstFailure) {
            self.ledger.tear();
        } else if owes {
            self.ledger.enter(number, &self.owed);
        }
    }

    /// Numbers a state that was generated; none if it cannot be numbered.
    fn meet(&mut self, state: E::State, parent: u32, ordinal: usize) -> Option<u32> {
        self.generated += 1;
        let (number, new) = self.number(self.model.fingerprint(&state))?;
        if new {
            let Ok(ordinal) = u16::try_from(ordinal) else {
                self.shortfall = Some(Shortfall::Numbers);
                return None;
            };
            self.origins.push(parent);
            self.ordinals.push(ordinal);
            self.judge(number, &state);
            self.next.push(state);
        }
        Some(number)
    }

    fn number(&mut self, fingerprint: u64) -> Option<(u32, bool)> {
        let most = self.bounds.limits.max_states.unwrap_or(STATES_MAX);
        if self.table.len() < most.min(STATES_MAX) {
            return Some(self.table.insert(fingerprint));
        }
        let known = self.table.find(fingerprint).map(|number| (number, false));
        if known.is_none() {
            let states = self.bounds.limits.max_states.map_or(Shortfall::Numbers, Shortfall::States);
            self.shortfall = Some(states);
        }
        known
    }

    fn judge(&mut self, number: u32, state: &E::State) {
        for (property, found) in self.properties.iter().zip(&mut self.found) {
            let failure = property.expectation.discovery_is_failure();
            if found.is_none() && (property.condition)(self.model, state) != failure {
                *found = Some(number);
                if failure && self.bounds.limits.first_failure {
                    self.shortfall = Some(Shortfall::FirstFailure);
                }
            }
        }
    }

    fn look_at_the_clock(&mut self, left: usize) {
        let elapsed = self.began.elapsed();
        if let Some(limit) = self.bounds.limits.timeout.filter(|&limit| elapsed >= limit) {
            self.shortfall = Some(Shortfall::Timeout(limit));
        }
        let Some(tell) = self.bounds.progress else { return };
        if self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            tell(Progress {
                unique_states: self.table.len() as u64,
                states: self.generated,
                depth: self.depth,
                queue: Some((left + self.next.len()) as u64),
                elapsed,
            });
        }
    }
}
