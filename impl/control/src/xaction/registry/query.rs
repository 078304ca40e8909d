//! What is asked of a target's registry, and what it answers.

use quiesce_machine::Rename;
use thiserror::Error;

use super::{Entry, Registry};
use crate::xaction::bucket::Bucket;
use crate::xaction::id::Form;
use crate::xaction::{Kind, XactId};

/// A question about xactions.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Query {
    /// These, tried in turn; the first that is there is the answer.
    pub ids: Vec<XactId>,
    /// Of that kind.
    pub kind: Option<Kind>,
    /// On that bucket.
    pub bucket: Option<Bucket>,
    /// `true`: running ones only; `false`: only those not running; `None`: all.
    pub show_active: Option<bool>,
}

/// 404: no such xaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error, Rename)]
#[error("there is no such xaction")]
pub struct QueryRefused;

impl Registry {
    /// The xactions that answer a question, in the order registered.
    ///
    /// # Errors
    /// When ids are named and none of them is there, running if that is asked, of the kind if one is named.
    pub fn query(&self, query: &Query) -> Result<Vec<&Entry>, QueryRefused> {
        if !query.ids.is_empty() {
            let answers = query.ids.iter().find_map(|&id| self.by_id(id, query));
            return answers.ok_or(QueryRefused);
        }
        let matches: Vec<&Entry> = self.entries.iter().filter(|entry| query.names(entry)).collect();
        if query.show_active == Some(true) && query.bucket.is_some() && query.kind.is_none() {
            return Ok(one_per_kind(&matches));
        }
        Ok(matches)
    }

    /// The most recent xaction of each kind and bucket that answers: what the oldest interface shows without `all`.
    #[must_use]
    pub fn most_recent(&self, query: &Query) -> Vec<&Entry> {
        let matches: Vec<&Entry> = self.entries.iter().filter(|entry| query.names(entry)).collect();
        let superseded = |at: usize, entry: &Entry| {
            matches[at + 1..].iter().any(|later| later.kind == entry.kind && later.from == entry.from)
        };
        matches.iter().enumerate().filter(|(at, entry)| !superseded(*at, entry)).map(|(_, &entry)| entry).collect()
    }

    /// `kind[id]` of everything that runs.
    #[must_use]
    pub fn running_all(&self) -> Vec<String> {
        self.running().map(|entry| format!("{}[{}]", entry.kind.name(), entry.id)).collect()
    }

    fn by_id(&self, id: XactId, query: &Query) -> Option<Vec<&Entry>> {
        match self.entry(id) {
            Some(entry) => query.names(entry).then(|| vec![entry]),
            None if id.form() == Form::Rebalance => self.later_rebalances(id),
            None => None,
        }
    }

    /// Rebalances that finished well under an id as high as that, or higher.
    fn later_rebalances(&self, id: XactId) -> Option<Vec<&Entry>> {
        let done = |entry: &&Entry| entry.is_finished() && entry.aborted.is_none();
        let later = |entry: &&Entry| entry.id.form() == Form::Rebalance && entry.id >= id;
        let found: Vec<&Entry> = self.entries.iter().filter(later).filter(done).collect();
        (!found.is_empty()).then_some(found)
    }
}

impl Query {
    /// The question for one id.
    #[must_use]
    pub fn id(id: XactId) -> Query {
        Query { ids: vec![id], ..Query::default() }
    }

    fn names(&self, entry: &Entry) -> bool {
        self.kind.is_none_or(|kind| entry.kind == kind)
            && self.bucket.is_none_or(|bucket| [entry.from, entry.to].contains(&Some(bucket)))
            && self.show_active.is_none_or(|running| entry.is_running() == running)
    }
}

fn one_per_kind<'a>(entries: &[&'a Entry]) -> Vec<&'a Entry> {
    let mut shown: Vec<&Entry> = Vec::new();
    for &entry in entries {
        if shown.iter().all(|other| other.kind != entry.kind) {
            shown.push(entry);
        }
    }
    shown
}
