//! One process with everything that is its own: what it remembers, keeps, waits for, and is still to be asked.

use quiesce_machine::{Effect, Incarnation, Node, NodeId, OpId, Record, Write};

/// The part of a world's state that belongs to one node. A step of one process changes one place and the messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place<N: Node> {
    pub(super) id: NodeId,
    /// Its memory; none while it is down.
    pub(super) process: Option<N>,
    /// Which life it is in, or died in; zero before the first.
    pub(super) incarnation: Incarnation,
    /// What its store keeps, ordered by key.
    pub(super) records: Vec<N::Record>,
    /// Writes not yet acknowledged, oldest first.
    pub(super) pending: Vec<(OpId, Write<N::Record>)>,
    /// Armed timers, ascending.
    pub(super) timers: Vec<N::Timer>,
    /// How many of the scope's calls to this node were made.
    pub(super) calls_made: u32,
}

impl<N: Node> Place<N> {
    /// A node that has never run.
    pub(super) fn unborn(id: NodeId) -> Self {
        Place {
            id,
            process: None,
            incarnation: Incarnation(0),
            records: Vec::new(),
            pending: Vec::new(),
            timers: Vec::new(),
            calls_made: 0,
        }
    }

    /// This node once its process died: `applied` of its pending writes were applied, then perhaps all records lost.
    pub(super) fn crashed(&self, applied: usize, records_lost: bool) -> Self {
        let mut down = self.clone();
        down.process = None;
        down.timers.clear();
        for (_, write) in std::mem::take(&mut down.pending).into_iter().take(applied) {
            down.apply(write);
        }
        if records_lost {
            down.records.clear();
        }
        down
    }

    /// Makes a write durable.
    pub(super) fn apply(&mut self, write: Write<N::Record>) {
        let at = self.records.binary_search_by(|record| record.key().cmp(&write.key()));
        match (at, write) {
            (Ok(at), Write::Put(record)) => self.records[at] = record,
            (Ok(at), Write::Remove(_)) => _ = self.records.remove(at),
            (Err(at), Write::Put(record)) => self.records.insert(at, record),
            (Err(_), Write::Remove(_)) => (),
        }
    }

    /// Takes an effect that concerns nobody else; hands back a message to be sent.
    pub(super) fn perform(&mut self, effect: Effect<N>) -> Option<(NodeId, N::Msg)> {
        match effect {
            Effect::Send { to, msg } => return Some((to, msg)),
            Effect::Arm { timer, after: _ } => {
                if let Err(at) = self.timers.binary_search(&timer) {
                    self.timers.insert(at, timer);
                }
            }
            Effect::Disarm { timer } => {
                if let Ok(at) = self.timers.binary_search(&timer) {
                    self.timers.remove(at);
                }
            }
            Effect::Store { op, write } => self.pending.push((op, write)),
            Effect::Reply { call: _, reply: _ } => (),
        }
        None
    }
}
