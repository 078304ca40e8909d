//! A target's part of a rebalance, from the order in the map to the report of its end.
//!
//! In stages: it is registered and the marker made durable, what a rebalance ends is swept, all wait until everybody takes
//! data, data move, all wait until everybody's have, it grows quiet, the marker goes and streams are closed. The barriers
//! are in `barrier`. The end is told to whoever is primary until the map says that the order is closed, or there is a newer
//! one. Source: `reference/aistore-registry-and-coexistence.md` section C, run states per target.

use std::collections::BTreeMap;

use super::{Phase, Target, Xact};
use crate::xaction::fact::Fact;
use crate::xaction::job::{Ending, Snap, Work, XactError};
use crate::xaction::membership::Smap;
use crate::xaction::policy::{LateStop, MapChangeAborts, Preemption, RebalanceMode, RebalancePing};
use crate::xaction::rebalance::{Mode, Moving, Order, Progress, RebEnd, RebId, RebMsg, RebTimer, Run, Stage, Told};
use crate::xaction::record::Record;
use crate::xaction::registry::{AbortFilter, Action, Cause};
use crate::xaction::start::Manner;
use crate::xaction::{Context, DaemonId, Kind, XactId, mark, send};

impl Target {
    /// The process starts: a marker says that a rebalance was cut short.
    pub(super) fn rebalance_recover(&mut self, records: &[Record], cx: &mut Context<'_>) {
        let marker = self.rebalance.marker.recover(records);
        let cut_short = marker.filter(|id| !self.xacts.contains_key(&id.xact()));
        if let Some(id) = cut_short {
            cx.reach(mark::INTERRUPTED);
            cx.fact(Fact::RebalanceEnded { id, end: RebEnd::Interrupted });
            self.fence(id, XactError::Restarted, cx);
        }
        self.rebalance.seen = self.xacts.keys().filter_map(|&job| RebId::of(job)).max().max(marker);
        if let Some(id) = self.rebalance.seen
            && !self.has_ended_before(id)
        {
            self.rebalance.ended = Some((id, Told::CutShort));
        }
    }

    /// The target goes by another map.
    ///
    /// `action`: what the message that brought the map says of the order in it.
    pub(super) fn rebalance_by(&mut self, map: &Smap, action: Option<Mode>, cx: &mut Context<'_>) {
        let Some(order) = map.order() else { return };
        if self.rebalance.seen < Some(order.id) {
            self.ordered(order, map, action, cx);
        } else if order.progress == Progress::Stopped {
            self.rebalance_ends(RebEnd::Stopped, cx);
        } else if cx.config().policies.map_change_aborts == MapChangeAborts::AnyChange {
            self.rebalance_ends(RebEnd::MapChanged, cx);
        }
        self.report(cx);
    }

    /// A newer order: the old one is dropped, and this one begun if it concerns this target.
    fn ordered(&mut self, order: &Order, map: &Smap, action: Option<Mode>, cx: &mut Context<'_>) {
        self.preempt(cx);
        self.rebalance.seen = Some(order.id);
        self.rebalance.ended = None;
        if self.has_ended_before(order.id) {
            return;
        }
        if !order.is_open() || !order.concerns(self.me) {
            return self.unmark(order, cx);
        }
        let mode = match cx.config().policies.rebalance_mode {
            RebalanceMode::InMessage => action.unwrap_or_default(),
            RebalanceMode::InOrder => order.mode,
        };
        cx.fact(Fact::RebalanceBegan { id: order.id, mode });
        let peers = |peers: &mut dyn Iterator<Item = DaemonId>| {
            let others = peers.filter(|&peer| peer != self.me && matches!(peer, DaemonId::Target(_)));
            others.map(|peer| (peer, Stage::Pinging)).collect::<BTreeMap<_, _>>()
        };
        let peers = match (mode, cx.config().policies.rebalance_ping) {
            (Mode::Cleanup, _) => BTreeMap::new(),
            (Mode::Full, RebalancePing::Everybody) => peers(&mut map.members().map(|(daemon, _)| daemon)),
            (Mode::Full, RebalancePing::Nobody) => peers(&mut order.participants()),
        };
        let (users, stage) = (order.is_users(), Stage::Pinging);
        self.rebalance.run = Some(Run { id: order.id, mode, stage, users, peers, pings: 0 });
        match (mode, cx.config().policies.rebalance_ping) {
            (Mode::Cleanup, _) => self.clean_up(cx),
            (Mode::Full, RebalancePing::Everybody) => self.ping(cx),
            (Mode::Full, RebalancePing::Nobody) => self.install(cx),
        }
    }

