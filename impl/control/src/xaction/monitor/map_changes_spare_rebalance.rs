use quiesce_machine::{Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Fact, Node, RebEnd};

/// A change of the map that orders no other rebalance does not end the one that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct MapChangesSpareRebalance {
    judged: bool,
}

impl Property<Node> for MapChangesSpareRebalance {
    const NAME: &'static str = "map-changes-spare-rebalance";
    const CLAIM: &'static str = "a change of the map that orders no other rebalance does not end the one that runs";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: &Fact::RebalanceEnded { id, end } } = seen else { return Ok(()) };
        self.judged = true;
        if end != RebEnd::MapChanged {
            return Ok(());
        }
        Err(format!("{} drops {id} because the map has changed, which orders no other", view.name(by)))
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::{RebId, Version};

    fn verdict(end: RebEnd) -> Result<(), String> {
        let id = RebId(Version { term: 0, count: 3 });
        Still::kept().tell(&mut MapChangesSpareRebalance::default(), &[(T1, Fact::RebalanceEnded { id, end })])
    }

    #[test]
    fn a_rebalance_that_a_newer_one_preempts_is_good() {
        assert_eq!(verdict(RebEnd::Preempted), Ok(()));
    }

    #[test]
    fn a_rebalance_that_any_map_ends_is_bad() {
        let evidence = verdict(RebEnd::MapChanged).unwrap_err();
        assert_eq!(evidence, "t1 drops g3 because the map has changed, which orders no other");
    }
}
