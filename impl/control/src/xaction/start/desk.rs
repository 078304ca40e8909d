//! A target's front desk: looks, registers, and keeps what was begun until it is committed or given up.

use quiesce_machine::Rename;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Hosting, Manner, Refused};
use crate::xaction::bucket::Bucket;
use crate::xaction::buckets::BucketError;
use crate::xaction::fact::Fact;
use crate::xaction::job::{Snap, Work, XactError};
use crate::xaction::policy::{Admission, StartedElsewhere, TransactionAbort};
use crate::xaction::registry::{AbortFilter, Action, Cause, Phase, Registry, RenewRefused, Renewal};
use crate::xaction::sources::Sources;
use crate::xaction::timer::TargetTimer;
use crate::xaction::{Context, DaemonId, Kind, XactId, mark};

/// A target's registry, and the starts that are not through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct Desk {
    pub(in crate::xaction) registry: Registry,
    waiting: BTreeMap<XactId, Waiting>,
}

/// A start that is not through.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
struct Waiting {
    kind: Kind,
    manner: Arc<Manner>,
    purpose: Purpose,
    stage: Stage,
    askers: BTreeSet<DaemonId>,
}

/// What a start is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub(in crate::xaction) enum Purpose {
    /// Phase one of two: to be registered and kept.
    Begin,
    /// To be worked on.
    Work(Work, Sources),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
enum Stage {
    /// May look so many times more.
    Looking(u8),
    /// Has looked, and is about to be registered.
    Registering,
}

/// What became of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::xaction) enum Admitted {
    /// A timer will tell.
    Later,
    /// It is in the registry: tell them, and work if that is what it is for.
    In { kind: Kind, purpose: Purpose, askers: BTreeSet<DaemonId> },
    /// It is not, but those who asked are told that it is: what runs will do.
    Elsewhere { askers: BTreeSet<DaemonId> },
    /// It is refused.
    Refused { askers: BTreeSet<DaemonId>, why: Refused },
    /// This one has to end first.
    MakeRoom(XactId),
}

impl Desk {
    /// What runs here and what ran.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Whether that start is not through.
    pub(in crate::xaction) fn is_waiting(&self, job: XactId) -> bool {
        self.waiting.contains_key(&job)
    }

    /// Whether that job was begun here and waits for its commit.
    pub(in crate::xaction) fn has_begun(&self, job: XactId) -> bool {
        self.registry.entry(job).is_some_and(|entry| entry.phase == Phase::Begun)
    }

    /// Somebody asks for a start; nobody, if the target itself wants it.
    pub(in crate::xaction) fn asked(
        &mut self,
        job: XactId,
        kind: Kind,
        manner: Arc<Manner>,
        purpose: Purpose,
        asker: Option<DaemonId>,
        cx: &mut Context<'_>,
    ) -> Admitted {
        if let Some(waiting) = self.waiting.get_mut(&job) {
            waiting.askers.extend(asker);
            return Admitted::Later;
        }
        let stage = Stage::Looking(hosting(cx).looks);
        let askers = BTreeSet::from_iter(asker);
        self.waiting.insert(job, Waiting { kind, manner, purpose, stage, askers });
        self.look(job, cx)
    }

    /// The start's timer fired.
    pub(in crate::xaction) fn again(&mut self, job: XactId, cx: &mut Context<'_>) -> Admitted {
        match self.waiting.get(&job).map(|waiting| waiting.stage) {
            Some(Stage::Looking(_)) => self.look(job, cx),
            Some(Stage::Registering) => self.register(job, cx),
            None => Admitted::Later,
        }
    }

