use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{CallId, NodeId, Observation, Rename, View};

use super::{runs_on, tables};
use crate::monitor::Property;
use crate::xaction::{Fact, Kind, Node, Outcome, XactId};

/// Who asks for a kind, or for every job, is not kept from a job that was started before: it is in the list, and while it
/// runs nobody is told that a kind has ended.
///
/// Started: its user had the id before the question was put. A job that some member has pruned may be left out, and so may
/// one that no member knows any more ([`StartedJobsStayKnown`](super::StartedJobsStayKnown)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct QueriesSeeWhatRuns {
    started: BTreeSet<XactId>,
    /// What had been started when a question was put that has not been answered.
    open: BTreeMap<(NodeId, CallId), BTreeSet<XactId>>,
    judged: bool,
}

impl Property<Node> for QueriesSeeWhatRuns {
    const NAME: &'static str = "queries-see-what-runs";
    const CLAIM: &'static str = "who asks for a kind, or for every job, is not kept from a job that was started before";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { fact: &Fact::StartAnswered { job, .. }, .. } => _ = self.started.insert(job),
            Observation::Fact { fact: &Fact::JobPruned { job }, .. } => {
                self.started.remove(&job);
                self.open.values_mut().for_each(|started| _ = started.remove(&job));
            }
            Observation::Fact { by, fact: &(Fact::StatusAsked { call } | Fact::WaitBegan { call }) } => {
                self.open.insert((by, call), self.started.clone());
            }
            Observation::Fact {
                by,
                fact: &(Fact::StatusTold { call, job, outcome } | Fact::WaitReturned { call, job, outcome }),
            } => {
                let before = self.open.remove(&(by, call)).unwrap_or_default();
                if let Outcome::Status(status) = outcome
                    && job.is_none()
                    && status.end_time.is_some()
                {
                    return self.called_ended(by, call, status.kind, &before, view);
                }
            }
            Observation::Fact { by, fact: Fact::StatusesTold { call, kind, jobs } } => {
                let before = self.open.remove(&(by, *call)).unwrap_or_default();
                return self.listed(by, *call, *kind, jobs, &before, view);
            }
            Observation::Crashed { node, .. } => self.open.retain(|&(client, _), _| client != node),
            Observation::Fact { .. } | Observation::Started { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl QueriesSeeWhatRuns {
    fn called_ended(
        &mut self,
        client: NodeId,
        call: CallId,
        kind: Kind,
        before: &BTreeSet<XactId>,
        view: &dyn View<Node>,
    ) -> Result<(), String> {
        self.judged = true;
        let runs = |&&job: &&XactId| kind_of(job, view) == Some(kind) && runs_on(view, job).next().is_some();
        match before.iter().find(runs) {
            None => Ok(()),
            Some(job) => Err(format!(
                "call {} of {} is told that {kind} has ended, and {job}, which was started before, runs",
                call.0,
                view.name(client)
            )),
        }
    }

    fn listed(
        &mut self,
        client: NodeId,
        call: CallId,
        kind: Option<Kind>,
        jobs: &[XactId],
        before: &BTreeSet<XactId>,
        view: &dyn View<Node>,
    ) -> Result<(), String> {
        self.judged = true;
        let named = |&&job: &&XactId| kind_of(job, view).is_some_and(|of| kind.is_none_or(|kind| kind == of));
        match before.iter().filter(named).find(|job| !jobs.contains(job)) {
            None => Ok(()),
            Some(job) => Err(format!(
                "call {} of {} is shown {} jobs without {job}, which was started before",
                call.0,
                view.name(client),
                jobs.len()
            )),
        }
    }
}

/// A job's kind, as a member that is up has it.
fn kind_of(job: XactId, view: &dyn View<Node>) -> Option<Kind> {
    tables(view).find_map(|(_, table)| table.entry(job)).map(|listener| listener.kind)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use quiesce_machine::Stamp;

    use super::super::testing::*;
    use super::*;
    use crate::xaction::Status;

    const CALL: CallId = CallId(3);

    /// A job that p1 knows and t1 works on is started, then this is asked and told.
    fn verdict(told: Fact) -> Result<(), String> {
        let mut still = Still::new();
        still.track(P1);
        still.run(T1);
        let mut property = QueriesSeeWhatRuns::default();
        let started = (C1, Fact::StartAnswered { call: CallId(0), job: JOB });
        let verdict = still.tell(&mut property, &[started, (C1, Fact::StatusAsked { call: CALL }), (C1, told)]);
        assert!(property.armed());
        verdict
    }

    fn listed(kind: Option<Kind>, jobs: Vec<XactId>) -> Fact {
        Fact::StatusesTold { call: CALL, kind, jobs: Arc::new(jobs) }
    }

    fn ended(kind: Kind) -> Fact {
        let status = Status { kind, end_time: Some(Stamp::default()), aborted: false, err: None };
        Fact::StatusTold { call: CALL, job: None, outcome: Outcome::Status(status) }
    }

    #[test]
    fn a_list_with_the_job_is_good_and_one_without_is_bad() {
        assert_eq!(verdict(listed(None, vec![JOB])), Ok(()));
        assert_eq!(verdict(listed(Some(Kind::Lru), vec![])), Ok(()), "a list of another kind");
        let evidence = verdict(listed(None, vec![])).unwrap_err();
        assert_eq!(evidence, "call 3 of c1 is shown 0 jobs without x-c1.1.0, which was started before");
        verdict(listed(Some(Kind::PrefetchListrange), vec![])).unwrap_err();
    }

    #[test]
    fn a_kind_is_not_called_ended_while_a_job_of_it_runs() {
        assert_eq!(verdict(ended(Kind::Lru)), Ok(()), "a job of another kind has ended");
        let evidence = verdict(ended(Kind::PrefetchListrange)).unwrap_err();
        assert!(evidence.ends_with("has ended, and x-c1.1.0, which was started before, runs"), "{evidence}");
    }

    #[test]
    fn what_is_started_after_the_question_need_not_be_in_the_answer() {
        let mut still = Still::new();
        still.track(P1);
        let mut property = QueriesSeeWhatRuns::default();
        let started = (C1, Fact::StartAnswered { call: CallId(0), job: JOB });
        let asked = (C1, Fact::StatusAsked { call: CALL });
        assert_eq!(still.tell(&mut property, &[asked, started, (C1, listed(None, vec![]))]), Ok(()));
    }
}