    /// Removes what is misplaced here, when no resilver runs. Nobody is waited for, and nothing else is ended.
    pub(super) fn clean_up(&mut self, cx: &mut Context<'_>) {
        let Some(run) = self.rebalance.run.as_ref().filter(|run| run.stage == Stage::Pinging) else { return };
        assert!(run.mode == Mode::Cleanup, "{} moves data", run.id);
        match cx.config().hosting {
            Some(hosting) if self.desk.registry.coexist(&Action::RebalanceCleanup, &cx.config().policies).is_err() => {
                cx.arm(RebTimer::Ping.into(), hosting.look_again);
            }
            Some(_) | None => {
                self.register_rebalance(cx);
                cx.arm(RebTimer::Moved.into(), moving(cx).takes);
            }
        }
    }

    /// The order is of no concern here, and neither is a marker of what moved data before it.
    fn unmark(&mut self, order: &Order, cx: &mut Context<'_>) {
        if order.mode == Mode::Full {
            self.rebalance.marker.set(None, cx);
        }
    }

    /// Whether this target's part of an order is over, as it remembers or was told before it learnt of the order.
    fn has_ended_before(&mut self, id: RebId) -> bool {
        let Some(snap) = self.xacts.get(&id.xact()).map(|xact| xact.phase.ending()) else { return false };
        let told = if snap == Some(Snap::Finished) { Told::Moved } else { Told::CutShort };
        self.rebalance.ended = Some((id, told));
        true
    }

    /// How a rebalance stands that this target never began and never will: durably, it goes by a newer order.
    pub(super) fn passed_over(&self, job: XactId, cx: &mut Context<'_>) -> Option<Snap> {
        let ended = self.xacts.iter().filter(|(_, xact)| matches!(xact.phase, Phase::Ended(_)));
        let newest = ended.filter_map(|(&job, _)| RebId::of(job)).max().max(self.rebalance.marker());
        RebId::of(job).filter(|&id| Some(id) < newest)?;
        let snap = Snap::Aborted(XactError::Renewed);
        cx.fact(Fact::XactEnded { job, snap });
        Some(snap)
    }

    /// Records that the rebalance that the map has is over here for good.
    fn fence(&mut self, id: RebId, error: XactError, cx: &mut Context<'_>) {
        let Some(order) = self.membership.map().order().filter(|order| order.id == id) else { return };
        let phase = Phase::Ending(Snap::Aborted(error));
        self.xacts.insert(id.xact(), Xact::new(Kind::Rebalance, order.sources(), phase));
        self.record(id.xact(), cx);
    }

    /// Ends the rebalance under way for a newer one, if it is found.
    ///
    /// The published target looks for the id that it last took from the primary, which a user's does not become; the one
    /// that is not found goes on being torn down while the newer one runs, and takes that along.
    fn preempt(&mut self, cx: &mut Context<'_>) {
        let Some(Run { id, users, .. }) = self.rebalance.run else { return };
        cx.reach(mark::PREEMPTED);
        match cx.config().policies.preemption {
            Preemption::ByLastId if users => {
                self.rebalance.run = None;
                self.rebalance.torn = Some(id);
                self.disarm_rebalance(cx);
                cx.arm(RebTimer::TornDown.into(), moving(cx).quiescent);
            }
            Preemption::ByLastId | Preemption::ByWhatRuns => self.rebalance_ends(RebEnd::Preempted, cx),
        }
    }

    /// One that was not found is torn down, and with it whatever is installed now.
    fn torn_down(&mut self, cx: &mut Context<'_>) {
        let Some(id) = self.rebalance.torn.take() else { return };
        cx.fact(Fact::RebalanceEnded { id, end: RebEnd::Preempted });
        self.rebalance_xact_ends(id, RebEnd::Preempted, cx);
        self.rebalance_ends(RebEnd::GaveUp, cx);
    }

    /// Registers the rebalance as an xaction and has the marker written.
    pub(super) fn install(&mut self, cx: &mut Context<'_>) {
        let Some(id) = self.rebalance.run.as_ref().map(|run| run.id) else { return };
        self.register_rebalance(cx);
        self.rebalance.marker.set(Some(id), cx);
        self.marked(cx);
    }

    fn register_rebalance(&mut self, cx: &mut Context<'_>) {
        let Some(run) = &mut self.rebalance.run else { return };
        run.stage = Stage::Init;
        let id = run.id;
        let job = id.xact();
        if let Some(hosting) = cx.config().hosting {
            let manner = Manner::default();
            let ask = manner.ask(job, Kind::Rebalance);
            if self.desk.registry.renew(&ask, &cx.config().policies, &hosting.limits).is_ok() {
                self.desk.registry.note_start(job, cx.stamp());
                cx.fact(Fact::XactRegistered { job, kind: Kind::Rebalance, manner });
            }
        }
        if let Some(order) = self.membership.map().order().filter(|order| order.id == id) {
            let work = Work { takes: moving(cx).takes, ends: Ending::Finishes };
            self.enter(job, Kind::Rebalance, (work, order.sources()), [], cx);
        }
    }

