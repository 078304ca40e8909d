//! The resource row of an application: what the director's database holds, and the rules that read and change it.
//!
//! Pure: no message is sent here. Source: `reference/compass-operations.md` sections 1 to 3.

use std::collections::BTreeSet;

use quiesce_machine::{Record, Rename, Stamp};
use serde::{Deserialize, Serialize};

use super::id::{AppId, CorrelationId};
use super::message::Application;
use super::policy::DeletedAt;
use super::record::{Mutation, OperationType, Outcome, Reason, Spec};
use super::webhook::Webhook;

/// `status_condition` of a row. Operations write neither `FAILED`, which is of the application itself, nor
/// `DELETE_SUCCEEDED`, since a delete that succeeds leaves no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Rename)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is the published name in Rust's capitals")]
pub enum Condition {
    Initial,
    Connected,
    Failed,
    Creating,
    Updating,
    Deleting,
    Unpairing,
    CreateSucceeded,
    CreateFailed,
    UpdateSucceeded,
    UpdateFailed,
    DeleteSucceeded,
    DeleteFailed,
    UnpairFailed,
}

/// A row of `applications`, and with it what the hardened director keeps in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Row {
    /// Its key.
    pub app: AppId,
    /// Whether the application is there; a row outlives it, so that late requests are recognised.
    pub exists: bool,
    /// `ready`.
    pub ready: bool,
    /// `error`.
    pub error: Option<Reason>,
    /// `created_at`.
    pub created_at: Stamp,
    /// `updated_at`, if it is later than `created_at`.
    pub updated_at: Option<Stamp>,
    /// `deleted_at`.
    pub deleted_at: Option<Stamp>,
    /// `status_condition`.
    pub condition: Condition,
    /// The webhook that the application has now.
    pub webhook: Option<Webhook>,
    /// How many operations it has had.
    pub number: u32,
    /// The last of them; it has not ended while the row is not ready.
    pub operation: Option<Spec>,
    /// How that operation ended. Later synchronous mutations change the other columns, not this.
    pub outcome: Option<Outcome>,
    /// The requests that were carried out or are being carried out.
    pub requests: BTreeSet<CorrelationId>,
}

impl Record for Row {
    type Key = AppId;

    fn key(&self) -> AppId {
        self.app
    }
}

/// What `GET /last_operation` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum LastOperation {
    /// 200 with `status` `IN_PROGRESS`.
    InProgress(OperationType),
    /// 200 with `SUCCEEDED`.
    Succeeded(OperationType),
    /// 200 with `FAILED` and `error`.
    Failed(OperationType, Reason),
    /// 404: the normal end of a delete.
    NotFound,
}

/// Which rule of the concurrency check rejects a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Concurrent {
    /// (a): "create operation is in progress".
    Create,
    /// (b): "delete operation is in progress"; `ready` is not consulted.
    Delete,
    /// (c): "another operation is in progress".
    Another,
}

impl Row {
    /// The row of an application that is there from the beginning, or is not there yet.
    #[must_use]
    pub fn initial(app: AppId, exists: bool, webhook: Option<Webhook>) -> Row {
        Row {
            app,
            exists,
            ready: exists,
            error: None,
            created_at: Stamp::default(),
            updated_at: None,
            deleted_at: None,
            condition: Condition::Initial,
            webhook,
            number: 0,
            operation: None,
            outcome: None,
            requests: BTreeSet::new(),
        }
    }

    /// The concurrency check, on this row as read. Not made for creates.
    ///
    /// # Errors
    /// The rule that rejects; none does while the row has an error.
    pub fn check(&self) -> Result<(), Concurrent> {
        match (self.error, self.deleted_at, self.updated_at) {
            (None, Some(_), _) => Err(Concurrent::Delete),
            (None, None, None) if !self.ready => Err(Concurrent::Create),
            (None, None, Some(_)) if !self.ready => Err(Concurrent::Another),
            (None, None, _) | (Some(_), ..) => Ok(()),
        }
    }

