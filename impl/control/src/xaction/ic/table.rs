//! The ownership table of one proxy: jobs that run, jobs that have ended, jobs that were forgotten.

use quiesce_machine::Rename;
use std::collections::BTreeMap;

use super::account::{Account, Entry};
use super::listener::{Listener, Local};
use super::tombstones::Tombstones;
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::job::Snap;
use crate::xaction::kind::Kind;

/// In memory only; a job is in at most one of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct Table {
    running: BTreeMap<XactId, Entry>,
    finished: BTreeMap<XactId, Entry>,
    /// The finished ones, in the order in which they ended here.
    ended: Vec<XactId>,
    /// Tombstones: pruned lately, not to be taken up again from another member.
    buried: Tombstones,
}

impl Table {
    /// A job's listener, running or finished.
    #[must_use]
    pub fn entry(&self, job: XactId) -> Option<&Listener> {
        self.running.get(&job).or_else(|| self.finished.get(&job)).map(Entry::listener)
    }

    /// Every job with its listener, running ones first.
    pub fn iter(&self) -> impl Iterator<Item = (XactId, &Listener)> {
        self.running.iter().chain(&self.finished).map(|(&job, entry)| (job, entry.listener()))
    }

    /// Every job with what is said of it to others, running ones first.
    pub(super) fn accounts(&self) -> impl Iterator<Item = (XactId, Account)> {
        self.running.iter().chain(&self.finished).map(|(&job, entry)| (job, entry.account()))
    }

    /// Some running job of a kind, else the one that ended last.
    #[must_use]
    pub fn find(&self, kind: Kind) -> Option<&Listener> {
        let running = self.running.values().map(Entry::listener).find(|listener| listener.kind == kind);
        running.or_else(|| {
            let ended = self.ended.iter().rev().map(|job| self.finished[job].listener());
            ended.into_iter().find(|listener| listener.kind == kind)
        })
    }

    pub(super) fn running(&self) -> impl Iterator<Item = (XactId, &Listener)> {
        self.running.iter().map(|(&job, entry)| (job, entry.listener()))
    }

    pub(super) fn running_mut(&mut self, job: XactId) -> Option<&mut Listener> {
        self.running.get_mut(&job).map(Entry::listener_mut)
    }

    /// What a member knows of a running job beside the job itself.
    pub(super) fn local_mut(&mut self, job: XactId) -> Option<&mut Local> {
        self.running.get_mut(&job).map(Entry::local_mut)
    }

    pub(super) fn running_entry(&self, job: XactId) -> Option<&Listener> {
        self.running.get(&job).map(Entry::listener)
    }

    pub(super) fn entry_mut(&mut self, job: XactId) -> Option<&mut Listener> {
        self.running.get_mut(&job).or_else(|| self.finished.get_mut(&job)).map(Entry::listener_mut)
    }

    /// Whether a job is here or was here until lately.
    pub(super) fn knows(&self, job: XactId) -> bool {
        self.entry(job).is_some() || self.buried.contains(job)
    }

    /// Whether a job was pruned here lately.
    #[must_use]
    pub fn is_buried(&self, job: XactId) -> bool {
        self.buried.contains(job)
    }

    /// Jobs that were pruned here lately.
    pub(super) fn buried(&self) -> &Tombstones {
        &self.buried
    }

    /// Takes up a job, as running or as finished according to its end time.
    ///
    /// # Panics
    /// When the job is here already.
    pub fn add(&mut self, job: XactId, listener: Listener) {
        assert!(self.entry(job).is_none(), "{job} is in the table already");
        if listener.end_time.is_some() {
            self.ended.push(job);
            self.finished.insert(job, listener.into());
        } else {
            self.running.insert(job, listener.into());
        }
    }

    /// Takes note of the end of one part. The job's listener, unless there is none, the target takes no part, or had
    /// ended before.
    #[inline]
    pub fn mark(&mut self, job: XactId, target: DaemonId, snap: Snap) -> Option<&mut Listener> {
        let entry = match self.running.get_mut(&job) {
            Some(entry) => entry,
            None => self.finished.get_mut(&job)?,
        };
        let listener = entry.listener_mut();
        listener.take(target, snap).then_some(listener)
    }

    /// Moves a running job to the finished ones.
    ///
    /// # Panics
    /// When it does not run, or has no end time.
    pub(super) fn finish(&mut self, job: XactId) {
        let listener = self.running.remove(&job).expect("only a running job ends").into_listener();
        assert!(listener.end_time.is_some(), "{job} ends without an end time");
        self.add(job, listener);
    }

    /// Drops a running copy.
    pub(super) fn drop_running(&mut self, job: XactId) {
        self.running.remove(&job);
    }

    /// Forgets everything but what was pruned lately.
    pub(super) fn clear(&mut self) {
        self.running.clear();
        self.finished.clear();
        self.ended.clear();
    }

    pub(super) fn prune(&mut self, job: XactId) {
        self.finished.remove(&job);
        self.ended.retain(|&ended| ended != job);
    }

    pub(super) fn bury(&mut self, job: XactId) {
        self.buried.insert(job);
    }

    pub(super) fn unbury(&mut self, job: XactId) {
        self.buried.remove(job);
    }
}
