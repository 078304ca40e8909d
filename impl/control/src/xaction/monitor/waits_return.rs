use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{CallId, NodeId, Obligation, Observation, Rename, View};

use super::tables;
use crate::monitor::Property;
use crate::xaction::{Fact, Node, Outcome, XactId};

/// Every start, query and wait returns, and none gives up on a job that a member has known all along.
///
/// All along: since the client learnt its id, without dying. Once a member prunes the job its time is over, and any member
/// may call it unknown. A wait may end by its own deadline, and the wait of a client that dies is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct WaitsReturn {
    open: BTreeSet<(NodeId, CallId)>,
    /// The members that have known each job all along.
    keepers: BTreeMap<XactId, BTreeSet<NodeId>>,
    seen: bool,
}

impl Property<Node> for WaitsReturn {
    const NAME: &'static str = "waits-return";
    const CLAIM: &'static str =
        "every start, query and wait returns, and none gives up on a job that a member has known all along";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: &(Fact::WaitBegan { call } | Fact::StatusAsked { call } | Fact::StartAsked { call }) } => {
                self.seen = true;
                self.open.insert((by, call));
            }
            Observation::Fact { by, fact: &(Fact::StartFailed { call } | Fact::StatusesTold { call, .. }) } => _ = self.open.remove(&(by, call)),
            Observation::Fact { by, fact: &Fact::StartAnswered { call, job } } => {
                self.open.remove(&(by, call));
                let cluster = &view.config().cluster;
                let know = tables(view).filter(|(_, table)| table.entry(job).is_some());
                self.keepers.insert(job, know.map(|(member, _)| cluster.node(member)).collect());
            }
            Observation::Fact { by, fact: &(Fact::WaitReturned { call, job, outcome } | Fact::StatusTold { call, job, outcome }) } => {
                self.open.remove(&(by, call));
                return job.map_or(Ok(()), |job| self.gave_up(by, call, job, outcome, view));
            }
            Observation::Fact { fact: &Fact::JobPruned { job }, .. } => _ = self.keepers.remove(&job),
            Observation::Crashed { node, .. } => {
                self.open.retain(|&(client, _)| client != node);
                for keepers in self.keepers.values_mut() {
                    keepers.remove(&node);
                }
            }
            Observation::Fact { .. } | Observation::Started { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.seen
    }

    fn owed(&self, _: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for &(client, call) in &self.open {
            owes(Obligation(u64::from(client.0) << 32 | u64::from(call.0)));
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let low = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).expect("32 bits");
        format!("call {} of {} has not returned", low(owed.0), view.name(NodeId(low(owed.0 >> 32))))
    }
}

impl WaitsReturn {
    fn gave_up(
        &self,
        client: NodeId,
        call: CallId,
        job: XactId,
        outcome: Outcome,
        view: &dyn View<Node>,
    ) -> Result<(), String> {
        let gave_up = matches!(outcome, Outcome::NotFound | Outcome::Unreachable);
        let keeper = self.keepers.get(&job).and_then(|keepers| keepers.first());
        let (true, Some(&keeper)) = (gave_up, keeper) else { return Ok(()) };
        let (client, keeper) = (view.name(client), view.name(keeper));
        Err(format!("call {} of {client} gives up on {job} ({outcome:?}), which {keeper} has known all along", call.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    const CALL: CallId = CallId(3);

    fn returned(outcome: Outcome) -> Fact {
        Fact::WaitReturned { call: CALL, job: Some(JOB), outcome }
    }

    #[test]
    fn a_wait_is_owed_until_it_returns() {
        let (still, mut property) = (Still::new(), WaitsReturn::default());
        assert!(!property.armed());
        still.tell(&mut property, &[(C1, Fact::WaitBegan { call: CALL })]).unwrap();
        assert_eq!(still.owed(&property), ["call 3 of c1 has not returned"]);
        still.tell(&mut property, &[(C1, returned(Outcome::TimedOut))]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
        assert!(property.armed());
    }

    #[test]
    fn a_start_is_owed_until_it_is_answered() {
        let (still, mut property) = (Still::new(), WaitsReturn::default());
        still.tell(&mut property, &[(C1, Fact::StartAsked { call: CALL })]).unwrap();
        assert_eq!(still.owed(&property).len(), 1);
        still.tell(&mut property, &[(C1, Fact::StartFailed { call: CALL })]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
    }

    #[test]
    fn the_wait_of_a_client_that_dies_is_over() {
        let (still, mut property) = (Still::new(), WaitsReturn::default());
        still.tell(&mut property, &[(C1, Fact::WaitBegan { call: CALL })]).unwrap();
        still.crash(&mut property, P1).unwrap();
        assert_eq!(still.owed(&property).len(), 1);
        still.crash(&mut property, C1).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
    }

    #[test]
    fn giving_up_is_bad_only_while_a_member_has_known_the_job_all_along() {
        let mut still = Still::new();
        let history = [(C1, Fact::StartAnswered { call: CallId(0), job: JOB }), (C1, returned(Outcome::NotFound))];
        assert_eq!(still.tell(&mut WaitsReturn::default(), &history), Ok(()), "nobody knew it");
        still.track(P2);
        let evidence = still.tell(&mut WaitsReturn::default(), &history).unwrap_err();
        assert_eq!(evidence, "call 3 of c1 gives up on x-c1.1.0 (NotFound), which p2 has known all along");
    }

    #[test]
    fn a_member_that_dies_or_prunes_has_not_known_the_job_all_along() {
        let mut still = Still::new();
        still.track(P2);
        let (learnt, gave_up) = (Fact::StartAnswered { call: CallId(0), job: JOB }, returned(Outcome::NotFound));
        let mut property = WaitsReturn::default();
        still.tell(&mut property, &[(C1, learnt.clone())]).unwrap();
        still.crash(&mut property, P2).unwrap();
        assert_eq!(still.tell(&mut property, &[(C1, gave_up.clone())]), Ok(()));
        let pruned = (P2, Fact::JobPruned { job: JOB });
        assert_eq!(still.tell(&mut WaitsReturn::default(), &[(C1, learnt), pruned, (C1, gave_up)]), Ok(()));
    }
}
