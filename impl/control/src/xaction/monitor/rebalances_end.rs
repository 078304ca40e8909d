use quiesce_machine::{Obligation, Observation, Rename, View};

use super::{latest_map, memberships};
use crate::monitor::Property;
use crate::xaction::{DaemonId, Fact, Node};

/// Every ordered rebalance whose targets are up comes to be done, and every target that is to leave or to rest gets there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct RebalancesEnd {
    judged: bool,
}

impl Property<Node> for RebalancesEnd {
    const NAME: &'static str = "rebalances-end";
    const CLAIM: &'static str = "every rebalance whose targets are up comes to be done, every target that is to go goes";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        if let Observation::Fact { fact: Fact::MapMade { map }, .. } = seen {
            self.judged |= map.order().is_some();
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        if complaint(view).is_some() {
            owes(Obligation(0));
        }
    }

    fn describe(&self, _: Obligation, view: &dyn View<Node>) -> String {
        complaint(view).unwrap_or_else(|| "it is done".to_owned())
    }
}

fn complaint(view: &dyn View<Node>) -> Option<String> {
    let map = latest_map(view)?;
    let order = map.order()?;
    let up = |target: DaemonId| memberships(view).any(|(daemon, _)| daemon == target);
    if order.is_open() && order.participants().all(up) {
        return Some(format!("{} is not done, and every target of it is up: {map}", order.id));
    }
    let stuck = map.draft().leaving_targets().into_iter().find(|&target| !order.is_open() && up(target));
    stuck.map(|target| format!("{target} is on its way out for ever: {map}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::{Moving, Upkeep};

    /// Every daemon goes by the deployed map with t2 on its way out and a rebalance for it.
    fn leaving(done: bool) -> Still {
        let mut still = Still::kept();
        still.config.deployment.upkeep = Some(Upkeep { rebalance: Some(Moving::default()), ..Upkeep::default() });
        let map = still.changed(|draft| leave(draft, T2, done));
        for daemon in [P1, P2, T1, T2] {
            still.hand(daemon, map.clone());
        }
        still
    }

    #[test]
    fn an_open_order_owes_while_its_targets_are_up() {
        let mut still = leaving(false);
        let expected = "g3 is not done, and every target of it is up: v3 p1*(ic) p2(ic) t1 t2(decommission) g3";
        assert_eq!(still.owed(&RebalancesEnd::default()), [expected]);
        still.nodes[2] = None;
        assert_eq!(still.owed(&RebalancesEnd::default()), [""; 0], "t1 is down");
    }

    #[test]
    fn a_target_that_never_leaves_owes() {
        let expected = "t2 is on its way out for ever: v3 p1*(ic) p2(ic) t1 t2(decommission) g3 done";
        assert_eq!(leaving(true).owed(&RebalancesEnd::default()), [expected]);
    }

    #[test]
    fn a_map_without_an_order_owes_nothing() {
        assert_eq!(Still::kept().owed(&RebalancesEnd::default()), [""; 0]);
    }
}
