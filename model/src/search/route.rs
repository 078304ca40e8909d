//! A way through a model.

/// A run from a first state: action `n` leads from state `n` to state `n + 1`.
#[derive(Clone, Debug)]
pub struct Route<S, A> {
    /// Which of the first states it starts in.
    pub start: usize,
    /// The states, one more than the actions.
    pub states: Vec<S>,
    /// The actions.
    pub actions: Vec<A>,
}

impl<S, A> Route<S, A> {
    /// The state it ends in.
    ///
    /// # Panics
    /// When there is no state at all.
    #[must_use]
    pub fn end(&self) -> &S {
        self.states.last().expect("a route has a first state")
    }
}
