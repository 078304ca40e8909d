use std::collections::BTreeSet;

use quiesce_machine::{Observation, Rename, View};

use super::stated;
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, Node};

/// No operation runs out of time before its webhook was called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct TimeoutImpliesAttempt {
    called: BTreeSet<CorrelationId>,
    seen: bool,
}

impl Property<Node> for TimeoutImpliesAttempt {
    const NAME: &'static str = "timeout-implies-attempt";
    const CLAIM: &'static str = "no operation runs out of time before its webhook was called";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        match stated(seen) {
            Some((_, &Fact::WebhookCalled { op, .. })) => _ = self.called.insert(op),
            Some((_, &Fact::OperationCompleted { op, outcome: Err(reason), .. })) if reason.is_timeout() => {
                self.seen = true;
                if !self.called.contains(&op) {
                    return Err(format!("{op} fails, {reason}, and its webhook was never called"));
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
    use crate::operation::Reason;

    #[test]
    fn a_timeout_after_a_call_is_good() {
        let mut property = TimeoutImpliesAttempt::default();
        assert!(!property.armed());
        let history = [called(O1, OP), completed(OP, Err(Reason::Unknown))];
        assert_eq!(Still::new().tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_timeout_without_a_call_is_bad() {
        let history = [completed(OP, Err(Reason::Timeout))];
        let evidence = Still::new().tell(&mut TimeoutImpliesAttempt::default(), &history).unwrap_err();
        assert_eq!(evidence, "op-u1.1.0 fails, webhook timeout reached, and its webhook was never called");
    }
}
