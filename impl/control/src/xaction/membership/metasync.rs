//! How a primary's changes reach the members: one register per daemon that takes the later map, repeated to whoever has
//! not acknowledged. Versions in between may be skipped, and nobody waits for anybody.
//! Source: `reference/aistore-registry-and-coexistence.md` section D, metasync.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::smap::{Draft, Smap, Version};
use super::{ClusterMsg, ClusterTimer, Membership, Payload, Upkeep};
use crate::xaction::ic::Bundle;
use crate::xaction::id::DaemonId;
use crate::xaction::policy::{ForeignPrimary, IcStaffing, RebalanceMode};
use crate::xaction::rebalance::Mode;
use crate::xaction::{Context, mark, send};

impl Membership {
    /// What keeps membership.
    pub(super) fn upkeep<'a>(&self, cx: &Context<'a>) -> &'a Upkeep {
        cx.config().deployment.upkeep.as_ref().expect("no membership step is taken without upkeep")
    }

    /// Fills the Information Center of a map in the making, or takes one member out.
    pub(super) fn staff(&self, draft: &mut Draft, cx: &mut Context<'_>) {
        let size = cx.config().cluster.ic_size();
        draft.staff_ic(size, cx.config().policies.ic_staffing == IcStaffing::AnyElectable);
        let surplus = draft.ic_surplus(size);
        if let Ok(count @ 1..) = u32::try_from(surplus.len()) {
            draft.clear(surplus[cx.choose("unstaffed", count) as usize], super::Flags::IC);
        }
    }

    /// This daemon is primary by its map: members that lag are told.
    pub(super) fn take_the_lead(&mut self, cx: &mut Context<'_>) {
        self.lead.get_or_insert_default();
        self.sync_again(cx);
    }

    /// Hands the map, once it is durable, to the members that have not acknowledged it, until all have.
    pub(super) fn sync_again(&mut self, cx: &mut Context<'_>) {
        let Some(lead) = &self.lead else { return };
        let version = self.accepted.version();
        let lags = |member: &DaemonId| lead.synced.get(member) < Some(&version);
        let others = self.accepted.concerned().into_iter().filter(|&daemon| daemon != self.me);
        let lagging: BTreeSet<DaemonId> = others.filter(lags).collect();
        if super::agrees(cx) && !self.map_is_durable() {
            return;
        }
        self.load_again(cx);
        if !lagging.is_empty() || !self.accepted.is_settled() {
            self.due.hand.extend(lagging);
            cx.arm(ClusterTimer::Metasync.into(), self.upkeep(cx).metasync_retry);
        }
    }

    /// Attaches to the messages what a new order asks; to those about a map that is on its way, an earlier one's stays
    /// attached.
    pub(super) fn attach(&mut self, draft: &Draft, cx: &Context<'_>) {
        let wanted = cx.config().policies.rebalance_mode == RebalanceMode::InMessage && self.accepted.is_settled();
        let order = draft.order().filter(|order| self.accepted.order().is_none_or(|before| before.id != order.id));
        if let (true, Some(order), Some(lead)) = (wanted, order, &mut self.lead) {
            lead.action = Some(order.mode);
        }
    }

    /// What is attached to the messages.
    pub(in crate::xaction) fn attached(&self) -> Option<Mode> {
        self.lead.as_ref().and_then(|lead| lead.action)
    }

    /// A primary hands its map over.
    pub(super) fn synced(&mut self, from: DaemonId, payload: &Payload, cx: &mut Context<'_>) {
        let theirs = payload.map.version();
        self.told_of(from, payload.map.clone(), payload.known.clone(), cx);
        if self.accepted.version() != theirs {
            let refused = ClusterMsg::MetasyncRefused { map: self.shown(), voted: self.voted };
            return send(cx, from, refused);
        }
        self.heard_from(from, theirs, cx);
        self.due.action = payload.action;
        if payload.known.is_some() && self.agreed == payload.map {
            self.due.flush.clone_from(&payload.known);
        }
        if super::agrees(cx) && !self.map_is_durable() {
            self.acknowledge = Some(from);
        } else {
            self.due.report = Some(from);
        }
    }

    /// A member has acknowledged, perhaps an earlier map after a later one: what is durable stays so. Where the members agree
    /// on maps, nothing waits any more for who has one that came before the map they go by.
    pub(super) fn sync_done(
        &mut self,
        from: DaemonId,
        version: Version,
        known: Option<Arc<Bundle>>,
        cx: &mut Context<'_>,
    ) {
        if super::agrees(cx) && version < self.agreed.version() {
            return;
        }
        self.heard_from(from, version, cx);
        let current = version == self.accepted.version();
        let Some(lead) = &mut self.lead else { return };
        let synced = lead.synced.entry(from).or_default();
        *synced = version.max(*synced);
        if let (true, Some(known)) = (current && lead.flush.is_none(), known) {
            lead.read.insert(from, known);
        }
        self.answer_pending(cx);
        self.progress(cx);
        self.load(from, cx);
    }

    /// A daemon that was handed the map goes by another, or has promised its vote to somebody.
    pub(super) fn refused(&mut self, from: DaemonId, map: Smap, voted: u16, cx: &mut Context<'_>) {
        self.told_of(from, map, None, cx);
        if let Some(lead) = &mut self.lead {
            lead.outvoted = lead.outvoted.max(voted);
        }
    }

    /// The time to repeat what was not acknowledged: in an election of its own, if votes were promised in a later one.
    pub(super) fn repeat(&mut self, cx: &mut Context<'_>) {
        let term = self.accepted.version().term;
        let outvoted = self.lead.as_ref().map_or(0, |lead| lead.outvoted.max(self.voted));
        if super::agrees(cx) && !self.accepted.is_settled() && outvoted > term {
            self.lead_anew(outvoted, cx);
        }
        if let Some(lead) = &mut self.lead {
            lead.action = None;
        }
        self.sync_again(cx);
    }

    /// Another daemon's map: taken if it is later than this one's. A proposal of an election before one's own vote is not,
    /// and a member of the Information Center takes a settled one with what it is to know alone.
    pub(super) fn told_of(&mut self, from: DaemonId, map: Smap, known: Option<Arc<Bundle>>, cx: &mut Context<'_>) {
        let promised = !map.is_settled() && map.version().term < self.voted && map.primary() != self.me;
        let concerned = map.is_settled() || map.concerned().contains(&self.me);
        if map.version() <= self.accepted.version() || promised || !concerned {
            return;
        }
        if super::agrees(cx) && map.is_settled() && map.is_ic(self.me) && known.is_none() {
            if ![from, self.me].contains(&map.primary()) {
                send(cx, map.primary(), ClusterMsg::PullMap);
            }
            return;
        }
        let foreign = self.is_primary() && map.primary() != self.me;
        if foreign && cx.config().policies.foreign_primary == ForeignPrimary::Stands {
            if self.lead.as_ref().is_some_and(|lead| lead.settled) {
                return;
            }
        } else if foreign && from != self.me {
            cx.reach(mark::YIELDED);
        }
        let was_member = self.is_member();
        self.install(map, known, cx);
        if was_member && !self.is_member() {
            self.ask_back_in(cx);
        }
    }
}
