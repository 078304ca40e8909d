//! The Information Center's record of one job.

use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{Rename, Renaming, Stamp};
use smallvec::{SmallVec, smallvec};

use crate::xaction::daemons::Daemons;
use crate::xaction::id::DaemonId;
use crate::xaction::job::{Snap, Status, XactError};
use crate::xaction::kind::Kind;
use crate::xaction::policy::{Merge, WireErrors};
use crate::xaction::sources::Sources;

/// One job as one member sees it: who takes part, who has ended and how.
///
/// Some of it is the member's own business and never goes on the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listener {
    /// The kind.
    pub kind: Kind,
    /// The gateway that starts it.
    pub starter: DaemonId,
    /// Every target that takes part, in order.
    pub sources: Sources,
    /// How each one's part stands, in the same order.
    parts: Parts,
    active: u32,
    /// Whether it is aborted; it may not have ended everywhere yet.
    pub aborted: bool,
    errs: BTreeSet<XactError>,
    holds_errors: bool,
    /// When it ended, by this member's clock.
    pub end_time: Option<Stamp>,
    pub(super) local: Local,
}

/// Those of few targets take no memory of their own: tables are copied at every durable step.
type Parts = SmallVec<[Part; 16]>;

/// What a member knows beside the job itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub(super) struct Local {
    /// The grace period is over: a 404 counts.
    pub(super) graced: bool,
    /// The starter starts no more.
    pub(super) settled: bool,
    /// Targets that said lately that they run.
    pub(super) fresh: Daemons,
}

/// One target's part. Later in this order wins in a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
#[repr(u8)]
enum Part {
    Running,
    Finished,
    Failed,
    Aborted,
    /// Its target is gone, and the members agree that none of them knows how it ended.
    Lost,
}

impl From<Snap> for Part {
    fn from(snap: Snap) -> Part {
        match snap {
            Snap::Running => Part::Running,
            Snap::Finished => Part::Finished,
            Snap::Failed(_) => Part::Failed,
            Snap::Aborted(_) => Part::Aborted,
        }
    }
}

impl Rename for Listener {
    /// Parts stand in the order of their targets, whatever these are called.
    fn rename(&self, to: &Renaming) -> Self {
        let sources = self.sources.iter().map(|source| source.rename(to));
        let parts: BTreeMap<DaemonId, Part> = sources.zip(self.parts.iter().copied()).collect();
        Listener {
            starter: self.starter.rename(to),
            sources: self.sources.rename(to),
            parts: parts.into_values().collect(),
            local: self.local.rename(to),
            ..self.clone()
        }
    }
}

impl Listener {
    /// A job of which every part is taken to run. `decoded`: it came by wire.
    #[must_use]
    pub fn new(kind: Kind, starter: DaemonId, sources: Sources, decoded: Option<WireErrors>) -> Self {
        let count = u32::try_from(sources.len()).expect("fewer targets than 32 bits can count");
        Listener {
            kind,
            starter,
            parts: smallvec![Part::Running; sources.len()],
            sources,
            active: count,
            aborted: false,
            errs: BTreeSet::new(),
            holds_errors: decoded != Some(WireErrors::Dropped),
            end_time: None,
            local: Local::default(),
        }
    }

    /// How the job stands.
    #[must_use]
    pub fn status(&self) -> Status {
        Status { kind: self.kind, end_time: self.end_time, aborted: self.aborted, err: self.errs.first().copied() }
    }

    /// Whether every part has ended.
    #[must_use]
    pub fn all_ended(&self) -> bool {
        self.active == 0
    }

    /// How many parts have not ended.
    pub(super) fn active_count(&self) -> u32 {
        self.active
    }

    /// The targets whose part has not ended.
    pub fn active(&self) -> impl Iterator<Item = DaemonId> {
        let running = |(&source, &part): (&DaemonId, &Part)| (part == Part::Running).then_some(source);
        self.sources.iter().zip(&self.parts).filter_map(running)
    }

