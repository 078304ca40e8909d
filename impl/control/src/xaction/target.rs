//! A storage node: runs its part of each job and tells the Information Center when it ends.
//!
//! What may start is the registry's business, where the target has one (`start`, `registry`).
//! Source: `reference/aistore-information-center.md` section 6.

mod ask;
mod barrier;
mod buckets;
mod demand;
mod host;
mod load;
mod lock;
mod manager;
mod part;
mod rebalance;
mod report;
mod sort;
mod tell;

use quiesce_machine::{CallId, Event, Incarnation, OpId, Rename, StoreError, Write};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::config::Config;
use super::fact::Fact;
use super::id::{DaemonId, XactId};
use super::job::{Ending, Snap, Work, XactError};
use super::kind::Kind;
use super::load::Disks;
use super::membership::{ClusterMsg, Due, Flags, Membership, Smap, Version};
use super::message::{Msg, ToClient, ToProxy, ToTarget};
use super::policy::{StopUnknown, XactRecord};
use super::rebalance::{Marker, Mode, RebEnd, Rebalance};
use super::record::{PartRecord, Record};
use super::reporting::News;
use super::sources::Sources;
use super::start::{Desk, Manner};
use super::timer::{TargetTimer, Timer};
use super::user::{Reply, Request};
use super::{Context, Node, mark, send};
use part::{Phase, Xact, answer_starters, progress_later};

/// A target's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub struct Target {
    me: DaemonId,
    life: Incarnation,
    xacts: BTreeMap<XactId, Xact>,
    /// Writes under way, and what each makes durable.
    writes: BTreeMap<OpId, (XactId, Snap)>,
    telling: tell::Telling,
    membership: Membership,
    rebalance: Rebalance,
    desk: Desk,
    /// News to be told with the next batch, by job and target.
    gathered: BTreeMap<(XactId, DaemonId), News>,
    /// Work taken and not done, by who handed it over, with the xaction that is to do it.
    pieces: BTreeMap<(DaemonId, CallId), XactId>,
    /// Downloads that have not ended, with the xaction that does them.
    hosted: BTreeMap<XactId, XactId>,
    disks: Disks,
    /// What it is to start by itself.
    chores: BTreeSet<Kind>,
    lock: lock::Lock,
}

impl Target {
    pub(crate) fn new(me: DaemonId, config: &Config) -> Self {
        let membership = Membership::new(me, config);
        Target {
            me,
            life: Incarnation::default(),
            xacts: BTreeMap::new(),
            writes: BTreeMap::new(),
            telling: tell::Telling::default(),
            membership,
            rebalance: Rebalance::default(),
            desk: Desk::default(),
            gathered: BTreeMap::new(),
            pieces: BTreeMap::new(),
            hosted: BTreeMap::new(),
            disks: Disks::default(),
            chores: BTreeSet::new(),
            lock: lock::Lock::default(),
        }
    }

    /// This target's registry, and the starts that are not through.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// This target's part in rebalancing.
    #[must_use]
    pub fn rebalance(&self) -> &Rebalance {
        &self.rebalance
    }

    /// This target's part in membership.
    #[must_use]
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// Whether this target's part of a job is being worked on.
    #[must_use]
    pub fn is_running(&self, job: XactId) -> bool {
        matches!(self.xacts.get(&job), Some(Xact { phase: Phase::Running(_), .. }))
    }

