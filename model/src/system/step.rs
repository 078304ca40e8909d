//! What comes of an action.

use quiesce_machine::{Monitor, Node, NodeId};

use super::action::{Action, Kind, WriteEnd};
use super::known::{Known, Missing};
use super::mail::{Envelope, Mail};
use super::state::State;
use super::watch::{Look, Sight};
use crate::report::Leg;

impl<N: Node, M: Monitor<N>> Known<'_, N, M> {
    /// Makes of `state`, whatever it was, the state after an action that may happen in `before`. When something is
    /// missing, `state` is left as it was when that was needed.
    pub(super) fn after(
        &self,
        before: &State,
        Action { kind, outcome, .. }: Action,
        state: &mut State,
    ) -> Result<(), Missing> {
        state.clone_from(before);
        let hash = |flight| self.stock.mail.hash(flight);
        let mut faults = state.faults();
        match kind {
            Kind::Deliver { flight } => {
                let actor = self.stock.mail.envelope(flight).addressee();
                state.take_flight(self.nodes(), flight, hash(flight));
                self.apply(state, actor.index(), outcome)?;
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
                self.orphan(state, NodeId(u32::from(node)));
                self.apply(state, usize::from(node), outcome)?;
            }
            Kind::Cut { cut } => {
                faults.left.partitions -= 1;
                faults.cut = cut + 1;
            }
            Kind::Heal => faults.cut = 0,
            Kind::Stored { node, end } => {
                faults.left.store_faults -= u8::from(end != WriteEnd::Durable);
                self.apply(state, usize::from(node), outcome)?;
            }
            Kind::Fire { node, .. } | Kind::Call { node } | Kind::CallNobody { node } | Kind::Start { node } => {
                self.apply(state, usize::from(node), outcome)?
            }
        }
        state.set_faults(faults);
        self.drop_ignored(state)
    }

    /// What the death of `node` does to messages: those to itself, and those on their way back to it, end with it; of
    /// those it sent, nobody is left to hear that they were refused.
    fn orphan(&self, state: &mut State, node: NodeId) {
        let flights: Vec<u32> = state.flights(self.nodes()).to_vec();
        for flight in flights {
            let Envelope { from, to, leg } = self.stock.mail.envelope(flight);
            if from != node || leg == Leg::Orphaned {
                continue;
            }
            state.take_flight(self.nodes(), flight, self.stock.mail.hash(flight));
            if leg == Leg::Out && to != node {
                let orphan = Mail::<N>::on(flight, Leg::Orphaned);
                state.add_flight(self.nodes(), orphan, self.stock.mail.hash(orphan));
            }
        }
    }

    /// Lets `node` take an outcome: its place, its messages, what monitors see.
    pub(super) fn apply(&self, state: &mut State, node: usize, id: u32) -> Result<(), Missing> {
        let (nodes, outcome) = (self.nodes(), &self.stock.outcomes[id as usize]);
        let old = self.stock.places.hash(state.places(nodes)[node]);
        state.set_place(node, old, (outcome.place, self.stock.places.hash(outcome.place)));
        for &flight in &outcome.sends {
            if !(self.system.scope.absorbs_repeats && state.is_in_flight(nodes, flight)) {
                state.add_flight(nodes, flight, self.stock.mail.hash(flight));
            }
        }
        if outcome.failure.is_some() || !outcome.is_silent() {
            let sight = self.sight(state, node, id).ok_or(Missing::Sight { node, outcome: id })?;
            self.see(state, sight);
        }
        Ok(())
    }

    /// What the monitors make of an outcome that `node` took, `state` being as it is after it.
    fn sight(&self, state: &State, node: usize, id: u32) -> Option<Sight> {
        let outcome = &self.stock.outcomes[id as usize];
        if let Some(failure) = &outcome.failure {
            let scope = &self.system.scope;
            return self.watch.failure(scope.monitors.len(), &scope.nodes[node], failure);
        }
        let by = NodeId(u32::try_from(node).unwrap_or(u32::MAX));
        let look = Look::new(&self.system.scope, &self.stock, state.places(self.nodes()));
        let sight = self.watch.sight(state.watch(), (id, outcome), by, &look)?;
        if self.system.fold.is_some() && self.watch.remembered(state.watch(), id).is_none() {
            self.sees_alike(state, (node, id), sight)?;
        }
        Some(sight)
    }

    fn see(&self, state: &mut State, sight: Sight) {
        let old = self.watch.together.hash(state.watch());
        match sight {
            Sight::Watching(after) => {
                state.set_watch(old, (after, self.watch.together.hash(after)));
            }
            Sight::Broken { property, evidence } => {
                state.set_broken(property, (evidence, self.watch.evidence.hash(evidence)), old);
            }
        }
    }
}