    /// The targets whose part has ended, as far as they are there to say so.
    pub fn told(&self) -> impl Iterator<Item = DaemonId> {
        let told =
            |(&source, &part): (&DaemonId, &Part)| (!matches!(part, Part::Running | Part::Lost)).then_some(source);
        self.sources.iter().zip(&self.parts).filter_map(told)
    }

    /// Whether a target takes part and has not ended.
    pub(super) fn is_active(&self, target: DaemonId) -> bool {
        self.sources.place(target).is_some_and(|place| self.parts[place] == Part::Running)
    }

    /// The active targets that have not said lately that they run.
    pub(super) fn tardy(&self) -> impl Iterator<Item = DaemonId> {
        self.active().filter(|source| !self.local.fresh.contains(*source))
    }

    /// Takes note of the end of one part. False: the target takes no part, or had ended before. What it said lately is
    /// for the caller to forget.
    #[inline]
    pub(super) fn take(&mut self, target: DaemonId, snap: Snap) -> bool {
        let Some(place) = self.sources.place(target) else { return false };
        if !snap.is_ended() || self.parts[place] != Part::Running {
            return false;
        }
        self.parts[place] = snap.into();
        self.active -= 1;
        if let Snap::Failed(error) | Snap::Aborted(error) = snap {
            self.add_error(error);
        }
        true
    }

