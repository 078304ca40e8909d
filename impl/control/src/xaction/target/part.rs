//! What a target remembers of its part of a job: what it is, how far it is, and who has yet to hear of that.
//!
//! What happens to a part is the target's business; here is what can be said of one, and who is told.

use quiesce_machine::Rename;

use crate::xaction::daemons::Daemons;
use crate::xaction::job::{Snap, Work};
use crate::xaction::load::{SLICES, is_paced};
use crate::xaction::message::ToProxy;
use crate::xaction::sources::Sources;
use crate::xaction::timer::TargetTimer;
use crate::xaction::{Context, Kind, XactId, send};

/// This target's part of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) struct Xact {
    pub(super) kind: Kind,
    pub(super) sources: Sources,
    pub(super) phase: Phase,
    /// How many slices of it are left, and how many times slower than at full speed it goes.
    pub(super) slices: u8,
    pub(super) pace: u8,
    /// Gateways that wait to hear that it has started.
    pub(super) starters: Daemons,
    /// Members that have not acknowledged its end.
    pub(super) unacknowledged: Daemons,
    /// All have.
    pub(super) told: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) enum Phase {
    /// Being recorded; the work has not begun.
    Beginning(Work),
    Running(Work),
    /// The end is being recorded.
    Ending(Snap),
    Ended(Snap),
}

impl Xact {
    /// Whether it works on local storage now.
    pub(super) fn is_at_work(&self) -> bool {
        is_paced(self.kind) && matches!(self.phase, Phase::Running(_))
    }

    pub(super) fn new(kind: Kind, sources: Sources, phase: Phase) -> Self {
        Xact {
            kind,
            sources,
            phase,
            slices: SLICES,
            pace: 1,
            starters: Daemons::new(),
            unacknowledged: Daemons::new(),
            told: false,
        }
    }
}

impl Phase {
    /// The end, durable or not.
    pub(super) fn ending(self) -> Option<Snap> {
        match self {
            Phase::Beginning(_) | Phase::Running(_) => None,
            Phase::Ending(snap) | Phase::Ended(snap) => Some(snap),
        }
    }

    /// How the part stands for those who ask: an end counts once it is durable.
    pub(super) fn snap(self) -> Snap {
        match self {
            Phase::Beginning(_) | Phase::Running(_) | Phase::Ending(_) => Snap::Running,
            Phase::Ended(snap) => snap,
        }
    }
}

/// Has the members told in a while that a part goes on, if its kind tells that.
pub(super) fn progress_later(job: XactId, kind: Kind, cx: &mut Context<'_>) {
    if let Some(period) = cx.config().timing.progress.filter(|_| kind.tells_progress()) {
        cx.arm(TargetTimer::Progress(job).into(), period);
    }
}

pub(super) fn answer_starters(job: XactId, xact: &mut Xact, cx: &mut Context<'_>) {
    for gateway in std::mem::take(&mut xact.starters).iter() {
        send(cx, gateway, ToProxy::XactStarted { job });
    }
}
