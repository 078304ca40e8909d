//! A gateway: taking starts, registering, broadcasting, routing queries.

use std::sync::Arc;

use quiesce_control::xaction::{
    DaemonId, Fact, GatewayTimer, Kind, MemberTimer, QueryError, Select, StartError, ToClient, ToProxy, ToTarget,
    XactId,
};
use quiesce_machine::{CallId, Incarnation};

use crate::support::*;

const CALL: CallId = CallId(0);

fn request(kind: Kind) -> ToProxy {
    ToProxy::StartRequest { call: CALL, request: JOB, spec: spec(kind) }
}

fn watch(starter: DaemonId) -> ToProxy {
    ToProxy::WatchXaction { job: JOB, kind: KIND, starter, sources: sources() }
}

fn start() -> ToTarget {
    ToTarget::StartXact { job: JOB, kind: KIND, work: WORK, sources: sources(), manner: None }
}

fn started(job: XactId) -> ToProxy {
    ToProxy::XactStarted { job }
}

/// A member that registers a job and has only its own copy.
fn registering(reference: &[&str]) -> Bench {
    let mut gateway = Bench::new(P1, reference);
    gateway.deliver(C1, request(KIND));
    gateway.facts();
    gateway
}

/// A member that has registered a job and waits for the targets.
fn starting(reference: &[&str]) -> Bench {
    let mut gateway = registering(reference);
    gateway.deliver(P2, ToProxy::WatchDone { job: JOB, by: sources().as_of(), sources: sources() });
    gateway
}

#[test]
fn a_job_is_registered_with_every_member_first() {
    let mut gateway = Bench::new(P1, &[]);
    let effects = gateway.deliver(C1, request(KIND));
    let expected = [arm(MemberTimer::Grace(JOB), 30), gateway.send(P2, watch(P1)), arm(GatewayTimer::Register(JOB), 5)];
    assert_eq!(effects, expected);
    let taken = Fact::StartTaken { job: JOB, client: C1, call: CALL, sources: sources() };
    assert_eq!(gateway.facts(), [taken, Fact::JobRegistered { job: JOB }]);
}

#[test]
fn a_gateway_that_is_no_member_registers_with_those_who_are() {
    let mut gateway = Bench::new(P3, &[]);
    let effects = gateway.deliver(C1, request(KIND));
    let expected = [gateway.send(P1, watch(P3)), gateway.send(P2, watch(P3)), arm(GatewayTimer::Register(JOB), 5)];
    assert_eq!(effects, expected);
}

#[test]
fn a_job_starts_when_two_members_have_it() {
    let mut gateway = registering(&[]);
    let effects = gateway.deliver(P2, ToProxy::WatchDone { job: JOB, by: sources().as_of(), sources: sources() });
    let expected = [
        disarm(GatewayTimer::Register(JOB)),
        gateway.send(T1, start()),
        gateway.send(T2, start()),
        arm(GatewayTimer::Start(JOB), 5),
    ];
    assert_eq!(effects, expected);
}

#[test]
fn a_job_starts_with_one_member_if_the_other_is_down() {
    let mut gateway = registering(&[]);
    let effects = gateway.bounce(P2, watch(P1));
    assert!(effects.contains(&gateway.send(T1, start())));
}

#[test]
fn a_job_that_no_member_has_does_not_start_and_is_registered_again() {
    let mut gateway = Bench::new(P3, &[]);
    gateway.deliver(C1, request(KIND));
    assert_eq!(gateway.bounce(P1, watch(P3)), []);
    assert_eq!(gateway.bounce(P2, watch(P3)), []);
    let again = gateway.fire(GatewayTimer::Register(JOB));
    assert_eq!(again, [gateway.send(P1, watch(P3)), gateway.send(P2, watch(P3)), arm(GatewayTimer::Register(JOB), 5)]);
}

#[test]
fn silence_of_a_member_stops_a_best_effort_registration_only_for_a_while() {
    let mut hardened = registering(&[]);
    let again = hardened.fire(GatewayTimer::Register(JOB));
    assert_eq!(again, [hardened.send(P2, watch(P1)), arm(GatewayTimer::Register(JOB), 5)]);
    let mut published = registering(&["registration"]);
    assert!(published.fire(GatewayTimer::Register(JOB)).contains(&published.send(T1, start())));
}

#[test]
fn a_kind_that_is_not_tracked_starts_at_once() {
    let mut gateway = Bench::new(P1, &[]);
    let effects = gateway.deliver(C1, request(Kind::CopyListrange));
    assert_eq!(effects.len(), 4, "no registration: {effects:?}");
    assert_eq!(gateway.facts(), [Fact::StartTaken { job: JOB, client: C1, call: CALL, sources: sources() }]);
}

