//! Every bucket there is, as one register that travels in the cluster map (the published BMD).
//!
//! Only a primary changes it: users create and destroy buckets, and jobs of kinds that change replicated metadata make,
//! rename or mark them, each between the two phases of its start. A bucket that a job fills is marked with the job until that
//! has ended; then whoever is primary finishes the change: a rename takes its source away, and what an aborted job made goes.
//! It is told apart by generation, so nobody ends another's bucket. Objects, properties and access are left out.
//! Source: `reference/aistore-registry-and-coexistence.md` section B, 2PC starts; `reference/hazards-aistore.md` IC-9.

mod keep;

use std::collections::BTreeMap;

use quiesce_machine::{Label, Rename};
use thiserror::Error;

use super::bucket::{Bucket, BucketName};
use super::id::XactId;
use super::kind::Kind;
use super::policy::UnfinishedBucket;

/// What a user wants of buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum BucketChange {
    /// That there is one of that name.
    Create(BucketName),
    /// That there is none.
    Destroy(BucketName),
}

impl BucketChange {
    /// The bucket that is meant.
    #[must_use]
    pub fn of(self) -> BucketName {
        match self {
            BucketChange::Create(name) | BucketChange::Destroy(name) => name,
        }
    }
}

impl Label for BucketChange {
    fn label(&self) -> &'static str {
        match self {
            BucketChange::Create(_) => "create-bucket",
            BucketChange::Destroy(_) => "destroy-bucket",
        }
    }
}

/// Why buckets stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error, Rename)]
pub enum BucketError {
    /// 404: there is none of that name.
    #[error("there is no bucket {0}")]
    NotThere(BucketName),
    /// 409: there is one of that name.
    #[error("there is a bucket {0} already")]
    Exists(BucketName),
    /// 409: a job is making or renaming it.
    #[error("bucket {0} is being made by {1}")]
    Busy(BucketName, XactId),
}

/// What a job of a kind that changes replicated metadata does to buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Step {
    /// The job.
    pub job: XactId,
    /// Its kind.
    pub kind: Kind,
    /// The bucket it works on, or copies from.
    pub from: Option<BucketName>,
    /// The bucket it copies to, or what it is to be called.
    pub to: Option<BucketName>,
}

/// What became of the buckets of a job that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concluded {
    /// They stay.
    Stays,
    /// The bucket that it has renamed is gone.
    SourceGone,
    /// The bucket that it had made is gone.
    Undone(Bucket),
}

/// Every bucket there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Buckets {
    version: u32,
    there: BTreeMap<BucketName, Made>,
    /// The latest generation of every name that was ever used.
    used: BTreeMap<BucketName, u16>,
}

/// A bucket and what is being done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
struct Made {
    generation: u16,
    /// The job that fills it and is not known to have ended, and the bucket that it renames.
    by: Option<(XactId, Option<BucketName>)>,
}

impl Buckets {
    /// How often it was changed.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The bucket of that name.
    #[must_use]
    pub fn named(&self, name: BucketName) -> Option<Bucket> {
        self.there.get(&name).map(|made| Bucket { name, generation: made.generation })
    }

    /// Whether that very bucket is there.
    #[must_use]
    pub fn has(&self, bucket: Bucket) -> bool {
        self.named(bucket.name) == Some(bucket)
    }

    /// Whether that bucket was there and is not any more: one that is not there may have yet to be heard of.
    #[must_use]
    pub fn is_gone(&self, bucket: Bucket) -> bool {
        !self.has(bucket) && self.used.get(&bucket.name).is_some_and(|&used| used >= bucket.generation)
    }

