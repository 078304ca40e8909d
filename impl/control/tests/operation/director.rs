//! The director: transactions on a row, the outbox, completions, the status endpoint.

use std::sync::Arc;

use quiesce_control::operation::message::{Application, Fetched, Written};
use quiesce_control::operation::timer::DirectorTimer;
use quiesce_control::operation::{
    Fact, LastOperation, Mode, Mutated, Mutation, Node, Reason, Record, Row, ToApiServer, ToController, ToDirector,
    ToUser,
};
use quiesce_control::operation::{Outcome, record::OperationType};
use quiesce_machine::{CallId, Effect, Stamp, StoreError};

use crate::support::*;

const RELAY: DirectorTimer = DirectorTimer::Relay(APP);

fn mutate(op: quiesce_control::operation::CorrelationId, sync: bool) -> ToDirector {
    ToDirector::Mutate { op, app: APP, mutation: Mutation::Unpair, sync, readable: true }
}

fn answer(bench: &Bench, op: quiesce_control::operation::CorrelationId, mutated: Mutated) -> Effect<Node> {
    bench.send(U1, ToUser::MutationAnswer { op, mutated })
}

/// The row once [`OP`] is accepted.
fn busy() -> Row {
    let mut row = Row::initial(APP, true, Some(webhook(Mode::Sync)));
    row.requests.insert(OP);
    row.begin(Mutation::Unpair, spec(Mode::Sync), Stamp::default());
    row
}

/// A director that runs [`OP`] and has not heard of its record.
fn running() -> Bench {
    let mut director = Bench::new(DIRECTOR, Mode::Sync, &[]);
    director.deliver(U1, mutate(OP, false));
    director.stored(Ok(()));
    director.facts();
    director
}

fn complete(number: u32, outcome: Outcome) -> ToDirector {
    ToDirector::PutOperation { app: APP, op: OP, number: Some(number), mutation: Mutation::Unpair, outcome }
}

#[test]
fn an_operation_is_accepted_once_row_and_operation_are_committed_and_then_sent() {
    let mut director = Bench::new(DIRECTOR, Mode::Sync, &[]);
    assert_eq!(director.deliver(U1, mutate(OP, false)), [put(Record::Row(Box::new(busy())))]);
    assert_eq!(director.facts(), []);
    let accepted = director.stored(Ok(()));
    let get = director.send(API, ToApiServer::GetOperation { app: APP });
    assert_eq!(accepted, [answer(&director, OP, Mutated::Accepted), get, arm(RELAY, seconds(5))]);
    assert_eq!(director.facts(), [Fact::OperationAccepted { op: OP, app: APP, mutation: Mutation::Unpair }]);
}

#[test]
fn a_commit_that_fails_leaves_nothing_behind() {
    let mut director = Bench::new(DIRECTOR, Mode::Sync, &[]);
    director.deliver(U1, mutate(OP, false));
    let failed = director.stored(Err(StoreError::Failed));
    assert_eq!(failed, [disarm(DirectorTimer::Schedule(APP)), answer(&director, OP, Mutated::Internal)]);
    assert_eq!(director.deliver(U1, mutate(OP, false)), [put(Record::Row(Box::new(busy())))], "it starts anew");
}

#[test]
fn a_commit_that_may_have_been_made_is_made_again() {
    let mut director = Bench::new(DIRECTOR, Mode::Sync, &[]);
    director.deliver(U1, mutate(OP, false));
    assert_eq!(director.stored(Err(StoreError::Unknown)), [put(Record::Row(Box::new(busy())))]);
}

