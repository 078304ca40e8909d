use quiesce_machine::{NodeId, Observation, Rename, View};

use super::registry_of;
use crate::monitor::Property;
use crate::xaction::rebalance::Rebalance;
use crate::xaction::registry::AbortFilter;
use crate::xaction::{Fact, Node};

/// Where data move under a rebalance, nothing runs that a rebalance aborts and that conflicts with one (P1 of the
/// reference, H-3, H-8, H-14); and nothing at all that it aborts when it has just ended what it aborts.
///
/// That comes before data move, and once. Kinds that a rebalance aborts and that do not conflict with it may start beside it
/// from then on: they last until the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct NothingUnstableUnderRebalance {
    judged: bool,
}

impl Property<Node> for NothingUnstableUnderRebalance {
    const NAME: &'static str = "nothing-unstable-under-rebalance";
    const CLAIM: &'static str =
        "a rebalance ends what it must before data move, and while they move nothing runs that must not beside it";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: Fact::Swept { filter: AbortFilter::NewRebalance } } => {
                self.look(by, false, |_| true, view)
            }
            Observation::Fact { by, fact: Fact::RebalanceTraverses { .. } } => {
                self.judged = true;
                self.look(by, true, is_moving, view)
            }
            Observation::Fact { by, fact: Fact::XactRegistered { .. } } => self.look(by, true, is_moving, view),
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl NothingUnstableUnderRebalance {
    /// Looks at one target, if its rebalance is that far; `conflicting`: only at what conflicts with a rebalance as well.
    fn look(
        &self,
        by: NodeId,
        conflicting: bool,
        is_due: impl FnOnce(&Rebalance) -> bool,
        view: &dyn View<Node>,
    ) -> Result<(), String> {
        let (Some(Node::Target(target)), Some(registry)) = (view.node(by), registry_of(view, by)) else { return Ok(()) };
        let rebalance = target.rebalance();
        let Some(id) = rebalance.run().map(|run| run.id).filter(|_| is_due(rebalance)) else { return Ok(()) };
        let unstable = registry.running().find(|entry| {
            let row = entry.kind.descriptor();
            row.abort_by_reb && (row.conflict_reb_res || !conflicting)
        });
        match unstable {
            Some(entry) => {
                let when = if is_moving(rebalance) { "while data move under" } else { "after the sweep for" };
                Err(format!("{} runs {} {} {when} {id}", view.name(by), entry.kind, entry.id))
            }
            None => Ok(()),
        }
    }
}

fn is_moving(rebalance: &Rebalance) -> bool {
    rebalance.traversing().is_some()
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
    fn what_does_not_conflict_is_bad_after_a_sweep_alone() {
        let mut still = Still::moving(T1);
        still.register(T1, job(1), Kind::Download);
        let id = still.traversing(T1);
        let verdict = |fact| still.tell(&mut NothingUnstableUnderRebalance::default(), &[(T1, fact)]);
        assert_eq!(verdict(Fact::RebalanceTraverses { id }), Ok(()));
        assert_eq!(verdict(Fact::Swept { filter: AbortFilter::All }), Ok(()));
        let evidence = verdict(Fact::Swept { filter: AbortFilter::NewRebalance }).unwrap_err();
        assert_eq!(evidence, "t1 runs download x-c1.1.1 while data move under g3");
    }

    #[test]
    fn what_conflicts_is_bad_as_data_begin_to_move() {
        let mut still = Still::moving(T1);
        still.register(T1, job(1), Kind::Dsort);
        let id = still.traversing(T1);
        let told = still.tell(&mut NothingUnstableUnderRebalance::default(), &[(T1, Fact::RebalanceTraverses { id })]);
        assert_eq!(told.unwrap_err(), "t1 runs dsort x-c1.1.1 while data move under g3");
    }
}
