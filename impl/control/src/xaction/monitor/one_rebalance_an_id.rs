use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{DaemonId, Fact, Node, RebId};

/// A rebalance's id denotes one rebalance, whoever orders it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct OneRebalanceAnId {
    orders: BTreeMap<RebId, BTreeSet<DaemonId>>,
}

impl Property<Node> for OneRebalanceAnId {
    const NAME: &'static str = "one-rebalance-an-id";
    const CLAIM: &'static str = "a rebalance's id denotes one rebalance, whoever orders it";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: Fact::MapMade { map } } = seen else { return Ok(()) };
        let Some(order) = map.order() else { return Ok(()) };
        let targets: BTreeSet<DaemonId> = order.participants().collect();
        let known = self.orders.entry(order.id).or_insert_with(|| targets.clone());
        if *known == targets {
            return Ok(());
        }
        Err(format!("{} is of {known:?} already, now {} orders it of {targets:?}", order.id, view.name(by)))
    }

    fn armed(&self) -> bool {
        !self.orders.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn one_order_in_several_maps_is_good() {
        let still = Still::kept();
        let history = [false, true].map(|done| (P1, Fact::MapMade { map: still.changed(|draft| leave(draft, T2, done)) }));
        assert_eq!(still.tell(&mut OneRebalanceAnId::default(), &history), Ok(()));
    }

    #[test]
    fn one_id_for_two_orders_is_bad() {
        let still = Still::kept();
        let other = still.changed(|draft| {
            leave(draft, T1, false);
            let mut order = draft.order().expect("just placed").clone();
            order.stays.remove(&T2);
            draft.place(order);
        });
        let history = [still.changed(|draft| leave(draft, T2, false)), other].map(|map| (P1, Fact::MapMade { map }));
        let evidence = still.tell(&mut OneRebalanceAnId::default(), &history).unwrap_err();
        assert_eq!(evidence, "g3 is of {t1, t2} already, now p1 orders it of {t1}");
    }
}
