//! The operation record, one per application and reused by every later operation, as the nodes handle it.
//!
//! Its published form is in [`wire`](super::wire). Instants and tallies are for people and compare as nothing.
//! Source: `reference/compass-operations.md` section 1.

use std::fmt;
use std::hash::{Hash, Hasher};

use quiesce_machine::{Rename, Stamp};

use super::id::{AppId, CorrelationId, JobId};
use super::webhook::Webhook;

/// `operation_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum OperationType {
    /// The application is being registered.
    Create,
    /// It is being changed.
    Update,
    /// It is being unregistered.
    Delete,
}

/// `operation_category`: the mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Mutation {
    /// `registerApplication`.
    Register,
    /// `updateApplication`, which has no asynchronous mode.
    Update,
    /// `unpairApplication`.
    Unpair,
    /// `unregisterApplication`.
    Unregister,
}

impl Mutation {
    /// The type of the operations of this category.
    #[must_use]
    pub fn operation_type(self) -> OperationType {
        match self {
            Mutation::Register => OperationType::Create,
            Mutation::Update | Mutation::Unpair => OperationType::Update,
            Mutation::Unregister => OperationType::Delete,
        }
    }

    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mutation::Register => "registerApplication",
            Mutation::Update => "updateApplication",
            Mutation::Unpair => "unpairApplication",
            Mutation::Unregister => "unregisterApplication",
        }
    }
}

/// `spec`: what is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Spec {
    /// `resource_id`.
    pub app: AppId,
    /// `operation_id`: which operation of the application this is, counted from 1; the published scheduler leaves it
    /// empty.
    pub number: Option<u32>,
    /// `operation_category`, from which `operation_type` follows.
    pub mutation: Mutation,
    /// `correlation_id`.
    pub op: CorrelationId,
    /// How many `webhook_ids` there are: none or one, if the record is valid.
    pub webhooks: u8,
    /// The webhook's definition when the operation was accepted, carried within `request_object`.
    pub plan: Option<Webhook>,
    /// Whether `request_object` can be read.
    pub readable: bool,
}

/// `phase`, and the `state` of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Phase {
    /// `In Progress`.
    InProgress,
    /// `Success`.
    Success,
    /// `Failed`.
    Failed,
}

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Reason {
    /// The webhook did not succeed in time.
    Timeout,
    /// The webhook was called, and how that ends is not known in time.
    Unknown,
    /// The webhook's job says that it failed.
    Reported,
    /// The webhook is no longer defined.
    MissingWebhook,
    /// The application is gone.
    MissingApplication,
    /// The record cannot be read.
    Malformed,
}

impl Reason {
    /// Whether it claims that the webhook has not done its work.
    #[must_use]
    pub fn claims_not_done(self) -> bool {
        self != Reason::Unknown
    }

    /// Whether time ran out.
    #[must_use]
    pub fn is_timeout(self) -> bool {
        matches!(self, Reason::Timeout | Reason::Unknown)
    }

    /// The message of condition `Error`.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Reason::Timeout => "webhook timeout reached",
            Reason::Unknown => "webhook timeout reached: outcome unknown",
            Reason::Reported => "webhook operation has finished with failed status",
            Reason::MissingWebhook => "missing webhook",
            Reason::MissingApplication => "Application not found in director",
            Reason::Malformed => "malformed operation",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

/// How an operation ends.
pub type Outcome = Result<(), Reason>;

/// `status`: how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Status {
    /// `phase`.
    pub phase: Phase,
    /// Condition `Ready`: the operation has ended, well or not.
    pub ready: bool,
    /// Condition `Error` and its message.
    pub error: Option<Reason>,
    /// The only entry of `webhooks`, if the operation has a webhook.
    pub webhook: Option<WebhookStatus>,
    /// `initialized_at`.
    pub initialized_at: Stamp,
    /// `observed_generation`: which generation this is the status of.
    pub observed_generation: u32,
}

impl Status {
    /// What `Initialize` writes.
    #[must_use]
    pub fn initial(spec: &Spec, generation: u32, now: Stamp) -> Status {
        let blank =
            WebhookStatus { location: None, last_poll: None, retries: Tally::default(), state: Phase::InProgress };
        Status {
            phase: Phase::InProgress,
            ready: false,
            error: None,
            webhook: (spec.webhooks > 0).then_some(blank),
            initialized_at: now,
            observed_generation: generation,
        }
    }

    /// The outcome of the webhook, once it is written down and the operation has not ended.
    #[must_use]
    pub fn recorded_outcome(&self) -> Option<Outcome> {
        match (self.phase, self.webhook?.state) {
            (Phase::InProgress, Phase::Success) => Some(Ok(())),
            (Phase::InProgress, Phase::Failed) => Some(Err(self.error.unwrap_or(Reason::Unknown))),
            (Phase::InProgress, Phase::InProgress) | (Phase::Success | Phase::Failed, _) => None,
        }
    }

    /// This status with the webhook's outcome written down.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Status {
        if let Some(webhook) = &mut self.webhook {
            webhook.state = phase(outcome);
        }
        self.error = outcome.err();
        self
    }

    /// This status at the operation's end.
    #[must_use]
    pub fn ended(self, outcome: Outcome) -> Status {
        Status { phase: phase(outcome), ready: true, ..self.with_outcome(outcome) }
    }
}

fn phase(outcome: Outcome) -> Phase {
    if outcome.is_ok() { Phase::Success } else { Phase::Failed }
}

/// An entry of `status.webhooks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct WebhookStatus {
    /// `webhook_poll_url`.
    pub location: Option<JobId>,
    /// `last_poll_timestamp`; empty before the first poll that found the job in progress.
    pub last_poll: Option<Stamp>,
    /// `retries_count`: polls that found the job in progress.
    pub retries: Tally,
    /// `state`.
    pub state: Phase,
}

/// A count kept for people: it compares, orders and hashes as nothing, so that a record polled twice is the record
/// polled once.
#[derive(Clone, Copy, Debug, Default, Rename)]
pub struct Tally(pub u32);

impl PartialEq for Tally {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Tally {}

impl PartialOrd for Tally {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Tally {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Hash for Tally {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// An operation record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Operation {
    /// `metadata.generation`: counts the changes of `spec`.
    pub generation: u32,
    /// `metadata.resourceVersion`: counts the changes of anything.
    pub version: u32,
    /// What is to be done.
    pub spec: Spec,
    /// How far it is; absent until a controller initialises it.
    pub status: Option<Status>,
}

impl Operation {
    /// The status, if it is about the present generation.
    #[must_use]
    pub fn current_status(&self) -> Option<&Status> {
        self.status.as_ref().filter(|status| status.observed_generation == self.generation)
    }

    /// Whether the operation has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.current_status().is_some_and(|status| status.phase != Phase::InProgress)
    }

    /// How the scheduler sees it: in progress while no condition is true, whatever generation the status is of.
    #[must_use]
    pub fn looks_in_progress(&self) -> bool {
        self.status.is_none_or(|status| !status.ready && status.error.is_none())
    }
}
