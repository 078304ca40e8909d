//! A client: starting, waiting, backing off, failing over.

use std::sync::Arc;
use std::time::Duration;

use quiesce_control::xaction::{
    Awaited, ClientTimer, Fact, JobName, Kind, Node, Outcome, QueryError, Reply, Request, Select, StartError, Status,
    ToClient, ToProxy,
};
use quiesce_machine::{CallId, Delay, Effect, Stamp};

use crate::support::*;

const NAME: JobName = JobName(0);
const WAIT: u32 = 1;

fn start(kind: Kind) -> Request {
    Request::Start { name: NAME, via: P1, spec: spec(kind) }
}

fn wait(deadline: Option<Duration>) -> Request {
    Request::Wait { what: Awaited::Job(NAME), via: P2, deadline }
}

fn request() -> ToProxy {
    ToProxy::StartRequest { call: CallId(0), request: JOB, spec: spec(KIND) }
}

fn poll() -> ToProxy {
    ToProxy::StatusRequest { call: CallId(WAIT), select: Select::Id(JOB) }
}

fn status(result: Result<Status, QueryError>) -> ToClient {
    ToClient::StatusAnswer { call: CallId(WAIT), result }
}

fn job_status(ended: bool) -> Status {
    Status { kind: KIND, end_time: ended.then_some(Stamp::default()), aborted: false, err: None }
}

fn sleep(millis: u64) -> Effect<Node> {
    let after = Delay::from(Duration::from_millis(millis));
    Effect::Arm { timer: ClientTimer::Poll(CallId(WAIT)).into(), after }
}

/// The end of a wait: nothing of it stays armed.
fn over(outcome: Outcome) -> Vec<Effect<Node>> {
    let call = CallId(WAIT);
    vec![
        disarm(ClientTimer::Request(call)),
        disarm(ClientTimer::Poll(call)),
        disarm(ClientTimer::Deadline(call)),
        reply(WAIT, Reply::Told(outcome)),
    ]
}

/// A client that polls for a job that has started.
fn waiting(reference: &[&str]) -> Bench {
    let mut client = Bench::new(C1, reference);
    client.call(0, start(KIND));
    client.deliver(P1, ToClient::StartAnswer { call: CallId(0), result: Ok(JOB) });
    client.call(WAIT, wait(None));
    client.facts();
    client
}

#[test]
fn a_start_is_asked_of_its_gateway_and_answered_to_the_user() {
    let mut client = Bench::new(C1, &[]);
    let request_timer = ClientTimer::Request(CallId(0));
    assert_eq!(client.call(0, start(KIND)), [client.send(P1, request()), arm(request_timer, 10)]);
    let answered = client.deliver(P1, ToClient::StartAnswer { call: CallId(0), result: Ok(JOB) });
    let poll_timer = ClientTimer::Poll(CallId(0));
    assert_eq!(answered, [disarm(request_timer), disarm(poll_timer), reply(0, Reply::Started(JOB))]);
}

#[test]
fn a_wait_is_held_until_the_start_is_answered() {
    let mut client = Bench::new(C1, &[]);
    client.call(0, start(KIND));
    assert_eq!(client.call(WAIT, wait(None)), []);
    let answered = client.deliver(P1, ToClient::StartAnswer { call: CallId(0), result: Ok(JOB) });
    assert!(answered.contains(&client.send(P2, poll())), "{answered:?}");
}

#[test]
fn a_wait_for_a_job_that_failed_to_start_is_over() {
    let mut client = Bench::new(C1, &[]);
    client.call(0, start(KIND));
    client.call(WAIT, wait(None));
    let failed = Err(StartError::TargetSilent(T1));
    let answered = client.deliver(P1, ToClient::StartAnswer { call: CallId(0), result: failed });
    assert!(answered.ends_with(&over(Outcome::NotStarted)), "{answered:?}");
}

#[test]
fn a_kind_that_is_not_tracked_is_refused_at_once() {
    let mut client = Bench::new(C1, &[]);
    let what = Awaited::Kind(Kind::LoadLomCache);
    let refused = client.call(WAIT, Request::Wait { what, via: P1, deadline: None });
    assert_eq!(refused, over(Outcome::NotTracked(Kind::LoadLomCache)));
}

#[test]
fn a_wait_sleeps_longer_after_each_poll_up_to_a_limit() {
    let mut client = waiting(&[]);
    for millis in [2000, 3000, 4500, 6750, 10125, 15187, 22781, 30000, 30000] {
        let effects = client.deliver(P2, status(Ok(job_status(false))));
        assert_eq!(effects.len(), 2);
        let Effect::Arm { after, .. } = &effects[1] else { panic!("no sleep in {effects:?}") };
        assert_eq!(after.least / 1_000_000, millis);
        assert_eq!(client.fire(ClientTimer::Poll(CallId(WAIT)))[0], client.send(P2, poll()));
    }
}

#[test]
fn a_wait_ends_with_the_jobs_end() {
    let mut client = waiting(&[]);
    let outcome = Outcome::Status(job_status(true));
    assert_eq!(client.deliver(P2, status(Ok(job_status(true)))), over(outcome));
    assert_eq!(client.facts(), [Fact::WaitReturned { call: CallId(WAIT), job: Some(JOB), outcome }]);
    assert_eq!(client.deliver(P2, status(Ok(job_status(true)))), [], "a second answer finds nobody waiting");
}

#[test]
fn a_late_answer_of_an_earlier_poll_does_not_shorten_the_sleep() {
    let mut client = waiting(&[]);
    client.deliver(P2, status(Ok(job_status(false))));
    assert_eq!(client.deliver(P2, status(Ok(job_status(false)))), []);
}

