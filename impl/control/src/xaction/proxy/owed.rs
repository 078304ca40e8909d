//! Answers of a primary that wait until a majority goes by the map that they speak of, so that the next primary does too.

use quiesce_machine::{CallId, Rename};

use super::Proxy;
use crate::xaction::bucket::Bucket;
use crate::xaction::fact::Fact;
use crate::xaction::membership::Version;
use crate::xaction::message::{ToClient, ToProxy};
use crate::xaction::rebalance::{Order, RebId};
use crate::xaction::{Context, DaemonId, Sources, XactId, send};

/// An answer that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub(super) enum Owed {
    /// A user's rebalance is ordered, under that id or that of an order which took its place before it was in force.
    Rebalance { client: DaemonId, call: CallId, request: XactId, id: RebId },
    /// A user's change of buckets is made.
    Buckets { client: DaemonId, call: CallId },
    /// A job's change of metadata is made.
    Step { gateway: DaemonId, job: XactId, bucket: Option<Bucket> },
}

impl Proxy {
    /// Answers when a majority goes by a map as late as that.
    pub(super) fn owe(&mut self, as_of: Version, owed: Owed) {
        self.owed.insert((as_of, owed));
    }

    /// Gives the answers that need wait no longer; one that leads no more has none to give.
    pub(super) fn pay(&mut self, cx: &mut Context<'_>) {
        if !self.membership.is_primary() {
            self.owed.clear();
        }
        let due = |&(as_of, _): &(Version, Owed)| self.membership.majority_has(as_of);
        let due: Vec<(Version, Owed)> = self.owed.iter().copied().filter(due).collect();
        for paid in due {
            self.owed.remove(&paid);
            match paid.1 {
                Owed::Rebalance { client, call, request, id } => {
                    let asked = self.membership.map().order().and_then(|order| order.asked);
                    let id = asked.filter(|&(asked, _)| asked == request).map_or(id, |(_, id)| id);
                    let order = self.membership.map().order().filter(|order| order.id == id);
                    let sources = order.map_or_else(|| Sources::from_iter([]), Order::sources);
                    cx.fact(Fact::StartTaken { job: id.xact(), client, call, sources });
                    send(cx, client, ToClient::StartAnswer { call, result: Ok(id.xact()) });
                }
                Owed::Buckets { client, call } => send(cx, client, ToClient::BucketAnswer { call, result: Ok(()) }),
                Owed::Step { gateway, job, bucket } => {
                    send(cx, gateway, ToProxy::BucketStepped { job, result: Ok(bucket) });
                }
            }
        }
    }
}
