//! A run as Chrome trace events, which Perfetto and `chrome://tracing` open.
//!
//! A process for the cluster, a thread for each node. Steps are slices of a microsecond, for they take no virtual time;
//! messages are flows between them; a process that is down or paused is a slice of its own.

use serde_json::{Value, json};

use super::picture::{BandKind, Picture, Step};

/// The run as one JSON document.
#[must_use]
pub fn perfetto(picture: &Picture, title: &str) -> String {
    let mut events = vec![json!({ "ph": "M", "pid": 1, "name": "process_name", "args": { "name": title } })];
    let cluster = picture.nodes.len();
    for (node, name) in picture.nodes.iter().map(String::as_str).chain(["cluster"]).enumerate() {
        events.push(json!({ "ph": "M", "pid": 1, "tid": node, "name": "thread_name", "args": { "name": name } }));
        events.push(
            json!({ "ph": "M", "pid": 1, "tid": node, "name": "thread_sort_index", "args": { "sort_index": node } }),
        );
    }
    for (place, step) in picture.steps.iter().enumerate() {
        events.push(slice(picture, step, step.node.unwrap_or(cluster)));
        if let Some(cause) = step.cause.map(|cause| &picture.steps[cause]).filter(|_| step.kind != "lost") {
            let flow = |ph: &str, end: &Step| {
                let tid = end.node.unwrap_or(cluster);
                let (name, cat) = (if step.label.is_empty() { &step.kind } else { step.label }, &step.kind);
                json!({ "ph": ph, "bp": "e", "pid": 1, "tid": tid, "id": place, "ts": micros(end), "name": name, "cat": cat })
            };
            events.extend([flow("s", cause), flow("f", step)]);
        }
    }
    let end = picture.steps.last().map_or(0, |step| step.at_ns);
    for band in picture.bands.iter().filter(|band| matches!(band.kind, BandKind::Crash | BandKind::Pause)) {
        let (from, to) = (picture.steps[band.from].at_ns, picture.steps.get(band.to).map_or(end, |step| step.at_ns));
        let name = if band.kind == BandKind::Crash { "down" } else { "paused" };
        for node in &band.nodes {
            let (ts, dur) = (from / 1_000, (to - from) / 1_000);
            events
                .push(json!({ "ph": "X", "pid": 1, "tid": node, "ts": ts, "dur": dur, "name": name, "cat": "fault" }));
        }
    }
    let mut text = json!({ "displayTimeUnit": "ms", "traceEvents": events }).to_string();
    text.push('\n');
    text
}

fn micros(step: &Step) -> u64 {
    step.at_ns / 1_000
}

fn slice(picture: &Picture, step: &Step, thread: usize) -> Value {
    let name = if step.label.is_empty() { step.kind.clone() } else { format!("{} {}", step.kind, step.label) };
    let peer = step.peer.map(|peer| picture.name(peer));
    let args = json!({ "step": step.id, "peer": peer, "text": step.text, "facts": step.facts });
    json!({ "ph": "X", "pid": 1, "tid": thread, "ts": micros(step), "dur": 1, "name": name, "cat": step.kind, "args": args })
}
