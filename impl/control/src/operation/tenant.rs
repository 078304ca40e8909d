//! The tenant's external system: serves webhooks, works, and tells how its jobs stand.
//!
//! A job is durable before its call is answered, and so is its end. Calls are told apart by the operation's id where
//! the policy says so; then a repeated call joins the job that is there. A synchronous job that fails is forgotten, so
//! that the next call tries again.

use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{CallId, Event, NodeId, OpId, Rename, StoreError, Write};

use super::fact::Fact;
use super::id::{AppId, CorrelationId, JobId};
use super::mark;
use super::message::{Msg, ToController, ToTenant};
use super::policy::WebhookKey;
use super::timer::{TenantTimer, Timer};
use super::user::{Reply, Request};
use super::webhook::{Answers, Behaviour, CallResult, Ending, PollResult};
use super::{Context, Node, Record, RecordKey};

/// The tenant's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct Tenant {
    behaviours: BTreeMap<AppId, Behaviour>,
    jobs: BTreeMap<JobId, Job>,
    writes: BTreeMap<OpId, (JobId, Stage)>,
}

/// What the tenant's system keeps of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct JobRecord {
    /// Its name, which is also where it is polled.
    pub job: JobId,
    /// For which application.
    pub app: AppId,
    /// Whether its caller polls; else the call is answered when the work ends.
    pub polled: bool,
    /// How its work ends.
    pub ends: Ending,
    /// Whether it has ended.
    pub ended: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
struct Job {
    record: JobRecord,
    stage: Stage,
    /// Who waits for an answer.
    callers: BTreeSet<NodeId>,
}

/// How far a job is, and which write is under way for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
enum Stage {
    /// Being recorded; the work has not begun.
    Starting,
    Working,
    /// The end is being recorded.
    Ending,
    Ended,
}

