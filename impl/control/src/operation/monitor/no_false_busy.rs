use quiesce_machine::{Observation, Rename, View};

use super::running::Running;
use super::stated;
use crate::monitor::Property;
use crate::operation::{Fact, Node};

/// A mutation is rejected as concurrent only while an operation of its application is in progress.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct NoFalseBusy {
    running: Running,
    seen: bool,
}

impl Property<Node> for NoFalseBusy {
    const NAME: &'static str = "no-false-busy";
    const CLAIM: &'static str = "a mutation is rejected as concurrent only while an operation of its application is in progress";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        self.running.observe(seen, view);
        let Some((_, &Fact::MutationRejected { op, app })) = stated(seen) else { return Ok(()) };
        self.seen = true;
        if self.running.on(app).is_some() {
            return Ok(());
        }
        Err(format!("{op} is rejected, but no operation of {app} is in progress"))
    }

    fn armed(&self) -> bool {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    const REJECTED: (crate::operation::ProcessId, Fact) = (DIRECTOR, Fact::MutationRejected { op: OP2, app: APP });

    #[test]
    fn a_rejection_during_an_operation_is_good() {
        let mut property = NoFalseBusy::default();
        assert!(!property.armed());
        assert_eq!(Still::new().tell(&mut property, &[accepted(OP), REJECTED]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_rejection_when_nothing_runs_is_bad() {
        let history = [accepted(OP), completed(OP, FAILED), REJECTED];
        let evidence = Still::new().tell(&mut NoFalseBusy::default(), &history).unwrap_err();
        assert_eq!(evidence, "op-u1.1.1 is rejected, but no operation of a1 is in progress");
    }
}
