//! A serialized operation is valid by the published schema, and the published example reads back as it was written.

use quiesce_control::operation::policy::DeletedAt;
use quiesce_control::operation::record::{Tally, WebhookStatus};
use quiesce_control::operation::{
    AppId, CorrelationId, JobId, Mode, Mutation, Operation, Phase, Reason, Row, Spec, Status, Webhook, wire,
};
use quiesce_machine::{CallId, Incarnation, Stamp, Time};
use serde_json::{Value, json};

/// The example manifest of `reference/compass-operations.md` section 10.
fn example() -> Value {
    json!({
        "apiVersion": "operations.compass/v1alpha1",
        "kind": "Operation",
        "metadata": {
            "name": "application-0b9a6d52-7a51-4f0e-9f3c-6a1c5f0d2e11", "namespace": "compass-system", "generation": 3
        },
        "spec": {
            "operation_id": "",
            "operation_type": "Delete",
            "operation_category": "unregisterApplication",
            "resource_type": "application",
            "resource_id": "0b9a6d52-7a51-4f0e-9f3c-6a1c5f0d2e11",
            "correlation_id": "5d1e3c7a-2b64-4c1d-8a90-0e4f7b6c9d22",
            "webhook_ids": ["c3f1a9be-64d0-4a6e-b7a2-91d35e0f8433"],
            "request_object": "{\"Application\":{\"id\":\"0b9a6d52-7a51-4f0e-9f3c-6a1c5f0d2e11\",\"name\":\"billing-eu\"},\
                \"TenantID\":\"7e2d4b10-9c3f-4e55-8d21-3fa6c0b17e44\",\
                \"Headers\":{\"X-Request-Id\":\"5d1e3c7a-2b64-4c1d-8a90-0e4f7b6c9d22\"}}"
        },
        "status": {
            "phase": "In Progress",
            "observed_generation": 3,
            "initialized_at": "2026-03-01T10:15:00Z",
            "conditions": [
                { "type": "Ready", "status": "False", "message": "" },
                { "type": "Error", "status": "False", "message": "" }
            ],
            "webhooks": [{
                "webhook_id": "c3f1a9be-64d0-4a6e-b7a2-91d35e0f8433",
                "retries_count": 2,
                "webhook_poll_url": "http://127.0.0.1:8085/jobs/42",
                "last_poll_timestamp": "2026-03-01T10:15:30.123456789Z",
                "state": "In Progress"
            }]
        }
    })
}

/// The published schema of `spec` and `status`: per field its type or its legal values, and which are required.
fn schema() -> Value {
    let phase = json!({ "enum": ["Success", "Failed", "In Progress"] });
    let text = json!({ "type": "string" });
    let condition = json!({
        "type": "object",
        "required": ["type", "status"],
        "properties": {
            "type": { "enum": ["Ready", "Error"] }, "status": { "enum": ["True", "False", "Unknown"] }, "message": text
        }
    });
    let webhook = json!({
        "type": "object",
        "required": ["webhook_id", "retries_count", "webhook_poll_url", "last_poll_timestamp", "state"],
        "properties": {
            "webhook_id": text, "retries_count": { "type": "integer" }, "webhook_poll_url": text,
            "last_poll_timestamp": text, "state": phase
        }
    });
    json!({
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": { "enum": ["operations.compass/v1alpha1"] },
            "kind": { "enum": ["Operation"] },
            "metadata": { "type": "object" },
            "spec": {
                "type": "object",
                "required": [
                    "operation_id", "operation_type", "operation_category", "resource_type", "resource_id",
                    "correlation_id", "webhook_ids", "request_object"
                ],
                "properties": {
                    "operation_id": text,
                    "operation_type": { "enum": ["Create", "Update", "Delete", "Unpair"] },
                    "operation_category": text, "resource_type": text, "resource_id": text, "correlation_id": text,
                    "webhook_ids": { "type": "array", "items": text },
                    "request_object": text
                }
            },
            "status": {
                "type": "object",
                "properties": {
                    "phase": phase,
                    "conditions": { "type": "array", "items": condition },
                    "webhooks": { "type": "array", "items": webhook },
                    "initialized_at": { "type": "string" },
                    "observed_generation": { "type": "integer" }
                }
            }
        }
    })
}

