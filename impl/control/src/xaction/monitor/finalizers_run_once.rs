use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{Obligation, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::bucket::{Bucket, BucketName};
use crate::xaction::buckets::BucketChange;
use crate::xaction::{Fact, Node, Smap, Version, XactId};

/// What a job made goes if that job was aborted, and only then; and once the job has ended, that is decided.
///
/// By generation: what another job or a user made under the same name is not its business. A bucket that nobody makes any
/// more goes when a user destroys it, or as the source of a rename that ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct FinalizersRunOnce {
    /// The latest settled map, and what it says of buckets.
    as_of: Version,
    there: BTreeMap<Bucket, Option<XactId>>,
    /// What is being renamed, and by which job.
    sources: BTreeMap<BucketName, XactId>,
    /// Jobs that a member has said to have ended, and whether aborted.
    ended: BTreeMap<XactId, bool>,
    /// What users have asked to destroy.
    unwanted: BTreeSet<BucketName>,
    judged: bool,
}

impl Property<Node> for FinalizersRunOnce {
    const NAME: &'static str = "finalizers-run-once";
    const CLAIM: &'static str = "what a job made goes if that job was aborted and only then, and once it has ended that is decided";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { fact, .. } = seen else { return Ok(()) };
        if let &Fact::JobEnded { job, status } = fact {
            self.ended.entry(job).or_insert(status.aborted);
        } else if let &Fact::BucketAsked { change: BucketChange::Destroy(name), .. } = fact {
            self.unwanted.insert(name);
        } else if let Fact::MapMade { map } = fact
            && map.is_settled()
            && map.version() > self.as_of
        {
            return self.follow(map);
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }

    fn owed(&self, _: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for (_, job) in self.undecided() {
            owes(Obligation(job.key()));
        }
    }

    fn describe(&self, owed: Obligation, _: &dyn View<Node>) -> String {
        match self.undecided().find(|(_, job)| job.key() == owed.0) {
            Some((bucket, job)) => format!("{job} has ended, and nobody decides what becomes of {bucket}"),
            None => "it is decided".to_owned(),
        }
    }
}

impl FinalizersRunOnce {
    /// What is made by jobs that have ended.
    fn undecided(&self) -> impl Iterator<Item = (Bucket, XactId)> + '_ {
        let makers = self.there.iter().filter_map(|(&bucket, &maker)| Some((bucket, maker?)));
        makers.filter(|(_, job)| self.ended.contains_key(job))
    }

    fn follow(&mut self, map: &Smap) -> Result<(), String> {
        let now: BTreeMap<Bucket, Option<XactId>> = map.buckets().made().collect();
        let judges = self.undecided().next().is_some();
        self.judged |= judges;
        let gone = self.there.iter().find(|&(&bucket, &maker)| !now.contains_key(&bucket) && !self.may_go(bucket, maker));
        if let Some((bucket, maker)) = gone {
            let maker = maker.map_or_else(|| "nobody's job".to_owned(), |job| job.to_string());
            return Err(format!("{bucket} is taken away, {maker} having made it, and neither a user nor its maker's abort asks for that: {map}"));
        }
        self.as_of = map.version();
        self.there = now;
        self.sources = map.buckets().renamed().collect();
        Ok(())
    }

    fn may_go(&self, bucket: Bucket, maker: Option<XactId>) -> bool {
        match maker {
            Some(job) => self.ended.get(&job) == Some(&true),
            None => {
                let renamed = self.sources.get(&bucket.name).and_then(|job| self.ended.get(job)) == Some(&false);
                renamed || self.unwanted.contains(&bucket.name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Kind;
    use crate::xaction::buckets::{Buckets, Step};
    use crate::xaction::policy::UnfinishedBucket;

    const NAME: BucketName = BucketName(3);

    fn made_by(job: XactId) -> impl FnOnce(&mut Buckets) {
        move |buckets| {
            let step = Step { job, kind: Kind::CopyBck, from: None, to: Some(NAME) };
            buckets.step(&step, UnfinishedBucket::Reserved).expect("the name is free");
        }
    }

    /// The map after another one, with buckets changed; the fact of it.
    fn then(map: &Smap, change: impl FnOnce(&mut Buckets)) -> (crate::xaction::DaemonId, Fact, Smap) {
        let mut draft = map.draft();
        draft.with_buckets(|buckets| { change(buckets); Ok(()) }).expect("nothing refuses it");
        let map = draft.publish();
        (P1, Fact::MapMade { map: map.clone() }, map)
    }

    fn history(aborted: bool, last: impl FnOnce(&mut Buckets)) -> (FinalizersRunOnce, Result<(), String>, Vec<String>) {
        let still = Still::kept();
        let mut property = FinalizersRunOnce::default();
        let (by, made, map) = then(&still.map(), made_by(JOB));
        let (_, gone, _) = then(&map, last);
        let verdict = still.tell(&mut property, &[(by, made), (by, job_ended(aborted)), (by, gone)]);
        let owed = still.owed(&property);
        (property, verdict, owed)
    }

    #[test]
    fn what_an_aborted_job_made_goes_and_what_another_made_stays() {
        for aborted in [true, false] {
            let (property, verdict, owed) = history(aborted, |buckets| _ = buckets.conclude(JOB, !aborted));
            assert_eq!((verdict, property.armed(), owed), (Ok(()), true, vec![]));
        }
    }

    #[test]
    fn what_a_finished_job_made_is_not_taken_away() {
        let (_, verdict, _) = history(false, |buckets| _ = buckets.conclude(JOB, false));
        let evidence = verdict.unwrap_err();
        assert!(evidence.starts_with("b4.1 is taken away, x-c1.1.0 having made it"), "{evidence}");
    }

    #[test]
    fn a_job_that_has_ended_leaves_nothing_undecided() {
        let (_, verdict, owed) = history(true, |buckets| _ = buckets.change(BucketChange::Create(BucketName(5))));
        assert_eq!(verdict, Ok(()));
        assert_eq!(owed, ["x-c1.1.0 has ended, and nobody decides what becomes of b4.1"]);
    }
}
