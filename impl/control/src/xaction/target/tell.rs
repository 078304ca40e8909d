//! How a target tells the members that its parts have ended, and when it forgets them.
//!
//! One timer repeats whatever is not acknowledged, and one forgets: a target with a hundred jobs has no more of them than
//! one with a single job. News that are gathered before they are told are `report`'s business.

use std::collections::BTreeSet;

use quiesce_machine::{Rename, Write};

use super::Target;
use super::part::{Phase, Xact, progress_later};
use crate::xaction::job::Snap;
use crate::xaction::message::ToProxy;
use crate::xaction::policy::{Notification, XactRecord};
use crate::xaction::record::RecordKey;
use crate::xaction::reporting::Reporting;
use crate::xaction::sources::Sources;
use crate::xaction::timer::TargetTimer;
use crate::xaction::{Context, DaemonId, XactId, send};

/// Which ends are to be told again, and which xactions to be forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(super) struct Telling {
    /// Told, and not acknowledged by all; the timer is armed while there are any.
    again: BTreeSet<XactId>,
    /// Over since the timer ran out last, and since before that; it is armed while there are any.
    over: BTreeSet<XactId>,
    long_over: BTreeSet<XactId>,
}

impl Target {
    /// A part has ended: the members are told, and told again until all have acknowledged it.
    pub(super) fn notify_all(&mut self, job: XactId, cx: &mut Context<'_>) {
        let xact = self.xacts.get_mut(&job).expect("only a known xaction is told of");
        if !xact.kind.is_ic_tracked() {
            return self.keep_for_history(job, cx);
        }
        xact.unacknowledged = self.membership.map().ic().collect();
        match cx.config().reporting {
            Reporting::Each => {
                self.notify_unacknowledged(job, cx);
                match cx.config().policies.notification {
                    Notification::UntilAcknowledged => self.again_after(job, cx.config().timing.repeat, cx),
                    Notification::Once => self.keep_for_history(job, cx),
                }
            }
            Reporting::Coalesced { .. } | Reporting::Relayed { .. } => self.gather_own(job, cx),
        }
    }

    /// Tells the members that the part goes on.
    pub(super) fn tell_progress(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(&Xact { phase: Phase::Running(_), kind, .. }) = self.xacts.get(&job) else { return };
        match cx.config().reporting {
            Reporting::Each => {
                for member in self.membership.map().ic() {
                    send(cx, member, ToProxy::NotifyProgress { job });
                }
            }
            Reporting::Coalesced { .. } | Reporting::Relayed { .. } => self.gather_own(job, cx),
        }
        progress_later(job, kind, cx);
    }

    /// Tells a part again that was told, after so long if nothing else is to be told again before.
    pub(super) fn again_after(&mut self, job: XactId, after: std::time::Duration, cx: &mut Context<'_>) {
        if self.telling.again.is_empty() {
            cx.arm(TargetTimer::Notify.into(), after);
        }
        self.telling.again.insert(job);
    }

    /// Tells of every part the members that have not acknowledged it.
    pub(super) fn notify_again(&mut self, cx: &mut Context<'_>) {
        for &job in &self.telling.again {
            self.notify_unacknowledged(job, cx);
        }
        if !self.telling.again.is_empty() {
            cx.arm(TargetTimer::Notify.into(), cx.config().timing.repeat);
        }
    }

    fn notify_unacknowledged(&self, job: XactId, cx: &mut Context<'_>) {
        let xact = &self.xacts[&job];
        let again = cx.config().policies.notification == Notification::UntilAcknowledged;
        for member in xact.unacknowledged.iter() {
            notify(job, xact, member, again.then(|| xact.sources.clone()), cx);
        }
    }

    pub(super) fn acknowledged(&mut self, member: DaemonId, job: XactId, cx: &mut Context<'_>) {
        let Some(xact) = self.xacts.get_mut(&job) else { return };
        if xact.unacknowledged.remove(member) {
            self.told_everybody(job, cx);
        }
    }

    /// Rests if every member has heard of the end, and remembers so.
    pub(super) fn told_everybody(&mut self, job: XactId, cx: &mut Context<'_>) {
        let xact = self.xacts.get_mut(&job).expect("only a known xaction is told of");
        if xact.unacknowledged.is_empty() {
            xact.told = true;
            if self.telling.again.remove(&job) && self.telling.again.is_empty() {
                cx.disarm(TargetTimer::Notify.into());
            }
            self.keep_for_history(job, cx);
            self.record(job, cx);
        }
    }

    /// Has a finished xaction forgotten when it is history: between one and two of its periods later.
    pub(super) fn keep_for_history(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(history) = cx.config().timing.history else { return };
        let Telling { over, long_over, .. } = &mut self.telling;
        long_over.remove(&job);
        if over.is_empty() && long_over.is_empty() {
            cx.arm(TargetTimer::History.into(), history);
        }
        over.insert(job);
    }

    /// Forgets what was history when the timer ran out last.
    pub(super) fn forget_history(&mut self, cx: &mut Context<'_>) {
        let now = std::mem::take(&mut self.telling.over);
        for job in std::mem::replace(&mut self.telling.long_over, now) {
            self.forget(job, cx);
        }
        if let (false, Some(history)) = (self.telling.long_over.is_empty(), cx.config().timing.history) {
            cx.arm(TargetTimer::History.into(), history);
        }
    }

    fn forget(&mut self, job: XactId, cx: &mut Context<'_>) {
        self.xacts.remove(&job);
        if cx.config().policies.xact_record == XactRecord::Durable {
            let op = self.free_op();
            self.writes.insert(op, (job, Snap::Finished));
            cx.store(op, Write::Remove(RecordKey::Xact(job)));
        }
    }
}

/// Tells a member how a part stands.
pub(super) fn notify(job: XactId, xact: &Xact, member: DaemonId, sources: Option<Sources>, cx: &mut Context<'_>) {
    send(cx, member, ToProxy::NotifyFinished { job, kind: xact.kind, snap: xact.phase.snap(), sources });
}