    /// Whether all members have acknowledged how its part of a job ended, and it will know so for good.
    pub(super) fn has_told(&self, job: XactId, config: &Config) -> bool {
        let durable = config.policies.xact_record == XactRecord::Durable && config.timing.history.is_none();
        let writes = self.writes.values().any(|&(written, _)| written == job);
        durable && !writes && self.xacts.get(&job).is_some_and(|xact| xact.told)
    }

    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        if self.membership.is_off() && !matches!(event, Event::Start { .. }) {
            return;
        }
        self.take(event, cx);
        let Due { before, report, action, .. } = self.membership.take_due();
        if let Some(before) = before.filter(|before| before != self.membership.map()) {
            self.map_changed(&before, action, cx);
        }
        if let Some(primary) = report {
            let version = self.membership.accepted().version();
            send(cx, primary, ClusterMsg::MetasyncDone { version, known: None });
        }
        if self.membership.is_going_off() && self.rests() {
            self.membership.switch_off(cx);
        }
    }

    /// Whether every part has ended, durably, and every member has heard of it.
    fn rests(&self) -> bool {
        let rests = |xact: &Xact| matches!(xact.phase, Phase::Ended(_)) && xact.unacknowledged.is_empty();
        self.writes.is_empty() && self.xacts.values().all(rests)
    }

    fn take(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { incarnation, records } => {
                self.membership.start(&records, cx);
                self.recover(incarnation, &records, cx);
                self.rebalance_recover(&records, cx);
                self.load_start(cx);
                self.desk.start(cx);
            }
            Event::Deliver { from, msg: Msg::Cluster(msg) } => {
                let from = cx.config().cluster.daemon(from);
                self.membership.receive(from, msg, cx);
            }
            Event::Deliver { from, msg: Msg::Rebalance(msg) } => {
                let from = cx.config().cluster.daemon(from);
                self.rebalance_told(from, msg, cx);
            }
            Event::Fire { timer: Timer::Rebalance(timer) } => self.rebalance_fire(timer, cx),
            Event::Stored { op, outcome } if Marker::is_its_write(op) => {
                self.rebalance.marker.stored(outcome, cx);
                self.marked(cx);
            }
            Event::Bounce { to, msg: Msg::Cluster(msg) } => {
                let to = cx.config().cluster.daemon(to);
                self.membership.bounced(to, &msg, cx);
            }
            Event::Fire { timer: Timer::Cluster(timer) } => self.membership.fire(timer, cx),
            Event::Stored { op, outcome } if Membership::is_its_write(op) => self.membership.stored(outcome, cx),
            Event::Call { call, request: Request::Load { users, used, mountpaths } } => {
                self.set_load(users, used, mountpaths, cx);
                cx.reply(call, Reply::Changed);
            }
            Event::Call { call, request: Request::Join { via } } => self.membership.join(call, via, cx),
            Event::Deliver { msg: msg @ (Msg::ToClient(_) | Msg::ToProxy(_)), .. } => {
                unreachable!("not for a target: {msg:?}")
            }
            Event::Deliver { from, msg: Msg::ToTarget(msg) } => {
                let from = cx.config().cluster.daemon(from);
                self.receive(from, msg, cx);
            }
            Event::Bounce { msg: Msg::ToTarget(ToTarget::Relay { batch }), .. } => {
                cx.reach(mark::RELAY_DOWN);
                self.tell_members(&batch, cx);
            }
            Event::Bounce { .. } => (),
            Event::Fire { timer: Timer::Target(timer) } => self.fire(timer, cx),
            Event::Fire { timer } => unreachable!("not a target's: {timer:?}"),
            Event::Stored { op, outcome } => self.stored(op, outcome, cx),
            Event::Call { request, .. } => unreachable!("users do not call targets, found {request:?}"),
        }
    }

    /// Goes on by another map: a target that was out of the cluster gives up what it worked on, and news go to the
    /// members there are now.
    fn map_changed(&mut self, before: &Smap, action: Option<Mode>, cx: &mut Context<'_>) {
        let map = self.membership.map().clone();
        let out = match (before.member(self.me), map.member(self.me)) {
            (Some(before), Some(now)) => before.since != now.since || now.flags.contains(Flags::POST_REBALANCE),
            (Some(_), None) | (None, None) => true,
            (None, Some(_)) => false,
        };
        if out {
            self.rebalance_ends(RebEnd::LeftOut, cx);
        }
        self.buckets_by(before, cx);
        let jobs: Vec<XactId> = self.xacts.keys().copied().collect();
        for job in jobs {
            let xact = self.xacts.get_mut(&job).expect("listed just now");
            match xact.phase {
                Phase::Beginning(_) | Phase::Running(_) if out => {
                    cx.reach(mark::WAS_OUT);
                    self.end(job, Snap::Aborted(XactError::LeftCluster), cx);
                }
                Phase::Ended(_) if !xact.unacknowledged.is_empty() => {
                    let heard = |member: &DaemonId| before.is_ic(*member) && !xact.unacknowledged.contains(*member);
                    xact.unacknowledged = map.ic().filter(|member| !heard(member)).collect();
                    self.told_everybody(job, cx);
                }
                Phase::Beginning(_) | Phase::Running(_) | Phase::Ending(_) | Phase::Ended(_) => (),
            }
        }
        self.rebalance_by(&map, action, cx);
    }

    /// What a crash cut short is aborted; what had ended is told again, unless every member was told: those may have pruned
    /// the job since, and would take it up anew.
    fn recover(&mut self, life: Incarnation, records: &[Record], cx: &mut Context<'_>) {
        self.life = life;
        for record in records {
            let Record::Xact(PartRecord { job, kind, sources, snap, told }) = record.clone() else { continue };
            if snap.is_ended() {
                self.xacts.insert(job, Xact { told, ..Xact::new(kind, sources, Phase::Ended(snap)) });
                cx.fact(Fact::XactEnded { job, snap });
                if told {
                    cx.reach(mark::TOLD_BEFORE);
                    self.keep_for_history(job, cx);
                } else {
                    self.notify_all(job, cx);
                }
            } else {
                cx.reach(mark::CUT_SHORT);
                let phase = Phase::Ending(Snap::Aborted(XactError::Restarted));
                self.xacts.insert(job, Xact::new(kind, sources, phase));
                self.record(job, cx);
            }
        }
    }

    fn receive(&mut self, from: DaemonId, msg: ToTarget, cx: &mut Context<'_>) {
        let writes = matches!(msg, ToTarget::StartXact { .. } | ToTarget::BeginXact { .. } | ToTarget::Put { .. });
        if !matches!(msg, ToTarget::NotifyDone { .. }) && self.waits_for_lock(writes, cx) {
            return;
        }
        match msg {
            ToTarget::StartXact { job, kind, work, sources, manner } => {
                self.start((from, job, kind), (work, sources), manner, cx);
            }
            ToTarget::BeginXact { job, kind, manner } => self.host_begin((from, job, kind), manner, cx),
            ToTarget::AbortXact { job, kind, sources } => self.abort(from, job, kind, sources, cx),
            ToTarget::PullSnap { job, settled } => {
                let snap = self.xacts.get(&job).map(|xact| xact.phase.snap());
                let snap = snap.or_else(|| self.passed_over(job, cx));
                send(cx, from, ToProxy::SnapAnswer { job, settled, snap });
            }
            ToTarget::Asked { client, call, question } => {
                let answer = self.answer(&question, cx);
                match from {
                    DaemonId::Client(_) => send(cx, from, ToClient::ListAnswer { call, result: answer }),
                    DaemonId::Proxy(_) | DaemonId::Target(_) => {
                        send(cx, from, ToProxy::Answered { client, call, answer });
                    }
                }
            }
            ToTarget::Put { call, piece } => self.put(from, call, &piece, cx),
            ToTarget::NotifyDone { job } => self.acknowledged(from, job, cx),
            ToTarget::Relay { batch } => self.relay(&batch, cx),
            ToTarget::NotifyManyDone { member, batch } => self.batch_acknowledged(member, &batch, cx),
        }
    }

    fn fire(&mut self, timer: TargetTimer, cx: &mut Context<'_>) {
        match timer {
            TargetTimer::Work(job) => self.work_done(job, cx),
            TargetTimer::Progress(job) => self.tell_progress(job, cx),
            TargetTimer::Gather => self.tell_gathered(cx),
            TargetTimer::Notify => self.notify_again(cx),
            TargetTimer::Persist(job) => self.record(job, cx),
            TargetTimer::History => self.forget_history(cx),
            TargetTimer::Admit(_)
            | TargetTimer::Idle(_)
            | TargetTimer::Rest(_)
            | TargetTimer::Expire(_)
            | TargetTimer::Piece(..)
            | TargetTimer::Transaction(_)
            | TargetTimer::Ripen(_)
            | TargetTimer::PruneActive
            | TargetTimer::PruneHistory => self.host_fire(timer, cx),
            TargetTimer::Unlock => self.unlock(cx),
            TargetTimer::Period => self.comes_round(cx),
            TargetTimer::Look => self.look_at_disks(cx),
        }
    }

    fn start(
        &mut self,
        (gateway, job, kind): (DaemonId, XactId, Kind),
        (work, sources): (Work, Sources),
        manner: Option<Arc<Manner>>,
        cx: &mut Context<'_>,
    ) {
        let late = self.joined_after(&sources);
        match self.xacts.get_mut(&job) {
            Some(Xact { phase: Phase::Beginning(_), starters, .. }) => {
                starters.insert(gateway);
            }
            Some(_) => send(cx, gateway, ToProxy::XactStarted { job }),
            None if late => {
                cx.reach(mark::OLDER_THAN_I);
                let phase = Phase::Ending(Snap::Aborted(XactError::LeftCluster));
                let mut xact = Xact::new(kind, sources, phase);
                xact.starters.insert(gateway);
                self.xacts.insert(job, xact);
                self.record(job, cx);
            }
            None if cx.config().hosting.is_some() => {
                self.host_start((gateway, job, kind), (work, sources), manner, cx);
            }
            None => self.enter(job, kind, (work, sources), [gateway], cx),
        }
    }

    /// Whether a job's targets were chosen before this one became a member: it was left out since, its part was given up,
    /// and the job may have ended.
    fn joined_after(&self, sources: &Sources) -> bool {
        let since = self.membership.map().member(self.me).map(|member| member.since);
        sources.as_of() != Version::default() && since.is_none_or(|since| sources.as_of() < since)
    }

    fn abort(&mut self, member: DaemonId, job: XactId, kind: Kind, sources: Sources, cx: &mut Context<'_>) {
        match self.xacts.get(&job).map(|xact| xact.phase) {
            Some(Phase::Beginning(_) | Phase::Running(_)) if self.rebalances_as(job) => (),
            Some(Phase::Beginning(_) | Phase::Running(_)) => self.end(job, Snap::Aborted(XactError::IcAbort), cx),
            Some(Phase::Ending(_)) => (),
            Some(Phase::Ended(_)) => tell::notify(job, &self.xacts[&job], member, Some(sources), cx),
            None => self.abort_unknown(job, kind, sources, cx),
        }
    }

    fn abort_unknown(&mut self, job: XactId, kind: Kind, sources: Sources, cx: &mut Context<'_>) {
        self.desk.give_up(job, cx);
        match cx.config().policies.stop_unknown {
            StopUnknown::Ignored => (),
            StopUnknown::Fenced => {
                cx.reach(mark::FENCED);
                let phase = Phase::Ending(Snap::Aborted(XactError::IcAbort));
                self.xacts.insert(job, Xact::new(kind, sources, phase));
                self.record(job, cx);
            }
        }
    }

    fn work_done(&mut self, job: XactId, cx: &mut Context<'_>) {
        self.slice_done(job, cx);
        if self.next_slice(job, cx) {
            return;
        }
        let Some(Xact { phase: Phase::Running(work), .. }) = self.xacts.get(&job) else { return };
        let snap = match work.ends {
            Ending::Finishes => Snap::Finished,
            Ending::Fails(error) => Snap::Failed(error),
            Ending::Aborts(error) => Snap::Aborted(error),
            Ending::Any => {
                let any = [Snap::Finished, Snap::Failed(XactError::DiskFull), Snap::Aborted(XactError::IoError)];
                any[cx.choose("ending", 3) as usize]
            }
        };
        self.end(job, snap, cx);
    }

    /// Ends a part that has not ended.
    fn end_if_working(&mut self, job: XactId, snap: Snap, cx: &mut Context<'_>) {
        let works = |xact: &Xact| matches!(xact.phase, Phase::Beginning(_) | Phase::Running(_));
        if self.xacts.get(&job).is_some_and(works) {
            self.end(job, snap, cx);
        }
    }

    fn end(&mut self, job: XactId, snap: Snap, cx: &mut Context<'_>) {
        assert!(snap.is_ended(), "an xaction ends with an end, found {snap:?}");
        let xact = self.xacts.get_mut(&job).expect("only a known xaction ends");
        xact.phase = Phase::Ending(snap);
        cx.disarm(TargetTimer::Work(job).into());
        if xact.kind.tells_progress() {
            cx.disarm(TargetTimer::Progress(job).into());
        }
        if matches!(snap, Snap::Aborted(_)) {
            self.desk.stop(job, snap, cx);
        }
        self.record(job, cx);
    }

    /// Makes the phase durable if the policy says so, and goes on at once if not; of an end, also that every member knows
    /// it. That a rebalance began is what its marker is for.
    fn record(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(xact) = self.xacts.get(&job) else { return };
        let snap = match xact.phase {
            Phase::Beginning(_) => Snap::Running,
            Phase::Ending(snap) => snap,
            Phase::Ended(snap) if xact.told => snap,
            Phase::Running(_) | Phase::Ended(_) => return,
        };
        match cx.config().policies.xact_record {
            XactRecord::Durable if xact.kind != Kind::Rebalance || snap.is_ended() => {
                let record = PartRecord { job, kind: xact.kind, sources: xact.sources.clone(), snap, told: xact.told };
                let op = self.free_op();
                self.writes.insert(op, (job, snap));
                cx.store(op, Write::Put(Record::Xact(record)));
            }
            XactRecord::Volatile | XactRecord::Durable => self.recorded(job, snap, cx),
        }
    }

    fn stored(&mut self, op: OpId, outcome: Result<(), StoreError>, cx: &mut Context<'_>) {
        let (job, snap) = self.writes.remove(&op).expect("only a write under way is answered");
        match outcome {
            Ok(()) => self.recorded(job, snap, cx),
            Err(StoreError::Failed | StoreError::Unknown) => {
                cx.reach(mark::WRITE_AGAIN);
                cx.arm(TargetTimer::Persist(job).into(), cx.config().timing.repeat);
            }
        }
    }

    fn recorded(&mut self, job: XactId, snap: Snap, cx: &mut Context<'_>) {
        let ordered = self.rebalances_as(job);
        let Some(xact) = self.xacts.get_mut(&job) else { return };
        match xact.phase {
            Phase::Beginning(work) if snap == Snap::Running => {
                xact.phase = Phase::Running(work);
                self.desk.run(job, cx);
                cx.fact(Fact::XactBegan { job });
                if !ordered && !self.next_slice(job, cx) {
                    cx.arm(TargetTimer::Work(job).into(), work.takes);
                }
                if let Some(xact) = self.xacts.get_mut(&job) {
                    answer_starters(job, xact, cx);
                    progress_later(job, xact.kind, cx);
                }
            }
            Phase::Ending(end) if snap == end => {
                xact.phase = Phase::Ended(end);
                let kind = xact.kind;
                self.desk.finish(job, cx);
                cx.fact(Fact::XactEnded { job, snap: end });
                answer_starters(job, xact, cx);
                self.leave_manager(job, cx);
                self.notify_all(job, cx);
                self.report(cx);
                self.load_after(kind, end, cx);
            }
            Phase::Beginning(_) | Phase::Ending(_) | Phase::Running(_) | Phase::Ended(_) => (),
        }
    }

    /// The lowest number that no write under way has.
    fn free_op(&self) -> OpId {
        let mut op = OpId(0);
        while self.writes.contains_key(&op) {
            op.0 += 1;
        }
        op
    }
}
