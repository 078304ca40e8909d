//! Xactions that live on without work, until they have been idle for a while.
//!
//! Expiry takes two steps, as in the published system: a tick finds nothing to do and closes the timer, and later the run
//! loop sees that and ends. Between the two the xaction still counts as running.

use super::Registry;
use super::entry::{Entry, Phase};
use crate::xaction::XactId;
use crate::xaction::policy::{Expiry, Policies};
use quiesce_machine::Rename;

/// What a tick of the idle timer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Tick {
    /// It goes on: tick again.
    Again,
    /// It has been idle for a whole period: its run loop will end it.
    Expiring,
    /// It does not run any more, or its kind does not idle.
    Over,
}

impl Registry {
    /// Hands work to an xaction; says whether it took it.
    pub fn work_begins(&mut self, id: XactId, policies: &Policies) -> bool {
        let Some(entry) = self.demand_mut(id) else { return false };
        entry.pending = entry.pending.saturating_add(1);
        entry.touched = true;
        if entry.phase != Phase::Expiring || policies.expiry == Expiry::Revoked {
            entry.phase = Phase::Running;
        }
        true
    }

    /// A piece of its work is done; says whether the xaction was there to do it.
    pub fn work_ends(&mut self, id: XactId) -> bool {
        let done = |entry: &mut Entry| {
            entry.pending = entry.pending.saturating_sub(1);
            entry.touched = true;
        };
        self.demand_mut(id).map(done).is_some()
    }

    /// It has had no work for some seconds: status calls it idle.
    pub fn rest(&mut self, id: XactId) {
        if let Some(entry) = self.demand_mut(id)
            && entry.pending == 0
            && entry.phase == Phase::Running
        {
            entry.phase = Phase::Idle;
        }
    }

    /// The idle timer ticks.
    pub fn tick(&mut self, id: XactId) -> Tick {
        let Some(entry) = self.demand_mut(id) else { return Tick::Over };
        if entry.pending > 0 || entry.touched {
            entry.touched = false;
            return Tick::Again;
        }
        entry.phase = Phase::Expiring;
        Tick::Expiring
    }

    /// The run loop sees that the idle timer is closed; says whether the xaction ends now.
    pub fn expire(&mut self, id: XactId) -> bool {
        let expiring = self.entry(id).is_some_and(|entry| entry.phase == Phase::Expiring);
        expiring && self.finish(id)
    }

    fn demand_mut(&mut self, id: XactId) -> Option<&mut Entry> {
        self.entry_mut(id).filter(|entry| entry.is_running() && entry.is_demand())
    }
}
