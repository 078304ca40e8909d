use std::collections::BTreeSet;

use quiesce_machine::{Observation, Rename, View};

use super::{database_lost, stated};
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, Node};

/// A request is carried out once, however often it arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct OneRequestOneOperation {
    carried_out: BTreeSet<CorrelationId>,
    seen: bool,
}

impl Property<Node> for OneRequestOneOperation {
    const NAME: &'static str = "one-request-one-operation";
    const CLAIM: &'static str = "a request is carried out once, however often it arrives";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        if database_lost(seen, view) {
            self.carried_out.clear();
        }
        let Some((_, &(Fact::OperationAccepted { op, app, .. } | Fact::MutationCommitted { op, app, .. }))) =
            stated(seen)
        else {
            return Ok(());
        };
        self.seen = true;
        if self.carried_out.insert(op) { Ok(()) } else { Err(format!("{op} is carried out again on {app}")) }
    }

    fn armed(&self) -> bool {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn different_requests_are_good() {
        let mut property = OneRequestOneOperation::default();
        assert!(!property.armed());
        assert_eq!(Still::new().tell(&mut property, &[accepted(OP), accepted(OP2)]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_request_carried_out_twice_is_bad() {
        let evidence =
            Still::new().tell(&mut OneRequestOneOperation::default(), &[accepted(OP), accepted(OP)]).unwrap_err();
        assert_eq!(evidence, "op-u1.1.0 is carried out again on a1");
    }
}
