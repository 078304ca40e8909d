//! How a primary's change comes into force.
//!
//! A change is proposed, and holds when nobody can have missed it. A majority of the members of each map it follows, and of
//! its own, have accepted it durably; as many of the Information Center as share a member with every group that is enough
//! have reported what they know of jobs, and vouch for nothing more until it is settled; enough of the new one have made
//! that durable. Then the primary settles the map, and whoever hears of it acts by it. Whoever is elected meanwhile knows
//! of the proposal and goes on from there.

use std::sync::Arc;

use super::keepalive::Lead;
use super::smap::{Draft, Smap, Version};
use super::{ClusterMsg, Membership};
use crate::xaction::fact::Fact;
use crate::xaction::ic::Bundle;
use crate::xaction::id::DaemonId;
use crate::xaction::{Context, mark, send};

impl Membership {
    /// Proposes a change of its own making; by the published rule it is in force at once.
    pub(in crate::xaction) fn make(&mut self, mut draft: Draft, cx: &mut Context<'_>) {
        self.order_if_needed(&mut draft, cx);
        if draft.version() == self.accepted.version() {
            return;
        }
        if !super::agrees(cx) {
            return self.make_at_once(draft.publish(), cx);
        }
        self.attach(&draft, cx);
        draft.propose_after(&self.accepted);
        let map = draft.publish();
        if let Some(lead) = &mut self.lead {
            lead.forget_answers();
            lead.sent_away
                .extend(self.accepted.members().map(|(daemon, _)| daemon).filter(|&daemon| map.has_left(daemon)));
        }
        self.made = Some(map.version());
        self.install(map, None, cx);
    }

    /// Goes by a map of its own making, and has the members follow.
    pub(super) fn make_at_once(&mut self, map: Smap, cx: &mut Context<'_>) {
        cx.fact(Fact::MapMade { map: map.clone() });
        let gone: Vec<DaemonId> = self.others().filter(|&daemon| map.has_left(daemon)).collect();
        self.install(map, None, cx);
        for daemon in gone {
            send(cx, daemon, ClusterMsg::Map { map: self.accepted.clone() });
        }
    }

    /// The map it has is durable: it is acknowledged, or handed on.
    pub(super) fn map_recorded(&mut self, cx: &mut Context<'_>) {
        self.due.report = self.acknowledge.take();
        if !super::agrees(cx) {
            return;
        }
        let made = self.made.take() == Some(self.accepted.version());
        if made {
            cx.fact(Fact::MapMade { map: self.accepted.clone() });
        }
        let Some(lead) = &self.lead else {
            if made {
                send(cx, self.accepted.primary(), ClusterMsg::Map { map: self.accepted.clone() });
            }
            return;
        };
        if self.accepted.is_settled() && self.agreed != self.accepted {
            let flush = lead.flush.clone();
            self.enter(flush, cx);
            self.lead.as_mut().expect("it led just now").forget_answers();
            self.tell_who_left(cx);
            self.answer_pending(cx);
        }
        self.sync_again(cx);
        self.progress(cx);
    }

    /// The latest map that may be shown to others: one of its own making only when it survives a crash.
    pub(super) fn shown(&self) -> Smap {
        if self.made.is_some() { self.agreed.clone() } else { self.accepted.clone() }
    }

    /// Goes on with a proposal as far as the answers allow.
    pub(super) fn progress(&mut self, cx: &mut Context<'_>) {
        let (me, version) = (self.me, self.accepted.version());
        if self.accepted.is_settled() || !self.map_is_durable() || version.term < self.voted {
            return;
        }
        let Some(lead) = &mut self.lead else { return };
        let accepted = lead.synced.iter().filter(|&(_, &has)| has == version).map(|(&member, _)| member);
        if !self.accepted.is_majority(&accepted.chain([me]).collect()) {
            return;
        }
        if lead.flush.is_none() {
            self.due.collect |= self.accepted.is_read(&lead.read.keys().copied().chain([me]).collect());
        } else if lead.loaded.contains(&me) && self.accepted.is_enough(&lead.loaded) {
            cx.reach(mark::SETTLED);
            self.accepted = self.accepted.settled();
            self.made = Some(self.accepted.version());
            self.record(cx);
        }
    }

    /// What the Information Center before this proposal knew, as far as enough of its members reported it.
    pub(in crate::xaction) fn collected(&self) -> Vec<Arc<Bundle>> {
        self.lead.iter().flat_map(|lead| lead.read.values().cloned()).collect()
    }

    /// This primary has taken over what was collected; the others are to.
    pub(in crate::xaction) fn flush(&mut self, known: Arc<Bundle>, cx: &mut Context<'_>) {
        if let Some(lead) = &mut self.lead {
            lead.flush = Some(known);
            self.load_again(cx);
        }
    }

    /// Hands what was collected to those who have accepted the proposal and not taken it over.
    pub(super) fn load_again(&self, cx: &mut Context<'_>) {
        for member in self.accepted.ic() {
            self.load(member, cx);
        }
    }

    /// Hands a member what was collected, if it has accepted the proposal and not taken it over.
    pub(super) fn load(&self, member: DaemonId, cx: &mut Context<'_>) {
        let Some(Lead { flush: Some(known), loaded, synced, .. }) = &self.lead else { return };
        let version = self.accepted.version();
        let lacks = self.accepted.is_ic(member) && !loaded.contains(&member) && synced.get(&member) == Some(&version);
        if lacks && !self.accepted.is_settled() {
            send(cx, member, ClusterMsg::Load { version, known: Arc::clone(known) });
        }
    }

    /// A member of the Information Center, perhaps this one, has made durable what was collected.
    pub(in crate::xaction) fn loaded(&mut self, member: DaemonId, version: Version, cx: &mut Context<'_>) {
        if version != self.accepted.version() {
            return;
        }
        if let Some(lead) = &mut self.lead {
            lead.loaded.insert(member);
            self.progress(cx);
        }
    }

    /// Those who were sent away and would not hear of it otherwise.
    fn tell_who_left(&mut self, cx: &mut Context<'_>) {
        let Some(lead) = &mut self.lead else { return };
        for daemon in std::mem::take(&mut lead.sent_away) {
            send(cx, daemon, ClusterMsg::Map { map: self.accepted.clone() });
        }
    }
}
