use std::collections::BTreeSet;

use quiesce_machine::{Observation, Rename, View};

use super::{rows, stated};
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, Node};

/// An operation that is reported as successful was done by the tenant's system, once at least, or there was nothing to
/// do: it has no webhook, or the webhook said so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct SuccessMeansDone {
    done: BTreeSet<CorrelationId>,
    seen: bool,
}

impl Property<Node> for SuccessMeansDone {
    const NAME: &'static str = "success-means-done";
    const CLAIM: &'static str = "what is reported as successful was done by the tenant's system, if there was anything to do";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match stated(seen) {
            Some((_, &(Fact::WebhookEffect { job } | Fact::WebhookEffectFound { job }))) => {
                self.done.insert(job.op);
            }
            Some((_, &Fact::NothingToDo { op })) => _ = self.done.insert(op),
            Some((_, &Fact::OperationCompleted { current: Some(op), app, outcome: Ok(()), .. })) => {
                self.seen = true;
                let spec = rows(view).into_iter().find(|row| row.app == app).and_then(|row| row.operation);
                let webhook = spec.is_some_and(|spec| spec.op == op && spec.webhooks > 0);
                if webhook && !self.done.contains(&op) {
                    return Err(format!("{op} is reported as successful, and the tenant's system has not done it"));
                }
            }
            Some(_) | None => (),
        }
        Ok(())
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
    fn success_after_the_work_or_without_any_is_good() {
        for fact in [done(OP).1, Fact::NothingToDo { op: OP }] {
            let (mut still, mut property) = (Still::with_webhook(), SuccessMeansDone::default());
            still.accept();
            assert!(!property.armed());
            assert_eq!(still.tell(&mut property, &[(TENANT, fact), completed(OP, Ok(()))]), Ok(()));
            assert!(property.armed());
        }
        let mut still = Still::new();
        still.accept();
        let told = still.tell(&mut SuccessMeansDone::default(), &[completed(OP, Ok(()))]);
        assert_eq!(told, Ok(()), "it has no webhook");
    }

    #[test]
    fn success_without_the_work_is_bad_and_failure_is_not() {
        let mut still = Still::with_webhook();
        still.accept();
        let mut property = SuccessMeansDone::default();
        still.tell(&mut property, &[completed(OP, FAILED)]).unwrap();
        let evidence = still.tell(&mut property, &[completed(OP, Ok(()))]).unwrap_err();
        assert_eq!(evidence, "op-u1.1.0 is reported as successful, and the tenant's system has not done it");
    }
}
