//! One visit of the worker to a record: asks the table, does what it says, and asks again with the answer.

use quiesce_machine::Rename;
use std::sync::Arc;
use std::time::Duration;

use super::super::fact::Fact;
use super::super::id::{AppId, CorrelationId, JobId, ProcessId};
use super::super::mark;
use super::super::message::{Fetched, Msg, StatusStep, ToApiServer, ToDirector, ToTenant, Written};
use super::super::policy::RetryUnit;
use super::super::record::{Operation, Outcome, Status, Tally};
use super::super::timer::ControllerTimer;
use super::super::webhook::{CallResult, Mode, PollResult, Webhook};
use super::super::{Context, send};
use super::decide::{Decision, Heard, Known, Situation, conclude, decide, settled, timeout};
use super::{Controller, Pace, stop_clock};

/// The visit under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) struct Work {
    app: AppId,
    operation: Option<Operation>,
    fetched: Option<Fetched>,
    heard: Option<Heard>,
    awaits: Awaits,
}

/// What a visit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
enum Awaits {
    Nothing,
    Fetch,
    Call(Webhook),
    Poll(JobId, Webhook),
    Write(StatusStep, Status),
    Put(Outcome),
    Delete,
}

impl Work {
    /// Whether the director has said in this visit that this very operation has ended, which only policy `readiness`
    /// heeds.
    fn found_settled(&self, operation: &Operation) -> bool {
        match self.fetched {
            Some(Fetched::Found(application)) => {
                operation.spec.number.is_some() && settled(operation, &application).is_some()
            }
            Some(Fetched::NotFound | Fetched::Failed) | None => false,
        }
    }
}

impl Controller {
    /// Visits the next record, if the worker is free.
    pub(super) fn work_on(&mut self, cx: &mut Context<'_>) {
        while self.work.is_none() {
            let Some(app) = self.queue.take() else { return };
            let operation = self.cache.get(&app).copied();
            let work = Work { app, operation, fetched: None, heard: None, awaits: Awaits::Nothing };
            self.work = Some(Box::new(work));
            self.proceed(cx);
        }
    }

    fn proceed(&mut self, cx: &mut Context<'_>) {
        let decision = self.decision(cx);
        self.carry_out(decision, cx);
    }

    fn decision(&mut self, cx: &mut Context<'_>) -> Decision {
        let work = self.work.as_ref().expect("only a visit decides");
        let (fetched, heard) = (work.fetched, work.heard);
        let Some(operation) = work.operation else { return Decision::Stop };
        self.pace(&operation, cx);
        let clock = *self.clock(&operation, cx);
        let now = Situation {
            operation: Some(&operation),
            fetched,
            heard,
            known: clock.known,
            attempted: clock.attempted,
            overdue: clock.overdue,
            collectable: clock.collectable,
            poll_due: clock.pace != Pace::Waiting,
        };
        let decision = decide(&cx.config().policies, &now);
        if let Some(mark) = mark_of(decision, &now) {
            cx.reach(mark);
        }
        decision
    }

    /// Takes up the interval since a poll that the record knows of and this process does not (row 11).
    fn pace(&mut self, operation: &Operation, cx: &mut Context<'_>) {
        let last_poll = operation.current_status().and_then(|status| status.webhook?.last_poll);
        let interval = operation.spec.plan.and_then(|plan| plan.retry_interval);
        let clock = self.clock(operation, cx);
        if let (Pace::Unknown, Some(last_poll), Some(interval)) = (clock.pace, last_poll, interval) {
            clock.pace = Pace::Waiting;
            let since = cx.now().since_start().saturating_sub(last_poll.0.since_start());
            cx.arm(ControllerTimer::PollDue(operation.spec.app).into(), interval.saturating_sub(since));
        }
    }

