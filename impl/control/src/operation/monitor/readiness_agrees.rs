use std::collections::BTreeMap;

use quiesce_machine::{Obligation, Observation, Rename, View};

use super::{database_lost, record, rows, stated};
use crate::monitor::Property;
use crate::operation::{AppId, CorrelationId, Fact, Node, Outcome, Phase};

/// The application is ready when its operation has ended and not before, with that operation's error, and its record
/// comes to say the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct ReadinessAgrees {
    completed: BTreeMap<AppId, (CorrelationId, Outcome)>,
    seen: bool,
}

impl Property<Node> for ReadinessAgrees {
    const NAME: &'static str = "readiness-agrees";
    const CLAIM: &'static str = "an application is ready once its operation has ended, with its error, and its record comes to say the same";

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
                agrees(view, app, Some(outcome))?;
            }
            Some((_, &Fact::OperationAccepted { app, .. })) => {
                self.completed.remove(&app);
                agrees(view, app, None)?;
            }
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

/// Whether an application's row is as after that outcome; as during an operation, if there is none.
fn agrees(view: &dyn View<Node>, app: AppId, outcome: Option<Outcome>) -> Result<(), String> {
    let Some(row) = rows(view).into_iter().find(|row| row.app == app) else { return Ok(()) };
    let good = match outcome {
        None => !row.ready && row.error.is_none(),
        Some(outcome) => !row.exists || (row.ready && row.error == outcome.err()),
    };
    if good {
        return Ok(());
    }
    let expected = outcome.map_or_else(|| "is in progress".to_owned(), |outcome| format!("ended {outcome:?}"));
    Err(format!("the operation of {app} {expected}, and its row has ready {} and error {:?}", row.ready, row.error))
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
        still.complete(FAILED);
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
        still.complete(FAILED);
        still.tell(&mut property, &[completed(OP2, FAILED)]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
    }

    #[test]
    fn a_row_that_is_not_as_its_operation_left_it_is_bad() {
        let told = |still: &Still, fact| still.tell(&mut ReadinessAgrees::default(), &[fact]);
        let mut still = Still::new();
        let idle = told(&still, accepted(OP)).unwrap_err();
        assert_eq!(idle, "the operation of a1 is in progress, and its row has ready true and error None");
        still.accept();
        let busy = told(&still, completed(OP, Ok(()))).unwrap_err();
        assert_eq!(busy, "the operation of a1 ended Ok(()), and its row has ready false and error None");
        still.complete(FAILED);
        assert!(told(&still, completed(OP, Ok(()))).is_err(), "the row has an error");
        assert_eq!(told(&still, completed(OP, FAILED)), Ok(()));
    }
}
