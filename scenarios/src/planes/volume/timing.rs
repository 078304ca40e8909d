//! Time-outs and periods of the volume plane, as a scenario says them.

use std::time::Duration;

use quiesce_control::volume::Timing;

use crate::text::{Read, Value};

const TIMES: [&str; 14] = [
    "store_timeout",
    "lease",
    "keep_alive",
    "call_retry",
    "call_timeout",
    "reconcile",
    "register",
    "node_deadline",
    "guard_wait",
    "engine_work",
    "user_retry",
    "user_resend",
    "user_timeout",
    "watch",
];

/// `timing = { lease = "30s", engine_work = "5s", call_timeout = "off" }`.
pub(super) fn read(value: &Value<'_>) -> Read<Timing> {
    let fields = value.table("`timing`", &TIMES)?;
    let base = Timing::default();
    let span = |key: &str, or: Duration| fields.get(key).map_or(Ok(or), |value| value.duration());
    let switch = |key: &str, or: Option<Duration>| fields.get(key).map_or(Ok(or), |value| duration_or_off(&value));
    Ok(Timing {
        store_timeout: switch("store_timeout", base.store_timeout)?,
        lease: switch("lease", base.lease)?,
        keep_alive: span("keep_alive", base.keep_alive)?,
        call_retry: switch("call_retry", base.call_retry)?,
        call_timeout: switch("call_timeout", base.call_timeout)?,
        reconcile: span("reconcile", base.reconcile)?,
        register: switch("register", base.register)?,
        node_deadline: switch("node_deadline", base.node_deadline)?,
        guard_wait: span("guard_wait", base.guard_wait)?,
        engine_work: switch("engine_work", base.engine_work)?,
        user_retry: span("user_retry", base.user_retry)?,
        user_resend: switch("user_resend", base.user_resend)?,
        user_timeout: switch("user_timeout", base.user_timeout)?,
        watch: span("watch", base.watch)?,
        ..base
    })
}

fn duration_or_off(value: &Value<'_>) -> Read<Option<Duration>> {
    if value.text().is_ok_and(|text| text == "off") {
        return Ok(None);
    }
    value.duration().map(Some)
}
