//! A gateway's part in buckets: which ones a job means, users' changes, and the change of metadata between the two phases of
//! a start. Whoever is primary does them, and finishes what a job began when the Information Center knows that it has ended.
//! Source: `reference/aistore-registry-and-coexistence.md` section B, 2PC starts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quiesce_machine::CallId;

use super::owed::Owed;
use super::{Phase, Proxy, Start};
use crate::xaction::bucket::Bucket;
use crate::xaction::buckets::{BucketChange, BucketError, Step};
use crate::xaction::job::JobSpec;
use crate::xaction::message::{StartError, ToClient, ToProxy};
use crate::xaction::policy::BucketFinalizer;
use crate::xaction::start::Manner;
use crate::xaction::timer::GatewayTimer;
use crate::xaction::{Context, DaemonId, XactId, send};

impl Proxy {
    /// The same job on the buckets that have those names now.
    pub(super) fn on_buckets(&self, spec: Arc<JobSpec>, cx: &Context<'_>) -> Result<Arc<JobSpec>, BucketError> {
        if cx.config().hosting.is_none_or(|hosting| !hosting.buckets) {
            return Ok(spec);
        }
        let buckets = self.membership.map().buckets();
        let Some(manner) = &spec.manner else { return Ok(spec) };
        let from = manner.from.map(|from| buckets.idle(from.name)).transpose()?;
        let to = manner.to.map(|to| buckets.named(to.name).unwrap_or(Bucket { generation: 0, ..to }));
        let manner = Some(Arc::new(Manner { from, to, ..**manner }));
        Ok(Arc::new(JobSpec { manner, ..(*spec).clone() }))
    }

    /// A user's change of buckets: the primary makes it, whoever is asked.
    pub(super) fn take_bucket_request(
        &mut self,
        client: DaemonId,
        call: CallId,
        change: BucketChange,
        passed_on: bool,
        cx: &mut Context<'_>,
    ) {
        if !self.membership.is_primary() {
            if !passed_on {
                send(cx, self.membership.map().primary(), ToProxy::BucketRequest { client, call, change });
            }
            return;
        }
        match self.membership.change_buckets(change, cx) {
            Some(Ok(as_of)) => self.owe(as_of, Owed::Buckets { client, call }),
            Some(Err(error)) => send(cx, client, ToClient::BucketAnswer { call, result: Err(error) }),
            None => (),
        }
    }

    /// Everybody has begun a job: if its kind changes metadata, that comes before anybody works. Says whether it does.
    pub(super) fn steps(&mut self, job: XactId, cx: &mut Context<'_>) -> bool {
        let start = self.starts.get_mut(&job).expect("only a job being started steps");
        let tracked = cx.config().hosting.is_some_and(|hosting| hosting.buckets);
        if !tracked || !start.spec.kind.descriptor().metasync {
            return false;
        }
        start.phase = Phase::Changing;
        self.ask_step(job, cx);
        true
    }

    /// Asks whoever is primary for the change, again and again until it answers. Not when the map changes: each of these
    /// changes does that.
    pub(super) fn ask_step(&self, job: XactId, cx: &mut Context<'_>) {
        let Some(Start { phase: Phase::Changing, spec, .. }) = self.starts.get(&job) else { return };
        let manner = spec.manner.as_deref().copied().unwrap_or_default();
        let name = |bucket: Option<Bucket>| bucket.map(|bucket| bucket.name);
        let step = Step { job, kind: spec.kind, from: name(manner.from), to: name(manner.to) };
        send(cx, self.membership.map().primary(), ToProxy::BucketStep { step: Arc::new(step) });
        cx.arm(GatewayTimer::Change(job).into(), cx.config().timing.max_keepalive);
    }

    /// A gateway asks for a job's change.
    pub(super) fn take_step(&mut self, gateway: DaemonId, step: &Step, cx: &mut Context<'_>) {
        let job = step.job;
        match self.membership.step_buckets(step, cx) {
            Some(Ok((bucket, as_of))) => {
                self.made_for.insert(job);
                self.owe(as_of, Owed::Step { gateway, job, bucket });
            }
            Some(Err(error)) => send(cx, gateway, ToProxy::BucketStepped { job, result: Err(error) }),
            None => (),
        }
    }

    /// The change is made, or cannot be.
    pub(super) fn stepped(&mut self, job: XactId, result: Result<Option<Bucket>, BucketError>, cx: &mut Context<'_>) {
        let Some(start) = self.starts.get_mut(&job).filter(|start| start.phase == Phase::Changing) else { return };
        cx.disarm(GatewayTimer::Change(job).into());
        match result {
            Ok(bucket) => {
                if let (Some(bucket), Some(manner)) = (bucket, &start.spec.manner) {
                    let manner = Some(Arc::new(Manner { to: Some(bucket), ..**manner }));
                    start.spec = Arc::new(JobSpec { manner, ..(*start.spec).clone() });
                }
                start.phase = Phase::Registering { copies: BTreeMap::new(), silent: self.ic.others().collect() };
                self.choose_again(job, cx);
                self.register(job, cx);
            }
            Err(error) => self.call_off(job, StartError::Bucket(error), cx),
        }
    }

    /// Finishes what jobs began that the Information Center knows to have ended.
    pub(super) fn conclude_buckets(&mut self, cx: &mut Context<'_>) {
        if !self.membership.is_primary() {
            return self.made_for.clear();
        }
        let makers: BTreeSet<XactId> = self.membership.accepted().buckets().makers().collect();
        self.made_for.retain(|job| makers.contains(job));
        let due = match cx.config().policies.bucket_finalizer {
            BucketFinalizer::InMemory => self.made_for.clone(),
            BucketFinalizer::AsInTheMap => makers,
        };
        for job in due {
            let listener = self.ic.table().entry(job).filter(|listener| listener.end_time.is_some());
            if let Some(well) = listener.map(|listener| !listener.aborted) {
                self.membership.conclude_buckets(job, well, cx);
            }
        }
    }
}
