//! The reconcile decision table: what a controller does next about one record. First match wins.
//!
//! Pure: a [`Situation`] in, a [`Decision`] out. Row numbers: `reference/compass-operations.md` section 4.

use super::super::id::JobId;
use super::super::message::{Application, Fetched};
use super::super::policy::{
    Attempt, Ended, FailureText, Malformed, OddAnswer, OutcomeMemory, Plan, Policies, Readiness, TimeoutClaim,
};
use super::super::record::{Mutation, Operation, OperationType, Outcome, Phase, Reason, Status};
use super::super::webhook::{CallResult, Mode, PollResult, Webhook};
use quiesce_machine::Rename;

/// What a controller knows when it decides.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The record, as the cache has it or as this reconcile has written it.
    pub operation: Option<&'a Operation>,
    /// The application, once this reconcile has asked.
    pub fetched: Option<Fetched>,
    /// What the webhook answered in this reconcile.
    pub heard: Option<Heard>,
    /// What an earlier reconcile heard from the webhook, written down or not.
    pub known: Option<Known>,
    /// This process has called or polled for the operation.
    pub attempted: bool,
    /// Its time is over.
    pub overdue: bool,
    /// The record is old enough to be deleted.
    pub collectable: bool,
    /// The interval since the last poll is over, or not known to be running.
    pub poll_due: bool,
}

/// What a controller remembers of a webhook's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Known {
    /// Where to poll.
    Location(JobId),
    /// How it ends.
    Outcome(Outcome),
}

/// What a webhook answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Heard {
    /// To a call.
    Call(CallResult),
    /// To a poll.
    Poll(PollResult),
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing, until something changes.
    Stop,
    /// An error: try again with the queue's back-off.
    Retry,
    /// Write the initial status.
    Initialize,
    /// Ask the director for the application.
    Fetch,
    /// Have the record deleted.
    Collect,
    /// Call the webhook.
    Call(Webhook),
    /// Poll the job.
    Poll(JobId, Webhook),
    /// Write down where to poll.
    RecordLocation(JobId),
    /// Write down that the job was in progress.
    RecordPoll,
    /// Write down the webhook's outcome.
    RecordOutcome(Outcome),
    /// Tell the director, then write the end.
    Complete(Outcome),
    /// Write the end; the director is not told.
    End(Outcome),
    /// Try again what failed, after the webhook's interval.
    RetryLater(Webhook),
    /// Poll when the interval since the last poll is over.
    AwaitPoll,
}

/// Decides.
#[must_use]
pub fn decide(policies: &Policies, now: &Situation<'_>) -> Decision {
    // Row 1.
    let Some(operation) = now.operation else { return Decision::Stop };
    if policies.ended == Ended::Absorbed && operation.has_ended() {
        return Decision::Stop;
    }
    // Row 2, which in the published order comes before the record is initialised.
    if operation.spec.webhooks > 1 {
        return malformed(policies);
    }
    // Row 3.
    let Some(status) = operation.current_status() else { return Decision::Initialize };
    if let Some(decision) = recorded(status, now.known) {
        return decision;
    }
    // Row 4.
    if !operation.spec.readable {
        return malformed(policies);
    }
    let application = match now.fetched {
        None => return Decision::Fetch,
        Some(Fetched::Found(application)) => application,
        Some(Fetched::NotFound) => return missing(policies, now, operation, status),
        Some(Fetched::Failed) if collects(policies, now) => return Decision::Collect,
        Some(Fetched::Failed) => return Decision::Retry,
    };
    // Row 6.
    if let (Readiness::Visible, Some(outcome)) = (policies.readiness, settled(operation, &application)) {
        return Decision::End(outcome);
    }
    // Rows 7 and 8.
    if operation.spec.webhooks == 0 {
        return Decision::Complete(Ok(()));
    }
    let plan = match policies.plan {
        Plan::Live => application.webhook,
        Plan::Frozen => operation.spec.plan,
    };
    let Some(plan) = plan else { return conclude(policies, Err(Reason::MissingWebhook)) };
    with_webhook(policies, now, operation, status, plan)
}

/// The outcome is written down, or was heard and could not be. What was heard outweighs a time-out that was written
/// down meanwhile, by another replica or by an earlier term of this one.
fn recorded(status: &Status, known: Option<Known>) -> Option<Decision> {
    let timed_out = |outcome: Outcome| outcome.is_err_and(Reason::is_timeout);
    let known = match known {
        Some(Known::Outcome(outcome)) => Some(outcome),
        Some(Known::Location(_)) | None => None,
    };
    match (status.recorded_outcome(), known) {
        (Some(written), Some(known)) if timed_out(written) && !timed_out(known) => Some(Decision::RecordOutcome(known)),
        (Some(written), _) => Some(Decision::Complete(written)),
        (None, known) => known.map(Decision::RecordOutcome),
    }
}