#[test]
fn the_client_is_answered_when_every_target_has_started() {
    let mut gateway = starting(&[]);
    assert_eq!(gateway.deliver(T1, started(JOB)), []);
    assert_eq!(gateway.deliver(T1, started(JOB)), [], "once is enough");
    let answer = ToClient::StartAnswer { call: CALL, result: Ok(JOB) };
    assert_eq!(gateway.deliver(T2, started(JOB)), [disarm(GatewayTimer::Start(JOB)), gateway.send(C1, answer)]);
    assert_eq!(gateway.deliver(T2, started(JOB)), []);
}

#[test]
fn a_silent_target_is_asked_again() {
    let mut gateway = starting(&[]);
    gateway.deliver(T1, started(JOB));
    let again = gateway.fire(GatewayTimer::Start(JOB));
    assert_eq!(again, [gateway.send(T2, start()), arm(GatewayTimer::Start(JOB), 5)]);
    assert_eq!(gateway.bounce(T2, start()), []);
}

#[test]
fn the_published_gateway_reports_a_silent_target_and_leaves_the_others_running() {
    for silent in [true, false] {
        let mut gateway = starting(&["start-delivery"]);
        gateway.deliver(T1, started(JOB));
        let effects = if silent { gateway.fire(GatewayTimer::Start(JOB)) } else { gateway.bounce(T2, start()) };
        let answer = ToClient::StartAnswer { call: CALL, result: Err(StartError::TargetSilent(T2)) };
        assert_eq!(effects, [disarm(GatewayTimer::Start(JOB)), gateway.send(C1, answer)]);
    }
}

#[test]
fn a_repeated_request_is_one_job_or_with_minted_ids_another() {
    let mut hardened = registering(&[]);
    assert_eq!(hardened.deliver(C1, request(KIND)), []);
    let mut published = Bench::new(P1, &["job-identity"]);
    published.deliver(C1, request(KIND));
    published.deliver(C1, request(KIND));
    let minted: Vec<_> = published.facts().into_iter().filter(|fact| matches!(fact, Fact::StartTaken { .. })).collect();
    let job = |number| XactId::minted(P1, Incarnation(1), number);
    let taken = |number| Fact::StartTaken { job: job(number), client: C1, call: CALL, sources: sources() };
    assert_eq!(minted, [taken(1), taken(2)]);
}

#[test]
fn a_starter_says_whether_it_still_starts() {
    let mut gateway = starting(&[]);
    let probe = || ToProxy::StarterProbe { job: JOB };
    let answer = |starting| ToProxy::StarterAnswer { job: JOB, starting };
    assert_eq!(gateway.deliver(P2, probe()), [gateway.send(P2, answer(true))]);
    gateway.deliver(T1, started(JOB));
    gateway.deliver(T2, started(JOB));
    assert_eq!(gateway.deliver(P2, probe()), [gateway.send(P2, answer(false))]);
}

#[test]
fn a_gateway_that_is_no_member_routes_by_id_and_redirects_by_kind() {
    let mut gateway = Bench::new(P3, &[]);
    let routed = gateway.deliver(C1, ToProxy::StatusRequest { call: CALL, select: Select::Id(JOB) });
    let query = ToProxy::RoutedStatus { client: C1, call: CALL, job: JOB };
    assert!(routed == [gateway.send(P1, query.clone())] || routed == [gateway.send(P2, query.clone())], "{routed:?}");
    let by_kind = gateway.deliver(C1, ToProxy::StatusRequest { call: CALL, select: Select::Kind(KIND) });
    assert_eq!(by_kind, [gateway.send(C1, ToClient::Redirect { call: CALL, to: P1 })]);
    let every = gateway.deliver(C1, ToProxy::StatusRequest { call: CALL, select: Select::Every(None) });
    assert_eq!(every, [gateway.send(C1, ToClient::Redirect { call: CALL, to: P1 })]);
    let bad_gateway = ToClient::StatusAnswer { call: CALL, result: Err(QueryError::BadGateway) };
    assert_eq!(gateway.bounce(P1, query), [gateway.send(C1, bad_gateway)]);
    let answer = ToProxy::RoutedAnswer { client: C1, call: CALL, result: Err(QueryError::NotFound) };
    let passed_on = ToClient::StatusAnswer { call: CALL, result: Err(QueryError::NotFound) };
    assert_eq!(gateway.deliver(P1, answer), [gateway.send(C1, passed_on)]);
}

#[test]
fn a_gateway_that_is_no_member_shows_its_own_empty_table_in_the_published_system() {
    let mut gateway = Bench::new(P3, &["status-all"]);
    let shown = gateway.deliver(C1, ToProxy::StatusRequest { call: CALL, select: Select::Every(None) });
    let nothing = ToClient::StatusesAnswer { call: CALL, result: Ok(Arc::default()) };
    assert_eq!(shown, [gateway.send(C1, nothing)]);
}
