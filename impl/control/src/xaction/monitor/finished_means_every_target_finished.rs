use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{NodeId, Observation, View};

use super::runs_on;
use crate::monitor::Property;
use crate::xaction::{Fact, Node, XactId};

/// A job that a member calls ended runs nowhere, now or later; one that it calls finished has ended on every target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FinishedMeansEveryTargetFinished {
    /// Where each job has ended.
    parts: BTreeMap<XactId, BTreeSet<NodeId>>,
    /// What members have called ended.
    ended: BTreeSet<XactId>,
}

impl Property<Node> for FinishedMeansEveryTargetFinished {
    const NAME: &'static str = "finished-means-every-target-finished";
    const CLAIM: &'static str = "a job that a member calls ended runs nowhere, and if finished it has ended everywhere";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact } = seen else { return Ok(()) };
        let who = || view.name(by);
        match *fact {
            Fact::XactEnded { job, .. } => _ = self.parts.entry(job).or_default().insert(by),
            Fact::XactBegan { job } if self.ended.contains(&job) => {
                return Err(format!("{} begins {job}, which a member has called ended", who()));
            }
            Fact::JobEnded { job, status } => {
                self.ended.insert(job);
                if let Some(target) = runs_on(view, job).next() {
                    return Err(format!("{} says that {job} has ended ({status}), and {target} still runs it", who()));
                }
                let cluster = &view.config().cluster;
                let parts = self.parts.entry(job).or_default();
                let missing = cluster.targets().find(|&target| !parts.contains(&cluster.node(target)));
                if let (false, Some(target)) = (status.aborted, missing) {
                    return Err(format!("{} says that {job} has finished, and {target} has not", who()));
                }
            }
            Fact::StartTaken { .. }
            | Fact::JobRegistered { .. }
            | Fact::XactBegan { .. }
            | Fact::JobAborted { .. }
            | Fact::JobPruned { .. }
            | Fact::StartAsked { .. }
            | Fact::StartAnswered { .. }
            | Fact::StartFailed { .. }
            | Fact::WaitBegan { .. }
            | Fact::WaitReturned { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        !self.ended.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Snap;

    fn verdict(still: &Still, history: &[(crate::xaction::DaemonId, Fact)]) -> Result<(), String> {
        still.tell(&mut FinishedMeansEveryTargetFinished::default(), history)
    }

    #[test]
    fn finished_after_every_target_is_good() {
        let history = [(T1, ended(Snap::Finished)), (T2, ended(Snap::Finished)), (P1, job_ended(false))];
        assert_eq!(verdict(&Still::new(), &history), Ok(()));
    }

    #[test]
    fn finished_before_the_last_target_is_bad() {
        let evidence = verdict(&Still::new(), &[(T1, ended(Snap::Finished)), (P1, job_ended(false))]).unwrap_err();
        assert_eq!(evidence, "p1 says that x-c1.1.0 has finished, and t2 has not");
    }

    #[test]
    fn aborted_while_a_target_runs_is_bad() {
        let mut still = Still::new();
        still.run(T2);
        let evidence = verdict(&still, &[(P1, job_ended(true))]).unwrap_err();
        assert_eq!(evidence, "p1 says that x-c1.1.0 has ended (aborted), and t2 still runs it");
    }

    #[test]
    fn a_part_that_begins_after_the_end_is_bad() {
        let evidence = verdict(&Still::new(), &[(P1, job_ended(true)), (T2, Fact::XactBegan { job: JOB })]).unwrap_err();
        assert_eq!(evidence, "t2 begins x-c1.1.0, which a member has called ended");
    }
}
