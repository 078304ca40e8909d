//! What processes of this plane send each other, by the role it is for.
//!
//! Answers say what they answer, so that one that comes late or twice is never taken for another.

use std::sync::Arc;

use quiesce_machine::{CallId, Label, Rename};

use super::id::{AppId, CorrelationId, JobId};
use super::record::{Mutation, Operation, Outcome, Spec, Status};
use super::resource::LastOperation;
use super::user::Mutated;
use super::webhook::{CallResult, PollResult, Webhook};

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Msg {
    /// For the director.
    ToDirector(ToDirector),
    /// For the API server.
    ToApiServer(ToApiServer),
    /// For a controller.
    ToController(ToController),
    /// For the tenant's system.
    ToTenant(ToTenant),
    /// For a user's program.
    ToUser(ToUser),
}

/// What became of a write at the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Written {
    /// Durable, as this version.
    Ok(u32),
    /// 409: the record has another version, or is there already, or is just being written.
    Conflict,
    /// 404.
    NotFound,
}

/// Which step of an operation a status write is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum StatusStep {
    /// `Initialize`.
    Initialize,
    /// `InProgressWithPollURL`.
    Location,
    /// `InProgressWithPollURLAndLastPollTimestamp`.
    Polled,
    /// The webhook's outcome, before the director is told.
    Outcome(Outcome),
    /// `SuccessStatus` or `FailedStatus`.
    End(Outcome),
}

/// What the director's API says of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Fetched {
    /// It is there.
    Found(Application),
    /// 404.
    NotFound,
    /// Any other error, or no answer.
    Failed,
}

/// What the director's API says of an application that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Application {
    /// Its webhook.
    pub webhook: Option<Webhook>,
    /// How many operations it has had; the published API has no such field.
    pub number: u32,
    /// How the last of them ended, if it has: `ready` and `error`, which the published API dropped (policy `readiness`).
    pub ended: Option<Outcome>,
}

/// For the director.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ToDirector {
    /// A user's mutation.
    Mutate { op: CorrelationId, app: AppId, mutation: Mutation, sync: bool, readable: bool },
    /// `GET /last_operation`.
    GetLastOperation { call: CallId, app: AppId },
    /// A controller's query for an application and its webhooks.
    FetchApplication { app: AppId },
    /// `PUT /operation`; the published one has neither `op` nor `number`.
    PutOperation { app: AppId, op: CorrelationId, number: Option<u32>, mutation: Mutation, outcome: Outcome },
    /// The API server's answer to a get.
    OperationGot { app: AppId, record: Option<Arc<Operation>> },
    /// The API server's answer to a create or an update of that operation.
    OperationWritten { app: AppId, op: CorrelationId, written: Written },
}

/// For the API server.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ToApiServer {
    /// The scheduler reads a record.
    GetOperation { app: AppId },
    /// The scheduler creates one.
    CreateOperation { spec: Arc<Spec> },
    /// The scheduler overwrites the spec of that version.
    UpdateOperation { spec: Arc<Spec>, version: u32 },
    /// A controller writes the status of that version.
    UpdateStatus { app: AppId, version: u32, step: StatusStep, status: Arc<Status> },
    /// A controller deletes a record.
    DeleteOperation { app: AppId },
    /// A controller reads all records and watches them from now on.
    ListOperations,
    /// A controller has taken note of a record's version; `None`: that it is gone.
    AcknowledgeWatch { app: AppId, version: Option<u32> },
    /// A controller takes or renews the lease.
    AcquireLease,
}

/// For a controller.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ToController {
    /// The director's answer to a fetch.
    ApplicationFetched { app: AppId, fetched: Fetched },
    /// The director's answer to `PUT /operation` with `told`: how the row says that the operation ended.
    OperationPut { op: CorrelationId, told: Outcome, recorded: Outcome },
    /// 500 to `PUT /operation`.
    PutFailed { op: CorrelationId, told: Outcome },
    /// The API server's answer to a status write on that version.
    StatusWritten { app: AppId, version: u32, step: StatusStep, written: Written },
    /// The API server's answer to a delete.
    OperationDeleted { app: AppId },
    /// Every record, at that revision.
    OperationsListed { revision: u32, records: Arc<Vec<Operation>> },
    /// A record has changed.
    WatchEvent { record: Arc<Operation> },
    /// A record is gone.
    WatchDeleted { app: AppId, version: u32 },
    /// Whether the controller holds the lease.
    LeaseAnswer { held: bool },
    /// The webhook's answer.
    WebhookAnswer { op: CorrelationId, result: CallResult },
    /// The webhook's answer to a poll.
    PollAnswer { job: JobId, result: PollResult },
}

/// For the tenant's system.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ToTenant {
    /// A webhook is called; `polled`: the caller will poll. The operation's id travels under `correlationIdKey`.
    CallWebhook { app: AppId, op: CorrelationId, polled: bool },
    /// A job's status is asked for.
    PollJob { job: JobId },
}

/// For a user's program.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ToUser {
    /// The director's answer to a mutation.
    MutationAnswer { op: CorrelationId, mutated: Mutated },
    /// The answer of the status endpoint.
    LastOperationAnswer { call: CallId, last: LastOperation },
}

macro_rules! labels {
    ($( $Role:ident { $( $Variant:ident = $label:literal, )+ } )+) => {
        impl Msg {
            /// Every label, for scenario files.
            pub const LABELS: &'static [&'static str] = &[$( $( $label, )+ )+];
        }

        impl Label for Msg {
            fn label(&self) -> &'static str {
                match self { $( Msg::$Role(msg) => msg.label(), )+ }
            }
        }

        $(
            impl From<$Role> for Msg {
                fn from(msg: $Role) -> Msg {
                    Msg::$Role(msg)
                }
            }

            impl Label for $Role {
                fn label(&self) -> &'static str {
                    match self { $( $Role::$Variant { .. } => $label, )+ }
                }
            }
        )+
    };
}

labels! {
    ToDirector {
        Mutate = "mutate",
        GetLastOperation = "get-last-operation",
        FetchApplication = "fetch-application",
        PutOperation = "put-operation",
        OperationGot = "operation-got",
        OperationWritten = "operation-written",
    }
    ToApiServer {
        GetOperation = "get-operation",
        CreateOperation = "create-operation",
        UpdateOperation = "update-operation",
        UpdateStatus = "update-status",
        DeleteOperation = "delete-operation",
        ListOperations = "list-operations",
        AcknowledgeWatch = "acknowledge-watch",
        AcquireLease = "acquire-lease",
    }
    ToController {
        ApplicationFetched = "application-fetched",
        OperationPut = "operation-put",
        PutFailed = "put-failed",
        StatusWritten = "status-written",
        OperationDeleted = "operation-deleted",
        OperationsListed = "operations-listed",
        WatchEvent = "watch-event",
        WatchDeleted = "watch-deleted",
        LeaseAnswer = "lease-answer",
        WebhookAnswer = "webhook-answer",
        PollAnswer = "poll-answer",
    }
    ToTenant {
        CallWebhook = "call-webhook",
        PollJob = "poll-job",
    }
    ToUser {
        MutationAnswer = "mutation-answer",
        LastOperationAnswer = "last-operation-answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_small() {
        assert!(size_of::<Msg>() <= 64, "a message takes {} bytes", size_of::<Msg>());
    }
}
