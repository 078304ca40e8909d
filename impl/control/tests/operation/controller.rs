//! A controller: one visit step by step, waits, conflicts, the lease.

use std::sync::Arc;
use std::time::Duration;

use quiesce_control::operation::message::{Application, Fetched, StatusStep, Written};
use quiesce_control::operation::record::WebhookStatus;
use quiesce_control::operation::timer::ControllerTimer;
use quiesce_control::operation::webhook::{CallResult, PollResult};
use quiesce_control::operation::{
    Fact, Mode, Mutation, Node, Operation, Outcome, Phase, Reason, Spec, Status, ToApiServer, ToController, ToDirector,
    ToTenant, mark,
};
use quiesce_machine::{Effect, Stamp};

use crate::support::*;

const HTTP: ControllerTimer = ControllerTimer::Http;
const REQUEUE: ControllerTimer = ControllerTimer::Requeue(APP);
const OVERDUE: ControllerTimer = ControllerTimer::Overdue(APP);
const FIRST_DELAY: Duration = Duration::from_millis(5);

fn http() -> Effect<Node> {
    arm(HTTP, seconds(15))
}

fn watch(record: Operation) -> ToController {
    ToController::WatchEvent { record: Arc::new(record) }
}

fn note(bench: &Bench, version: u32) -> Effect<Node> {
    bench.send(API, ToApiServer::AcknowledgeWatch { app: APP, version: Some(version) })
}

fn write(bench: &Bench, version: u32, step: StatusStep, status: Status) -> Effect<Node> {
    bench.send(API, ToApiServer::UpdateStatus { app: APP, version, step, status: Arc::new(status) })
}

fn written(version: u32, step: StatusStep, written: Written) -> ToController {
    ToController::StatusWritten { app: APP, version, step, written }
}

fn fetch(bench: &Bench) -> Effect<Node> {
    bench.send(DIRECTOR, ToDirector::FetchApplication { app: APP })
}

/// The application, busy with operation 1.
fn found(mode: Mode) -> ToController {
    let application = Application { webhook: Some(webhook(mode)), number: 1, ended: None };
    ToController::ApplicationFetched { app: APP, fetched: Fetched::Found(application) }
}

fn located(status: Status) -> Status {
    let webhook = status.webhook.expect("it has a webhook");
    Status { webhook: Some(WebhookStatus { location: Some(JOB), ..webhook }), ..status }
}

/// A controller that has initialised the record, as version 2, and asks for the application.
fn fetching(mode: Mode, reference: &[&str]) -> Bench {
    let mut controller = Bench::new(O1, mode, reference);
    controller.deliver(API, watch(record(mode, 1, None)));
    controller.deliver(API, written(1, StatusStep::Initialize, Written::Ok(2)));
    controller.facts();
    controller
}

/// A controller whose call waits for an answer.
fn calling(mode: Mode, reference: &[&str]) -> Bench {
    let mut controller = fetching(mode, reference);
    controller.deliver(DIRECTOR, found(mode));
    controller.facts();
    controller
}

/// A controller that polls the job whose location it has read in a record of version 3.
fn polling() -> Bench {
    let mut controller = Bench::new(O1, Mode::Async, &[]);
    controller.deliver(API, watch(record(Mode::Async, 3, Some(located(initial(Mode::Async))))));
    controller.deliver(DIRECTOR, found(Mode::Async));
    controller.facts();
    controller
}

#[test]
fn a_new_record_is_noted_and_initialised() {
    let mut controller = Bench::new(O1, Mode::Sync, &[]);
    let seen = controller.deliver(API, watch(record(Mode::Sync, 1, None)));
    let init = write(&controller, 1, StatusStep::Initialize, initial(Mode::Sync));
    assert_eq!(seen, [note(&controller, 1), init, http()]);
}

