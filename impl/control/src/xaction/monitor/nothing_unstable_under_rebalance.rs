use quiesce_machine::{NodeId, Observation, Rename, View};

use super::registry_of;
use crate::monitor::Property;
use crate::xaction::{Fact, Node};

/// Where data move under a rebalance, nothing runs that a rebalance aborts and that conflicts with one (P1 of the
/// reference, H-3, H-8, H-14); and nothing at all that it aborts as it begins to move them.
///
/// Kinds that a rebalance aborts and that do not conflict with it may start beside it: they last until the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct NothingUnstableUnderRebalance {
    judged: bool,
}

impl Property<Node> for NothingUnstableUnderRebalance {
    const NAME: &'static str = "nothing-unstable-under-rebalance";
    const CLAIM: &'static str = "where data move under a rebalance, nothing runs that a rebalance aborts";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: Fact::RebalanceTraverses { .. } } => {
                self.judged = true;
                self.look(by, false, view)
            }
            Observation::Fact { by, fact: Fact::XactRegistered { .. } } => self.look(by, true, view),
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl NothingUnstableUnderRebalance {
    /// Looks at one target; `conflicting`: only at what conflicts with a rebalance as well.
    fn look(&self, by: NodeId, conflicting: bool, view: &dyn View<Node>) -> Result<(), String> {
        let (Some(Node::Target(target)), Some(registry)) = (view.node(by), registry_of(view, by)) else { return Ok(()) };
        let Some(id) = target.rebalance().traversing() else { return Ok(()) };
        let unstable = registry.running().find(|entry| {
            let row = entry.kind.descriptor();
            row.abort_by_reb && (row.conflict_reb_res || !conflicting)
        });
        match unstable {
            Some(entry) => Err(format!("{} runs {} {} while data move under {id}", view.name(by), entry.kind, entry.id)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Kind;

    /// What is said when a job of that kind is registered at a target whose data move.
    fn verdict(kind: Kind) -> Result<(), String> {
        let mut still = Still::moving(T1);
        let registered = still.register(T1, job(1), kind);
        still.tell(&mut NothingUnstableUnderRebalance::default(), &[(T1, registered)])
    }

    #[test]
    fn what_a_rebalance_leaves_alone_is_good() {
        assert_eq!(verdict(Kind::PrefetchListrange), Ok(()));
        assert_eq!(verdict(Kind::Download), Ok(()), "it does not conflict");
    }

    #[test]
    fn what_a_rebalance_aborts_is_bad() {
        assert_eq!(verdict(Kind::Dsort).unwrap_err(), "t1 runs dsort x-c1.1.1 while data move under g3");
    }

    #[test]
    fn what_was_there_as_data_began_to_move_is_bad() {
        let mut still = Still::moving(T1);
        still.register(T1, job(1), Kind::Download);
        let id = still.traversing(T1);
        let told = still.tell(&mut NothingUnstableUnderRebalance::default(), &[(T1, Fact::RebalanceTraverses { id })]);
        assert_eq!(told.unwrap_err(), "t1 runs download x-c1.1.1 while data move under g3");
    }
}
