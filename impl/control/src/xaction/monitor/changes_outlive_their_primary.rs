use std::collections::BTreeMap;

use quiesce_machine::{Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Change, DaemonId, Fact, Flags, Node, Smap};

/// A change of membership that an administrator was told is made is in the map of every primary elected later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct ChangesOutliveTheirPrimary {
    /// The latest that was answered for, of each member.
    made: BTreeMap<DaemonId, Change>,
    judged: bool,
}

impl Property<Node> for ChangesOutliveTheirPrimary {
    const NAME: &'static str = "changes-outlive-their-primary";
    const CLAIM: &'static str = "a change of membership that was answered for is in the map of every later primary";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { fact: &Fact::ChangeAsked { change, .. }, .. } => _ = self.made.remove(&change.of()),
            Observation::Fact { by, fact: Fact::JoinAsked { .. } } => {
                self.made.remove(&view.config().cluster.daemon(by));
            }
            Observation::Fact { fact: &Fact::ChangeMade { change }, .. } => _ = self.made.insert(change.of(), change),
            Observation::Fact { by, fact: Fact::TookOver { map } } => {
                self.judged |= !self.made.is_empty();
                if let Some(change) = self.made.values().find(|&&change| !shows(map, change)) {
                    let change = format!("{} {}", quiesce_machine::Label::label(change), change.of());
                    return Err(format!("{change} was answered for, and {} takes over with {map}", view.name(by)));
                }
            }
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

/// Whether a map has a change in it. Whoever is silent may be left out of any map, and a primary may have died.
fn shows(map: &Smap, change: Change) -> bool {
    match change {
        Change::StartMaintenance(daemon) => !map.is_active(daemon),
        Change::StopMaintenance(daemon) => !map.flags(daemon).contains(Flags::MAINTENANCE),
        Change::Decommission(daemon) | Change::Leave(daemon) => !map.is_active(daemon),
        Change::SetPrimary(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn verdict(map: fn(&Still) -> Smap) -> Result<(), String> {
        let still = Still::kept();
        let mut property = ChangesOutliveTheirPrimary::default();
        let made = (P1, Fact::ChangeMade { change: Change::StartMaintenance(T2) });
        let verdict = still.tell(&mut property, &[made, (P2, Fact::TookOver { map: map(&still) })]);
        assert!(property.armed());
        verdict
    }

    #[test]
    fn a_primary_that_knows_of_the_change_is_good() {
        assert_eq!(verdict(|still| still.changed(|draft| draft.set(T2, Flags::MAINTENANCE))), Ok(()));
    }

    #[test]
    fn a_primary_that_has_never_heard_of_it_is_bad() {
        let evidence = verdict(Still::map).unwrap_err();
        assert_eq!(
            evidence,
            "start-maintenance t2 was answered for, and p2 takes over with v1 p1*(ic) p2(ic) t1 t2"
        );
    }
}
