//! The face a search sees.

use quiesce_machine::{Monitor, Node};
use stateright::{Model, Property};

use super::known::Desk;
use super::{Action, State, System, by_index};
use crate::fair::Class;
use crate::search::{Brake, Braked, Explore, Steps};

impl<N: Node, M: Monitor<N>> Model for System<N, M> {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        self.openings.iter().map(|opening| self.fold(opening.state.clone())).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        match &self.brake {
            Some(brake) if !brake.admits() => return,
            Some(_) => self.owed(state, &mut Vec::new()),
            None => (),
        }
        let start = actions.len();
        while self.known().list(state, actions).is_err() {
            actions.truncate(start);
            self.find_out(state);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(self.fold(self.after(state, action)))
    }

    fn format_action(&self, action: &Action) -> String {
        self.label(*action)
    }

    /// One per monitor, in the scope's order, then [`PANIC`](crate::PANIC).
    fn properties(&self) -> Vec<Property<Self>> {
        let names = self.scope.monitors.iter().map(Monitor::name).chain([crate::PANIC]);
        names.enumerate().map(|(index, name)| Property::always(name, by_index::holds(index))).collect()
    }
}

impl<N: Node, M: Monitor<N>> Explore for System<N, M> {
    fn fingerprint(&self, state: &State) -> u64 {
        state.fingerprint()
    }

    fn class(&self, action: &Action) -> Class {
        Class(action.class)
    }

    fn owed(&self, state: &State, owed: &mut Vec<u32>) {
        let start = owed.len();
        while self.known().owed(state, owed).is_err() {
            owed.truncate(start);
            self.find_out(state);
        }
    }

    fn expand(&self, states: &[State], steps: &mut impl Steps<State>) {
        let (known, mut desk) = (self.known(), Desk::default());
        for state in states {
            match known.tell(state, &mut desk, steps) {
                Ok(()) => known.count(desk.stands_for),
                Err(_) => steps.decline(),
            }
        }
    }

    fn learn(&self, state: &State) {
        self.find_out(state);
    }
}

impl<N: Node, M: Monitor<N>> Braked for System<N, M> {
    fn brake(&self) -> Option<&Brake> {
        self.brake.as_ref()
    }
}
