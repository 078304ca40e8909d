//! The work queue: keys in order of arrival, none twice, with a rate limit per key that doubles.

use quiesce_machine::Rename;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::super::config::Timing;
use super::super::id::AppId;

/// A work queue. Delayed additions are timers of the controller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(super) struct Queue {
    keys: VecDeque<AppId>,
    /// How often each key's delay has doubled; no entry before the first failure.
    failures: BTreeMap<AppId, u8>,
}

impl Queue {
    pub(super) fn add(&mut self, app: AppId) {
        if !self.keys.contains(&app) {
            self.keys.push_back(app);
        }
    }

    pub(super) fn take(&mut self) -> Option<AppId> {
        self.keys.pop_front()
    }

    /// The delay after one more failure of that key.
    pub(super) fn back_off(&mut self, app: AppId, timing: &Timing) -> Duration {
        let doubled = self.failures.get(&app).copied().unwrap_or(0);
        let delay = timing.backoff_first.saturating_mul(1 << doubled.min(30)).min(timing.backoff_most);
        if delay < timing.backoff_most {
            self.failures.insert(app, doubled + 1);
        }
        delay
    }

    pub(super) fn forget(&mut self, app: AppId) {
        self.failures.remove(&app);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_waits_once_and_keys_come_in_order() {
        let mut queue = Queue::default();
        for app in [2, 1, 2] {
            queue.add(AppId(app));
        }
        assert_eq!([queue.take(), queue.take(), queue.take()], [Some(AppId(2)), Some(AppId(1)), None]);
    }

    #[test]
    fn the_delay_doubles_up_to_its_limit_and_starts_anew_once_forgotten() {
        let (mut queue, app) = (Queue::default(), AppId(0));
        let millis = Duration::from_millis;
        let timing = Timing { backoff_first: millis(5), backoff_most: millis(18), ..Timing::default() };
        let delays: Vec<Duration> = (0..300).map(|_| queue.back_off(app, &timing)).collect();
        assert_eq!(delays[..3], [millis(5), millis(10), millis(18)]);
        assert!(delays[3..].iter().all(|&delay| delay == millis(18)), "however often");
        queue.forget(app);
        assert_eq!(queue.back_off(app, &timing), millis(5));
    }
}
