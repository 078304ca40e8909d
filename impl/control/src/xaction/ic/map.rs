//! What a new cluster map means for the Information Center: who is a member, what it goes on with, and which parts are lost
//! with their targets.
//!
//! Members that agree on a map freeze while they do: they confirm no registration and no end. They go on with what enough of
//! the members before them knew, all with the same, so that a part whose target is gone has one end for all of them.
//! Source: `reference/aistore-information-center.md` sections 7 (Smap change) and 11 (staffing).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ledger::{Bundle, Waiting};
use super::{Ic, Listener};
use crate::xaction::fact::Fact;
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::membership::{ClusterMsg, Smap, Version};
use crate::xaction::message::ToProxy;
use crate::xaction::policy::{MapChange, TableSync};
use crate::xaction::sources::Sources;
use crate::xaction::timer::MemberTimer;
use crate::xaction::{Context, mark, send};

impl Ic {
    /// Another map is agreed on from now on.
    pub(in crate::xaction) fn map_changed(&mut self, map: &Smap, cx: &mut Context<'_>) {
        let was_member = self.is_member();
        self.map = map.clone();
        match (was_member, self.is_member()) {
            (false, true) => self.staffed(cx),
            (true, false) => self.unstaffed(cx),
            (false, false) | (true, true) => (),
        }
        if super::agrees(cx) {
            self.give_up_asks(cx);
        } else {
            self.look_for_gone(cx);
        }
    }

    /// The process starts under that map; what was kept says how far it had come.
    pub(in crate::xaction) fn restart(&mut self, map: &Smap) {
        self.map = map.clone();
    }

    /// Another map is accepted: while it is not settled, this member confirms nothing.
    pub(in crate::xaction) fn map_accepted(&mut self, map: &Smap) {
        if self.accepted != *map {
            self.accepted = map.clone();
        }
    }

    /// Whether this member cannot speak for the Information Center now: the members are changing, or it has missed that they
    /// have.
    pub(super) fn is_frozen(&self, cx: &Context<'_>) -> bool {
        super::agrees(cx) && (self.accepted != self.map || self.entered != self.map.version())
    }

    /// Takes over what another member knew under the map before.
    pub(in crate::xaction) fn absorb(&mut self, known: &Bundle, cx: &mut Context<'_>) {
        for job in known.buried.iter() {
            self.bury(job, cx);
        }
        for (job, theirs) in &known.jobs {
            let mine = self.table.running_entry(*job);
            if known.by >= self.view && mine.is_some_and(|mine| mine.sources != theirs.sources) {
                cx.reach(mark::OTHERS_FIRST);
                self.table.drop_running(*job);
            }
            self.join(*job, theirs, cx);
        }
    }

    /// Takes over what members reported for a proposal, those that go by the latest map first.
    ///
    /// Who missed a change of the map, this one included, may have been down for so long that the others have forgotten jobs it
    /// knows, tombstones and all. Of what those who did not miss it do not have, it is not believed.
    pub(in crate::xaction) fn collect(&mut self, mut reported: Vec<Arc<Bundle>>, cx: &mut Context<'_>) {
        reported.sort_by_key(|known| Reverse(known.by));
        let latest = reported.iter().map(|known| known.by).max().unwrap_or_default().max(self.view);
        if self.view < latest {
            let current = reported.iter().filter(|known| known.by == latest).flat_map(|known| &known.jobs);
            let carried = current.map(|(job, _)| *job).collect();
            self.forget_others(&carried, cx);
        }
        for known in reported {
            let mut known = Bundle::clone(&known);
            if known.by < latest {
                known.jobs.retain(|(job, _)| self.table.entry(*job).is_some());
            }
            self.absorb(&known, cx);
        }
    }

    /// Forgets the jobs that are not carried on: never confirmed, or over and pruned.
    fn forget_others(&mut self, carried: &BTreeSet<XactId>, cx: &mut Context<'_>) {
        let others: Vec<(XactId, bool)> = self
            .table
            .iter()
            .filter(|(job, listener)| !carried.contains(job) && listener.sources.as_of() < self.map.version())
            .map(|(job, listener)| (job, listener.end_time.is_some()))
            .collect();
        for (job, over) in others {
            cx.reach(mark::NOT_CARRIED);
            if over {
                self.prune(job, cx);
            } else {
                self.table.drop_running(job);
            }
        }
    }

    /// Makes durable what was taken over for a proposal.
    pub(in crate::xaction) fn load(&mut self, version: Version, cx: &mut Context<'_>) {
        self.keep(Waiting::Loaded(version), cx);
    }

