//! The tenant's system: calls, jobs, polls, restarts.

use quiesce_control::operation::tenant::JobRecord;
use quiesce_control::operation::timer::{TenantTimer, Timer};
use quiesce_control::operation::webhook::{CallResult, PollResult};
use quiesce_control::operation::{Answers, Behaviour, Ending, Fact, Mode, Record, Request, ToController, ToTenant};
use quiesce_machine::{Effect, StoreError, Write};

use crate::support::*;

const WORK: Timer = Timer::Tenant(TenantTimer::Work(JOB));

fn call(polled: bool) -> ToTenant {
    ToTenant::CallWebhook { app: APP, op: OP, polled }
}

fn job(polled: bool, ended: bool) -> Record {
    Record::Job(JobRecord { job: JOB, app: APP, polled, ends: Ending::Succeeds, ended })
}

fn answer(
    bench: &Bench,
    to: quiesce_control::operation::ProcessId,
    result: CallResult,
) -> Effect<quiesce_control::operation::Node> {
    bench.send(to, ToController::WebhookAnswer { op: OP, result })
}

#[test]
fn an_asynchronous_call_is_answered_with_the_location_once_its_job_is_durable() {
    let mut tenant = Bench::new(TENANT, Mode::Async, &[]);
    assert_eq!(tenant.deliver(O1, call(true)), [put(job(true, false))]);
    let accepted = CallResult::Success(Some(JOB));
    assert_eq!(tenant.stored(Ok(())), [arm(WORK, seconds(7)), answer(&tenant, O1, accepted)]);
    let poll = |result| ToController::PollAnswer { job: JOB, result };
    let working = tenant.deliver(O1, ToTenant::PollJob { job: JOB });
    assert_eq!(working, [tenant.send(O1, poll(PollResult::InProgress))]);
    assert_eq!(tenant.fire(WORK), [put(job(true, true))]);
    assert_eq!(tenant.facts(), [], "not before its end is durable");
    assert_eq!(tenant.stored(Ok(())), []);
    assert_eq!(tenant.facts(), [Fact::WebhookEffect { job: JOB }]);
    let done = tenant.deliver(O1, ToTenant::PollJob { job: JOB });
    assert_eq!(done, [tenant.send(O1, poll(PollResult::Succeeded))]);
}

#[test]
fn a_synchronous_call_is_answered_at_the_end_and_so_is_everybody_who_called_meanwhile() {
    let mut tenant = Bench::new(TENANT, Mode::Sync, &[]);
    tenant.deliver(O1, call(false));
    assert_eq!(tenant.stored(Ok(())), [arm(WORK, seconds(7))]);
    assert_eq!(tenant.deliver(O2, call(false)), [], "a repeated call joins the job");
    tenant.fire(WORK);
    let ok = CallResult::Success(None);
    assert_eq!(tenant.stored(Ok(())), [answer(&tenant, O1, ok), answer(&tenant, O2, ok)]);
    assert_eq!(tenant.deliver(O1, call(false)), [answer(&tenant, O1, ok)], "and later gets the same answer");
    assert_eq!(tenant.facts(), [Fact::WebhookEffect { job: JOB }]);
}

#[test]
fn without_a_key_a_repeated_call_starts_another_job() {
    let mut tenant = Bench::new(TENANT, Mode::Sync, &["webhook-key"]);
    tenant.deliver(O1, call(false));
    tenant.stored(Ok(()));
    let again = tenant.deliver(O1, call(false));
    let [Effect::Store { write: Write::Put(Record::Job(second)), .. }] = again.as_slice() else { panic!("{again:?}") };
    assert_eq!(second.job.attempt, 1);
}

#[test]
fn a_synchronous_job_that_fails_is_forgotten_so_that_the_next_call_tries_again() {
    let mut tenant = Bench::new(TENANT, Mode::Sync, &[]);
    let behaviour = Behaviour { ends: Ending::Fails, work: seconds(7), ..Behaviour::default() };
    tenant.call(0, Request::Behave { app: APP, behaviour });
    tenant.deliver(O1, call(false));
    tenant.stored(Ok(()));
    let removed = tenant.fire(WORK);
    assert!(matches!(removed.as_slice(), [Effect::Store { write: Write::Remove(_), .. }]), "{removed:?}");
    assert_eq!(tenant.stored(Ok(())), [answer(&tenant, O1, CallResult::Error)]);
    assert_eq!(tenant.deliver(O1, call(false)).len(), 1, "it is recorded anew");
    assert_eq!(tenant.facts(), []);
}

#[test]
fn refusals_and_gone_answer_at_once_and_start_nothing() {
    for (answers, result) in [(Answers::Refuses, CallResult::Error), (Answers::Gone, CallResult::Gone)] {
        let mut tenant = Bench::new(TENANT, Mode::Sync, &[]);
        tenant.call(0, Request::Behave { app: APP, behaviour: Behaviour { answers, ..Behaviour::default() } });
        assert_eq!(tenant.deliver(O1, call(false)), [answer(&tenant, O1, result)]);
    }
}

#[test]
fn a_write_that_is_not_known_to_be_durable_is_made_again() {
    for error in [StoreError::Failed, StoreError::Unknown] {
        let mut tenant = Bench::new(TENANT, Mode::Async, &[]);
        tenant.deliver(O1, call(true));
        assert_eq!(tenant.stored(Err(error)), [put(job(true, false))]);
    }
}

#[test]
fn a_job_goes_on_after_a_restart_and_one_that_ended_stays_ended() {
    let mut tenant = Bench::new(TENANT, Mode::Async, &[]);
    assert_eq!(tenant.start(2, vec![job(true, false)]), [arm(WORK, seconds(7))]);
    assert_eq!(tenant.start(3, vec![job(true, true)]), []);
    assert_eq!(tenant.facts(), [Fact::WebhookEffectFound { job: JOB }], "its last life may have died before saying so");
    let poll = ToController::PollAnswer { job: JOB, result: PollResult::Succeeded };
    assert_eq!(tenant.deliver(O1, ToTenant::PollJob { job: JOB }), [tenant.send(O1, poll)]);
}
