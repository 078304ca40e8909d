use std::collections::BTreeMap;

use quiesce_machine::{Observation, Rename, View};

use super::{database_lost, stated};
use crate::operation::{AppId, CorrelationId, Fact, Node};

/// The operations that the director has accepted and that have not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(super) struct Running {
    ops: BTreeMap<CorrelationId, AppId>,
    seen: bool,
}

impl Running {
    pub(super) fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) {
        if database_lost(seen, view) {
            self.ops.clear();
        }
        match stated(seen) {
            Some((
                _,
                &(Fact::OperationAccepted { op, app, .. } | Fact::OperationRecovered { op, app, outcome: None, .. }),
            )) => {
                self.seen = true;
                self.ops.insert(op, app);
            }
            Some((_, &(Fact::OperationCompleted { current: Some(op), .. } | Fact::OperationRecovered { op, .. }))) => {
                _ = self.ops.remove(&op)
            }
            Some(_) | None => (),
        }
    }

    /// One that is in progress on that application.
    pub(super) fn on(&self, app: AppId) -> Option<CorrelationId> {
        self.ops.iter().find(|(_, on)| **on == app).map(|(&op, _)| op)
    }

    pub(super) fn contains(&self, op: CorrelationId) -> bool {
        self.ops.contains_key(&op)
    }

    /// All of them, in order.
    pub(super) fn ops(&self) -> impl Iterator<Item = &CorrelationId> {
        self.ops.keys()
    }

    /// Whether there has ever been one.
    pub(super) fn any(&self) -> bool {
        self.seen
    }
}
