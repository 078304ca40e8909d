//! The reconcile decision table, cell by cell, by the published choices and by ours.
//!
//! Row numbers: `reference/compass-operations.md` section 4.

use quiesce_control::operation::controller::decide::{Decision, Heard, Known, Situation, decide};
use quiesce_control::operation::message::{Application, Fetched};
use quiesce_control::operation::policy::Readiness;
use quiesce_control::operation::record::WebhookStatus;
use quiesce_control::operation::webhook::{CallResult, PollResult};
use quiesce_control::operation::{
    AppId, CorrelationId, JobId, Mode, Mutation, Operation, Outcome, Phase, Policies, Reason, Spec, Status, Webhook,
};
use quiesce_machine::{CallId, Incarnation, Stamp};

const OP: CorrelationId = CorrelationId { user: 0, life: Incarnation(1), call: CallId(0) };
const JOB: JobId = JobId { op: OP, attempt: 0 };
const PLAN: Webhook = Webhook { mode: Mode::Async, timeout: None, retry_interval: None };

const REFERENCE: Policies = Policies::reference();
const HARDENED: Policies = Policies::hardened();

/// An operation in progress as the published system has it (no number) or as ours has it.
fn operation(policies: &Policies, mutation: Mutation, mode: Mode) -> Operation {
    let number = (*policies == HARDENED).then_some(1);
    let plan = Some(Webhook { mode, ..PLAN });
    let spec = Spec { app: AppId(0), number, mutation, op: OP, webhooks: 1, plan, readable: true };
    let status = Some(Status::initial(&spec, 1, Stamp::default()));
    Operation { generation: 1, version: 1, spec, status }
}

fn polling(policies: &Policies) -> Operation {
    let mut operation = operation(policies, Mutation::Unpair, Mode::Async);
    let webhook = WebhookStatus { location: Some(JOB), ..operation.status.unwrap().webhook.unwrap() };
    operation.status.as_mut().unwrap().webhook = Some(webhook);
    operation
}

/// A visit to that record whose application was found with that webhook.
fn visit(operation: &Operation) -> Situation<'_> {
    Situation {
        operation: Some(operation),
        fetched: found(operation.spec.plan, 1, None),
        heard: None,
        known: None,
        attempted: false,
        overdue: false,
        collectable: false,
        poll_due: true,
    }
}

fn found(webhook: Option<Webhook>, number: u32, ended: Option<Outcome>) -> Option<Fetched> {
    Some(Fetched::Found(Application { webhook, number, ended }))
}

fn called(operation: &Operation, result: CallResult, overdue: bool) -> Situation<'_> {
    Situation { heard: Some(Heard::Call(result)), attempted: true, overdue, ..visit(operation) }
}

fn polled(operation: &Operation, result: PollResult, overdue: bool) -> Situation<'_> {
    Situation { heard: Some(Heard::Poll(result)), attempted: true, overdue, ..visit(operation) }
}

/// What both do: the published system and ours.
fn both(make: impl Fn(&Policies) -> Operation, situation: fn(&Operation) -> Situation<'_>) -> [Decision; 2] {
    [REFERENCE, HARDENED].map(|policies| {
        let operation = make(&policies);
        decide(&policies, &situation(&operation))
    })
}

fn sync(policies: &Policies) -> Operation {
    operation(policies, Mutation::Unpair, Mode::Sync)
}

fn asynchronous(policies: &Policies) -> Operation {
    operation(policies, Mutation::Unpair, Mode::Async)
}

const TIMEOUT: [Decision; 2] =
    [Decision::Complete(Err(Reason::Timeout)), Decision::RecordOutcome(Err(Reason::Unknown))];
const SUCCESS: [Decision; 2] = [Decision::Complete(Ok(())), Decision::RecordOutcome(Ok(()))];
const REPORTED: [Decision; 2] =
    [Decision::Complete(Err(Reason::Reported)), Decision::RecordOutcome(Err(Reason::Reported))];

fn retried(mode: Mode) -> [Decision; 2] {
    [Decision::RetryLater(Webhook { mode, ..PLAN }); 2]
}

