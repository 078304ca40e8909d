use quiesce_machine::{NodeId, Obligation, Observation, Rename, View};

use super::{config, registry_of};
use crate::monitor::Property;
use crate::xaction::registry::{Entry, Phase};
use crate::xaction::{Fact, Node};

/// What a transaction began, and what was told to stop, is not left standing (P5 of the reference, H-4, H-27).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct BegunJobsEnd {
    seen: bool,
}

impl Property<Node> for BegunJobsEnd {
    const NAME: &'static str = "begun-jobs-end";
    const CLAIM: &'static str = "what a transaction began is committed or given up, and what is told to stop ends";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        self.seen |= matches!(seen, Observation::Fact { fact: Fact::XactRegistered { .. }, .. });
        Ok(())
    }

    fn armed(&self) -> bool {
        self.seen
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        standing(view).for_each(|(target, entry)| owes(obligation(target, entry)));
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let found = standing(view).find(|&(target, entry)| obligation(target, entry) == owed);
        let (target, entry) = found.expect("what is owed stands in this state");
        format!("{} {} is {:?} on {}", entry.kind, entry.id, entry.phase, view.name(target))
    }
}

fn standing(view: &dyn View<Node>) -> impl Iterator<Item = (NodeId, &Entry)> {
    let targets = config(view).cluster.targets().map(|target| config(view).cluster.node(target));
    targets.filter_map(move |target| Some((target, registry_of(view, target)?))).flat_map(|(target, registry)| {
        let stands = |entry: &&Entry| matches!(entry.phase, Phase::Begun | Phase::Stopping);
        registry.entries().filter(stands).map(move |entry| (target, entry))
    })
}

fn obligation(target: NodeId, entry: &Entry) -> Obligation {
    Obligation(entry.id.key() ^ u64::from(target.0).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Kind;

    #[test]
    fn a_job_that_has_begun_is_owed_until_it_runs_or_ends() {
        let mut still = Still::hosting();
        let mut property = BegunJobsEnd::default();
        let registered = still.begin(T1, job(1), Kind::MoveBck);
        still.tell(&mut property, &[(T1, registered)]).unwrap();
        assert!(property.armed());
        assert_eq!(still.owed(&property), ["rename-bucket x-c1.1.1 is Begun on t1"]);
        still.abort(T1, job(1), Kind::MoveBck);
        assert_eq!(still.owed(&property), [""; 0]);
    }
}
