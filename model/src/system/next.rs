//! What may happen next in a state, in an order that follows the state's value.

use quiesce_machine::{Monitor, Node, NodeId};

use super::System;
use super::action::{Action, Kind};
use super::mail::Mail;
use super::state::{Faults, State};
use super::stock::Stock;
use crate::report::Leg;

impl<N: Node, M: Monitor<N>> System<N, M> {
    /// Everything that may happen in `state`. Where the nodes' code is needed for the first time, it is run.
    pub(super) fn next(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken().is_some() {
            return;
        }
        let start = actions.len();
        while !self.list(&self.stock(), state, actions) {
            actions.truncate(start);
            self.learn(state);
        }
    }

    /// Lists what may happen next; false if the stock lacks something, which [`learn`](Self::learn) then finds out.
    fn list(&self, stock: &Stock<N>, state: &State, actions: &mut Vec<Action>) -> bool {
        let nodes = self.nodes();
        let (places, faults) = (state.places(nodes), state.faults());
        let mut quiet = state.flights(nodes).is_empty();
        for flight in distinct(state.flights(nodes)) {
            if !self.list_message(stock, places, faults, flight, actions) {
                return false;
            }
        }
        for &place in places {
            let Some(moves) = stock.moves(place) else { return false };
            quiet &= !moves.busy;
            actions.extend_from_slice(&moves.prompt);
            actions.extend(moves.crashes.iter().filter(|crash| may_crash(faults, crash)));
        }
        if quiet || self.scope.untimed {
            for moves in places.iter().filter_map(|&place| stock.moves(place)) {
                actions.extend_from_slice(&moves.patient);
            }
        }
        self.list_partitions(faults, actions);
        true
    }

    fn list_message(
        &self,
        stock: &Stock<N>,
        places: &[u32],
        faults: Faults,
        flight: u32,
        actions: &mut Vec<Action>,
    ) -> bool {
        let envelope = stock.mail.envelope(flight);
        let act = |kind, class, outcome| Action { kind, class, outcome };
        if self.is_cut(faults, envelope.from, envelope.to) {
            actions.push(act(Kind::Vanish { flight }, 0, 0));
            return true;
        }
        let class = Stock::<N>::message_class(flight);
        let place = places[envelope.addressee().index()];
        let Some(moves) = stock.moves(place) else { return false };
        if moves.up {
            let Some(outcomes) = stock.delivery(place, flight) else { return false };
            actions.extend(outcomes.map(|outcome| act(Kind::Deliver { flight }, class, outcome)));
        } else if envelope.leg == Leg::Out {
            actions.push(act(Kind::Refuse { flight }, class, Mail::<N>::on(flight, Leg::Back)));
        } else {
            actions.push(act(Kind::Vanish { flight }, class, 0));
        }
        if envelope.is_exposed() {
            actions.extend((faults.left.losses > 0).then_some(act(Kind::Lose { flight }, 0, 0)));
            actions.extend((faults.left.duplicates > 0).then_some(act(Kind::Duplicate { flight }, 0, 0)));
        }
        true
    }

    fn list_partitions(&self, faults: Faults, actions: &mut Vec<Action>) {
        if faults.cut > 0 {
            actions.push(Action { kind: Kind::Heal, class: self.heal_class, outcome: 0 });
        } else if faults.left.partitions > 0 {
            let cuts = (0u8..).zip(&self.sides).map(|(cut, _)| Kind::Cut { cut });
            actions.extend(cuts.map(|kind| Action { kind, class: 0, outcome: 0 }));
        }
    }

    fn is_cut(&self, faults: Faults, a: NodeId, b: NodeId) -> bool {
        let side = usize::from(faults.cut).checked_sub(1).map(|cut| &self.sides[cut]);
        side.is_some_and(|side| side[a.index()] != side[b.index()])
    }

    /// Runs the nodes' code wherever `state` needs it for the first time.
    fn learn(&self, state: &State) {
        let (mut stock, rules, nodes) = (self.stock_mut(), self.rules(), self.nodes());
        for &place in state.places(nodes) {
            stock.learn_moves(&rules, place);
        }
        for flight in distinct(state.flights(nodes)) {
            let addressee = stock.mail.envelope(flight).addressee();
            let place = state.places(nodes)[addressee.index()];
            if stock.moves(place).is_some_and(|moves| moves.up) {
                stock.learn_delivery(&rules, place, flight);
            }
        }
    }
}

fn distinct(sorted: &[u32]) -> impl Iterator<Item = u32> {
    sorted.chunk_by(|a, b| a == b).map(|same| same[0])
}

fn may_crash(faults: Faults, crash: &Action) -> bool {
    let lost = matches!(crash.kind, Kind::Crash { records_lost: true, .. });
    faults.left.crashes > 0 && (!lost || faults.left.record_losses > 0)
}
