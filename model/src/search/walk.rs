//! What a breadth-first walk is bounded by, and what it found.

use std::fmt;

use stateright::Expectation;

use super::chunks::Chunks;
use super::debts::Debts;
use super::table::Table;
use super::walker::Walker;
use super::{Explore, Route};
use crate::fair::Edge;
use crate::report::{Limits, Observer, Shortfall};

/// What a search may spend, what it keeps, and whom it tells how far it is.
#[derive(Clone, Copy, Default)]
pub struct Bounds<'a> {
    /// When to give up.
    pub limits: Limits,
    /// Whether the steps between states that owe are left out, so that liveness cannot be judged.
    pub safety_only: bool,
    /// Told from time to time, and may stop the search.
    pub progress: Option<Observer<'a>>,
}

impl fmt::Debug for Bounds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bounds { limits, safety_only, progress: _ } = self;
        f.debug_struct("Bounds").field("limits", limits).field("safety_only", safety_only).finish_non_exhaustive()
    }
}

/// What a walk found. States are numbered in the order found: those nearer to the start first.
#[derive(Debug)]
pub struct Walk {
    pub(super) table: Table,
    /// From which state each was first reached, or [`FIRST`].
    pub(super) origins: Chunks<u32>,
    /// By which action, or which first state it is.
    pub(super) ordinals: Chunks<u16>,
    pub(super) found: Vec<Option<u32>>,
    /// States generated, repeats included.
    pub generated: u64,
    /// The most steps needed to any state.
    pub depth: u64,
    /// What was left out; none if the walk is complete.
    pub shortfall: Option<Shortfall>,
    /// What is owed where, among the states whose every step was looked at.
    pub debts: Debts,
}

/// The origin of a first state.
pub(super) const FIRST: u32 = u32::MAX;

/// Walks every state of `model` breadth first, within `bounds`. Safety is judged on each state as it is found, by the
/// model's `always` properties; `sometimes` properties are looked for alike.
///
/// What is found, in which order and by which way, does not depend on the number of threads, limits of time and memory
/// excepted.
///
/// # Panics
/// When the model has an `eventually` property: Stateright's notion of these misses cycles and joins. Say what is owed
/// instead.
pub fn walk<E>(model: &E, bounds: Bounds<'_>) -> Walk
where
    E: Explore + Sync,
    E::State: Send + Sync,
{
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

    /// Bytes that this walk holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.table.bytes() + self.origins.bytes() + self.ordinals.bytes() + self.debts.bytes()
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