#[test]
fn the_published_scheduler_writes_the_record_before_the_commit() {
    let mut director = Bench::new(DIRECTOR, Mode::Sync, &["schedule"]);
    let get = director.send(API, ToApiServer::GetOperation { app: APP });
    assert_eq!(director.deliver(U1, mutate(OP, false)), [get, arm(DirectorTimer::Schedule(APP), seconds(15))]);
    let unnumbered = Arc::new(quiesce_control::operation::Spec { number: None, ..spec(Mode::Sync) });
    let got = director.deliver(API, ToDirector::OperationGot { app: APP, record: None });
    assert_eq!(got, [director.send(API, ToApiServer::CreateOperation { spec: unnumbered })]);
    let other = ToDirector::OperationWritten { app: APP, op: OP2, written: Written::Ok(1) };
    assert_eq!(director.deliver(API, other), [], "what was written is another operation's");
    let written = ToDirector::OperationWritten { app: APP, op: OP, written: Written::Ok(1) };
    let [disarmed, stored] = director.deliver(API, written).try_into().unwrap();
    assert_eq!(disarmed, disarm(DirectorTimer::Schedule(APP)));
    assert!(matches!(stored, Effect::Store { .. }), "only now it commits: {stored:?}");
}

#[test]
fn the_published_scheduler_fails_beside_a_record_in_progress_and_overwrites_one_that_has_ended() {
    let got = |status| ToDirector::OperationGot { app: APP, record: Some(Arc::new(record(Mode::Sync, 4, status))) };
    let scheduling = || {
        let mut director = Bench::new(DIRECTOR, Mode::Sync, &["schedule"]);
        director.deliver(U1, mutate(OP, false));
        director
    };
    let mut director = scheduling();
    let failed = [disarm(DirectorTimer::Schedule(APP)), answer(&director, OP, Mutated::Internal)];
    assert_eq!(director.deliver(API, got(Some(initial(Mode::Sync)))), failed);
    let mut director = scheduling();
    let ended = quiesce_control::operation::Status { ready: true, ..initial(Mode::Sync) };
    let unnumbered = Arc::new(quiesce_control::operation::Spec { number: None, ..spec(Mode::Sync) });
    let update = director.send(API, ToApiServer::UpdateOperation { spec: unnumbered, version: 4 });
    assert_eq!(director.deliver(API, got(Some(ended))), [update]);
}

#[test]
fn the_outbox_creates_a_record_takes_over_an_older_one_and_leaves_a_later_one_alone() {
    let got = |record| ToDirector::OperationGot { app: APP, record };
    let mut director = running();
    let create = director.send(API, ToApiServer::CreateOperation { spec: Arc::new(spec(Mode::Sync)) });
    assert_eq!(director.deliver(API, got(None)), [create]);
    let mut older = record(Mode::Sync, 4, None);
    older.spec.number = Some(0);
    let update = ToApiServer::UpdateOperation { spec: Arc::new(spec(Mode::Sync)), version: 4 };
    assert_eq!(director.deliver(API, got(Some(Arc::new(older)))), [director.send(API, update)]);
    assert_eq!(director.deliver(API, got(Some(Arc::new(record(Mode::Sync, 4, None))))), [disarm(RELAY)]);
    assert_eq!(director.deliver(API, got(None)), [], "what is relayed is not asked for any more");
}

#[test]
fn the_outbox_asks_again_until_the_record_is_there() {
    let mut director = running();
    let get = director.send(API, ToApiServer::GetOperation { app: APP });
    assert_eq!(director.fire(RELAY), [get, arm(RELAY, seconds(5))]);
    let other = ToDirector::OperationWritten { app: APP, op: OP2, written: Written::Ok(1) };
    assert_eq!(director.deliver(API, other), []);
    let conflict = ToDirector::OperationWritten { app: APP, op: OP, written: Written::Conflict };
    assert_eq!(director.deliver(API, conflict), [], "the timer asks again");
    let written = ToDirector::OperationWritten { app: APP, op: OP, written: Written::Ok(1) };
    assert_eq!(director.deliver(API, written), [disarm(RELAY)]);
}

#[test]
fn a_request_that_arrives_again_is_answered_as_before_and_another_is_rejected() {
    let mut director = running();
    assert_eq!(director.deliver(U1, mutate(OP, false)), [answer(&director, OP, Mutated::Accepted)]);
    let rejected = director.deliver(U1, mutate(OP2, true));
    let [Effect::Send { msg, .. }] = rejected.as_slice() else { panic!("one answer, found {rejected:?}") };
    assert_eq!(quiesce_machine::Label::label(msg), "mutation-answer");
    assert_eq!(director.facts(), [Fact::MutationRejected { op: OP2, app: APP }]);
}

