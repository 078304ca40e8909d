//! What a member says of a job to others and to its store.
//!
//! A table is offered to every other member each period and written at every durable step, and most of its jobs have not
//! changed since. So what is said of a job is made once and shared until the job changes, and hashing it takes the same time
//! however many targets take part: drivers hash every message.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use quiesce_machine::{Rename, Renaming};

use super::Listener;
use super::listener::Local;
use crate::xaction::digest::digest;

/// A listener as it goes on the wire: all but the member's own business.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account(Arc<Said>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    digest: u64,
    listener: Listener,
}

impl From<Listener> for Account {
    fn from(listener: Listener) -> Self {
        Account(Arc::new(Said { digest: digest(&listener), listener }))
    }
}

impl Deref for Account {
    type Target = Listener;

    fn deref(&self) -> &Listener {
        &self.0.listener
    }
}

impl Rename for Account {
    fn rename(&self, to: &Renaming) -> Self {
        self.0.listener.rename(to).into()
    }
}

impl Hash for Account {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.digest);
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.listener.fmt(f)
    }
}

/// A job in a table, with what was said of it if it has not changed since. That takes no part in comparisons.
#[derive(Clone)]
pub(super) struct Entry {
    listener: Listener,
    said: OnceLock<Account>,
}

impl Entry {
    pub(super) fn listener(&self) -> &Listener {
        &self.listener
    }

    /// For changes: what is said of it is made anew afterwards.
    #[inline]
    pub(super) fn listener_mut(&mut self) -> &mut Listener {
        if self.said.get().is_some() {
            self.said = OnceLock::new();
        }
        &mut self.listener
    }

    /// For changes of the member's own business, of which nothing is said.
    pub(super) fn local_mut(&mut self) -> &mut Local {
        &mut self.listener.local
    }

    pub(super) fn into_listener(self) -> Listener {
        self.listener
    }

    /// What is said of it.
    pub(super) fn account(&self) -> Account {
        self.said.get_or_init(|| self.listener.encoded().into()).clone()
    }
}

impl From<Listener> for Entry {
    fn from(listener: Listener) -> Self {
        Entry { listener, said: OnceLock::new() }
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.listener == other.listener
    }
}

impl Eq for Entry {}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.listener.hash(state);
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.listener.fmt(f)
    }
}

impl Rename for Entry {
    fn rename(&self, to: &Renaming) -> Self {
        self.listener.rename(to).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xaction::{DaemonId, Kind, Snap};

    const T1: DaemonId = DaemonId::Target(0);

    #[test]
    fn what_is_said_of_a_job_is_shared_until_the_job_changes() {
        let sources = [T1, DaemonId::Target(1)].into_iter().collect();
        let mut entry = Entry::from(Listener::new(Kind::Download, DaemonId::Proxy(0), sources, None));
        let (first, again) = (entry.account(), entry.account());
        assert!(Arc::ptr_eq(&first.0, &again.0));
        assert!(entry.listener_mut().take(T1, Snap::Finished));
        let later = entry.account();
        assert!(later != first && later.told().eq([T1]) && *later == entry.listener().encoded());
        assert_ne!(later.0.digest, first.0.digest);
        entry.local_mut().graced = true;
        assert!(Arc::ptr_eq(&later.0, &entry.account().0), "that is nobody else's business");
    }
}
