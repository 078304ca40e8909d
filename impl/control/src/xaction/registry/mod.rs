//! Every xaction of one target: what runs, what ran, and what may start.
//!
//! Pure data and transitions. Checking that something may start, registering it and sweeping what must end are separate
//! calls, so that whoever drives them can put other events between. Timers, messages and the work itself are the target's.
//! Source: `reference/aistore-registry-and-coexistence.md` section B.

mod abort;
mod coexist;
mod demand;
mod entry;
mod prune;
mod query;
mod renew;
mod rule;

pub use abort::AbortFilter;
pub use coexist::{Action, Conflict, Origin};
pub use demand::Tick;
pub use entry::{Arg, Cause, Entry, Phase};
pub use query::{Query, QueryRefused};
pub use renew::{Ask, RenewRefused, Renewal};
pub use rule::Rule;

use quiesce_machine::{Rename, Stamp};

use super::XactId;

/// How much history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many finished xactions history keeps, however old, and how many records stop brief ones from being recorded.
    pub history: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { history: 1024 }
    }
}

/// The xactions of one target, in the order registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct Registry {
    entries: Vec<Entry>,
    /// Whether something has finished since the list of active xactions was last pruned.
    finished: bool,
    /// The latest rebalance ever registered here.
    last_rebalance: Option<XactId>,
}

impl Registry {
    /// Every xaction that the registry still knows, in the order registered.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// What runs, begun and idle ones included, in the order registered.
    pub fn running(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.is_running())
    }

    /// The xaction of that id.
    #[must_use]
    pub fn entry(&self, id: XactId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// A begun xaction works from now on; nothing happens to others.
    pub fn run(&mut self, id: XactId) {
        if let Some(entry) = self.entry_mut(id)
            && entry.phase == Phase::Begun
        {
            entry.phase = Phase::Running;
        }
    }

    /// An xaction has ended; says whether it had not before.
    pub fn finish(&mut self, id: XactId) -> bool {
        let Some(entry) = self.entry_mut(id).filter(|entry| !entry.is_finished()) else { return false };
        entry.phase = Phase::Finished;
        self.finished = true;
        true
    }

    /// Keeps for people when an xaction was registered.
    pub(super) fn note_start(&mut self, id: XactId, at: Stamp) {
        if let Some(entry) = self.entry_mut(id) {
            entry.start = at;
        }
    }

    /// Keeps for people when an xaction ended, if it has.
    pub(super) fn note_end(&mut self, id: XactId, at: Stamp) {
        if let Some(entry) = self.entry_mut(id).filter(|entry| entry.is_finished()) {
            entry.end.get_or_insert(at);
        }
    }

    fn entry_mut(&mut self, id: XactId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }
}
