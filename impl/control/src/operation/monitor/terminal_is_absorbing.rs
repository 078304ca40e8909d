use std::collections::BTreeMap;

use quiesce_machine::{Observation, View};

use super::stated;
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, Node, Outcome};

/// An operation that has ended is left alone: nobody who knows that calls or polls for it, and its end does not change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TerminalIsAbsorbing {
    ended: BTreeMap<CorrelationId, Outcome>,
}

impl Property<Node> for TerminalIsAbsorbing {
    const NAME: &'static str = "terminal-is-absorbing";
    const CLAIM: &'static str = "nobody who knows that an operation has ended calls or polls for it, and its end stays";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match stated(seen) {
            Some((by, &(Fact::WebhookCalled { op, ended: true, .. } | Fact::JobPolled { op, ended: true, .. }))) => {
                Err(format!("{} asks the webhook about {op}, which it knows has ended", view.name(by)))
            }
            Some((_, &Fact::OperationEnded { op, outcome })) => match self.ended.insert(op, outcome) {
                Some(before) if before != outcome => {
                    Err(format!("{op} had ended {before:?} and now ends {outcome:?}"))
                }
                Some(_) | None => Ok(()),
            },
            Some(_) | None => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        !self.ended.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn an_end_written_twice_is_good() {
        let mut property = TerminalIsAbsorbing::default();
        assert!(!property.armed());
        let history = [called(O1, OP), ended(OP, FAILED), ended(OP, FAILED), called(O2, OP2)];
        assert_eq!(Still::new().tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn an_end_that_changes_is_bad() {
        let history = [ended(OP, FAILED), ended(OP, Ok(()))];
        let evidence = Still::new().tell(&mut TerminalIsAbsorbing::default(), &history).unwrap_err();
        assert_eq!(evidence, "op-u1.1.0 had ended Err(Reported) and now ends Ok(())");
    }

    #[test]
    fn a_call_for_what_is_known_to_have_ended_is_bad() {
        let history = [(O1, Fact::WebhookCalled { op: OP, plan: PLAN, ended: true })];
        let evidence = Still::new().tell(&mut TerminalIsAbsorbing::default(), &history).unwrap_err();
        assert_eq!(evidence, "o1 asks the webhook about op-u1.1.0, which it knows has ended");
    }
}
