//! Several scenarios over their seeds, on every core: turn by turn, so that a run cut short has tried a bit of each.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::Run;
use super::part::Part;
use super::runnable::Prepared;
use crate::schema::Seeds;

/// How long a turn should take: short enough to stop soon, long enough not to show.
const TURN: Duration = Duration::from_millis(100);

/// The most seeds of one turn.
const TURN_SEEDS_MOST: usize = 4096;

/// A scenario's share of a relay.
#[derive(Debug)]
pub struct Leg<'a> {
    scenario: &'a dyn Prepared,
    /// The seeds to run.
    pub seeds: Seeds,
    /// What has been run; what it holds in the beginning is not run again.
    pub part: Part,
    /// Seeds that go first.
    first: BTreeSet<u64>,
    turn: usize,
}

/// Why not all seeds were run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Somebody interrupted.
    Interrupted,
    /// The time was up.
    Budget,
    /// They are in none of the files that were merged.
    Missing,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cut::Interrupted => "interrupted after",
            Cut::Budget => "time was up after",
            Cut::Missing => "there are only",
        })
    }
}

impl<'a> Leg<'a> {
    /// A scenario of which nothing has been run.
    #[must_use]
    pub fn new(scenario: &'a dyn Prepared, seeds: Seeds) -> Self {
        Leg { scenario, seeds, part: Part::default(), first: BTreeSet::new(), turn: rayon::current_num_threads() }
    }

    /// Puts some seeds before all others.
    pub fn put_first(&mut self, seeds: impl IntoIterator<Item = u64>) {
        let range = self.seeds.range();
        self.first.extend(seeds.into_iter().filter(|seed| range.contains(seed)));
    }

    /// How many seeds are left to run.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.seeds.count.saturating_sub(self.part.done.count_within(self.seeds))
    }

    /// The seeds of the next turn; none when all have been run.
    fn next(&mut self) -> Vec<u64> {
        self.first.retain(|seed| !self.part.done.contains(*seed));
        if self.first.is_empty() {
            return self.part.done.missing(self.seeds, self.turn);
        }
        self.first.iter().copied().take(self.turn).collect()
    }

    fn run(
        &mut self,
        seeds: &[u64],
        twice: bool,
        stop: &(dyn Fn() -> Option<Cut> + Sync),
        ran: &(dyn Fn(&Run) + Sync),
    ) {
        let scenario = self.scenario;
        let one = |&seed: &u64| {
            if stop().is_some() {
                return None;
            }
            let run = scenario.run(seed);
            ran(&run);
            let second = twice.then(|| scenario.run(seed).digest).filter(|&second| second != run.digest);
            Some(Part::of(run, second))
        };
        let begun = Instant::now();
        let part = seeds.par_iter().filter_map(one).reduce_with(Part::join).unwrap_or_default();
        if begun.elapsed() < TURN {
            self.turn = (2 * self.turn).min(TURN_SEEDS_MOST);
        }
        self.part = std::mem::take(&mut self.part).join(part);
    }
}

/// Runs what is left of every leg, a turn of each at a time, until all is run or `stop` says why not. `ran` is told of
/// every run and the leg it belongs to, from many threads; `turned` of all legs after every turn.
///
/// What a leg comes to depends neither on the number of threads nor on the order.
///
/// # Errors
/// Those of `turned`; nothing runs after one.
pub fn relay<E>(
    legs: &mut [Leg<'_>],
    twice: bool,
    stop: &(dyn Fn() -> Option<Cut> + Sync),
    ran: &(dyn Fn(usize, &Run) + Sync),
    turned: &mut dyn FnMut(&[Leg<'_>]) -> Result<(), E>,
) -> Result<Option<Cut>, E> {
    loop {
        let mut rested = true;
        for place in 0..legs.len() {
            let seeds = legs[place].next();
            if seeds.is_empty() {
                continue;
            }
            if let Some(cut) = stop() {
                return Ok(Some(cut));
            }
            rested = false;
            legs[place].run(&seeds, twice, stop, &|run| ran(place, run));
            turned(legs)?;
        }
        if rested {
            return Ok(None);
        }
    }
}
