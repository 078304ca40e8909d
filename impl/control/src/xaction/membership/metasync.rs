//! How a primary's changes reach the members: one register per daemon that takes the later map, repeated to whoever has
//! not acknowledged. Versions in between may be skipped, and nobody waits for anybody.
//! Source: `reference/aistore-registry-and-coexistence.md` section D, metasync.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::smap::{Draft, Smap, Version};
use super::{ClusterMsg, ClusterTimer, Membership, Payload, Upkeep};
use crate::xaction::fact::Fact;
use crate::xaction::id::DaemonId;
use crate::xaction::policy::{ForeignPrimary, IcStaffing};
use crate::xaction::{Context, mark, send};

impl Membership {
    /// What keeps membership.
    pub(super) fn upkeep<'a>(&self, cx: &Context<'a>) -> &'a Upkeep {
        cx.config().deployment.upkeep.as_ref().expect("no membership step is taken without upkeep")
    }

    /// Goes by a map of its own making, and has the members follow.
    pub(in crate::xaction) fn make(&mut self, mut draft: Draft, cx: &mut Context<'_>) {
        self.order_if_needed(&mut draft, cx);
        let map = draft.publish();
        if map == self.map {
            return;
        }
        cx.fact(Fact::MapMade { map: map.clone() });
        let gone: Vec<DaemonId> = self.others().filter(|&daemon| map.has_left(daemon)).collect();
        self.install(map, cx);
        for daemon in gone {
            send(cx, daemon, ClusterMsg::Map { map: self.map.clone() });
        }
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
        let members: BTreeSet<DaemonId> = self.others().collect();
        let lead = self.lead.get_or_insert_default();
        lead.synced.retain(|member, _| members.contains(member));
        self.sync_again(cx);
    }

    /// Hands the map to the members that have not acknowledged it, until all have.
    pub(super) fn sync_again(&mut self, cx: &mut Context<'_>) {
        let Some(lead) = &self.lead else { return };
        let version = self.map.version();
        let lagging: Vec<DaemonId> = self.others().filter(|member| lead.synced.get(member) < Some(&version)).collect();
        if lagging.is_empty() {
            return;
        }
        let payload = Arc::new(Payload { map: self.map.clone() });
        for member in lagging {
            send(cx, member, ClusterMsg::Metasync { payload: Arc::clone(&payload) });
        }
        cx.arm(ClusterTimer::Metasync.into(), self.upkeep(cx).metasync_retry);
    }

    /// A primary hands its map over.
    pub(super) fn synced(&mut self, from: DaemonId, payload: &Payload, cx: &mut Context<'_>) {
        let theirs = payload.map.version();
        self.told_of(from, payload.map.clone(), cx);
        let mine = self.map.version();
        if mine != theirs {
            return send(cx, from, ClusterMsg::MetasyncRefused { map: self.map.clone() });
        }
        self.heard_from(from, theirs, cx);
        send(cx, from, ClusterMsg::MetasyncDone { version: mine });
    }

    /// A member has acknowledged.
    pub(super) fn sync_done(&mut self, from: DaemonId, version: Version, cx: &mut Context<'_>) {
        self.heard_from(from, version, cx);
        let Some(lead) = &mut self.lead else { return };
        lead.synced.insert(from, version);
        self.answer_pending(cx);
    }

    /// A daemon that was handed the map goes by another.
    pub(super) fn refused(&mut self, from: DaemonId, map: Smap, cx: &mut Context<'_>) {
        self.told_of(from, map, cx);
    }

    /// Another daemon's map: taken if it is later than this one's.
    pub(super) fn told_of(&mut self, from: DaemonId, map: Smap, cx: &mut Context<'_>) {
        if map.version() <= self.map.version() {
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
        self.install(map, cx);
        if was_member && !self.is_member() {
            self.ask_back_in(cx);
        }
    }
}
