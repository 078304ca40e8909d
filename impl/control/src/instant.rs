//! Instants of a run as people and programs outside read them.

use quiesce_machine::Stamp;

/// RFC 3339 with nanoseconds; runs begin with the year 2000 and last less than a month.
pub(crate) fn rfc3339(at: Stamp) -> String {
    let (seconds, nanos) = (at.0.as_nanos() / 1_000_000_000, at.0.as_nanos() % 1_000_000_000);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    format!("2000-01-{:02}T{:02}:{:02}:{:02}.{nanos:09}Z", 1 + hours / 24, hours % 24, minutes % 60, seconds % 60)
}
