use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Change, DaemonId, Fact, Flags, Node, RebId, Smap};

/// A target that is decommissioned leaves the map only when its data have moved under an order to empty it.
///
/// One that an operator has leave whatever becomes of its data is none of its business.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct DecommissionedDataMoved {
    /// Whom each order is to empty.
    orders: BTreeMap<RebId, BTreeSet<DaemonId>>,
    emptied: BTreeSet<DaemonId>,
    /// Targets being decommissioned.
    leaving: BTreeSet<DaemonId>,
    judged: bool,
}

impl Property<Node> for DecommissionedDataMoved {
    const NAME: &'static str = "decommissioned-data-moved";
    const CLAIM: &'static str = "a target that is decommissioned leaves the map only when its data have moved";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { fact: &Fact::ChangeAsked { change: Change::Leave(target), .. }, .. } => {
                self.emptied.insert(target);
            }
            Observation::Fact { by, fact: Fact::DataMoved { id } } => {
                let target = view.config().cluster.daemon(by);
                if self.orders.get(id).is_some_and(|leaves| leaves.contains(&target)) {
                    self.emptied.insert(target);
                }
            }
            Observation::Fact { by, fact: Fact::MapMade { map } } if map.is_settled() => {
                return self.made(map).map_err(|target| {
                    format!("{} has {target} leave, and its data have not moved: {map}", view.name(by))
                });
            }
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl DecommissionedDataMoved {
    /// Takes note of a map; the target that leaves with its data.
    fn made(&mut self, map: &Smap) -> Result<(), DaemonId> {
        let gone: Vec<DaemonId> = self.leaving.iter().copied().filter(|&target| map.has_left(target)).collect();
        for target in gone {
            self.judged = true;
            self.leaving.remove(&target);
            if !self.emptied.remove(&target) {
                return Err(target);
            }
        }
        let Some(order) = map.order() else { return Ok(()) };
        self.orders.insert(order.id, order.leaves.clone());
        let decommissioned = order.leaves.iter().filter(|&&target| map.flags(target).contains(Flags::DECOMMISSION));
        for &target in decommissioned {
            if self.leaving.insert(target) {
                self.emptied.remove(&target);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn verdict(between: &[(DaemonId, Fact)]) -> Result<(), String> {
        let still = Still::kept();
        let marked = still.changed(|draft| leave(draft, T2, false));
        let mut draft = marked.draft();
        draft.send_away(T2);
        let mut history = vec![(P1, Fact::MapMade { map: marked })];
        history.extend(between.iter().cloned());
        history.push((P1, Fact::MapMade { map: draft.publish() }));
        let mut property = DecommissionedDataMoved::default();
        let verdict = still.tell(&mut property, &history);
        assert!(property.armed());
        verdict
    }

    #[test]
    fn a_target_that_leaves_after_its_data_is_good() {
        let id = RebId(crate::xaction::Version { term: 0, count: 3 });
        assert_eq!(verdict(&[(T2, Fact::DataMoved { id })]), Ok(()));
    }

    #[test]
    fn a_target_that_leaves_with_its_data_is_bad() {
        let evidence = verdict(&[]).unwrap_err();
        assert_eq!(evidence, "p1 has t2 leave, and its data have not moved: v4 p1*(ic) p2(ic) t1 g3");
    }
}
