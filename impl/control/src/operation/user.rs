//! What users, and the people who run the tenant's system, ask for, and what they are told.

use quiesce_machine::{Label, Rename};

use super::id::AppId;
use super::record::Mutation;
use super::resource::{Concurrent, LastOperation};
use super::webhook::{Behaviour, Webhook};

/// What is asked of a process.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Request {
    /// Of a user: carry out a mutation; `readable`: its request object is not damaged on the way to the record.
    Mutate { app: AppId, mutation: Mutation, sync: bool, readable: bool },
    /// Of a user: poll the location until the application's last operation has ended.
    Wait { app: AppId },
    /// Of a user: ask the status endpoint once.
    Status { app: AppId },
    /// Of the director: change an application's webhook, or remove it.
    EditWebhook { app: AppId, webhook: Option<Webhook> },
    /// Of the tenant's system: behave like this from now on.
    Behave { app: AppId, behaviour: Behaviour },
}

impl Label for Request {
    fn label(&self) -> &'static str {
        match self {
            Request::Mutate { .. } => "mutate",
            Request::Wait { .. } => "wait",
            Request::Status { .. } => "status",
            Request::EditWebhook { .. } => "edit-webhook",
            Request::Behave { .. } => "behave",
        }
    }
}

/// What a mutation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Mutated {
    /// Asynchronous: accepted; the answer has the location.
    Accepted,
    /// Synchronous: done.
    Done,
    /// Error 32, `Concurrent operation`.
    Rejected(Concurrent),
    /// There is no such application, or there is one already.
    Refused,
    /// A masked internal error; the mutation may have left traces.
    Internal,
    /// No answer.
    Silent,
}

/// What a user is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Reply {
    /// What a mutation came to.
    Mutated(Mutated),
    /// What the status endpoint said; for a wait, once that was an end.
    Told(LastOperation),
    /// The change is made.
    Changed,
}

impl Reply {
    /// Every label, for scenario files.
    pub const LABELS: [&'static str; 11] = [
        "accepted",
        "done",
        "rejected",
        "refused",
        "internal-error",
        "silent",
        "in-progress",
        "succeeded",
        "failed",
        "not-found",
        "changed",
    ];
}

impl Label for Reply {
    fn label(&self) -> &'static str {
        match self {
            Reply::Mutated(mutated) => mutated.label(),
            Reply::Told(LastOperation::InProgress(_)) => "in-progress",
            Reply::Told(LastOperation::Succeeded(_)) => "succeeded",
            Reply::Told(LastOperation::Failed(..)) => "failed",
            Reply::Told(LastOperation::NotFound) => "not-found",
            Reply::Changed => "changed",
        }
    }
}

impl Label for Mutated {
    fn label(&self) -> &'static str {
        match self {
            Mutated::Accepted => "accepted",
            Mutated::Done => "done",
            Mutated::Rejected(_) => "rejected",
            Mutated::Refused => "refused",
            Mutated::Internal => "internal-error",
            Mutated::Silent => "silent",
        }
    }
}