    /// Every bucket, by name.
    pub fn iter(&self) -> impl Iterator<Item = Bucket> + '_ {
        self.there.iter().map(|(&name, made)| Bucket { name, generation: made.generation })
    }

    /// Every bucket, with the job that fills or renames it and is not known to have ended.
    pub fn made(&self) -> impl Iterator<Item = (Bucket, Option<XactId>)> + '_ {
        self.there
            .iter()
            .map(|(&name, made)| (Bucket { name, generation: made.generation }, made.by.map(|(job, _)| job)))
    }

    /// Every bucket that is being renamed, by which job.
    pub fn renamed(&self) -> impl Iterator<Item = (BucketName, XactId)> + '_ {
        self.there.values().filter_map(|made| made.by.and_then(|(job, source)| Some((source?, job))))
    }

    /// The jobs that fill or rename a bucket and are not known to have ended.
    pub fn makers(&self) -> impl Iterator<Item = XactId> + '_ {
        self.there.values().filter_map(|made| made.by.map(|(job, _)| job))
    }

    /// Does what a user wants; nothing, if it is so already.
    ///
    /// # Errors
    /// When a job is making or renaming the bucket.
    pub fn change(&mut self, change: BucketChange) -> Result<(), BucketError> {
        match change {
            BucketChange::Create(name) if self.there.contains_key(&name) => Ok(()),
            BucketChange::Destroy(name) if !self.there.contains_key(&name) => Ok(()),
            BucketChange::Create(name) => self.make(name, None).map(|_| ()),
            BucketChange::Destroy(name) => {
                self.idle(name)?;
                self.there.remove(&name);
                self.version += 1;
                Ok(())
            }
        }
    }

    /// Does a job's step; the bucket that it fills, if it has one of its own. A step that comes again changes nothing.
    ///
    /// # Errors
    /// When its bucket is not there, or the name that it is to have is taken, or what it is to fill is being made by another.
    pub fn step(&mut self, step: &Step, unfinished: UnfinishedBucket) -> Result<Option<Bucket>, BucketError> {
        let &Step { job, kind, from, to } = step;
        if let (Some(to), true) = (to, self.makers().any(|maker| maker == job)) {
            return Ok(self.named(to));
        }
        if let Some(from) = from {
            self.idle(from)?;
        }
        match (kind, to) {
            (Kind::MoveBck, Some(to)) => self.make(to, Some((job, from))).map(Some),
            (Kind::CopyBck | Kind::EtlBck, Some(to)) if !self.there.contains_key(&to) => {
                self.make(to, Some((job, None))).map(Some)
            }
            (_, Some(to)) => {
                let there = match unfinished {
                    UnfinishedBucket::Reserved => self.idle(to)?,
                    UnfinishedBucket::Shared => self.named(to).ok_or(BucketError::NotThere(to))?,
                };
                self.version += 1;
                Ok(Some(there))
            }
            (_, None) => {
                self.version += 1;
                Ok(None)
            }
        }
    }

    /// A job has ended: a rename that went well takes its source away, and what a job that did not go well has made goes.
    pub fn conclude(&mut self, job: XactId, well: bool) -> Concluded {
        let made = self.there.iter_mut().find(|(_, made)| made.by.is_some_and(|(maker, _)| maker == job));
        let Some((&name, made)) = made else { return Concluded::Stays };
        self.version += 1;
        let bucket = Bucket { name, generation: made.generation };
        let source = made.by.take().and_then(|(_, source)| source);
        if !well {
            self.there.remove(&name);
            return Concluded::Undone(bucket);
        }
        match source.and_then(|source| self.there.remove(&source)) {
            Some(_) => Concluded::SourceGone,
            None => Concluded::Stays,
        }
    }

    /// Whether a job may work on a bucket of that name, and which one that is.
    ///
    /// # Errors
    /// When there is none, or another job makes or renames it.
    pub fn idle(&self, name: BucketName) -> Result<Bucket, BucketError> {
        let bucket = self.named(name).ok_or(BucketError::NotThere(name))?;
        let busy = |made: &&Made| made.by.is_some_and(|(_, source)| source == Some(name));
        let renamed = self.there.values().find(busy).or_else(|| self.there.get(&name));
        match renamed.and_then(|made| made.by) {
            Some((job, _)) => Err(BucketError::Busy(name, job)),
            None => Ok(bucket),
        }
    }

    fn make(&mut self, name: BucketName, by: Option<(XactId, Option<BucketName>)>) -> Result<Bucket, BucketError> {
        if self.there.contains_key(&name) {
            return Err(BucketError::Exists(name));
        }
        let generation = self.used.get(&name).map_or(1, |&used| used + 1);
        self.used.insert(name, generation);
        self.there.insert(name, Made { generation, by });
        self.version += 1;
        Ok(Bucket { name, generation })
    }
}

#[cfg(test)]
mod tests {
    use quiesce_machine::Incarnation;