    fn carry_out(&mut self, decision: Decision, cx: &mut Context<'_>) {
        let work = self.work.as_ref().expect("only a visit carries out");
        let (app, Some(operation)) = (work.app, work.operation) else { return self.stop(cx) };
        let op = operation.spec.op;
        let ended = operation.has_ended() || work.found_settled(&operation);
        let status = || Status::initial(&operation.spec, operation.generation, cx.stamp());
        let status = operation.current_status().copied().unwrap_or_else(status);
        match decision {
            Decision::Stop | Decision::AwaitPoll => self.stop(cx),
            Decision::Retry => self.retry(cx),
            Decision::Initialize => self.write(StatusStep::Initialize, status, cx),
            Decision::Fetch => {
                self.request(Awaits::Fetch, ProcessId::Director, ToDirector::FetchApplication { app }, cx);
            }
            Decision::Collect => {
                self.request(Awaits::Delete, ProcessId::ApiServer, ToApiServer::DeleteOperation { app }, cx);
            }
            Decision::Call(plan) => {
                cx.fact(Fact::WebhookCalled { op, plan, ended });
                self.clock(&operation, cx).attempted = true;
                let call = ToTenant::CallWebhook { app, op, polled: plan.mode != Mode::Sync };
                self.request(Awaits::Call(plan), ProcessId::Tenant, call, cx);
            }
            Decision::Poll(job, plan) => {
                cx.fact(Fact::JobPolled { op, plan, ended });
                self.clock(&operation, cx).attempted = true;
                self.request(Awaits::Poll(job, plan), ProcessId::Tenant, ToTenant::PollJob { job }, cx);
            }
            Decision::RecordLocation(job) => {
                self.remember(&operation, Known::Location(job), cx);
                let mut status = status;
                if let Some(webhook) = &mut status.webhook {
                    (webhook.location, webhook.last_poll, webhook.retries) = (Some(job), None, Tally(0));
                }
                self.write(StatusStep::Location, status, cx);
            }
            Decision::RecordPoll => {
                let mut status = status;
                if let Some(webhook) = &mut status.webhook {
                    webhook.last_poll = Some(cx.stamp());
                    webhook.retries = Tally(webhook.retries.0.saturating_add(1));
                }
                self.write(StatusStep::Polled, status, cx);
            }
            Decision::RecordOutcome(outcome) => {
                self.clock(&operation, cx).known = Some(Known::Outcome(outcome));
                self.write(StatusStep::Outcome(outcome), status.with_outcome(outcome), cx);
            }
            Decision::Complete(outcome) => {
                cx.fact(Fact::CompletionSent { op, outcome, ended });
                let (number, mutation) = (operation.spec.number, operation.spec.mutation);
                let put = ToDirector::PutOperation { app, op, number, mutation, outcome };
                self.request(Awaits::Put(outcome), ProcessId::Director, put, cx);
            }
            Decision::End(outcome) => self.write(StatusStep::End(outcome), status.ended(outcome), cx),
            Decision::RetryLater(plan) => self.retry_later(op, plan, cx),
        }
    }

    fn write(&mut self, step: StatusStep, status: Status, cx: &mut Context<'_>) {
        let operation = self.work.as_ref().and_then(|work| work.operation).expect("a status is of a record");
        let (app, version) = (operation.spec.app, operation.version);
        let update = ToApiServer::UpdateStatus { app, version, step, status: Arc::new(status) };
        self.request(Awaits::Write(step, status), ProcessId::ApiServer, update, cx);
    }

    fn request(&mut self, awaits: Awaits, to: ProcessId, msg: impl Into<Msg>, cx: &mut Context<'_>) {
        self.work.as_mut().expect("only a visit asks").awaits = awaits;
        send(cx, to, msg);
        cx.arm(ControllerTimer::Http.into(), cx.config().timing.http);
    }

    /// The answer has come.
    fn resume(&mut self, cx: &mut Context<'_>) -> Option<&mut Work> {
        cx.disarm(ControllerTimer::Http.into());
        let work = self.work.as_deref_mut()?;
        work.awaits = Awaits::Nothing;
        Some(work)
    }

