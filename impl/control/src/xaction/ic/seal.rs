//! When a member may say that a job has ended.
//!
//! Targets come and go, and so do members. What one member has heard of a target's end dies with the member, and whoever is
//! left has to call the part lost once the target is gone too. So nobody says how a job ended before more than half of the
//! members know it durably: those who agree on the next map ask enough of them to hear of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ledger::Waiting;
use super::{Ic, Listener};
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::membership::Version;
use crate::xaction::message::ToProxy;
use crate::xaction::policy::{Merge, Verdict};
use crate::xaction::timer::MemberTimer;
use crate::xaction::{Context, mark, send};

impl Ic {
    /// Whether the end of a job takes the agreement of more than half of the members.
    pub(super) fn seals(cx: &Context<'_>) -> bool {
        super::agrees(cx) && cx.config().policies.verdict == Verdict::Majority
    }

    /// Every part of a job has ended: makes that durable, to tell the others.
    pub(super) fn seal(&mut self, job: XactId, cx: &mut Context<'_>) {
        if self.is_frozen(cx) || self.seals.get(&job).is_some_and(|known| known.contains(&self.me)) {
            return;
        }
        self.seals.entry(job).or_default();
        self.keep(Waiting::Sealed(job), cx);
    }

    /// How a job ended is durable here: the others are told.
    pub(in crate::xaction) fn sealed_here(&mut self, job: XactId, cx: &mut Context<'_>) {
        let ended = self.table.running_entry(job).is_some_and(Listener::all_ended);
        if !ended || self.is_frozen(cx) {
            return;
        }
        if self.seals.entry(job).or_default().insert(self.me) {
            self.say_sealed(job, false, self.others().collect(), cx);
            cx.arm(MemberTimer::Seal(job).into(), cx.config().timing.repeat);
            self.end_if_enough_know(job, cx);
        }
    }

    /// Another member knows how a job ended, durably.
    pub(in crate::xaction) fn sealed(
        &mut self,
        member: DaemonId,
        job: XactId,
        by: Version,
        theirs: &Listener,
        answer: bool,
        cx: &mut Context<'_>,
    ) {
        if self.is_frozen(cx) || by != self.view {
            return;
        }
        if self.table.is_buried(job) {
            return if answer {
                send(cx, member, ToProxy::Pruned { job, by })
            };
        }
        match self.table.entry_mut(job) {
            None => self.take_up(job, theirs.clone().reopened(), cx),
            Some(mine) => mine.merge(theirs, Merge::Join),
        }
        let mine = self.table.entry(job).expect("it is in the table now");
        if mine.end_time.is_some() {
            if answer {
                self.say_sealed(job, false, [member].into(), cx);
            }
            return;
        }
        if mine.same_parts(theirs) {
            self.seals.entry(job).or_default().insert(member);
        }
        self.settle(job, cx);
        if answer && self.seals.get(&job).is_some_and(|known| known.contains(&self.me)) {
            self.say_sealed(job, false, [member].into(), cx);
        }
        self.end_if_enough_know(job, cx);
    }

    /// Another member has said long ago how a job ended, and forgotten it.
    pub(in crate::xaction) fn told_pruned(&mut self, job: XactId, by: Version, cx: &mut Context<'_>) {
        if by == self.view && self.table.running_entry(job).is_some() {
            cx.reach(mark::PRUNED_ELSEWHERE);
            self.table.drop_running(job);
            self.seals.remove(&job);
            self.bury(job, cx);
            self.keep_some_time(cx);
        }
    }

    /// Asks those who have not said that they know.
    pub(super) fn seal_again(&mut self, job: XactId, cx: &mut Context<'_>) {
        if self.is_frozen(cx) || self.table.running_entry(job).is_none() {
            return;
        }
        let Some(known) = self.seals.get(&job).filter(|known| known.contains(&self.me)) else { return };
        let silent = self.others().filter(|member| !known.contains(member)).collect();
        self.say_sealed(job, true, silent, cx);
        cx.arm(MemberTimer::Seal(job).into(), cx.config().timing.repeat);
    }

    fn say_sealed(&self, job: XactId, answer: bool, to: BTreeSet<DaemonId>, cx: &mut Context<'_>) {
        let Some(listener) = self.table.entry(job) else { return };
        let (by, listener) = (self.view, Arc::new(listener.encoded().reopened()));
        for member in to {
            send(cx, member, ToProxy::Sealed { job, by, listener: Arc::clone(&listener), answer });
        }
    }

    fn end_if_enough_know(&mut self, job: XactId, cx: &mut Context<'_>) {
        let enough = self.seals.get(&job).is_some_and(|known| known.contains(&self.me) && self.map.is_enough(known));
        if enough && self.table.running_entry(job).is_some_and(Listener::all_ended) {
            cx.reach(mark::SEALED);
            cx.disarm(MemberTimer::Seal(job).into());
            self.seals.remove(&job);
            self.end(job, cx);
        }
    }
}
