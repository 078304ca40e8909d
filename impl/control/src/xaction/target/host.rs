//! Starts at a target that has a registry: what its desk says is done here.

use std::sync::Arc;

use super::{Phase, Target, Xact};
use crate::xaction::buckets::BucketError;
use crate::xaction::fact::Fact;
use crate::xaction::job::{Snap, Work, XactError};
use crate::xaction::message::ToProxy;
use crate::xaction::sources::Sources;
use crate::xaction::start::{Admitted, Manner, Purpose, Refused, is_two_phase};
use crate::xaction::timer::TargetTimer;
use crate::xaction::{Context, DaemonId, Kind, XactId, mark, send};

impl Target {
    /// A start of a job that has no part here: the commit of one that was begun, or a start in one phase.
    pub(super) fn host_start(
        &mut self,
        (gateway, job, kind): (DaemonId, XactId, Kind),
        (work, sources): (Work, Sources),
        manner: Option<Arc<Manner>>,
        cx: &mut Context<'_>,
    ) {
        if kind == Kind::Download {
            return self.download((gateway, job), (work, sources), manner, cx);
        }
        if self.desk.has_begun(job) && !self.knows_destination(manner.as_deref(), cx) {
            cx.reach(mark::COMMIT_WAITS);
            return;
        }
        if self.desk.has_begun(job) {
            if let Some(to) = manner.and_then(|manner| manner.to) {
                self.desk.registry.name_destination(job, to);
            }
            return self.enter(job, kind, (work, sources), [gateway], cx);
        }
        if is_two_phase(kind) && !self.desk.is_waiting(job) {
            let why = Refused::NotBegun;
            cx.fact(Fact::StartRefused { job, why });
            return send(cx, gateway, ToProxy::XactRefused { job, why });
        }
        self.ask_desk((gateway, job, kind), manner, Purpose::Work(work, sources), cx);
    }

    /// Phase one of two. A job that has a part here has been given up, or committed by another gateway.
    pub(super) fn host_begin(
        &mut self,
        (gateway, job, kind): (DaemonId, XactId, Kind),
        manner: Option<Arc<Manner>>,
        cx: &mut Context<'_>,
    ) {
        let over = self.xacts.get(&job).map(|xact| matches!(xact.phase, Phase::Ending(_) | Phase::Ended(_)));
        match over {
            Some(true) => send(cx, gateway, ToProxy::XactRefused { job, why: Refused::NotBegun }),
            Some(false) => send(cx, gateway, ToProxy::XactBegun { job }),
            None if self.desk.has_begun(job) => send(cx, gateway, ToProxy::XactBegun { job }),
            None => self.ask_desk((gateway, job, kind), manner, Purpose::Begin, cx),
        }
    }

    fn ask_desk(
        &mut self,
        (gateway, job, kind): (DaemonId, XactId, Kind),
        manner: Option<Arc<Manner>>,
        purpose: Purpose,
        cx: &mut Context<'_>,
    ) {
        if let Some(gone) = self.gone_bucket(manner.as_deref(), cx) {
            let why = BucketError::NotThere(gone.name).into();
            return self.admitted(job, Admitted::Refused { askers: [gateway].into(), why }, cx);
        }
        let admitted = self.desk.asked(job, kind, manner.unwrap_or_default(), purpose, Some(gateway), cx);
        self.admitted(job, admitted, cx);
    }

    pub(super) fn host_fire(&mut self, timer: TargetTimer, cx: &mut Context<'_>) {
        if self.waits_for_lock(true, cx) {
            return cx.arm(timer.into(), cx.config().timing.cplane_operation);
        }
        match timer {
            TargetTimer::Admit(job) => {
                let admitted = self.desk.again(job, cx);
                self.admitted(job, admitted, cx);
            }
            TargetTimer::Transaction(job) => self.desk.give_up(job, cx),
            TargetTimer::Ripen(job) => self.desk.registry.ripen(job),
            TargetTimer::Idle(host) => self.idle_tick(host, cx),
            TargetTimer::Rest(host) => self.desk.registry.rest(host),
            TargetTimer::Expire(host) => self.expire(host, cx),
            TargetTimer::Piece(client, call) => self.piece_done(client, call, cx),
            TargetTimer::PruneActive => self.desk.prune_active(cx),
            TargetTimer::PruneHistory => self.desk.prune_history(cx),
            TargetTimer::Look
            | TargetTimer::Period
            | TargetTimer::Unlock
            | TargetTimer::Work(_)
            | TargetTimer::Progress(_)
            | TargetTimer::Gather
            | TargetTimer::Notify
            | TargetTimer::Persist(_)
            | TargetTimer::History => {
                unreachable!("not about starts: {timer:?}")
            }
        }
    }

    pub(super) fn admitted(&mut self, job: XactId, admitted: Admitted, cx: &mut Context<'_>) {
        match admitted {
            Admitted::Later => (),
            Admitted::In { purpose: Purpose::Begin, askers, .. } => {
                askers.into_iter().for_each(|asker| send(cx, asker, ToProxy::XactBegun { job }));
            }
            Admitted::In { kind, purpose: Purpose::Work(work, sources), askers } => {
                self.enter(job, kind, (work, sources), askers, cx);
            }
            Admitted::Elsewhere { askers } => {
                askers.into_iter().for_each(|asker| send(cx, asker, ToProxy::XactStarted { job }));
            }
            Admitted::Refused { askers, why } => {
                cx.fact(Fact::StartRefused { job, why });
                askers.into_iter().for_each(|asker| send(cx, asker, ToProxy::XactRefused { job, why }));
            }
            Admitted::MakeRoom(prev) => {
                if self.is_running(prev) {
                    self.end(prev, Snap::Aborted(XactError::Renewed), cx);
                }
            }
        }
    }

    /// The part begins: first it is recorded.
    pub(super) fn enter(
        &mut self,
        job: XactId,
        kind: Kind,
        (work, sources): (Work, Sources),
        askers: impl IntoIterator<Item = DaemonId>,
        cx: &mut Context<'_>,
    ) {
        let mut xact = Xact::new(kind, sources, Phase::Beginning(work));
        xact.starters.extend(askers);
        self.xacts.insert(job, xact);
        self.record(job, cx);
    }
}

#[cfg(test)]
impl Target {
    /// The registry, for tests of properties that need one to hold what no policy of ours lets in.
    pub(crate) fn registry_mut(&mut self) -> &mut crate::xaction::registry::Registry {
        &mut self.desk.registry
    }
}
