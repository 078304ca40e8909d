//! How a target's jobs pace themselves, and what it starts by itself: eviction and cleanup when space is short, a resilver
//! when its disks have changed, and a kind that comes round. What cannot start now is asked for again.

use std::sync::Arc;

use super::{Phase, Target};
use crate::xaction::fact::Fact;
use crate::xaction::job::{Ending, Snap, Work, XactError};
use crate::xaction::load::{SLICES, Watermarks, is_paced};
use crate::xaction::registry::Origin;
use crate::xaction::sources::Sources;
use crate::xaction::start::{Manner, Purpose};
use crate::xaction::timer::TargetTimer;
use crate::xaction::{Context, Kind, XactId, mark};

/// How long what a target starts by itself takes at full speed.
const CHORE: std::time::Duration = std::time::Duration::from_secs(5);

impl Target {
    /// The process starts: it looks at its disks now and then, and starts what comes round.
    pub(super) fn load_start(&mut self, cx: &mut Context<'_>) {
        self.period_begins(cx);
        let Some(marks) = marks(cx) else { return };
        if self.xacts.values().any(|xact| xact.kind == Kind::Resilver && !matches!(xact.phase, Phase::Ended(_))) {
            self.chores.insert(Kind::Resilver);
        }
        cx.arm(TargetTimer::Look.into(), marks.look);
    }

    /// Users and operators make this of the disks from now on.
    pub(super) fn set_load(&mut self, users: u8, used: u8, mountpaths: u8, cx: &mut Context<'_>) {
        let before = std::mem::replace(&mut self.disks.mountpaths, mountpaths);
        if before != 0 && before != mountpaths {
            self.chores.insert(Kind::Resilver);
        }
        (self.disks.users, self.disks.used) = (users, used);
        self.do_chores(cx);
    }

    /// Time to look at the disks.
    pub(super) fn look_at_disks(&mut self, cx: &mut Context<'_>) {
        let Some(marks) = marks(cx) else { return };
        self.refresh_capacity(&marks, cx);
        self.do_chores(cx);
        cx.arm(TargetTimer::Look.into(), marks.look);
    }

    /// A period is over: what comes round is started, now or when it next can.
    pub(super) fn comes_round(&mut self, cx: &mut Context<'_>) {
        let periodic = cx.config().hosting.and_then(|hosting| hosting.periodic);
        self.chores.extend(periodic.map(|periodic| periodic.kind));
        self.do_chores(cx);
        self.period_begins(cx);
    }

    fn period_begins(&self, cx: &mut Context<'_>) {
        if let Some(periodic) = cx.config().hosting.and_then(|hosting| hosting.periodic) {
            cx.arm(TargetTimer::Period.into(), periodic.every);
        }
    }

    fn refresh_capacity(&mut self, marks: &Watermarks, cx: &mut Context<'_>) {
        self.disks.known = self.disks.used;
        cx.fact(Fact::CapacityKnown { used: self.disks.known });
        if self.disks.known >= marks.evict_from {
            self.chores.insert(Kind::Lru);
        }
        if self.disks.known >= marks.out_of_space {
            self.chores.insert(Kind::CleanupStore);
        }
    }

    /// Starts what is to be started, if it may.
    fn do_chores(&mut self, cx: &mut Context<'_>) {
        for kind in self.chores.clone() {
            let runs = |xact: &super::Xact| xact.kind == kind && !matches!(xact.phase, Phase::Ended(_));
            if self.xacts.values().any(runs) {
                continue;
            }
            let job = self.free_id(kind);
            if !self.desk.is_waiting(job) {
                cx.reach(mark::CHORE);
                let work = Work { takes: CHORE, ends: Ending::Finishes };
                let manner = Arc::new(Manner { origin: Origin::Automatic, ..Manner::default() });
                let purpose = Purpose::Work(work, Sources::one(self.membership.map(), self.me));
                let admitted = self.desk.asked(job, kind, manner, purpose, None, cx);
                self.admitted(job, admitted, cx);
            }
        }
    }

    /// Arms the next slice of a job that paces itself, or goes through phases; says whether there is one.
    pub(super) fn next_slice(&mut self, job: XactId, cx: &mut Context<'_>) -> bool {
        let Some(marks) = marks(cx) else { return self.next_phase(job, cx) };
        let others = self.xacts.iter().filter(|&(&other, xact)| other != job && xact.is_at_work());
        let busy = self.disks.utilisation(others.map(|(_, xact)| xact.pace));
        let (users, used) = (self.disks.users, self.disks.used);
        let Some(xact) = self.xacts.get_mut(&job).filter(|xact| is_paced(xact.kind) && xact.slices > 0) else {
            return false;
        };
        let Phase::Running(work) = xact.phase else { return false };
        let urgent = xact.kind == Kind::Lru && used >= marks.out_of_space;
        xact.pace = if urgent { 1 } else { marks.pace(busy) };
        xact.slices -= 1;
        cx.fact(Fact::Paced { job, users, pace: xact.pace, urgent });
        cx.arm(TargetTimer::Work(job).into(), work.takes * u32::from(xact.pace) / u32::from(SLICES));
        true
    }

    /// A slice of eviction has freed some space; what is left of it if it is enough.
    pub(super) fn slice_done(&mut self, job: XactId, cx: &Context<'_>) {
        let (Some(marks), Some(xact)) = (marks(cx), self.xacts.get_mut(&job)) else { return };
        if xact.kind == Kind::Lru {
            self.disks.evict();
            let enough = self.disks.used <= marks.evict_to;
            xact.slices = if enough { 0 } else { xact.slices.max(1) };
        }
    }

    /// A job has ended: it has written something, and perhaps the capacity is looked at. A resilver that was cut short is
    /// still wanted, unless a user stopped it.
    pub(super) fn load_after(&mut self, kind: Kind, end: Snap, cx: &mut Context<'_>) {
        let wanted = matches!(end, Snap::Aborted(error) if error != XactError::UserAbort);
        if kind != Kind::Resilver || !wanted {
            self.chores.remove(&kind);
        }
        let Some(marks) = marks(cx) else { return };
        if kind.descriptor().refresh_cap {
            self.disks.fill();
            self.refresh_capacity(&marks, cx);
            self.do_chores(cx);
        }
    }

    /// How many times longer a piece of mirroring takes while its channel is full.
    pub(super) fn channel_pace(&self, host: XactId, cx: &Context<'_>) -> u32 {
        let entry = self.desk.registry.entry(host).filter(|entry| entry.kind == Kind::PutCopies);
        let full = |pending: u8| marks(cx).is_some_and(|marks| pending > marks.channel);
        if entry.is_some_and(|entry| full(entry.pending)) { 2 } else { 1 }
    }
}

fn marks(cx: &Context<'_>) -> Option<Watermarks> {
    cx.config().hosting.and_then(|hosting| hosting.load)
}
