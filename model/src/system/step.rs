//! What comes of an action.

use quiesce_machine::{Monitor, Node, NodeId};

use super::System;
use super::action::{Action, Kind};
use super::mail::{Envelope, Mail};
use super::state::State;
use super::stock::Stock;
use super::watch::{Look, Sight, Watch};
use crate::report::Leg;

impl<N: Node, M: Monitor<N>> System<N, M> {
    /// The state after an action that may happen in `before`.
    pub(super) fn after(&self, before: &State, Action { kind, outcome, .. }: Action) -> State {
        let stock = self.stock();
        let mut state = before.clone();
        let hash = |flight| stock.mail.hash(flight);
        let mut faults = state.faults();
        match kind {
            Kind::Deliver { flight } => {
                let actor = stock.mail.envelope(flight).addressee();
                state.take_flight(self.nodes(), flight, hash(flight));
                self.apply(&stock, &mut state, actor.index(), outcome);
            }
            Kind::Refuse { flight } => {
                state.take_flight(self.nodes(), flight, hash(flight));
                state.add_flight(self.nodes(), outcome, hash(outcome));
            }
            Kind::Vanish { flight } => state.take_flight(self.nodes(), flight, hash(flight)),
            Kind::Lose { flight } => {
                state.take_flight(self.nodes(), flight, hash(flight));
                faults.left.losses -= 1;
            }
            Kind::Duplicate { flight } => {
                state.add_flight(self.nodes(), flight, hash(flight));
                faults.left.duplicates -= 1;
            }
            Kind::Crash { node, records_lost, .. } => {
                faults.left.crashes -= 1;
                faults.left.record_losses -= u8::from(records_lost);
                self.orphan(&stock, &mut state, NodeId(u32::from(node)));
                self.apply(&stock, &mut state, usize::from(node), outcome);
            }
            Kind::Cut { cut } => {
                faults.left.partitions -= 1;
                faults.cut = cut + 1;
            }
            Kind::Heal => faults.cut = 0,
            Kind::Fire { node, .. }
            | Kind::Stored { node }
            | Kind::Call { node }
            | Kind::CallNobody { node }
            | Kind::Start { node } => self.apply(&stock, &mut state, usize::from(node), outcome),
        }
        state.set_faults(faults);
        state
    }

    /// What the death of `node` does to messages: those to itself, and those on their way back to it, end with it; of
    /// those it sent, nobody is left to hear that they were refused.
    fn orphan(&self, stock: &Stock<N>, state: &mut State, node: NodeId) {
        let flights: Vec<u32> = state.flights(self.nodes()).to_vec();
        for flight in flights {
            let Envelope { from, to, leg } = stock.mail.envelope(flight);
            if from != node || leg == Leg::Orphaned {
                continue;
            }
            state.take_flight(self.nodes(), flight, stock.mail.hash(flight));
            if leg == Leg::Out && to != node {
                let orphan = Mail::<N>::on(flight, Leg::Orphaned);
                state.add_flight(self.nodes(), orphan, stock.mail.hash(orphan));
            }
        }
    }

    /// Lets `node` take an outcome: its place, its messages, what monitors see.
    pub(super) fn apply(&self, stock: &Stock<N>, state: &mut State, node: usize, id: u32) {
        let (nodes, outcome) = (self.nodes(), &stock.outcomes[id as usize]);
        let old = stock.places.hash(state.places(nodes)[node]);
        state.set_place(node, old, (outcome.place, stock.places.hash(outcome.place)));
        for &flight in &outcome.sends {
            if !(self.scope.absorbs_repeats && state.is_in_flight(nodes, flight)) {
                state.add_flight(nodes, flight, stock.mail.hash(flight));
            }
        }
        if let Some(failure) = &outcome.failure {
            let name = &self.scope.nodes[node];
            let mut watch = self.watch_mut();
            let broken = watch.broken(self.scope.monitors.len(), format!("{name}: {failure}"));
            self.see(&watch, state, broken);
        } else if !outcome.is_silent() {
            self.show(stock, state, node, id);
        }
    }

    fn show(&self, stock: &Stock<N>, state: &mut State, node: usize, id: u32) {
        let before = state.watch();
        let watch = self.watch();
        if let Some(sight) = watch.remembered(before, id) {
            self.see(&watch, state, sight);
            return;
        }
        drop(watch);
        let by = NodeId(u32::try_from(node).unwrap_or(u32::MAX));
        let look = Look::new(&self.scope, stock, state.places(self.nodes()));
        let mut watch = self.watch_mut();
        let sight = watch.observe(before, (id, &stock.outcomes[id as usize]), by, &look);
        self.see(&watch, state, sight);
    }

    fn see(&self, watch: &Watch<M>, state: &mut State, sight: Sight) {
        let old = watch.together.hash(state.watch());
        match sight {
            Sight::Watching(after) => {
                state.set_watch(old, (after, watch.together.hash(after)));
            }
            Sight::Broken { property, evidence } => {
                state.set_broken(property, (evidence, watch.evidence.hash(evidence)), old);
            }
        }
    }
}
