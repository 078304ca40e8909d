//! A gateway's part in rebalancing: it takes users' requests for one to the primary, and as a member of the Information
//! Center it knows of every one from the map.
//!
//! An order that the map calls done has finished everywhere. Any other end is what the targets say, and a 404 of theirs says
//! nothing: they may not have learnt of the order. One that goes by a newer order says so.
//! Source: `reference/aistore-registry-and-coexistence.md` section C, user start and completion at the IC.

use quiesce_machine::CallId;

use super::Proxy;
use super::owed::Owed;
use crate::xaction::message::{StartError, ToClient, ToProxy};
use crate::xaction::rebalance::{Mode, Progress};
use crate::xaction::{Context, DaemonId, XactId, send};

impl Proxy {
    /// A user asks for a rebalance: the primary orders it, whoever is asked.
    pub(super) fn ask_rebalance(
        &mut self,
        (client, call, request): (DaemonId, CallId, XactId),
        mode: Mode,
        cx: &mut Context<'_>,
    ) {
        if !self.membership.is_primary() {
            let request = ToProxy::RebalanceRequest { client, call, request, mode };
            return send(cx, self.membership.map().primary(), request);
        }
        match self.membership.order_for_user(request, mode, cx) {
            Some(Ok((id, as_of))) => self.owe(as_of, Owed::Rebalance { client, call, request, id }),
            Some(Err(_)) => send(cx, client, ToClient::StartAnswer { call, result: Err(StartError::Busy) }),
            None => (),
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