    /// The operation that this row is busy with.
    #[must_use]
    pub fn running(&self) -> Option<&Spec> {
        self.operation.as_ref().filter(|_| self.exists && !self.ready)
    }

    /// What the director's API says of the application.
    #[must_use]
    pub fn application(&self) -> Application {
        let ended = self.ready.then_some(self.error.map_or(Ok(()), Err));
        Application { webhook: self.webhook, number: self.number, ended }
    }

    /// What an asynchronous mutation makes of it.
    pub fn begin(&mut self, mutation: Mutation, spec: Spec, now: Stamp) {
        self.touch(mutation, now);
        self.ready = false;
        self.error = None;
        self.condition = match mutation {
            Mutation::Register => Condition::Creating,
            Mutation::Update => Condition::Updating,
            Mutation::Unpair => Condition::Unpairing,
            Mutation::Unregister => Condition::Deleting,
        };
        if mutation == Mutation::Unregister {
            self.deleted_at = self.deleted_at.or(Some(now));
        }
        self.number += 1;
        self.operation = Some(spec);
        self.outcome = None;
    }

    /// What a synchronous mutation makes of it.
    pub fn change(&mut self, mutation: Mutation, now: Stamp) {
        self.touch(mutation, now);
        match mutation {
            Mutation::Register => self.ready = true,
            Mutation::Update => self.condition = Condition::Connected,
            Mutation::Unpair => self.condition = Condition::Initial,
            Mutation::Unregister => self.exists = false,
        }
    }

    fn touch(&mut self, mutation: Mutation, now: Stamp) {
        match mutation {
            Mutation::Register => {
                self.exists = true;
                self.created_at = now;
            }
            Mutation::Update | Mutation::Unpair => self.updated_at = Some(now),
            Mutation::Unregister => (),
        }
    }

    /// What `PUT /operation` makes of it: the published table. An application that is not there stays away.
    pub fn complete(&mut self, mutation: Mutation, outcome: Outcome, policy: DeletedAt, now: Stamp) {
        self.outcome = Some(outcome);
        if mutation == Mutation::Unregister && outcome.is_ok() {
            self.exists = false;
            self.ready = true;
            return;
        }
        self.ready = true;
        self.error = outcome.err();
        self.condition = match (mutation, outcome.is_ok()) {
            (Mutation::Register, true) => Condition::CreateSucceeded,
            (Mutation::Register, false) => Condition::CreateFailed,
            (Mutation::Update, true) => Condition::UpdateSucceeded,
            (Mutation::Update, false) => Condition::UpdateFailed,
            (Mutation::Unpair, true) => Condition::Initial,
            (Mutation::Unpair, false) => Condition::UnpairFailed,
            (Mutation::Unregister, _) => Condition::DeleteFailed,
        };
        if policy == DeletedAt::Cleared {
            self.deleted_at = None;
        }
        if self.deleted_at.is_none() {
            self.updated_at = Some(now);
        }
    }

