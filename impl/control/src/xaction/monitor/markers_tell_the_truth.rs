use std::collections::BTreeSet;

use quiesce_machine::{NodeId, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Fact, Node, RebEnd, RebId};

/// A target's marker is there when a rebalance that moved data there was cut short, and only then (H-25).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct MarkersTellTheTruth {
    moving: BTreeSet<(NodeId, RebId)>,
    judged: bool,
}

impl Property<Node> for MarkersTellTheTruth {
    const NAME: &'static str = "markers-tell-the-truth";
    const CLAIM: &'static str = "a target's marker is there when a rebalance was cut short, and only then";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        if let Observation::Fact { by, fact: &Fact::RebalanceTraverses { id } } = *seen {
            self.moving.insert((by, id));
        }
        let &Observation::Fact { by, fact: &Fact::RebalanceEnded { id, end } } = seen else { return Ok(()) };
        let Some(Node::Target(target)) = view.node(by) else { return Ok(()) };
        if !self.moving.remove(&(by, id)) {
            return Ok(());
        }
        self.judged = true;
        let marker = target.rebalance().marker();
        match end {
            RebEnd::Finished if marker.is_some() => Err(format!("{id} finished at {}, and its marker stays", view.name(by))),
            RebEnd::Stopped | RebEnd::MapChanged if marker != Some(id) => {
                Err(format!("{id} is {end} at {}, and no marker says so", view.name(by)))
            }
            RebEnd::Finished
            | RebEnd::Stopped
            | RebEnd::MapChanged
            | RebEnd::Preempted
            | RebEnd::Interrupted
            | RebEnd::LeftOut
            | RebEnd::GaveUp => Ok(()),
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
    use crate::xaction::Version;

    /// What is said of a rebalance that moved data and ended so at a target without a marker.
    fn verdict(end: RebEnd) -> Result<(), String> {
        let id = RebId(Version { term: 0, count: 3 });
        let history = [(T1, Fact::RebalanceTraverses { id }), (T1, Fact::RebalanceEnded { id, end })];
        Still::kept().tell(&mut MarkersTellTheTruth::default(), &history)
    }

    #[test]
    fn a_finished_rebalance_without_a_marker_is_good() {
        assert_eq!(verdict(RebEnd::Finished), Ok(()));
    }

    #[test]
    fn a_stopped_rebalance_without_a_marker_is_bad() {
        assert_eq!(verdict(RebEnd::Stopped).unwrap_err(), "g3 is stopped at t1, and no marker says so");
    }
}
