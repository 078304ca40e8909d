use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{NodeId, Observation};

use super::{forgot, stated};
use crate::operation::{CorrelationId, Fact, Node, Outcome};

/// What a controller has heard of an operation that no other controller took part in.
///
/// A replica cannot know what another has heard, so operations that two of them asked the webhook about are left out,
/// and what a process heard is gone with its memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Hearing {
    askers: BTreeMap<CorrelationId, BTreeSet<NodeId>>,
    heard: BTreeMap<CorrelationId, (NodeId, Outcome)>,
}

impl Hearing {
    pub(super) fn observe(&mut self, seen: &Observation<'_, Node>) {
        if let Some(node) = forgot(seen) {
            self.heard.retain(|_, (by, _)| *by != node);
        }
        match stated(seen) {
            Some((by, &(Fact::WebhookCalled { op, .. } | Fact::JobPolled { op, .. }))) => {
                self.askers.entry(op).or_default().insert(by);
            }
            Some((by, &Fact::OutcomeHeard { op, outcome })) => _ = self.heard.entry(op).or_insert((by, outcome)),
            Some(_) | None => (),
        }
    }

    /// What was heard of an operation, and by whom.
    pub(super) fn of(&self, op: CorrelationId) -> Option<(NodeId, Outcome)> {
        let alone = self.askers.get(&op).is_none_or(|askers| askers.len() == 1);
        self.heard.get(&op).copied().filter(|_| alone)
    }

    pub(super) fn any(&self) -> bool {
        !self.askers.is_empty()
    }
}
