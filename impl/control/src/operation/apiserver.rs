//! The API server: operation records with generation and resource version, watches, and the controllers' lease.
//!
//! A watch is a stream: one event of a record is under way to a watcher, what changes meanwhile comes with the next, and
//! an event that was not taken note of is sent again, as the record stands then. It outlives its watcher, since a
//! refusal may be of an earlier life; who starts anew lists anew.
//! A write is answered, watched and read once it is durable; until then another write of the record conflicts. A write
//! that changes nothing but instants and tallies keeps the version. The lease is the server's own: it expires by the
//! server's timer and is forgotten when the server dies, so it may pass on early and nothing may depend on it alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quiesce_machine::{Event, Incarnation, NodeId, OpId, Rename, StoreError, Write};

use super::fact::Fact;
use super::id::AppId;
use super::mark;
use super::message::{Msg, ToApiServer, ToController, ToDirector, Written};
use super::record::{Operation, Spec, Status};
use super::timer::{ApiServerTimer, Timer};
use super::{Context, Node, Record, RecordKey};

/// More changes than one life of the server makes.
const REVISIONS_PER_LIFE: u32 = 1 << 16;

/// The API server's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct ApiServer {
    records: BTreeMap<AppId, Operation>,
    writes: BTreeMap<AppId, Pending>,
    /// The latest resource version handed out.
    revision: u32,
    watchers: BTreeSet<NodeId>,
    /// Which watchers have not taken note of a record's latest change: an event is under way to each.
    unseen: BTreeSet<(NodeId, AppId)>,
    holder: Option<NodeId>,
}

/// A write on its way to become durable.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
struct Pending {
    /// The record, or none if it is deleted.
    value: Option<Operation>,
    to: NodeId,
    answer: Msg,
}

