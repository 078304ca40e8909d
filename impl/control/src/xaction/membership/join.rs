//! Coming into the cluster: asked by an operator, or back after having been taken for dead.
//! Source: `reference/aistore-registry-and-coexistence.md` section D, join.

use quiesce_machine::CallId;

use super::smap::Draft;
use super::{ClusterMsg, ClusterTimer, Flags, Membership};
use crate::xaction::fact::Fact;
use crate::xaction::id::DaemonId;
use crate::xaction::user::Reply;
use crate::xaction::{Context, mark, send};

impl Membership {
    /// An operator asks this daemon to join through that proxy.
    pub(in crate::xaction) fn join(&mut self, call: CallId, via: DaemonId, cx: &mut Context<'_>) {
        cx.fact(Fact::JoinAsked { call });
        if self.is_member() {
            cx.fact(Fact::Joined { call });
            return cx.reply(call, Reply::Joined);
        }
        self.joining = Some((call, via));
        self.ask_to_join(via, cx);
    }

    /// A daemon wants in; a proxy that is not primary passes it on, once.
    pub(super) fn asked_in(&mut self, from: DaemonId, daemon: DaemonId, cx: &mut Context<'_>) {
        if self.is_primary() {
            self.take_in(daemon, cx);
        } else if from == daemon {
            send(cx, self.accepted.primary(), ClusterMsg::Join { daemon });
        }
    }

    /// A primary takes a daemon in, or hands the map to one that is in already.
    pub(super) fn take_in(&mut self, daemon: DaemonId, cx: &mut Context<'_>) {
        if self.accepted.contains(daemon) {
            return self.hand(daemon);
        }
        if !self.has_quorum(cx) {
            return;
        }
        let mut draft: Draft = self.accepted.draft();
        let electable = !cx.config().deployment.non_electable.contains(&daemon);
        draft.add(daemon, if electable { Flags::NONE } else { Flags::NON_ELECTABLE });
        if matches!(daemon, DaemonId::Proxy(_)) {
            self.staff(&mut draft, cx);
        }
        self.make(draft, cx);
    }

    /// The request was not answered: through the next proxy.
    pub(super) fn join_again(&mut self, cx: &mut Context<'_>) {
        if self.is_member() {
            return;
        }
        if let Some((call, via)) = self.joining {
            let next = cx.config().cluster.next_proxy(via);
            self.joining = Some((call, next));
            self.ask_to_join(next, cx);
        } else {
            self.ask_back_in(cx);
        }
    }

    /// Asks to be taken in again after having been left out, unless that was for good.
    pub(super) fn ask_back_in(&mut self, cx: &mut Context<'_>) {
        if self.is_member() || self.accepted.has_left(self.me) || self.joining.is_some() {
            return;
        }
        cx.reach(mark::ASKS_BACK_IN);
        let proxies = u32::try_from(cx.config().cluster.proxies().count()).expect("few proxies");
        let other = cx.config().cluster.proxies().nth(cx.choose("back-in-by", proxies) as usize);
        for proxy in [Some(self.accepted.primary()), other].into_iter().flatten().filter(|&proxy| proxy != self.me) {
            send(cx, proxy, ClusterMsg::Keepalive { version: self.accepted.version() });
        }
        cx.arm(ClusterTimer::Join.into(), self.upkeep(cx).keepalive_retry);
    }

    fn ask_to_join(&self, via: DaemonId, cx: &mut Context<'_>) {
        if via != self.me {
            send(cx, via, ClusterMsg::Join { daemon: self.me });
        }
        cx.arm(ClusterTimer::Join.into(), self.upkeep(cx).keepalive_retry);
    }
}
