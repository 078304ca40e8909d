use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{NodeId, Observation, Rename, View};

use super::{forgot, records_lost, stated};
use crate::operation::{CorrelationId, Fact, Node, Outcome, ProcessId, Reason};

/// What is known of how a webhook ended, and must therefore be how its operation ends.
///
/// Two sources count. What the API server keeps binds every controller: the first outcome written down for an operation
/// stands, unless it is a time-out, or is lost with the server's records. What a controller has heard and nobody has
/// written down binds that controller alone: a replica cannot know what another has heard, so operations that two of
/// them asked the webhook about are left out, and what a process heard is gone with its memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(super) struct Hearing {
    askers: BTreeMap<CorrelationId, BTreeSet<NodeId>>,
    heard: BTreeMap<CorrelationId, (NodeId, Outcome)>,
    recorded: BTreeMap<CorrelationId, (NodeId, Outcome)>,
}

/// An operation that ends otherwise than was known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contradiction {
    /// Who knew.
    pub(super) by: NodeId,
    pub(super) op: CorrelationId,
    pub(super) known: Outcome,
    pub(super) ends: Outcome,
}

impl Hearing {
    /// Takes note; what contradicts it, if this does.
    pub(super) fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Option<Contradiction> {
        if let Some(node) = forgot(seen) {
            self.heard.retain(|_, (by, _)| *by != node);
        }
        if records_lost(seen, view, ProcessId::ApiServer) {
            self.recorded.clear();
        }
        match stated(seen) {
            Some((by, &(Fact::WebhookCalled { op, .. } | Fact::JobPolled { op, .. }))) => {
                self.askers.entry(op).or_default().insert(by);
                None
            }
            Some((by, &Fact::OutcomeHeard { op, outcome })) => {
                self.heard.entry(op).or_insert((by, outcome));
                None
            }
            Some((by, &Fact::OutcomeRecorded { op, outcome })) => {
                self.recorded.entry(op).or_insert((by, outcome));
                None
            }
            Some((_, &Fact::OperationCompleted { op, outcome: ends, .. })) => {
                let known = self.of(op).filter(|&(_, known)| known != ends);
                known.map(|(by, known)| Contradiction { by, op, known, ends })
            }
            Some(_) | None => None,
        }
    }

    /// What is known of an operation, and by whom.
    fn of(&self, op: CorrelationId) -> Option<(NodeId, Outcome)> {
        let timed_out = |outcome: Outcome| outcome.is_err_and(Reason::is_timeout);
        let recorded = self.recorded.get(&op).copied().filter(|&(_, outcome)| !timed_out(outcome));
        let alone = self.askers.get(&op).is_none_or(|askers| askers.len() == 1);
        recorded.or_else(|| self.heard.get(&op).copied().filter(|_| alone))
    }

    pub(super) fn any(&self) -> bool {
        !self.askers.is_empty()
    }
}
