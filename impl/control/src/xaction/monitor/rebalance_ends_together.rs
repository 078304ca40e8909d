use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::rebalance::Mode;
use crate::xaction::{DaemonId, Fact, Node, RebEnd, RebId};

/// A target calls a rebalance finished only when the data of every target that takes part have moved.
///
/// Of full rebalances alone: a cleanup moves nothing off any target, so that there is nothing for which one would have to wait for
/// the others. That a target cleans up only where it was ordered to is
/// [`RebalancesRunAsOrdered`](super::RebalancesRunAsOrdered).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct RebalanceEndsTogether {
    participants: BTreeMap<RebId, BTreeSet<DaemonId>>,
    moved: BTreeMap<RebId, BTreeSet<DaemonId>>,
    judged: bool,
}

impl Property<Node> for RebalanceEndsTogether {
    const NAME: &'static str = "rebalance-ends-together";
    const CLAIM: &'static str = "a target calls a rebalance finished only when the data of all that take part have moved";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { fact: Fact::MapMade { map }, .. } if map.is_settled() => {
                if let Some(order) = map.order().filter(|order| order.mode == Mode::Full) {
                    self.participants.insert(order.id, order.participants().collect());
                }
            }
            Observation::Fact { by, fact: &Fact::DataMoved { id } } => {
                self.moved.entry(id).or_default().insert(view.config().cluster.daemon(by));
            }
            Observation::Fact { by, fact: &Fact::RebalanceEnded { id, end: RebEnd::Finished } } => {
                self.judged = true;
                let moved = self.moved.entry(id).or_default();
                let missing = self.participants.get(&id).into_iter().flatten().find(|target| !moved.contains(target));
                if let Some(missing) = missing {
                    return Err(format!("{} calls {id} finished, and {missing} has not moved its data", view.name(by)));
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

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Version;

    const ID: RebId = RebId(Version { term: 0, count: 3 });

    fn verdict(moved: &[DaemonId]) -> Result<(), String> {
        let still = Still::kept();
        let mut history = vec![(P1, Fact::MapMade { map: still.changed(|draft| leave(draft, T2, false)) })];
        history.extend(moved.iter().map(|&target| (target, Fact::DataMoved { id: ID })));
        history.push((T1, Fact::RebalanceEnded { id: ID, end: RebEnd::Finished }));
        still.tell(&mut RebalanceEndsTogether::default(), &history)
    }

    #[test]
    fn finished_after_the_last_is_good() {
        assert_eq!(verdict(&[T1, T2]), Ok(()));
    }

    #[test]
    fn finished_before_the_last_is_bad() {
        assert_eq!(verdict(&[T1]).unwrap_err(), "t1 calls g3 finished, and t2 has not moved its data");
    }
}