    pub(super) fn fetched(&mut self, app: AppId, fetched: Fetched, cx: &mut Context<'_>) {
        if self.work.as_ref().is_some_and(|work| work.app == app && work.awaits == Awaits::Fetch) {
            self.resume(cx).expect("a visit").fetched = Some(fetched);
            self.next(cx);
        }
    }

    pub(super) fn answered(&mut self, op: CorrelationId, result: CallResult, cx: &mut Context<'_>) {
        let Some(Work { operation: Some(operation), awaits: Awaits::Call(plan), .. }) = self.work.as_deref() else {
            return;
        };
        if operation.spec.op == op {
            if let (Mode::Async, CallResult::Success(Some(_))) = (plan.mode, result) {
                cx.fact(Fact::LocationHeard { op });
            }
            let outcome = (plan.mode == Mode::Sync && matches!(result, CallResult::Success(_))).then_some(Ok(()));
            self.hear(op, Heard::Call(result), outcome, cx);
        }
    }

    pub(super) fn polled(&mut self, job: JobId, result: PollResult, cx: &mut Context<'_>) {
        let Some(Work { awaits: Awaits::Poll(asked, _), .. }) = self.work.as_deref() else { return };
        if *asked == job {
            let outcome = match result {
                PollResult::Succeeded => Some(Ok(())),
                PollResult::Failed { .. } => Some(Err(super::super::record::Reason::Reported)),
                PollResult::InProgress | PollResult::Odd | PollResult::Error => None,
            };
            self.hear(job.op, Heard::Poll(result), outcome, cx);
        }
    }

    fn hear(&mut self, op: CorrelationId, heard: Heard, outcome: Option<Outcome>, cx: &mut Context<'_>) {
        if let Some(outcome) = outcome {
            cx.fact(Fact::OutcomeHeard { op, outcome });
        }
        self.resume(cx).expect("a visit").heard = Some(heard);
        self.next(cx);
    }

    pub(super) fn put(&mut self, op: CorrelationId, told: Outcome, recorded: Outcome, cx: &mut Context<'_>) {
        let Some(Work { operation: Some(operation), awaits: Awaits::Put(outcome), .. }) = self.work.as_deref() else {
            return;
        };
        if operation.spec.op == op && *outcome == told {
            self.resume(cx);
            self.carry_out(Decision::End(recorded), cx);
        }
    }

    pub(super) fn put_failed(&mut self, op: CorrelationId, told: Outcome, cx: &mut Context<'_>) {
        let Some(Work { operation: Some(operation), awaits: Awaits::Put(outcome), .. }) = self.work.as_deref() else {
            return;
        };
        if operation.spec.op == op && *outcome == told {
            self.retry(cx);
            self.work_on(cx);
        }
    }

    pub(super) fn status_written(
        &mut self,
        app: AppId,
        version: u32,
        step: StatusStep,
        written: Written,
        cx: &mut Context<'_>,
    ) {
        let Some(Work { operation: Some(operation), awaits: Awaits::Write(asked, status), .. }) = self.work.as_deref()
        else {
            return;
        };
        if (operation.spec.app, operation.version, *asked) != (app, version, step) {
            return;
        }
        let operation = Operation { status: Some(*status), ..*operation };
        match written {
            Written::Ok(version) => {
                let operation = Operation { version, ..operation };
                self.keep_write(&operation, cx);
                self.resume(cx).expect("a visit").operation = Some(operation);
                self.step_done(step, &operation, cx);
            }
            Written::Conflict | Written::NotFound => self.conflict(&operation, cx),
        }
        self.work_on(cx);
    }

    /// Keeps where to poll, whatever becomes of the write.
    fn remember(&mut self, operation: &Operation, known: Known, cx: &mut Context<'_>) {
        if cx.config().policies.goes_by_own_writes() {
            self.clock(operation, cx).known = Some(known);
        }
    }

    /// Takes a write of our own into the cache.
    fn keep_write(&mut self, operation: &Operation, cx: &Context<'_>) {
        if cx.config().policies.goes_by_own_writes()
            && let Some(cached) = self.cache.get_mut(&operation.spec.app)
            && cached.version < operation.version
        {
            *cached = *operation;
        }
    }

