//! The director: its GraphQL API, its database of rows, the status endpoint and the completion call.
//!
//! One transaction holds a row's lock at a time; others wait behind it. `transaction` decides what one does to a row,
//! `scheduler` writes operation records.

mod scheduler;
mod transaction;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use quiesce_machine::{Event, NodeId, OpId, Rename, StoreError, Write};

use super::fact::Fact;
use super::id::AppId;
use super::mark;
use super::message::{Fetched, Msg, ToController, ToDirector, ToUser};
use super::policy::RowRead;
use super::record::Spec;
use super::resource::Row;
use super::timer::{DirectorTimer, Timer};
use super::user::{Mutated, Reply, Request};
use super::{Context, Node, Record};
use transaction::{Refusal, Wanted, What};

/// The director's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct Director {
    rows: BTreeMap<AppId, Row>,
    /// Who holds a row's lock, and who waits for it.
    lines: BTreeMap<AppId, Line>,
    /// Rows whose operation is not known to have its record (policy `schedule`).
    relays: BTreeSet<AppId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
struct Line {
    wanted: Wanted,
    /// What the row becomes.
    row: Row,
    phase: Phase,
    waiting: VecDeque<(Wanted, Option<Row>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
enum Phase {
    /// The scheduler reads the record (policy `schedule`).
    Getting,
    /// The scheduler writes the record.
    Writing,
    /// The row is being written.
    Committing,
}

impl Director {
    /// The row of an application.
    #[must_use]
    pub fn row(&self, app: AppId) -> Option<&Row> {
        self.rows.get(&app)
    }

    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { records, .. } => self.recover(records, cx),
            Event::Call { call, request } => {
                let Request::EditWebhook { app, webhook } = request else {
                    unreachable!("not for the director: {request:?}")
                };
                self.arrive(app, Wanted { from: cx.me(), what: What::Edit { call, webhook } }, cx);
            }
            Event::Deliver { from, msg: Msg::ToDirector(msg) } => self.receive(from, msg, cx),
            Event::Deliver {
                msg: msg @ (Msg::ToApiServer(_) | Msg::ToController(_) | Msg::ToTenant(_) | Msg::ToUser(_)),
                ..
            } => unreachable!("not for the director: {msg:?}"),
            Event::Bounce { msg: Msg::ToApiServer(msg), .. } => self.schedule_refused(&msg, cx),
            Event::Bounce { .. } => (),
            Event::Fire { timer: Timer::Director(timer) } => self.fire(timer, cx),
            Event::Fire { timer } => unreachable!("not the director's: {timer:?}"),
            Event::Stored { op, outcome } => self.stored(op, outcome, cx),
        }
    }

    /// Rows as configured, under those that were written; operations that run are sent again.
    fn recover(&mut self, records: Vec<Record>, cx: &mut Context<'_>) {
        let config = cx.config();
        self.rows = config.apps().map(|(app, known)| (app, Row::initial(app, known.exists, known.webhook))).collect();
        for record in records {
            let Record::Row(row) = record else { unreachable!("not a record of the director: {record:?}") };
            if let Some(Spec { op, app, mutation, .. }) = row.operation {
                cx.fact(Fact::OperationRecovered { op, app, mutation, outcome: row.outcome });
            }
            self.rows.insert(row.app, *row);
        }
        self.audit(cx);
    }

    fn receive(&mut self, from: NodeId, msg: ToDirector, cx: &mut Context<'_>) {
        match msg {
            ToDirector::Mutate { op, app, mutation, sync, readable } => {
                self.arrive(app, Wanted { from, what: What::Mutate { op, mutation, sync, readable } }, cx);
            }
            ToDirector::PutOperation { app, op, number, mutation, outcome } => {
                self.arrive(app, Wanted { from, what: What::Put { op, number, mutation, outcome } }, cx);
            }
            ToDirector::GetLastOperation { call, app } => {
                let last = self.rows[&app].last_operation();
                cx.send(from, ToUser::LastOperationAnswer { call, last }.into());
            }
            ToDirector::FetchApplication { app } => {
                let row = &self.rows[&app];
                let fetched = if row.exists { Fetched::Found(row.application()) } else { Fetched::NotFound };
                cx.send(from, ToController::ApplicationFetched { app, fetched }.into());
            }
            ToDirector::OperationGot { app, record } => self.got(app, record.as_deref(), cx),
            ToDirector::OperationWritten { app, op, written } => self.written(app, op, written, cx),
        }
    }

