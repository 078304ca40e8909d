use quiesce_machine::{Obligation, Observation, Rename, View};

use super::{record, rows, stated};
use crate::monitor::Property;
use crate::operation::{AppId, Fact, Node};

/// What the director waits for has a record that somebody works on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct NoAcceptedOperationLost {
    seen: bool,
}

impl Property<Node> for NoAcceptedOperationLost {
    const NAME: &'static str = "no-accepted-operation-lost";
    const CLAIM: &'static str = "every operation that the director waits for comes to have its record";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        self.seen |= matches!(stated(seen), Some((_, Fact::OperationAccepted { .. })));
        Ok(())
    }

    fn armed(&self) -> bool {
        self.seen
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for row in rows(view) {
            let (Some(spec), Some(record)) = (row.running(), record(view, row)) else { continue };
            if record.is_none_or(|record| record.spec.op != spec.op) {
                owes(Obligation(u64::from(row.app.0)));
            }
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let app = AppId(u8::try_from(owed.0).expect("an application's number"));
        let running = rows(view).into_iter().find(|row| row.app == app).and_then(|row| row.running());
        let op = running.map_or_else(|| "an operation".to_owned(), |spec| spec.op.to_string());
        format!("{app} waits for {op}, which has no record")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_row_that_waits_is_owed_its_record() {
        let (mut still, mut property) = (Still::new(), NoAcceptedOperationLost::default());
        assert_eq!(still.owed(&property), [""; 0]);
        still.accept();
        still.tell(&mut property, &[accepted(OP)]).unwrap();
        assert!(property.armed());
        assert_eq!(still.owed(&property), ["a1 waits for op-u1.1.0, which has no record"]);
        still.schedule();
        assert_eq!(still.owed(&property), [""; 0]);
    }
}