#[test]
fn an_initialised_record_gets_its_deadline_and_the_application_is_fetched() {
    let mut controller = Bench::new(O1, Mode::Sync, &[]);
    controller.deliver(API, watch(record(Mode::Sync, 1, None)));
    let done = controller.deliver(API, written(1, StatusStep::Initialize, Written::Ok(2)));
    assert_eq!(done, [disarm(HTTP), arm(OVERDUE, seconds(60)), fetch(&controller), http()]);
    let twice = controller.deliver(API, written(1, StatusStep::Initialize, Written::Ok(2)));
    assert_eq!(twice, [], "an answer that comes twice");
}

#[test]
fn a_synchronous_webhook_is_called_with_the_operations_id_and_its_success_written_before_it_is_told() {
    let mut controller = fetching(Mode::Sync, &[]);
    let call = controller.send(TENANT, ToTenant::CallWebhook { app: APP, op: OP, polled: false });
    assert_eq!(controller.deliver(DIRECTOR, found(Mode::Sync)), [disarm(HTTP), call, http()]);
    let plan = webhook(Mode::Sync);
    assert_eq!(controller.facts(), [Fact::WebhookCalled { op: OP, plan, ended: false }]);
    let answered =
        controller.deliver(TENANT, ToController::WebhookAnswer { op: OP, result: CallResult::Success(None) });
    let known = initial(Mode::Sync).with_outcome(Ok(()));
    let step = StatusStep::Outcome(Ok(()));
    assert_eq!(answered, [disarm(HTTP), write(&controller, 2, step, known), http()]);
    let told = controller.deliver(API, written(2, step, Written::Ok(3)));
    let put =
        ToDirector::PutOperation { app: APP, op: OP, number: Some(1), mutation: Mutation::Unpair, outcome: Ok(()) };
    assert_eq!(told, [disarm(HTTP), controller.send(DIRECTOR, put), http()]);
}

/// A controller that has told the director of a success.
fn completing() -> Bench {
    let mut controller = calling(Mode::Sync, &[]);
    controller.deliver(TENANT, ToController::WebhookAnswer { op: OP, result: CallResult::Success(None) });
    controller.deliver(API, written(2, StatusStep::Outcome(Ok(())), Written::Ok(3)));
    controller.facts();
    controller
}

#[test]
fn the_end_is_written_as_the_director_has_it() {
    let mut controller = completing();
    let recorded: Outcome = Err(Reason::Unknown);
    let answered = controller.deliver(DIRECTOR, ToController::OperationPut { op: OP, told: Ok(()), recorded });
    let ended = initial(Mode::Sync).with_outcome(Ok(())).ended(recorded);
    let step = StatusStep::End(recorded);
    assert_eq!(answered, [disarm(HTTP), write(&controller, 3, step, ended), http()]);
    let ended = controller.deliver(API, written(3, step, Written::Ok(4)));
    let clock = [OVERDUE, ControllerTimer::PollDue(APP), ControllerTimer::Collectable(APP)].map(disarm);
    assert_eq!(ended[0], disarm(HTTP));
    assert_eq!(ended[1..4], clock);
    assert_eq!(ended[4..], [disarm(REQUEUE), disarm(HTTP)]);
    assert_eq!(controller.facts(), [Fact::OperationEnded { op: OP, outcome: recorded }]);
}

#[test]
fn a_completion_that_fails_is_tried_again_without_asking_the_webhook() {
    let mut controller = completing();
    let failed = controller.deliver(DIRECTOR, ToController::PutFailed { op: OP, told: Ok(()) });
    assert_eq!(failed, [disarm(HTTP), arm(REQUEUE, FIRST_DELAY)]);
    let [put, timer] = controller.fire(REQUEUE).try_into().unwrap();
    assert!(matches!(put, Effect::Send { msg: quiesce_control::operation::Msg::ToDirector(_), .. }), "{put:?}");
    assert_eq!(timer, http());
    let again = controller.fire(HTTP);
    assert_eq!(again, [disarm(HTTP), arm(REQUEUE, 2 * FIRST_DELAY)], "the delay doubles");
}

