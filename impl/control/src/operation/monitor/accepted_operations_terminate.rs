use quiesce_machine::{Obligation, Observation, Rename, View};

use super::by_key;
use super::running::Running;
use crate::monitor::Property;
use crate::operation::Node;

/// Every accepted operation ends: the director learns how.
///
/// The bound is the run's: an operation that is still in progress `settle` after the last fault is a failure, so a
/// scenario's `settle` says how long its operations may take at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct AcceptedOperationsTerminate {
    running: Running,
}

impl Property<Node> for AcceptedOperationsTerminate {
    const NAME: &'static str = "accepted-operations-terminate";
    const CLAIM: &'static str = "every accepted operation ends: the director learns how";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        self.running.observe(seen, view);
        Ok(())
    }

    fn armed(&self) -> bool {
        self.running.any()
    }

    fn owed(&self, _: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for op in self.running.ops() {
            owes(Obligation(op.key()));
        }
    }

    fn describe(&self, owed: Obligation, _: &dyn View<Node>) -> String {
        format!("{} was accepted and has not ended", by_key(self.running.ops(), owed.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn an_operation_is_owed_from_its_acceptance_to_its_completion() {
        let (still, mut property) = (Still::new(), AcceptedOperationsTerminate::default());
        assert!(!property.armed());
        still.tell(&mut property, &[accepted(OP), accepted(OP2), completed(OP2, FAILED)]).unwrap();
        assert_eq!(still.owed(&property), ["op-u1.1.0 was accepted and has not ended"]);
        still.tell(&mut property, &[completed(OP, Ok(()))]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
        assert!(property.armed());
    }

    #[test]
    fn nothing_is_owed_by_a_database_that_is_lost() {
        let (still, mut property) = (Still::new(), AcceptedOperationsTerminate::default());
        still.tell(&mut property, &[accepted(OP)]).unwrap();
        still.crash(&mut property, DIRECTOR, false);
        assert_eq!(still.owed(&property).len(), 1);
        still.crash(&mut property, DIRECTOR, true);
        assert_eq!(still.owed(&property), [""; 0]);
    }
}
