//! Messages that will be ignored, left out of states.
//!
//! A node says which messages can do nothing any more, whenever they come. A state with such a message and the state without
//! it have the same futures, so that the second stands for both. That it is so is not taken on trust: whatever was left out
//! is handed, when the search is over, to every place that its addressee could have come to by then, and to its sender if it
//! could have come back; none may do anything about it.

use hashbrown::HashSet;
use quiesce_machine::{Monitor, Node};

use super::System;
use super::action::Kind;
use super::known::{Known, Missing};
use super::mail::Mail;
use super::react::react;
use super::state::State;
use super::stock::{Rules, Staged, Stock};
use crate::check::CheckError;
use crate::report::Leg;
use crate::scope::Budget;

impl<N: Node, M: Monitor<N>> Known<'_, N, M> {
    /// Takes out of a state the messages that will be ignored.
    pub(super) fn drop_ignored(&self, state: &mut State) -> Result<(), Missing> {
        if !self.system.drops_ignored {
            return Ok(());
        }
        let (nodes, mut at) = (self.nodes(), 0);
        while let Some(&flight) = state.flights(nodes).get(at) {
            let place = state.places(nodes)[self.stock.mail.envelope(flight).addressee().index()];
            match self.stock.ignored.get(&(place, flight)) {
                Some(true) => state.take_flight(nodes, flight, self.stock.mail.hash(flight)),
                Some(false) => at += 1,
                None => return Err(Missing::Ignored { place, flight }),
            }
        }
        Ok(())
    }
}

impl<N: Node, M: Monitor<N>> System<N, M> {
    /// The same system, where messages that nodes say they will ignore are left out of states.
    #[must_use]
    pub fn dropping_ignored(self) -> Self {
        System { drops_ignored: N::IGNORES, ..self }
    }

    /// Whether nodes keep to what they said they would ignore.
    ///
    /// # Errors
    /// The first that does not.
    pub(crate) fn heeds_nothing_ignored(&self) -> Result<(), CheckError> {
        let (stock, rules) = (self.stock(), self.rules());
        match stock.heeded(&rules, &self.scope.budget) {
            None => Ok(()),
            Some((place, flight)) => {
                let node = stock.places.value(place).id;
                let what = format!("{:?}", stock.mail.message(flight).msg);
                Err(CheckError::Heeded { who: self.scope.nodes[node.index()].clone(), what })
            }
        }
    }
}

impl<N: Node> Stock<N> {
    /// Asks a place whether it ignores a message. A process that is down ignores nothing.
    pub(super) fn learn_ignored(&mut self, rules: &Rules<'_, N>, place: u32, flight: u32) {
        let Staged { before, event, .. } = self.stage(rules, place, Kind::Deliver { flight });
        let ignores = before.process.is_some_and(|process| process.ignores(before.id, &event, rules.config));
        self.ignored.insert((place, flight), ignores);
    }

    /// A place, and a message that was left out and might have come to it, about which it does something.
    fn heeded(&self, rules: &Rules<'_, N>, budget: &Budget) -> Option<(u32, u32)> {
        let successors = self.successors(budget);
        let mut open: Vec<(u32, u32)> =
            self.ignored.iter().filter(|(_, ignored)| **ignored).map(|(&pair, _)| pair).collect();
        let mut met: HashSet<(u32, u32)> = open.iter().copied().collect();
        let mut returned: HashSet<u32> = HashSet::new();
        let mut found = Vec::new();
        while let Some((place, flight)) = open.pop() {
            if self.places.value(place).process.is_none() {
                let back = Mail::<N>::on(flight, Leg::Back);
                returned.extend((self.mail.envelope(flight).leg == Leg::Out).then_some(back));
            } else if !self.is_nothing(rules, place, flight) {
                found.push((place, flight));
            }
            let next = successors.get(place as usize).into_iter().flatten();
            open.extend(next.map(|&next| (next, flight)).filter(|pair| met.insert(*pair)));
        }
        for &flight in &returned {
            let sender = self.mail.envelope(flight).addressee();
            let places = (0u32..).zip(self.places.iter());
            let up = places.filter(|(_, place)| place.id == sender && place.process.is_some());
            found.extend(up.map(|(id, _)| (id, flight)).filter(|&(id, flight)| !self.is_nothing(rules, id, flight)));
        }
        found.into_iter().min()
    }

    /// The places that each place can become by what the budget allows.
    fn successors(&self, budget: &Budget) -> Vec<Vec<u32>> {
        let mut successors = vec![Vec::new(); self.places.len()];
        let becomes = |outcome: u32| self.outcomes[outcome as usize].place;
        for (&(place, _), outcomes) in &self.deliveries {
            successors[place as usize].extend(outcomes.clone().map(becomes));
        }
        for (place, moves) in self.moves.iter().enumerate() {
            let Some(moves) = moves else { continue };
            let store_faults = moves.store_faults.iter().filter(|_| budget.store_faults > 0);
            let loses_records = |kind: Kind| matches!(kind, Kind::Crash { records_lost: true, .. });
            let left = |kind| if loses_records(kind) { budget.record_losses } else { budget.crashes };
            let crashes = moves.crashes.iter().filter(|crash| left(crash.kind) > 0);
            let steps = moves.prompt.iter().chain(&moves.patient).chain(crashes).chain(store_faults);
            successors[place].extend(steps.map(|action| becomes(action.outcome)));
        }
        for (place, next) in (0u32..).zip(&mut successors) {
            next.sort_unstable();
            next.dedup();
            next.retain(|&other| other != place);
        }
        successors
    }

    /// Whether taking a message changes nothing at a place, does nothing and says nothing.
    fn is_nothing(&self, rules: &Rules<'_, N>, place: u32, flight: u32) -> bool {
        let Staged { before, event, .. } = self.stage(rules, place, Kind::Deliver { flight });
        let reactions = react(&before, &event, rules.config);
        let [reaction] = reactions.as_slice() else { return false };
        let Ok((process, out)) = &reaction.result else { return false };
        let mut after = before.clone();
        after.process = Some(process.clone());
        let sends = out.effects.iter().cloned().filter_map(|effect| after.perform(effect)).count();
        sends == 0 && out.facts.is_empty() && after == before
    }
}