#[test]
fn a_call_without_an_answer_is_made_again_after_the_webhooks_interval() {
    let mut controller = calling(Mode::Sync, &[]);
    assert_eq!(controller.fire(HTTP), [disarm(HTTP), disarm(HTTP), arm(REQUEUE, seconds(5))]);
    let (after, interval) = (seconds(5), seconds(5));
    assert_eq!(controller.facts(), [Fact::RetryDelayed { op: OP, after, interval }]);
    assert_eq!(controller.fire(REQUEUE), [fetch(&controller), http()]);
    let mut published = calling(Mode::Sync, &["retry-unit"]);
    let hot = arm(REQUEUE, Duration::from_nanos(5));
    assert_eq!(published.fire(HTTP), [disarm(HTTP), disarm(HTTP), hot], "the unit is lost");
}

#[test]
fn a_location_is_written_down_and_polled_at_the_next_visit() {
    let mut controller = calling(Mode::Async, &[]);
    let accepted = ToController::WebhookAnswer { op: OP, result: CallResult::Success(Some(JOB)) };
    let answered = controller.deliver(TENANT, accepted);
    let status = located(initial(Mode::Async));
    assert_eq!(answered, [disarm(HTTP), write(&controller, 2, StatusStep::Location, status), http()]);
    let recorded = controller.deliver(API, written(2, StatusStep::Location, Written::Ok(3)));
    assert_eq!(recorded, [disarm(HTTP), disarm(HTTP), arm(REQUEUE, FIRST_DELAY)]);
    controller.fire(REQUEUE);
    let poll = controller.send(TENANT, ToTenant::PollJob { job: JOB });
    assert_eq!(controller.deliver(DIRECTOR, found(Mode::Async)), [disarm(HTTP), poll, http()]);
}

#[test]
fn a_location_that_could_not_be_written_is_written_again_after_a_list_and_not_asked_for() {
    let mut controller = calling(Mode::Async, &[]);
    let records = Arc::new(vec![record(Mode::Async, 2, Some(initial(Mode::Async)))]);
    controller.deliver(API, ToController::OperationsListed { revision: 2, records });
    controller.deliver(TENANT, ToController::WebhookAnswer { op: OP, result: CallResult::Success(Some(JOB)) });
    let conflict = controller.deliver(API, written(2, StatusStep::Location, Written::Conflict));
    let list = controller.send(API, ToApiServer::ListOperations);
    assert_eq!(conflict, [disarm(HTTP), list, arm(ControllerTimer::Relist, seconds(15))]);
    let records = Arc::new(vec![record(Mode::Async, 9, Some(initial(Mode::Async)))]);
    let listed = controller.deliver(API, ToController::OperationsListed { revision: 9, records });
    assert_eq!(listed, [fetch(&controller), http(), arm(ControllerTimer::Relist, seconds(30))]);
    controller.facts();
    let again = controller.deliver(DIRECTOR, found(Mode::Async));
    let status = located(initial(Mode::Async));
    assert_eq!(again, [disarm(HTTP), write(&controller, 9, StatusStep::Location, status), http()]);
    assert_eq!(controller.facts(), [], "nobody is called");
}

#[test]
fn a_job_in_progress_is_polled_again_when_the_interval_is_over() {
    let mut controller = polling();
    let answered = controller.deliver(TENANT, ToController::PollAnswer { job: JOB, result: PollResult::InProgress });
    let mut status = located(initial(Mode::Async));
    status.webhook.as_mut().unwrap().last_poll = Some(Stamp::default());
    assert_eq!(answered, [disarm(HTTP), write(&controller, 3, StatusStep::Polled, status), http()]);
    let due = ControllerTimer::PollDue(APP);
    let recorded = controller.deliver(API, written(3, StatusStep::Polled, Written::Ok(4)));
    assert_eq!(recorded, [disarm(HTTP), arm(due, seconds(5)), disarm(HTTP)]);
    assert_eq!(controller.fire(due), [fetch(&controller), http()]);
}

#[test]
fn a_failed_job_ends_its_operation_for_that_reason_whatever_text_comes_with_it() {
    for error_text in [false, true] {
        let mut controller = polling();
        let result = PollResult::Failed { error_text };
        let answered = controller.deliver(TENANT, ToController::PollAnswer { job: JOB, result });
        let outcome = Err(Reason::Reported);
        let status = located(initial(Mode::Async)).with_outcome(outcome);
        let expected = write(&controller, 3, StatusStep::Outcome(outcome), status);
        assert_eq!(answered, [disarm(HTTP), expected, http()]);
    }
}