    /// Looks whether it may start now.
    fn look(&mut self, job: XactId, cx: &mut Context<'_>) -> Admitted {
        let conflict = self.conflict(job, cx);
        let waiting = self.waiting.get_mut(&job).expect("only a start that waits looks");
        let Stage::Looking(left) = &mut waiting.stage else { unreachable!("{job} has looked") };
        let Err(conflict) = conflict else {
            waiting.stage = Stage::Registering;
            cx.arm(TargetTimer::Admit(job).into(), hosting(cx).register_after);
            return Admitted::Later;
        };
        *left = left.saturating_sub(1);
        if *left == 0 {
            cx.reach(mark::CONFLICT);
            return self.refuse(job, conflict);
        }
        cx.arm(TargetTimer::Admit(job).into(), hosting(cx).look_again);
        Admitted::Later
    }

    fn conflict(&self, job: XactId, cx: &Context<'_>) -> Result<(), Refused> {
        let waiting = &self.waiting[&job];
        let action = Action::Start(waiting.manner.ask(job, waiting.kind), waiting.manner.origin);
        Ok(self.registry.coexist(&action, &cx.config().policies)?)
    }

    /// Registers what was allowed to start when it looked.
    fn register(&mut self, job: XactId, cx: &mut Context<'_>) -> Admitted {
        let policies = &cx.config().policies;
        if policies.admission == Admission::AtRegistration
            && let Err(conflict) = self.conflict(job, cx)
        {
            cx.reach(mark::CONFLICT_SINCE);
            return self.refuse(job, conflict);
        }
        let waiting = &self.waiting[&job];
        let ask = waiting.manner.ask(job, waiting.kind);
        match self.registry.renew(&ask, policies, &hosting(cx).limits) {
            Ok(Renewal::New) => self.admit(job, cx),
            Ok(Renewal::Use(prev)) if prev == job => self.admit(job, cx),
            Ok(Renewal::AbortFirst(prev)) => {
                cx.arm(TargetTimer::Admit(job).into(), hosting(cx).make_room);
                Admitted::MakeRoom(prev)
            }
            Ok(Renewal::Use(prev)) => self.uses(job, prev, cx),
            Err(RenewRefused::UsePrev(prev)) if matches!(waiting.kind, Kind::Lru | Kind::CleanupStore) => {
                self.uses(job, prev, cx)
            }
            Err(why) => self.refuse(job, why),
        }
    }

    /// A bucket is gone: starts on it that are not through are refused.
    pub(in crate::xaction) fn refuse_on(&mut self, gone: Bucket, cx: &mut Context<'_>) -> Vec<(XactId, Admitted)> {
        let on = |waiting: &Waiting| [waiting.manner.from, waiting.manner.to].contains(&Some(gone));
        let jobs: Vec<XactId> = self.waiting.iter().filter(|(_, waiting)| on(waiting)).map(|(&job, _)| job).collect();
        let refused = |job| {
            cx.disarm(TargetTimer::Admit(job).into());
            (job, self.refuse(job, BucketError::NotThere(gone.name)))
        };
        jobs.into_iter().map(refused).collect()
    }

    /// What runs will do; whether those who asked learn that it goes by another id is a policy.
    fn uses(&mut self, job: XactId, prev: XactId, cx: &mut Context<'_>) -> Admitted {
        match cx.config().policies.started_elsewhere {
            StartedElsewhere::Silent => {
                let Waiting { askers, .. } = self.waiting.remove(&job).expect("only a start that waits ends");
                Admitted::Elsewhere { askers }
            }
            StartedElsewhere::Said => {
                cx.reach(mark::RUNS_ALREADY);
                self.refuse(job, RenewRefused::UsePrev(prev))
            }
        }
    }

    fn admit(&mut self, job: XactId, cx: &mut Context<'_>) -> Admitted {
        let Waiting { kind, manner, purpose, askers, .. } =
            self.waiting.remove(&job).expect("only a start that waits ends");
        self.registry.note_start(job, cx.stamp());
        cx.fact(Fact::XactRegistered { job, kind, manner: *manner });
        if purpose == Purpose::Begin {
            cx.arm(TargetTimer::Transaction(job).into(), hosting(cx).transaction);
        }
        Admitted::In { kind, purpose, askers }
    }

    fn refuse(&mut self, job: XactId, why: impl Into<Refused>) -> Admitted {
        let Waiting { askers, .. } = self.waiting.remove(&job).expect("only a start that waits ends");
        Admitted::Refused { askers, why: why.into() }
    }