impl ApiServer {
    /// The record of an application.
    #[must_use]
    pub fn record(&self, app: AppId) -> Option<&Operation> {
        self.records.get(&app)
    }

    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { incarnation, records } => self.recover(incarnation, records, cx),
            Event::Deliver { from, msg: Msg::ToApiServer(msg) } => self.receive(from, msg, cx),
            Event::Deliver {
                msg: msg @ (Msg::ToDirector(_) | Msg::ToController(_) | Msg::ToTenant(_) | Msg::ToUser(_)),
                ..
            } => unreachable!("not for the API server: {msg:?}"),
            Event::Bounce { .. } => (),
            Event::Fire { timer: Timer::ApiServer(ApiServerTimer::Rewatch) } => self.rewatch(cx),
            Event::Fire { timer: Timer::ApiServer(ApiServerTimer::LeaseExpires) } => self.holder = None,
            Event::Fire { timer } => unreachable!("not the API server's: {timer:?}"),
            Event::Stored { op, outcome } => self.stored(op, outcome, cx),
            Event::Call { request, .. } => unreachable!("users do not call the API server, found {request:?}"),
        }
    }

    /// Versions go on from the records, and from a number that no earlier life can have reached, should they be lost.
    fn recover(&mut self, life: Incarnation, records: Vec<Record>, cx: &mut Context<'_>) {
        self.revision = life.0.saturating_sub(1).saturating_mul(REVISIONS_PER_LIFE);
        for record in records {
            let Record::Operation(operation) = record else {
                unreachable!("not a record of the API server: {record:?}")
            };
            self.revision = self.revision.max(operation.version);
            state_outcome(&operation, cx);
            self.records.insert(operation.spec.app, operation);
        }
    }

    fn receive(&mut self, from: NodeId, msg: ToApiServer, cx: &mut Context<'_>) {
        match msg {
            ToApiServer::GetOperation { app } => {
                let record = self.records.get(&app).copied().map(Arc::new);
                cx.send(from, ToDirector::OperationGot { app, record }.into());
            }
            ToApiServer::CreateOperation { spec } => self.create(from, *spec, cx),
            ToApiServer::UpdateOperation { spec, version } => self.update_spec(from, *spec, version, cx),
            ToApiServer::UpdateStatus { app, version, step, status } => {
                let answer = |written| ToController::StatusWritten { app, version, step, written }.into();
                self.update_status(from, app, version, *status, answer, cx);
            }
            ToApiServer::DeleteOperation { app } => self.delete(from, app, cx),
            ToApiServer::ListOperations => {
                self.watchers.insert(from);
                let revision = self.durable_revision();
                let records = Arc::new(self.records.values().copied().collect());
                cx.send(from, ToController::OperationsListed { revision, records }.into());
            }
            ToApiServer::AcknowledgeWatch { app, version } => {
                self.acknowledged(from, app, version, cx);
            }
            ToApiServer::AcquireLease => self.lease(from, cx),
        }
    }

    fn create(&mut self, from: NodeId, spec: Spec, cx: &mut Context<'_>) {
        let (app, op) = (spec.app, spec.op);
        let answer = |written| ToDirector::OperationWritten { app, op, written }.into();
        if self.records.contains_key(&app) || self.writes.contains_key(&app) {
            return cx.send(from, answer(Written::Conflict));
        }
        let version = self.next_revision();
        let value = Operation { generation: 1, version, spec, status: None };
        self.write(app, Pending { value: Some(value), to: from, answer: answer(Written::Ok(version)) }, cx);
    }

    fn update_spec(&mut self, from: NodeId, spec: Spec, version: u32, cx: &mut Context<'_>) {
        let (app, op) = (spec.app, spec.op);
        let answer = |written| ToDirector::OperationWritten { app, op, written }.into();
        match self.at_version(app, version) {
            Err(refused) => cx.send(from, answer(refused)),
            Ok(old) => {
                let generation = old.generation + u32::from(old.spec != spec);
                let version = self.next_revision();
                let value = Operation { generation, version, spec, ..old };
                self.write(app, Pending { value: Some(value), to: from, answer: answer(Written::Ok(version)) }, cx);
            }
        }
    }

    fn update_status(
        &mut self,
        from: NodeId,
        app: AppId,
        version: u32,
        status: Status,
        answer: impl Fn(Written) -> Msg,
        cx: &mut Context<'_>,
    ) {
        match self.at_version(app, version) {
            Err(refused) => cx.send(from, answer(refused)),
            Ok(old) => {
                let version = if old.status == Some(status) { version } else { self.next_revision() };
                let value = Operation { version, status: Some(status), ..old };
                self.write(app, Pending { value: Some(value), to: from, answer: answer(Written::Ok(version)) }, cx);
            }
        }
    }

    fn delete(&mut self, from: NodeId, app: AppId, cx: &mut Context<'_>) {
        let answer = ToController::OperationDeleted { app }.into();
        if self.writes.contains_key(&app) {
            return;
        }
        if self.records.contains_key(&app) {
            self.write(app, Pending { value: None, to: from, answer }, cx);
        } else {
            cx.send(from, answer);
        }
    }

    /// The record of an application, if it has that version and is not being written.
    fn at_version(&self, app: AppId, version: u32) -> Result<Operation, Written> {
        match self.records.get(&app) {
            None => Err(Written::NotFound),
            Some(&record) if record.version == version && !self.writes.contains_key(&app) => Ok(record),
            Some(_) => Err(Written::Conflict),
        }
    }

    /// The revision up to which every change is durable.
    fn durable_revision(&self) -> u32 {
        let pending = self.writes.values().filter_map(|pending| pending.value);
        pending.map(|value| value.version - 1).min().unwrap_or(self.revision)
    }

    fn next_revision(&mut self) -> u32 {
        self.revision += 1;
        self.revision
    }

    fn write(&mut self, app: AppId, pending: Pending, cx: &mut Context<'_>) {
        let write = match pending.value {
            Some(value) => Write::Put(Record::Operation(value)),
            None => Write::Remove(RecordKey::App(app)),
        };
        cx.store(OpId(u32::from(app.0)), write);
        let before = self.writes.insert(app, pending);
        assert!(before.is_none(), "{app} is written twice at once");
    }

    fn stored(&mut self, op: OpId, outcome: Result<(), StoreError>, cx: &mut Context<'_>) {
        let app = AppId(u8::try_from(op.0).expect("an operation is named after its application"));
        let pending = self.writes.remove(&app).expect("only a write under way is answered");
        match outcome {
            Err(StoreError::Failed) => return,
            Err(StoreError::Unknown) => return self.write(app, pending, cx),
            Ok(()) => (),
        }
        if let Some(value) = &pending.value {
            state_outcome(value, cx);
        }
        let before = match pending.value {
            Some(value) => self.records.insert(app, value),
            None => self.records.remove(&app),
        };
        cx.send(pending.to, pending.answer);
        if pending.value.map(|value| value.version) != before.map(|before| before.version) {
            let idle: Vec<NodeId> =
                self.watchers.iter().copied().filter(|&watcher| self.unseen.insert((watcher, app))).collect();
            for watcher in idle {
                self.notify(watcher, app, cx);
            }
            self.keep_watch(cx);
        }
    }

    /// A watcher has taken note of a version; what has changed since comes next.
    fn acknowledged(&mut self, from: NodeId, app: AppId, version: Option<u32>, cx: &mut Context<'_>) {
        if self.records.get(&app).map(|record| record.version) != version {
            if self.unseen.contains(&(from, app)) {
                self.notify(from, app, cx);
            }
        } else if self.unseen.remove(&(from, app)) {
            self.keep_watch(cx);
        }
    }

    /// Tells a watcher how a record stands.
    fn notify(&self, watcher: NodeId, app: AppId, cx: &mut Context<'_>) {
        let event = match self.records.get(&app) {
            Some(&record) => ToController::WatchEvent { record: Arc::new(record) },
            None => ToController::WatchDeleted { app, version: self.revision },
        };
        cx.send(watcher, event.into());
    }

    fn rewatch(&mut self, cx: &mut Context<'_>) {
        cx.reach(mark::WATCH_REPEATED);
        for &(watcher, app) in &self.unseen {
            self.notify(watcher, app, cx);
        }
        self.keep_watch(cx);
    }

    fn keep_watch(&mut self, cx: &mut Context<'_>) {
        let timer = Timer::ApiServer(ApiServerTimer::Rewatch);
        if self.unseen.is_empty() {
            cx.disarm(timer);
        } else {
            cx.arm(timer, cx.config().timing.rewatch);
        }
    }

    fn lease(&mut self, from: NodeId, cx: &mut Context<'_>) {
        let Some(duration) = cx.config().timing.lease else { return };
        let held = *self.holder.get_or_insert(from) == from;
        if held {
            cx.arm(Timer::ApiServer(ApiServerTimer::LeaseExpires), duration);
        }
        cx.send(from, ToController::LeaseAnswer { held }.into());
    }
}

/// States the outcome that a durable record holds, if it holds one and has not ended.
fn state_outcome(record: &Operation, cx: &mut Context<'_>) {
    if let Some(outcome) = record.current_status().and_then(Status::recorded_outcome) {
        cx.fact(Fact::OutcomeRecorded { op: record.spec.op, outcome });
    }
}
