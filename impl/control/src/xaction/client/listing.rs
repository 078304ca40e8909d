//! A query for every job: asked again, through the next gateway, until somebody answers.
//! Source: `reference/aistore-information-center.md` section 3, C4.

use std::sync::Arc;

use quiesce_machine::{CallId, Rename};

use super::{Client, arm_request};
use crate::xaction::fact::Fact;
use crate::xaction::message::{QueryError, Select, Statuses, ToProxy};
use crate::xaction::policy::GatewayDown;
use crate::xaction::timer::ClientTimer;
use crate::xaction::user::{Outcome, Reply};
use crate::xaction::{Context, DaemonId, Kind, send};

/// A query for every job that has not been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) struct Listing {
    kind: Option<Kind>,
    gateway: DaemonId,
}

impl Client {
    pub(super) fn list(&mut self, call: CallId, kind: Option<Kind>, gateway: DaemonId, cx: &mut Context<'_>) {
        cx.fact(Fact::StatusAsked { call });
        self.listings.insert(call, Listing { kind, gateway });
        self.ask_list(call, gateway, cx);
    }

    /// Sends the query to its gateway, or to whom that one names.
    pub(super) fn ask_list(&self, call: CallId, to: DaemonId, cx: &mut Context<'_>) {
        let select = Select::Every(self.listings[&call].kind);
        send(cx, to, ToProxy::StatusRequest { call, select });
        arm_request(call, cx);
    }

    pub(super) fn list_again(&self, call: CallId, cx: &mut Context<'_>) {
        self.ask_list(call, self.listings[&call].gateway, cx);
    }

    pub(super) fn list_answered(&mut self, call: CallId, result: Result<Statuses, QueryError>, cx: &mut Context<'_>) {
        let Some(&Listing { kind, .. }) = self.listings.get(&call) else { return };
        match result {
            Ok(statuses) => {
                let jobs = Arc::new(statuses.iter().map(|&(job, _)| job).collect());
                self.list_over(call, Fact::StatusesTold { call, kind, jobs }, Reply::Statuses(statuses.len()), cx);
            }
            Err(QueryError::NotFound | QueryError::BadGateway) => self.list_unserved(call, cx),
        }
    }

    /// The gateway did not serve it.
    pub(super) fn list_unserved(&mut self, call: CallId, cx: &mut Context<'_>) {
        let Some(listing) = self.listings.get_mut(&call) else { return };
        match cx.config().policies.gateway_down {
            GatewayDown::SameAgain => {
                let outcome = Outcome::Unreachable;
                self.list_over(call, Fact::StatusTold { call, job: None, outcome }, Reply::Told(outcome), cx);
            }
            GatewayDown::NextGateway => {
                listing.gateway = cx.config().cluster.next_proxy(listing.gateway);
                cx.disarm(ClientTimer::Request(call).into());
                cx.arm(ClientTimer::Poll(call).into(), cx.config().timing.poll_first);
            }
        }
    }

    fn list_over(&mut self, call: CallId, fact: Fact, reply: Reply, cx: &mut Context<'_>) {
        self.listings.remove(&call);
        cx.disarm(ClientTimer::Request(call).into());
        cx.disarm(ClientTimer::Poll(call).into());
        cx.fact(fact);
        cx.reply(call, reply);
    }
}
