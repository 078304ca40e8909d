use std::collections::BTreeSet;

use quiesce_machine::{Observation, Rename, View};

use super::stated;
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, Mutation, Node};

/// A delete that was reported as failed does not delete later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct FailedDeleteNeverDeletes {
    deletes: BTreeSet<CorrelationId>,
    failed: BTreeSet<CorrelationId>,
}

impl Property<Node> for FailedDeleteNeverDeletes {
    const NAME: &'static str = "failed-delete-never-deletes";
    const CLAIM: &'static str = "a delete that was reported as failed does not delete later";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        match stated(seen) {
            Some((_, &Fact::OperationAccepted { op, mutation: Mutation::Unregister, .. })) => {
                self.deletes.insert(op);
            }
            Some((_, &Fact::OperationRecovered { op, mutation: Mutation::Unregister, outcome, .. })) => {
                self.deletes.insert(op);
                if outcome.is_some_and(|outcome| outcome.is_err()) {
                    self.failed.insert(op);
                }
            }
            Some((_, &Fact::OperationCompleted { op, outcome: Err(_), current: Some(current), .. }))
                if op == current && self.deletes.contains(&op) =>
            {
                self.failed.insert(op);
            }
            Some((_, &Fact::ApplicationDeleted { op, app })) if self.failed.contains(&op) => {
                return Err(format!("{app} is deleted by {op}, which was reported as failed"));
            }
            Some(_) | None => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        !self.deletes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_later_delete_may_delete() {
        let mut property = FailedDeleteNeverDeletes::default();
        assert!(!property.armed());
        let gone = (DIRECTOR, Fact::ApplicationDeleted { op: OP2, app: APP });
        let history = [accepted(OP), completed(OP, FAILED), accepted(OP2), completed(OP2, Ok(())), gone];
        assert_eq!(Still::new().tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_failed_delete_that_deletes_is_bad() {
        let gone = (DIRECTOR, Fact::ApplicationDeleted { op: OP, app: APP });
        let history = [accepted(OP), completed(OP, FAILED), gone];
        let evidence = Still::new().tell(&mut FailedDeleteNeverDeletes::default(), &history).unwrap_err();
        assert_eq!(evidence, "a1 is deleted by op-u1.1.0, which was reported as failed");
    }
}