/// How the director says that the record's operation has ended. By the published choices a record has no number, and
/// whatever the application is ready after counts as this operation.
#[must_use]
pub fn settled(operation: &Operation, application: &Application) -> Option<Outcome> {
    application.ended.filter(|_| operation.spec.number.is_none_or(|number| number == application.number))
}

/// Rows 2 and 4.
fn malformed(policies: &Policies) -> Decision {
    match policies.malformed {
        Malformed::Repeats => Decision::Retry,
        Malformed::Fails => Decision::Complete(Err(Reason::Malformed)),
    }
}

/// Row 5: the application is not there.
///
/// An operation with a number was committed before it was scheduled, so its application is gone because it, or a later
/// one, has ended: the director knows how.
fn missing(policies: &Policies, now: &Situation<'_>, operation: &Operation, status: &Status) -> Decision {
    let kind = operation.spec.mutation.operation_type();
    if collects(policies, now) {
        Decision::Collect
    } else if status.phase != Phase::InProgress {
        Decision::Stop
    } else if operation.spec.number.is_some() {
        Decision::Complete(if kind == OperationType::Delete { Ok(()) } else { Err(Reason::MissingApplication) })
    } else {
        match kind {
            OperationType::Delete => Decision::End(Ok(())),
            OperationType::Update => Decision::End(Err(Reason::MissingApplication)),
            OperationType::Create => Decision::Retry,
        }
    }
}

fn collects(policies: &Policies, now: &Situation<'_>) -> bool {
    now.collectable && policies.collects()
}

/// Rows 9 to 12.
fn with_webhook(
    policies: &Policies,
    now: &Situation<'_>,
    operation: &Operation,
    status: &Status,
    plan: Webhook,
) -> Decision {
    let location = status.webhook.and_then(|webhook| webhook.location);
    let may_end = now.attempted || policies.attempt == Attempt::Optional;
    match now.heard {
        Some(Heard::Call(result)) => called(policies, now, operation.spec.mutation, plan, result),
        Some(Heard::Poll(result)) => polled(policies, now, plan, result),
        None if now.overdue && may_end && status.phase == Phase::InProgress => conclude(policies, timeout(policies)),
        None => match location {
            None => match now.known {
                Some(Known::Location(job)) => Decision::RecordLocation(job),
                Some(Known::Outcome(_)) | None => Decision::Call(plan),
            },
            Some(_) if !now.poll_due && !now.overdue => Decision::AwaitPoll,
            Some(job) => Decision::Poll(job, plan),
        },
    }
}

/// Row 10.
fn called(policies: &Policies, now: &Situation<'_>, mutation: Mutation, plan: Webhook, result: CallResult) -> Decision {
    let may_be_gone = matches!(mutation, Mutation::Unregister | Mutation::Unpair);
    match (result, plan.mode) {
        (CallResult::Gone, _) if may_be_gone => conclude(policies, Ok(())),
        (CallResult::Gone | CallResult::Error, _) | (CallResult::Success(None), Mode::Async) => {
            failed(policies, now, plan)
        }
        (CallResult::Success(_), Mode::Sync) => conclude(policies, Ok(())),
        (CallResult::Success(Some(job)), Mode::Async) => Decision::RecordLocation(job),
        (CallResult::Success(_), Mode::AsyncCallback) => odd(policies, now, plan),
    }
}

/// Row 12.
fn polled(policies: &Policies, now: &Situation<'_>, plan: Webhook, result: PollResult) -> Decision {
    match result {
        PollResult::Error => failed(policies, now, plan),
        PollResult::Failed { error_text: true } if policies.failure_text == FailureText::Retried => {
            failed(policies, now, plan)
        }
        PollResult::Failed { .. } => conclude(policies, Err(Reason::Reported)),
        PollResult::InProgress => Decision::RecordPoll,
        PollResult::Succeeded => conclude(policies, Ok(())),
        PollResult::Odd => odd(policies, now, plan),
    }
}

/// Rows 10b, 10c and 12: an error is tried again while there is time.
fn failed(policies: &Policies, now: &Situation<'_>, plan: Webhook) -> Decision {
    if now.overdue { conclude(policies, timeout(policies)) } else { Decision::RetryLater(plan) }
}

/// Rows 10f and 12d.
fn odd(policies: &Policies, now: &Situation<'_>, plan: Webhook) -> Decision {
    match policies.odd_answer {
        OddAnswer::Wedges => Decision::Stop,
        OddAnswer::Retried => failed(policies, now, plan),
    }
}

/// How an operation ends that has run out of time.
pub fn timeout(policies: &Policies) -> Outcome {
    Err(match policies.timeout_claim {
        TimeoutClaim::Failed => Reason::Timeout,
        TimeoutClaim::Unknown => Reason::Unknown,
    })
}

/// The webhook's outcome is known.
pub fn conclude(policies: &Policies, outcome: Outcome) -> Decision {
    match policies.outcome {
        OutcomeMemory::Forgotten => Decision::Complete(outcome),
        OutcomeMemory::Recorded => Decision::RecordOutcome(outcome),
    }
}
