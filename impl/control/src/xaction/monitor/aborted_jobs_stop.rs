use std::collections::BTreeMap;

use quiesce_machine::{Obligation, Observation, Rename, Renaming, View};

use super::runs_on;
use crate::monitor::Property;
use crate::xaction::{Fact, Node, XactId};

/// A job that a member takes for aborted comes to rest on every target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AbortedJobsStop {
    /// By the number under which each is owed.
    aborted: BTreeMap<u64, XactId>,
}

impl Rename for AbortedJobsStop {
    fn rename(&self, to: &Renaming) -> Self {
        let jobs = self.aborted.values().map(|job| job.rename(to));
        AbortedJobsStop { aborted: jobs.map(|job| (job.key(), job)).collect() }
    }
}

impl Property<Node> for AbortedJobsStop {
    const NAME: &'static str = "aborted-jobs-stop";
    const CLAIM: &'static str = "a job that a member takes for aborted comes to rest on every target";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        if let &Observation::Fact { fact: &Fact::JobAborted { job }, .. } = seen {
            self.aborted.insert(job.key(), job);
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        !self.aborted.is_empty()
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for (&key, &job) in &self.aborted {
            if runs_on(view, job).next().is_some() {
                owes(Obligation(key));
            }
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let job = self.aborted[&owed.0];
        let targets: Vec<String> = runs_on(view, job).map(|target| target.to_string()).collect();
        format!("{job} is aborted and still runs on {}", targets.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn an_aborted_job_that_runs_nowhere_owes_nothing() {
        let mut property = AbortedJobsStop::default();
        let still = Still::new();
        still.tell(&mut property, &[(P1, Fact::JobAborted { job: JOB })]).unwrap();
        assert!(property.armed());
        assert_eq!(still.owed(&property), [""; 0]);
    }

    #[test]
    fn an_aborted_job_owes_while_a_target_runs_it() {
        let mut still = Still::new();
        still.run(T1);
        let mut property = AbortedJobsStop::default();
        assert_eq!(still.owed(&property), [""; 0], "a job that is not aborted may run");
        still.tell(&mut property, &[(P1, Fact::JobAborted { job: JOB })]).unwrap();
        assert_eq!(still.owed(&property), ["x-c1.1.0 is aborted and still runs on t1"]);
    }
}
