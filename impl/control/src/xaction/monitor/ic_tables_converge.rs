use std::collections::BTreeMap;

use quiesce_machine::{Obligation, Observation, Rename, View};

use super::tables;
use crate::monitor::Property;
use crate::xaction::ic::Table;
use crate::xaction::{DaemonId, Fact, Node, XactId};

/// Members that are up come to say the same of every job.
///
/// A job that one member has pruned and the other still has finished is no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct IcTablesConverge {
    registered: bool,
}

impl Property<Node> for IcTablesConverge {
    const NAME: &'static str = "ic-tables-converge";
    const CLAIM: &'static str = "members that are up come to say the same of every job";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let alone = view.config().cluster.ic_size() == 1;
        self.registered |= matches!(seen, Observation::Fact { fact: Fact::JobRegistered { .. }, .. }) && !alone;
        Ok(())
    }

    fn armed(&self) -> bool {
        self.registered
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for &job in differing(view).keys() {
            owes(Obligation(job.key()));
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let found = differing(view).into_iter().find(|(job, _)| job.key() == owed.0);
        let Some((job, (left, right))) = found else { return "members differ no longer".to_owned() };
        let says = |member: DaemonId| {
            let table = tables(view).find(|&(other, _)| other == member).map(|(_, table)| table);
            let status = table.and_then(|table| table.entry(job)).map(|listener| listener.status().to_string());
            status.map_or_else(|| "nothing".to_owned(), |status| format!("\"{status}\""))
        };
        format!("members differ on {job}: {left} says {}, {right} says {}", says(left), says(right))
    }
}

/// Each job on which some two members differ, with the first two that do.
fn differing(view: &dyn View<Node>) -> BTreeMap<XactId, (DaemonId, DaemonId)> {
    let mut differing = BTreeMap::new();
    let mut members = tables(view);
    let Some((first, mine)) = members.next() else { return differing };
    for (other, theirs) in members {
        let jobs = mine.iter().chain(theirs.iter()).map(|(job, _)| job);
        for job in jobs.filter(|&job| !agree(job, mine, theirs)) {
            differing.entry(job).or_insert((first, other));
        }
    }
    differing
}

fn agree(job: XactId, left: &Table, right: &Table) -> bool {
    match (left.entry(job), right.entry(job)) {
        (Some(left), Some(right)) => left.agrees_with(right),
        (Some(kept), None) => kept.end_time.is_some() && right.is_buried(job),
        (None, Some(kept)) => kept.end_time.is_some() && left.is_buried(job),
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::{Kind, Snap, ToProxy};

    #[test]
    fn members_that_say_the_same_owe_nothing() {
        let mut still = Still::new();
        still.track(P1);
        still.track(P2);
        let mut property = IcTablesConverge::default();
        still.tell(&mut property, &[(P1, Fact::JobRegistered { job: JOB })]).unwrap();
        assert!(property.armed());
        assert_eq!(still.owed(&property), [""; 0]);
    }

    #[test]
    fn a_job_that_one_member_does_not_know_is_owed_while_both_are_up() {
        let mut still = Still::new();
        still.track(P1);
        let property = IcTablesConverge::default();
        assert_eq!(still.owed(&property), ["members differ on x-c1.1.0: p1 says \"running\", p2 says nothing"]);
        still.nodes[1] = None;
        assert_eq!(still.owed(&property), [""; 0]);
    }

    #[test]
    fn a_part_that_only_one_member_has_seen_end_is_owed() {
        let mut still = Still::new();
        still.track(P1);
        still.track(P2);
        let notice =
            ToProxy::NotifyFinished { job: JOB, kind: Kind::PrefetchListrange, snap: Snap::Finished, sources: None };
        still.deliver(T1, P2, notice);
        assert_eq!(still.owed(&IcTablesConverge::default()).len(), 1);
    }
}
