//! Where a target waits for the others: pings before it begins, and the two barriers of a rebalance.
//!
//! At a barrier each tells the others how far it is, and goes on when all are known to have come as far. The published
//! target goes on without them after a time.
//! Source: `reference/aistore-registry-and-coexistence.md` section C, run states 2, 6, 7 and 8.

use super::Target;
use super::rebalance::moving;
use crate::xaction::policy::RebalanceBarrier;
use crate::xaction::rebalance::{Mode, Order, RebEnd, RebId, RebMsg, RebTimer, Stage, Told};
use crate::xaction::{Context, DaemonId, send};

/// How often a target asks the others whether they are there, as published.
const PINGS: u8 = 4;

impl Target {
    /// Asks every target in the map whether it is there; one that never answers stops the whole thing here.
    pub(super) fn ping(&mut self, cx: &mut Context<'_>) {
        let Some(run) = self.rebalance.run.as_mut().filter(|run| run.stage == Stage::Pinging) else { return };
        if run.mode == Mode::Cleanup {
            return self.clean_up(cx);
        }
        run.pings += 1;
        if run.pings > PINGS {
            return self.rebalance_ends(RebEnd::GaveUp, cx);
        }
        for (&peer, _) in run.peers.iter().filter(|&(_, &stage)| stage == Stage::Pinging) {
            send(cx, peer, RebMsg::Ping { id: run.id });
        }
        cx.arm(RebTimer::Ping.into(), cx.config().timing.max_keepalive);
        self.begin_if_all_are_there(cx);
    }

    pub(super) fn ponged(&mut self, from: DaemonId, id: RebId, cx: &mut Context<'_>) {
        let Some(run) = self.rebalance.run.as_mut().filter(|run| run.id == id) else { return };
        if run.stage == Stage::Pinging {
            run.peers.insert(from, Stage::Init);
            self.begin_if_all_are_there(cx);
        }
    }

    fn begin_if_all_are_there(&mut self, cx: &mut Context<'_>) {
        let me = self.me;
        let Some(run) = &mut self.rebalance.run else { return };
        if run.peers.values().any(|&stage| stage < Stage::Init) {
            return;
        }
        let order = self.membership.map().order().filter(|order| order.id == run.id);
        let others = order.into_iter().flat_map(Order::participants).filter(|&peer| peer != me);
        run.peers = others.map(|peer| (peer, Stage::Init)).collect();
        cx.disarm(RebTimer::Ping.into());
        self.install(cx);
    }

    /// Comes to a barrier: tells the others, and goes on if all are there.
    pub(super) fn reach_stage(&mut self, stage: Stage, cx: &mut Context<'_>) {
        let Some(run) = &mut self.rebalance.run else { return };
        run.stage = stage;
        for (&peer, &known) in &run.peers {
            send(cx, peer, RebMsg::Stage { id: run.id, stage, asks: known < stage });
        }
        if run.all_are_here() {
            return self.pass_barrier(cx);
        }
        if cx.config().policies.rebalance_barrier == RebalanceBarrier::TimesOut {
            let barrier = moving(cx).barrier;
            cx.arm(RebTimer::Barrier.into(), if stage == Stage::Ready { barrier * 3 / 2 } else { barrier });
        }
        cx.arm(RebTimer::Poll.into(), cx.config().timing.repeat);
    }

    /// Asks those that are not known to have come as far.
    pub(super) fn poll(&self, cx: &mut Context<'_>) {
        let Some(run) = &self.rebalance.run else { return };
        if !matches!(run.stage, Stage::Ready | Stage::PostTraverse) {
            return;
        }
        for (&peer, _) in run.peers.iter().filter(|&(_, &known)| known < run.stage) {
            send(cx, peer, RebMsg::Stage { id: run.id, stage: run.stage, asks: true });
        }
        cx.arm(RebTimer::Poll.into(), cx.config().timing.repeat);
    }

    /// Another target says how far it is, and perhaps asks. It is answered by one that has come as far: who has not says so
    /// when it does.
    pub(super) fn told_stage(&mut self, from: DaemonId, id: RebId, stage: Stage, asks: bool, cx: &mut Context<'_>) {
        let mine = match &mut self.rebalance.run {
            Some(run) if run.id == id => {
                let known = run.peers.entry(from).or_insert(stage);
                *known = (*known).max(stage);
                Some(run.stage)
            }
            Some(_) | None => self.rebalance.ended.filter(|&ended| ended == (id, Told::Moved)).map(|_| Stage::Done),
        };
        if asks && mine >= Some(stage) {
            send(cx, from, RebMsg::Stage { id, stage, asks: false });
        }
        let waits = |stage| matches!(stage, Stage::Ready | Stage::PostTraverse);
        if self.rebalance.run.as_ref().is_some_and(|run| waits(run.stage) && run.all_are_here()) {
            self.pass_barrier(cx);
        }
    }

    /// Goes on, with the others or without them.
    pub(super) fn pass_barrier(&mut self, cx: &mut Context<'_>) {
        for timer in [RebTimer::Poll, RebTimer::Barrier] {
            cx.disarm(timer.into());
        }
        let Some(run) = &mut self.rebalance.run else { return };
        match run.stage {
            Stage::Ready => self.traverse(cx),
            Stage::PostTraverse => {
                run.stage = Stage::Fin;
                cx.arm(RebTimer::Quiet.into(), moving(cx).quiescent);
            }
            Stage::Pinging | Stage::Init | Stage::Traverse | Stage::Fin | Stage::FinStreams | Stage::Done => (),
        }
    }
}
