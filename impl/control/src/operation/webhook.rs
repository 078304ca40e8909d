//! Webhooks: how one is defined, and what it can answer. Templates are reduced to their typed outcomes.
//! Source: `reference/compass-operations.md` sections 1 and 5.

use quiesce_machine::Rename;
use std::time::Duration;

use super::id::JobId;

/// `mode` of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Mode {
    /// The answer is the outcome. Also what no mode means.
    Sync,
    /// The answer carries a location that is polled.
    Async,
    /// The outcome is called back; refused for the types of this plane, yet the controller meets it.
    AsyncCallback,
}

/// A webhook's definition, as far as it decides anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Webhook {
    /// How its outcome is learnt.
    pub mode: Mode,
    /// `timeout`: how long the operation may take; whole seconds. `None`: the controller's `webhook_timeout`.
    pub timeout: Option<Duration>,
    /// `retryInterval`: time between polls and between tries; whole seconds. `None`: the controller's interval.
    pub retry_interval: Option<Duration>,
}

/// What a call came to, by the output template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum CallResult {
    /// The success code; with the location, if there is one.
    Success(Option<JobId>),
    /// The gone code.
    Gone,
    /// Another code, an error text, an answer that cannot be parsed, or none.
    Error,
}

/// What a poll came to, by the status template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum PollResult {
    /// The in-progress identifier.
    InProgress,
    /// The success identifier.
    Succeeded,
    /// The failed identifier; with an error text or without.
    Failed {
        /// Whether the answer has an error text too.
        error_text: bool,
    },
    /// A status that is none of the three identifiers.
    Odd,
    /// Another code, an error text without a failure, an answer that cannot be parsed, or none.
    Error,
}

/// How the tenant's system treats calls for an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Behaviour {
    /// What it says to a call.
    pub answers: Answers,
    /// How long the work takes that a call starts.
    pub work: Duration,
    /// How that work ends.
    pub ends: Ending,
}

/// What the tenant's system says to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Answers {
    /// It does the work.
    Accepts,
    /// An error; nothing is done.
    Refuses,
    /// One or the other.
    AcceptsOrRefuses,
    /// There is nothing left to do.
    Gone,
}

/// How the work of a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Ending {
    /// It is done.
    Succeeds,
    /// It fails, without an error text.
    Fails,
    /// It fails, with an error text.
    FailsWithText,
    /// It never is, and its status is one that nobody told the controller of.
    Odd,
    /// It is done, and until then its status is one that nobody told the controller of.
    SucceedsAfterOdd,
}

impl Ending {
    /// Whether the work is done in the end.
    #[must_use]
    pub fn succeeds(self) -> bool {
        matches!(self, Ending::Succeeds | Ending::SucceedsAfterOdd)
    }
}

impl Default for Behaviour {
    /// Accepts every call and succeeds after a second.
    fn default() -> Self {
        Behaviour { answers: Answers::Accepts, work: Duration::from_secs(1), ends: Ending::Succeeds }
    }
}
