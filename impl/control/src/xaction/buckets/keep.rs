//! How a primary changes the buckets of the map.

use super::{BucketChange, BucketError, Buckets, Concluded, Step};
use crate::xaction::Context;
use crate::xaction::bucket::Bucket;
use crate::xaction::fact::Fact;
use crate::xaction::id::XactId;
use crate::xaction::membership::{Membership, Version};

impl Membership {
    /// Does what a user wants; which map says so. `None`: this daemon cannot say.
    pub(in crate::xaction) fn change_buckets(
        &mut self,
        change: BucketChange,
        cx: &mut Context<'_>,
    ) -> Option<Result<Version, BucketError>> {
        self.with_buckets(cx, |buckets| buckets.change(change)).map(|done| done.map(|((), as_of)| as_of))
    }

    /// Does a job's step; the bucket that it fills, and which map says so. `None`: this daemon cannot say.
    pub(in crate::xaction) fn step_buckets(
        &mut self,
        step: &Step,
        cx: &mut Context<'_>,
    ) -> Option<Result<(Option<Bucket>, Version), BucketError>> {
        let unfinished = cx.config().policies.unfinished_bucket;
        self.with_buckets(cx, |buckets| buckets.step(step, unfinished))
    }

    /// A job that fills or renames a bucket has ended.
    pub(in crate::xaction) fn conclude_buckets(&mut self, job: XactId, well: bool, cx: &mut Context<'_>) {
        match self.with_buckets(cx, |buckets| Ok(buckets.conclude(job, well))) {
            Some(Ok((Concluded::SourceGone, _))) => cx.fact(Fact::BucketRenamed { job }),
            Some(Ok((Concluded::Undone(bucket), _))) => cx.fact(Fact::BucketUndone { job, bucket }),
            Some(Ok((Concluded::Stays, _)) | Err(_)) | None => (),
        }
    }

    fn with_buckets<T>(
        &mut self,
        cx: &mut Context<'_>,
        change: impl FnOnce(&mut Buckets) -> Result<T, BucketError>,
    ) -> Option<Result<(T, Version), BucketError>> {
        if !self.is_primary() || !self.has_quorum(cx) {
            return None;
        }
        let mut draft = self.accepted().draft();
        match draft.with_buckets(change) {
            Err(error) => Some(Err(error)),
            Ok(result) => {
                self.make(draft, cx);
                Some(Ok((result, self.accepted().version())))
            }
        }
    }
}
