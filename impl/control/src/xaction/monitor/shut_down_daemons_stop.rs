use std::collections::BTreeSet;

use quiesce_machine::{Obligation, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Change, DaemonId, Fact, Node};

/// A daemon that an administrator was told is shut down comes to stop, unless another change of it is asked for.
///
/// One that dies has stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct ShutDownDaemonsStop {
    due: BTreeSet<DaemonId>,
    seen: bool,
}

impl Property<Node> for ShutDownDaemonsStop {
    const NAME: &'static str = "shut-down-daemons-stop";
    const CLAIM: &'static str = "a daemon that an administrator was told is shut down comes to stop";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let cluster = &view.config().cluster;
        match *seen {
            Observation::Fact { fact: &Fact::ChangeMade { change: Change::Shutdown(daemon) }, .. } => {
                self.seen = true;
                if super::memberships(view).any(|(up, _)| up == daemon) {
                    self.due.insert(daemon);
                }
            }
            Observation::Fact { fact: &Fact::ChangeAsked { change, .. }, .. } => _ = self.due.remove(&change.of()),
            Observation::Fact { by, fact: Fact::SwitchedOff } => _ = self.due.remove(&cluster.daemon(by)),
            Observation::Crashed { node, .. } => _ = self.due.remove(&cluster.daemon(node)),
            Observation::Fact { .. } | Observation::Started { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.seen
    }

    fn owed(&self, _: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        self.due.iter().for_each(|daemon| owes(Obligation(daemon.number())));
    }

    fn describe(&self, owed: Obligation, _: &dyn View<Node>) -> String {
        let daemon = self.due.iter().find(|daemon| daemon.number() == owed.0).expect("what is owed is due");
        format!("{daemon} is shut down and has not stopped")
    }
}

#[cfg(test)]
mod tests {
    use quiesce_machine::CallId;

    use super::super::testing::*;
    use super::*;

    const SHUT: Fact = Fact::ChangeMade { change: Change::Shutdown(T1) };

    fn owed_after(history: &[(DaemonId, Fact)]) -> Vec<String> {
        let (still, mut property) = (Still::kept(), ShutDownDaemonsStop::default());
        still.tell(&mut property, history).unwrap();
        assert!(property.armed());
        still.owed(&property)
    }

    #[test]
    fn a_daemon_is_owed_until_it_stops_or_something_else_is_wanted_of_it() {
        assert_eq!(owed_after(&[(P1, SHUT)]), ["t1 is shut down and has not stopped"]);
        assert_eq!(owed_after(&[(P1, SHUT), (T2, Fact::SwitchedOff)]).len(), 1, "another");
        assert_eq!(owed_after(&[(P1, SHUT), (T1, Fact::SwitchedOff)]), [""; 0]);
        let back = Fact::ChangeAsked { call: CallId(1), change: Change::StopMaintenance(T1) };
        assert_eq!(owed_after(&[(P1, SHUT), (C1, back)]), [""; 0]);
    }

    #[test]
    fn a_daemon_that_dies_or_is_down_already_has_stopped() {
        let (mut still, mut property) = (Still::kept(), ShutDownDaemonsStop::default());
        still.tell(&mut property, &[(P1, SHUT)]).unwrap();
        still.crash(&mut property, T1).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
        still.nodes[2] = None;
        still.tell(&mut property, &[(P1, SHUT)]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
    }
}
