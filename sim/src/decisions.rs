//! Decisions by name: every draw of a run that could have come out otherwise, and draws decided in advance.
//!
//! A decision is named by its site (whose draw, what for), by what it was about, and by how many of that name came
//! before. So it finds its place again in a run that has changed elsewhere.

use std::collections::BTreeMap;

use quiesce_machine::NodeId;
use serde::{Deserialize, Serialize};

use crate::{Course, Names};

use crate::draws::{About, Roster};
use crate::random::Streams;

/// One draw of a run and how it came out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Decision {
    /// Whose draw and what for: `p1 network/loss`, `t2 timer`, `t2 choice`, `swarm`.
    pub site: String,
    /// What it was about: the message and its receiver, the timer, the purpose of the choice. May be empty.
    pub label: String,
    /// How many decisions of this site and label came before.
    pub nth: u32,
    /// What was picked: below `of`. For a fault that may strike 1 if it did; for a span of time, nanoseconds above its
    /// least.
    pub pick: u64,
    /// How many answers there were; at least 2.
    pub of: u64,
    /// The number of the event in which it was drawn, 0 before the first.
    pub step: u32,
}

/// The name of a decision, without its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Site {
    /// A node's, or the swarm's.
    pub(crate) whose: Option<NodeId>,
    pub(crate) purpose: &'static str,
    pub(crate) about: About,
}

/// A draw to be settled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) step: u32,
    pub(crate) of: u64,
    pub(crate) drawn: u64,
}

/// Keeps the decisions of a run and knows those made in advance.
#[derive(Debug)]
pub(crate) struct Ledger {
    names: Names,
    decided: BTreeMap<(String, String), BTreeMap<u32, u64>>,
    sites: BTreeMap<Site, Named>,
    fork: Option<(u32, Roster)>,
    log: Vec<Decision>,
}

/// What is known of one site.
#[derive(Debug)]
struct Named {
    site: String,
    label: String,
    next: u32,
    decided: BTreeMap<u32, u64>,
}

impl Ledger {
    pub(crate) fn new(source: &Course, names: &Names) -> Self {
        let mut decided: BTreeMap<(String, String), BTreeMap<u32, u64>> = BTreeMap::new();
        for Decision { site, label, nth, pick, .. } in &source.decided {
            decided.entry((site.clone(), label.clone())).or_default().insert(*nth, *pick);
        }
        let fork = source.fork.map(|fork| (fork.after, Roster::new(fork.seed, names.len())));
        Ledger { names: names.clone(), decided, sites: BTreeMap::new(), fork, log: Vec::new() }
    }

    /// How a draw comes out: as decided, as drawn, or behind a fork drawn again.
    pub(crate) fn settle(&mut self, site: Site, asked: Asked, redraw: impl FnOnce(&mut Streams) -> u64) -> u64 {
        let Asked { step, of, drawn } = asked;
        let names = &self.names;
        let decided = &mut self.decided;
        let named = self.sites.entry(site).or_insert_with(|| Named::new(site, names, decided));
        let nth = named.next;
        named.next += 1;
        let pick = match &mut self.fork {
            Some((after, roster)) if step > *after => redraw(roster.of(site.whose, names)),
            Some(_) | None => match named.decided.remove(&nth) {
                Some(pick) => pick.min(of - 1),
                None => drawn,
            },
        };
        self.log.push(Decision { site: named.site.clone(), label: named.label.clone(), nth, pick, of, step });
        pick
    }

    /// Every decision of the run in order, and how many of those made in advance were never asked for.
    pub(crate) fn into_decisions(self) -> (Vec<Decision>, usize) {
        let never = self.decided.values().chain(self.sites.values().map(|named| &named.decided));
        let unused = never.map(BTreeMap::len).sum();
        (self.log, unused)
    }
}

impl Named {
    fn new(site: Site, names: &Names, decided: &mut BTreeMap<(String, String), BTreeMap<u32, u64>>) -> Self {
        let name = |node: NodeId| &names[node.index()];
        let Site { whose, purpose, about } = site;
        let site = whose.map_or("swarm".to_owned(), |node| format!("{} {purpose}", name(node)));
        let peer = about.peer.map_or(String::new(), |peer| format!(" to {}", name(peer)));
        let label = format!("{}{peer}", about.label);
        let decided = decided.remove(&(site.clone(), label.clone())).unwrap_or_default();
        Named { site, label, next: 0, decided }
    }
}
