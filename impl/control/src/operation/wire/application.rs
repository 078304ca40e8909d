//! An application's row, and the bodies of `GET /last_operation` and `PUT /operation`.

use quiesce_machine::Stamp;
use serde::{Deserialize, Serialize};

use super::operation::Kind;
use super::{timestamp, uuid};
use crate::operation::id::AppId;
use crate::operation::record::{Mutation, OperationType, Outcome};
use crate::operation::resource::{self, Condition, Row};

/// What the column `error` holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the field is the published one")]
pub struct ErrorColumn {
    pub error: String,
}

/// The columns of `applications` that operations read and write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each field is the published column")]
pub struct Application {
    pub id: String,
    pub ready: bool,
    pub error: Option<ErrorColumn>,
    pub created_at: String,
    pub updated_at: Option<String>,
    pub deleted_at: Option<String>,
    pub status_condition: Condition,
}

impl From<&Row> for Application {
    fn from(row: &Row) -> Application {
        Application {
            id: uuid(row.app.0),
            ready: row.ready,
            error: row.error.map(|reason| ErrorColumn { error: reason.message().to_owned() }),
            created_at: timestamp(row.created_at),
            updated_at: row.updated_at.map(timestamp),
            deleted_at: row.deleted_at.map(timestamp),
            status_condition: row.condition,
        }
    }
}

/// `status` of the status endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is the published value")]
pub enum Progress {
    InProgress,
    Succeeded,
    Failed,
}

/// The body of a 200 of `GET /last_operation/application/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each field is the published one")]
pub struct LastOperation {
    pub operation_type: Kind,
    pub resource_id: String,
    pub resource_type: String,
    pub creation_time: String,
    pub status: Progress,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl LastOperation {
    /// The body for a row; `None` stands for 404.
    #[must_use]
    pub fn of(row: &Row) -> Option<LastOperation> {
        let (kind, status, error): (OperationType, _, _) = match row.last_operation() {
            resource::LastOperation::NotFound => return None,
            resource::LastOperation::InProgress(kind) => (kind, Progress::InProgress, None),
            resource::LastOperation::Succeeded(kind) => (kind, Progress::Succeeded, None),
            resource::LastOperation::Failed(kind, reason) => {
                (kind, Progress::Failed, Some(reason.message().to_owned()))
            }
        };
        let Stamp(created) = row.created_at;
        let times = [row.updated_at, row.deleted_at].into_iter().flatten().map(|Stamp(at)| at);
        let latest = times.fold(created, Ord::max);
        Some(LastOperation {
            operation_type: kind.into(),
            resource_id: uuid(row.app.0),
            resource_type: "application".to_owned(),
            creation_time: timestamp(Stamp(latest)),
            status,
            error,
        })
    }
}

/// The body of `PUT /operation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is the published one, but for `operation_id`")]
pub struct PutOperation {
    pub operation_type: Kind,
    pub resource_type: String,
    pub resource_id: String,
    pub operation_category: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Which operation of the application is complete: ours, by which a completion is fenced; the published body has
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
}

impl PutOperation {
    /// The body that says how an operation ended.
    #[must_use]
    pub fn new(app: AppId, number: Option<u32>, mutation: Mutation, outcome: Outcome) -> PutOperation {
        PutOperation {
            operation_type: mutation.operation_type().into(),
            resource_type: "application".to_owned(),
            resource_id: uuid(app.0),
            operation_category: mutation.name().to_owned(),
            error: outcome.err().map(|reason| reason.message().to_owned()),
            operation_id: number.map(|number| number.to_string()),
        }
    }
}