#[test]
fn the_second_of_two_transactions_reads_what_the_first_has_written() {
    let mut director = Bench::new(DIRECTOR, Mode::Sync, &[]);
    director.deliver(U1, mutate(OP, false));
    assert_eq!(director.deliver(U1, mutate(OP2, false)), [], "it waits for the row");
    director.stored(Ok(()));
    let facts = director.facts();
    assert_eq!(facts[1], Fact::MutationRejected { op: OP2, app: APP }, "{facts:?}");
}

#[test]
fn the_first_completion_of_the_current_operation_counts_and_every_other_is_told_how_it_ended() {
    let mut director = running();
    let mut done = busy();
    done.complete(
        Mutation::Unpair,
        Err(Reason::Reported),
        quiesce_control::operation::policy::DeletedAt::Cleared,
        Stamp::default(),
    );
    assert_eq!(director.deliver(O1, complete(1, Err(Reason::Reported))), [put(Record::Row(Box::new(done)))]);
    let put_answer = |told, recorded| ToController::OperationPut { op: OP, told, recorded };
    let expected = director.send(O1, put_answer(Err(Reason::Reported), Err(Reason::Reported)));
    assert_eq!(director.stored(Ok(())), [expected, disarm(RELAY)]);
    let late = director.deliver(O2, complete(1, Ok(())));
    assert_eq!(late, [director.send(O2, put_answer(Ok(()), Err(Reason::Reported)))]);
    let future = director.deliver(O2, complete(2, Ok(())));
    assert_eq!(future, [director.send(O2, ToController::PutFailed { op: OP, told: Ok(()) })]);
}

#[test]
fn the_status_endpoint_reads_the_row_alone() {
    let ask = ToDirector::GetLastOperation { call: CallId(7), app: APP };
    let mut director = running();
    let in_progress = LastOperation::InProgress(OperationType::Update);
    let told = |bench: &Bench, last| bench.send(U1, ToUser::LastOperationAnswer { call: CallId(7), last });
    assert_eq!(director.deliver(U1, ask.clone()), [told(&director, in_progress)]);
    director.deliver(O1, complete(1, Err(Reason::Reported)));
    assert_eq!(director.deliver(U1, ask.clone()), [told(&director, in_progress)], "not before the commit");
    director.stored(Ok(()));
    let failed = LastOperation::Failed(OperationType::Update, Reason::Reported);
    assert_eq!(director.deliver(U1, ask), [told(&director, failed)]);
}

#[test]
fn an_application_is_shown_with_what_it_is_ready_after() {
    let fetch = ToDirector::FetchApplication { app: APP };
    let found = |bench: &Bench, number, ended| {
        let application = Application { webhook: Some(webhook(Mode::Sync)), number, ended };
        bench.send(O1, ToController::ApplicationFetched { app: APP, fetched: Fetched::Found(application) })
    };
    let mut director = Bench::new(DIRECTOR, Mode::Sync, &[]);
    assert_eq!(director.deliver(O1, fetch.clone()), [found(&director, 0, Some(Ok(())))]);
    let mut director = running();
    assert_eq!(director.deliver(O1, fetch), [found(&director, 1, None)]);
}

#[test]
fn a_director_that_starts_again_sends_what_runs_and_states_what_it_finds() {
    let mut director = Bench::new(DIRECTOR, Mode::Sync, &[]);
    let effects = director.start(2, vec![Record::Row(Box::new(busy()))]);
    let get = director.send(API, ToApiServer::GetOperation { app: APP });
    assert_eq!(effects, [get, arm(RELAY, seconds(5)), arm(DirectorTimer::Audit, seconds(60))]);
    let found = Fact::OperationRecovered { op: OP, app: APP, mutation: Mutation::Unpair, outcome: None };
    assert_eq!(director.facts(), [found]);
}