#[test]
fn an_answer_to_an_earlier_question_is_not_taken_for_one_to_this() {
    let mut controller = calling(Mode::Sync, &[]);
    let other = ToController::WebhookAnswer { op: OP2, result: CallResult::Success(None) };
    assert_eq!(controller.deliver(TENANT, other), []);
    assert_eq!(controller.deliver(DIRECTOR, found(Mode::Sync)), [], "the application has been fetched");
    assert_eq!(controller.deliver(API, written(1, StatusStep::Initialize, Written::Conflict)), []);
}

#[test]
fn time_that_runs_out_ends_an_operation_that_was_asked_about_and_first_asks_about_any_other() {
    let mut asked = calling(Mode::Sync, &[]);
    asked.fire(OVERDUE);
    let unknown: Outcome = Err(Reason::Unknown);
    let [stopped, ended, timer] = asked.fire(HTTP).try_into().unwrap();
    let status = initial(Mode::Sync).with_outcome(unknown);
    let expected = write(&asked, 2, StatusStep::Outcome(unknown), status);
    assert_eq!([stopped, ended, timer], [disarm(HTTP), expected, http()]);

    let mut fresh = fetching(Mode::Sync, &[]);
    fresh.fire(OVERDUE);
    let call = fresh.send(TENANT, ToTenant::CallWebhook { app: APP, op: OP, polled: false });
    assert_eq!(fresh.deliver(DIRECTOR, found(Mode::Sync)), [disarm(HTTP), call, http()]);
    let mut published = fetching(Mode::Sync, &["attempt"]);
    published.fire(OVERDUE);
    published.deliver(DIRECTOR, found(Mode::Sync));
    assert_eq!(published.facts(), [], "as published nobody is asked");
}

#[test]
fn a_record_that_has_ended_is_left_alone_when_a_controller_starts() {
    let ended = record(Mode::Sync, 5, Some(initial(Mode::Sync).ended(Err(Reason::Reported))));
    let list = |record| ToController::OperationsListed { revision: 5, records: Arc::new(vec![record]) };
    let relist = arm(ControllerTimer::Relist, seconds(30));
    let mut controller = Bench::new(O1, Mode::Sync, &[]);
    assert_eq!(controller.deliver(API, list(ended)), [disarm(HTTP), relist.clone()]);
    let mut published = Bench::new(O1, Mode::Sync, &["ended"]);
    assert_eq!(published.deliver(API, list(ended)), [fetch(&published), http(), relist]);
}

#[test]
fn an_application_that_is_ready_after_this_operation_ends_the_record() {
    let mut controller = fetching(Mode::Sync, &[]);
    let application = Application { webhook: None, number: 1, ended: Some(Err(Reason::Reported)) };
    let fetched = Fetched::Found(application);
    let settled = controller.deliver(DIRECTOR, ToController::ApplicationFetched { app: APP, fetched });
    let outcome = Err(Reason::Reported);
    let end = write(&controller, 2, StatusStep::End(outcome), initial(Mode::Sync).ended(outcome));
    assert_eq!(settled, [disarm(HTTP), end, http()]);
}

#[test]
fn a_list_that_is_older_than_the_cache_evicts_nothing_newer() {
    let mut controller = Bench::new(O1, Mode::Sync, &[]);
    let ended = initial(Mode::Sync).ended(Ok(()));
    assert_eq!(ended.phase, Phase::Success);
    controller.deliver(API, watch(record(Mode::Sync, 5, Some(ended))));
    let empty = ToController::OperationsListed { revision: 4, records: Arc::new(Vec::new()) };
    controller.deliver(API, empty);
    let seen = controller.deliver(API, watch(record(Mode::Sync, 5, Some(ended))));
    assert_eq!(seen, [note(&controller, 5)], "it is still known");
    let later = ToController::OperationsListed { revision: 6, records: Arc::new(Vec::new()) };
    controller.deliver(API, later);
    let seen = controller.deliver(API, watch(record(Mode::Sync, 5, Some(ended))));
    assert_eq!(seen, [note(&controller, 5), disarm(HTTP)], "it was gone, and is visited");
}

