use std::collections::BTreeSet;

use quiesce_machine::{NodeId, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{DaemonId, Fact, Kind, Node, XactId};

/// What a member takes for the end of a target's part, that target has said: asking how a job stands decides nothing.
///
/// A part that was lost with its target is none the target could speak of, and the map says when a rebalance is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct QueriesInventNothing {
    said: BTreeSet<(XactId, NodeId)>,
    judged: bool,
}

impl Property<Node> for QueriesInventNothing {
    const NAME: &'static str = "queries-invent-nothing";
    const CLAIM: &'static str = "what a member takes for the end of a target's part, that target has said";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: &Fact::XactEnded { job, .. } } => _ = self.said.insert((job, by)),
            Observation::Fact { by, fact: &(Fact::JobEnded { job, .. } | Fact::JobAborted { job }) } => {
                return self.judge(by, job, view);
            }
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl QueriesInventNothing {
    fn judge(&mut self, by: NodeId, job: XactId, view: &dyn View<Node>) -> Result<(), String> {
        let Some(Node::Proxy(member)) = view.node(by) else { return Ok(()) };
        let Some(listener) = member.ic().table().entry(job).filter(|job| job.kind != Kind::Rebalance) else {
            return Ok(());
        };
        self.judged = true;
        let cluster = &view.config().cluster;
        let unsaid = |&target: &DaemonId| !self.said.contains(&(job, cluster.node(target)));
        match listener.told().find(unsaid) {
            None => Ok(()),
            Some(target) => Err(format!("{} has an end of {job} on {target}, which never said so", view.name(by))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::{Snap, ToProxy, XactError};

    /// A member hears of a part's end from its target.
    fn heard(snap: Snap) -> Still {
        let mut still = Still::new();
        still.track(P1);
        let told = ToProxy::NotifyFinished { job: JOB, kind: Kind::PrefetchListrange, snap, sources: None };
        still.deliver(T1, P1, told);
        still
    }

    #[test]
    fn an_end_that_the_target_has_said_is_good() {
        let snap = Snap::Aborted(XactError::IoError);
        let mut property = QueriesInventNothing::default();
        let history = [(T1, ended(snap)), (P1, Fact::JobAborted { job: JOB })];
        assert_eq!(heard(snap).tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn an_end_that_a_member_makes_out_of_a_404_is_bad() {
        let mut still = Still::new();
        still.config.policies.set("not-found", "aborts-job").unwrap();
        still.track(P1);
        still.grace_over(P1);
        still.deliver(T1, P1, ToProxy::SnapAnswer { job: JOB, settled: false, snap: None });
        let history = [(P1, Fact::JobAborted { job: JOB })];
        let evidence = still.tell(&mut QueriesInventNothing::default(), &history).unwrap_err();
        assert_eq!(evidence, "p1 has an end of x-c1.1.0 on t1, which never said so");
    }

    #[test]
    fn a_job_without_ends_is_good() {
        let mut still = Still::new();
        still.track(P1);
        assert_eq!(still.tell(&mut QueriesInventNothing::default(), &[(P1, Fact::JobAborted { job: JOB })]), Ok(()));
    }
}
