//! What an operator of this plane could have observed: the trace's readable column and the monitors' food.

use std::fmt;
use std::time::Duration;

use quiesce_machine::{CallId, Label, Rename};

use super::id::{AppId, CorrelationId, JobId};
use super::record::{Mutation, Outcome};
use super::resource::LastOperation;
use super::user::Mutated;
use super::webhook::Webhook;

/// What an operator could have observed.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Fact {
    /// The director's commit of an asynchronous mutation is durable: the operation is accepted.
    OperationAccepted { op: CorrelationId, app: AppId, mutation: Mutation },
    /// The director, starting again, finds this operation in its database; `outcome`: it has ended. Its last life may
    /// have died between the commit and stating it.
    OperationRecovered { op: CorrelationId, app: AppId, mutation: Mutation, outcome: Option<Outcome> },
    /// The director's commit of a synchronous mutation is durable.
    MutationCommitted { op: CorrelationId, app: AppId, mutation: Mutation },
    /// The director rejects a mutation because an operation is in progress.
    MutationRejected { op: CorrelationId, app: AppId },
    /// The director has applied a completion call about `op` to a row whose operation is `current`.
    OperationCompleted { op: CorrelationId, current: Option<CorrelationId>, app: AppId, outcome: Outcome },
    /// The application is gone, on account of that operation or synchronous mutation.
    ApplicationDeleted { op: CorrelationId, app: AppId },
    /// A controller calls a webhook; `ended`: its record says, or the director has said in this visit, that the operation
    /// has ended.
    WebhookCalled { op: CorrelationId, plan: Webhook, ended: bool },
    /// A controller polls a job; `ended`: as above.
    JobPolled { op: CorrelationId, plan: Webhook, ended: bool },
    /// A controller has heard from the webhook how the operation ends.
    OutcomeHeard { op: CorrelationId, outcome: Outcome },
    /// The API server has an operation's outcome in its record: it has become durable, or is found at a start.
    OutcomeRecorded { op: CorrelationId, outcome: Outcome },
    /// A controller tells the director how an operation ended; `ended`: as above.
    CompletionSent { op: CorrelationId, outcome: Outcome, ended: bool },
    /// A controller waits before it tries again what failed; `interval`: what the webhook asks for.
    RetryDelayed { op: CorrelationId, after: Duration, interval: Duration },
    /// A controller has heard from the webhook where to poll its job.
    LocationHeard { op: CorrelationId },
    /// A controller's write of an operation's end is durable.
    OperationEnded { op: CorrelationId, outcome: Outcome },
    /// A controller had a record deleted.
    RecordCollected { op: CorrelationId },
    /// A controller leads from now on.
    LeaseTaken,
    /// A controller leads no more.
    LeaseLost,
    /// The tenant's system has done what a webhook asked for.
    WebhookEffect { job: JobId },
    /// The tenant's system, starting again, finds that it has done this. Its last life may have died before stating it.
    WebhookEffectFound { job: JobId },
    /// The tenant's system says that there is nothing to do for an operation.
    NothingToDo { op: CorrelationId },
    /// A user asks for a mutation.
    MutationAsked { call: CallId },
    /// A user is told what a mutation came to.
    MutationAnswered { call: CallId, mutated: Mutated },
    /// A user waits.
    WaitBegan { call: CallId },
    /// A wait returned.
    WaitReturned { call: CallId, last: LastOperation },
}

impl Fact {
    /// Every label, for scenario files.
    pub const LABELS: [&'static str; 24] = [
        "operation-accepted",
        "operation-recovered",
        "mutation-committed",
        "mutation-rejected",
        "operation-completed",
        "application-deleted",
        "webhook-called",
        "job-polled",
        "outcome-heard",
        "outcome-recorded",
        "completion-sent",
        "retry-delayed",
        "location-heard",
        "operation-ended",
        "record-collected",
        "lease-taken",
        "lease-lost",
        "webhook-effect",
        "webhook-effect-found",
        "nothing-to-do",
        "mutation-asked",
        "mutation-answered",
        "wait-began",
        "wait-returned",
    ];
}

