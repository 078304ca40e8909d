//! How a member learns of jobs and of the ends of their parts.

use std::cmp::Ordering;

use super::ledger::Waiting;
use super::{Ic, Listener, keep_for_retention};
use crate::xaction::fact::Fact;
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::job::{Snap, XactError};
use crate::xaction::kind::Kind;
use crate::xaction::message::{Select, ToProxy, ToTarget};
use crate::xaction::policy::{JobEnd, NotFound};
use crate::xaction::sources::Sources;
use crate::xaction::timer::MemberTimer;
use crate::xaction::{Context, mark, send};

impl Ic {
    /// Registers a job; the first registration wins, but the starter may change. `by_wire`: it came in a message.
    /// Returns the targets it has for the job, if that can be confirmed at once.
    ///
    /// Where the members agree on who they are, a job is new to them only with targets that were chosen under their own
    /// map, and confirmed once it is durable ([`Waiting::Watched`]). A gateway that is no member by that map starts nothing.
    pub(in crate::xaction) fn watch(
        &mut self,
        job: XactId,
        kind: Kind,
        starter: DaemonId,
        sources: Sources,
        by_wire: bool,
        cx: &mut Context<'_>,
    ) -> Option<Sources> {
        let agrees = super::agrees(cx);
        let foreign = sources.as_of() != self.map.version() && !self.table.knows(job);
        if agrees && (self.is_frozen(cx) || foreign || !self.map.contains(starter)) {
            return None;
        }
        let registered = self.table.entry(job).map_or_else(|| sources.clone(), |listener| listener.sources.clone());
        if let Some(listener) = self.table.running_mut(job) {
            if listener.starter != starter {
                listener.starter = starter;
                listener.local.settled = false;
            }
        } else if !self.table.knows(job) {
            let decoded = by_wire.then_some(cx.config().policies.wire_errors);
            self.take_up(job, Listener::new(kind, starter, sources, decoded), cx);
        }
        if agrees && self.table.entry(job).is_some() {
            self.keep(Waiting::Watched(starter, job), cx);
            return None;
        }
        Some(registered)
    }

    /// A registration is durable: the targets to confirm, unless the members are changing.
    pub(in crate::xaction) fn watched(&self, job: XactId, cx: &Context<'_>) -> Option<Sources> {
        let listener = self.table.entry(job).filter(|_| !self.is_frozen(cx))?;
        Some(listener.sources.clone())
    }

    /// A target says that its part has ended (N1). Whether it may rest: not if the job is unknown here and cannot be taken
    /// up now, nor while its word does not count yet.
    pub(in crate::xaction) fn notified(
        &mut self,
        target: DaemonId,
        job: XactId,
        kind: Kind,
        snap: Snap,
        sources: Option<Sources>,
        cx: &mut Context<'_>,
    ) -> bool {
        let agrees = super::agrees(cx);
        if let (Some(listener), Some(sources), false) = (self.table.running_mut(job), &sources, agrees) {
            listener.start_on(sources);
        } else if !self.table.knows(job) {
            let Some(sources) = sources else { return false };
            match sources.as_of().cmp(&self.map.version()) {
                Ordering::Greater if agrees => return false,
                Ordering::Less if agrees => return !self.is_frozen(cx),
                Ordering::Less | Ordering::Equal | Ordering::Greater => (),
            }
            cx.reach(mark::NOTICE_FIRST);
            let decoded = Some(cx.config().policies.wire_errors);
            self.take_up(job, Listener::new(kind, self.me, sources, decoded), cx);
        }
        self.mark_member(target, job, snap, cx)
    }

    /// A target answers a pull (S1).
    pub(in crate::xaction) fn pulled(
        &mut self,
        target: DaemonId,
        job: XactId,
        settled: bool,
        snap: Option<Snap>,
        cx: &mut Context<'_>,
    ) {
        let Some(kind) = self.table.entry(job).map(|listener| listener.kind) else { return };
        let heeds = self.heeds_not_found(kind, cx);
        let Some(listener) = self.table.entry_mut(job) else { return };
        match snap {
            Some(Snap::Running) => self.goes_on(target, job, cx),
            Some(end) => _ = self.mark_member(target, job, end, cx),
            None if !listener.local.graced || !heeds => (),
            None => match cx.config().policies.not_found {
                NotFound::AbortsJob => self.mark(target, job, Snap::Aborted(XactError::NotFound), cx),
                NotFound::AsksStarter if settled && listener.local.settled => {
                    if listener.is_active(target) {
                        cx.reach(mark::LOST_PART);
                        listener.add_error(XactError::NotFound);
                        self.abort(job, cx);
                    }
                }
                NotFound::AsksStarter => {
                    cx.reach(mark::ASKS_STARTER);
                    let starter = listener.starter;
                    send(cx, starter, ToProxy::StarterProbe { job });
                }
            },
        }
    }

