//! The words of this plane: applications, webhooks, what the tenant's system does, times.

use std::time::Duration;

use quiesce_control::operation::{Answers, App, Behaviour, Ending, Mode, Mutation, Timing, Webhook};

use crate::text::{Fields, Read, Value};

pub(super) const MUTATIONS: [(&str, Mutation); 4] = [
    ("register", Mutation::Register),
    ("update", Mutation::Update),
    ("unpair", Mutation::Unpair),
    ("unregister", Mutation::Unregister),
];

const MODES: [(&str, Mode); 3] =
    [("sync", Mode::Sync), ("async", Mode::Async), ("async-callback", Mode::AsyncCallback)];

const ANSWERS: [(&str, Answers); 4] = [
    ("accepts", Answers::Accepts),
    ("refuses", Answers::Refuses),
    ("accepts-or-refuses", Answers::AcceptsOrRefuses),
    ("gone", Answers::Gone),
];

const ENDINGS: [(&str, Ending); 5] = [
    ("succeeds", Ending::Succeeds),
    ("fails", Ending::Fails),
    ("fails-with-text", Ending::FailsWithText),
    ("odd", Ending::Odd),
    ("succeeds-after-odd", Ending::SucceedsAfterOdd),
];

/// `apps = [{ exists = false, webhook = { mode = "async" }, work = "5s" }]`; one that exists, without a webhook, if
/// the scenario says nothing.
pub(super) fn apps(value: Option<Value<'_>>) -> Read<Vec<App>> {
    let Some(value) = value else {
        return Ok(vec![App { exists: true, webhook: None, behaviour: Behaviour::default() }]);
    };
    let items = value.list()?;
    if items.is_empty() || items.len() > 100 {
        let message = format!("{} applications", items.len());
        return Err(value.misread(crate::text::Mistake::Contrary { message, expected: "1 to 100".to_owned() }));
    }
    items.iter().map(app).collect()
}

fn app(value: &Value<'_>) -> Read<App> {
    let fields = value.table("an application", &["exists", "webhook", "answers", "work", "ends"])?;
    Ok(App {
        exists: fields.get("exists").map_or(Ok(true), |value| value.flag())?,
        webhook: fields.get("webhook").map_or(Ok(None), |value| webhook(&value))?,
        behaviour: behaviour(&fields, Behaviour::default())?,
    })
}

/// `{ mode = "async", timeout = "60s", retry_interval = "5s" }`, or `"none"`.
pub(super) fn webhook(value: &Value<'_>) -> Read<Option<Webhook>> {
    if !value.is_table() {
        value.word("webhook", ["none"])?;
        return Ok(None);
    }
    let fields = value.table("a webhook", &["mode", "timeout", "retry_interval"])?;
    let time = |key: &str| fields.get(key).map(|value| value.duration()).transpose();
    Ok(Some(Webhook {
        mode: fields.get("mode").map_or(Ok(Mode::Sync), |value| one_of(&value, "mode", &MODES))?,
        timeout: time("timeout")?,
        retry_interval: time("retry_interval")?,
    }))
}

/// `answers = "refuses", work = "5s", ends = "fails"`; what is not said is as in `base`.
pub(super) fn behaviour(fields: &Fields<'_>, base: Behaviour) -> Read<Behaviour> {
    Ok(Behaviour {
        answers: fields.get("answers").map_or(Ok(base.answers), |value| one_of(&value, "answer", &ANSWERS))?,
        work: fields.get("work").map_or(Ok(base.work), |value| value.duration())?,
        ends: fields.get("ends").map_or(Ok(base.ends), |value| one_of(&value, "ending", &ENDINGS))?,
    })
}

fn one_of<T: Copy>(value: &Value<'_>, what: &'static str, legal: &[(&str, T)]) -> Read<T> {
    let word = value.word(what, legal.iter().map(|(word, _)| *word))?;
    Ok(legal.iter().find(|(known, _)| *known == word).expect("a legal word is in the list").1)
}

const TIMES: [&str; 14] = [
    "http",
    "webhook_timeout",
    "requeue_interval",
    "backoff_first",
    "backoff_most",
    "relist",
    "rewatch",
    "relay",
    "audit",
    "lease",
    "lease_retry",
    "lease_deadline",
    "user",
    "poll",
];

/// `timing = { webhook_timeout = "90s", lease = "off" }`.
pub(super) fn timing(value: Option<Value<'_>>) -> Read<Timing> {
    let base = Timing::default();
    let Some(value) = value else { return Ok(base) };
    let fields = value.table("`timing`", &TIMES)?;
    let span = |key: &str, or: Duration| fields.get(key).map_or(Ok(or), |value| value.duration());
    let switch = |key: &str, or: Option<Duration>| fields.get(key).map_or(Ok(or), |value| duration_or_off(&value));
    Ok(Timing {
        http: span("http", base.http)?,
        webhook_timeout: switch("webhook_timeout", base.webhook_timeout)?,
        timeout_factor: base.timeout_factor,
        requeue_interval: span("requeue_interval", base.requeue_interval)?,
        backoff_first: span("backoff_first", base.backoff_first)?,
        backoff_most: span("backoff_most", base.backoff_most)?,
        relist: switch("relist", base.relist)?,
        rewatch: span("rewatch", base.rewatch)?,
        relay: span("relay", base.relay)?,
        audit: switch("audit", base.audit)?,
        lease: switch("lease", base.lease)?,
        lease_retry: span("lease_retry", base.lease_retry)?,
        lease_deadline: span("lease_deadline", base.lease_deadline)?,
        user: span("user", base.user)?,
        poll: span("poll", base.poll)?,
    })
}

fn duration_or_off(value: &Value<'_>) -> Read<Option<Duration>> {
    if value.text().is_ok_and(|text| text == "off") {
        return Ok(None);
    }
    value.duration().map(Some)
}
