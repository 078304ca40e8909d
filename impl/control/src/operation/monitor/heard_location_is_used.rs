use std::collections::BTreeSet;

use quiesce_machine::{NodeId, Observation, Rename, View};

use super::{forgot, stated};
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, Node};

/// A controller that has heard where to poll a job does not start another, whether it could write that down or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct HeardLocationIsUsed {
    heard: BTreeSet<(NodeId, CorrelationId)>,
    seen: bool,
}

impl Property<Node> for HeardLocationIsUsed {
    const NAME: &'static str = "heard-location-is-used";
    const CLAIM: &'static str = "a controller that has heard where to poll a job does not start another";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        if let Some(node) = forgot(seen) {
            self.heard.retain(|&(by, _)| by != node);
        }
        match stated(seen) {
            Some((by, &Fact::LocationHeard { op })) => {
                self.seen = true;
                self.heard.insert((by, op));
                Ok(())
            }
            Some((by, &Fact::WebhookCalled { op, .. })) if self.heard.contains(&(by, op)) => {
                Err(format!("{} calls the webhook of {op} again, whose job it knows where to poll", view.name(by)))
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
    use crate::operation::ProcessId;

    const HEARD: (ProcessId, Fact) = (O1, Fact::LocationHeard { op: OP });

    #[test]
    fn a_call_by_another_process_or_after_a_crash_is_good() {
        let (still, mut property) = (Still::new(), HeardLocationIsUsed::default());
        assert!(!property.armed());
        still.tell(&mut property, &[called(O1, OP), HEARD, called(O2, OP)]).unwrap();
        still.crash(&mut property, O1, false);
        assert_eq!(still.tell(&mut property, &[called(O1, OP)]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_call_in_spite_of_a_location_is_bad_whatever_the_api_server_lost() {
        let (still, mut property) = (Still::new(), HeardLocationIsUsed::default());
        still.tell(&mut property, &[HEARD]).unwrap();
        still.crash(&mut property, ProcessId::ApiServer, true);
        let evidence = still.tell(&mut property, &[called(O1, OP)]).unwrap_err();
        assert_eq!(evidence, "o1 calls the webhook of op-u1.1.0 again, whose job it knows where to poll");
    }
}