    /// The marker may be as it should be: a target goes on.
    pub(super) fn marked(&mut self, cx: &mut Context<'_>) {
        let Some(run) = self.rebalance.run.as_ref().filter(|_| self.rebalance.marker.is_settled()) else { return };
        match (run.stage, self.rebalance.marker()) {
            (Stage::Init, Some(id)) if id == run.id => {
                let after = cx.config().hosting.map_or_else(Default::default, |hosting| hosting.register_after);
                cx.arm(RebTimer::Sweep.into(), after);
            }
            (Stage::FinStreams, None) => cx.arm(RebTimer::Drained.into(), moving(cx).quiescent),
            _ => (),
        }
    }

    pub(super) fn rebalance_fire(&mut self, timer: RebTimer, cx: &mut Context<'_>) {
        match timer {
            RebTimer::Ping => self.ping(cx),
            RebTimer::Sweep => self.sweep_for_rebalance(cx),
            RebTimer::Moved => self.moved(cx),
            RebTimer::Poll => self.poll(cx),
            RebTimer::Barrier => self.pass_barrier(cx),
            RebTimer::Quiet => self.quiet(cx),
            RebTimer::Drained => self.drained(cx),
            RebTimer::TornDown => self.torn_down(cx),
            RebTimer::Report => self.report(cx),
            RebTimer::Persist => self.rebalance.marker.write(cx),
        }
    }

    pub(super) fn rebalance_told(&mut self, from: DaemonId, msg: RebMsg, cx: &mut Context<'_>) {
        match msg {
            RebMsg::Ping { id } => send(cx, from, RebMsg::Pong { id }),
            RebMsg::Pong { id } => self.ponged(from, id, cx),
            RebMsg::Stage { id, stage, asks } => self.told_stage(from, id, stage, asks, cx),
            RebMsg::Abort { id } => {
                if self.rebalance.run.as_ref().is_some_and(|run| run.id == id) && self.may_stop(cx) {
                    self.rebalance_ends(RebEnd::Stopped, cx);
                    self.report(cx);
                }
            }
            RebMsg::Report { id, .. } => unreachable!("the end of {id} is told to a primary"),
        }
    }

    /// Ends what needs a set of targets that does not change.
    fn sweep_for_rebalance(&mut self, cx: &mut Context<'_>) {
        if self.rebalance.run.as_ref().is_none_or(|run| run.stage != Stage::Init) {
            return;
        }
        if cx.config().hosting.is_some() {
            self.sweep(AbortFilter::NewRebalance, Cause::Rebalance, XactError::Rebalanced, cx);
        }
        self.ready_if_swept(cx);
    }

    /// Takes data once what had to end is through with ending.
    pub(super) fn ready_if_swept(&mut self, cx: &mut Context<'_>) {
        if !self.is_locked() && self.rebalance.run.as_ref().is_some_and(|run| run.stage == Stage::Init) {
            self.reach_stage(Stage::Ready, cx);
        }
    }

    /// Everybody takes data: this target's move.
    pub(super) fn traverse(&mut self, cx: &mut Context<'_>) {
        let Some(run) = &mut self.rebalance.run else { return };
        run.stage = Stage::Traverse;
        cx.fact(Fact::RebalanceTraverses { id: run.id });
        cx.arm(RebTimer::Moved.into(), moving(cx).takes);
    }

    fn moved(&mut self, cx: &mut Context<'_>) {
        if self.rebalance.run.as_ref().is_some_and(|run| run.mode == Mode::Cleanup) {
            self.rebalance_ends(RebEnd::Finished, cx);
            return self.report(cx);
        }
        let Some(run) = self.rebalance.run.as_ref().filter(|run| run.stage == Stage::Traverse) else { return };
        cx.fact(Fact::DataMoved { id: run.id });
        self.reach_stage(Stage::PostTraverse, cx);
    }

    /// All data have moved, and nothing has arrived for a while: the marker goes.
    fn quiet(&mut self, cx: &mut Context<'_>) {
        let Some(run) = self.rebalance.run.as_mut().filter(|run| run.stage == Stage::Fin) else { return };
        run.stage = Stage::FinStreams;
        self.rebalance.marker.set(None, cx);
        self.marked(cx);
    }

    fn drained(&mut self, cx: &mut Context<'_>) {
        if self.rebalance.run.as_ref().is_some_and(|run| run.stage == Stage::FinStreams) {
            self.rebalance_ends(RebEnd::Finished, cx);
            self.report(cx);
        }
    }

