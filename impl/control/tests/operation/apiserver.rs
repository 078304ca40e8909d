//! The API server: optimistic concurrency, watches, lists and the lease.

use std::sync::Arc;

use quiesce_control::operation::message::{StatusStep, Written};
use quiesce_control::operation::timer::{ApiServerTimer, Timer};
use quiesce_control::operation::{Fact, Mode, Operation, Record, ToApiServer, ToController, ToDirector};
use quiesce_machine::StoreError;

use crate::support::*;

const REWATCH: Timer = Timer::ApiServer(ApiServerTimer::Rewatch);
const MODE: Mode = Mode::Sync;

/// A server that has the record of [`OP`] at version 1, watched by [`O1`], which has taken note of it.
fn serving() -> Bench {
    let mut server = Bench::new(API, MODE, &[]);
    server.deliver(DIRECTOR, ToApiServer::CreateOperation { spec: Arc::new(spec(MODE)) });
    server.stored(Ok(()));
    server.deliver(O1, ToApiServer::ListOperations);
    server
}

fn initialize(version: u32) -> ToApiServer {
    let (step, status) = (StatusStep::Initialize, Arc::new(initial(MODE)));
    ToApiServer::UpdateStatus { app: APP, version, step, status }
}

fn written(version: u32, written: Written) -> ToController {
    ToController::StatusWritten { app: APP, version, step: StatusStep::Initialize, written }
}

fn event(record: Operation) -> ToController {
    ToController::WatchEvent { record: Arc::new(record) }
}

#[test]
fn a_record_is_answered_for_once_it_is_durable() {
    let mut server = Bench::new(API, MODE, &[]);
    let create = ToApiServer::CreateOperation { spec: Arc::new(spec(MODE)) };
    assert_eq!(server.deliver(DIRECTOR, create.clone()), [put(Record::Operation(record(MODE, 1, None)))]);
    let answer = |written| ToDirector::OperationWritten { app: APP, op: OP, written };
    let conflict = server.send(DIRECTOR, answer(Written::Conflict));
    assert_eq!(server.deliver(DIRECTOR, create), [conflict], "it is just being written");
    let answered = server.send(DIRECTOR, answer(Written::Ok(1)));
    assert_eq!(server.stored(Ok(())), [answered, disarm(REWATCH)], "nobody watches");
}

#[test]
fn a_write_that_failed_is_not_answered_and_one_that_may_have_landed_is_made_again() {
    let mut server = serving();
    let initialized = put(Record::Operation(record(MODE, 2, Some(initial(MODE)))));
    assert_eq!(server.deliver(O1, initialize(1)), [initialized]);
    assert_eq!(server.stored(Err(StoreError::Unknown)), [put(Record::Operation(record(MODE, 2, Some(initial(MODE)))))]);
    assert_eq!(server.stored(Err(StoreError::Failed)), []);
    assert_eq!(server.deliver(O1, ToApiServer::GetOperation { app: APP }).len(), 1, "it goes on");
}

#[test]
fn a_status_of_another_version_conflicts_and_of_no_record_is_not_found() {
    let mut server = serving();
    assert_eq!(server.deliver(O1, initialize(7)), [server.send(O1, written(7, Written::Conflict))]);
    let mut empty = Bench::new(API, MODE, &[]);
    assert_eq!(empty.deliver(O1, initialize(1)), [empty.send(O1, written(1, Written::NotFound))]);
}

#[test]
fn a_change_is_told_to_who_watches_and_the_next_one_when_that_was_taken_note_of() {
    let mut server = serving();
    server.deliver(O1, initialize(1));
    let first = record(MODE, 2, Some(initial(MODE)));
    let answer = server.send(O1, written(1, Written::Ok(2)));
    assert_eq!(server.stored(Ok(())), [answer, server.send(O1, event(first)), arm(REWATCH, seconds(3))]);
    let ended = initial(MODE).ended(Ok(()));
    let (step, status) = (StatusStep::End(Ok(())), Arc::new(ended));
    server.deliver(O1, ToApiServer::UpdateStatus { app: APP, version: 2, step, status });
    let told = ToController::StatusWritten { app: APP, version: 2, step, written: Written::Ok(3) };
    let quiet = server.stored(Ok(()));
    assert_eq!(quiet, [server.send(O1, told), arm(REWATCH, seconds(3))], "an event is under way");
    let second = server.send(O1, event(record(MODE, 3, Some(ended))));
    let note = |version| ToApiServer::AcknowledgeWatch { app: APP, version: Some(version) };
    assert_eq!(server.deliver(O1, note(2)), std::slice::from_ref(&second));
    assert_eq!(server.fire(REWATCH), [second, arm(REWATCH, seconds(3))], "nobody has taken note");
    assert_eq!(server.deliver(O1, note(3)), [disarm(REWATCH)]);
    assert_eq!(server.deliver(O1, note(3)), [], "a note that comes twice");
}

#[test]
fn an_outcome_is_stated_once_it_is_durable_and_again_at_a_start() {
    let mut server = serving();
    let known = initial(MODE).with_outcome(Ok(()));
    let (step, status) = (StatusStep::Outcome(Ok(())), Arc::new(known));
    server.deliver(O1, ToApiServer::UpdateStatus { app: APP, version: 1, step, status });
    assert_eq!(server.facts(), []);
    server.stored(Ok(()));
    let stated = [Fact::OutcomeRecorded { op: OP, outcome: Ok(()) }];
    assert_eq!(server.facts(), stated);
    server.start(2, vec![Record::Operation(record(MODE, 2, Some(known)))]);
    assert_eq!(server.facts(), stated);
}

#[test]
fn a_list_names_the_revision_up_to_which_everything_in_it_is_durable() {
    let mut server = serving();
    server.deliver(O1, initialize(1));
    let records = Arc::new(vec![record(MODE, 1, None)]);
    let list = server.send(O2, ToController::OperationsListed { revision: 1, records });
    assert_eq!(server.deliver(O2, ToApiServer::ListOperations), [list], "version 2 is on its way");
}

#[test]
fn versions_of_a_later_life_are_later_though_the_records_were_lost() {
    let mut server = serving();
    server.start(2, Vec::new());
    let create = ToApiServer::CreateOperation { spec: Arc::new(spec(MODE)) };
    let fresh = put(Record::Operation(record(MODE, (1 << 16) + 1, None)));
    assert_eq!(server.deliver(DIRECTOR, create), [fresh]);
}

#[test]
fn the_lease_has_one_holder_until_it_expires() {
    let mut server = Bench::electing(API);
    let expires = Timer::ApiServer(ApiServerTimer::LeaseExpires);
    let answer = |bench: &Bench, to, held| bench.send(to, ToController::LeaseAnswer { held });
    let taken = server.deliver(O1, ToApiServer::AcquireLease);
    assert_eq!(taken, [arm(expires, seconds(15)), answer(&server, O1, true)]);
    assert_eq!(server.deliver(O2, ToApiServer::AcquireLease), [answer(&server, O2, false)]);
    assert_eq!(server.fire(expires), []);
    let passed = server.deliver(O2, ToApiServer::AcquireLease);
    assert_eq!(passed, [arm(expires, seconds(15)), answer(&server, O2, true)]);
}
