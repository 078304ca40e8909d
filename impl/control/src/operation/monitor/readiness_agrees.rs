use std::collections::BTreeMap;

use quiesce_machine::{Obligation, Observation, View};

use super::{database_lost, record, rows, stated};
use crate::monitor::Property;
use crate::operation::{AppId, CorrelationId, Fact, Node, Outcome, Phase};

/// At rest, the record of an application's last operation says how the director says that it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReadinessAgrees {
    completed: BTreeMap<AppId, (CorrelationId, Outcome)>,
    seen: bool,
}

impl Property<Node> for ReadinessAgrees {
    const NAME: &'static str = "readiness-agrees";
    const CLAIM: &'static str = "the record of an application's last operation comes to say how the director says it ended";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        if database_lost(seen, view) {
            self.completed.clear();
        }
        match stated(seen) {
            Some((
                _,
                &(Fact::OperationCompleted { current: Some(op), app, outcome, .. }
                | Fact::OperationRecovered { op, app, outcome: Some(outcome), .. }),
            )) => {
                self.seen = true;
                self.completed.insert(app, (op, outcome));
            }
            Some((_, &Fact::OperationAccepted { app, .. })) => _ = self.completed.remove(&app),
            Some(_) | None => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.seen
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for row in rows(view) {
            let Some(&(op, outcome)) = self.completed.get(&row.app) else { continue };
            let Some(Some(record)) = record(view, row) else { continue };
            let phase = record.current_status().map(|status| status.phase);
            let agrees = phase == Some(if outcome.is_ok() { Phase::Success } else { Phase::Failed });
            if record.spec.op == op && !agrees {
                owes(Obligation(u64::from(row.app.0)));
            }
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let app = AppId(u8::try_from(owed.0).expect("an application's number"));
        let (op, outcome) = self.completed[&app];
        let row = rows(view).into_iter().find(|row| row.app == app);
        let phase = row.and_then(|row| record(view, row)??.current_status().map(|status| status.phase));
        format!("the director says that {op} on {app} ended {outcome:?}, its record says {phase:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_record_in_progress_is_owed_once_the_row_is_complete() {
        let (mut still, mut property) = (Still::new(), ReadinessAgrees::default());
        still.accept();
        still.schedule();
        still.tell(&mut property, &[accepted(OP)]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
        assert!(!property.armed());
        still.tell(&mut property, &[completed(OP, FAILED)]).unwrap();
        let expected = "the director says that op-u1.1.0 on a1 ended Err(Reported), its record says None";
        assert_eq!(still.owed(&property), [expected]);
        assert!(property.armed());
    }

    #[test]
    fn a_record_of_another_operation_says_nothing_about_this_one() {
        let (mut still, mut property) = (Still::new(), ReadinessAgrees::default());
        still.accept();
        still.schedule();
        still.tell(&mut property, &[accepted(OP2), completed(OP2, FAILED)]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
    }
}
