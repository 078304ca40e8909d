//! Counts the messages of a run until the last waiter knows, and tells those that clients cause from the rest.

use std::collections::BTreeMap;

use quiesce_control::xaction::{Cluster, DaemonId, Fact, Msg, Node, Reply, ToProxy, XactId, wire};
use quiesce_machine::{Event, NodeId, Time};
use quiesce_sim::{Meter, Outcome, Verdict};

use super::row::{Load, Measured};

/// What is counted of one run.
#[derive(Debug)]
pub(super) struct Count {
    cluster: Cluster,
    /// Whether those who wait are clients; else they are members.
    polls: bool,
    awaited: usize,
    /// Whether an event was caused by a client that asks, by the number of the event.
    asked: Vec<bool>,
    nodes: Vec<Load>,
    all: Load,
    /// What clients cause by asking, whoever sends it.
    caused: u64,
    /// What clients send and get when they ask.
    facing: u64,
    /// When the last target of a job ended.
    ended: BTreeMap<XactId, Time>,
    /// Who knows of which job since when.
    known: Vec<(XactId, Time)>,
}

impl Count {
    pub(super) fn new(cluster: Cluster, polls: bool, awaited: usize) -> Self {
        let nodes = cluster.daemons().map(|_| Load::default()).collect();
        Count {
            cluster,
            polls,
            awaited,
            asked: vec![false],
            nodes,
            all: Load::default(),
            caused: 0,
            facing: 0,
            ended: BTreeMap::new(),
            known: Vec::new(),
        }
    }

    fn is_client(&self, node: NodeId) -> bool {
        matches!(self.cluster.daemon(node), DaemonId::Client(_))
    }

    fn is_over(&self) -> bool {
        self.known.len() >= self.awaited
    }

    /// The run in figures.
    pub(super) fn measured(&self, outcome: &Outcome<Node>) -> Measured {
        let most = self.nodes.iter().map(|load| load.messages).max().unwrap_or(0);
        let mut loads = self.cluster.daemons().zip(&self.nodes);
        let (hottest, hot) = loads.find(|(_, load)| load.messages == most).expect("a cluster has nodes");
        let ended = |job: &XactId| self.ended.get(job).copied().unwrap_or(Time::ZERO);
        let mut waits: Vec<u64> = self.known.iter().map(|(job, at)| at.0.saturating_sub(ended(job).0)).collect();
        waits.sort_unstable();
        let whole = self.is_over() && outcome.verdict == Verdict::Pass;
        Measured {
            total: self.all,
            hottest: hottest.to_string(),
            hot: *hot,
            caused: if self.polls { self.caused } else { 0 },
            facing: if self.polls { self.facing } else { 0 },
            p50: percentile(&waits, 50),
            p99: percentile(&waits, 99),
            early: self.known.iter().filter(|(job, at)| *at < ended(job)).count() as u64,
            knowing: self.known.len() as u64,
            awaited: self.awaited as u64,
            events: outcome.events,
            whole,
        }
    }
}

impl Meter<Node> for Count {
    fn handles(&mut self, number: u32, cause: u32, node: NodeId, event: &Event<Node>) {
        debug_assert_eq!(number as usize, self.asked.len(), "events are told one by one");
        let asked = match event {
            Event::Deliver { from, msg } if self.is_client(*from) => !starts(msg),
            Event::Deliver { .. } | Event::Bounce { .. } => self.asked[cause as usize],
            Event::Fire { .. } => self.asked[cause as usize] && self.is_client(node),
            Event::Start { .. } | Event::Stored { .. } | Event::Call { .. } => false,
        };
        self.asked.push(asked);
    }

    fn sends(&mut self, from: NodeId, to: NodeId, msg: &Msg) {
        if self.is_over() {
            return;
        }
        let bytes = wire::bytes(msg);
        self.all.add(bytes);
        self.nodes[from.index()].add(bytes);
        self.nodes[to.index()].add(bytes);
        let by_client = self.is_client(from);
        let asked = if by_client { !starts(msg) } else { self.asked[self.asked.len() - 1] };
        self.caused += u64::from(asked);
        self.facing += u64::from(asked && (by_client || self.is_client(to)));
    }

    fn states(&mut self, at: Time, _: NodeId, fact: &Fact) {
        match (fact, self.polls) {
            (Fact::XactEnded { job, .. }, _) => {
                let last = self.ended.entry(*job).or_insert(at);
                *last = (*last).max(at);
            }
            (Fact::JobEnded { job, .. }, false) => self.known.push((*job, at)),
            (Fact::WaitReturned { job: Some(job), .. }, true) => self.known.push((*job, at)),
            (Fact::ErrandDone { job: Some(job), reply: Reply::Met { .. }, .. }, true) => self.known.push((*job, at)),
            _ => (),
        }
    }
}

/// Whether a client's message asks for a job, rather than how one stands.
fn starts(msg: &Msg) -> bool {
    matches!(msg, Msg::ToProxy(ToProxy::StartRequest { .. }))
}

/// The value that so many of a hundred do not exceed, of values in order; none of none.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!((percentile(&[7], 50), percentile(&[7], 99)), (Some(7), Some(7)));
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!((percentile(&hundred, 50), percentile(&hundred, 99)), (Some(50), Some(99)));
        assert_eq!(percentile(&hundred[..3], 99), Some(3));
    }
}
