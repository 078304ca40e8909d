//! Searching the states of any model.
//!
//! Our own breadth-first walk numbers states, keeps the way to each, and keeps the steps between states that owe;
//! Stateright's checkers are a second opinion. Knows no nodes: any `stateright::Model` that can say three things more
//! is walked.

mod debts;
mod route;
mod second;
mod table;
mod walk;

pub use debts::Debts;
pub use route::Route;
pub(crate) use second::{Brake, Braked, SecondOpinion, second_opinion};
pub use walk::{Bounds, Walk, walk};

use crate::fair::Class;

/// What the walk asks of a model beside `stateright::Model`.
pub trait Explore: stateright::Model {
    /// A hash of the state's content: equal for equal states, and in every run.
    fn fingerprint(&self, state: &Self::State) -> u64;

    /// The class of steps an action belongs to, [`Class::UNFAIR`] if it may be put off for ever.
    fn class(&self, action: &Self::Action) -> Class;

    /// Adds, once each, the numbers of the things owed in this state.
    fn owed(&self, state: &Self::State, owed: &mut Vec<u32>);
}
