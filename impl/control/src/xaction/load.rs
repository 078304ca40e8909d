//! What a target's disks are doing, and what follows for jobs: how they pace themselves, and when space is short.
//!
//! Percentages, not a disk model. Users' utilisation and used capacity are set from outside; jobs that work on local
//! storage add to the one while they run and some to the other when they end. They go on slice by slice, each the slower
//! the busier the disks are between two watermarks, and never stop: so they end, and a busy disk is left to its users.
//! Source: `reference/seeds`, seed 002; `reference/aistore-registry-and-coexistence.md` section A, refresh_cap.

use std::time::Duration;

use quiesce_machine::Rename;

use super::Kind;

/// Where jobs begin to pace themselves, and where space is short. All in percent but the sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    /// Utilisation up to which jobs go at full speed.
    pub low: u8,
    /// Utilisation from which on they go slowest.
    pub high: u8,
    /// Used capacity down to which eviction goes.
    pub evict_to: u8,
    /// Used capacity from which on eviction starts.
    pub evict_from: u8,
    /// Used capacity from which on eviction does not pace itself, and what is deleted or misplaced is removed too.
    pub out_of_space: u8,
    /// How many requests for mirroring wait before those who put objects are slowed down.
    pub channel: u8,
    /// How often a target looks at its capacity.
    pub look: Duration,
}

impl Default for Watermarks {
    fn default() -> Self {
        Watermarks {
            low: 40,
            high: 90,
            evict_to: 75,
            evict_from: 90,
            out_of_space: 95,
            channel: 4,
            look: Duration::from_secs(10),
        }
    }
}

/// In how many slices a job is worked on.
pub const SLICES: u8 = 10;

/// How many times slower the slowest pace is.
pub const SLOWEST: u8 = 8;

/// What a job at full speed adds to utilisation.
const SHARE: u8 = 24;

impl Watermarks {
    /// How many times slower than at full speed a job goes on disks that busy: 1 to [`SLOWEST`].
    #[must_use]
    pub fn pace(&self, utilisation: u8) -> u8 {
        if utilisation <= self.low {
            return 1;
        }
        if utilisation >= self.high {
            return SLOWEST;
        }
        let (above, span) = (u32::from(utilisation - self.low), u32::from(self.high - self.low));
        let slower = u32::from(SLOWEST - 1) * above / span;
        u8::try_from(1 + slower).expect("no slower than the slowest")
    }
}

/// A target's disks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct Disks {
    /// What users make of them, in percent.
    pub users: u8,
    /// Used capacity, in percent.
    pub used: u8,
    /// Used capacity as last looked at.
    pub known: u8,
    /// Disks; none were counted yet where 0.
    pub mountpaths: u8,
}

impl Disks {
    /// How busy they are beside jobs at these paces, in percent.
    #[must_use]
    pub fn utilisation(&self, paces: impl Iterator<Item = u8>) -> u8 {
        paces.fold(self.users, |busy, pace| busy.saturating_add(SHARE / pace.max(1))).min(100)
    }

    /// Eviction frees some space.
    pub fn evict(&mut self) {
        self.used = self.used.saturating_sub(3);
    }

    /// A job has written.
    pub fn fill(&mut self) {
        self.used = self.used.saturating_add(1).min(100);
    }
}

/// Whether jobs of that kind work on local storage, and so pace themselves.
#[must_use]
pub fn is_paced(kind: Kind) -> bool {
    [
        Kind::Lru,
        Kind::CleanupStore,
        Kind::Resilver,
        Kind::Rechunk,
        Kind::IndexShard,
        Kind::Promote,
        Kind::EvictListrange,
        Kind::DeleteListrange,
        Kind::PrefetchListrange,
        Kind::EcEncode,
        Kind::MakeNCopies,
        Kind::MoveBck,
        Kind::CopyBck,
        Kind::EtlBck,
        Kind::CreateInventory,
        Kind::LoadLomCache,
        Kind::Dsort,
    ]
    .contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_slows_from_the_low_watermark_to_the_high_one() {
        let marks = Watermarks::default();
        for (utilisation, pace) in [(0, 1), (40, 1), (65, 4), (89, 7), (90, 8), (100, 8)] {
            assert_eq!(marks.pace(utilisation), pace, "at {utilisation} %");
        }
        let paces: Vec<u8> = (0..=100).map(|utilisation| marks.pace(utilisation)).collect();
        assert!(paces.is_sorted());
    }

    #[test]
    fn the_slower_jobs_go_the_less_they_add() {
        let disks = Disks { users: 50, ..Disks::default() };
        assert_eq!(disks.utilisation([1, 1].into_iter()), 98);
        assert_eq!(disks.utilisation([8, 8].into_iter()), 56);
        assert_eq!(disks.utilisation(std::iter::repeat_n(1, 9)), 100);
    }
}
