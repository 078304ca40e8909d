//! A gateway's part in rebalancing: it takes users' requests for one to the primary, and as a member of the Information
//! Center it knows of every one from the map.
//!
//! An order that the map calls done has finished everywhere. Any other end is what the targets say, and a 404 of theirs says
//! nothing: they may not have learnt of the order. One that goes by a newer order says so.
//! Source: `reference/aistore-registry-and-coexistence.md` section C, user start and completion at the IC.

use quiesce_machine::{CallId, Rename};

use super::Proxy;
use crate::xaction::fact::Fact;
use crate::xaction::membership::Version;
use crate::xaction::message::{StartError, ToClient, ToProxy};
use crate::xaction::rebalance::{Progress, RebId};
use crate::xaction::{Context, DaemonId, XactId, send};

/// A user's rebalance that a majority has not been seen to know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub(super) struct Ordered {
    client: DaemonId,
    call: CallId,
    id: RebId,
    as_of: Version,
}

impl Proxy {
    /// A user asks for a rebalance: the primary orders it, whoever is asked.
    pub(super) fn ask_rebalance(&mut self, client: DaemonId, call: CallId, request: XactId, cx: &mut Context<'_>) {
        if !self.membership.is_primary() {
            return send(cx, self.membership.map().primary(), ToProxy::RebalanceRequest { client, call, request });
        }
        match self.membership.order_for_user(request, cx) {
            Some(Ok((id, as_of))) => _ = self.ordered.insert(Ordered { client, call, id, as_of }),
            Some(Err(_)) => send(cx, client, ToClient::StartAnswer { call, result: Err(StartError::Busy) }),
            None => (),
        }
    }

    /// Answers for the rebalances that a majority knows of, so that the next primary does too.
    pub(super) fn answer_ordered(&mut self, cx: &mut Context<'_>) {
        if !self.membership.is_primary() {
            self.ordered.clear();
        }
        let known: Vec<Ordered> =
            self.ordered.iter().copied().filter(|ordered| self.membership.majority_has(ordered.as_of)).collect();
        for ordered in known {
            self.ordered.remove(&ordered);
            let Ordered { client, call, id, .. } = ordered;
            cx.fact(Fact::StartTaken { job: id.xact(), client, call });
            send(cx, client, ToClient::StartAnswer { call, result: Ok(id.xact()) });
        }
    }

    /// Goes by what the map says of a rebalance that has ended.
    pub(super) fn close_order(&mut self, cx: &mut Context<'_>) {
        let done = self.membership.map().order().filter(|order| order.progress == Progress::Done);
        if let Some(job) = done.map(|order| order.id.xact()) {
            self.ic.finish_rebalance(job, cx);
        }
    }

    /// Goes by what the map says of a rebalance that has not.
    pub(super) fn follow_order(&mut self, cx: &mut Context<'_>) {
        let map = self.membership.map();
        let open = map.order().filter(|order| order.is_open() && self.ic.is_member()).cloned();
        if let Some(order) = open {
            let primary = map.primary();
            self.ic.track_order(order.id.xact(), primary, order.sources(), cx);
        }
    }
}
