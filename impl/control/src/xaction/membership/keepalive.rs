//! Signs of life between a primary and the members, and what silence leads to.
//!
//! A member asks its primary every period and, after so many unanswered tries, takes it for dead (`election`). A primary
//! asks the members it has not heard of, and leaves out of the map those that stay silent.
//! Source: `reference/aistore-registry-and-coexistence.md` section D, keepalive.

use quiesce_machine::Rename;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::admin::Pending;
use super::smap::{Smap, Version};
use super::{ClusterMsg, ClusterTimer, Membership, Upkeep};
use crate::xaction::ic::Bundle;
use crate::xaction::id::DaemonId;
use crate::xaction::policy::{KeepaliveOutside, PrimaryQuorum};
use crate::xaction::rebalance::{Mode, Tally};
use crate::xaction::{Context, mark, send};

/// What a primary keeps of its members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(super) struct Lead {
    /// Whether a period has passed since it took the lead.
    pub(super) settled: bool,
    /// Heard of since the last look.
    heard: BTreeSet<DaemonId>,
    /// Not heard of, and how often asked in vain.
    suspects: BTreeMap<DaemonId, u8>,
    /// Which version each member has acknowledged.
    pub(super) synced: BTreeMap<DaemonId, Version>,
    /// Changes that wait to be answered for.
    pub(super) pending: BTreeSet<Pending>,
    /// What members that have accepted the proposal reported.
    pub(super) read: BTreeMap<DaemonId, Arc<Bundle>>,
    /// What was made of it, once enough have.
    pub(super) flush: Option<Arc<Bundle>>,
    /// The members of its Information Center that have that durably.
    pub(super) loaded: BTreeSet<DaemonId>,
    /// The latest election in which a member has given its vote to another.
    pub(super) outvoted: u16,
    /// Who was sent away, and has not been told.
    pub(super) sent_away: BTreeSet<DaemonId>,
    /// What it keeps of rebalances.
    pub(super) rebalance: Tally,
    /// What its messages say of the rebalance that the map orders (policy `rebalance-mode`).
    pub(super) action: Option<Mode>,
}

impl Lead {
    /// The first primary's: every member was deployed with the same map.
    pub(super) fn deployed(map: &Smap) -> Self {
        let synced = map.members().map(|(daemon, _)| (daemon, map.version())).collect();
        Lead { synced, ..Lead::default() }
    }

    /// Forgets what was answered to a proposal that is over.
    pub(super) fn forget_answers(&mut self) {
        self.read.clear();
        self.flush = None;
        self.loaded.clear();
    }

    fn heard_of(&mut self, member: DaemonId) {
        self.heard.insert(member);
        self.suspects.remove(&member);
    }
}

/// What a member keeps of its primary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(super) struct Watch {
    /// Nothing was heard of it since the last look.
    pub(super) silent: bool,
    /// Keepalives in a row that were not answered.
    pub(super) missed: u8,
}

impl Membership {
    /// What this daemon keeps of rebalances as a primary.
    pub(in crate::xaction) fn tally(&mut self) -> Option<&mut Tally> {
        self.lead.as_mut().map(|lead| &mut lead.rebalance)
    }

    pub(super) fn arm_tick(&self, cx: &mut Context<'_>) {
        if let Some(period) = self.upkeep(cx).keepalive {
            cx.arm(ClusterTimer::Tick.into(), period);
        }
    }

    /// A period is over.
    pub(super) fn tick(&mut self, cx: &mut Context<'_>) {
        if self.is_primary() {
            self.look_round(cx);
        } else if self.is_on_watch() {
            self.look_up(cx);
        } else if self.accepted.contains(self.me) {
            self.ask_primary(cx);
        } else {
            return;
        }
        self.arm_tick(cx);
    }

    /// Whether this daemon looks for its primary: as an active member, or to hear what became of a proposal.
    pub(super) fn is_on_watch(&self) -> bool {
        self.accepted.is_active(self.me) || self.agreed.is_active(self.me) || !self.accepted.is_settled()
    }

    /// A member tells this primary that it lives.
    pub(super) fn keepalive(&mut self, from: DaemonId, version: Version, cx: &mut Context<'_>) {
        let away = self.accepted.has_left(from) && cx.config().policies.keepalive_outside == KeepaliveOutside::StaysOut;
        if !self.is_primary() || away {
            return send(cx, from, ClusterMsg::Map { map: self.shown() });
        }
        if !self.accepted.contains(from) {
            cx.reach(mark::READMITTED);
            return self.take_in(from, cx);
        }
        self.heard_from(from, version, cx);
        send(cx, from, ClusterMsg::KeepaliveDone { version: self.accepted.version() });
    }

    /// Somebody asks whether this daemon lives.
    pub(super) fn health(&mut self, from: DaemonId, version: Version, cx: &mut Context<'_>) {
        self.heard_from(from, version, cx);
        send(cx, from, ClusterMsg::HealthDone { version: self.accepted.version() });
    }

