//! The operation record: apiVersion `operations.compass/v1alpha1`, kind `Operation`.
//!
//! The nodes handle [`record`](mod@crate::operation::record). `related_resources` is in the user's documents and not in the published schema, so it is left out
//! while it is empty, which is always: nothing published fills it.
//! Source: `reference/compass-operations.md` sections 1 and 10.

use serde::{Deserialize, Serialize};

use super::{timestamp, uuid};
use crate::operation::record::{self, OperationType};

/// A resource that an operation concerns beside its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is the published one")]
pub struct ResourceRef {
    pub resource_type: String,
    pub resource_id: String,
}

/// `operation_type` as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the published value")]
pub enum Kind {
    Create,
    Update,
    Delete,
    /// In the schema alone: unpairing travels as an update.
    Unpair,
}

/// `spec`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is the published one")]
pub struct Spec {
    pub operation_id: String,
    pub operation_type: Kind,
    pub operation_category: String,
    pub resource_type: String,
    pub resource_id: String,
    pub correlation_id: String,
    pub webhook_ids: Vec<String>,
    pub request_object: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_resources: Vec<ResourceRef>,
}

/// `phase`, and `state` of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the published value")]
pub enum Phase {
    Success,
    Failed,
    #[serde(rename = "In Progress")]
    InProgress,
}

/// `type` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the published value")]
pub enum ConditionType {
    Ready,
    Error,
}

/// `status` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the published value")]
pub enum Truth {
    True,
    False,
    Unknown,
}

/// An entry of `conditions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is the published one")]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: ConditionType,
    pub status: Truth,
    #[serde(default)]
    pub message: String,
}

/// An entry of `webhooks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is the published one")]
pub struct Webhook {
    pub webhook_id: String,
    pub retries_count: u32,
    pub webhook_poll_url: String,
    pub last_poll_timestamp: String,
    pub state: Phase,
}

/// `status`; every field is absent until the record is initialised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is the published one")]
pub struct Status {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<Webhook>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initialized_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<u32>,
}

/// `metadata`, as far as this plane uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each field is the published one")]
pub struct Metadata {
    pub name: String,
    pub namespace: String,
    #[serde(default)]
    pub generation: u32,
    #[serde(default, rename = "resourceVersion", skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
}

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is the published one")]
pub struct Operation {
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    pub kind: String,
    pub metadata: Metadata,
    pub spec: Spec,
    #[serde(default)]
    pub status: Status,
}

impl From<&record::Operation> for Operation {
    fn from(operation: &record::Operation) -> Operation {
        let record::Operation { generation, version, spec, status } = operation;
        Operation {
            api_version: "operations.compass/v1alpha1".to_owned(),
            kind: "Operation".to_owned(),
            metadata: Metadata {
                name: format!("application-{}", uuid(spec.app.0)),
                namespace: "compass-system".to_owned(),
                generation: *generation,
                resource_version: Some(version.to_string()),
            },
            spec: spec.into(),
            status: status.map(|status| published(&status, spec)).unwrap_or_default(),
        }
    }
}

impl From<OperationType> for Kind {
    fn from(kind: OperationType) -> Kind {
        match kind {
            OperationType::Create => Kind::Create,
            OperationType::Update => Kind::Update,
            OperationType::Delete => Kind::Delete,
        }
    }
}

impl From<&record::Spec> for Spec {
    fn from(spec: &record::Spec) -> Spec {
        let resource_id = uuid(spec.app.0);
        let object = format!(
            r#"{{"Application":{{"id":"{resource_id}"}},"TenantID":"{}","Headers":{{"X-Request-Id":"{}"}}}}"#,
            uuid(u8::MAX),
            spec.op
        );
        Spec {
            operation_id: spec.number.map(|number| number.to_string()).unwrap_or_default(),
            operation_type: spec.mutation.operation_type().into(),
            operation_category: spec.mutation.name().to_owned(),
            resource_type: "application".to_owned(),
            correlation_id: spec.op.to_string(),
            webhook_ids: (0..spec.webhooks).map(|place| webhook_id(spec, place)).collect(),
            request_object: if spec.readable { object } else { "{".to_owned() },
            resource_id,
            related_resources: Vec::new(),
        }
    }
}

fn published(status: &record::Status, spec: &record::Spec) -> Status {
    let truth = |holds| if holds { Truth::True } else { Truth::False };
    let message = status.error.map(|reason| reason.message().to_owned()).unwrap_or_default();
    let ready = Condition { kind: ConditionType::Ready, status: truth(status.ready), message: String::new() };
    let error = Condition { kind: ConditionType::Error, status: truth(status.error.is_some()), message };
    let webhook = status.webhook.map(|webhook| Webhook {
        webhook_id: webhook_id(spec, 0),
        retries_count: webhook.retries.0,
        webhook_poll_url: webhook.location.map(|job| format!("http://tenant/jobs/{job}")).unwrap_or_default(),
        last_poll_timestamp: webhook.last_poll.map(timestamp).unwrap_or_default(),
        state: phase(webhook.state),
    });
    Status {
        phase: Some(phase(status.phase)),
        conditions: vec![ready, error],
        webhooks: webhook.into_iter().collect(),
        initialized_at: Some(timestamp(status.initialized_at)),
        observed_generation: Some(status.observed_generation),
    }
}

fn phase(phase: record::Phase) -> Phase {
    match phase {
        record::Phase::InProgress => Phase::InProgress,
        record::Phase::Success => Phase::Success,
        record::Phase::Failed => Phase::Failed,
    }
}

fn webhook_id(spec: &record::Spec, place: u8) -> String {
    format!("00000000-0000-4000-8{place:03x}-0000000001{:02x}", spec.app.0)
}