/// The places where `value` is not as `schema` says.
fn faults(value: &Value, schema: &Value, place: &str) -> Vec<String> {
    if let Some(legal) = schema["enum"].as_array() {
        return if legal.contains(value) { Vec::new() } else { vec![format!("{place}: {value} is not of {legal:?}")] };
    }
    let fits = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        other => panic!("{place}: the schema has type {other:?}"),
    };
    if !fits {
        return vec![format!("{place}: {value} is no {}", schema["type"])];
    }
    let mut found = Vec::new();
    for (place_in, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(item, &schema["items"], &format!("{place}[{place_in}]")));
    }
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(key).is_none() {
            found.push(format!("{place}.{key} is missing"));
        }
    }
    if let Some(properties) = schema["properties"].as_object() {
        for (key, inner) in value.as_object().into_iter().flatten() {
            match properties.get(key) {
                Some(schema) => found.extend(faults(inner, schema, &format!("{place}.{key}"))),
                None => found.push(format!("{place}.{key} is not in the schema")),
            }
        }
    }
    found
}

fn operation(mutation: Mutation, status: Option<Status>) -> Operation {
    let op = CorrelationId { user: 0, life: Incarnation(1), call: CallId(0) };
    let plan = Some(Webhook { mode: Mode::Async, timeout: None, retry_interval: None });
    let spec = Spec { app: AppId(3), number: Some(7), mutation, op, webhooks: 1, plan, readable: true };
    Operation { generation: 3, version: 12, spec, status }
}

#[test]
fn the_published_example_round_trips() {
    let read: wire::Operation = serde_json::from_value(example()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), example());
    assert_eq!(faults(&example(), &schema(), "operation"), [""; 0]);
}

#[test]
fn every_record_is_valid_by_the_published_schema() {
    let stamp = Stamp(Time(90_000_000_001));
    let blank = Status::initial(&operation(Mutation::Unpair, None).spec, 3, stamp);
    let job = JobId { op: operation(Mutation::Unpair, None).spec.op, attempt: 0 };
    let state = Phase::InProgress;
    let webhook = WebhookStatus { location: Some(job), last_poll: Some(stamp), retries: Tally(2), state };
    let polled = Status { webhook: Some(webhook), ..blank };
    let statuses =
        [None, Some(blank), Some(polled), Some(polled.ended(Ok(()))), Some(polled.ended(Err(Reason::Unknown)))];
    for mutation in [Mutation::Register, Mutation::Update, Mutation::Unpair, Mutation::Unregister] {
        for status in statuses {
            let published = serde_json::to_value(wire::Operation::from(&operation(mutation, status))).unwrap();
            assert_eq!(faults(&published, &schema(), "operation"), [""; 0]);
        }
    }
}

#[test]
fn the_schema_refuses_what_it_should() {
    let mut bad = example();
    bad["spec"].as_object_mut().unwrap().remove("request_object");
    bad["status"]["phase"] = json!("Done");
    let found = faults(&bad, &schema(), "operation");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn an_end_is_published_as_documented() {
    let status = Status::initial(&operation(Mutation::Unpair, None).spec, 3, Stamp(Time(90_000_000_001)));
    let failed = wire::Operation::from(&operation(Mutation::Unpair, Some(status.ended(Err(Reason::Reported)))));
    let conditions = serde_json::to_value(&failed.status.conditions).unwrap();
    let message = "webhook operation has finished with failed status";
    let expected = json!([
        { "type": "Ready", "status": "True", "message": "" },
        { "type": "Error", "status": "True", "message": message }
    ]);
    assert_eq!(conditions, expected, "ready means finished, also for failures");
    assert_eq!(failed.status.initialized_at.as_deref(), Some("2000-01-01T00:01:30.000000001Z"));
    assert_eq!(failed.spec.operation_id, "7");
}

#[test]
fn related_resources_are_read_and_written_where_there_are_some() {
    let mut manifest = example();
    manifest["spec"]["related_resources"] = json!([{ "resource_type": "bundle", "resource_id": "b" }]);
    let read: wire::Operation = serde_json::from_value(manifest.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), manifest);
}