    /// A target says that its part goes on, asked (S1) or not (N2): it is not tardy for a while.
    pub(in crate::xaction) fn goes_on(&mut self, target: DaemonId, job: XactId, cx: &mut Context<'_>) {
        let works = self.table.running_entry(job).is_some_and(|listener| listener.is_active(target));
        let Some(local) = self.table.local_mut(job).filter(|_| works) else { return };
        local.fresh.insert(target);
        cx.arm(MemberTimer::Tardy(job, target).into(), cx.config().timing.notif_time);
    }

    /// The starter starts a job no more: from now on a 404 means that the target has lost its part.
    pub(in crate::xaction) fn settled(&mut self, starter: DaemonId, job: XactId, cx: &mut Context<'_>) {
        let starts = self.table.running_entry(job).is_some_and(|listener| listener.starter == starter);
        let Some(local) = self.table.local_mut(job).filter(|local| starts && !local.settled) else { return };
        local.settled = true;
        self.pull(job, cx);
    }

    /// Asks the tardy targets of a running job how their parts stand (S1).
    pub(super) fn pull(&self, job: XactId, cx: &mut Context<'_>) {
        let Some(listener) = self.table.entry(job) else { return };
        if listener.end_time.is_none() {
            let settled = listener.local.settled;
            for target in listener.tardy() {
                send(cx, target, ToTarget::PullSnap { job, settled });
            }
        }
    }

    /// Takes up a job that is not in the table.
    pub(super) fn take_up(&mut self, job: XactId, listener: Listener, cx: &mut Context<'_>) {
        cx.fact(Fact::JobRegistered { job });
        if !listener.local.graced {
            cx.arm(MemberTimer::Grace(job).into(), cx.config().timing.notif_time);
        }
        self.table.add(job, listener);
        self.give_up_gone(job, cx);
        self.conclude_known(Select::Id(job), cx);
    }

    /// Takes note of the end of one part if the target's word counts. Whether the target may rest: not while the members
    /// agree on whether it is one.
    fn mark_member(&mut self, target: DaemonId, job: XactId, snap: Snap, cx: &mut Context<'_>) -> bool {
        let sources = self.table.running_entry(job).map(|listener| &listener.sources);
        if let Some(sources) = sources.filter(|sources| !self.counts(target, sources)) {
            return self.is_gone(target, sources);
        }
        self.mark(target, job, snap, cx);
        true
    }

    /// Takes note of the end of one part.
    pub(super) fn mark(&mut self, target: DaemonId, job: XactId, snap: Snap, cx: &mut Context<'_>) {
        let Some(listener) = self.table.mark(job, target, snap) else { return };
        if listener.local.fresh.remove(target) {
            cx.disarm(MemberTimer::Tardy(job, target).into());
        }
        let over = listener.all_ended() || listener.aborted;
        if matches!(snap, Snap::Aborted(_)) {
            self.abort(job, cx);
            self.settle(job, cx);
        } else if over {
            self.settle(job, cx);
        }
    }

    /// Ends the job if what is known says so.
    pub(super) fn settle(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(listener) = self.table.entry(job) else { return };
        if listener.all_ended() {
            cx.disarm(MemberTimer::Abort(job).into());
        }
        let ended = match cx.config().policies.job_end {
            JobEnd::FirstAbort => listener.all_ended() || listener.aborted,
            JobEnd::EverySource => listener.all_ended(),
        };
        if !ended || listener.end_time.is_some() {
            return;
        }
        if Ic::seals(cx) {
            return self.seal(job, cx);
        }
        self.end(job, cx);
    }

    /// Says how a job has ended.
    pub(super) fn end(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(listener) = self.table.running_mut(job) else { return };
        if listener.all_ended() {
            listener.aborted = listener.was_cut_short();
        }
        listener.end_time = Some(cx.stamp());
        let tardy = std::mem::take(&mut listener.local).fresh;
        let status = listener.status();
        self.table.finish(job);
        cx.disarm(MemberTimer::Grace(job).into());
        for target in tardy.iter() {
            cx.disarm(MemberTimer::Tardy(job, target).into());
        }
        cx.fact(Fact::JobEnded { job, status });
        keep_for_retention(job, cx);
    }
}
