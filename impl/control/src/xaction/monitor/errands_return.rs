use std::collections::BTreeMap;

use quiesce_machine::{CallId, NodeId, Obligation, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Errand, Fact, Node};

/// What is asked of every target is answered: an administrator is let in, a stop is delivered, a wait returns (P14 of the
/// reference, H-12).
///
/// On-demand xactions in use are no reason to keep an administrator waiting for ever. The errand of a client that dies is
/// over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct ErrandsReturn {
    open: BTreeMap<(NodeId, CallId), Errand>,
    seen: bool,
}

impl Property<Node> for ErrandsReturn {
    const NAME: &'static str = "errands-return";
    const CLAIM: &'static str = "administrators are let in, stops are delivered and waits on snapshots return";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: &Fact::ErrandBegan { call, errand } } => {
                self.seen = true;
                self.open.insert((by, call), errand);
            }
            Observation::Fact { by, fact: &Fact::ErrandDone { call, .. } } => _ = self.open.remove(&(by, call)),
            Observation::Crashed { node, .. } => self.open.retain(|&(client, _), _| client != node),
            Observation::Fact { .. } | Observation::Started { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.seen
    }

    fn owed(&self, _: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for &(client, call) in self.open.keys() {
            owes(Obligation(u64::from(client.0) << 32 | u64::from(call.0)));
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let low = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).expect("32 bits");
        let key = (NodeId(low(owed.0 >> 32)), CallId(low(owed.0)));
        let errand = self.open.get(&key).expect("what is owed is open");
        format!("call {} of {} has not returned: {errand:?}", key.1.0, view.name(key.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Reply;

    const CALL: CallId = CallId(4);

    #[test]
    fn an_administrator_is_owed_an_answer_until_there_is_one() {
        let (still, mut property) = (Still::new(), ErrandsReturn::default());
        still.tell(&mut property, &[(C1, Fact::ErrandBegan { call: CALL, errand: Errand::MayChange })]).unwrap();
        assert_eq!(still.owed(&property), ["call 4 of c1 has not returned: MayChange"]);
        let done = Fact::ErrandDone { call: CALL, job: None, reply: Reply::MayChange };
        still.tell(&mut property, &[(C1, done)]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
    }

    #[test]
    fn the_errand_of_a_client_that_dies_is_over() {
        let (still, mut property) = (Still::new(), ErrandsReturn::default());
        still.tell(&mut property, &[(C1, Fact::ErrandBegan { call: CALL, errand: Errand::MayChange })]).unwrap();
        still.crash(&mut property, C1).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
        assert!(property.armed());
    }
}