#[test]
fn a_webhooks_definition_is_read_by_its_published_names_and_rules() {
    let full = json!({
        "type": "UNREGISTER_APPLICATION", "mode": "ASYNC", "correlationIdKey": "x-request-id", "retryInterval": 5,
        "timeout": 60, "urlTemplate": "{}", "inputTemplate": "{}", "headerTemplate": "{}", "outputTemplate": "{}",
        "statusTemplate": "{}", "auth": { "credential": { "basic": { "username": "u", "password": "p" } } }
    });
    let read = |value: &Value| serde_json::from_value::<wire::Definition>(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(read(&full)).unwrap(), full);
    let seconds = |seconds| Some(std::time::Duration::from_secs(seconds));
    let expected = Webhook { mode: Mode::Async, timeout: seconds(60), retry_interval: seconds(5) };
    assert_eq!(Webhook::try_from(&read(&full)), Ok(expected));

    let without = |key: &str| {
        let mut value = full.clone();
        value.as_object_mut().unwrap().remove(key);
        Webhook::try_from(&read(&value))
    };
    let mode = wire::WebhookMode::Async;
    assert_eq!(without("mode"), Ok(Webhook { mode: Mode::Sync, ..expected }), "null is SYNC");
    assert_eq!(without("urlTemplate"), Err(wire::DefinitionError::Places(0)));
    assert_eq!(without("outputTemplate"), Err(wire::DefinitionError::Missing { mode, template: "outputTemplate" }));
    assert_eq!(without("statusTemplate"), Err(wire::DefinitionError::Missing { mode, template: "statusTemplate" }));
    let mut callback = full.clone();
    callback["mode"] = json!("ASYNC_CALLBACK");
    let refused = Webhook::try_from(&read(&callback)).unwrap_err().to_string();
    assert_eq!(refused, "a webhook of type UnregisterApplication has mode SYNC or ASYNC, found ASYNC_CALLBACK");
    let mut both = full.clone();
    both["url"] = json!("http://127.0.0.1");
    assert_eq!(Webhook::try_from(&read(&both)), Err(wire::DefinitionError::Places(2)));
}

#[test]
fn a_row_and_the_status_endpoint_are_written_by_their_published_names() {
    let spec = operation(Mutation::Unregister, None).spec;
    let at = |seconds: u64| Stamp(Time(seconds * 1_000_000_000));
    let mut row = Row::initial(AppId(3), true, None);
    row.begin(Mutation::Unregister, spec, at(61));
    let id = "00000000-0000-4000-8000-000000000003";
    let body = |row: &Row| serde_json::to_value(wire::LastOperation::of(row)).unwrap();
    let mut expected = json!({
        "operation_type": "Delete", "resource_id": id, "resource_type": "application",
        "creation_time": "2000-01-01T00:01:01.000000000Z", "status": "IN_PROGRESS"
    });
    assert_eq!(body(&row), expected);
    row.complete(Mutation::Unregister, Err(Reason::Reported), DeletedAt::Kept, at(90));
    let error = "webhook operation has finished with failed status";
    (expected["status"], expected["error"]) = (json!("FAILED"), json!(error));
    assert_eq!(body(&row), expected);
    let columns = json!({
        "id": id, "ready": true, "error": { "error": error }, "created_at": "2000-01-01T00:00:00.000000000Z",
        "updated_at": null, "deleted_at": "2000-01-01T00:01:01.000000000Z", "status_condition": "DELETE_FAILED"
    });
    assert_eq!(serde_json::to_value(wire::Application::from(&row)).unwrap(), columns);
    row.complete(Mutation::Unregister, Ok(()), DeletedAt::Kept, at(90));
    assert_eq!(body(&row), Value::Null, "404");
}

#[test]
fn a_completion_is_the_published_body_with_the_operations_number_beside_it() {
    let outcome = Err(Reason::Unknown);
    let mut expected = json!({
        "operation_type": "Update", "resource_type": "application", "operation_category": "unpairApplication",
        "resource_id": "00000000-0000-4000-8000-000000000003", "error": "webhook timeout reached: outcome unknown"
    });
    let body = |number| wire::PutOperation::new(AppId(3), number, Mutation::Unpair, outcome);
    assert_eq!(serde_json::to_value(body(None)).unwrap(), expected, "as published");
    expected["operation_id"] = json!("7");
    assert_eq!(serde_json::to_value(body(Some(7))).unwrap(), expected);
}
