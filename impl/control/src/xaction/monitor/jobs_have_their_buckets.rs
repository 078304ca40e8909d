use quiesce_machine::{NodeId, Observation, Rename, View};

use super::{map_of, registry_of};
use crate::monitor::Property;
use crate::xaction::{Fact, Node};

/// No job runs on a bucket that its target knows to be gone, nor does one work before its target knows the bucket it fills.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct JobsHaveTheirBuckets {
    judged: bool,
}

impl Property<Node> for JobsHaveTheirBuckets {
    const NAME: &'static str = "jobs-have-their-buckets";
    const CLAIM: &'static str = "no job runs on a bucket that its target knows to be gone, or does not know to have been made";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let about = |fact: &Fact| matches!(fact, Fact::XactBegan { .. } | Fact::MapInstalled { .. });
        match *seen {
            Observation::Fact { by, fact } if about(fact) => self.look(by, view),
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl JobsHaveTheirBuckets {
    fn look(&mut self, by: NodeId, view: &dyn View<Node>) -> Result<(), String> {
        if view.config().hosting.is_none_or(|hosting| !hosting.buckets) {
            return Ok(());
        }
        let (Some(registry), Some(map)) = (registry_of(view, by), map_of(view, by)) else { return Ok(()) };
        for entry in registry.running() {
            for bucket in [entry.from, entry.to].into_iter().flatten() {
                self.judged = true;
                let unknown = entry.to == Some(bucket) && bucket.generation > 0 && !map.buckets().has(bucket);
                if unknown || (bucket.generation > 0 && map.buckets().is_gone(bucket)) {
                    return Err(format!("{} runs {} on {bucket}, which is not there", view.name(by), entry.id));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::bucket::BucketName;
    use crate::xaction::{BucketChange, Kind, Upkeep};

    /// What is said of a job on `b1` at a target that goes by a map in which that was made and, perhaps, destroyed.
    fn verdict(destroyed: bool) -> Result<(), String> {
        let mut still = Still::hosting();
        still.config.deployment.upkeep = Some(Upkeep::default());
        still.config.hosting = still.config.hosting.map(|hosting| crate::xaction::Hosting { buckets: true, ..hosting });
        let map = still.changed(|draft| {
            let changes = [BucketChange::Create(BucketName(0)), BucketChange::Destroy(BucketName(0))];
            for change in changes.into_iter().take(if destroyed { 2 } else { 1 }) {
                draft.with_buckets(|buckets| buckets.change(change)).unwrap();
            }
        });
        still.hand(T1, map.clone());
        still.register(T1, job(1), Kind::PrefetchListrange);
        still.tell(&mut JobsHaveTheirBuckets::default(), &[(T1, Fact::MapInstalled { map })])
    }

    #[test]
    fn a_job_on_a_bucket_that_is_there_is_good() {
        assert_eq!(verdict(false), Ok(()));
    }

    #[test]
    fn a_job_on_a_bucket_that_is_gone_is_bad() {
        assert_eq!(verdict(true).unwrap_err(), "t1 runs x-c1.1.1 on b1.1, which is not there");
    }
}
