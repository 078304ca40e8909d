use std::collections::BTreeMap;

use quiesce_machine::{NodeId, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Fact, Node, RebId};

/// A target takes part in one rebalance at a time (P2 of the reference, H-1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct OneRebalanceAtATime {
    under_way: BTreeMap<NodeId, RebId>,
    judged: bool,
}

impl Property<Node> for OneRebalanceAtATime {
    const NAME: &'static str = "one-rebalance-at-a-time";
    const CLAIM: &'static str = "a target takes part in one rebalance at a time";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: &Fact::RebalanceBegan { id, .. } } => {
                self.judged = true;
                match self.under_way.insert(by, id) {
                    Some(other) => Err(format!("{} takes up {id} while {other} runs there", view.name(by))),
                    None => Ok(()),
                }
            }
            Observation::Fact { by, fact: &Fact::RebalanceEnded { id, .. } } => {
                if self.under_way.get(&by) == Some(&id) {
                    self.under_way.remove(&by);
                }
                Ok(())
            }
            Observation::Crashed { node, .. } => {
                self.under_way.remove(&node);
                Ok(())
            }
            Observation::Fact { .. } | Observation::Started { .. } => Ok(()),
        }
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
    use crate::xaction::{RebEnd, Version};

    fn began(count: u32) -> (crate::xaction::DaemonId, Fact) {
        (T1, Fact::RebalanceBegan { id: RebId(Version { term: 0, count }), mode: Mode::Full })
    }

    #[test]
    fn one_after_the_other_is_good() {
        let ended = Fact::RebalanceEnded { id: RebId(Version { term: 0, count: 3 }), end: RebEnd::Preempted };
        let history = [began(3), (T1, ended), began(4)];
        assert_eq!(Still::kept().tell(&mut OneRebalanceAtATime::default(), &history), Ok(()));
    }

    #[test]
    fn a_crash_ends_what_was_under_way() {
        let (still, mut property) = (Still::kept(), OneRebalanceAtATime::default());
        still.tell(&mut property, &[began(3)]).unwrap();
        still.crash(&mut property, T1).unwrap();
        assert_eq!(still.tell(&mut property, &[began(3)]), Ok(()));
    }

    #[test]
    fn a_second_beside_the_first_is_bad() {
        let evidence = Still::kept().tell(&mut OneRebalanceAtATime::default(), &[began(3), began(4)]).unwrap_err();
        assert_eq!(evidence, "t1 takes up g4 while g3 runs there");
    }
}
