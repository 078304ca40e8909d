use std::collections::BTreeMap;

use quiesce_machine::{NodeId, Observation, Rename, View};

use super::{latest_map, tables};
use crate::monitor::Property;
use crate::xaction::{Fact, Node, XactId};

/// A job whose id a client has learnt is still known to some member after any one member has died.
///
/// One death since the request: two at once may take every copy along, and then only a target can tell of the job. Jobs
/// that no member ever tracked are none of its business: their kind may not be tracked at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct StartedJobsStayKnown {
    jobs: BTreeMap<XactId, Job>,
    judged: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Rename)]
struct Job {
    tracked: bool,
    learnt: bool,
    deaths: u8,
    /// It has ended, as some member sees it: members may forget it.
    over: bool,
}

impl Property<Node> for StartedJobsStayKnown {
    const NAME: &'static str = "started-jobs-stay-known";
    const CLAIM: &'static str = "a job whose id a client has learnt is known to a member after any one member has died";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { fact: &Fact::StartTaken { job, .. }, .. } => _ = self.jobs.entry(job).or_default(),
            Observation::Fact { fact: &Fact::JobRegistered { job }, .. } => {
                self.jobs.entry(job).or_default().tracked = true;
            }
            Observation::Fact { fact: &Fact::JobEnded { job, .. }, .. } => self.jobs.entry(job).or_default().over = true,
            Observation::Fact { fact: &Fact::StartAnswered { job, .. }, .. } => {
                self.jobs.entry(job).or_default().learnt = true;
                return self.judge(view);
            }
            Observation::Crashed { node, .. } => return self.died(node, view),
            Observation::Fact { .. } | Observation::Started { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl Job {
    fn at_stake(self) -> bool {
        self.tracked && self.learnt && !self.over && self.deaths == 1
    }
}

impl StartedJobsStayKnown {
    fn died(&mut self, node: NodeId, view: &dyn View<Node>) -> Result<(), String> {
        let cluster = &view.config().cluster;
        let member = latest_map(view).is_some_and(|map| map.is_ic(cluster.daemon(node)));
        if !member || cluster.ic_size() == 1 {
            return Ok(());
        }
        for job in self.jobs.values_mut() {
            job.deaths = job.deaths.saturating_add(1).min(2);
        }
        self.judge(view)
    }

    /// Judges the jobs that one death has struck.
    fn judge(&mut self, view: &dyn View<Node>) -> Result<(), String> {
        for (&id, _) in self.jobs.iter().filter(|(_, job)| job.at_stake()) {
            self.judged = true;
            if !tables(view).any(|(_, table)| table.entry(id).is_some()) {
                return Err(format!("{id} was answered for, and after one death no member knows it"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use quiesce_machine::CallId;

    use super::super::testing::*;
    use super::*;

    const TRACKED: Fact = Fact::JobRegistered { job: JOB };
    const LEARNT: Fact = Fact::StartAnswered { call: CallId(0), job: JOB };

    /// Job answered for, then the first member dies; only `knowers` have it.
    fn after_a_death(knowers: &[crate::xaction::DaemonId], before: &[Fact]) -> (StartedJobsStayKnown, Result<(), String>) {
        let (mut still, mut property) = (Still::new(), StartedJobsStayKnown::default());
        for &member in knowers {
            still.track(member);
        }
        let history: Vec<_> = before.iter().map(|fact| (P1, fact.clone())).collect();
        still.tell(&mut property, &history).unwrap();
        still.nodes[0] = None;
        let verdict = still.crash(&mut property, P1);
        (property, verdict)
    }

    #[test]
    fn a_job_that_the_other_member_knows_is_good() {
        let (property, verdict) = after_a_death(&[P1, P2], &[taken(JOB), TRACKED, LEARNT]);
        assert_eq!(verdict, Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_job_that_dies_with_its_only_member_is_bad() {
        let (_, verdict) = after_a_death(&[P1], &[taken(JOB), TRACKED, LEARNT]);
        assert_eq!(verdict.unwrap_err(), "x-c1.1.0 was answered for, and after one death no member knows it");
    }

    #[test]
    fn a_job_that_has_ended_or_that_nobody_learnt_of_or_tracks_may_go() {
        for before in
            [vec![taken(JOB), TRACKED, LEARNT, job_ended(false)], vec![taken(JOB), TRACKED], vec![taken(JOB), LEARNT]]
        {
            let (property, verdict) = after_a_death(&[P1], &before);
            assert_eq!(verdict, Ok(()));
            assert!(!property.armed());
        }
    }
}