    /// Another daemon lives, and goes by a map of that version.
    pub(super) fn heard_from(&mut self, from: DaemonId, version: Version, cx: &mut Context<'_>) {
        let watched = self.upkeep(cx).keepalive.is_some();
        if let Some(lead) = &mut self.lead {
            if watched && self.accepted.contains(from) {
                lead.heard_of(from);
            }
        } else if from == self.accepted.primary() {
            if self.watch.missed > 0 {
                cx.disarm(ClusterTimer::Retry.into());
            }
            self.watch = super::Watch::default();
            self.primary_lives(cx);
        }
        if version > self.accepted.version() {
            send(cx, from, ClusterMsg::PullMap);
        } else if from == self.accepted.primary() && version < self.accepted.version() {
            send(cx, from, ClusterMsg::Map { map: self.shown() });
        }
    }

    /// A try was not answered in time.
    pub(super) fn retry(&mut self, cx: &mut Context<'_>) {
        if self.is_primary() {
            self.probe(cx);
        } else if self.watch.missed > self.upkeep(cx).keepalive_retries {
            self.primary_down(cx);
        } else if self.watch.missed > 0 {
            self.watch.missed += 1;
            self.ask_primary(cx);
            cx.arm(ClusterTimer::Retry.into(), self.upkeep(cx).keepalive_retry);
        }
    }

    /// Whether this primary hears of a majority, itself included.
    pub(in crate::xaction) fn has_quorum(&self, cx: &Context<'_>) -> bool {
        let Some(lead) = &self.lead else { return false };
        match cx.config().policies.primary_quorum {
            PrimaryQuorum::None => true,
            PrimaryQuorum::Majority => {
                let reached = self.accepted.active().filter(|member| !lead.suspects.contains_key(member)).collect();
                self.accepted.is_majority(&reached)
            }
        }
    }

    /// A member looks whether it has heard of its primary.
    fn look_up(&mut self, cx: &mut Context<'_>) {
        let Upkeep { keepalive_retries, keepalive_retry, .. } = *self.upkeep(cx);
        if self.watch.missed > keepalive_retries {
            self.primary_down(cx);
        } else if self.watch.silent && self.watch.missed == 0 {
            self.watch.missed = 1;
            cx.arm(ClusterTimer::Retry.into(), keepalive_retry);
        }
        self.watch.silent = true;
        self.ask_primary(cx);
    }

    fn ask_primary(&self, cx: &mut Context<'_>) {
        send(cx, self.accepted.primary(), ClusterMsg::Keepalive { version: self.accepted.version() });
    }

    /// A primary looks of whom it has not heard.
    fn look_round(&mut self, cx: &mut Context<'_>) {
        let others = self.active_others();
        let Some(lead) = &mut self.lead else { return };
        lead.settled = true;
        let heard = std::mem::take(&mut lead.heard);
        lead.suspects.retain(|member, _| others.contains(member));
        let probing = !lead.suspects.is_empty();
        let silent: Vec<DaemonId> = others.into_iter().filter(|member| !heard.contains(member)).collect();
        for member in silent {
            lead.suspects.entry(member).or_insert(0);
            send(cx, member, ClusterMsg::Health { version: self.accepted.version() });
        }
        if !probing && !lead.suspects.is_empty() {
            cx.arm(ClusterTimer::Retry.into(), self.upkeep(cx).keepalive_retry);
        }
    }

    /// A primary asks again those that have not answered, and gives up those that were asked too often.
    fn probe(&mut self, cx: &mut Context<'_>) {
        let retries = self.upkeep(cx).keepalive_retries;
        let active = self.active_others();
        let Some(lead) = &mut self.lead else { return };
        lead.suspects.retain(|member, _| active.contains(member));
        for (&member, tries) in &mut lead.suspects {
            *tries = (*tries + 1).min(retries + 1);
            send(cx, member, ClusterMsg::Health { version: self.accepted.version() });
        }
        let over: Vec<DaemonId> =
            lead.suspects.iter().filter(|&(_, &tries)| tries > retries).map(|(&member, _)| member).collect();
        if !over.is_empty() && self.has_quorum(cx) {
            self.give_up(&over, cx);
        } else if !over.is_empty() {
            cx.reach(mark::NO_QUORUM);
        }
        if self.lead.as_ref().is_some_and(|lead| !lead.suspects.is_empty()) {
            cx.arm(ClusterTimer::Retry.into(), self.upkeep(cx).keepalive_retry);
        }
    }

    /// Leaves silent members out of the map, all in one change.
    fn give_up(&mut self, silent: &[DaemonId], cx: &mut Context<'_>) {
        cx.reach(mark::REMOVED_SILENT);
        let mut draft = self.accepted.draft();
        for &member in silent {
            draft.remove(member);
            self.lead.as_mut().expect("only a primary gives up members").suspects.remove(&member);
        }
        self.staff(&mut draft, cx);
        self.make(draft, cx);
    }
}
