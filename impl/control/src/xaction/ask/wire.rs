//! What answers look like over the wire: an array for one target, a map of arrays for a gateway, and one target's error for
//! the whole.
//!
//! The seeds spell the time fields in two ways, so both are there. Counters of objects and bytes are not modelled; `ext`
//! carries what is known of the kinds that have extended statistics.
//! Source: `reference/aistore-http-api.md` sections 9 and 10.

use serde_json::{Map, Value, json};

use super::{AskError, Everywhere, SnapLine};
use crate::instant::rfc3339;
use crate::xaction::DaemonId;

/// The end time of what has not ended: Go's zero time.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// One target's answer.
#[must_use]
pub fn list(lines: &[SnapLine]) -> Value {
    lines.iter().map(item).collect()
}

/// A gateway's answer: every target's list, also where that is empty.
#[must_use]
pub fn map(everywhere: &Everywhere) -> Value {
    Value::Object(everywhere.iter().map(|(target, lines)| (target.to_string(), list(lines))).collect())
}

/// The body of an error, whoever it comes from: a target's passes through the gateway as it is.
#[must_use]
pub fn error(error: &AskError, at: DaemonId) -> Value {
    json!({
        "message": error.to_string(),
        "method": "GET",
        "url_path": "/v1/cluster",
        "node": at.to_string(),
        "status": error.http_status(),
    })
}

fn item(line: &SnapLine) -> Value {
    let start = rfc3339(line.start);
    let end = line.end.map_or_else(|| NEVER.to_owned(), rfc3339);
    let status = match (line.end, line.aborted) {
        (_, Some(_)) => "Aborted",
        (Some(_), None) => "Completed",
        (None, None) => "InProgress",
    };
    let mut item = json!({
        "id": line.id.to_string(),
        "kind": line.kind.name(),
        "bucket": line.from.map_or_else(String::new, |bucket| bucket.name.to_string()),
        "startTime": start,
        "start_time": start,
        "endTime": end,
        "end_time": end,
        "status": status,
        "aborted": line.aborted.is_some(),
        "abort-err": line.aborted.map_or("", super::Cause::text),
        "is_idle": line.is_idle,
    });
    if line.kind.descriptor().extended_stats {
        let phase = line.sort.map(|phase| ("phase".to_owned(), json!(phase.name())));
        let ext: Map<String, Value> = [("pending".to_owned(), json!(line.pending))].into_iter().chain(phase).collect();
        item["ext"] = Value::Object(ext);
    }
    item
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use quiesce_machine::{Incarnation, Stamp, Time};

    use super::*;
    use crate::xaction::bucket::{Bucket, BucketName};
    use crate::xaction::job::SortPhase;
    use crate::xaction::registry::Cause;
    use crate::xaction::{Kind, XactId};

    fn line(kind: Kind, end: Option<u64>, aborted: Option<Cause>) -> SnapLine {
        let stamp = |seconds: u64| Stamp(Time::ZERO + std::time::Duration::from_secs(seconds));
        SnapLine {
            id: XactId::minted(DaemonId::Client(0), Incarnation(1), 0),
            kind,
            from: Some(Bucket { name: BucketName(0), generation: 2 }),
            to: None,
            start: stamp(5),
            end: end.map(stamp),
            aborted,
            is_idle: end.is_some(),
            pending: 3,
            sort: None,
        }
    }

    #[test]
    fn both_spellings_of_both_times_are_there_and_what_runs_ends_at_gos_zero_time() {
        let shown = list(&[line(Kind::Rechunk, None, None)]);
        for (field, expected) in [
            ("startTime", "2000-01-01T00:00:05.000000000Z"),
            ("start_time", "2000-01-01T00:00:05.000000000Z"),
            ("endTime", NEVER),
            ("end_time", NEVER),
            ("status", "InProgress"),
            ("bucket", "b1"),
            ("kind", "rechunk"),
        ] {
            assert_eq!(shown[0][field], expected, "{field}");
        }
    }

    #[test]
    fn only_kinds_with_extended_statistics_carry_ext() {
        for kind in Kind::ALL {
            let shown = list(&[line(kind, Some(9), None)]);
            assert_eq!(shown[0].get("ext").is_some(), kind.descriptor().extended_stats, "{kind}");
        }
        assert_eq!(list(&[line(Kind::EcPut, None, None)])[0]["ext"], json!({ "pending": 3 }));
        let sort = SnapLine { sort: Some(SortPhase::Creation), ..line(Kind::Dsort, None, None) };
        assert_eq!(list(&[sort])[0]["ext"], json!({ "pending": 3, "phase": "creation" }));
    }

    #[test]
    fn an_aborted_one_says_why_and_one_that_ended_well_is_completed() {
        let shown = list(&[line(Kind::Rechunk, Some(9), Some(Cause::User)), line(Kind::Rechunk, Some(9), None)]);
        assert_eq!((&shown[0]["status"], &shown[0]["abort-err"]), (&json!("Aborted"), &json!("user abort")));
        assert_eq!((&shown[1]["status"], &shown[1]["abort-err"]), (&json!("Completed"), &json!("")));
    }

    #[test]
    fn a_gateway_answers_with_a_map_that_has_every_target() {
        let everywhere: Everywhere = Arc::new(vec![
            (DaemonId::Target(0), vec![line(Kind::Rechunk, None, None)]),
            (DaemonId::Target(1), Vec::new()),
        ]);
        let shown = map(&everywhere);
        assert_eq!(shown["t1"].as_array().map(Vec::len), Some(1));
        assert_eq!(shown["t2"], json!([]));
    }

    #[test]
    fn an_error_keeps_its_status_and_message() {
        let shown = error(&AskError::Silent(DaemonId::Target(1)), DaemonId::Target(1));
        assert_eq!((&shown["status"], &shown["message"]), (&json!(502), &json!("t2 does not answer")));
    }
}
