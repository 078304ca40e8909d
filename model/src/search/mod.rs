//! Searching the states of any model.
//!
//! Our own breadth-first walk numbers states, keeps the way to each, and keeps the steps between states that owe;
//! Stateright's checkers are a second opinion. Knows no nodes: any `stateright::Model` that can hash its states is
//! walked (`cargo run -p quiesce-model --example any_model`).

mod chunks;
mod debts;
mod frontier;
mod haul;
mod memory;
mod route;
mod second;
mod table;
mod walk;
mod walker;

pub use debts::Debts;
pub use route::Route;
pub(crate) use second::{Brake, Braked, SecondOpinion, second_opinion};
pub use walk::{Bounds, Walk, walk};

use crate::fair::Class;

/// How many states are told of together, so that what they lead to is looked up side by side.
const TOGETHER: usize = 8;

/// What the walk asks of a model beside `stateright::Model`.
///
/// A model needs to say only how its states hash. One that judges liveness says what is owed and which steps are fair;
/// one that is clever about its steps tells of many states at once.
pub trait Explore: stateright::Model {
    /// A hash of the state's content: equal for equal states, in every run and on every thread. Two states of one hash
    /// are taken for one, so all 64 bits should scatter; [`content_hash`](crate::content_hash) does.
    fn fingerprint(&self, state: &Self::State) -> u64;

    /// The class of steps an action belongs to, [`Class::UNFAIR`] if it may be put off for ever.
    fn class(&self, action: &Self::Action) -> Class {
        let _ = action;
        Class::UNFAIR
    }

    /// Adds, once each, the numbers of the things owed in this state.
    fn owed(&self, state: &Self::State, owed: &mut Vec<u32>) {
        let _ = (state, owed);
    }

    /// Tells of each state, in order, what it owes and every step from it. Several threads may ask at once.
    ///
    /// Whatever is told of a state must depend on the state alone. A model that would have to change itself first says
    /// [`Steps::decline`]; it is then asked to [`learn`](Self::learn) the state, and asked again.
    fn expand(&self, states: &[Self::State], steps: &mut impl Steps<Self::State>) {
        let (mut actions, mut owed) = (Vec::new(), Vec::new());
        let (mut nexts, mut fingerprints, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for group in states.chunks(TOGETHER) {
            for state in group {
                self.actions(state, &mut actions);
                for (ordinal, action) in actions.drain(..).enumerate() {
                    let class = self.class(&action);
                    let next = self.next_state(state, action).filter(|next| self.within_boundary(next));
                    let Some(next) = next else { continue };
                    fingerprints.push(self.fingerprint(&next));
                    nexts.push((ordinal, class, next));
                }
                ends.push(nexts.len());
            }
            steps.foresee(&fingerprints);
            let (mut told, mut all) = (0, nexts.drain(..).zip(fingerprints.drain(..)));
            for (state, end) in group.iter().zip(ends.drain(..)) {
                owed.clear();
                self.owed(state, &mut owed);
                steps.begin(&owed);
                for ((ordinal, class, next), fingerprint) in all.by_ref().take(end - told) {
                    steps.step(ordinal, class, fingerprint, || next);
                }
                steps.end();
                told = end;
            }
        }
    }

    /// Finds out what [`expand`](Self::expand) lacked for this state. Asked of one state at a time, in an order that
    /// does not depend on threads.
    fn learn(&self, state: &Self::State) {
        let _ = state;
    }
}

/// Is told the steps from states. For each state: what it owes, its steps, its end.
pub trait Steps<S> {
    /// The next state's turn, which owes this.
    fn begin(&mut self, owed: &[u32]);

    /// Some of the steps are going to lead to states of these fingerprints, in this order. Looking for many at once costs
    /// less.
    fn foresee(&mut self, fingerprints: &[u64]) {
        let _ = fingerprints;
    }

    /// The action at place `ordinal` of the state's actions leads to a state of this fingerprint, which `next` makes if
    /// it is new.
    fn step(&mut self, ordinal: usize, class: Class, fingerprint: u64, next: impl FnOnce() -> S);

    /// That was all of this state.
    fn end(&mut self);

    /// Instead of the end: something must be learned before the state can be told. What was told of it is forgotten.
    fn decline(&mut self);
}
