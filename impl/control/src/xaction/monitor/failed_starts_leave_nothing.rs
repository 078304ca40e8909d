use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{CallId, Obligation, Observation, Rename, View};

use super::{config, runs_on};
use crate::monitor::Property;
use crate::xaction::{DaemonId, Fact, Node, XactId};

/// A job whose start failed runs nowhere (P6 of the reference, H-10).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct FailedStartsLeaveNothing {
    asked: BTreeMap<(DaemonId, CallId), BTreeSet<XactId>>,
    failed: BTreeSet<XactId>,
}

impl Property<Node> for FailedStartsLeaveNothing {
    const NAME: &'static str = "failed-starts-leave-nothing";
    const CLAIM: &'static str = "a job whose start failed runs nowhere";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { fact: &Fact::StartTaken { job, client, call, .. }, .. } => {
                self.asked.entry((client, call)).or_default().insert(job);
            }
            Observation::Fact { by, fact: &Fact::StartFailed { call } } => {
                let client = config(view).cluster.daemon(by);
                self.failed.extend(self.asked.remove(&(client, call)).unwrap_or_default());
            }
            Observation::Fact { by, fact: &Fact::StartAnswered { call, .. } } => {
                self.asked.remove(&(config(view).cluster.daemon(by), call));
            }
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        !self.failed.is_empty()
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for &job in &self.failed {
            if runs_on(view, job).next().is_some() {
                owes(Obligation(job.key()));
            }
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let &job = self.failed.iter().find(|job| job.key() == owed.0).expect("what is owed has failed");
        let targets: Vec<String> = runs_on(view, job).map(|target| target.to_string()).collect();
        format!("the start of {job} failed, and it runs on {}", targets.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_failed_start_owes_until_no_target_runs_it() {
        let mut still = Still::new();
        let mut property = FailedStartsLeaveNothing::default();
        still.run(T2);
        still.tell(&mut property, &[(P1, taken(JOB))]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
        still.tell(&mut property, &[(C1, Fact::StartFailed { call: CallId(0) })]).unwrap();
        assert_eq!(still.owed(&property), ["the start of x-c1.1.0 failed, and it runs on t2"]);
        still.nodes = Still::new().nodes;
        assert_eq!(still.owed(&property), [""; 0]);
    }

    #[test]
    fn a_start_that_succeeded_owes_nothing() {
        let mut still = Still::new();
        let mut property = FailedStartsLeaveNothing::default();
        still.run(T2);
        let answered = Fact::StartAnswered { call: CallId(0), job: JOB };
        still.tell(&mut property, &[(P1, taken(JOB)), (C1, answered)]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
    }
}
