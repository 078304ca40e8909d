use quiesce_machine::{Observation, Rename, View};

use super::runs_on;
use crate::monitor::Property;
use crate::xaction::ask::Condition;
use crate::xaction::{Fact, Node, Reply};

/// A wait on snapshots for a job's end returns when no target works on the job (H-34, IC-2); idle is no end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct SnapsWaitsMeanEverywhere {
    judged: bool,
}

impl Property<Node> for SnapsWaitsMeanEverywhere {
    const NAME: &'static str = "snaps-waits-mean-everywhere";
    const CLAIM: &'static str = "a wait on snapshots for a job's end returns when no target works on the job";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Observation::Fact { by, fact: &Fact::ErrandDone { call, job: Some(job), reply } } = *seen else {
            return Ok(());
        };
        let Reply::Met { condition: Condition::Finished | Condition::NotRunning, .. } = reply else { return Ok(()) };
        self.judged = true;
        match runs_on(view, job).next() {
            Some(target) => {
                Err(format!("call {} of {} is told that {job} has ended, and {target} runs it", call.0, view.name(by)))
            }
            None => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

#[cfg(test)]
mod tests {
    use quiesce_machine::CallId;

    use super::super::testing::*;
    use super::*;

    fn told(condition: Condition) -> Fact {
        let reply = Reply::Met { condition, aborted: false };
        Fact::ErrandDone { call: CallId(1), job: Some(JOB), reply }
    }

    #[test]
    fn the_end_of_a_job_that_runs_nowhere_is_good() {
        let mut property = SnapsWaitsMeanEverywhere::default();
        assert_eq!(Still::new().tell(&mut property, &[(C1, told(Condition::Finished))]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn the_end_of_a_job_that_runs_somewhere_is_bad_but_that_it_idles_is_not() {
        let mut still = Still::new();
        still.run(T2);
        let evidence =
            still.tell(&mut SnapsWaitsMeanEverywhere::default(), &[(C1, told(Condition::Finished))]).unwrap_err();
        assert_eq!(evidence, "call 1 of c1 is told that x-c1.1.0 has ended, and t2 runs it");
        assert_eq!(still.tell(&mut SnapsWaitsMeanEverywhere::default(), &[(C1, told(Condition::Idle))]), Ok(()));
    }
}
