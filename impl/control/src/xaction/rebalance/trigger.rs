//! When a primary orders a rebalance, and what it makes of the targets' ends.
//! Source: `reference/aistore-registry-and-coexistence.md` section C, triggers and completion.

use quiesce_machine::Rename;
use std::collections::{BTreeMap, BTreeSet};

use super::{Mode, Order, Progress, RebId, Told};
use crate::xaction::fact::Fact;
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::membership::{Draft, Flags, Membership, Version};
use crate::xaction::policy::{DecommissionEnd, RebalanceFinalizer, RebalanceId};
use crate::xaction::{Context, mark};

/// What a primary keeps of rebalances beside the map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(in crate::xaction) struct Tally {
    /// The targets whose data have moved, by the latest order.
    moved: BTreeMap<RebId, BTreeSet<DaemonId>>,
    /// The targets whose leaving this primary itself took on.
    promised: BTreeSet<DaemonId>,
}

impl Tally {
    /// This primary took on that a target leaves.
    pub(in crate::xaction) fn promise(&mut self, target: DaemonId) {
        self.promised.insert(target);
    }

    fn note(&mut self, target: DaemonId, id: RebId) -> &BTreeSet<DaemonId> {
        self.moved.retain(|&of, _| of == id);
        let moved = self.moved.entry(id).or_default();
        moved.insert(target);
        moved
    }
}

/// A rebalance has been ordered and is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::xaction) struct Busy;

impl Membership {
    /// Whether data move when targets come and go.
    pub(in crate::xaction) fn rebalances(&self, cx: &Context<'_>) -> bool {
        cx.config().deployment.upkeep.as_ref().is_some_and(|upkeep| upkeep.rebalance.is_some())
    }

    /// Orders a rebalance with a map in the making, if what it changes asks for one.
    pub(in crate::xaction) fn order_if_needed(&self, draft: &mut Draft, cx: &Context<'_>) {
        if !self.rebalances(cx) {
            return;
        }
        let (stays, leaves) = (draft.active_targets(), draft.leaving_targets());
        let grows = stays.iter().any(|&target| !self.accepted().is_active(target));
        let needed = match draft.order() {
            Some(order) if order.is_open() => (&order.stays, &order.leaves) != (&stays, &leaves),
            Some(_) | None => leaves.iter().any(|&target| self.accepted().is_active(target)),
        };
        if (needed || grows) && !stays.is_empty() {
            self.place(draft, None, Mode::Full, cx);
        }
    }

    /// A user asks for a rebalance: its id and the map that orders it. A request that comes again is the same one.
    /// `None`: this daemon cannot say.
    pub(in crate::xaction) fn order_for_user(
        &mut self,
        request: XactId,
        mode: Mode,
        cx: &mut Context<'_>,
    ) -> Option<Result<(RebId, Version), Busy>> {
        if !self.is_primary() || !self.has_quorum(cx) {
            return None;
        }
        if let Some(order) = self.accepted().order() {
            match order.asked {
                Some((asked, id)) if asked == request => return Some(Ok((id, order.as_of))),
                Some(_) | None if order.is_open() => return Some(Err(Busy)),
                Some(_) | None => (),
            }
        }
        let mut draft = self.accepted().draft();
        let id = self.place(&mut draft, Some(request), mode, cx);
        self.make(draft, cx);
        self.accepted().order().map(|order| Ok((id, order.as_of)))
    }

    /// A target's part has ended.
    pub(in crate::xaction) fn reported(&mut self, from: DaemonId, id: RebId, told: Told, cx: &mut Context<'_>) {
        let Some(order) = self.accepted().order().cloned() else { return };
        if !self.is_primary() || order.id != id || !order.is_open() || !order.concerns(from) {
            return;
        }
        match told {
            Told::Moved => {
                let all = self.tally().is_some_and(|tally| {
                    let moved = tally.note(from, id);
                    order.participants().all(|target| moved.contains(&target))
                });
                if all {
                    self.complete(Progress::Done, cx);
                }
            }
            Told::Stopped if order.leaves.is_empty() => self.complete(Progress::Stopped, cx),
            Told::CutShort | Told::Stopped => match cx.config().policies.decommission_end {
                DecommissionEnd::DespiteErrors => self.complete(Progress::Done, cx),
                DecommissionEnd::WhenMoved => {
                    cx.reach(mark::REORDERED);
                    let mut draft = self.accepted().draft();
                    self.place(&mut draft, None, order.mode, cx);
                    self.make(draft, cx);
                }
            },
        }
    }

    /// Every part has ended: the changes of membership that waited for it are finished.
    fn complete(&mut self, progress: Progress, cx: &mut Context<'_>) {
        let mut draft = self.accepted().draft();
        let Some(order) = draft.close_order(progress) else { return };
        if progress == Progress::Done {
            cx.fact(Fact::RebalanceDone { id: order.id });
        }
        for target in order.leaves {
            let mine = self.tally().is_some_and(|tally| tally.promised.contains(&target));
            if cx.config().policies.rebalance_finalizer == RebalanceFinalizer::InMemory && !mine {
                continue;
            }
            if draft.flags(target).contains(Flags::DECOMMISSION) {
                draft.send_away(target);
            } else {
                draft.set(target, Flags::POST_REBALANCE);
            }
        }
        self.make(draft, cx);
    }

    /// Orders a rebalance of the targets that a map in the making has. A user's that is not in force yet is asked for by this
    /// one: nobody ever hears of the other.
    fn place(&self, draft: &mut Draft, request: Option<XactId>, mode: Mode, cx: &Context<'_>) -> RebId {
        let (stays, leaves) = (draft.active_targets(), draft.leaving_targets());
        let (before, asked) = draft.order().map_or((0, None), |order| (order.id.0.count, order.asked));
        let as_of = draft.touch();
        let id = RebId(match cx.config().policies.rebalance_id {
            RebalanceId::OwnCounter => Version { term: 0, count: before + 1 },
            RebalanceId::MapVersion => as_of,
        });
        let in_force = self.map().order().and_then(|order| order.asked) == asked;
        let kept = asked.map(|(asked, was)| (asked, if in_force { was } else { id }));
        let asked = request.map(|request| (request, id)).or(kept);
        draft.place(Order { id, mode, as_of, stays, leaves, asked, progress: Progress::Open });
        id
    }
}