    fn fire(&mut self, timer: DirectorTimer, cx: &mut Context<'_>) {
        match timer {
            DirectorTimer::Schedule(app) => self.schedule_failed(app, cx),
            DirectorTimer::Relay(app) => {
                cx.reach(mark::RELAYED_AGAIN);
                self.relay(app, cx);
            }
            DirectorTimer::Audit => self.audit(cx),
        }
    }

    /// A request that changes a row: it takes the lock, or waits for it.
    fn arrive(&mut self, app: AppId, wanted: Wanted, cx: &mut Context<'_>) {
        let Some(line) = self.lines.get(&app) else { return self.open(app, wanted, None, cx) };
        let policies = &cx.config().policies;
        let again = line.wanted == wanted || line.waiting.iter().any(|(waiting, _)| *waiting == wanted);
        if again && (policies.knows_repeats() || wanted.is_put()) {
            return;
        }
        let prepared = match policies.row_read {
            RowRead::Locked => None,
            RowRead::Unlocked => match wanted.prepare(&self.rows[&app], cx) {
                Ok(row) => Some(row),
                Err(refusal) => return wanted.refuse(app, refusal, cx),
            },
        };
        cx.reach(mark::WAITED_FOR_LOCK);
        let line = self.lines.get_mut(&app).expect("it is there");
        line.waiting.push_back((wanted, prepared));
    }

    /// Begins the transaction of a request that has the lock.
    fn open(&mut self, app: AppId, wanted: Wanted, prepared: Option<Row>, cx: &mut Context<'_>) {
        let prepared = prepared.map_or_else(|| wanted.prepare(&self.rows[&app], cx), Ok);
        match prepared {
            Err(refusal) => {
                wanted.refuse(app, refusal, cx);
                self.next(app, VecDeque::new(), cx);
            }
            Ok(row) => {
                let schedules = wanted.is_operation() && !cx.config().policies.has_outbox();
                let phase = if schedules { Phase::Getting } else { Phase::Committing };
                self.lines.insert(app, Line { wanted, row, phase, waiting: VecDeque::new() });
                if schedules { self.schedule(app, cx) } else { self.commit(app, cx) }
            }
        }
    }

    fn commit(&mut self, app: AppId, cx: &mut Context<'_>) {
        let line = self.lines.get_mut(&app).expect("only a transaction commits");
        line.phase = Phase::Committing;
        cx.store(OpId(u32::from(app.0)), Write::Put(Record::Row(Box::new(line.row.clone()))));
    }

    fn stored(&mut self, op: OpId, outcome: Result<(), StoreError>, cx: &mut Context<'_>) {
        let app = AppId(u8::try_from(op.0).expect("a write is named after its application"));
        match outcome {
            Err(StoreError::Unknown) => {
                cx.reach(mark::COMMIT_AGAIN);
                self.commit(app, cx);
            }
            Err(StoreError::Failed) => self.roll_back(app, cx),
            Ok(()) => self.committed(app, cx),
        }
    }

    fn committed(&mut self, app: AppId, cx: &mut Context<'_>) {
        let Line { wanted, row, waiting, .. } = self.lines.remove(&app).expect("only a transaction commits");
        let deleted = self.rows[&app].exists && !row.exists;
        self.rows.insert(app, row);
        wanted.done(&self.rows[&app], cx);
        if let (true, Some(op)) = (deleted, wanted.op()) {
            cx.fact(Fact::ApplicationDeleted { op, app });
        }
        if let What::Edit { call, .. } = wanted.what {
            cx.reply(call, Reply::Changed);
        }
        self.relay(app, cx);
        self.next(app, waiting, cx);
    }

    /// The transaction comes to nothing. What the scheduler has written stays written.
    fn roll_back(&mut self, app: AppId, cx: &mut Context<'_>) {
        cx.reach(mark::ROLLED_BACK);
        cx.disarm(DirectorTimer::Schedule(app).into());
        let Line { wanted, waiting, .. } = self.lines.remove(&app).expect("only a transaction is rolled back");
        wanted.refuse(app, Refusal::Answer(Mutated::Internal), cx);
        self.next(app, waiting, cx);
    }

    /// Hands the lock on.
    fn next(&mut self, app: AppId, mut waiting: VecDeque<(Wanted, Option<Row>)>, cx: &mut Context<'_>) {
        while let Some((wanted, prepared)) = waiting.pop_front() {
            self.open(app, wanted, prepared, cx);
            if let Some(line) = self.lines.get_mut(&app) {
                line.waiting = waiting;
                return;
            }
        }
    }
}
