use std::collections::BTreeSet;

use quiesce_machine::{NodeId, Observation, Rename, View};

use super::map_of;
use crate::monitor::Property;
use crate::xaction::{Fact, Node, XactId};

/// A member that has said that a job ended does not track it as running again.
///
/// In one life, and as long as it is a member: whoever comes back to the Information Center begins with what the others
/// hand it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct EndedJobsStayEnded {
    said: BTreeSet<(NodeId, XactId)>,
    judged: bool,
}

impl Property<Node> for EndedJobsStayEnded {
    const NAME: &'static str = "ended-jobs-stay-ended";
    const CLAIM: &'static str = "a member that has said that a job ended does not track it as running again";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: &Fact::JobEnded { job, .. } } => {
                self.judged = true;
                self.said.insert((by, job));
            }
            Observation::Fact { by, fact: &Fact::JobRegistered { job } } if self.said.contains(&(by, job)) => {
                return Err(format!("{} has said that {job} ended, and tracks it again", view.name(by)));
            }
            Observation::Fact { by, fact: Fact::MapInstalled { .. } } => {
                let daemon = view.config().cluster.daemon(by);
                if map_of(view, by).is_none_or(|map| !map.is_ic(daemon)) {
                    self.forget(by);
                }
            }
            Observation::Crashed { node, .. } => self.forget(node),
            Observation::Fact { .. } | Observation::Started { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl EndedJobsStayEnded {
    fn forget(&mut self, node: NodeId) {
        self.said.retain(|&(member, _)| member != node);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Flags;

    const TRACKED: Fact = Fact::JobRegistered { job: JOB };

    #[test]
    fn a_job_that_is_tracked_and_ends_is_good() {
        let mut property = EndedJobsStayEnded::default();
        assert_eq!(Still::new().tell(&mut property, &[(P1, TRACKED), (P1, job_ended(false)), (P2, TRACKED)]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_job_that_is_tracked_after_its_end_is_bad() {
        let history = [(P1, job_ended(false)), (P1, TRACKED)];
        let evidence = Still::new().tell(&mut EndedJobsStayEnded::default(), &history).unwrap_err();
        assert_eq!(evidence, "p1 has said that x-c1.1.0 ended, and tracks it again");
    }

    #[test]
    fn whoever_died_or_was_no_member_in_between_begins_anew() {
        let mut still = Still::new();
        let mut property = EndedJobsStayEnded::default();
        still.tell(&mut property, &[(P1, job_ended(false)), (P2, job_ended(false))]).unwrap();
        still.crash(&mut property, P1).unwrap();
        still.config.deployment.upkeep = Some(crate::xaction::Upkeep::default());
        let map = still.changed(|draft| draft.set(P2, Flags::MAINTENANCE));
        still.hand(P2, map.clone());
        let history = [(P2, Fact::MapInstalled { map }), (P1, TRACKED), (P2, TRACKED)];
        assert_eq!(still.tell(&mut property, &history), Ok(()));
    }
}
