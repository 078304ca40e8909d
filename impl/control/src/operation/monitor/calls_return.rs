use std::collections::BTreeSet;

use quiesce_machine::{CallId, NodeId, Obligation, Observation, Rename, View};

use super::stated;
use crate::monitor::Property;
use crate::operation::{Fact, Node};

/// Every mutation is answered and every wait returns; those of a program that dies are over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct CallsReturn {
    open: BTreeSet<(NodeId, CallId)>,
    seen: bool,
}

impl Property<Node> for CallsReturn {
    const NAME: &'static str = "calls-return";
    const CLAIM: &'static str = "every mutation is answered and every wait returns";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        if let Observation::Crashed { node, .. } = *seen {
            self.open.retain(|&(user, _)| user != node);
        }
        match stated(seen) {
            Some((by, &(Fact::MutationAsked { call } | Fact::WaitBegan { call }))) => {
                self.seen = true;
                self.open.insert((by, call));
            }
            Some((by, &(Fact::MutationAnswered { call, .. } | Fact::WaitReturned { call, .. }))) => {
                self.open.remove(&(by, call));
            }
            Some(_) | None => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.seen
    }

    fn owed(&self, _: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for &(user, call) in &self.open {
            owes(Obligation(u64::from(user.0) << 32 | u64::from(call.0)));
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let low = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).expect("32 bits");
        format!("call {} of {} has not returned", low(owed.0), view.name(NodeId(low(owed.0 >> 32))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::operation::{LastOperation, Mutated};

    const CALL: CallId = CallId(3);

    #[test]
    fn a_mutation_and_a_wait_are_owed_until_they_return() {
        let (still, mut property) = (Still::new(), CallsReturn::default());
        assert!(!property.armed());
        let ends = [
            (Fact::MutationAsked { call: CALL }, Fact::MutationAnswered { call: CALL, mutated: Mutated::Silent }),
            (Fact::WaitBegan { call: CALL }, Fact::WaitReturned { call: CALL, last: LastOperation::NotFound }),
        ];
        for (begin, end) in ends {
            still.tell(&mut property, &[(U1, begin)]).unwrap();
            assert_eq!(still.owed(&property), ["call 3 of u1 has not returned"]);
            still.tell(&mut property, &[(U1, end)]).unwrap();
            assert_eq!(still.owed(&property), [""; 0]);
        }
        assert!(property.armed());
    }

    #[test]
    fn the_calls_of_a_program_that_dies_are_over() {
        let (still, mut property) = (Still::new(), CallsReturn::default());
        still.tell(&mut property, &[(U1, Fact::WaitBegan { call: CALL })]).unwrap();
        still.crash(&mut property, U1, false);
        assert_eq!(still.owed(&property), [""; 0]);
    }
}
