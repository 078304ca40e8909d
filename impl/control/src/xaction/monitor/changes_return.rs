use std::collections::BTreeSet;

use quiesce_machine::{CallId, NodeId, Obligation, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Fact, Node};

/// Every change of membership that is asked for is answered, and every daemon that is asked to join becomes a member.
///
/// The request of a client or daemon that dies is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct ChangesReturn {
    open: BTreeSet<(NodeId, CallId)>,
    seen: bool,
}

impl Property<Node> for ChangesReturn {
    const NAME: &'static str = "changes-return";
    const CLAIM: &'static str = "every change of membership that is asked for is answered, every daemon asked to join joins";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: &(Fact::ChangeAsked { call, .. } | Fact::JoinAsked { call }) } => {
                self.seen = true;
                self.open.insert((by, call));
            }
            Observation::Fact { by, fact: &(Fact::ChangeReturned { call } | Fact::Joined { call }) } => {
                self.open.remove(&(by, call));
            }
            Observation::Crashed { node, .. } => self.open.retain(|&(asked, _)| asked != node),
            Observation::Fact { .. } | Observation::Started { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.seen
    }

    fn owed(&self, _: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for &(node, call) in &self.open {
            owes(Obligation(u64::from(node.0) << 32 | u64::from(call.0)));
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let low = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).expect("32 bits");
        format!("change {} of {} has not returned", low(owed.0), view.name(NodeId(low(owed.0 >> 32))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Change;

    const CALL: CallId = CallId(3);

    #[test]
    fn a_change_is_owed_until_it_returns() {
        let (still, mut property) = (Still::kept(), ChangesReturn::default());
        let asked = Fact::ChangeAsked { call: CALL, change: Change::Leave(T1) };
        still.tell(&mut property, &[(C1, asked)]).unwrap();
        assert!(property.armed());
        assert_eq!(still.owed(&property), ["change 3 of c1 has not returned"]);
        still.tell(&mut property, &[(C1, Fact::ChangeReturned { call: CALL })]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
    }

    #[test]
    fn a_daemon_that_dies_is_owed_no_membership() {
        let (still, mut property) = (Still::kept(), ChangesReturn::default());
        still.tell(&mut property, &[(T2, Fact::JoinAsked { call: CALL })]).unwrap();
        assert_eq!(still.owed(&property), ["change 3 of t2 has not returned"]);
        still.crash(&mut property, T2).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
    }
}
