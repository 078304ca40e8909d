//! What goes over the wire, field by field under its published name: the operation record, an application's row, a
//! webhook's definition, and the bodies of the two REST endpoints.
//!
//! The nodes handle types of their own; this says what those look like to everybody else. What calls would
//! authenticate with is kept and not looked at.
//! Source: `reference/compass-operations.md` sections 1, 2 and 10.

mod application;
mod operation;
mod webhook;

pub use application::{Application, ErrorColumn, LastOperation, Progress, PutOperation};
pub use operation::{
    Condition, ConditionType, Kind, Metadata, Operation, Phase, ResourceRef, Spec, Status, Truth, Webhook,
};
pub use webhook::{Definition, DefinitionError, WebhookMode, WebhookType};

use crate::instant::rfc3339 as timestamp;

/// The UUID that stands for a number.
fn uuid(number: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{number:02x}")
}
