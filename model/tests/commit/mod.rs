//! Two-phase commit, packed, as a model for searches: Stateright's published example in a few words a state.

#![allow(unreachable_pub, reason = "a bench takes this file in and shows what is in it")]

use quiesce_model::search::Explore;
use stateright::{Model, Property};

/// Two-phase commit as in Stateright's example: in sets of resource managers, one bit each.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// How many resource managers there are.
    pub managers: u32,
}

/// A state, packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// Two bits a manager: working, prepared, committed, aborted.
    managers: u32,
    sent: u32,
    counted: u32,
    decision: Option<bool>,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// The transaction manager counts a manager in.
    Count(u32),
    /// It decides.
    Decide(bool),
    /// A manager commits, or aborts.
    Become(u32, u32),
    /// A manager prepares.
    Prepare(u32),
}

impl Model for Commit {
    type State = Ledger;
    type Action = Deed;

    fn init_states(&self) -> Vec<Ledger> {
        vec![Ledger { managers: 0, sent: 0, counted: 0, decision: None }]
    }

    fn actions(&self, state: &Ledger, deeds: &mut Vec<Deed>) {
        if state.decision.is_none() {
            deeds.push(Deed::Decide(false));
            deeds.extend((state.counted + 1 == 1 << self.managers).then_some(Deed::Decide(true)));
        }
        for rm in 0..self.managers {
            let working = state.managers >> (2 * rm) & 3 == 0;
            deeds.extend((state.decision.is_none() && state.sent >> rm & 1 == 1).then_some(Deed::Count(rm)));
            deeds.extend(working.then_some(Deed::Prepare(rm)));
            deeds.extend(working.then_some(Deed::Become(rm, 3)));
            deeds.extend(state.decision.map(|commit| Deed::Become(rm, if commit { 2 } else { 3 })));
        }
    }

    fn next_state(&self, state: &Ledger, deed: Deed) -> Option<Ledger> {
        let becoming = |rm: u32, what: u32| state.managers & !(3 << (2 * rm)) | what << (2 * rm);
        Some(match deed {
            Deed::Count(rm) => Ledger { counted: state.counted | 1 << rm, ..*state },
            Deed::Decide(commit) => Ledger { decision: Some(commit), ..*state },
            Deed::Become(rm, what) => Ledger { managers: becoming(rm, what), ..*state },
            Deed::Prepare(rm) => Ledger { managers: becoming(rm, 1), sent: state.sent | 1 << rm, ..*state },
        })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn has(model: &Commit, state: &Ledger, what: u32) -> bool {
            (0..model.managers).any(|rm| state.managers >> (2 * rm) & 3 == what)
        }
        vec![
            Property::sometimes("commit", |model, state| has(model, state, 2)),
            Property::always("consistent", |model, state| !(has(model, state, 2) && has(model, state, 3))),
        ]
    }
}

impl Explore for Commit {
    fn fingerprint(&self, state: &Ledger) -> u64 {
        let decision = state.decision.map_or(0, |commit| 1 + u64::from(commit));
        let packed =
            u64::from(state.managers) | u64::from(state.sent) << 24 | u64::from(state.counted) << 36 | decision << 48;
        packed.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}
