//! The scheduler: writes the record of an operation, within its transaction or, from the row, after it.
//!
//! Within (policy `schedule`, the reference): read the record, reject if it looks in progress, create or overwrite it,
//! then commit. After: the row is the outbox. A record of this operation or a later one is left alone, any other is
//! overwritten, again and again until the API server says that it is there; the audit repeats that for as long as the
//! operation runs.

use std::sync::Arc;

use super::super::id::{AppId, CorrelationId, ProcessId};
use super::super::message::{ToApiServer, Written};
use super::super::record::{Operation, Spec};
use super::super::timer::DirectorTimer;
use super::super::{Context, send};
use super::{Director, Phase};

impl Director {
    /// Begins to schedule within the transaction.
    pub(super) fn schedule(&mut self, app: AppId, cx: &mut Context<'_>) {
        send(cx, ProcessId::ApiServer, ToApiServer::GetOperation { app });
        cx.arm(DirectorTimer::Schedule(app).into(), cx.config().timing.http);
    }

    /// Sends the operation that a row is busy with, if its record is not known to be there.
    pub(super) fn relay(&mut self, app: AppId, cx: &mut Context<'_>) {
        let wanted = cx.config().policies.has_outbox() && self.rows[&app].running().is_some();
        if wanted {
            self.relays.insert(app);
            send(cx, ProcessId::ApiServer, ToApiServer::GetOperation { app });
            cx.arm(DirectorTimer::Relay(app).into(), cx.config().timing.relay);
        } else {
            self.relayed(app, cx);
        }
    }

    fn relayed(&mut self, app: AppId, cx: &mut Context<'_>) {
        if self.relays.remove(&app) {
            cx.disarm(DirectorTimer::Relay(app).into());
        }
    }

    /// Sends every operation that runs.
    pub(super) fn audit(&mut self, cx: &mut Context<'_>) {
        if !cx.config().policies.has_outbox() {
            return;
        }
        let apps: Vec<AppId> = self.rows.keys().copied().filter(|app| !self.relays.contains(app)).collect();
        for app in apps {
            self.relay(app, cx);
        }
        if let Some(period) = cx.config().timing.audit {
            cx.arm(DirectorTimer::Audit.into(), period);
        }
    }

    pub(super) fn got(&mut self, app: AppId, record: Option<&Operation>, cx: &mut Context<'_>) {
        match self.lines.get(&app).map(|line| (line.phase, line.row.operation)) {
            Some((Phase::Getting, Some(spec))) => match record {
                Some(record) if record.looks_in_progress() => self.schedule_failed(app, cx),
                record => {
                    self.lines.get_mut(&app).expect("it is there").phase = Phase::Writing;
                    write(spec, record, cx);
                }
            },
            Some(_) | None => self.relay_got(app, record, cx),
        }
    }

    fn relay_got(&mut self, app: AppId, record: Option<&Operation>, cx: &mut Context<'_>) {
        if !self.relays.contains(&app) {
            return;
        }
        match self.rows[&app].running().copied() {
            None => self.relayed(app, cx),
            Some(spec) if record.is_some_and(|record| record.spec.number >= spec.number) => self.relayed(app, cx),
            Some(spec) => write(spec, record, cx),
        }
    }

    pub(super) fn written(&mut self, app: AppId, op: CorrelationId, written: Written, cx: &mut Context<'_>) {
        let scheduling = |line: &super::Line| line.phase == Phase::Writing && line.wanted.op() == Some(op);
        if self.lines.get(&app).is_some_and(scheduling) {
            return match written {
                Written::Ok(_) => {
                    cx.disarm(DirectorTimer::Schedule(app).into());
                    self.commit(app, cx);
                }
                Written::Conflict | Written::NotFound => self.schedule_failed(app, cx),
            };
        }
        let running = self.rows[&app].running().is_some_and(|spec| spec.op == op);
        if running && matches!(written, Written::Ok(_)) {
            self.relayed(app, cx);
        }
    }

    /// The transaction cannot schedule its operation.
    pub(super) fn schedule_failed(&mut self, app: AppId, cx: &mut Context<'_>) {
        let scheduling = |line: &super::Line| matches!(line.phase, Phase::Getting | Phase::Writing);
        if self.lines.get(&app).is_some_and(scheduling) {
            self.roll_back(app, cx);
        }
    }

    /// The API server's process is down.
    pub(super) fn schedule_refused(&mut self, msg: &ToApiServer, cx: &mut Context<'_>) {
        match msg {
            ToApiServer::GetOperation { app } => self.schedule_failed(*app, cx),
            ToApiServer::CreateOperation { spec } | ToApiServer::UpdateOperation { spec, .. } => {
                self.schedule_failed(spec.app, cx);
            }
            ToApiServer::UpdateStatus { .. }
            | ToApiServer::DeleteOperation { .. }
            | ToApiServer::ListOperations
            | ToApiServer::AcknowledgeWatch { .. }
            | ToApiServer::AcquireLease => unreachable!("not sent by the director: {msg:?}"),
        }
    }
}

/// Creates the record, or overwrites the one that was read.
fn write(spec: Spec, record: Option<&Operation>, cx: &mut Context<'_>) {
    let spec = Arc::new(spec);
    let msg = match record {
        None => ToApiServer::CreateOperation { spec },
        Some(record) => ToApiServer::UpdateOperation { spec, version: record.version },
    };
    send(cx, ProcessId::ApiServer, msg);
}
