use quiesce_machine::{Obligation, Observation, Rename, View};

use super::memberships;
use crate::monitor::Property;
use crate::xaction::{DaemonId, Fact, Node};

/// Two daemons do not both take themselves for primary for ever.
///
/// While a network is cut in two each side may have one; after it heals one of them has to yield.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct OnePrimary {
    judged: bool,
}

impl Property<Node> for OnePrimary {
    const NAME: &'static str = "one-primary";
    const CLAIM: &'static str = "two daemons do not both take themselves for primary for ever";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        self.judged |= matches!(seen, Observation::Fact { fact: Fact::MapMade { .. }, .. });
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        if primaries(view).count() > 1 {
            owes(Obligation(0));
        }
    }

    fn describe(&self, _: Obligation, view: &dyn View<Node>) -> String {
        let names: Vec<String> = primaries(view).map(|primary| primary.to_string()).collect();
        format!("{} take themselves for primary", names.join(" and "))
    }
}

fn primaries(view: &dyn View<Node>) -> impl Iterator<Item = DaemonId> {
    memberships(view).filter(|(_, membership)| membership.is_primary()).map(|(daemon, _)| daemon)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn one_primary_owes_nothing() {
        let still = Still::kept();
        let mut property = OnePrimary::default();
        assert!(!property.armed());
        still.tell(&mut property, &[(P1, Fact::MapMade { map: still.map() })]).unwrap();
        assert!(property.armed());
        assert_eq!(still.owed(&property), [""; 0]);
    }

    #[test]
    fn two_primaries_owe_that_one_yields() {
        let mut still = Still::kept();
        let map = still.changed(|draft| draft.crown(P2, 1, 100));
        still.hand(P2, map);
        assert_eq!(still.owed(&OnePrimary::default()), ["p1 and p2 take themselves for primary"]);
    }
}