    /// Whether some part was given up or lost, and so the job, once every part has ended.
    pub(super) fn was_cut_short(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Aborted | Part::Lost))
    }

    /// Takes a part that runs for lost.
    pub(super) fn lose(&mut self, target: DaemonId) {
        let place = self.sources.binary_search(&target).expect("only a part of the job is lost");
        assert!(self.parts[place] == Part::Running, "{target} ended and is not lost");
        self.parts[place] = Part::Lost;
        self.add_error(XactError::LeftCluster);
        self.count_active();
    }

    /// Has a part stand as another copy says, whatever was known of it here.
    pub(super) fn stand_as(&mut self, target: DaemonId, theirs: Option<&Listener>) {
        let place = |listener: &Listener| listener.sources.binary_search(&target).ok();
        let part = theirs.and_then(|theirs| Some(theirs.parts[place(theirs)?]));
        if let Some(mine) = place(self) {
            self.parts[mine] = part.unwrap_or(Part::Running);
            self.count_active();
        }
    }

    /// Whether two copies have the same end for every part.
    pub(super) fn same_parts(&self, other: &Listener) -> bool {
        self.sources == other.sources && self.parts == other.parts
    }

    /// Takes the targets that the job was really started on for those it was registered with.
    pub(super) fn start_on(&mut self, sources: &Sources) {
        if self.sources == *sources {
            return;
        }
        let part = |target| self.sources.binary_search(target).map_or(Part::Running, |place| self.parts[place]);
        self.parts = sources.iter().map(part).collect();
        self.sources = sources.clone();
        self.count_active();
    }

    /// Notes an error, if this listener can hold one.
    pub(super) fn add_error(&mut self, error: XactError) {
        if self.holds_errors {
            self.errs.insert(error);
        }
    }

    /// What goes on the wire: all but the member's own business.
    pub(super) fn encoded(&self) -> Listener {
        let &Listener { kind, starter, active, aborted, holds_errors, end_time, .. } = self;
        let (sources, parts, errs) = (self.sources.clone(), SmallVec::from_slice(&self.parts), self.errs.clone());
        let local = Local::default();
        Listener { kind, starter, sources, parts, active, aborted, errs, holds_errors, end_time, local }
    }

    /// What a member makes of a listener that came by wire.
    pub(super) fn decoded(&self, errors: WireErrors) -> Listener {
        let mut decoded = self.clone();
        if errors == WireErrors::Dropped {
            decoded.errs.clear();
            decoded.holds_errors = false;
        }
        decoded
    }

    /// The same without an end: whoever takes it up ends it by its own lights.
    pub(super) fn reopened(self) -> Listener {
        Listener { end_time: None, ..self }
    }

    /// Whether a [join](Merge::Join) with another member's copy would change anything.
    pub(super) fn learns_from(&self, other: &Listener) -> bool {
        let ends = || self.parts.iter().zip(&other.parts).any(|(mine, theirs)| mine < theirs);
        let errors = || self.holds_errors && !other.errs.is_subset(&self.errs);
        self.sources == other.sources && (other.aborted && !self.aborted || errors() || ends())
    }

    /// Takes the later state of each part from another member's copy, and its errors; [`Merge::FirstWins`] takes
    /// nothing.
    pub(super) fn merge(&mut self, other: &Listener, policy: Merge) {
        if policy == Merge::FirstWins || self.sources != other.sources {
            return;
        }
        self.aborted |= other.aborted;
        for &error in &other.errs {
            self.add_error(error);
        }
        if self.parts != other.parts {
            for (mine, theirs) in self.parts.iter_mut().zip(&other.parts) {
                *mine = (*mine).max(*theirs);
            }
            self.count_active();
        }
    }

    /// Counts the parts that run, and forgets what was said lately by those that do not.
    fn count_active(&mut self) {
        let running = self.parts.iter().filter(|&&part| part == Part::Running).count();
        self.active = u32::try_from(running).expect("no more parts than sources");
        if !self.local.fresh.is_empty() {
            let runs =
                |target| self.sources.place(target).is_some_and(|place: usize| self.parts[place] == Part::Running);
            self.local.fresh.retain(runs);
        }
    }

    /// Whether two members' copies say the same of the job.
    #[must_use]
    pub fn agrees_with(&self, other: &Listener) -> bool {
        self.parts == other.parts && self.status() == other.status() && self.errs == other.errs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T1: DaemonId = DaemonId::Target(0);
    const T2: DaemonId = DaemonId::Target(1);

    fn listener(decoded: Option<WireErrors>) -> Listener {
        Listener::new(Kind::PrefetchListrange, DaemonId::Proxy(0), [T1, T2].into_iter().collect(), decoded)
    }

    #[test]
    fn a_part_ends_once_and_only_if_the_target_takes_part() {
        let mut job = listener(None);
        assert!(!job.take(DaemonId::Target(7), Snap::Finished));
        assert!(!job.take(T1, Snap::Running));
        assert!(job.take(T1, Snap::Finished));
        assert!(!job.take(T1, Snap::Aborted(XactError::IoError)));
        assert_eq!(job.active().collect::<Vec<_>>(), [T2]);
        assert!(job.take(T2, Snap::Failed(XactError::DiskFull)));
        assert!(job.all_ended());
        assert_eq!(job.status().err, Some(XactError::DiskFull));
    }

    #[test]
    fn a_listener_off_the_wire_holds_errors_only_if_they_are_carried() {
        for (errors, expected) in [(WireErrors::Dropped, None), (WireErrors::Carried, Some(XactError::DiskFull))] {
            let mut job = listener(Some(errors));
            assert!(job.take(T1, Snap::Failed(XactError::DiskFull)));
            assert_eq!(job.status().err, expected);
        }
    }

    #[test]
    fn a_join_takes_the_later_part_whichever_side_has_it() {
        let (mut left, mut right) = (listener(None), listener(None));
        left.take(T1, Snap::Finished);
        right.take(T2, Snap::Failed(XactError::IoError));
        let mut other_way = right.clone();
        other_way.merge(&left, Merge::Join);
        assert!(left.learns_from(&right));
        left.merge(&right, Merge::Join);
        assert!(!left.learns_from(&right), "it has all of it");
        assert!(left.agrees_with(&other_way) && left.all_ended());
        assert_eq!(left.status().err, Some(XactError::IoError));
    }

    #[test]
    fn first_wins_takes_nothing() {
        let mut left = listener(None);
        let mut right = listener(None);
        right.take(T1, Snap::Finished);
        left.merge(&right, Merge::FirstWins);
        assert_eq!(left, listener(None));
    }
}
