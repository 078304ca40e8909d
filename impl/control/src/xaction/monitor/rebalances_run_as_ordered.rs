use quiesce_machine::{Observation, Rename, View};

use super::map_of;
use crate::monitor::Property;
use crate::xaction::{Fact, Node};

/// Every target does in a rebalance what was ordered: it moves its data, or cleans up (P3 of the reference, scope and
/// mode; H-32, H-33).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct RebalancesRunAsOrdered {
    judged: bool,
}

impl Property<Node> for RebalancesRunAsOrdered {
    const NAME: &'static str = "rebalances-run-as-ordered";
    const CLAIM: &'static str = "a target that takes part in a rebalance does what was ordered, and nothing else under its id";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: &Fact::RebalanceBegan { id, mode } } = seen else { return Ok(()) };
        let ordered = map_of(view, by).and_then(|map| map.order()).filter(|order| order.id == id);
        let Some(order) = ordered else { return Ok(()) };
        self.judged = true;
        if order.mode == mode {
            return Ok(());
        }
        Err(format!("{} takes {id} for {mode:?}, and it was ordered as {:?}", view.name(by), order.mode))
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::rebalance::Mode;

    /// What is said of a target that goes by a map with an order to move data, and takes it for that.
    fn verdict(mode: Mode) -> Result<(), String> {
        let still = Still::moving(T1);
        let id = still.traversing(T1);
        still.tell(&mut RebalancesRunAsOrdered::default(), &[(T1, Fact::RebalanceBegan { id, mode })])
    }

    #[test]
    fn a_rebalance_as_it_was_ordered_is_good() {
        assert_eq!(verdict(Mode::Full), Ok(()));
    }

    #[test]
    fn a_rebalance_that_cleans_up_where_data_were_to_move_is_bad() {
        assert_eq!(verdict(Mode::Cleanup).unwrap_err(), "t1 takes g3 for Cleanup, and it was ordered as Full");
    }
}