    use super::*;
    use crate::xaction::DaemonId;

    const B1: BucketName = BucketName(0);
    const B2: BucketName = BucketName(1);
    const JOB: XactId = XactId::minted(DaemonId::Client(0), Incarnation(1), 0);

    fn with_b1() -> Buckets {
        let mut buckets = Buckets::default();
        buckets.change(BucketChange::Create(B1)).unwrap();
        buckets
    }

    fn step(kind: Kind) -> Step {
        Step { job: JOB, kind, from: Some(B1), to: Some(B2) }
    }

    fn stepped(buckets: &mut Buckets, kind: Kind) -> Result<Option<Bucket>, BucketError> {
        buckets.step(&step(kind), UnfinishedBucket::Reserved)
    }

    #[test]
    fn a_bucket_made_again_is_another() {
        let mut buckets = with_b1();
        let first = buckets.named(B1).unwrap();
        for _ in 0..2 {
            buckets.change(BucketChange::Create(B1)).unwrap();
        }
        for _ in 0..2 {
            buckets.change(BucketChange::Destroy(B1)).unwrap();
        }
        buckets.change(BucketChange::Create(B1)).unwrap();
        assert!(!buckets.has(first));
        assert_eq!(buckets.named(B1), Some(Bucket { name: B1, generation: 2 }));
        assert_eq!(buckets.version(), 3);
    }

    #[test]
    fn a_step_that_comes_again_changes_nothing() {
        let mut buckets = with_b1();
        let made = stepped(&mut buckets, Kind::CopyBck).unwrap();
        let before = buckets.clone();
        assert_eq!(stepped(&mut buckets, Kind::CopyBck), Ok(made));
        assert_eq!(buckets, before);
    }

    #[test]
    fn a_rename_that_went_well_takes_its_source_away_and_one_that_did_not_its_destination() {
        for (well, stays) in [(true, B2), (false, B1)] {
            let mut buckets = with_b1();
            stepped(&mut buckets, Kind::MoveBck).unwrap();
            assert_eq!(buckets.idle(B1), Err(BucketError::Busy(B1, JOB)));
            assert_eq!(buckets.change(BucketChange::Destroy(B2)), Err(BucketError::Busy(B2, JOB)));
            let undone = Bucket { name: B2, generation: 1 };
            let concluded = if well { Concluded::SourceGone } else { Concluded::Undone(undone) };
            assert_eq!(buckets.conclude(JOB, well), concluded);
            assert_eq!(buckets.iter().map(|bucket| bucket.name).collect::<Vec<_>>(), [stays]);
            assert_eq!(buckets.makers().count(), 0);
        }
    }

    #[test]
    fn a_copy_into_a_bucket_that_was_there_leaves_it_there() {
        let mut buckets = with_b1();
        buckets.change(BucketChange::Create(B2)).unwrap();
        stepped(&mut buckets, Kind::CopyBck).unwrap();
        assert_eq!(buckets.conclude(JOB, false), Concluded::Stays);
        assert!(buckets.named(B2).is_some());
    }

    #[test]
    fn a_bucket_that_a_job_makes_is_filled_by_no_other_unless_unfinished_ones_are_shared() {
        let mut buckets = with_b1();
        let made = stepped(&mut buckets, Kind::CopyBck).unwrap();
        let other = Step { job: JOB.with_number(7), ..step(Kind::CopyBck) };
        assert_eq!(buckets.step(&other, UnfinishedBucket::Reserved), Err(BucketError::Busy(B2, JOB)));
        assert_eq!(buckets.step(&other, UnfinishedBucket::Shared), Ok(made));
        assert_eq!(buckets.conclude(JOB, false), Concluded::Undone(made.unwrap()), "and the other fills what is gone");
    }

    #[test]
    fn a_kind_that_makes_no_bucket_counts_a_version() {
        let mut buckets = with_b1();
        let encode = Step { to: None, ..step(Kind::EcEncode) };
        assert_eq!(buckets.step(&encode, UnfinishedBucket::Reserved), Ok(None));
        assert_eq!(buckets.version(), 2);
        let nowhere = Step { from: Some(B2), ..encode };
        assert_eq!(buckets.step(&nowhere, UnfinishedBucket::Reserved), Err(BucketError::NotThere(B2)));
    }
}
