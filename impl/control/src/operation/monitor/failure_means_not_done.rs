use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{Observation, Rename, View};

use super::stated;
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, Node, Reason};

/// An operation that is reported as failed was not done by the tenant's system, unless the report says that it may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct FailureMeansNotDone {
    done: BTreeSet<CorrelationId>,
    failed: BTreeMap<CorrelationId, Reason>,
    seen: bool,
}

impl Property<Node> for FailureMeansNotDone {
    const NAME: &'static str = "failure-means-not-done";
    const CLAIM: &'static str = "what is reported as failed was not done, unless the report says that it may be";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        let op = match stated(seen) {
            Some((_, &(Fact::WebhookEffect { job } | Fact::WebhookEffectFound { job }))) => {
                self.done.insert(job.op);
                job.op
            }
            Some((_, &Fact::OperationCompleted { current: Some(op), outcome: Err(reason), .. })) => {
                self.seen = true;
                if reason.claims_not_done() {
                    self.failed.insert(op, reason);
                }
                op
            }
            Some(_) | None => return Ok(()),
        };
        match self.failed.get(&op) {
            Some(reason) if self.done.contains(&op) => {
                Err(format!("{op} is reported as failed, {reason}, and the tenant's system did it"))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    const EFFECT: (crate::operation::ProcessId, Fact) = done(OP);

    #[test]
    fn a_failure_that_says_it_does_not_know_may_be_done() {
        let mut property = FailureMeansNotDone::default();
        assert!(!property.armed());
        assert_eq!(Still::new().tell(&mut property, &[completed(OP, Err(Reason::Unknown)), EFFECT]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_failure_that_is_done_is_bad_in_either_order() {
        let failed = completed(OP, Err(Reason::Timeout));
        for history in [[failed, EFFECT], [EFFECT, failed]] {
            let evidence = Still::new().tell(&mut FailureMeansNotDone::default(), &history).unwrap_err();
            let expected = "op-u1.1.0 is reported as failed, webhook timeout reached, and the tenant's system did it";
            assert_eq!(evidence, expected);
        }
    }
}
