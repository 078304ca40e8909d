//! What may happen next in a state, in an order that follows the state's value.

use quiesce_machine::{Monitor, Node, NodeId};

use super::action::{Action, Kind};
use super::known::{Known, Missing};
use super::mail::Mail;
use super::state::{Faults, State};
use super::stock::Stock;
use crate::report::Leg;

impl<N: Node, M: Monitor<N>> Known<'_, N, M> {
    /// Adds everything that may happen in `state`.
    pub(super) fn list(&self, state: &State, actions: &mut Vec<Action>) -> Result<(), Missing> {
        if state.broken().is_some() || self.stock.asymmetry.is_some() {
            return Ok(());
        }
        let nodes = self.nodes();
        let (places, faults) = (state.places(nodes), state.faults());
        let mut nothing_under_way = state.flights(nodes).is_empty();
        let mut quiet = nothing_under_way;
        for flight in distinct(state.flights(nodes)) {
            self.list_message(places, faults, flight, actions)?;
        }
        let mut some_wait = false;
        for &place in places {
            let moves = self.stock.moves(place).ok_or(Missing::Moves { place })?;
            if moves.none {
                continue;
            }
            quiet &= !moves.busy;
            nothing_under_way &= !moves.writes;
            some_wait |= !moves.timeouts.is_empty() || !moves.patient.is_empty();
            actions.extend_from_slice(&moves.prompt);
            actions.extend(moves.crashes.iter().filter(|crash| may_crash(faults, crash)));
            actions.extend(moves.store_faults.iter().filter(|_| faults.left.store_faults > 0));
        }
        let scope = &self.system.scope;
        for moves in places.iter().filter(|_| some_wait).filter_map(|&place| self.stock.moves(place)) {
            if nothing_under_way || !scope.punctual || scope.untimed {
                actions.extend_from_slice(&moves.timeouts);
            }
            if quiet || scope.untimed {
                actions.extend_from_slice(&moves.patient);
            }
        }
        self.list_partitions(faults, actions);
        Ok(())
    }

    fn list_message(
        &self,
        places: &[u32],
        faults: Faults,
        flight: u32,
        actions: &mut Vec<Action>,
    ) -> Result<(), Missing> {
        let envelope = self.stock.mail.envelope(flight);
        let act = |kind, class, outcome| Action { kind, class, outcome };
        if self.is_cut(faults, envelope.from, envelope.to) {
            actions.push(act(Kind::Vanish { flight }, 0, 0));
            return Ok(());
        }
        let class = Stock::<N>::message_class(flight);
        let place = places[envelope.addressee().index()];
        let moves = self.stock.moves(place).ok_or(Missing::Moves { place })?;
        if moves.up {
            let outcomes = self.stock.delivery(place, flight).ok_or(Missing::Delivery { place, flight })?;
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
        Ok(())
    }

    fn list_partitions(&self, faults: Faults, actions: &mut Vec<Action>) {
        if faults.cut > 0 {
            actions.push(Action { kind: Kind::Heal, class: self.system.heal_class, outcome: 0 });
        } else if faults.left.partitions > 0 {
            let cuts = (0u8..).zip(&self.system.sides).map(|(cut, _)| Kind::Cut { cut });
            actions.extend(cuts.map(|kind| Action { kind, class: 0, outcome: 0 }));
        }
    }

    fn is_cut(&self, faults: Faults, a: NodeId, b: NodeId) -> bool {
        let side = usize::from(faults.cut).checked_sub(1).map(|cut| &self.system.sides[cut]);
        side.is_some_and(|side| side[a.index()] != side[b.index()])
    }
}

fn distinct(sorted: &[u32]) -> impl Iterator<Item = u32> {
    sorted.chunk_by(|a, b| a == b).map(|same| same[0])
}

fn may_crash(faults: Faults, crash: &Action) -> bool {
    let lost = matches!(crash.kind, Kind::Crash { records_lost: true, .. });
    faults.left.crashes > 0 && (!lost || faults.left.record_losses > 0)
}
