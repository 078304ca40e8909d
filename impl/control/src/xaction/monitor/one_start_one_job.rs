use std::collections::BTreeMap;

use quiesce_machine::{CallId, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{DaemonId, Fact, Node, XactId};

/// One request of a user makes one job, however often it is sent and through whichever gateways.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct OneStartOneJob {
    jobs: BTreeMap<(DaemonId, CallId), XactId>,
}

impl Property<Node> for OneStartOneJob {
    const NAME: &'static str = "one-start-one-job";
    const CLAIM: &'static str = "one request of a user makes one job, however often it is sent";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: &Fact::StartTaken { job, client, call, .. } } = seen else { return Ok(()) };
        let first = *self.jobs.entry((client, call)).or_insert(job);
        if first == job {
            return Ok(());
        }
        Err(format!("call {} of {client} is {first} already, now {} makes {job} of it", call.0, view.name(by)))
    }

    fn armed(&self) -> bool {
        !self.jobs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_repeated_request_for_the_same_job_is_good() {
        let mut property = OneStartOneJob::default();
        assert_eq!(Still::new().tell(&mut property, &[(P1, taken(JOB)), (P2, taken(JOB))]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_second_job_for_one_request_is_bad() {
        let second = XactId::minted(P2, JOB.life(), JOB.number);
        let evidence =
            Still::new().tell(&mut OneStartOneJob::default(), &[(P1, taken(JOB)), (P2, taken(second))]).unwrap_err();
        assert_eq!(evidence, "call 0 of c1 is x-c1.1.0 already, now p2 makes x-p2.1.0 of it");
    }
}
