//! Status queries at a member, and what it does about an id that it does not know.
//!
//! A query is answered from the table at once, and the tardy targets are pulled for the next one; the published code
//! holds the answer until the pull is done.
//! Source: `reference/aistore-information-center.md` section 8.

use std::collections::BTreeSet;
use std::sync::Arc;

use quiesce_machine::{CallId, Rename};

use super::Ic;
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::job::Status;
use crate::xaction::membership::Version;
use crate::xaction::message::{QueryError, Select, ToClient, ToProxy};
use crate::xaction::policy::UnknownId;
use crate::xaction::timer::MemberTimer;
use crate::xaction::{Context, mark, send};

/// Who waits for an answer, and the way it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub(in crate::xaction) struct Asker {
    /// The gateway it came through, unless that is this proxy.
    pub(in crate::xaction) gateway: Option<DaemonId>,
    /// The client.
    pub(in crate::xaction) client: DaemonId,
    /// The client's call.
    pub(in crate::xaction) call: CallId,
}

/// Other members are being asked about an unknown id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) struct Ask {
    askers: BTreeSet<Asker>,
    waiting: BTreeSet<DaemonId>,
    /// Those that have answered that they do not know it, speaking for the Information Center of this member's map.
    without: BTreeSet<DaemonId>,
    /// Whether it takes more than half of the members to call it unknown.
    by_majority: bool,
}

impl Ic {
    pub(in crate::xaction) fn query(&mut self, asker: Asker, select: Select, cx: &mut Context<'_>) {
        match select {
            Select::Kind(kind) => {
                let result = self.table.find(kind).map(|listener| listener.status()).ok_or(QueryError::NotFound);
                answer(asker, result, cx);
            }
            Select::Id(job) => match self.table.entry(job) {
                Some(listener) => {
                    answer(asker, Ok(listener.status()), cx);
                    self.pull(job, cx);
                }
                None => self.ask(asker, job, cx),
            },
        }
    }

    /// Another member asks for the table on account of a job (I4). While this one cannot speak for the Information Center,
    /// it says so, by no map: that it does not have the job means nothing then.
    pub(in crate::xaction) fn pulled_table(&self, member: DaemonId, job: XactId, cx: &mut Context<'_>) {
        let by = if self.is_frozen(cx) { Version::default() } else { self.map.version() };
        send(cx, member, ToProxy::OwnershipTable { job, by, table: self.shared_table() });
    }

    /// Another member sends its table on account of a job (I4). While the members change it is not taken over, and that it
    /// does not have the job means nothing.
    pub(in crate::xaction) fn told(
        &mut self,
        member: DaemonId,
        job: XactId,
        by: Version,
        table: &[(XactId, super::Account)],
        cx: &mut Context<'_>,
    ) {
        self.merge(by, table, cx);
        let told = table.iter().find(|(told, listener)| *told == job && listener.end_time.is_some());
        if let (true, Some((_, listener))) = (self.is_frozen(cx), told) {
            self.conclude(job, Ok(listener.status()), cx);
        } else if by == self.map.version() && !self.is_frozen(cx) {
            if let Some(ask) = self.asks.get_mut(&job) {
                ask.without.insert(member);
            }
            self.asked(member, job, cx);
        } else if self.asks.get(&job).is_some_and(|ask| ask.by_majority) {
            self.asked(member, job, cx);
        }
    }

    /// Another member has nothing more to say about a job: it has answered, or is down.
    ///
    /// Where the members agree on who they are, this one may have missed that they changed. When more than half of those it
    /// takes for members do not know the job, itself included, nobody confirmed it under their map nor agreed on a later one;
    /// when too many are down to tell, it says so.
    pub(in crate::xaction) fn asked(&mut self, member: DaemonId, job: XactId, cx: &mut Context<'_>) {
        let itself = self.is_member() && !self.is_frozen(cx);
        let Some(ask) = self.asks.get_mut(&job) else { return };
        ask.waiting.remove(&member);
        let (by_majority, nobody_left) = (ask.by_majority, ask.waiting.is_empty());
        let without = ask.without.iter().copied().chain(itself.then_some(self.me)).collect();
        if by_majority && self.map.is_enough(&without) || !by_majority && nobody_left {
            self.conclude(job, Err(QueryError::NotFound), cx);
        } else if nobody_left {
            cx.reach(mark::TOO_FEW_TO_TELL);
            self.conclude(job, Err(QueryError::BadGateway), cx);
        }
    }

    /// The members are others now: whoever asked for what this one did not know is to ask again.
    pub(super) fn give_up_asks(&mut self, cx: &mut Context<'_>) {
        let asked: Vec<XactId> = self.asks.keys().copied().collect();
        for job in asked {
            self.conclude(job, Err(QueryError::BadGateway), cx);
        }
    }

    /// The one member that was asked has not answered in time.
    pub(super) fn ask_over(&mut self, job: XactId, cx: &mut Context<'_>) {
        self.conclude(job, Err(QueryError::NotFound), cx);
    }

    /// A job is in the table now; whoever asked for it is answered.
    pub(super) fn conclude_known(&mut self, job: XactId, cx: &mut Context<'_>) {
        if let Some(listener) = self.table.entry(job) {
            let status = listener.status();
            self.conclude(job, Ok(status), cx);
        }
    }

    /// A member's table, to send.
    pub(in crate::xaction) fn shared_table(&self) -> Arc<Vec<(XactId, super::Account)>> {
        Arc::new(self.table.accounts().collect())
    }

    /// Asks one other member and waits a while, or all others until each has answered or is down. In the second case
    /// no timer hurries them: a client that is tired of waiting asks again, and so does this.
    fn ask(&mut self, asker: Asker, job: XactId, cx: &mut Context<'_>) {
        let others: Vec<DaemonId> = self.others().collect();
        if others.is_empty() {
            let error = if self.is_frozen(cx) { QueryError::BadGateway } else { QueryError::NotFound };
            return answer(asker, Err(error), cx);
        }
        cx.reach(mark::ASKS_MEMBERS);
        let policy = cx.config().policies.unknown_id;
        let by_majority = super::agrees(cx) && policy == UnknownId::AsksAll;
        let ask = self.asks.entry(job).or_insert_with(|| {
            let waiting = match policy {
                UnknownId::AsksAll => others.into_iter().collect(),
                UnknownId::AsksOne => {
                    let count = u32::try_from(others.len()).expect("few members");
                    cx.arm(MemberTimer::Ask(job).into(), cx.config().timing.cplane_operation);
                    BTreeSet::from([others[cx.choose("bundle-peer", count) as usize]])
                }
            };
            Ask { askers: BTreeSet::new(), waiting, without: BTreeSet::new(), by_majority }
        });
        ask.askers.insert(asker);
        for &member in &ask.waiting {
            send(cx, member, ToProxy::PullTable { job });
        }
    }

    pub(super) fn conclude(&mut self, job: XactId, result: Result<Status, QueryError>, cx: &mut Context<'_>) {
        let Some(ask) = self.asks.remove(&job) else { return };
        cx.disarm(MemberTimer::Ask(job).into());
        for asker in ask.askers {
            answer(asker, result, cx);
        }
    }
}

fn answer(asker: Asker, result: Result<Status, QueryError>, cx: &mut Context<'_>) {
    let Asker { gateway, client, call } = asker;
    match gateway {
        Some(gateway) => send(cx, gateway, ToProxy::RoutedAnswer { client, call, result }),
        None => send(cx, client, ToClient::StatusAnswer { call, result }),
    }
}
