use quiesce_machine::{Observation, View};

use super::hearing::Hearing;
use super::stated;
use crate::monitor::Property;
use crate::operation::{Fact, Node};

/// An operation whose webhook a controller heard to succeed does not fail, if no other controller took part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OutcomeIsKept {
    hearing: Hearing,
}

impl Property<Node> for OutcomeIsKept {
    const NAME: &'static str = "outcome-is-kept";
    const CLAIM: &'static str = "an operation whose webhook was heard to succeed does not fail";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        self.hearing.observe(seen);
        let Some((_, &Fact::OperationCompleted { op, outcome, .. })) = stated(seen) else { return Ok(()) };
        match (self.hearing.of(op), outcome) {
            (Some((by, Ok(()))), Err(reason)) => {
                Err(format!("{} heard that the webhook of {op} succeeded, and it fails: {reason}", view.name(by)))
            }
            (Some(_) | None, _) => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.hearing.any()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::operation::{Outcome, Reason};

    const UNKNOWN: Outcome = Err(Reason::Unknown);

    fn heard(outcome: Outcome) -> (crate::operation::ProcessId, Fact) {
        (O1, Fact::OutcomeHeard { op: OP, outcome })
    }

    #[test]
    fn an_end_as_heard_is_good() {
        let mut property = OutcomeIsKept::default();
        assert!(!property.armed());
        let history = [called(O1, OP), heard(Ok(())), completed(OP, Ok(()))];
        assert_eq!(Still::new().tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn another_end_than_heard_is_bad() {
        let history = [called(O1, OP), heard(Ok(())), completed(OP, UNKNOWN)];
        let evidence = Still::new().tell(&mut OutcomeIsKept::default(), &history).unwrap_err();
        assert_eq!(evidence, "o1 heard that the webhook of op-u1.1.0 succeeded, and it fails: webhook timeout reached: outcome unknown");
    }

    #[test]
    fn a_controller_that_died_or_was_not_alone_is_not_held_to_what_it_heard() {
        let still = Still::new();
        let mut property = OutcomeIsKept::default();
        still.tell(&mut property, &[called(O1, OP), heard(Ok(()))]).unwrap();
        still.crash(&mut property, O1, false);
        assert_eq!(still.tell(&mut property, &[completed(OP, UNKNOWN)]), Ok(()));
        let history = [called(O1, OP), called(O2, OP), heard(Ok(())), completed(OP, UNKNOWN)];
        assert_eq!(still.tell(&mut OutcomeIsKept::default(), &history), Ok(()));
    }
}
