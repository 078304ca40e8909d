use std::collections::BTreeMap;

use quiesce_machine::{NodeId, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Fact, Node, XactId};

/// Once a member has said how a job ended, no member says otherwise.
///
/// Finished and aborted are the two ends. What errors a member knows may still grow after the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct FinishedIsFinal {
    /// Who said first how the job ended, and whether that was aborted.
    ended: BTreeMap<XactId, (NodeId, bool)>,
}

impl Property<Node> for FinishedIsFinal {
    const NAME: &'static str = "finished-is-final";
    const CLAIM: &'static str = "once a member has said how a job ended, no member says otherwise";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: &Fact::JobEnded { job, status } } = seen else { return Ok(()) };
        let &mut (first, aborted) = self.ended.entry(job).or_insert((by, status.aborted));
        if aborted == status.aborted {
            return Ok(());
        }
        let end = |aborted| if aborted { "aborted" } else { "finished" };
        let (first, by) = (view.name(first), view.name(by));
        Err(format!("{first} said that {job} ended {}, now {by} says {}", end(aborted), end(status.aborted)))
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
    fn members_that_tell_one_end_are_good() {
        let mut property = FinishedIsFinal::default();
        assert!(!property.armed());
        let history = [(P1, job_ended(true)), (P2, job_ended(true)), (P1, job_ended(true))];
        assert_eq!(Still::new().tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_finished_job_that_another_member_calls_aborted_is_bad() {
        let history = [(P1, job_ended(false)), (P2, job_ended(true))];
        let evidence = Still::new().tell(&mut FinishedIsFinal::default(), &history).unwrap_err();
        assert_eq!(evidence, "p1 said that x-c1.1.0 ended finished, now p2 says aborted");
    }
}