    /// Whether a user may stop the rebalance under way: it empties nobody who is to leave, and its marker is not on its
    /// way out already. The published target takes a stop until the very end.
    pub(super) fn may_stop(&self, cx: &Context<'_>) -> bool {
        let late = self.rebalance.run.as_ref().is_some_and(|run| run.stage >= Stage::FinStreams);
        let empties = self.membership.map().order().is_some_and(|order| !order.leaves.is_empty());
        !empties && (!late || cx.config().policies.late_stop == LateStop::Aborts)
    }

    /// A user stops the rebalance under way here: it ends everywhere.
    pub(super) fn stop_rebalance(&mut self, cx: &mut Context<'_>) {
        let Some(run) = &self.rebalance.run else { return };
        for &peer in run.peers.keys() {
            send(cx, peer, RebMsg::Abort { id: run.id });
        }
        self.rebalance_ends(RebEnd::Stopped, cx);
        self.report(cx);
    }

    /// Whether the rebalance under way goes by that id.
    pub(super) fn rebalances_as(&self, job: XactId) -> bool {
        self.rebalance.run.as_ref().is_some_and(|run| run.id.xact() == job)
    }

    /// This target's part is over, if there is one.
    pub(super) fn rebalance_ends(&mut self, end: RebEnd, cx: &mut Context<'_>) {
        let Some(run) = self.rebalance.run.take() else { return };
        self.rebalance.ended = match end {
            RebEnd::Finished => Some((run.id, Told::Moved)),
            RebEnd::MapChanged | RebEnd::Interrupted => Some((run.id, Told::CutShort)),
            RebEnd::Stopped => Some((run.id, Told::Stopped)),
            RebEnd::Preempted | RebEnd::LeftOut | RebEnd::GaveUp => None,
        };
        self.disarm_rebalance(cx);
        cx.fact(Fact::RebalanceEnded { id: run.id, end });
        self.rebalance_xact_ends(run.id, end, cx);
    }

    fn rebalance_xact_ends(&mut self, id: RebId, end: RebEnd, cx: &mut Context<'_>) {
        let snap = match end {
            RebEnd::Finished => Snap::Finished,
            RebEnd::Preempted => Snap::Aborted(XactError::Renewed),
            RebEnd::Stopped => Snap::Aborted(XactError::UserAbort),
            RebEnd::LeftOut => Snap::Aborted(XactError::LeftCluster),
            RebEnd::Interrupted => Snap::Aborted(XactError::Restarted),
            RebEnd::MapChanged | RebEnd::GaveUp => Snap::Aborted(XactError::Rebalanced),
        };
        if end == RebEnd::Finished {
            self.desk.finish(id.xact(), cx);
        }
        self.end_if_working(id.xact(), snap, cx);
    }

    fn disarm_rebalance(&self, cx: &mut Context<'_>) {
        let timers =
            [RebTimer::Ping, RebTimer::Sweep, RebTimer::Moved, RebTimer::Poll, RebTimer::Barrier, RebTimer::Quiet];
        for timer in timers.into_iter().chain([RebTimer::Drained]) {
            cx.disarm(timer.into());
        }
    }

    /// Tells whoever is primary how the latest order ended here, until the map says that it is closed.
    pub(super) fn report(&mut self, cx: &mut Context<'_>) {
        let map = self.membership.map();
        let open = map.order().filter(|order| order.is_open()).map(|order| order.id);
        let recorded = |id: RebId| self.xacts.get(&id.xact()).is_none_or(|xact| matches!(xact.phase, Phase::Ended(_)));
        match self.rebalance.ended {
            Some((id, _)) if open == Some(id) && !recorded(id) => (),
            Some((id, told)) if open == Some(id) => {
                send(cx, map.primary(), RebMsg::Report { id, told });
                cx.arm(RebTimer::Report.into(), cx.config().timing.repeat);
            }
            Some(_) | None => self.settled(cx),
        }
    }

    /// The latest order is done: a marker of it, or of one before, is no longer wanted. One that was stopped keeps its own.
    fn settled(&mut self, cx: &mut Context<'_>) {
        let map = self.membership.map();
        let done = |order: &Order| {
            let moved = order.progress == Progress::Done && order.mode == Mode::Full;
            moved && self.rebalance.marker() <= Some(order.id)
        };
        if map.order().is_some_and(done) && self.rebalance.run.is_none() {
            self.rebalance.marker.set(None, cx);
        }
    }
}

/// What it takes to move data.
pub(super) fn moving<'a>(cx: &Context<'a>) -> &'a Moving {
    let upkeep = cx.config().deployment.upkeep.as_ref();
    upkeep.and_then(|upkeep| upkeep.rebalance.as_ref()).expect("nothing is rebalanced where that is off")
}
