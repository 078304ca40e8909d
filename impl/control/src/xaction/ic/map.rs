//! What a new cluster map means for the Information Center: who is a member, and which parts are lost with their targets.
//! Source: `reference/aistore-information-center.md` sections 7 (Smap change) and 11 (staffing).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Ic;
use crate::xaction::fact::Fact;
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::job::{Snap, XactError};
use crate::xaction::membership::{Smap, Version};
use crate::xaction::message::{QueryError, ToProxy};
use crate::xaction::policy::{MapChange, TableSync};
use crate::xaction::sources::Sources;
use crate::xaction::timer::MemberTimer;
use crate::xaction::{Context, mark, send};

impl Ic {
    /// Goes by another map from now on.
    pub(in crate::xaction) fn map_changed(&mut self, map: &Smap, cx: &mut Context<'_>) {
        let was_member = self.is_member();
        self.map = map.clone();
        match (was_member, self.is_member()) {
            (false, true) => self.staffed(cx),
            (true, false) => self.unstaffed(cx),
            (false, false) | (true, true) => (),
        }
        self.look_for_gone(cx);
    }

    /// Looks whether a running job has lost a target, and asks again the members that are being consulted.
    pub(super) fn look_for_gone(&mut self, cx: &mut Context<'_>) {
        let running: Vec<XactId> = self.table.running().map(|(job, _)| job).collect();
        for job in running {
            self.give_up_gone(job, cx);
        }
        for (&job, waiting) in &self.consulting {
            for &member in waiting {
                send(cx, member, ToProxy::PullTable { job });
            }
        }
    }

    /// Gives up the parts of targets that are no longer the members they were when the job was started.
    ///
    /// The other members are consulted first: one of them may have heard of the part's end before the target was left
    /// out. From then on none takes note of an end from such a target, so what they agree on stays.
    pub(super) fn give_up_gone(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(listener) = self.table.running_entry(job) else {
            self.consulting.remove(&job);
            return;
        };
        let gone: Vec<DaemonId> = listener.active().filter(|&target| self.is_gone(target, &listener.sources)).collect();
        if gone.is_empty() {
            self.consulting.remove(&job);
        } else if cx.config().policies.map_change == MapChange::AbortsHere {
            self.abort_here(job, cx);
        } else {
            let others: BTreeSet<DaemonId> = self.others().collect();
            let waiting = self.consulting.entry(job).or_insert_with(|| others.clone());
            waiting.retain(|member| others.contains(member));
            if waiting.is_empty() {
                self.lose_parts(job, &gone, cx);
            }
        }
    }

    /// A member has been consulted: it goes by that map, and what it knew has been taken over.
    pub(super) fn consulted(&mut self, member: DaemonId, job: XactId, by: Version, cx: &mut Context<'_>) {
        if by < self.map.version() {
            return;
        }
        if let Some(waiting) = self.consulting.get_mut(&job) {
            waiting.remove(&member);
            self.give_up_gone(job, cx);
        }
    }

    /// Another member has had a job and pruned it: what is left of it here is old.
    pub(in crate::xaction) fn told_pruned(&mut self, member: DaemonId, job: XactId, cx: &mut Context<'_>) {
        self.asked(member, job, cx);
        if self.consulting.remove(&job).is_some() {
            cx.reach(mark::PRUNED_ELSEWHERE);
            self.table.drop_running(job);
        }
    }

    /// Whether a target is not, or not any more, the member it was when these targets were chosen. A map older than
    /// that cannot tell.
    pub(super) fn is_gone(&self, target: DaemonId, sources: &Sources) -> bool {
        let chosen = sources.as_of();
        let left = || self.map.member(target).is_none_or(|member| member.since > chosen);
        chosen != Version::default() && chosen < self.map.version() && left()
    }

    fn lose_parts(&mut self, job: XactId, gone: &[DaemonId], cx: &mut Context<'_>) {
        cx.reach(mark::TARGET_GONE);
        self.consulting.remove(&job);
        for &target in gone {
            self.mark(target, job, Snap::Aborted(XactError::LeftCluster), cx);
        }
    }

    /// The published way: the job is over here, and nobody is told.
    fn abort_here(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(listener) = self.table.running_mut(job) else { return };
        listener.aborted = true;
        listener.end_time = Some(cx.stamp());
        let status = listener.status();
        self.table.finish(job);
        cx.fact(Fact::JobAborted { job });
        cx.fact(Fact::JobEnded { job, status });
        super::keep_for_retention(job, cx);
    }

    /// This proxy is a member from now on: it asks the others for what they know, and is asked.
    fn staffed(&mut self, cx: &mut Context<'_>) {
        cx.reach(mark::STAFFED);
        self.start(cx);
        if cx.config().policies.table_sync == TableSync::Periodic {
            self.sync(cx);
        }
    }

    /// This proxy is no member any more: what it knows is left to those who are.
    fn unstaffed(&mut self, cx: &mut Context<'_>) {
        cx.disarm(MemberTimer::Housekeep.into());
        cx.disarm(MemberTimer::Sync.into());
        let asked: Vec<XactId> = self.asks.keys().copied().collect();
        for job in asked {
            self.conclude(job, Err(QueryError::BadGateway), cx);
        }
        if cx.config().policies.table_sync == TableSync::Periodic {
            let table = self.bundle();
            for member in self.others() {
                send(cx, member, ToProxy::MergeTable { table: Arc::clone(&table) });
            }
            self.table.clear();
            self.consulting.clear();
        }
    }
}
