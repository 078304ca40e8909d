//! What a system knows so far, looked at by many at once, and finding out what it does not.
//!
//! Looking changes nothing, so that threads can expand states side by side. Whoever lacks something says what; it is
//! then found out for one state at a time, in an order that follows the search, so that numbers are the same every time.

use std::sync::RwLockReadGuard;

use quiesce_machine::{Monitor, Node, NodeId};

use super::System;
use super::action::Action;
use super::state::State;
use super::stock::Stock;
use super::watch::{Look, Watch};
use crate::fair::Class;
use crate::search::Steps;

/// A system that nobody changes while this is held.
pub(super) struct Known<'a, N: Node, M: Monitor<N>> {
    pub(super) system: &'a System<N, M>,
    pub(super) stock: RwLockReadGuard<'a, Stock<N>>,
    pub(super) watch: RwLockReadGuard<'a, Watch<M>>,
}

/// What must be found out first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Missing {
    /// What may happen to a place.
    Moves { place: u32 },
    /// How a place takes a message.
    Delivery { place: u32, flight: u32 },
    /// Whether a place ignores a message.
    Ignored { place: u32, flight: u32 },
    /// What the monitors make of an outcome.
    Sight { node: usize, outcome: u32 },
    /// What the monitors are owed.
    Owed,
    /// What renaming makes of the state that was to be folded.
    Images,
    /// What renaming makes of the state that is told.
    Names,
}

/// Working memory for telling steps.
#[derive(Debug, Default)]
pub(super) struct Desk {
    actions: Vec<Action>,
    owed: Vec<u32>,
    /// The fingerprint behind each action, where the state need not be made for it.
    foretold: Vec<Option<u64>>,
    fingerprints: Vec<u64>,
    next: State,
    /// How many states the one told last stands for.
    pub(super) stands_for: u64,
}

impl<N: Node, M: Monitor<N>> Known<'_, N, M> {
    pub(super) fn nodes(&self) -> usize {
        self.system.nodes()
    }

    /// Adds what is owed in `state`.
    pub(super) fn owed(&self, state: &State, owed: &mut Vec<u32>) -> Result<(), Missing> {
        if state.broken().is_some() {
            return Ok(());
        }
        let look = Look::new(&self.system.scope, &self.stock, state.places(self.nodes()));
        self.watch.owed(state.watch(), &look, owed).ok_or(Missing::Owed)
    }

    /// Tells what `state` owes and every step from it.
    pub(super) fn tell(&self, state: &State, desk: &mut Desk, steps: &mut impl Steps<State>) -> Result<(), Missing> {
        let Desk { actions, owed, foretold, fingerprints, next, stands_for } = desk;
        *stands_for = self.stands_for(state)?;
        owed.clear();
        self.owed(state, owed)?;
        steps.begin(owed);
        actions.clear();
        self.list(state, actions)?;
        foretold.clear();
        foretold.extend(actions.iter().map(|&action| self.foretell(state, action)));
        fingerprints.clear();
        fingerprints.extend(foretold.iter().flatten());
        steps.foresee(fingerprints);
        for (ordinal, (&action, &foretold)) in actions.iter().zip(&*foretold).enumerate() {
            let class = Class(action.class);
            if let Some(fingerprint) = foretold {
                steps.step(ordinal, class, fingerprint, || self.made(state, action, fingerprint, next));
            } else {
                self.after(state, action, next)?;
                self.fold(next)?;
                steps.step(ordinal, class, next.fingerprint(), || next.clone());
            }
        }
        steps.end();
        Ok(())
    }
}

impl<N: Node, M: Monitor<N>> Known<'_, N, M> {
    /// The state after an action whose fingerprint was foretold.
    fn made(&self, state: &State, action: Action, fingerprint: u64, next: &mut State) -> State {
        let known = self.after(state, action, next);
        assert!(known.is_ok(), "what is foretold is known");
        assert_eq!(next.fingerprint(), fingerprint, "a fingerprint foretold is that of the state");
        next.clone()
    }
}

impl<N: Node, M: Monitor<N>> System<N, M> {
    /// Finds out everything about the steps from `state`.
    pub(super) fn find_out(&self, state: &State) {
        let mut desk = Desk::default();
        loop {
            let told = self.known().tell(state, &mut desk, &mut Nobody);
            match told {
                Ok(()) => return,
                Err(missing) => self.find(missing, state, &desk.next),
            }
        }
    }

    /// Finds out what was missing on the way from `state` to `next`.
    pub(super) fn find(&self, missing: Missing, state: &State, next: &State) {
        let (mut stock, mut watch, rules) = (self.stock_mut(), self.watch_mut(), self.rules());
        match missing {
            Missing::Moves { place } => {
                stock.learn_moves(&rules, place);
                self.vouch_for_moves(&mut stock, &rules, place);
            }
            Missing::Delivery { place, flight } => {
                stock.learn_delivery(&rules, place, flight);
                self.vouch_for_delivery(&mut stock, &rules, place, flight);
            }
            Missing::Ignored { place, flight } => stock.learn_ignored(&rules, place, flight),
            Missing::Sight { node, outcome: id } => {
                let outcome = &stock.outcomes[id as usize];
                if let Some(failure) = &outcome.failure {
                    watch.learn_failure(self.scope.monitors.len(), &self.scope.nodes[node], failure);
                } else {
                    let by = NodeId(u32::try_from(node).unwrap_or(u32::MAX));
                    let look = Look::new(&self.scope, &stock, next.places(self.nodes()));
                    watch.learn_sight(next.watch(), (id, outcome), by, &look);
                    self.vouch_for_sight(&mut stock, &mut watch, (node, id), next);
                }
            }
            Missing::Owed => {
                let look = Look::new(&self.scope, &stock, state.places(self.nodes()));
                watch.learn_owed(state.watch(), &look);
            }
            Missing::Images => self.learn_images(&mut stock, &mut watch, next),
            Missing::Names => self.learn_images(&mut stock, &mut watch, state),
        }
    }
}

/// Wants to know nothing.
struct Nobody;

impl Steps<State> for Nobody {
    fn begin(&mut self, _: &[u32]) {}

    fn step(&mut self, _: usize, _: Class, _: u64, _: impl FnOnce() -> State) {}

    fn end(&mut self) {}

    fn decline(&mut self) {}
}
