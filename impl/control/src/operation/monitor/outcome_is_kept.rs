use quiesce_machine::{Observation, Rename, View};

use super::hearing::Hearing;
use crate::monitor::Property;
use crate::operation::Node;

/// An operation whose webhook is known to have succeeded does not fail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct OutcomeIsKept {
    hearing: Hearing,
}

impl Property<Node> for OutcomeIsKept {
    const NAME: &'static str = "outcome-is-kept";
    const CLAIM: &'static str = "an operation whose webhook is known to have succeeded does not fail";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match self.hearing.observe(seen, view) {
            Some(found) if found.known.is_ok() => {
                let (by, op, ends) = (view.name(found.by), found.op, found.ends);
                Err(format!("{by} knows that the webhook of {op} succeeded, and it ends {ends:?}"))
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
    use crate::operation::{Fact, Outcome, ProcessId, Reason};

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
        assert_eq!(evidence, "o1 knows that the webhook of op-u1.1.0 succeeded, and it ends Err(Unknown)");
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

    #[test]
    fn what_is_written_down_binds_whoever_asked_until_the_records_are_lost() {
        let recorded = |outcome| (ProcessId::ApiServer, Fact::OutcomeRecorded { op: OP, outcome });
        let asked = [called(O1, OP), called(O2, OP), recorded(Ok(()))];
        for (records_lost, good) in [(false, false), (true, true)] {
            let (still, mut property) = (Still::new(), OutcomeIsKept::default());
            still.tell(&mut property, &asked).unwrap();
            still.crash(&mut property, ProcessId::ApiServer, records_lost);
            assert_eq!(still.tell(&mut property, &[completed(OP, UNKNOWN)]).is_ok(), good, "lost: {records_lost}");
        }
        let outweighed = [called(O1, OP), recorded(UNKNOWN), recorded(Ok(())), completed(OP, UNKNOWN)];
        assert_eq!(Still::new().tell(&mut OutcomeIsKept::default(), &outweighed), Ok(()), "a time-out came first");
    }
}