    /// The start is called off, or what was begun is not committed. A rename that was begun is left alone by the published
    /// targets.
    pub(in crate::xaction) fn give_up(&mut self, job: XactId, cx: &mut Context<'_>) {
        if self.waiting.remove(&job).is_some() {
            cx.disarm(TargetTimer::Admit(job).into());
        }
        if !self.has_begun(job) {
            return;
        }
        let policies = &cx.config().policies;
        let rename = self.registry.entry(job).is_some_and(|entry| entry.kind == Kind::MoveBck);
        if rename && policies.transaction_abort == TransactionAbort::LeavesRename {
            return;
        }
        cx.reach(mark::BEGUN_GIVEN_UP);
        cx.disarm(TargetTimer::Transaction(job).into());
        self.registry.abort(AbortFilter::Id(job), Cause::Transaction, policies);
        self.finish(job, cx);
    }

    /// A job that is told to stop, and has nothing here that works: it was begun and not committed, and ends.
    pub(in crate::xaction) fn end_begun(&mut self, job: XactId, cx: &mut Context<'_>) {
        if self.registry.entry(job).is_some_and(|entry| entry.phase == Phase::Stopping) {
            cx.reach(mark::BEGUN_GIVEN_UP);
            cx.disarm(TargetTimer::Transaction(job).into());
            self.finish(job, cx);
        }
    }

    /// The xaction has begun to work.
    pub(in crate::xaction) fn run(&mut self, job: XactId, cx: &mut Context<'_>) {
        if self.has_begun(job) {
            cx.disarm(TargetTimer::Transaction(job).into());
            self.registry.run(job);
        }
    }

    /// The xaction is told to stop.
    pub(in crate::xaction) fn stop(&mut self, job: XactId, snap: Snap, cx: &mut Context<'_>) {
        let cause = match snap {
            Snap::Aborted(XactError::Renewed) => Cause::Renewal,
            Snap::Aborted(XactError::IcAbort) => Cause::Ic,
            Snap::Aborted(XactError::UserAbort) => Cause::User,
            Snap::Running | Snap::Finished | Snap::Failed(_) | Snap::Aborted(_) => Cause::Itself,
        };
        self.registry.abort(AbortFilter::Id(job), cause, &cx.config().policies);
        self.has_ended(job, cx);
    }

    /// The xaction has ended.
    pub(in crate::xaction) fn finish(&mut self, job: XactId, cx: &mut Context<'_>) {
        if !self.has_begun(job) && self.registry.finish(job) {
            self.has_ended(job, cx);
        }
    }

    /// What follows an end, if it has ended.
    pub(in crate::xaction) fn has_ended(&mut self, job: XactId, cx: &mut Context<'_>) {
        self.registry.note_end(job, cx.stamp());
        if let Some(entry) = self.registry.entry(job).filter(|entry| entry.is_finished()) {
            cx.arm(TargetTimer::Ripen(job).into(), Registry::ripens_after(entry));
        }
    }

    /// The process starts.
    pub(in crate::xaction) fn start(&mut self, cx: &mut Context<'_>) {
        if cx.config().hosting.is_some_and(|hosting| hosting.prune.is_some()) {
            self.prune_active(cx);
            self.prune_history(cx);
        }
    }

    pub(in crate::xaction) fn prune_active(&mut self, cx: &mut Context<'_>) {
        self.registry.prune_active();
        if let Some(prune) = hosting(cx).prune {
            cx.arm(TargetTimer::PruneActive.into(), prune);
        }
    }

    pub(in crate::xaction) fn prune_history(&mut self, cx: &mut Context<'_>) {
        let again = self.registry.prune_history(&hosting(cx).limits);
        cx.arm(TargetTimer::PruneHistory.into(), again);
    }
}

fn hosting(cx: &Context<'_>) -> Hosting {
    cx.config().hosting.expect("only a target with a registry has starts that wait")
}
