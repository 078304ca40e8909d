use quiesce_machine::{Observation, Rename, View};

use super::{config, registry_of};
use crate::monitor::Property;
use crate::xaction::{Fact, Node};

/// When a bucket is taken away since the job that made it did not end well, no other job works on it (IC-9).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct UndoneBucketsAreNobodys {
    judged: bool,
}

impl Property<Node> for UndoneBucketsAreNobodys {
    const NAME: &'static str = "undone-buckets-are-nobodys";
    const CLAIM: &'static str = "a bucket that goes with the job that made it is worked on by no other job";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: &Fact::BucketUndone { job, bucket } } = seen else { return Ok(()) };
        self.judged = true;
        let cluster = &config(view).cluster;
        for target in cluster.targets() {
            let Some(registry) = registry_of(view, cluster.node(target)) else { continue };
            let on_it = |at: &Option<_>| *at == Some(bucket);
            let other = registry.running().find(|entry| entry.id != job && (on_it(&entry.from) || on_it(&entry.to)));
            if let Some(other) = other {
                let (who, id) = (view.name(by), other.id);
                return Err(format!("{who} takes away {bucket}, which {job} made, and {target} runs {id} on it"));
            }
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
    use crate::xaction::Kind;
    use crate::xaction::bucket::{Bucket, BucketName};

    /// What is said when the bucket of one job is taken away, and a target runs that one or another on it.
    fn verdict(runs: u32) -> Result<(), String> {
        let mut still = Still::hosting();
        still.register(T1, job(runs), Kind::PrefetchListrange);
        let bucket = Bucket { name: BucketName(0), generation: 1 };
        still.tell(&mut UndoneBucketsAreNobodys::default(), &[(P1, Fact::BucketUndone { job: job(1), bucket })])
    }

    #[test]
    fn a_bucket_that_goes_under_its_maker_alone_is_good() {
        assert_eq!(verdict(1), Ok(()));
    }

    #[test]
    fn a_bucket_that_goes_under_another_job_is_bad() {
        let evidence = verdict(2).unwrap_err();
        assert_eq!(evidence, "p1 takes away b1.1, which x-c1.1.1 made, and t1 runs x-c1.1.2 on it");
    }
}
