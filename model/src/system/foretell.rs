//! The fingerprint of what comes of an action, before there is a state to take it of.
//!
//! A fingerprint is a sum over the parts of a state, and an action changes few of them. Most states that are generated
//! have been met before, so that they need never be made. Whatever is not plain sailing is left to the long way: something
//! unknown, a crash, a violation, a state to be folded.

use quiesce_machine::{Monitor, Node, NodeId};

use super::action::{Action, Kind, WriteEnd};
use super::known::Known;
use super::mail::Mail;
use super::state::State;
use super::watch::Sight;
use crate::report::Leg;

impl<N: Node, M: Monitor<N>> Known<'_, N, M> {
    /// The fingerprint of the state after an action that may happen in `before`; none if that state must be made.
    pub(super) fn foretell(&self, before: &State, Action { kind, outcome, .. }: Action) -> Option<u64> {
        if self.system.fold.is_some() {
            return None;
        }
        let mail = &self.stock.mail;
        let mut faults = before.faults();
        let change = match kind {
            Kind::Deliver { flight } => {
                let actor = mail.envelope(flight).addressee();
                self.change(before, actor.index(), outcome, Some(flight))?.wrapping_sub(mail.weight(flight))
            }
            Kind::Fire { node, .. }
            | Kind::Call { node }
            | Kind::CallNobody { node }
            | Kind::Start { node }
            | Kind::Stored { node, end: WriteEnd::Durable } => self.change(before, usize::from(node), outcome, None)?,
            Kind::Refuse { flight } if !self.system.drops_ignored => {
                mail.weight(Mail::<N>::on(flight, Leg::Back)).wrapping_sub(mail.weight(flight))
            }
            Kind::Vanish { .. } | Kind::Lose { .. } | Kind::Duplicate { .. } if self.system.drops_ignored => {
                return None;
            }
            Kind::Vanish { flight } => mail.weight(flight).wrapping_neg(),
            Kind::Lose { flight } => {
                faults.left.losses -= 1;
                mail.weight(flight).wrapping_neg()
            }
            Kind::Duplicate { flight } => {
                faults.left.duplicates -= 1;
                mail.weight(flight)
            }
            Kind::Refuse { .. } | Kind::Stored { .. } | Kind::Crash { .. } | Kind::Cut { .. } | Kind::Heal => {
                return None;
            }
        };
        Some(before.fingerprint_after(change, faults))
    }

    /// By how much the sum of a state changes when `node` takes an outcome, `taken` having been taken out before.
    fn change(&self, before: &State, node: usize, id: u32, taken: Option<u32>) -> Option<u64> {
        let outcome = &self.stock.outcomes[id as usize];
        if outcome.failure.is_some() {
            return None;
        }
        let sent = if self.system.scope.absorbs_repeats || self.system.drops_ignored {
            self.sent(before, node, id, taken)?
        } else {
            outcome.weight
        };
        Some(outcome.moved.wrapping_add(sent).wrapping_add(self.seen(before, id)?))
    }

    /// What the messages of an outcome weigh, without those that are absorbed or ignored, and less those that are ignored
    /// from now on.
    fn sent(&self, before: &State, node: usize, id: u32, taken: Option<u32>) -> Option<u64> {
        let (nodes, outcome) = (self.nodes(), &self.stock.outcomes[id as usize]);
        let place_of = |addressee: NodeId| match addressee.index() {
            same if same == node => outcome.place,
            other => before.places(nodes)[other],
        };
        let drops = self.system.drops_ignored;
        let ignored = |flight: u32| {
            let place = place_of(self.stock.mail.envelope(flight).addressee());
            self.stock.ignored.get(&(place, flight)).copied()
        };
        let mut sum = 0_u64;
        for (at, &flight) in outcome.sends.iter().enumerate() {
            if taken == Some(flight) {
                return None;
            }
            let absorbs = self.system.scope.absorbs_repeats;
            if absorbs && (before.is_in_flight(nodes, flight) || outcome.sends[..at].contains(&flight)) {
                continue;
            }
            if !(drops && ignored(flight)?) {
                sum = sum.wrapping_add(self.stock.mail.weight(flight));
            }
        }
        if drops {
            let mut still = taken;
            for &flight in before.flights(nodes) {
                if still == Some(flight) {
                    still = None;
                } else if ignored(flight)? {
                    sum = sum.wrapping_sub(self.stock.mail.weight(flight));
                }
            }
        }
        Some(sum)
    }

    /// By how much what monitors see of an outcome changes the sum.
    fn seen(&self, before: &State, id: u32) -> Option<u64> {
        if self.stock.outcomes[id as usize].is_silent() {
            return Some(0);
        }
        let watch = before.watch();
        match self.watch.remembered(watch, id)? {
            Sight::Watching(after) => Some(self.watch.weight(after).wrapping_sub(self.watch.weight(watch))),
            Sight::Broken { .. } => None,
        }
    }
}
