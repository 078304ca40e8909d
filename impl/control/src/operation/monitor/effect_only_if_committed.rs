use std::collections::BTreeSet;

use quiesce_machine::{Observation, Rename, View};

use super::stated;
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, JobId, Node};

/// No webhook is called, and nothing is done, for an operation that is not committed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct EffectOnlyIfCommitted {
    committed: BTreeSet<CorrelationId>,
}

impl Property<Node> for EffectOnlyIfCommitted {
    const NAME: &'static str = "effect-only-if-committed";
    const CLAIM: &'static str = "no webhook is called, and nothing is done, for an operation that is not committed";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        match stated(seen) {
            Some((_, &(Fact::OperationAccepted { op, .. } | Fact::OperationRecovered { op, .. }))) => {
                self.committed.insert(op);
                Ok(())
            }
            Some((_, &(Fact::WebhookCalled { op, .. } | Fact::WebhookEffect { job: JobId { op, .. } })))
                if !self.committed.contains(&op) =>
            {
                Err(format!("the webhook of {op} is called, which the director has not committed"))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        !self.committed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_call_after_the_commit_is_good() {
        let mut property = EffectOnlyIfCommitted::default();
        assert!(!property.armed());
        assert_eq!(Still::new().tell(&mut property, &[accepted(OP), called(O1, OP)]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_call_before_the_commit_is_bad() {
        let evidence = Still::new().tell(&mut EffectOnlyIfCommitted::default(), &[called(O1, OP)]).unwrap_err();
        assert_eq!(evidence, "the webhook of op-u1.1.0 is called, which the director has not committed");
    }
}