#[test]
fn row_1_a_record_that_is_gone_ends_the_visit() {
    let gone = |policies: &Policies| {
        let operation = sync(policies);
        decide(policies, &Situation { operation: None, ..visit(&operation) })
    };
    assert_eq!([gone(&REFERENCE), gone(&HARDENED)], [Decision::Stop; 2]);
}

#[test]
fn row_2_two_webhooks_repeat_for_ever_or_fail() {
    let two = |policies: &Policies| {
        let mut operation = sync(policies);
        operation.spec.webhooks = 2;
        operation
    };
    assert_eq!(both(two, visit), [Decision::Retry, Decision::Complete(Err(Reason::Malformed))]);
}

#[test]
fn row_3_a_status_of_another_generation_is_initialised() {
    let newer = |policies: &Policies| Operation { generation: 2, ..sync(policies) };
    let fresh = |policies: &Policies| Operation { status: None, ..sync(policies) };
    assert_eq!(both(newer, visit), [Decision::Initialize; 2]);
    assert_eq!(both(fresh, visit), [Decision::Initialize; 2]);
}

#[test]
fn row_4_a_request_object_that_cannot_be_read_repeats_for_ever_or_fails() {
    let damaged = |policies: &Policies| {
        let mut operation = sync(policies);
        operation.spec.readable = false;
        operation
    };
    assert_eq!(both(damaged, visit), [Decision::Retry, Decision::Complete(Err(Reason::Malformed))]);
}

#[test]
fn an_application_that_was_not_asked_for_is_fetched() {
    assert_eq!(both(sync, |operation| Situation { fetched: None, ..visit(operation) }), [Decision::Fetch; 2]);
}

#[test]
fn row_5a_an_old_record_is_deleted_or_kept() {
    fn lost(operation: &Operation) -> Situation<'_> {
        Situation { fetched: Some(Fetched::Failed), collectable: true, ..visit(operation) }
    }
    assert_eq!(both(sync, lost), [Decision::Collect, Decision::Retry]);
    fn gone(operation: &Operation) -> Situation<'_> {
        Situation { fetched: Some(Fetched::NotFound), collectable: true, ..visit(operation) }
    }
    let claim = Decision::Complete(Err(Reason::MissingApplication));
    assert_eq!(both(sync, gone), [Decision::Collect, claim]);
}

#[test]
fn row_5b_a_finished_record_of_a_missing_application_is_left() {
    let ended = |policies: &Policies| {
        let operation = sync(policies);
        Operation { status: operation.status.map(|status| status.ended(Err(Reason::Timeout))), ..operation }
    };
    fn gone(operation: &Operation) -> Situation<'_> {
        Situation { fetched: Some(Fetched::NotFound), ..visit(operation) }
    }
    assert_eq!(both(ended, gone), [Decision::Stop; 2]);
}

#[test]
fn rows_5c_to_5e_a_missing_application_is_judged_by_the_type_or_by_the_director() {
    fn gone(operation: &Operation) -> Situation<'_> {
        Situation { fetched: Some(Fetched::NotFound), ..visit(operation) }
    }
    let table = [
        (Mutation::Unregister, Decision::End(Ok(())), Ok(())),
        (Mutation::Unpair, Decision::End(Err(Reason::MissingApplication)), Err(Reason::MissingApplication)),
        (Mutation::Register, Decision::Retry, Err(Reason::MissingApplication)),
    ];
    for (mutation, reference, claim) in table {
        let decisions = both(|policies| operation(policies, mutation, Mode::Sync), gone);
        assert_eq!(decisions, [reference, Decision::Complete(claim)], "{mutation:?}");
    }
    assert_eq!(
        both(sync, |operation| Situation { fetched: Some(Fetched::Failed), ..visit(operation) }),
        [Decision::Retry; 2]
    );
}