    /// A write of our own has met another version: if the cache does not have it either, the next visit waits for a list.
    fn conflict(&mut self, operation: &Operation, cx: &mut Context<'_>) {
        cx.reach(mark::CONFLICT);
        let app = operation.spec.app;
        let behind = self.cache.get(&app).is_some_and(|cached| cached.version <= operation.version);
        if !(behind && cx.config().policies.goes_by_own_writes()) {
            return self.retry(cx);
        }
        self.stop(cx);
        self.stale.insert(app);
        if !self.listing {
            self.relist(cx);
        }
    }

    /// A status write is durable: what follows it.
    fn step_done(&mut self, step: StatusStep, operation: &Operation, cx: &mut Context<'_>) {
        let op = operation.spec.op;
        match step {
            StatusStep::Initialize | StatusStep::Outcome(_) => self.proceed(cx),
            StatusStep::Location => {
                self.clock(operation, cx).pace = Pace::Unknown;
                self.retry(cx);
            }
            StatusStep::Polled => self.poll_done(operation, cx),
            StatusStep::End(outcome) => {
                cx.fact(Fact::OperationEnded { op, outcome });
                self.clocks.remove(&operation.spec.app);
                stop_clock(operation.spec.app, cx);
                cx.disarm(ControllerTimer::Requeue(operation.spec.app).into());
                self.stop(cx);
            }
        }
    }

    /// Row 12a: the job is in progress.
    fn poll_done(&mut self, operation: &Operation, cx: &mut Context<'_>) {
        let policies = &cx.config().policies;
        let Some(Work { heard: Some(Heard::Poll(_)), .. }) = self.work.as_deref() else { return self.stop(cx) };
        let clock = self.clock(operation, cx);
        if clock.overdue {
            return self.carry_out(conclude(policies, timeout(policies)), cx);
        }
        let app = operation.spec.app;
        let asked = operation.spec.plan.and_then(|plan| plan.retry_interval);
        if let Some(interval) = asked.filter(|interval| !interval.is_zero()) {
            clock.pace = Pace::Waiting;
            cx.arm(ControllerTimer::PollDue(app).into(), interval);
        } else if let Some(after) = requeue_delay(asked, cx) {
            clock.pace = Pace::Due;
            cx.arm(ControllerTimer::Requeue(app).into(), after);
        }
        self.stop(cx);
    }

    pub(super) fn collected(&mut self, app: AppId, cx: &mut Context<'_>) {
        let Some(Work { operation: Some(operation), awaits: Awaits::Delete, .. }) = self.work.as_deref() else {
            return;
        };
        if operation.spec.app == app {
            cx.fact(Fact::RecordCollected { op: operation.spec.op });
            self.cache.remove(&app);
            self.stop(cx);
            self.work_on(cx);
        }
    }

    /// The request under way was not answered, or was refused.
    pub(super) fn request_failed(&mut self, cx: &mut Context<'_>) {
        let Some(work) = self.work.as_deref() else { return };
        match work.awaits {
            Awaits::Nothing => return,
            Awaits::Fetch => self.resume(cx).expect("a visit").fetched = Some(Fetched::Failed),
            Awaits::Call(_) => self.resume(cx).expect("a visit").heard = Some(Heard::Call(CallResult::Error)),
            Awaits::Poll(..) => self.resume(cx).expect("a visit").heard = Some(Heard::Poll(PollResult::Error)),
            Awaits::Write(..) | Awaits::Put(_) | Awaits::Delete => {
                self.retry(cx);
                return self.work_on(cx);
            }
        }
        self.next(cx);
    }

