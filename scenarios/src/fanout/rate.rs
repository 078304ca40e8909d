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

/// How fast one member's table takes the ends of so many targets' parts in so many jobs, which arrive in no order.
#[must_use]
pub fn table_rate(targets: u32, jobs: u32) -> Rate {
    let (job_ids, ends) = arrivals(targets, jobs);
    let rounds = UPDATES.div_ceil(ends.len());
    let mut taken = 0;
    let mut nanos = 0;
    for _ in 0..rounds {
        let mut table = table(targets, &job_ids);
        let began = Instant::now();
        taken += ends.iter().filter(|&&(job, target)| table.mark(job, target, Snap::Finished).is_some()).count();
        nanos += began.elapsed().as_nanos();
    }
    assert_eq!(taken, rounds * ends.len(), "every end is taken once");
    Rate(u64::try_from(taken as u128 * 1_000_000_000 / nanos.max(1)).unwrap_or(u64::MAX))
}

fn table(targets: u32, jobs: &[XactId]) -> Table {
    let sources: Sources = (0..targets).map(target).collect();
    let mut table = Table::default();
    for &job in jobs {
        table.add(job, Listener::new(Kind::PrefetchListrange, DaemonId::Proxy(0), sources.clone(), None));
    }
    table
}

/// Jobs, and the ends of their parts as they arrive: a fixed shuffle, [`UPDATES`] of them at most.
fn arrivals(targets: u32, jobs: u32) -> (Vec<XactId>, Vec<(XactId, DaemonId)>) {
    let ids: Vec<XactId> = (0..jobs).map(|job| XactId::minted(DaemonId::Client(0), Incarnation(1), job)).collect();
    let mut ends: Vec<(XactId, DaemonId)> =
        (0..targets).flat_map(|place| ids.iter().map(move |&job| (job, target(place)))).collect();
    let mut draw = 1_u64;
    for last in (1..ends.len()).rev() {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ends.swap(last, (draw >> 33) as usize % (last + 1));
    }
    ends.truncate(UPDATES);
    (ids, ends)
}

fn target(place: u32) -> DaemonId {
    DaemonId::Target(u16::try_from(place).expect("an axis ends where 16 bits do, or before"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_arrives_once_and_out_of_order() {
        let (jobs, ends) = arrivals(7, 3);
        assert_eq!((jobs.len(), ends.len()), (3, 21));
        let mut sorted = ends.clone();
        sorted.sort();
        sorted.dedup();
        assert!(sorted.len() == 21 && sorted != ends);
    }

    #[test]
    fn a_table_of_any_size_has_a_rate() {
        assert!(table_rate(1, 1) > Rate(0) && table_rate(300, 2) > Rate(0));
    }
}
