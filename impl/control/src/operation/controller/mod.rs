//! The operations controller: an informer cache that lags, a work queue, one worker, and a lease.
//!
//! `decide` is the decision table; `reconcile` carries out what it says, one request at a time. A replica that does
//! not lead does nothing but try for the lease; one that loses it forgets everything, as a process that exits.

pub mod decide;
mod queue;
mod reconcile;

use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{Event, Rename};

use super::fact::Fact;
use super::id::{AppId, CorrelationId, ProcessId};
use super::mark;
use super::message::{Msg, ToApiServer, ToController};
use super::policy::Deadline;
use super::record::Operation;
use super::timer::{ControllerTimer, Timer};
use super::{Context, Node, send};
use decide::Known;
use queue::Queue;
use reconcile::Work;

/// A controller's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct Controller {
    leads: bool,
    /// A list was asked for and has not come.
    listing: bool,
    /// Records that wait for it: a write has met another version than the cache has.
    stale: BTreeSet<AppId>,
    cache: BTreeMap<AppId, Operation>,
    queue: Queue,
    work: Option<Box<Work>>,
    clocks: BTreeMap<AppId, Clock>,
}

/// What a controller remembers of a record's operation between two visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
struct Clock {
    op: CorrelationId,
    /// Whether its timers have been armed: not before the record is initialised.
    timed: bool,
    overdue: bool,
    collectable: bool,
    attempted: bool,
    pace: Pace,
    known: Option<Known>,
}

/// Whether the job may be polled again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
enum Pace {
    /// Nothing is known of earlier polls but what the record says.
    Unknown,
    /// The interval runs.
    Waiting,
    /// It is over.
    Due,
}

