//! What buckets mean to a target: jobs on one that is gone end, and a job works on the one that was made for it.

use super::Target;
use crate::xaction::Context;
use crate::xaction::bucket::Bucket;
use crate::xaction::job::XactError;
use crate::xaction::membership::Smap;
use crate::xaction::registry::{AbortFilter, Cause};
use crate::xaction::start::Manner;

impl Target {
    /// The target goes by another map: what works on a bucket that is gone ends.
    pub(super) fn buckets_by(&mut self, before: &Smap, cx: &mut Context<'_>) {
        let map = self.membership.map();
        let gone: Vec<Bucket> = before.buckets().iter().filter(|&bucket| !map.buckets().has(bucket)).collect();
        for bucket in gone {
            self.sweep(AbortFilter::Bucket(bucket), Cause::BucketGone, XactError::BucketGone, cx);
            for (job, refused) in self.desk.refuse_on(bucket, cx) {
                self.admitted(job, refused, cx);
            }
        }
    }

    /// The bucket of a job that is gone, as far as this target knows.
    pub(super) fn gone_bucket(&self, manner: Option<&Manner>, cx: &Context<'_>) -> Option<Bucket> {
        let tracked = cx.config().hosting.is_some_and(|hosting| hosting.buckets);
        let from = manner.and_then(|manner| manner.from).filter(|_| tracked);
        from.filter(|&from| self.membership.map().buckets().is_gone(from))
    }

    /// Whether this target knows of the bucket that a job is to fill.
    pub(super) fn knows_destination(&self, manner: Option<&Manner>, cx: &Context<'_>) -> bool {
        let tracked = cx.config().hosting.is_some_and(|hosting| hosting.buckets);
        let to = manner.and_then(|manner| manner.to).filter(|_| tracked);
        to.is_none_or(|to| self.membership.map().buckets().has(to))
    }
}
