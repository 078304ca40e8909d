use quiesce_machine::{Observation, Rename, View};

use super::hearing::Hearing;
use crate::monitor::Property;
use crate::operation::{Node, Reason};

/// An operation whose job is known to have failed ends for that reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct DefinitiveFailureStops {
    hearing: Hearing,
}

impl Property<Node> for DefinitiveFailureStops {
    const NAME: &'static str = "definitive-failure-stops";
    const CLAIM: &'static str = "an operation whose job is known to have failed ends for that reason";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match self.hearing.observe(seen, view) {
            Some(found) if found.known == Err(Reason::Reported) => {
                let (by, op, ends) = (view.name(found.by), found.op, found.ends);
                Err(format!("{by} knows that the job of {op} failed, and it ends {ends:?}"))
            }
            Some(_) | None => Ok(()),
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
    use crate::operation::{Fact, Outcome};

    const UNKNOWN: Outcome = Err(Reason::Unknown);

    fn heard(outcome: Outcome) -> (crate::operation::ProcessId, Fact) {
        (O1, Fact::OutcomeHeard { op: OP, outcome })
    }

    #[test]
    fn an_end_as_heard_is_good() {
        let mut property = DefinitiveFailureStops::default();
        assert!(!property.armed());
        let history = [called(O1, OP), heard(FAILED), completed(OP, FAILED)];
        assert_eq!(Still::new().tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn another_end_than_heard_is_bad() {
        let history = [called(O1, OP), heard(FAILED), completed(OP, UNKNOWN)];
        let evidence = Still::new().tell(&mut DefinitiveFailureStops::default(), &history).unwrap_err();
        assert_eq!(evidence, "o1 knows that the job of op-u1.1.0 failed, and it ends Err(Unknown)");
    }

    #[test]
    fn a_controller_that_died_or_was_not_alone_is_not_held_to_what_it_heard() {
        let still = Still::new();
        let mut property = DefinitiveFailureStops::default();
        still.tell(&mut property, &[called(O1, OP), heard(FAILED)]).unwrap();
        still.crash(&mut property, O1, false);
        assert_eq!(still.tell(&mut property, &[completed(OP, UNKNOWN)]), Ok(()));
        let history = [called(O1, OP), called(O2, OP), heard(FAILED), completed(OP, UNKNOWN)];
        assert_eq!(still.tell(&mut DefinitiveFailureStops::default(), &history), Ok(()));
    }
}
