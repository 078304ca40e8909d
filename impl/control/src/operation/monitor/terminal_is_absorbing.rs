use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{NodeId, Observation, Rename, View};

use super::{database_lost, forgot, stated};
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, Node, Outcome};

/// An operation that has ended is left alone: nobody who knows that calls, polls or completes for it, the director
/// completes it once, and its end does not change.
///
/// Another replica may still be at it in good faith; who has read the end, was told it by the director, or has written
/// it in this life knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct TerminalIsAbsorbing {
    ended: BTreeMap<CorrelationId, Outcome>,
    completed: BTreeSet<CorrelationId>,
    wrote: BTreeSet<(NodeId, CorrelationId)>,
}

impl Property<Node> for TerminalIsAbsorbing {
    const NAME: &'static str = "terminal-is-absorbing";
    const CLAIM: &'static str = "nobody who knows that an operation has ended asks about it or completes it, and its end stays";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        if database_lost(seen, view) {
            *self = Self::default();
        }
        if let Some(node) = forgot(seen) {
            self.wrote.retain(|&(by, _)| by != node);
        }
        match stated(seen) {
            Some((by, &(Fact::WebhookCalled { op, ended, .. } | Fact::JobPolled { op, ended, .. })))
                if ended || self.wrote.contains(&(by, op)) =>
            {
                Err(format!("{} asks the webhook about {op}, which it knows has ended", view.name(by)))
            }
            Some((by, &Fact::CompletionSent { op, ended, .. })) if ended || self.wrote.contains(&(by, op)) => {
                Err(format!("{} completes {op}, which it knows has ended", view.name(by)))
            }
            Some((_, &Fact::OperationRecovered { op, outcome: Some(_), .. })) => {
                self.completed.insert(op);
                Ok(())
            }
            Some((_, &Fact::OperationCompleted { current: Some(op), .. })) => {
                if self.completed.insert(op) { Ok(()) } else { Err(format!("{op} is completed a second time")) }
            }
            Some((by, &Fact::OperationEnded { op, outcome })) => {
                self.wrote.insert((by, op));
                match self.ended.insert(op, outcome) {
                    Some(before) if before != outcome => {
                        Err(format!("{op} had ended {before:?} and now ends {outcome:?}"))
                    }
                    Some(_) | None => Ok(()),
                }
            }
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

    #[test]
    fn a_call_or_completion_by_who_wrote_the_end_is_bad_unless_it_has_forgotten() {
        let sent = Fact::CompletionSent { op: OP, outcome: FAILED, ended: false };
        for again in [called(O1, OP).1, sent] {
            let (still, mut property) = (Still::new(), TerminalIsAbsorbing::default());
            still.tell(&mut property, &[ended(OP, FAILED), (O2, again)]).unwrap();
            assert!(still.tell(&mut property, &[(O1, again)]).unwrap_err().ends_with("which it knows has ended"));
            still.crash(&mut property, O1, false);
            assert_eq!(still.tell(&mut property, &[(O1, again)]), Ok(()));
        }
    }

    #[test]
    fn a_second_completion_is_bad() {
        let history = [completed(OP, FAILED), completed(OP2, FAILED), completed(OP, FAILED)];
        let evidence = Still::new().tell(&mut TerminalIsAbsorbing::default(), &history).unwrap_err();
        assert_eq!(evidence, "op-u1.1.0 is completed a second time");
    }
}
