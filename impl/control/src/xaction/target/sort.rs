//! The sorter, the other action-specific manager: each distributed sort is a job with an xaction of its own, which nobody
//! tracks, and its part on each target goes through three phases, one after the other.
//!
//! The manager says in which phase a sort is, to whoever asks for its xaction. What is sorted, and that targets wait for each
//! other's records between two phases, is left out.
//! Source: `reference/seeds`, seed 001, action-specific managers; extended statistics, registry reference section A.

use super::{Phase, Target, Xact};
use crate::xaction::ask::SnapLine;
use crate::xaction::job::SortPhase;
use crate::xaction::load::SLICES;
use crate::xaction::registry::Entry;
use crate::xaction::timer::TargetTimer;
use crate::xaction::{Context, Kind, XactId};

impl Target {
    /// How an xaction is shown: with its phase, if it sorts.
    pub(super) fn line(&self, entry: &Entry) -> SnapLine {
        let sorts = |xact: &&Xact| xact.kind == Kind::Dsort && matches!(xact.phase, Phase::Running(_));
        let sort = self.xacts.get(&entry.id).filter(sorts).map(|xact| SortPhase::with_left(xact.slices));
        SnapLine { sort, ..SnapLine::of(entry) }
    }

    /// Arms the next phase of a sort where jobs do not pace themselves; says whether there is one.
    pub(super) fn next_phase(&mut self, job: XactId, cx: &mut Context<'_>) -> bool {
        let Some(xact) = self.xacts.get_mut(&job).filter(|xact| xact.kind == Kind::Dsort) else { return false };
        let Phase::Running(work) = xact.phase else { return false };
        let before = xact.slices;
        xact.slices = match before {
            SLICES => SortPhase::SORTING_FROM,
            SortPhase::SORTING_FROM => SortPhase::CREATION_FROM,
            _ => 0,
        };
        if before > 0 {
            cx.arm(TargetTimer::Work(job).into(), work.takes / 3);
        }
        before > 0
    }
}