    /// The peer's process is down.
    pub(super) fn refused(&mut self, msg: &Msg, cx: &mut Context<'_>) {
        let Some(work) = self.work.as_deref() else { return };
        let under_way = match (msg, work.awaits) {
            (Msg::ToDirector(ToDirector::FetchApplication { app }), Awaits::Fetch) => *app == work.app,
            (Msg::ToDirector(ToDirector::PutOperation { app, outcome, .. }), Awaits::Put(told)) => {
                (*app, *outcome) == (work.app, told)
            }
            (Msg::ToApiServer(ToApiServer::UpdateStatus { app, step, .. }), Awaits::Write(asked, _)) => {
                (*app, *step) == (work.app, asked)
            }
            (Msg::ToApiServer(ToApiServer::DeleteOperation { app }), Awaits::Delete) => *app == work.app,
            (Msg::ToTenant(ToTenant::CallWebhook { app, .. }), Awaits::Call(_)) => *app == work.app,
            (Msg::ToTenant(ToTenant::PollJob { job }), Awaits::Poll(asked, _)) => *job == asked,
            (Msg::ToDirector(_) | Msg::ToApiServer(_) | Msg::ToTenant(_), _)
            | (Msg::ToController(_) | Msg::ToUser(_), _) => false,
        };
        if under_way {
            self.request_failed(cx);
        }
    }

    fn next(&mut self, cx: &mut Context<'_>) {
        self.proceed(cx);
        self.work_on(cx);
    }

    /// The visit is over; nothing brings the next.
    fn stop(&mut self, cx: &mut Context<'_>) {
        if let Some(work) = self.work.take() {
            cx.disarm(ControllerTimer::Http.into());
            self.queue.forget(work.app);
        }
    }

    /// The visit is over; the next comes after the queue's back-off.
    fn retry(&mut self, cx: &mut Context<'_>) {
        if let Some(work) = self.work.take() {
            cx.disarm(ControllerTimer::Http.into());
            let delay = self.queue.back_off(work.app, &cx.config().timing);
            cx.arm(ControllerTimer::Requeue(work.app).into(), delay);
        }
    }

    /// The visit is over; the next comes after the webhook's interval.
    fn retry_later(&mut self, op: CorrelationId, plan: Webhook, cx: &mut Context<'_>) {
        let app = self.work.as_ref().expect("only a visit is tried again").app;
        self.stop(cx);
        if let Some(after) = requeue_delay(plan.retry_interval, cx) {
            let interval = plan.retry_interval.unwrap_or(cx.config().timing.requeue_interval);
            cx.fact(Fact::RetryDelayed { op, after, interval });
            cx.arm(ControllerTimer::Requeue(app).into(), after);
        }
    }
}

/// The mark of a decision, if it is one of the rare ones.
fn mark_of(decision: Decision, now: &Situation<'_>) -> Option<&'static str> {
    match decision {
        Decision::End(_) => Some(mark::RECORD_FOLLOWS),
        Decision::RecordLocation(_) if now.heard.is_none() => Some(mark::LOCATION_AGAIN),
        Decision::Call(_) | Decision::Poll(..) if now.overdue => Some(mark::ASKED_BEFORE_TIMEOUT),
        Decision::Stop
        | Decision::Retry
        | Decision::Initialize
        | Decision::Fetch
        | Decision::Collect
        | Decision::Call(_)
        | Decision::Poll(..)
        | Decision::RecordLocation(_)
        | Decision::RecordPoll
        | Decision::RecordOutcome(_)
        | Decision::Complete(_)
        | Decision::RetryLater(_)
        | Decision::AwaitPoll => None,
    }
}

/// How long to wait before a webhook is tried again that asks for that interval; `None`: no timer is armed at all.
fn requeue_delay(asked: Option<Duration>, cx: &Context<'_>) -> Option<Duration> {
    let default = cx.config().timing.requeue_interval;
    let after = match (cx.config().policies.retry_unit, asked) {
        (_, None) => default,
        (RetryUnit::Nanoseconds, Some(interval)) => Duration::from_nanos(interval.as_secs()),
        (RetryUnit::Seconds, Some(interval)) if interval.is_zero() => default,
        (RetryUnit::Seconds, Some(interval)) => interval,
    };
    Some(after).filter(|after| !after.is_zero())
}
