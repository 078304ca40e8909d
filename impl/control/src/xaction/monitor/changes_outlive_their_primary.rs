use std::collections::BTreeMap;

use quiesce_machine::{CallId, NodeId, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Change, DaemonId, Fact, Flags, Node, Smap};

/// A change of membership that an administrator was told is made is in the map of every primary elected later.
///
/// While another change of the same member, its joining included, has been asked for and not been answered, either may be
/// the later one. A request is repeated until it is answered, and each repeat may be carried out before the other change or after:
/// nobody could have observed an order, so no map is wrong. Once the daemon has joined, a change that is answered counts again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct ChangesOutliveTheirPrimary {
    /// The latest that was answered for, of each member.
    made: BTreeMap<DaemonId, Change>,
    /// Whom what has not been answered is about.
    open: BTreeMap<(NodeId, CallId), DaemonId>,
    judged: bool,
}

impl Property<Node> for ChangesOutliveTheirPrimary {
    const NAME: &'static str = "changes-outlive-their-primary";
    const CLAIM: &'static str = "a change of membership that was answered for is in the map of every later primary";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: &Fact::ChangeAsked { call, change } } => {
                self.made.remove(&change.of());
                self.open.insert((by, call), change.of());
            }
            Observation::Fact { by, fact: &(Fact::ChangeReturned { call } | Fact::Joined { call }) } => _ = self.open.remove(&(by, call)),
            Observation::Fact { by, fact: &Fact::JoinAsked { call } } => {
                let daemon = view.config().cluster.daemon(by);
                self.made.remove(&daemon);
                self.open.insert((by, call), daemon);
            }
            Observation::Fact { fact: &Fact::ChangeMade { change }, .. } => {
                if self.open.values().filter(|&&member| member == change.of()).count() <= 1 {
                    self.made.insert(change.of(), change);
                }
            }
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
        Change::StartMaintenance(daemon) | Change::Shutdown(daemon) => !map.is_active(daemon),
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

    #[test]
    fn of_two_open_changes_of_one_member_neither_is_claimed() {
        let still = Still::kept();
        let mut property = ChangesOutliveTheirPrimary::default();
        let asked = |call, change| (C1, Fact::ChangeAsked { call: CallId(call), change });
        let (start, stop) = (Change::StartMaintenance(T2), Change::StopMaintenance(T2));
        let made = (P1, Fact::ChangeMade { change: stop });
        let took_over = (P2, Fact::TookOver { map: still.changed(|draft| draft.set(T2, Flags::MAINTENANCE)) });
        still.tell(&mut property, &[asked(0, start), asked(1, stop), made, took_over]).unwrap();
        assert!(!property.armed());
    }

    #[test]
    fn a_leave_that_is_answered_while_the_daemon_asks_to_join_is_not_claimed() {
        let still = Still::kept();
        let took_over = |property: &mut ChangesOutliveTheirPrimary, joined: Option<Fact>| {
            let (asked, made) = (Fact::JoinAsked { call: CallId(0) }, Fact::ChangeMade { change: Change::Leave(T2) });
            let leave = (C1, Fact::ChangeAsked { call: CallId(1), change: Change::Leave(T2) });
            let facts = [leave, (T2, asked)].into_iter().chain(joined.map(|fact| (T2, fact))).chain([(P1, made)]);
            let history: Vec<_> = facts.chain([(P2, Fact::TookOver { map: still.map() })]).collect();
            still.tell(property, &history)
        };
        let mut property = ChangesOutliveTheirPrimary::default();
        took_over(&mut property, None).unwrap();
        assert!(!property.armed(), "the joining may be the later change");
        took_over(&mut ChangesOutliveTheirPrimary::default(), Some(Fact::Joined { call: CallId(0) })).unwrap_err();
    }
}
