//! What runs cost: messages, and how long users wait for answers.

use std::collections::BTreeMap;

use quiesce_machine::{CallId, Node, Time};
use quiesce_sim::{Action, Outcome, Step};

/// What some runs cost together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many runs.
    pub runs: u64,
    /// Messages that were sent.
    pub messages: u64,
    /// How often users asked for something.
    pub asked: u64,
    /// How long each answer took that came, in nanoseconds of virtual time, shortest first.
    pub waits: Vec<u64>,
}

impl Cost {
    /// One run of these steps.
    pub(super) fn of<N: Node>(steps: &[Step<N>], outcome: &Outcome<N>) -> Cost {
        let asked: BTreeMap<CallId, Time> = steps.iter().filter_map(asks).collect();
        let mut answered: BTreeMap<CallId, u64> = BTreeMap::new();
        for answer in &outcome.replies {
            if let Some(since) = asked.get(&answer.call) {
                let wait = answer.at.as_nanos().saturating_sub(since.as_nanos());
                answered.entry(answer.call).or_insert(wait);
            }
        }
        let mut waits: Vec<u64> = answered.into_values().collect();
        waits.sort_unstable();
        Cost { runs: 1, messages: outcome.messages.values().sum(), asked: asked.len() as u64, waits }
    }

    /// These runs and others.
    #[must_use]
    pub fn join(mut self, other: Cost) -> Cost {
        self.runs += other.runs;
        self.messages += other.messages;
        self.asked += other.asked;
        self.waits.extend(other.waits);
        self.waits.sort_unstable();
        self
    }

    /// Messages of a run, in tenths, rounded down; 0 without a run.
    #[must_use]
    pub fn messages_tenths(&self) -> u64 {
        (self.messages * 10).checked_div(self.runs).unwrap_or(0)
    }

    /// The wait that half of all answers took at most, if any came.
    #[must_use]
    pub fn median(&self) -> Option<u64> {
        self.waits.get(self.waits.len().checked_sub(1)? / 2).copied()
    }

    /// The longest wait, if any answer came.
    #[must_use]
    pub fn longest(&self) -> Option<u64> {
        self.waits.last().copied()
    }
}

/// When a step asks for what.
fn asks<N: Node>(step: &Step<N>) -> Option<(CallId, Time)> {
    let Action::Call { call, .. } = step.action else { return None };
    Some((call, step.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_join_to_their_sums_and_waits_stay_in_order() {
        let one = Cost { runs: 1, messages: 10, asked: 3, waits: vec![5, 9] };
        let two = Cost { runs: 2, messages: 5, asked: 3, waits: vec![7] };
        let both = one.join(two);
        assert_eq!(both, Cost { runs: 3, messages: 15, asked: 6, waits: vec![5, 7, 9] });
        assert_eq!((both.messages_tenths(), both.median(), both.longest()), (50, Some(7), Some(9)));
    }

    #[test]
    fn nothing_costs_nothing() {
        let none = Cost::default();
        assert_eq!((none.messages_tenths(), none.median(), none.longest()), (0, None, None));
    }
}
