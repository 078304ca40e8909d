use std::collections::BTreeSet;

use quiesce_machine::{NodeId, Observation, View};

use super::{forgot, stated};
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, Node, ProcessId};

/// A controller that has written down where to poll a job does not start another.
///
/// What it wrote is gone when the API server loses its records; then nothing is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RecordedLocationIsUsed {
    recorded: BTreeSet<(NodeId, CorrelationId)>,
    seen: bool,
}

impl Property<Node> for RecordedLocationIsUsed {
    const NAME: &'static str = "recorded-location-is-used";
    const CLAIM: &'static str = "a controller that has written down where to poll a job does not start another";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let server = view.config().cluster.node(ProcessId::ApiServer);
        if matches!(*seen, Observation::Crashed { node, records_lost: true } if node == server) {
            self.recorded.clear();
        }
        if let Some(node) = forgot(seen) {
            self.recorded.retain(|&(by, _)| by != node);
        }
        match stated(seen) {
            Some((by, &Fact::LocationRecorded { op })) => {
                self.seen = true;
                self.recorded.insert((by, op));
                Ok(())
            }
            Some((by, &Fact::WebhookCalled { op, .. })) if self.recorded.contains(&(by, op)) => {
                Err(format!("{} calls the webhook of {op} again, whose location it has recorded", view.name(by)))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    const RECORDED: (crate::operation::ProcessId, Fact) = (O1, Fact::LocationRecorded { op: OP });

    #[test]
    fn a_call_by_another_process_or_after_a_crash_is_good() {
        let (still, mut property) = (Still::new(), RecordedLocationIsUsed::default());
        assert!(!property.armed());
        still.tell(&mut property, &[called(O1, OP), RECORDED, called(O2, OP)]).unwrap();
        still.crash(&mut property, O1, false);
        assert_eq!(still.tell(&mut property, &[called(O1, OP)]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_location_is_forgotten_only_with_the_records() {
        for (records_lost, good) in [(false, false), (true, true)] {
            let (still, mut property) = (Still::new(), RecordedLocationIsUsed::default());
            still.tell(&mut property, &[RECORDED]).unwrap();
            still.crash(&mut property, ProcessId::ApiServer, records_lost);
            assert_eq!(still.tell(&mut property, &[called(O1, OP)]).is_ok(), good, "records lost: {records_lost}");
        }
    }

    #[test]
    fn a_call_in_spite_of_a_location_is_bad() {
        let evidence =
            Still::new().tell(&mut RecordedLocationIsUsed::default(), &[RECORDED, called(O1, OP)]).unwrap_err();
        assert_eq!(evidence, "o1 calls the webhook of op-u1.1.0 again, whose location it has recorded");
    }
}
