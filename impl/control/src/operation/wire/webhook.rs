//! A webhook's definition, and the rules for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::operation::webhook::{Mode, Webhook};

/// `type` of a webhook, as far as operations call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is the published value")]
pub enum WebhookType {
    RegisterApplication,
    UnregisterApplication,
}

/// `mode` of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is the published value")]
pub enum WebhookMode {
    Sync,
    Async,
    AsyncCallback,
}

/// A webhook as users define it. Times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is the published one")]
pub struct Definition {
    #[serde(rename = "type")]
    pub kind: WebhookType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<WebhookMode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_interval: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_template: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_template: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_template: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_template: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_template: Option<String>,
    /// Kept as it was given: no call authenticates here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Value>,
}

/// Why a definition is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DefinitionError {
    /// Where to call has to be said once.
    #[error("a webhook has exactly one of `url` and `urlTemplate`, found {0}")]
    Places(u8),
    /// A template is missing that the mode needs.
    #[error("a webhook of mode {mode:?} has `{template}`, found none")]
    Missing {
        /// The mode.
        mode: WebhookMode,
        /// The template.
        template: &'static str,
    },
    /// A mode that these types do not have.
    #[error("a webhook of type {0:?} has mode SYNC or ASYNC, found ASYNC_CALLBACK")]
    Callback(WebhookType),
}

impl TryFrom<&Definition> for Webhook {
    type Error = DefinitionError;

    /// What the definition decides, once it is known to keep the rules.
    fn try_from(definition: &Definition) -> Result<Webhook, DefinitionError> {
        let places = u8::from(definition.url.is_some()) + u8::from(definition.url_template.is_some());
        if places != 1 {
            return Err(DefinitionError::Places(places));
        }
        let named = definition.mode.unwrap_or(WebhookMode::Sync);
        let mode = match named {
            WebhookMode::Sync => Mode::Sync,
            WebhookMode::Async => Mode::Async,
            WebhookMode::AsyncCallback => return Err(DefinitionError::Callback(definition.kind)),
        };
        let missing = |template| Err(DefinitionError::Missing { mode: named, template });
        if definition.output_template.is_none() {
            return missing("outputTemplate");
        }
        if mode == Mode::Async && definition.status_template.is_none() {
            return missing("statusTemplate");
        }
        let seconds = |seconds: Option<u64>| seconds.map(Duration::from_secs);
        Ok(Webhook { mode, timeout: seconds(definition.timeout), retry_interval: seconds(definition.retry_interval) })
    }
}