#[test]
fn row_6_an_application_that_is_ready_ends_its_record_where_the_director_shows_it() {
    let shown = Policies { readiness: Readiness::Visible, ..REFERENCE };
    for outcome in [Ok(()), Err(Reason::Reported)] {
        let ready = |policies: &Policies, number| {
            let operation = sync(policies);
            let fetched = found(operation.spec.plan, number, Some(outcome));
            decide(policies, &Situation { fetched, ..visit(&operation) })
        };
        let call = Decision::Call(Webhook { mode: Mode::Sync, ..PLAN });
        assert_eq!(ready(&REFERENCE, 1), call, "as published the fields are not there");
        assert_eq!(ready(&shown, 7), Decision::End(outcome), "as designed whatever it is ready after counts");
        assert_eq!(ready(&HARDENED, 1), Decision::End(outcome));
        assert_eq!(ready(&HARDENED, 2), call, "ready after another operation says nothing of this one");
    }
}

#[test]
fn row_7_without_a_webhook_the_operation_succeeds() {
    let bare = |policies: &Policies| {
        let mut operation = sync(policies);
        operation.spec.webhooks = 0;
        operation
    };
    assert_eq!(both(bare, visit), [Decision::Complete(Ok(())); 2]);
}

#[test]
fn row_8_a_webhook_that_is_gone_fails_the_operation_unless_the_record_has_it() {
    fn removed(operation: &Operation) -> Situation<'_> {
        Situation { fetched: found(None, 1, None), ..visit(operation) }
    }
    let frozen = Decision::Call(Webhook { mode: Mode::Sync, ..PLAN });
    assert_eq!(both(sync, removed), [Decision::Complete(Err(Reason::MissingWebhook)), frozen]);
}

#[test]
fn row_9_time_runs_out_for_us_only_after_asking() {
    fn late(operation: &Operation) -> Situation<'_> {
        Situation { overdue: true, ..visit(operation) }
    }
    fn asked(operation: &Operation) -> Situation<'_> {
        Situation { overdue: true, attempted: true, ..visit(operation) }
    }
    assert_eq!(both(sync, late), [TIMEOUT[0], Decision::Call(Webhook { mode: Mode::Sync, ..PLAN })]);
    assert_eq!(both(sync, asked), TIMEOUT);
    assert_eq!(both(polling, late), [TIMEOUT[0], Decision::Poll(JOB, PLAN)]);
    assert_eq!(both(polling, asked), TIMEOUT);
}

#[test]
fn row_10_a_webhook_without_a_location_is_called() {
    assert_eq!(both(asynchronous, visit), [Decision::Call(PLAN); 2]);
}

#[test]
fn a_location_that_was_heard_is_written_down_again_and_not_asked_for() {
    let operation = asynchronous(&HARDENED);
    let known = Some(Known::Location(JOB));
    assert_eq!(decide(&HARDENED, &Situation { known, ..visit(&operation) }), Decision::RecordLocation(JOB));
    let recorded = polling(&HARDENED);
    assert_eq!(decide(&HARDENED, &Situation { known, ..visit(&recorded) }), Decision::Poll(JOB, PLAN));
}

#[test]
fn row_10a_gone_is_a_success_for_deletes_and_unpairings_only() {
    fn gone(operation: &Operation) -> Situation<'_> {
        called(operation, CallResult::Gone, false)
    }
    for mutation in [Mutation::Unregister, Mutation::Unpair] {
        assert_eq!(both(|policies| operation(policies, mutation, Mode::Async), gone), SUCCESS, "{mutation:?}");
    }
    let register = |policies: &Policies| operation(policies, Mutation::Register, Mode::Async);
    assert_eq!(both(register, gone), retried(Mode::Async));
}

#[test]
fn rows_10b_and_10c_an_error_is_tried_again_while_there_is_time() {
    assert_eq!(both(sync, |operation| called(operation, CallResult::Error, false)), retried(Mode::Sync));
    assert_eq!(both(sync, |operation| called(operation, CallResult::Error, true)), TIMEOUT);
    fn placeless(operation: &Operation) -> Situation<'_> {
        called(operation, CallResult::Success(None), false)
    }
    assert_eq!(both(asynchronous, placeless), retried(Mode::Async), "asynchronous, and no location");
}

