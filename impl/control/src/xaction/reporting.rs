//! How targets tell the Information Center of their parts: each by itself, or many together.
//!
//! The published target sends every member a message for every end. Two other ways take load off the members, for latency:
//! a target gathers its news for a while and tells each member all of it at once, or it hands it to another target, in a
//! tree over the members of the map whose root alone tells the members. Only the first telling goes these ways: news that
//! is not acknowledged in time is told again one by one, straight to the members. So a relay keeps nothing that matters,
//! and a crash of every relay costs no more than the time until news are repeated.
//!
//! Not a policy ([`Policies`](super::Policies)): that is a place where the published choice breaks a property, and an audit
//! demands to see it broken. Here every way keeps every property; they differ in what they cost, and the user chooses.

use std::sync::Arc;
use std::time::Duration;

use quiesce_machine::Rename;

use super::id::{DaemonId, XactId};
use super::job::Snap;
use super::kind::Kind;
use super::membership::Smap;
use super::sources::Sources;

/// How targets tell of their parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reporting {
    /// Every end and every progress in a message of its own, at once.
    #[default]
    Each,
    /// All news of an interval together.
    Coalesced {
        /// How long a target gathers.
        every: Duration,
    },
    /// All news of an interval together, by way of other targets.
    Relayed {
        /// How long every target on the way gathers.
        every: Duration,
        /// How many targets hand their news to one; at least one.
        fan: u16,
    },
}

/// News of one target's part of a job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct News {
    /// Whose part.
    pub target: DaemonId,
    /// Of which job.
    pub job: XactId,
    /// Of which kind.
    pub kind: Kind,
    /// How the part stands: ended, or going on.
    pub snap: Snap,
    /// The job's targets, where a member that does not know the job is to take it up.
    pub sources: Option<Sources>,
}

/// News of many parts.
pub type Batch = Arc<Vec<News>>;

/// What a member acknowledges of a batch, news by news: nobody is answered for news of parts that go on, nor for what is
/// to be told again. None if nothing is left.
pub(super) fn noted(batch: Batch, noted: &[bool]) -> Option<Batch> {
    let answers = |(news, noted): &(&News, &bool)| **noted && news.snap.is_ended();
    let count = batch.iter().zip(noted).filter(answers).count();
    match count {
        0 => None,
        _ if count == batch.len() => Some(batch),
        _ => Some(Arc::new(batch.iter().zip(noted).filter(answers).map(|(news, _)| news.clone()).collect())),
    }
}

impl Reporting {
    /// How long news is gathered, if it is.
    #[must_use]
    pub fn every(self) -> Option<Duration> {
        match self {
            Reporting::Each => None,
            Reporting::Coalesced { every } | Reporting::Relayed { every, .. } => Some(every),
        }
    }

    /// The target that another hands its news to, by this map; none for the root, for one that is not in the map, and
    /// where nothing is relayed. Always of a lower number, so that no news goes round in circles, whatever maps differ.
    #[must_use]
    pub fn relay(self, map: &Smap, target: DaemonId) -> Option<DaemonId> {
        let Reporting::Relayed { fan, .. } = self else { return None };
        let place = map.target_place(target)?;
        let above = place.checked_sub(1)? / usize::from(fan);
        map.targets().nth(above)
    }

    /// The next on the way from a relay down to a target: one that hands its news to the relay, or the target itself if
    /// the map knows of no way.
    #[must_use]
    pub fn towards(self, map: &Smap, relay: DaemonId, target: DaemonId) -> DaemonId {
        let mut next = target;
        while let Some(above) = self.relay(map, next) {
            if above == relay {
                return next;
            }
            next = above;
        }
        target
    }

    /// How long news of a target takes to the members at most, but for the messages themselves.
    #[must_use]
    pub fn delay(self, map: &Smap, target: DaemonId) -> Duration {
        let hops = std::iter::successors(Some(target), |&hop| self.relay(map, hop)).count();
        self.every()
            .map_or(Duration::ZERO, |every| every * u32::try_from(hops).expect("a tree is no deeper than its targets"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xaction::{Cluster, Config};

    const WAY: Reporting = Reporting::Relayed { every: Duration::from_secs(1), fan: 2 };

    fn map() -> Smap {
        Config::new(Cluster::new(1, 8, 1, 1).unwrap()).deployed()
    }

    fn t(number: u16) -> DaemonId {
        DaemonId::Target(number)
    }

    #[test]
    fn every_target_but_the_root_has_a_relay_and_none_has_more_than_so_many_below() {
        let map = map();
        let above: Vec<_> = (0..8).map(|n| WAY.relay(&map, t(n))).collect();
        assert_eq!(above, [None, Some(t(0)), Some(t(0)), Some(t(1)), Some(t(1)), Some(t(2)), Some(t(2)), Some(t(3))]);
        assert_eq!(WAY.relay(&map, t(8)), None, "not in the map");
        let coalesced = Reporting::Coalesced { every: Duration::from_secs(1) };
        assert!([Reporting::Each, coalesced].iter().all(|way| way.relay(&map, t(7)).is_none()));
    }

    #[test]
    fn the_way_down_is_the_way_up() {
        let map = map();
        assert_eq!(WAY.towards(&map, t(0), t(7)), t(1));
        assert_eq!(WAY.towards(&map, t(1), t(7)), t(3));
        assert_eq!(WAY.towards(&map, t(3), t(7)), t(7));
        assert_eq!(WAY.towards(&map, t(2), t(7)), t(7), "not on the way: straight");
    }

    #[test]
    fn news_of_a_deeper_target_takes_longer() {
        let map = map();
        assert_eq!(WAY.delay(&map, t(0)), Duration::from_secs(1));
        assert_eq!(WAY.delay(&map, t(7)), Duration::from_secs(4));
        assert_eq!(Reporting::Each.delay(&map, t(7)), Duration::ZERO);
    }
}
