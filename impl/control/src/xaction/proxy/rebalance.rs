//! A gateway's part in rebalancing: it takes users' requests for one to the primary, and as a member of the Information
//! Center it knows of every one from the map.
//!
//! What became of a rebalance is what the map says: an order that is done has finished everywhere, one that was stopped or
//! replaced is aborted. A target's 404 says nothing of it, since it may not have learnt of the order.
//! Source: `reference/aistore-registry-and-coexistence.md` section C, user start and completion at the IC.

use quiesce_machine::CallId;

use super::Proxy;
use crate::xaction::fact::Fact;
use crate::xaction::membership::Version;
use crate::xaction::message::{StartError, ToClient, ToProxy};
use crate::xaction::rebalance::{Progress, RebId};
use crate::xaction::{Context, DaemonId, Kind, XactId, send};

/// A user's rebalance that a majority has not been seen to know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// Goes by what the map says of rebalances.
    pub(super) fn follow_order(&mut self, cx: &mut Context<'_>) {
        let map = self.membership.map();
        let Some(order) = map.order().cloned().filter(|_| self.ic.is_member()) else { return };
        let (job, primary) = (order.id.xact(), map.primary());
        self.ic.supersede_rebalances(job, cx);
        match order.progress {
            Progress::Open => _ = self.ic.watch(job, Kind::Rebalance, primary, order.sources(), false, cx),
            Progress::Done => self.ic.finish_rebalance(job, cx),
            Progress::Stopped => self.ic.abort(job, cx),
        }
    }
}
