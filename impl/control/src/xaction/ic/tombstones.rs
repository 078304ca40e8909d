//! Jobs that a member has forgotten, and does not take up again from another.

use std::fmt;
use std::sync::Arc;

use quiesce_machine::{Rename, Renaming};

use crate::xaction::id::XactId;

/// A set of jobs, in order. Copies share it until one changes: it is written with the table at every durable step.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tombstones(Arc<Vec<XactId>>);

impl Tombstones {
    /// Whether a job is in it.
    #[must_use]
    pub fn contains(&self, job: XactId) -> bool {
        self.0.binary_search(&job).is_ok()
    }

    /// Every job in it, in order.
    pub fn iter(&self) -> impl Iterator<Item = XactId> {
        self.0.iter().copied()
    }

    pub(super) fn insert(&mut self, job: XactId) {
        if let Err(place) = self.0.binary_search(&job) {
            Arc::make_mut(&mut self.0).insert(place, job);
        }
    }

    pub(super) fn remove(&mut self, job: XactId) {
        if let Ok(place) = self.0.binary_search(&job) {
            Arc::make_mut(&mut self.0).remove(place);
        }
    }
}

impl Rename for Tombstones {
    fn rename(&self, to: &Renaming) -> Self {
        let mut jobs: Vec<XactId> = self.iter().map(|job| job.rename(to)).collect();
        jobs.sort_unstable();
        Tombstones(Arc::new(jobs))
    }
}

impl fmt::Debug for Tombstones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xaction::DaemonId;
    use quiesce_machine::Incarnation;

    #[test]
    fn jobs_stand_in_it_once_and_in_order_until_they_are_taken_out() {
        let job = |number| XactId::minted(DaemonId::Client(0), Incarnation(1), number);
        let mut buried = Tombstones::default();
        [3, 1, 2, 1].into_iter().for_each(|number| buried.insert(job(number)));
        let copy = buried.clone();
        buried.remove(job(2));
        buried.remove(job(9));
        assert!(buried.iter().eq([job(1), job(3)]) && copy.iter().eq([job(1), job(2), job(3)]));
        assert!(buried.contains(job(3)) && !buried.contains(job(2)));
    }
}
