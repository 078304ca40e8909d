use quiesce_machine::{Observation, Rename, View};

use super::running::Running;
use super::stated;
use crate::monitor::Property;
use crate::operation::{Fact, Node};

/// An application has one operation in progress at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct OneOperationAtATime {
    running: Running,
}

impl Property<Node> for OneOperationAtATime {
    const NAME: &'static str = "one-operation-at-a-time";
    const CLAIM: &'static str = "an application has one operation in progress at most";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let other = match stated(seen) {
            Some((_, &Fact::OperationAccepted { op, app, .. })) => self.running.on(app).map(|before| (op, app, before)),
            Some(_) | None => None,
        };
        self.running.observe(seen, view);
        match other {
            Some((op, app, before)) => Err(format!("{op} is accepted for {app} while {before} is in progress")),
            None => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.running.any()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn operations_one_after_the_other_are_good() {
        let mut property = OneOperationAtATime::default();
        assert!(!property.armed());
        let history = [accepted(OP), completed(OP, FAILED), accepted(OP2)];
        assert_eq!(Still::new().tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn an_operation_accepted_during_another_is_bad() {
        let evidence =
            Still::new().tell(&mut OneOperationAtATime::default(), &[accepted(OP), accepted(OP2)]).unwrap_err();
        assert_eq!(evidence, "op-u1.1.1 is accepted for a1 while op-u1.1.0 is in progress");
    }

    #[test]
    fn what_a_director_finds_at_its_start_counts_as_stated() {
        let found = |op, outcome| {
            (DIRECTOR, Fact::OperationRecovered { op, app: APP, mutation: crate::operation::Mutation::Unpair, outcome })
        };
        let good = [accepted(OP), found(OP, Some(FAILED)), accepted(OP2)];
        assert_eq!(Still::new().tell(&mut OneOperationAtATime::default(), &good), Ok(()));
        let bad = [found(OP, None), accepted(OP2)];
        assert!(Still::new().tell(&mut OneOperationAtATime::default(), &bad).is_err());
    }
}