impl Label for Fact {
    fn label(&self) -> &'static str {
        match self {
            Fact::OperationAccepted { .. } => "operation-accepted",
            Fact::OperationRecovered { .. } => "operation-recovered",
            Fact::MutationCommitted { .. } => "mutation-committed",
            Fact::MutationRejected { .. } => "mutation-rejected",
            Fact::OperationCompleted { .. } => "operation-completed",
            Fact::ApplicationDeleted { .. } => "application-deleted",
            Fact::WebhookCalled { .. } => "webhook-called",
            Fact::JobPolled { .. } => "job-polled",
            Fact::OutcomeHeard { .. } => "outcome-heard",
            Fact::OutcomeRecorded { .. } => "outcome-recorded",
            Fact::CompletionSent { .. } => "completion-sent",
            Fact::RetryDelayed { .. } => "retry-delayed",
            Fact::LocationHeard { .. } => "location-heard",
            Fact::OperationEnded { .. } => "operation-ended",
            Fact::RecordCollected { .. } => "record-collected",
            Fact::LeaseTaken => "lease-taken",
            Fact::LeaseLost => "lease-lost",
            Fact::WebhookEffect { .. } => "webhook-effect",
            Fact::WebhookEffectFound { .. } => "webhook-effect-found",
            Fact::NothingToDo { .. } => "nothing-to-do",
            Fact::MutationAsked { .. } => "mutation-asked",
            Fact::MutationAnswered { .. } => "mutation-answered",
            Fact::WaitBegan { .. } => "wait-began",
            Fact::WaitReturned { .. } => "wait-returned",
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |outcome: &Outcome| match outcome {
            Ok(()) => "success".to_owned(),
            Err(reason) => format!("failure, {reason}"),
        };
        match self {
            Fact::OperationAccepted { op, app, mutation } => write!(f, "accepts {op}: {} {app}", mutation.name()),
            Fact::OperationRecovered { op, app, outcome: None, .. } => write!(f, "finds {op} in progress on {app}"),
            Fact::OperationRecovered { op, app, outcome: Some(outcome), .. } => {
                write!(f, "finds {op} ended on {app}: {}", end(outcome))
            }
            Fact::MutationCommitted { op, app, mutation } => write!(f, "commits {op}: {} {app}", mutation.name()),
            Fact::MutationRejected { op, app } => write!(f, "rejects {op}: {app} has an operation in progress"),
            Fact::OperationCompleted { op, current, app, outcome } => match current {
                Some(current) if current == op => write!(f, "completes {op} on {app}: {}", end(outcome)),
                Some(current) => write!(f, "completes {current} on {app} by the call of {op}: {}", end(outcome)),
                None => write!(f, "completes nothing on {app} by the call of {op}: {}", end(outcome)),
            },
            Fact::ApplicationDeleted { op, app } => write!(f, "deletes {app}, as {op} asks"),
            Fact::WebhookCalled { op, ended, .. } => {
                write!(f, "calls the webhook of {op}{}", if *ended { ", which has ended" } else { "" })
            }
            Fact::JobPolled { op, ended, .. } => {
                write!(f, "polls the job of {op}{}", if *ended { ", which has ended" } else { "" })
            }
            Fact::OutcomeHeard { op, outcome } => write!(f, "hears of {op}: {}", end(outcome)),
            Fact::OutcomeRecorded { op, outcome } => write!(f, "has the outcome of {op}: {}", end(outcome)),
            Fact::CompletionSent { op, outcome, .. } => write!(f, "completes {op} with {}", end(outcome)),
            Fact::RetryDelayed { op, after, .. } => write!(f, "tries {op} again in {after:?}"),
            Fact::LocationHeard { op } => write!(f, "hears where to poll the job of {op}"),
            Fact::OperationEnded { op, outcome } => write!(f, "{op} has ended: {}", end(outcome)),
            Fact::RecordCollected { op } => write!(f, "has deleted the record of {op}"),
            Fact::LeaseTaken => f.write_str("leads"),
            Fact::LeaseLost => f.write_str("leads no more"),
            Fact::WebhookEffect { job } => write!(f, "has done what {} asks", job.op),
            Fact::WebhookEffectFound { job } => write!(f, "finds that it has done what {} asks", job.op),
            Fact::NothingToDo { op } => write!(f, "has nothing to do for {op}"),
            Fact::MutationAsked { call } => write!(f, "mutation {} begins", call.0),
            Fact::MutationAnswered { call, mutated } => write!(f, "mutation {}: {}", call.0, mutated.label()),
            Fact::WaitBegan { call } => write!(f, "wait {} begins", call.0),
            Fact::WaitReturned { call, last } => {
                write!(f, "wait {} returns: {}", call.0, super::Reply::Told(*last).label())
            }
        }
    }
}
