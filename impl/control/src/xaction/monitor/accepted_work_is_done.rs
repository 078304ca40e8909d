use std::collections::BTreeMap;

use quiesce_machine::{CallId, NodeId, Obligation, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{DaemonId, Fact, Node};

/// Work that a target has accepted is done, or its client is told that it will not be (P13 of the reference, H-30).
///
/// A target that dies takes its work along; its clients find that out by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct AcceptedWorkIsDone {
    open: BTreeMap<(DaemonId, CallId), NodeId>,
    seen: bool,
}

impl Property<Node> for AcceptedWorkIsDone {
    const NAME: &'static str = "accepted-work-is-done";
    const CLAIM: &'static str = "work that a target has accepted is done, or its client is told that it will not be";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: &Fact::WorkAccepted { client, call } } => {
                self.seen = true;
                self.open.insert((client, call), by);
            }
            Observation::Fact { fact: &Fact::WorkEnded { client, call }, .. } => _ = self.open.remove(&(client, call)),
            Observation::Crashed { node, .. } => self.open.retain(|_, target| *target != node),
            Observation::Fact { .. } | Observation::Started { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.seen
    }

    fn owed(&self, _: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        self.open.keys().for_each(|&(client, call)| owes(obligation(client, call)));
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let found = self.open.iter().find(|&(&(client, call), _)| obligation(client, call) == owed);
        let (&(client, call), &target) = found.expect("what is owed is open");
        format!("{} has accepted the work of call {} of {client} and not done it", view.name(target), call.0)
    }
}

fn obligation(client: DaemonId, call: CallId) -> Obligation {
    Obligation(client.number() << 32 | u64::from(call.0))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    const ACCEPTED: Fact = Fact::WorkAccepted { client: C1, call: CallId(2) };
    const ENDED: Fact = Fact::WorkEnded { client: C1, call: CallId(2) };

    #[test]
    fn accepted_work_is_owed_until_it_ends() {
        let (still, mut property) = (Still::new(), AcceptedWorkIsDone::default());
        still.tell(&mut property, &[(T1, ACCEPTED)]).unwrap();
        assert_eq!(still.owed(&property), ["t1 has accepted the work of call 2 of c1 and not done it"]);
        still.tell(&mut property, &[(T1, ENDED)]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
        assert!(property.armed());
    }

    #[test]
    fn work_dies_with_its_target_and_with_no_other() {
        let (still, mut property) = (Still::new(), AcceptedWorkIsDone::default());
        still.tell(&mut property, &[(T1, ACCEPTED)]).unwrap();
        still.crash(&mut property, T2).unwrap();
        assert_eq!(still.owed(&property).len(), 1);
        still.crash(&mut property, T1).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
    }
}