#[test]
fn what_is_heard_of_a_call_is_a_location_or_an_outcome_by_the_webhooks_mode() {
    let op = OP;
    let heard = |mode, result| {
        let mut controller = calling(mode, &[]);
        controller.deliver(TENANT, ToController::WebhookAnswer { op, result });
        controller.facts()
    };
    assert_eq!(heard(Mode::Async, CallResult::Success(Some(JOB))), [Fact::LocationHeard { op }]);
    assert_eq!(heard(Mode::Sync, CallResult::Success(None)), [Fact::OutcomeHeard { op, outcome: Ok(()) }]);
    let (after, interval) = (seconds(5), seconds(5));
    assert_eq!(heard(Mode::Sync, CallResult::Error), [Fact::RetryDelayed { op, after, interval }]);
}

#[test]
fn a_call_for_what_the_director_calls_ended_is_stated_as_such() {
    let plan = webhook(Mode::Sync);
    for (known, ended) in [(None, false), (Some(Ok(())), true)] {
        let mut published = fetching(Mode::Sync, &["readiness"]);
        let application = Application { webhook: Some(plan), number: 1, ended: known };
        let fetched = Fetched::Found(application);
        published.deliver(DIRECTOR, ToController::ApplicationFetched { app: APP, fetched });
        assert_eq!(published.facts(), [Fact::WebhookCalled { op: OP, plan, ended }]);
    }
}

#[test]
fn a_poll_that_the_record_knows_of_is_waited_for_by_who_did_not_make_it() {
    let mut controller = Bench::new(O1, Mode::Async, &[]);
    let mut status = located(initial(Mode::Async));
    status.webhook.as_mut().unwrap().last_poll = Some(Stamp::default());
    let seen = controller.deliver(API, watch(record(Mode::Async, 4, Some(status))));
    let due = ControllerTimer::PollDue(APP);
    let timers = [arm(OVERDUE, seconds(60)), arm(due, seconds(5))];
    assert_eq!(seen[..3], [&[note(&controller, 4)], &timers[..]].concat());
    assert_eq!(controller.deliver(DIRECTOR, found(Mode::Async)), [disarm(HTTP), disarm(HTTP)], "it is not due");
    controller.fire(due);
    let poll = controller.send(TENANT, ToTenant::PollJob { job: JOB });
    assert_eq!(controller.deliver(DIRECTOR, found(Mode::Async)), [disarm(HTTP), poll, http()]);
}

fn ended(version: u32) -> Operation {
    record(Mode::Sync, version, Some(initial(Mode::Sync).ended(Ok(()))))
}

/// A controller that has seen an ended record of version 5.
fn knowing() -> Bench {
    let mut controller = Bench::new(O1, Mode::Sync, &[]);
    assert_eq!(controller.deliver(API, watch(ended(5))), [note(&controller, 5), disarm(HTTP)], "a new one is visited");
    controller
}

#[test]
fn a_list_as_new_as_the_cache_evicts_what_it_lacks() {
    let mut controller = knowing();
    controller.deliver(API, ToController::OperationsListed { revision: 5, records: Arc::new(Vec::new()) });
    assert_eq!(controller.deliver(API, watch(ended(5))), [note(&controller, 5), disarm(HTTP)], "it was gone");
}

#[test]
fn a_list_is_stale_if_it_has_an_older_record_than_the_cache() {
    for (version, stale) in [(4, true), (5, false), (6, false)] {
        let mut controller = knowing();
        let records = Arc::new(vec![ended(version)]);
        controller.deliver(API, ToController::OperationsListed { revision: version, records });
        assert_eq!(
            controller.marks().contains(&mark::STALE_LIST),
            stale,
            "version {version} in the list, 5 in the cache"
        );
    }
}

