use std::collections::BTreeSet;

use quiesce_machine::{NodeId, Obligation, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Fact, Node, XactId};

/// A job that paces itself still ends, however busy the disks are. What dies with its process is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct PacedJobsEnd {
    open: BTreeSet<(NodeId, XactId)>,
    judged: bool,
}

impl Property<Node> for PacedJobsEnd {
    const NAME: &'static str = "paced-jobs-end";
    const CLAIM: &'static str = "a job that paces itself still ends, however busy the disks are";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: &Fact::Paced { job, pace, .. } } => {
                self.judged |= pace > 1;
                self.open.insert((by, job));
            }
            Observation::Fact { by, fact: &Fact::XactEnded { job, .. } } => _ = self.open.remove(&(by, job)),
            Observation::Crashed { node, .. } => self.open.retain(|&(target, _)| target != node),
            Observation::Fact { .. } | Observation::Started { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }

    fn owed(&self, _: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for &(node, job) in &self.open {
            owes(Obligation(u64::from(node.0) << 40 ^ job.key()));
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let named = |&&(node, job): &&(NodeId, XactId)| Obligation(u64::from(node.0) << 40 ^ job.key()) == owed;
        self.open.iter().find(named).map_or_else(
            || "it has ended".to_owned(),
            |&(node, job)| format!("{job} has not ended at {}", view.name(node)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Snap;

    const PACED: Fact = Fact::Paced { job: JOB, users: 95, pace: 8, urgent: false };

    #[test]
    fn a_job_that_has_ended_owes_nothing() {
        let (still, mut property) = (Still::hosting(), PacedJobsEnd::default());
        still.tell(&mut property, &[(T1, PACED), (T1, ended(Snap::Finished))]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
        assert!(property.armed());
    }

    #[test]
    fn a_job_that_goes_on_for_ever_owes_its_end() {
        let (still, mut property) = (Still::hosting(), PacedJobsEnd::default());
        still.tell(&mut property, &[(T1, PACED)]).unwrap();
        assert_eq!(still.owed(&property), ["x-c1.1.0 has not ended at t1"]);
        still.crash(&mut property, T1).unwrap();
        assert_eq!(still.owed(&property), [""; 0], "it died with its process");
    }
}