    /// What `GET /last_operation` says: from the row alone, never from the record.
    #[must_use]
    pub fn last_operation(&self) -> LastOperation {
        let kind = match (self.deleted_at, self.updated_at) {
            (Some(_), _) => OperationType::Delete,
            (None, Some(_)) => OperationType::Update,
            (None, None) => OperationType::Create,
        };
        match (self.exists, self.ready, self.error) {
            (false, ..) => LastOperation::NotFound,
            (true, false, _) => LastOperation::InProgress(kind),
            (true, true, None) => LastOperation::Succeeded(kind),
            (true, true, Some(reason)) => LastOperation::Failed(kind, reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use quiesce_machine::{CallId, Incarnation};

    use super::*;

    const NOW: Stamp = Stamp(quiesce_machine::Time(5));

    fn row() -> Row {
        Row::initial(AppId(0), true, None)
    }

    fn spec(mutation: Mutation) -> Spec {
        let op = CorrelationId { user: 0, life: Incarnation(1), call: CallId(0) };
        Spec { app: AppId(0), number: Some(1), mutation, op, webhooks: 0, plan: None, readable: true }
    }

    #[test]
    fn the_check_follows_the_three_rules_and_an_error_unlocks_each() {
        let at = Some(NOW);
        let table = [
            // deleted_at, updated_at, ready, expected
            (None, None, true, Ok(())),
            (None, None, false, Err(Concurrent::Create)),
            (None, at, true, Ok(())),
            (None, at, false, Err(Concurrent::Another)),
            (at, None, false, Err(Concurrent::Delete)),
            (at, None, true, Err(Concurrent::Delete)),
            (at, at, true, Err(Concurrent::Delete)),
        ];
        for (deleted_at, updated_at, ready, expected) in table {
            let mut row = Row { deleted_at, updated_at, ready, ..row() };
            assert_eq!(row.check(), expected, "{row:?}");
            row.error = Some(Reason::Reported);
            assert_eq!(row.check(), Ok(()), "{row:?}");
        }
    }

    #[test]
    fn a_completion_follows_the_published_table() {
        use Condition as C;
        let err = Err(Reason::Reported);
        let table = [
            (Mutation::Register, Ok(()), C::CreateSucceeded),
            (Mutation::Register, err, C::CreateFailed),
            (Mutation::Update, Ok(()), C::UpdateSucceeded),
            (Mutation::Update, err, C::UpdateFailed),
            (Mutation::Unpair, Ok(()), C::Initial),
            (Mutation::Unpair, err, C::UnpairFailed),
            (Mutation::Unregister, err, C::DeleteFailed),
        ];
        for (mutation, outcome, condition) in table {
            let mut row = row();
            row.begin(mutation, spec(mutation), NOW);
            assert!(!row.ready && row.running().is_some());
            row.complete(mutation, outcome, DeletedAt::Kept, NOW);
            assert_eq!((row.ready, row.error, row.condition), (true, outcome.err(), condition), "{mutation:?}");
            assert!(row.exists && row.running().is_none());
        }
    }

    #[test]
    fn a_delete_that_succeeds_takes_the_application_and_the_endpoint_says_404() {
        let mut row = row();
        row.begin(Mutation::Unregister, spec(Mutation::Unregister), NOW);
        assert_eq!(row.last_operation(), LastOperation::InProgress(OperationType::Delete));
        row.complete(Mutation::Unregister, Ok(()), DeletedAt::Cleared, NOW);
        assert_eq!(row.last_operation(), LastOperation::NotFound);
    }

    #[test]
    fn a_failed_delete_blocks_later_mutations_only_if_it_keeps_its_time_of_deletion() {
        for (policy, expected) in [(DeletedAt::Kept, Err(Concurrent::Delete)), (DeletedAt::Cleared, Ok(()))] {
            let mut row = row();
            row.begin(Mutation::Unregister, spec(Mutation::Unregister), NOW);
            row.complete(Mutation::Unregister, Err(Reason::Timeout), policy, NOW);
            assert_eq!(row.check(), Ok(()), "the error unlocks");
            row.begin(Mutation::Unpair, spec(Mutation::Unpair), NOW);
            row.complete(Mutation::Unpair, Ok(()), policy, NOW);
            assert_eq!(row.check(), expected, "{policy:?}");
        }
    }

    #[test]
    fn an_asynchronous_create_is_reported_as_an_update_once_it_is_complete() {
        let mut row = Row::initial(AppId(0), false, None);
        row.begin(Mutation::Register, spec(Mutation::Register), NOW);
        assert_eq!(row.last_operation(), LastOperation::InProgress(OperationType::Create));
        row.complete(Mutation::Register, Ok(()), DeletedAt::Cleared, NOW);
        assert_eq!(row.last_operation(), LastOperation::Succeeded(OperationType::Update));
    }
}
