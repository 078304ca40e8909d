//! A user's program: asks, asks again, polls a location.

use quiesce_control::operation::record::OperationType;
use quiesce_control::operation::timer::UserTimer;
use quiesce_control::operation::{Fact, LastOperation, Mode, Mutated, Mutation, Reply, Request, ToDirector, ToUser};
use quiesce_machine::CallId;

use crate::support::*;

const CALL: CallId = CallId(0);
const UNPAIR: Request = Request::Mutate { app: APP, mutation: Mutation::Unpair, sync: false, readable: true };

fn mutate() -> ToDirector {
    ToDirector::Mutate { op: OP, app: APP, mutation: Mutation::Unpair, sync: false, readable: true }
}

fn over(call: u32) -> [quiesce_machine::Effect<quiesce_control::operation::Node>; 2] {
    [disarm(UserTimer::Request(CallId(call))), disarm(UserTimer::Poll(CallId(call)))]
}

#[test]
fn a_mutation_is_sent_and_its_answer_is_the_reply() {
    let mut user = Bench::new(U1, Mode::Sync, &[]);
    let asked = user.call(0, UNPAIR);
    assert_eq!(asked, [user.send(DIRECTOR, mutate()), arm(UserTimer::Request(CALL), seconds(30))]);
    let answered = user.deliver(DIRECTOR, ToUser::MutationAnswer { op: OP, mutated: Mutated::Accepted });
    let [request, poll] = over(0);
    assert_eq!(answered, [request, poll, reply(0, Reply::Mutated(Mutated::Accepted))]);
    let again = user.deliver(DIRECTOR, ToUser::MutationAnswer { op: OP, mutated: Mutated::Accepted });
    assert_eq!(again, [], "an answer that comes twice");
    let accepted = Fact::MutationAnswered { call: CALL, mutated: Mutated::Accepted };
    assert_eq!(user.facts(), [Fact::MutationAsked { call: CALL }, accepted]);
}

#[test]
fn silence_is_asked_again_under_the_same_id_or_taken_for_an_answer() {
    let again = [disarm(UserTimer::Request(CALL)), arm(UserTimer::Poll(CALL), seconds(2))];
    let mut user = Bench::new(U1, Mode::Sync, &[]);
    user.call(0, UNPAIR);
    assert_eq!(user.fire(UserTimer::Request(CALL)), again);
    let asked = user.fire(UserTimer::Poll(CALL));
    assert_eq!(asked, [user.send(DIRECTOR, mutate()), arm(UserTimer::Request(CALL), seconds(30))]);
    assert_eq!(user.bounce(DIRECTOR, mutate()), again, "the director is down");

    let mut published = Bench::new(U1, Mode::Sync, &["request-identity"]);
    published.call(0, UNPAIR);
    let [request, poll] = over(0);
    assert_eq!(published.fire(UserTimer::Request(CALL)), [request, poll, reply(0, Reply::Mutated(Mutated::Silent))]);
}

#[test]
fn a_wait_polls_until_the_operation_has_ended() {
    let mut user = Bench::new(U1, Mode::Sync, &[]);
    let get = ToDirector::GetLastOperation { call: CALL, app: APP };
    let asked = user.call(0, Request::Wait { app: APP });
    assert_eq!(asked, [user.send(DIRECTOR, get), arm(UserTimer::Request(CALL), seconds(30))]);
    let told = |last| ToUser::LastOperationAnswer { call: CALL, last };
    let [request, poll] = over(0);
    let busy = user.deliver(DIRECTOR, told(LastOperation::InProgress(OperationType::Update)));
    assert_eq!(busy, [request.clone(), poll.clone(), arm(UserTimer::Poll(CALL), seconds(2))]);
    let done = user.deliver(DIRECTOR, told(LastOperation::NotFound));
    assert_eq!(done, [request, poll, reply(0, Reply::Told(LastOperation::NotFound))]);
}

#[test]
fn a_wait_is_held_back_until_the_mutation_before_it_is_answered() {
    let mut user = Bench::new(U1, Mode::Sync, &[]);
    user.call(0, UNPAIR);
    assert_eq!(user.call(1, Request::Wait { app: APP }), []);
    let answered = user.deliver(DIRECTOR, ToUser::MutationAnswer { op: OP, mutated: Mutated::Accepted });
    let get = user.send(DIRECTOR, ToDirector::GetLastOperation { call: CallId(1), app: APP });
    assert_eq!(answered[3..], [get, arm(UserTimer::Request(CallId(1)), seconds(30))]);
}

#[test]
fn a_status_query_takes_the_first_answer() {
    let mut user = Bench::new(U1, Mode::Sync, &[]);
    user.call(0, Request::Status { app: APP });
    let last = LastOperation::InProgress(OperationType::Update);
    let told = user.deliver(DIRECTOR, ToUser::LastOperationAnswer { call: CALL, last });
    assert_eq!(told[2..], [reply(0, Reply::Told(last))]);
}
