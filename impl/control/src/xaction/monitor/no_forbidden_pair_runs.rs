use quiesce_machine::{Observation, Rename, View};

use super::registry_of;
use crate::monitor::Property;
use crate::xaction::registry::Entry;
use crate::xaction::{Fact, Kind, Node};

/// No target runs a job beside one that the documents forbid it to start beside (P1 of the reference, H-3, H-14).
///
/// What conflicts with data movement does not start beside a rebalance, a resilver or a rename; a resilver does not start
/// beside what conflicts with it; a rename does not start beside what conflicts and has a bucket in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct NoForbiddenPairRuns {
    seen: bool,
}

impl Property<Node> for NoForbiddenPairRuns {
    const NAME: &'static str = "no-forbidden-pair-runs";
    const CLAIM: &'static str = "no job starts on a target beside one that the documents forbid it to start beside";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: &Fact::XactRegistered { job, .. } } = seen else { return Ok(()) };
        let Some(registry) = registry_of(view, by) else { return Ok(()) };
        self.seen = true;
        let Some(new) = registry.entry(job) else { return Ok(()) };
        let earlier = registry.running().take_while(|entry| entry.id != job);
        match earlier.into_iter().find(|running| forbidden(new, running)) {
            Some(running) => {
                let (new, running) = (format!("{} {job}", new.kind), format!("{} {}", running.kind, running.id));
                Err(format!("{} starts {new} while {running} runs", view.name(by)))
            }
            None => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.seen
    }
}

fn forbidden(new: &Entry, running: &Entry) -> bool {
    let (starts, runs) = (new.kind.descriptor(), running.kind.descriptor());
    let moves = runs.rebalance || runs.resilver;
    let buckets = [new.from, new.to].into_iter().flatten();
    let shared = buckets.filter(|bucket| [running.from, running.to].into_iter().flatten().any(|b| b.name == bucket.name));
    (starts.conflict_reb_res && moves)
        || (starts.resilver && runs.conflict_reb_res)
        || (new.kind == Kind::MoveBck && runs.conflict_reb_res && shared.count() > 0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn verdict(first: Kind, second: Kind) -> Result<(), String> {
        let mut still = Still::hosting();
        still.register(T1, job(1), first);
        let registered = still.register(T1, job(2), second);
        still.tell(&mut NoForbiddenPairRuns::default(), &[(T1, registered)])
    }

    #[test]
    fn jobs_that_may_run_together_are_good() {
        assert_eq!(verdict(Kind::Resilver, Kind::PrefetchListrange), Ok(()));
        assert_eq!(verdict(Kind::Rechunk, Kind::CreateInventory), Ok(()));
    }

    #[test]
    fn jobs_that_must_not_run_together_are_bad() {
        let evidence = verdict(Kind::Resilver, Kind::Rechunk).unwrap_err();
        assert_eq!(evidence, "t1 starts rechunk x-c1.1.2 while resilver x-c1.1.1 runs");
        assert!(verdict(Kind::Rechunk, Kind::Resilver).is_err());
        assert!(verdict(Kind::Rechunk, Kind::MoveBck).is_err(), "of the same bucket");
    }
}
