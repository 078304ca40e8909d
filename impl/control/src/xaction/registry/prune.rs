//! Forgetting: the list of active xactions often, history seldom.

use std::time::Duration;

use super::{Entry, Limits, Registry};
use crate::xaction::XactId;

impl Registry {
    /// Drops what has ended from the list of active xactions; does nothing if nothing has finished since the last time.
    pub fn prune_active(&mut self) {
        if !std::mem::take(&mut self.finished) {
            return;
        }
        for entry in &mut self.entries {
            entry.active &= !entry.is_finished();
        }
        self.entries.retain(Entry::is_kept);
    }

    /// How long after its end history may forget that xaction.
    #[must_use]
    pub fn ripens_after(entry: &Entry) -> Duration {
        if entry.is_quiet() { Duration::from_secs(60) } else { Duration::from_secs(3600) }
    }

    /// That long has passed since it ended.
    pub fn ripen(&mut self, id: XactId) {
        if let Some(entry) = self.entry_mut(id).filter(|entry| entry.is_finished()) {
            entry.ripe = true;
        }
    }

    /// Forgets what history need not keep: ripe brief ones, and of the others, oldest first, ripe ones beyond the limit.
    /// How long until it should be asked again.
    pub fn prune_history(&mut self, limits: &Limits) -> Duration {
        let others = self.entries.iter().filter(|entry| entry.recorded && !entry.is_quiet()).count();
        let mut beyond = others.saturating_sub(limits.history);
        let left = others.saturating_sub(self.entries.iter().filter(|entry| forgets(entry, &mut beyond)).count());
        let mut beyond = others.saturating_sub(limits.history);
        for entry in &mut self.entries {
            if forgets(entry, &mut beyond) || (entry.is_quiet() && entry.ripe) {
                entry.recorded = false;
            }
        }
        self.entries.retain(Entry::is_kept);
        let minutes = match left {
            left if left > 2 * limits.history => 6,
            left if left > limits.history => 12,
            _ => 24,
        };
        Duration::from_secs(minutes * 60)
    }
}

/// Whether one that is not brief goes, of so many `beyond` the limit.
fn forgets(entry: &Entry, beyond: &mut usize) -> bool {
    let goes = *beyond > 0 && entry.recorded && entry.ripe && !entry.is_quiet();
    *beyond -= usize::from(goes);
    goes
}

impl Entry {
    fn is_kept(&self) -> bool {
        self.active || self.recorded
    }
}