#[test]
fn rows_10d_to_10f_a_success_is_taken_by_mode() {
    assert_eq!(both(sync, |operation| called(operation, CallResult::Success(None), false)), SUCCESS);
    fn accepted(operation: &Operation) -> Situation<'_> {
        called(operation, CallResult::Success(Some(JOB)), false)
    }
    assert_eq!(both(asynchronous, accepted), [Decision::RecordLocation(JOB); 2]);
    let callback = |policies: &Policies| operation(policies, Mutation::Unpair, Mode::AsyncCallback);
    assert_eq!(both(callback, accepted), [Decision::Stop, retried(Mode::AsyncCallback)[1]], "10f wedges");
}

#[test]
fn row_11_a_poll_waits_for_its_interval_and_we_wait_no_longer_than_there_is_time() {
    fn early(operation: &Operation) -> Situation<'_> {
        Situation { poll_due: false, ..visit(operation) }
    }
    assert_eq!(both(polling, early), [Decision::AwaitPoll; 2]);
    assert_eq!(both(polling, visit), [Decision::Poll(JOB, PLAN); 2]);
    fn late(operation: &Operation) -> Situation<'_> {
        Situation { poll_due: false, overdue: true, ..visit(operation) }
    }
    assert_eq!(both(polling, late), [TIMEOUT[0], Decision::Poll(JOB, PLAN)]);
}

#[test]
fn row_12_a_poll_is_taken_by_its_status() {
    let cell = |result: PollResult, overdue| {
        [REFERENCE, HARDENED].map(|policies| decide(&policies, &polled(&polling(&policies), result, overdue)))
    };
    assert_eq!(cell(PollResult::Error, false), retried(Mode::Async));
    assert_eq!(cell(PollResult::Error, true), TIMEOUT);
    assert_eq!(cell(PollResult::InProgress, false), [Decision::RecordPoll; 2], "12a");
    assert_eq!(cell(PollResult::Succeeded, true), SUCCESS, "12b");
    assert_eq!(cell(PollResult::Failed { error_text: false }, false), REPORTED, "12c");
    let with_text = cell(PollResult::Failed { error_text: true }, false);
    assert_eq!(with_text, [retried(Mode::Async)[0], REPORTED[1]], "an error text hides the failure");
    assert_eq!(cell(PollResult::Odd, false), [Decision::Stop, retried(Mode::Async)[1]], "12d wedges");
    assert_eq!(cell(PollResult::Odd, true), [Decision::Stop, TIMEOUT[1]]);
}

#[test]
fn a_terminal_phase_guards_nothing_but_for_us() {
    let ended = |policies: &Policies| {
        let operation = sync(policies);
        Operation { status: operation.status.map(|status| status.ended(Ok(()))), ..operation }
    };
    let called_again = Decision::Call(Webhook { mode: Mode::Sync, ..PLAN });
    assert_eq!(both(ended, visit), [called_again, Decision::Stop]);
}

#[test]
fn a_recorded_outcome_is_told_and_outweighed_only_by_what_was_heard() {
    let with = |outcome| {
        let operation = sync(&HARDENED);
        Operation { status: operation.status.map(|status| status.with_outcome(outcome)), ..operation }
    };
    let decided = |operation: &Operation, known: Option<Outcome>| {
        decide(&HARDENED, &Situation { known: known.map(Known::Outcome), ..visit(operation) })
    };
    assert_eq!(decided(&with(Ok(())), None), Decision::Complete(Ok(())));
    assert_eq!(decided(&with(Err(Reason::Unknown)), Some(Ok(()))), Decision::RecordOutcome(Ok(())));
    assert_eq!(decided(&with(Ok(())), Some(Err(Reason::Unknown))), Decision::Complete(Ok(())));
    assert_eq!(decided(&sync(&HARDENED), Some(Ok(()))), Decision::RecordOutcome(Ok(())));
    let status = with(Ok(())).status.unwrap();
    assert_eq!((status.phase, status.ready), (Phase::InProgress, false), "recorded is not ended");
}
