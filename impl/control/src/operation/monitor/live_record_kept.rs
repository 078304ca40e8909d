use quiesce_machine::{Observation, Rename, View};

use super::running::Running;
use super::stated;
use crate::monitor::Property;
use crate::operation::{Fact, Node};

/// The record of an operation that has not ended is not deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct LiveRecordKept {
    running: Running,
}

impl Property<Node> for LiveRecordKept {
    const NAME: &'static str = "live-record-kept";
    const CLAIM: &'static str = "the record of an operation that has not ended is not deleted";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        self.running.observe(seen, view);
        match stated(seen) {
            Some((by, &Fact::RecordCollected { op })) if self.running.contains(op) => {
                Err(format!("{} has the record of {op} deleted, which has not ended", view.name(by)))
            }
            Some(_) | None => Ok(()),
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

    const COLLECTED: (crate::operation::ProcessId, Fact) = (O1, Fact::RecordCollected { op: OP });

    #[test]
    fn collecting_what_has_ended_is_good() {
        let mut property = LiveRecordKept::default();
        assert!(!property.armed());
        assert_eq!(Still::new().tell(&mut property, &[accepted(OP), completed(OP, FAILED), COLLECTED]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn collecting_what_runs_is_bad() {
        let evidence = Still::new().tell(&mut LiveRecordKept::default(), &[accepted(OP), COLLECTED]).unwrap_err();
        assert_eq!(evidence, "o1 has the record of op-u1.1.0 deleted, which has not ended");
    }
}
