//! Virtual time: whole nanoseconds since a run began. No floats, no wall clock.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Add, Range};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant: nanoseconds since the run began. The model checker's clock stands still at [`Time::ZERO`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    /// The start of a run.
    pub const ZERO: Time = Time(0);
    /// Later than any event; about 584 years.
    pub const MAX: Time = Time(u64::MAX);

    /// Nanoseconds since the run began.
    #[must_use]
    pub fn as_nanos(self) -> u64 {
        self.0
    }

    /// The span from the start of the run to this instant.
    #[must_use]
    pub fn since_start(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// The instant `nanos` later, or [`Time::MAX`].
    #[must_use]
    pub fn after_nanos(self, nanos: u64) -> Time {
        Time(self.0.saturating_add(nanos))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    /// The instant `by` later, or [`Time::MAX`].
    fn add(self, by: Duration) -> Time {
        self.after_nanos(nanos(by))
    }
}

impl fmt::Display for Time {
    /// Seconds to the microsecond: `12.000350s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0 / 1_000;
        write!(f, "{}.{:06}s", micros / 1_000_000, micros % 1_000_000)
    }
}

/// An instant kept for people: it compares, orders and hashes as nothing.
///
/// A stored instant that took part in equality would make every state of the model new; a decision that compared one
/// would differ between simulator and model. So decisions hang on timers, and reports carry stamps.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub Time);

impl PartialEq for Stamp {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Stamp {}

impl PartialOrd for Stamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Stamp {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Hash for Stamp {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// How long until a timer fires: a closed range of nanoseconds from which the driver draws.
///
/// A plain [`Duration`] is exact; `low..high` is jitter, both ends possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Delay {
    /// Shortest delay, in nanoseconds.
    pub least: u64,
    /// Longest delay, in nanoseconds; at least `least`.
    pub most: u64,
}

impl From<Duration> for Delay {
    fn from(exact: Duration) -> Delay {
        Delay { least: nanos(exact), most: nanos(exact) }
    }
}

impl From<Range<Duration>> for Delay {
    /// # Panics
    /// When the range is reversed.
    fn from(range: Range<Duration>) -> Delay {
        let (least, most) = (nanos(range.start), nanos(range.end));
        assert!(least <= most, "a delay's range runs from shorter to longer, found {range:?}");
        Delay { least, most }
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_prints_seconds_to_the_microsecond() {
        assert_eq!(Time(1_000_350_999).to_string(), "1.000350s");
    }

    #[test]
    fn adding_past_the_end_of_time_saturates() {
        assert_eq!(Time(u64::MAX - 1) + Duration::from_secs(1), Time::MAX);
    }

    #[test]
    fn stamps_compare_as_nothing() {
        assert_eq!(Stamp(Time(1)), Stamp(Time(2)));
        assert_eq!(Stamp(Time(1)).cmp(&Stamp(Time(2))), Ordering::Equal);
    }

    #[test]
    fn a_duration_is_an_exact_delay_and_a_range_is_jitter() {
        let (low, high) = (Duration::from_nanos(3), Duration::from_nanos(9));
        assert_eq!(Delay::from(low), Delay { least: 3, most: 3 });
        assert_eq!(Delay::from(low..high), Delay { least: 3, most: 9 });
    }

    #[test]
    #[should_panic(expected = "from shorter to longer")]
    fn a_reversed_delay_is_refused() {
        let _ = Delay::from(Duration::from_secs(2)..Duration::from_secs(1));
    }
}