#[test]
fn a_wait_ends_at_404() {
    assert_eq!(waiting(&[]).deliver(P2, status(Err(QueryError::NotFound))), over(Outcome::NotFound));
}

#[test]
fn a_wait_goes_on_with_the_next_gateway_when_its_own_fails() {
    let request_timer = ClientTimer::Request(CallId(WAIT));
    for failure in 0..3 {
        let mut client = waiting(&[]);
        match failure {
            0 => assert_eq!(client.deliver(P2, status(Err(QueryError::BadGateway)))[1], sleep(2000)),
            1 => assert_eq!(client.bounce(P2, poll()).last(), Some(&sleep(2000))),
            _ => assert_eq!(client.fire(request_timer).last(), Some(&sleep(2000))),
        }
        assert_eq!(client.fire(ClientTimer::Poll(CallId(WAIT)))[0], client.send(P3, poll()));
    }
}

#[test]
fn the_published_wait_retries_a_dead_gateway_and_gives_up_at_502() {
    let mut client = waiting(&["gateway-down"]);
    client.bounce(P2, poll());
    assert_eq!(client.fire(ClientTimer::Poll(CallId(WAIT)))[0], client.send(P2, poll()));
    assert_eq!(client.deliver(P2, status(Err(QueryError::BadGateway))), over(Outcome::Unreachable));
}

#[test]
fn a_start_goes_on_with_the_next_gateway_under_the_same_identity() {
    let mut client = Bench::new(C1, &[]);
    client.call(0, start(KIND));
    client.bounce(P1, request());
    assert_eq!(client.fire(ClientTimer::Poll(CallId(0)))[0], client.send(P2, request()));
}

#[test]
fn the_published_start_fails_with_its_gateway() {
    let mut client = Bench::new(C1, &["gateway-down"]);
    client.call(0, start(KIND));
    let failed = client.bounce(P1, request());
    assert_eq!(failed.last(), Some(&reply(0, Reply::StartFailed(StartError::GatewaySilent))));
    assert_eq!(client.facts().last(), Some(&Fact::StartFailed { call: CallId(0) }));
}

#[test]
fn a_wait_ends_at_its_own_deadline() {
    let mut client = Bench::new(C1, &[]);
    let deadline = ClientTimer::Deadline(CallId(WAIT));
    let what = Awaited::Kind(KIND);
    let effects = client.call(WAIT, Request::Wait { what, via: P1, deadline: Some(Duration::from_secs(60)) });
    assert_eq!(effects[0], arm(deadline, 60));
    assert_eq!(client.fire(deadline), over(Outcome::TimedOut));
}

#[test]
fn a_redirect_is_followed() {
    let mut client = Bench::new(C1, &[]);
    client.call(WAIT, Request::Wait { what: Awaited::Kind(KIND), via: P3, deadline: None });
    let query = ToProxy::StatusRequest { call: CallId(WAIT), select: Select::Kind(KIND) };
    let followed = client.deliver(P3, ToClient::Redirect { call: CallId(WAIT), to: P1 });
    assert_eq!(followed, [client.send(P1, query)]);
}

#[test]
fn a_status_query_ends_with_the_first_answer() {
    let mut client = waiting(&[]);
    client.call(2, Request::Status { what: Awaited::Job(NAME), via: P1 });
    let answered = client.deliver(P1, ToClient::StatusAnswer { call: CallId(2), result: Ok(job_status(false)) });
    assert_eq!(answered.last(), Some(&reply(2, Reply::Told(Outcome::Status(job_status(false))))));
}

#[test]
fn a_wait_on_snapshots_sleeps_longer_each_time() {
    let mut client = Bench::new(C1, &[]);
    let what = Awaited::Kind(KIND);
    let errand =
        quiesce_control::xaction::Errand::Wait { what, condition: quiesce_control::xaction::ask::Condition::Finished };
    client.call(WAIT, Request::Errand { errand, via: P1 });
    let poll = ClientTimer::Poll(CallId(WAIT));
    let mut sleeps = Vec::new();
    for _ in 0..9 {
        let nothing = ToClient::AskAnswer { call: CallId(WAIT), result: Ok(Arc::default()) };
        let slept = client.deliver(P1, nothing);
        let Some(Effect::Arm { timer, after }) = slept.last() else { panic!("{slept:?}") };
        assert_eq!(*timer, poll.into());
        sleeps.push(after.least / 1_000_000);
        client.fire(poll);
    }
    assert_eq!(sleeps[..4], [2_000, 3_000, 4_500, 6_750]);
    assert_eq!(sleeps[8], 30_000, "but no longer than that");
}

#[test]
fn a_query_for_every_job_follows_a_redirect_and_goes_on_to_the_next_gateway_until_it_is_answered() {
    let mut client = Bench::new(C1, &[]);
    let query = ToProxy::StatusRequest { call: CallId(WAIT), select: Select::Every(None) };
    let asked = client.call(WAIT, Request::StatusAll { kind: None, via: P3 });
    assert_eq!(asked[0], client.send(P3, query.clone()));
    let redirected = client.deliver(P3, ToClient::Redirect { call: CallId(WAIT), to: P2 });
    assert_eq!(redirected[0], client.send(P2, query.clone()));
    client.bounce(P2, query.clone());
    assert_eq!(client.fire(ClientTimer::Poll(CallId(WAIT)))[0], client.send(P1, query), "the one after p3");
    let statuses = Arc::new(vec![(JOB, job_status(false))]);
    let shown = client.deliver(P1, ToClient::StatusesAnswer { call: CallId(WAIT), result: Ok(statuses) });
    assert_eq!(shown.last(), Some(&reply(WAIT, Reply::Statuses(1))));
    assert_eq!(client.fire(ClientTimer::Poll(CallId(WAIT))), [], "it is over");
}
