//! Beginning elsewhere: at the end of a way instead of at the first states.

use quiesce_machine::{Monitor, Node};
use stateright::Model as _;

use super::action::Action;
use super::state::State;
use super::{Opening, System};
use crate::check::CheckError;
use crate::report::Act;

/// Knows a way through a scope.
pub trait Guide<N: Node> {
    /// Which of the ways in which the worlds can begin, each told by its first starts; none if it is none of them.
    fn begin(&mut self, ways: &[Vec<Act<N>>]) -> Option<usize>;

    /// What happens next, of all that can.
    fn next(&mut self, acts: &[Act<N>]) -> Onward;
}

/// How a way goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Onward {
    /// This happens, by its place among what can.
    Take(usize),
    /// It ends here.
    Here,
    /// What should happen cannot.
    Nowhere,
}

impl<N: Node, M: Monitor<N>> System<N, M> {
    /// Makes the end of a way the only first state. Counterexamples are told from its beginning.
    ///
    /// # Errors
    /// When the way cannot be gone, or a node is no pure function.
    pub(crate) fn begin_after(&mut self, guide: &mut dyn Guide<N>) -> Result<(), CheckError> {
        let ways = self.openings.iter().map(|opening| self.starts_of(opening)).collect::<Result<Vec<_>, _>>()?;
        let chosen = guide.begin(&ways).ok_or(CheckError::Strayed { step: 1 })?;
        let mut opening = self.openings[chosen].clone();
        while let Some(action) = self.onward(&opening, guide)? {
            let next = self.after(&opening.state, action);
            let before = std::mem::replace(&mut opening.state, next);
            opening.before.push((before, action));
        }
        self.openings = vec![opening];
        Ok(())
    }

    fn onward(&self, opening: &Opening, guide: &mut dyn Guide<N>) -> Result<Option<Action>, CheckError> {
        let state: &State = &opening.state;
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        let acts = actions.iter().map(|&action| self.act(state, action)).collect::<Result<Vec<_>, _>>()?;
        match guide.next(&acts) {
            Onward::Take(place) => Ok(Some(actions[place])),
            Onward::Here => Ok(None),
            Onward::Nowhere => Err(CheckError::Strayed { step: self.nodes() + opening.before.len() + 1 }),
        }
    }
}