#[test]
fn a_deletion_removes_what_is_no_newer() {
    let deleted = |version| ToController::WatchDeleted { app: APP, version };
    let mut controller = knowing();
    let noted = controller.send(API, ToApiServer::AcknowledgeWatch { app: APP, version: None });
    assert_eq!(controller.deliver(API, deleted(4)), std::slice::from_ref(&noted));
    assert_eq!(controller.deliver(API, watch(ended(5))), [note(&controller, 5)], "it is still known");
    assert_eq!(controller.deliver(API, deleted(5)), [noted]);
    assert_eq!(controller.deliver(API, watch(ended(5))), [note(&controller, 5), disarm(HTTP)], "it was gone");
}

#[test]
fn an_event_older_than_the_cache_changes_nothing() {
    let mut controller = knowing();
    assert_eq!(controller.deliver(API, watch(record(Mode::Sync, 4, None))), [note(&controller, 4)]);
    assert_eq!(controller.fire(REQUEUE), [disarm(HTTP)], "what is visited has ended");
}

#[test]
fn a_record_is_visited_for_another_generation_or_another_operation_alone() {
    let same = ended(6);
    assert_eq!(knowing().deliver(API, watch(same)), [note(&knowing(), 6)]);
    let edited = Operation { generation: 2, ..same };
    let taken_over = Operation { spec: Spec { op: OP2, ..same.spec }, status: None, ..same };
    let stopped = [OVERDUE, ControllerTimer::PollDue(APP), ControllerTimer::Collectable(APP)].map(disarm);
    for (changed, stopped) in [(edited, &[][..]), (taken_over, &stopped)] {
        let mut controller = knowing();
        let status = Status::initial(&changed.spec, changed.generation, Stamp::default());
        let mut expected = vec![note(&controller, 6)];
        expected.extend_from_slice(stopped);
        expected.extend([write(&controller, 6, StatusStep::Initialize, status), http()]);
        assert_eq!(controller.deliver(API, watch(changed)), expected);
    }
}

#[test]
fn a_leader_asks_for_the_lease_again_each_time_its_timer_fires() {
    let mut controller = Bench::electing(O1);
    controller.start(1, Vec::new());
    controller.deliver(API, ToController::LeaseAnswer { held: true });
    let again = [controller.send(API, ToApiServer::AcquireLease), arm(ControllerTimer::Renew, seconds(2))];
    assert_eq!(controller.fire(ControllerTimer::Renew), again);
    assert_eq!(
        controller.deliver(API, ToController::LeaseAnswer { held: true }),
        [arm(ControllerTimer::StepDown, seconds(10))]
    );
}

#[test]
fn a_replica_leads_with_the_lease_and_forgets_everything_without() {
    let mut controller = Bench::electing(O1);
    let acquire = controller.send(API, ToApiServer::AcquireLease);
    let campaign = arm(ControllerTimer::Campaign, seconds(2));
    assert_eq!(controller.start(1, Vec::new()), [acquire.clone(), campaign.clone()]);
    let refused = controller.deliver(API, ToController::LeaseAnswer { held: false });
    assert_eq!(refused, []);
    let led = controller.deliver(API, ToController::LeaseAnswer { held: true });
    let list = controller.send(API, ToApiServer::ListOperations);
    let expected = [
        arm(ControllerTimer::StepDown, seconds(10)),
        disarm(ControllerTimer::Campaign),
        arm(ControllerTimer::Renew, seconds(2)),
        list,
        arm(ControllerTimer::Relist, seconds(15)),
    ];
    assert_eq!(led, expected);
    controller.deliver(API, watch(record(Mode::Sync, 1, None)));
    controller.facts();
    let lost = controller.fire(ControllerTimer::StepDown);
    assert_eq!(lost[lost.len() - 2..], [acquire, campaign]);
    assert_eq!(controller.facts(), [Fact::LeaseLost]);
    let late = controller.deliver(API, written(1, StatusStep::Initialize, Written::Ok(2)));
    assert_eq!(late, [], "what it was about is forgotten");
}
