//! A job that is aborted on one target has to stop on the others.

use super::Ic;
use crate::xaction::fact::Fact;
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::message::ToTarget;
use crate::xaction::policy::AbortDelivery;
use crate::xaction::timer::MemberTimer;
use crate::xaction::{Context, send};

impl Ic {
    /// Takes a job for aborted, if it was not, and tells the targets (S2).
    pub(super) fn abort(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(listener) = self.table.entry_mut(job) else { return };
        if listener.aborted {
            return;
        }
        listener.aborted = true;
        self.aborted(job, cx);
    }

    /// Tells the targets of a job that is aborted from now on.
    pub(super) fn aborted(&self, job: XactId, cx: &mut Context<'_>) {
        cx.fact(Fact::JobAborted { job });
        match cx.config().policies.abort_delivery {
            AbortDelivery::PrimaryOnce if self.me != self.map.primary() => (),
            AbortDelivery::PrimaryOnce => self.tell_active(job, cx),
            AbortDelivery::UntilEnded => self.abort_again(job, cx),
        }
    }

    pub(super) fn abort_again(&self, job: XactId, cx: &mut Context<'_>) {
        if self.table.entry(job).is_some_and(|listener| !listener.all_ended()) {
            self.tell_active(job, cx);
            cx.arm(MemberTimer::Abort(job).into(), cx.config().timing.repeat);
        }
    }

    fn tell_active(&self, job: XactId, cx: &mut Context<'_>) {
        let Some(listener) = self.table.entry(job) else { return };
        let active: Vec<DaemonId> = listener.active().collect();
        for target in active {
            let (kind, sources) = (listener.kind, listener.sources.clone());
            send(cx, target, ToTarget::AbortXact { job, kind, sources });
        }
    }
}
