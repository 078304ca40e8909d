//! How many notifications a second the Information Center's table takes, by the clock of this machine.

use std::time::Instant;

use quiesce_control::xaction::ic::{Listener, Table};
use quiesce_control::xaction::{DaemonId, Kind, Snap, Sources, XactId};
use quiesce_machine::Incarnation;
use serde::Serialize;

/// Updates a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Rate(pub u64);

/// How many updates are timed at most, and at least if it takes several tables.
const UPDATES: usize = 1 << 20;

/// A member's table that tracks so many jobs on so many targets, and the ends of their parts as they arrive: in a fixed
/// shuffle, a million of them at most.
#[derive(Clone, Debug)]
pub struct Arrivals {
    table: Table,
    ends: Vec<(XactId, DaemonId)>,
}

impl Arrivals {
    /// Nothing has arrived.
    #[must_use]
    pub fn new(targets: u32, jobs: u32) -> Self {
        let ids = (0..jobs).map(|job| XactId::minted(DaemonId::Client(0), Incarnation(1), job));
        let sources: Sources = (0..targets).map(target).collect();
        let mut table = Table::default();
        for job in ids.clone() {
            table.add(job, Listener::new(Kind::PrefetchListrange, DaemonId::Proxy(0), sources.clone(), None));
        }
        let mut ends: Vec<(XactId, DaemonId)> =
            (0..targets).flat_map(|place| ids.clone().map(move |job| (job, target(place)))).collect();
        shuffle(&mut ends);
        ends.truncate(UPDATES);
        Arrivals { table, ends }
    }

    /// How many arrive.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// All arrive. How many the table took note of: every one, the first time.
    pub fn take(&mut self) -> usize {
        let Arrivals { table, ends } = self;
        ends.iter().filter(|&&(job, target)| table.mark(job, target, Snap::Finished).is_some()).count()
    }
}

/// How fast one member's table takes the ends of so many targets' parts in so many jobs.
#[must_use]
pub fn table_rate(targets: u32, jobs: u32) -> Rate {
    let arrivals = Arrivals::new(targets, jobs);
    let rounds = UPDATES.div_ceil(arrivals.count());
    let (mut taken, mut nanos) = (0, 0);
    for _ in 0..rounds {
        let mut fresh = arrivals.clone();
        let began = Instant::now();
        taken += fresh.take();
        nanos += began.elapsed().as_nanos();
    }
    assert_eq!(taken, rounds * arrivals.count(), "every end is taken once");
    Rate(u64::try_from(taken as u128 * 1_000_000_000 / nanos.max(1)).unwrap_or(u64::MAX))
}

fn shuffle<T>(things: &mut [T]) {
    let mut draw = 1_u64;
    for last in (1..things.len()).rev() {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        things.swap(last, (draw >> 33) as usize % (last + 1));
    }
}

fn target(place: u32) -> DaemonId {
    DaemonId::Target(u16::try_from(place).expect("an axis ends where 16 bits do, or before"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_arrives_once_and_out_of_order() {
        let mut arrivals = Arrivals::new(7, 3);
        let mut sorted = arrivals.ends.clone();
        sorted.sort();
        sorted.dedup();
        assert!(sorted.len() == 21 && sorted != arrivals.ends);
        assert_eq!((arrivals.take(), arrivals.take()), (21, 0));
    }

    #[test]
    fn a_table_of_any_size_has_a_rate() {
        assert!(table_rate(1, 1) > Rate(0) && table_rate(300, 2) > Rate(0));
    }
}
