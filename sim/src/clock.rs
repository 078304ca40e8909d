//! The clock of one machine, when it is wrong.

use quiesce_machine::Time;

use crate::{Rate, Shift};

/// A clock that was set wrong, runs at a rate of its own, or did.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// The step that set it wrong, and by how many nanoseconds.
    skew: Option<(usize, i128)>,
    /// The step that made it drift, at what rate, and since when.
    drift: Option<(usize, Rate, Time)>,
    /// What earlier drifts left behind, in nanoseconds.
    gained: i128,
}

impl Clock {
    /// A clock that is right.
    pub(crate) fn new() -> Self {
        Clock { skew: None, drift: None, gained: 0 }
    }

    /// What it shows; never a time before the start of the run.
    pub(crate) fn read(&self, now: Time) -> Time {
        let shift = self.skew.map_or(0, |(_, nanos)| nanos);
        let shown = i128::from(now.0) + shift + self.gained + self.gain(now);
        Time(u64::try_from(shown.max(0)).unwrap_or(u64::MAX))
    }

    /// Sets it wrong, in place of what set it wrong before.
    pub(crate) fn skew(&mut self, step: usize, shift: Shift) {
        let nanos = |span: std::time::Duration| i128::try_from(span.as_nanos()).unwrap_or(i128::from(u64::MAX));
        self.skew = Some(match shift {
            Shift::Ahead(by) => (step, nanos(by)),
            Shift::Behind(by) => (step, -nanos(by)),
        });
    }

    /// Makes it run at a rate from now on, in place of the rate it had.
    pub(crate) fn drift(&mut self, step: usize, rate: Rate, now: Time) {
        self.gained += self.gain(now);
        self.drift = Some((step, rate, now));
    }

    /// Undoes what one step did to it. What it gained while it drifted stays.
    pub(crate) fn end(&mut self, step: usize, now: Time) {
        self.skew = self.skew.filter(|skew| skew.0 != step);
        if self.drift.is_some_and(|drift| drift.0 == step) {
            self.gained += self.gain(now);
            self.drift = None;
        }
    }

    /// How long a timer of so many nanoseconds takes, and the step that makes that differ.
    pub(crate) fn stretch(&self, nanos: u64) -> (u64, Option<usize>) {
        let Some((step, rate, _)) = self.drift else { return (nanos, None) };
        let stretched = u128::from(nanos) * u128::from(rate.den()) / u128::from(rate.num());
        (u64::try_from(stretched).unwrap_or(u64::MAX), Some(step))
    }

    /// What the present drift has gained so far, rounded towards zero.
    fn gain(&self, now: Time) -> i128 {
        self.drift.map_or(0, |(_, rate, since)| {
            let passed = i128::from(now.0) - i128::from(since.0);
            passed * (i128::from(rate.num()) - i128::from(rate.den())) / i128::from(rate.den())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn rate(num: u32, den: u32) -> Rate {
        Rate::new(num, den).unwrap()
    }

    #[test]
    fn a_skewed_clock_is_off_by_as_much_and_never_before_the_start() {
        let mut clock = Clock::new();
        clock.skew(1, Shift::Ahead(Duration::from_nanos(7)));
        assert_eq!(clock.read(Time(100)), Time(107));
        clock.skew(2, Shift::Behind(Duration::from_nanos(30)));
        assert_eq!((clock.read(Time(100)), clock.read(Time(10))), (Time(70), Time(0)));
        clock.end(1, Time(100));
        assert_eq!(clock.read(Time(100)), Time(70), "another step set it");
        clock.end(2, Time(100));
        assert_eq!(clock.read(Time(100)), Time(100));
    }

    #[test]
    fn a_drifting_clock_gains_or_loses_and_keeps_what_it_gained() {
        let mut clock = Clock::new();
        clock.drift(1, rate(11, 10), Time(1000));
        assert_eq!((clock.read(Time(1000)), clock.read(Time(1100))), (Time(1000), Time(1110)));
        clock.drift(2, rate(1, 2), Time(1100));
        assert_eq!(clock.read(Time(1200)), Time(1160));
        clock.end(2, Time(1200));
        assert_eq!(clock.read(Time(2000)), Time(1960));
    }

    #[test]
    fn a_fast_clock_shortens_timers_and_a_slow_one_stretches_them() {
        let mut clock = Clock::new();
        assert_eq!(clock.stretch(1100), (1100, None));
        clock.drift(1, rate(11, 10), Time(0));
        assert_eq!(clock.stretch(1100), (1000, Some(1)));
        clock.drift(2, rate(1, 2), Time(0));
        assert_eq!(clock.stretch(1100), (2200, Some(2)));
        assert_eq!(clock.stretch(u64::MAX), (u64::MAX, Some(2)));
    }
}