impl Tenant {
    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { records, .. } => self.recover(records, cx),
            Event::Deliver { from, msg: Msg::ToTenant(ToTenant::CallWebhook { app, op, polled }) } => {
                self.call(from, app, op, polled, cx);
            }
            Event::Deliver { from, msg: Msg::ToTenant(ToTenant::PollJob { job }) } => {
                let result = self.poll(job);
                cx.send(from, ToController::PollAnswer { job, result }.into());
            }
            Event::Deliver {
                msg: msg @ (Msg::ToDirector(_) | Msg::ToController(_) | Msg::ToApiServer(_) | Msg::ToUser(_)),
                ..
            } => unreachable!("not for the tenant: {msg:?}"),
            Event::Bounce { .. } => (),
            Event::Fire { timer: Timer::Tenant(TenantTimer::Work(job)) } => self.work_ends(job, cx),
            Event::Fire { timer } => unreachable!("not the tenant's: {timer:?}"),
            Event::Stored { op, outcome } => self.stored(op, outcome, cx),
            Event::Call { call, request } => self.asked(call, request, cx),
        }
    }

    fn recover(&mut self, records: Vec<Record>, cx: &mut Context<'_>) {
        self.behaviours = cx.config().apps().map(|(app, known)| (app, known.behaviour)).collect();
        for record in records {
            let Record::Job(record) = record else { unreachable!("not a record of the tenant: {record:?}") };
            let stage = if record.ended { Stage::Ended } else { Stage::Working };
            self.jobs.insert(record.job, Job { record, stage, callers: BTreeSet::new() });
            if record.ended {
                if record.ends.succeeds() {
                    cx.fact(Fact::WebhookEffectFound { job: record.job });
                }
            } else {
                cx.reach(mark::WORK_RESUMED);
                cx.arm(Timer::Tenant(TenantTimer::Work(record.job)), self.behaviours[&record.app].work);
            }
        }
    }

    fn asked(&mut self, call: CallId, request: Request, cx: &mut Context<'_>) {
        let Request::Behave { app, behaviour } = request else { unreachable!("not for the tenant: {request:?}") };
        self.behaviours.insert(app, behaviour);
        cx.reply(call, Reply::Changed);
    }

    fn call(&mut self, from: NodeId, app: AppId, op: CorrelationId, polled: bool, cx: &mut Context<'_>) {
        let job = match cx.config().policies.webhook_key {
            WebhookKey::Operation => JobId { op, attempt: 0 },
            WebhookKey::Absent => self.free_job(op),
        };
        if let Some(known) = self.jobs.get_mut(&job) {
            cx.reach(mark::JOINED);
            known.callers.insert(from);
            return known.answer_callers(cx);
        }
        let behaviour = self.behaviours[&app];
        let refuses = match behaviour.answers {
            Answers::Accepts => false,
            Answers::Refuses => true,
            Answers::AcceptsOrRefuses => cx.choose("webhook-answer", 2) == 1,
            Answers::Gone => {
                cx.fact(Fact::NothingToDo { op });
                return cx.send(from, ToController::WebhookAnswer { op, result: CallResult::Gone }.into());
            }
        };
        if refuses {
            return cx.send(from, ToController::WebhookAnswer { op, result: CallResult::Error }.into());
        }
        let record = JobRecord { job, app, polled, ends: behaviour.ends, ended: false };
        self.jobs.insert(job, Job { record, stage: Stage::Starting, callers: BTreeSet::from([from]) });
        self.write(job, Stage::Starting, cx);
    }

    fn poll(&self, job: JobId) -> PollResult {
        match self.jobs.get(&job).map(|known| (known.stage, known.record.ends)) {
            None => PollResult::Error,
            Some((_, Ending::Odd)) => PollResult::Odd,
            Some((Stage::Ended, Ending::Succeeds | Ending::SucceedsAfterOdd)) => PollResult::Succeeded,
            Some((_, Ending::SucceedsAfterOdd)) => PollResult::Odd,
            Some((Stage::Ended, Ending::Fails)) => PollResult::Failed { error_text: false },
            Some((Stage::Ended, Ending::FailsWithText)) => PollResult::Failed { error_text: true },
            Some((Stage::Starting | Stage::Working | Stage::Ending, _)) => PollResult::InProgress,
        }
    }

    fn work_ends(&mut self, job: JobId, cx: &mut Context<'_>) {
        let known = self.jobs.get_mut(&job).expect("only a known job works");
        known.stage = Stage::Ending;
        known.record.ended = true;
        self.write(job, Stage::Ending, cx);
    }

    /// Makes a job's stage durable; a synchronous job that failed is forgotten instead.
    fn write(&mut self, job: JobId, stage: Stage, cx: &mut Context<'_>) {
        let known = &self.jobs[&job];
        let write = match stage {
            Stage::Ending if known.fails_at_once() => Write::Remove(RecordKey::Job(job)),
            Stage::Starting | Stage::Working | Stage::Ending | Stage::Ended => Write::Put(Record::Job(known.record)),
        };
        let op = (0..).map(OpId).find(|op| !self.writes.contains_key(op)).expect("few writes are under way");
        self.writes.insert(op, (job, stage));
        cx.store(op, write);
    }

    fn stored(&mut self, op: OpId, outcome: Result<(), StoreError>, cx: &mut Context<'_>) {
        let (job, stage) = self.writes.remove(&op).expect("only a write under way is answered");
        match outcome {
            Ok(()) => (),
            Err(StoreError::Failed | StoreError::Unknown) => return self.write(job, stage, cx),
        }
        let known = self.jobs.get_mut(&job).expect("a job is forgotten only here");
        if stage == Stage::Starting {
            known.stage = Stage::Working;
            cx.arm(Timer::Tenant(TenantTimer::Work(job)), self.behaviours[&known.record.app].work);
            return known.answer_callers(cx);
        }
        known.stage = Stage::Ended;
        if known.record.ends.succeeds() {
            cx.fact(Fact::WebhookEffect { job });
        }
        known.answer_callers(cx);
        if known.fails_at_once() {
            self.jobs.remove(&job);
        }
    }

    fn free_job(&self, op: CorrelationId) -> JobId {
        let jobs = (0..=u8::MAX).map(|attempt| JobId { op, attempt });
        jobs.into_iter().find(|job| !self.jobs.contains_key(job)).unwrap_or(JobId { op, attempt: u8::MAX })
    }
}

impl Job {
    fn fails_at_once(&self) -> bool {
        !self.record.polled && !self.record.ends.succeeds()
    }

    /// Answers those who wait, if there is an answer yet.
    fn answer_callers(&mut self, cx: &mut Context<'_>) {
        let JobRecord { job, polled, ends, .. } = self.record;
        let result = match (self.stage, polled) {
            (Stage::Starting, _) | (Stage::Working | Stage::Ending, false) => return,
            (Stage::Working | Stage::Ending | Stage::Ended, true) => CallResult::Success(Some(job)),
            (Stage::Ended, false) if ends.succeeds() => CallResult::Success(None),
            (Stage::Ended, false) => CallResult::Error,
        };
        for caller in std::mem::take(&mut self.callers) {
            cx.send(caller, ToController::WebhookAnswer { op: job.op, result }.into());
        }
    }
}
