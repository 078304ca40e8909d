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

    /// Another member sends its table on account of a job (I4). While the members change it is not taken over, and that it
    /// does not have the job means nothing.
    pub(in crate::xaction) fn told(
        &mut self,
        member: DaemonId,
        job: XactId,
        by: Version,
        table: &[(XactId, super::Listener)],
        cx: &mut Context<'_>,
    ) {
        self.merge(by, table, cx);
        let told = table.iter().find(|(told, listener)| *told == job && listener.end_time.is_some());
        if let (true, Some((_, listener))) = (self.is_frozen(cx), told) {
            self.conclude(job, Ok(listener.status()), cx);
        } else if by == self.map.version() && !self.is_frozen(cx) {
            self.asked(member, job, cx);
        }
    }

    /// Another member has nothing more to say about a job: it has answered, or is down.
    pub(in crate::xaction) fn asked(&mut self, member: DaemonId, job: XactId, cx: &mut Context<'_>) {
        let Some(ask) = self.asks.get_mut(&job) else { return };
        ask.waiting.remove(&member);
        if ask.waiting.is_empty() {
            self.conclude(job, Err(QueryError::NotFound), cx);
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
    pub(in crate::xaction) fn shared_table(&self) -> Arc<Vec<(XactId, super::Listener)>> {
        Arc::new(self.table.iter().map(|(job, listener)| (job, listener.encoded())).collect())
    }

    /// Asks one other member and waits a while, or all others until each has answered or is down. In the second case
    /// no timer hurries them: a client that is tired of waiting asks again, and so does this.
    fn ask(&mut self, asker: Asker, job: XactId, cx: &mut Context<'_>) {
        let others: Vec<DaemonId> = self.others().collect();
        if others.is_empty() {
            return answer(asker, Err(QueryError::NotFound), cx);
        }
        cx.reach(mark::ASKS_MEMBERS);
        let policy = cx.config().policies.unknown_id;
        let ask = self.asks.entry(job).or_insert_with(|| {
            let waiting = match policy {
                UnknownId::AsksAll => others.into_iter().collect(),
                UnknownId::AsksOne => {
                    let count = u32::try_from(others.len()).expect("few members");
                    cx.arm(MemberTimer::Ask(job).into(), cx.config().timing.cplane_operation);
                    BTreeSet::from([others[cx.choose("bundle-peer", count) as usize]])
                }
            };
            Ask { askers: BTreeSet::new(), waiting }
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
