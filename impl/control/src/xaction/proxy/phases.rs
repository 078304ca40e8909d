//! The parts of a start that only registries ask for: beginning in the first of two phases, and undoing.
//! Source: `reference/aistore-registry-and-coexistence.md` section B, 2PC starts.

use std::collections::BTreeMap;

use super::{Phase, Proxy, Start};
use crate::xaction::fact::Fact;
use crate::xaction::message::{StartError, ToTarget};
use crate::xaction::policy::PartialStart;
use crate::xaction::start::{Refused, is_two_phase};
use crate::xaction::timer::GatewayTimer;
use crate::xaction::{Context, DaemonId, XactId, mark, send};

impl Proxy {
    /// Whether a start has a first phase, and if so, has every target begin.
    pub(super) fn begins(&mut self, job: XactId, cx: &mut Context<'_>) -> bool {
        let start = self.starts.get_mut(&job).expect("only a job being started begins");
        if cx.config().hosting.is_none() || !is_two_phase(start.spec.kind) {
            return false;
        }
        start.phase = Phase::Beginning { silent: start.sources.iter().copied().collect() };
        for &target in start.sources.iter() {
            let (kind, manner) = (start.spec.kind, start.spec.manner.clone());
            send(cx, target, ToTarget::BeginXact { job, kind, manner });
        }
        cx.arm(GatewayTimer::Begin(job).into(), 2 * cx.config().timing.max_keepalive);
        true
    }

    pub(super) fn begun(&mut self, job: XactId, target: DaemonId, cx: &mut Context<'_>) {
        let Some(Start { phase: Phase::Beginning { silent }, .. }) = self.starts.get_mut(&job) else { return };
        silent.remove(target);
        self.commit_if_all_have_begun(job, cx);
    }

    pub(super) fn commit_if_all_have_begun(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(Start { phase, .. }) = self.starts.get_mut(&job) else { return };
        if matches!(phase, Phase::Beginning { silent } if silent.is_empty()) {
            cx.disarm(GatewayTimer::Begin(job).into());
            if self.steps(job, cx) {
                return;
            }
            let Some(Start { phase, .. }) = self.starts.get_mut(&job) else { return };
            *phase = Phase::Registering { copies: BTreeMap::new(), silent: self.ic.others().collect() };
            self.choose_again(job, cx);
            self.register(job, cx);
        }
    }

    /// Chooses the targets of a job that was begun under the map there is now.
    pub(super) fn choose_again(&mut self, job: XactId, cx: &mut Context<'_>) {
        let start = self.starts.get_mut(&job).expect("only a job being started has targets chosen");
        if start.choose_again(self.membership.map(), cx) {
            cx.fact(start.taken(job));
        }
    }

    /// Somebody has not begun in time: the start is called off.
    pub(super) fn begin_over(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(Start { phase: Phase::Beginning { silent }, .. }) = self.starts.get(&job) else { return };
        let silent = silent.first().expect("all that begin are committed before the timer");
        self.call_off(job, StartError::TargetSilent(silent), cx);
    }

    pub(super) fn refused_by(&mut self, job: XactId, target: DaemonId, why: Refused, cx: &mut Context<'_>) {
        match self.starts.get(&job).map(|start| &start.phase) {
            Some(Phase::Beginning { .. } | Phase::Starting { .. }) => {
                self.call_off(job, StartError::Refused(target, why), cx);
            }
            Some(Phase::Changing | Phase::Registering { .. } | Phase::Undoing { .. }) | None => (),
        }
    }

    /// A start fails; whether what has started is stopped first is a policy.
    pub(super) fn call_off(&mut self, job: XactId, error: StartError, cx: &mut Context<'_>) {
        cx.disarm(GatewayTimer::Begin(job).into());
        let start = self.starts.get_mut(&job).expect("only a job being started is called off");
        let begun = matches!(start.phase, Phase::Beginning { .. });
        start.phase = Phase::Undoing { silent: start.sources.iter().copied().collect(), error };
        match cx.config().policies.partial_start {
            PartialStart::Undone => {
                cx.reach(mark::START_UNDONE);
                cx.fact(Fact::StartUndone { job });
                self.undo(job, cx);
            }
            PartialStart::Left => {
                if begun {
                    self.undo(job, cx);
                }
                self.answer_start(job, Err(error), cx);
            }
        }
    }

    /// Stops a job wherever it has not been seen to have ended.
    pub(super) fn undo(&self, job: XactId, cx: &mut Context<'_>) {
        let Some(start) = self.starts.get(&job) else { return };
        if let Phase::Undoing { silent, .. } = &start.phase {
            for target in silent.iter() {
                let (kind, sources) = (start.spec.kind, start.sources.clone());
                send(cx, target, ToTarget::AbortXact { job, kind, sources });
            }
            cx.arm(GatewayTimer::Start(job).into(), cx.config().timing.repeat);
        }
    }

    /// A target's part of a job has ended; says whether that was news to an undoing.
    pub(super) fn undone(&mut self, job: XactId, target: DaemonId, cx: &mut Context<'_>) -> bool {
        let Some(Start { phase: Phase::Undoing { silent, .. }, .. }) = self.starts.get_mut(&job) else { return false };
        silent.remove(target);
        self.answer_if_undone(job, cx);
        true
    }

    pub(super) fn answer_if_undone(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(Start { phase: Phase::Undoing { silent, error }, .. }) = self.starts.get(&job) else { return };
        if silent.is_empty() {
            let error = *error;
            self.answer_start(job, Err(error), cx);
        }
    }
}