impl Controller {
    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { .. } => match cx.config().timing.lease {
                None => self.lead(cx),
                Some(_) => self.campaign(cx),
            },
            Event::Deliver { msg: Msg::ToController(msg), .. } => self.receive(msg, cx),
            Event::Deliver {
                msg: msg @ (Msg::ToDirector(_) | Msg::ToApiServer(_) | Msg::ToTenant(_) | Msg::ToUser(_)),
                ..
            } => unreachable!("not for a controller: {msg:?}"),
            Event::Bounce { msg, .. } => self.refused(&msg, cx),
            Event::Fire { timer: Timer::Controller(timer) } => self.fire(timer, cx),
            Event::Fire { timer } => unreachable!("not a controller's: {timer:?}"),
            Event::Stored { op, .. } => unreachable!("a controller stores nothing, found {op:?}"),
            Event::Call { request, .. } => unreachable!("users do not call controllers, found {request:?}"),
        }
    }

    fn receive(&mut self, msg: ToController, cx: &mut Context<'_>) {
        acknowledge(&msg, cx);
        if !self.leads && !matches!(msg, ToController::LeaseAnswer { .. }) {
            return;
        }
        match msg {
            ToController::LeaseAnswer { held } => self.lease_answered(held, cx),
            ToController::OperationsListed { revision, records } => self.listed(revision, &records, cx),
            ToController::WatchEvent { record } => self.observe(*record, cx),
            ToController::WatchDeleted { app, version } => {
                if self.cache.get(&app).is_some_and(|cached| cached.version <= version) {
                    self.cache.remove(&app);
                }
            }
            ToController::ApplicationFetched { app, fetched } => self.fetched(app, fetched, cx),
            ToController::OperationPut { op, told, recorded } => self.put(op, told, recorded, cx),
            ToController::PutFailed { op, told } => self.put_failed(op, told, cx),
            ToController::StatusWritten { app, version, step, written } => {
                self.status_written(app, version, step, written, cx);
            }
            ToController::OperationDeleted { app } => self.collected(app, cx),
            ToController::WebhookAnswer { op, result } => self.answered(op, result, cx),
            ToController::PollAnswer { job, result } => self.polled(job, result, cx),
        }
    }

    fn fire(&mut self, timer: ControllerTimer, cx: &mut Context<'_>) {
        match timer {
            ControllerTimer::Campaign => self.campaign(cx),
            ControllerTimer::Renew => self.renew(cx),
            ControllerTimer::StepDown => self.step_down(cx),
            ControllerTimer::Relist => self.relist(cx),
            ControllerTimer::Http => self.request_failed(cx),
            ControllerTimer::Requeue(app) => self.enqueue(app, cx),
            ControllerTimer::PollDue(app) => {
                if let Some(clock) = self.clocks.get_mut(&app) {
                    clock.pace = Pace::Due;
                }
                self.enqueue(app, cx);
            }
            ControllerTimer::Overdue(app) => {
                if let Some(clock) = self.clocks.get_mut(&app) {
                    clock.overdue = true;
                }
                match cx.config().policies.deadline {
                    Deadline::OnVisit => (),
                    Deadline::OnTime => self.enqueue(app, cx),
                }
            }
            ControllerTimer::Collectable(app) => {
                if let Some(clock) = self.clocks.get_mut(&app) {
                    clock.collectable = true;
                }
            }
        }
    }

    fn campaign(&mut self, cx: &mut Context<'_>) {
        send(cx, ProcessId::ApiServer, ToApiServer::AcquireLease);
        cx.arm(ControllerTimer::Campaign.into(), cx.config().timing.lease_retry);
    }

    fn renew(&mut self, cx: &mut Context<'_>) {
        send(cx, ProcessId::ApiServer, ToApiServer::AcquireLease);
        cx.arm(ControllerTimer::Renew.into(), cx.config().timing.lease_retry);
    }

    fn lease_answered(&mut self, held: bool, cx: &mut Context<'_>) {
        let timing = &cx.config().timing;
        if !held {
            return self.step_down(cx);
        }
        cx.arm(ControllerTimer::StepDown.into(), timing.lease_deadline);
        if !self.leads {
            cx.disarm(ControllerTimer::Campaign.into());
            cx.arm(ControllerTimer::Renew.into(), timing.lease_retry);
            self.lead(cx);
        }
    }

    fn lead(&mut self, cx: &mut Context<'_>) {
        self.leads = true;
        cx.fact(Fact::LeaseTaken);
        self.relist(cx);
    }

    /// Forgets everything, as a process that exits and starts again.
    fn step_down(&mut self, cx: &mut Context<'_>) {
        if !self.leads {
            return;
        }
        cx.reach(mark::STEPPED_DOWN);
        cx.fact(Fact::LeaseLost);
        let apps: BTreeSet<AppId> = self.cache.keys().chain(self.clocks.keys()).copied().collect();
        for app in apps {
            cx.disarm(ControllerTimer::Requeue(app).into());
            stop_clock(app, cx);
        }
        for timer in [ControllerTimer::Http, ControllerTimer::Relist, ControllerTimer::Renew, ControllerTimer::StepDown]
        {
            cx.disarm(timer.into());
        }
        *self = Controller::default();
        self.campaign(cx);
    }

    /// Reads all records, and again until they have come.
    fn relist(&mut self, cx: &mut Context<'_>) {
        self.listing = true;
        send(cx, ProcessId::ApiServer, ToApiServer::ListOperations);
        cx.arm(ControllerTimer::Relist.into(), cx.config().timing.http);
    }

    /// A list that is older than what is known of a record says nothing about it.
    fn listed(&mut self, revision: u32, records: &[Operation], cx: &mut Context<'_>) {
        self.listing = false;
        let listed: BTreeSet<AppId> = records.iter().map(|record| record.spec.app).collect();
        self.cache.retain(|app, cached| listed.contains(app) || cached.version > revision);
        for &record in records {
            if self.cache.get(&record.spec.app).is_some_and(|cached| cached.version > record.version) {
                cx.reach(mark::STALE_LIST);
            }
            self.observe(record, cx);
        }
        for app in std::mem::take(&mut self.stale) {
            self.enqueue(app, cx);
        }
        match cx.config().timing.relist {
            Some(period) => cx.arm(ControllerTimer::Relist.into(), period),
            None => cx.disarm(ControllerTimer::Relist.into()),
        }
    }

    /// Takes a record into the cache. Creates pass the filter, and updates that change the generation.
    fn observe(&mut self, record: Operation, cx: &mut Context<'_>) {
        let app = record.spec.app;
        let passes = match self.cache.get(&app) {
            Some(cached) if cached.version > record.version => return,
            Some(cached) => cached.generation != record.generation || cached.spec.op != record.spec.op,
            None => true,
        };
        self.cache.insert(app, record);
        if passes {
            self.enqueue(app, cx);
        }
    }

    fn enqueue(&mut self, app: AppId, cx: &mut Context<'_>) {
        self.queue.add(app);
        self.work_on(cx);
    }

    /// The clock of a record's operation, started if it is not running.
    fn clock(&mut self, operation: &Operation, cx: &mut Context<'_>) -> &mut Clock {
        let (app, op) = (operation.spec.app, operation.spec.op);
        let fresh = Clock {
            op,
            timed: false,
            overdue: false,
            collectable: false,
            attempted: false,
            pace: Pace::Unknown,
            known: None,
        };
        let clock = self.clocks.entry(app).or_insert(fresh);
        if clock.op != op {
            *clock = fresh;
            stop_clock(app, cx);
        }
        if !clock.timed {
            clock.timed = start_clock(operation, cx);
        }
        clock
    }
}

/// Takes note of a watch event, also while not leading: who begins to lead lists first.
fn acknowledge(msg: &ToController, cx: &mut Context<'_>) {
    let (app, version) = if let ToController::WatchEvent { record } = msg {
        (record.spec.app, Some(record.version))
    } else if let ToController::WatchDeleted { app, .. } = msg {
        (*app, None)
    } else {
        return;
    };
    send(cx, ProcessId::ApiServer, ToApiServer::AcknowledgeWatch { app, version });
}

/// Arms the timers of an operation whose record is initialised.
fn start_clock(operation: &Operation, cx: &mut Context<'_>) -> bool {
    let (app, config) = (operation.spec.app, cx.config());
    let Some(status) = operation.current_status() else { return false };
    if operation.has_ended() {
        return false;
    }
    let age = cx.now().since_start().saturating_sub(status.initialized_at.0.since_start());
    if let Some(timeout) = config.timeout(operation.spec.plan) {
        cx.arm(ControllerTimer::Overdue(app).into(), timeout.saturating_sub(age));
    }
    if let (true, Some(timeout)) = (config.policies.collects(), config.timing.webhook_timeout) {
        let collectable = timeout.saturating_mul(config.timing.timeout_factor);
        cx.arm(ControllerTimer::Collectable(app).into(), collectable.saturating_sub(age));
    }
    true
}

fn stop_clock(app: AppId, cx: &mut Context<'_>) {
    for timer in [ControllerTimer::Overdue(app), ControllerTimer::PollDue(app), ControllerTimer::Collectable(app)] {
        cx.disarm(timer.into());
    }
}