    /// Goes on under the settled map, with what all its members go on with.
    ///
    /// What is not in it was never confirmed, or is over and pruned. A part whose target is gone stands as it says there.
    pub(in crate::xaction) fn enter(&mut self, known: &Bundle, cx: &mut Context<'_>) {
        if !self.is_member() || self.view == self.map.version() {
            return;
        }
        self.absorb(known, cx);
        self.view = self.map.version();
        self.seals.clear();
        let theirs: BTreeMap<XactId, &Listener> =
            known.jobs.iter().map(|(job, listener)| (*job, &**listener)).collect();
        self.forget_others(&theirs.keys().copied().collect(), cx);
        let running: Vec<XactId> = self.table.running().map(|(job, _)| job).collect();
        for job in running {
            let listener = self.table.running_entry(job).expect("listed just now");
            let sources = listener.sources.iter().copied();
            let gone: Vec<DaemonId> = sources.filter(|&target| self.is_gone(target, &listener.sources)).collect();
            let listener = self.table.running_mut(job).expect("listed just now");
            for target in gone {
                listener.stand_as(target, theirs.get(&job).copied());
            }
        }
        self.keep(Waiting::Entered(self.view), cx);
    }

    /// What it goes on with is durable: it speaks for the Information Center again.
    pub(in crate::xaction) fn entered(&mut self, version: Version, cx: &mut Context<'_>) {
        if version == self.view {
            self.entered = version;
            self.go_on(cx);
        }
    }

    /// Looks at every job anew.
    pub(super) fn go_on(&mut self, cx: &mut Context<'_>) {
        self.look_for_gone(cx);
        let running: Vec<XactId> = self.table.running().map(|(job, _)| job).collect();
        for job in running {
            if self.table.running_entry(job).is_some_and(|listener| listener.aborted) {
                self.abort_again(job, cx);
            }
            self.settle(job, cx);
        }
    }

    /// Asks the primary for what it missed, if it did.
    pub(in crate::xaction) fn catch_up(&mut self, cx: &mut Context<'_>) {
        if !super::agrees(cx) || !self.is_member() || self.view == self.map.version() {
            return;
        }
        cx.reach(mark::STALE);
        if self.map.primary() == self.me {
            let own = self.bundle();
            self.enter(&own, cx);
        } else {
            send(cx, self.map.primary(), ClusterMsg::PullMap);
        }
    }

    /// Looks whether running jobs have lost targets.
    pub(super) fn look_for_gone(&mut self, cx: &mut Context<'_>) {
        let running: Vec<XactId> = self.table.running().map(|(job, _)| job).collect();
        for job in running {
            self.give_up_gone(job, cx);
        }
    }

    /// Gives up the parts of targets that are no longer the members they were when the job was started.
    pub(super) fn give_up_gone(&mut self, job: XactId, cx: &mut Context<'_>) {
        if super::agrees(cx) && self.view != self.map.version() {
            return;
        }
        let Some(listener) = self.table.running_entry(job) else { return };
        let gone: Vec<DaemonId> = listener.active().filter(|&target| self.is_gone(target, &listener.sources)).collect();
        if gone.is_empty() {
            return;
        }
        cx.reach(mark::TARGET_GONE);
        match cx.config().policies.map_change {
            MapChange::AbortsHere => self.abort_here(job, cx),
            MapChange::LosesParts => {
                let listener = self.table.running_mut(job).expect("it was there just now");
                for target in gone {
                    listener.lose(target);
                    cx.disarm(MemberTimer::Tardy(job, target).into());
                }
                self.abort(job, cx);
                self.settle(job, cx);
            }
        }
    }

    /// Whether a target is not, or not any more, the member it was when these targets were chosen. A map older than
    /// that cannot tell.
    pub(super) fn is_gone(&self, target: DaemonId, sources: &Sources) -> bool {
        is_gone_by(&self.map, target, sources)
    }

    /// Whether a target's word on its part counts: not when it is gone, nor while the members agree that it be.
    pub(super) fn counts(&self, target: DaemonId, sources: &Sources) -> bool {
        !self.is_gone(target, sources) && (self.accepted == self.map || !is_gone_by(&self.accepted, target, sources))
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

    /// This proxy is a member from now on. Where nobody hands it what the others know, it asks them, and is asked.
    fn staffed(&mut self, cx: &mut Context<'_>) {
        cx.reach(mark::STAFFED);
        self.start(cx);
        if !super::agrees(cx) && cx.config().policies.table_sync == TableSync::Periodic {
            self.sync(cx);
        }
    }

    /// This proxy is no member any more: what it knows is left to those who are.
    fn unstaffed(&mut self, cx: &mut Context<'_>) {
        for timer in [MemberTimer::Housekeep, MemberTimer::Sync, MemberTimer::Keep] {
            cx.disarm(timer.into());
        }
        self.give_up_asks(cx);
        if super::agrees(cx) {
            self.table.clear();
            self.seals.clear();
            self.keep_some_time(cx);
        } else if cx.config().policies.table_sync == TableSync::Periodic {
            let (by, table) = (self.map.version(), self.shared_table());
            for member in self.others() {
                send(cx, member, ToProxy::MergeTable { by, table: Arc::clone(&table) });
            }
            self.table.clear();
        }
    }
}

fn is_gone_by(map: &Smap, target: DaemonId, sources: &Sources) -> bool {
    let chosen = sources.as_of();
    let is_told = chosen != Version::default() && chosen <= map.version();
    is_told && map.member(target).is_none_or(|member| member.since > chosen)
}
