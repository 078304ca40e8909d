use quiesce_machine::{Obligation, Observation, Rename, View};

use super::{latest_map, memberships};
use crate::monitor::Property;
use crate::xaction::membership::Membership;
use crate::xaction::{DaemonId, Fact, Node, Smap};

/// Daemons that are up come to go by one map, with every one of them in it that was not sent away, and a primary that
/// is up.
///
/// Where nobody is elected a dead primary stays; daemons on standby that were never asked to join are left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct MapsConverge {
    judged: bool,
}

impl Property<Node> for MapsConverge {
    const NAME: &'static str = "maps-converge";
    const CLAIM: &'static str = "daemons that are up come to go by one map, with all of them in it and a primary that is up";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        self.judged |= matches!(seen, Observation::Fact { fact: Fact::MapMade { .. }, .. });
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        if !self.judged {
            return;
        }
        for (daemon, _) in complaints(view) {
            owes(Obligation(daemon.number()));
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let found = complaints(view).into_iter().find(|(daemon, _)| daemon.number() == owed.0);
        found.map_or_else(|| "maps differ no longer".to_owned(), |(_, complaint)| complaint)
    }
}

fn complaints(view: &dyn View<Node>) -> Vec<(DaemonId, String)> {
    let Some(latest) = latest_map(view) else { return Vec::new() };
    let elects = view.config().deployment.upkeep.is_some_and(|upkeep| upkeep.election && upkeep.keepalive.is_some());
    let up: Vec<(DaemonId, &Smap)> = memberships(view).map(|(daemon, membership)| (daemon, membership.map())).collect();
    let mut complaints: Vec<_> = up.iter().filter_map(|&(daemon, map)| complaint(view, daemon, map, latest)).collect();
    let proposals = memberships(view).filter(|(_, membership)| !membership.accepted().is_settled());
    let settled = |daemon| complaints.iter().all(|&(other, _)| other != daemon);
    let waiting: Vec<_> = proposals.filter(|&(daemon, _)| settled(daemon)).collect();
    let waits = |(daemon, membership): (DaemonId, &Membership)| {
        (daemon, format!("{daemon} waits for agreement on {}", membership.accepted()))
    };
    complaints.extend(waiting.into_iter().map(waits));
    let primary = latest.primary();
    if elects && up.iter().all(|&(daemon, _)| daemon != primary) {
        complaints.push((primary, format!("{primary} is primary and down: {latest}")));
    }
    complaints
}

fn complaint(view: &dyn View<Node>, daemon: DaemonId, map: &Smap, latest: &Smap) -> Option<(DaemonId, String)> {
    let standby = view.config().deployment.standby.contains(&daemon);
    if latest.contains(daemon) && map != latest {
        Some((daemon, format!("{daemon} goes by {map}, the latest is {latest}")))
    } else if !latest.contains(daemon) && !latest.has_left(daemon) && !standby {
        Some((daemon, format!("{daemon} is up and left out of {latest}")))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn owed(still: &Still) -> Vec<String> {
        let mut property = MapsConverge::default();
        still.tell(&mut property, &[(P1, Fact::MapMade { map: still.map() })]).unwrap();
        still.owed(&property)
    }

    #[test]
    fn daemons_of_one_map_owe_nothing() {
        assert_eq!(owed(&Still::kept()), [""; 0]);
    }

    #[test]
    fn whoever_goes_by_an_older_map_owes() {
        let mut still = Still::kept();
        let map = still.changed(|draft| draft.set(P2, crate::xaction::Flags::NON_ELECTABLE));
        for daemon in [P1, P2, T1] {
            still.hand(daemon, map.clone());
        }
        let latest = "v2 p1*(ic) p2(non-electable, ic) t1 t2";
        assert_eq!(owed(&still), [format!("t2 goes by v1 p1*(ic) p2(ic) t1 t2, the latest is {latest}")]);
    }

    #[test]
    fn whoever_is_up_and_left_out_owes_unless_it_was_sent_away() {
        let mut still = Still::kept();
        let map = still.changed(|draft| draft.remove(T2));
        for daemon in [P1, P2, T1] {
            still.hand(daemon, map.clone());
        }
        assert_eq!(owed(&still), ["t2 is up and left out of v2 p1*(ic) p2(ic) t1"]);
        let mut still = Still::kept();
        let map = still.changed(|draft| draft.send_away(T2));
        for daemon in [P1, P2, T1] {
            still.hand(daemon, map.clone());
        }
        assert_eq!(owed(&still), [""; 0]);
    }

    #[test]
    fn a_dead_primary_is_owed_a_successor() {
        let mut still = Still::kept();
        still.nodes[0] = None;
        assert_eq!(owed(&still), ["p1 is primary and down: v1 p1*(ic) p2(ic) t1 t2"]);
    }
}
