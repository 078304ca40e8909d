use std::collections::BTreeMap;

use quiesce_machine::{Observation, Rename, View};

use super::stated;
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, Node, Reason, Webhook};

/// An operation goes by one definition of its webhook from its first call to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct PlanFrozen {
    plans: BTreeMap<CorrelationId, Webhook>,
}

impl Property<Node> for PlanFrozen {
    const NAME: &'static str = "plan-frozen";
    const CLAIM: &'static str = "an operation goes by one definition of its webhook from its first call to its end";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        match stated(seen) {
            Some((_, &(Fact::WebhookCalled { op, plan, .. } | Fact::JobPolled { op, plan, .. }))) => {
                match *self.plans.entry(op).or_insert(plan) {
                    first if first == plan => Ok(()),
                    first => Err(format!("{op} went by {first:?}, now by {plan:?}")),
                }
            }
            Some((_, &Fact::OperationCompleted { op, outcome: Err(Reason::MissingWebhook), .. })) => {
                Err(format!("{op} fails because its webhook is defined no longer"))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        !self.plans.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::*;
    use super::*;

    #[test]
    fn one_definition_throughout_is_good() {
        let mut property = PlanFrozen::default();
        assert!(!property.armed());
        let polled = (O1, Fact::JobPolled { op: OP, plan: PLAN, ended: false });
        assert_eq!(Still::new().tell(&mut property, &[called(O1, OP), polled, completed(OP, FAILED)]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_definition_that_changes_or_is_missed_is_bad() {
        let plan = Webhook { timeout: Some(Duration::from_secs(1)), ..PLAN };
        let polled = (O1, Fact::JobPolled { op: OP, plan, ended: false });
        let evidence = Still::new().tell(&mut PlanFrozen::default(), &[called(O1, OP), polled]).unwrap_err();
        assert!(evidence.starts_with("op-u1.1.0 went by Webhook"), "{evidence}");
        let missed = [completed(OP, Err(Reason::MissingWebhook))];
        let evidence = Still::new().tell(&mut PlanFrozen::default(), &missed).unwrap_err();
        assert_eq!(evidence, "op-u1.1.0 fails because its webhook is defined no longer");
    }
}
