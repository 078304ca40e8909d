//! Status queries at a member, and what it does about what it does not know, or not for sure.
//!
//! A query is answered from the table at once, and the tardy targets are pulled for the next one; the published code
//! holds the answer until the pull is done.
//! Source: `reference/aistore-information-center.md` section 8.

use std::collections::BTreeSet;
use std::sync::Arc;

use quiesce_machine::{CallId, Rename};

use super::Ic;
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::membership::Version;
use crate::xaction::message::{Found, QueryError, Select, Statuses, ToClient, ToProxy};
use crate::xaction::policy::{KindQuery, StatusAll, UnknownId};
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

impl Asker {
    /// Answers a query.
    pub(in crate::xaction) fn answer(self, select: Select, result: Result<Found, QueryError>, cx: &mut Context<'_>) {
        let Asker { gateway, client, call } = self;
        let one = match (result, select) {
            (Ok(Found::Every(statuses)), _) => {
                return send(cx, client, ToClient::StatusesAnswer { call, result: Ok(statuses) });
            }
            (Err(error), Select::Every(_)) => {
                return send(cx, client, ToClient::StatusesAnswer { call, result: Err(error) });
            }
            (Ok(Found::One(status)), _) => Ok(status),
            (Err(error), Select::Id(_) | Select::Kind(_)) => Err(error),
        };
        match gateway {
            Some(gateway) => send(cx, gateway, ToProxy::RoutedAnswer { client, call, result: one }),
            None => send(cx, client, ToClient::StatusAnswer { call, result: one }),
        }
    }
}

/// Other members are being asked about what is not known here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) struct Ask {
    askers: BTreeSet<Asker>,
    waiting: BTreeSet<DaemonId>,
    /// Those that have told what they know, speaking for the Information Center of this member's map.
    heard: BTreeSet<DaemonId>,
    /// Whether it takes more than half of the members to say what is not known here.
    by_majority: bool,
}

impl Ic {
    /// A client asks. What is not known here, or not here alone, the other members are asked for.
    pub(in crate::xaction) fn query(&mut self, asker: Asker, select: Select, cx: &mut Context<'_>) {
        let policies = &cx.config().policies;
        let suffices = match select {
            Select::Id(_) => false,
            Select::Kind(_) => policies.kind_query == KindQuery::OneMember,
            Select::Every(_) => policies.status_all == StatusAll::OwnTable,
        };
        match self.known(select) {
            Some(found) => asker.answer(select, Ok(found), cx),
            None if suffices => asker.answer(select, self.found(select), cx),
            None => self.ask(asker, select, cx),
        }
        if let Select::Id(job) = select {
            self.pull(job, cx);
        }
    }

    /// The answer, if this table alone has it: of whatever runs here nobody says that it has ended.
    fn known(&self, select: Select) -> Option<Found> {
        match select {
            Select::Id(job) => self.table.entry(job).map(|listener| Found::One(listener.status())),
            Select::Kind(kind) => {
                let status = self.table.find(kind)?.status();
                status.end_time.is_none().then_some(Found::One(status))
            }
            Select::Every(_) => None,
        }
    }

    /// The answer as far as this table has it.
    fn found(&self, select: Select) -> Result<Found, QueryError> {
        let one = match select {
            Select::Id(job) => self.table.entry(job),
            Select::Kind(kind) => self.table.find(kind),
            Select::Every(kind) => {
                let named = |(_, listener): &(XactId, &super::Listener)| kind.is_none_or(|kind| kind == listener.kind);
                let jobs = self.table.iter().filter(named).map(|(job, listener)| (job, listener.status()));
                return Ok(Found::Every(Statuses::new(jobs.collect())));
            }
        };
        one.map(|listener| Found::One(listener.status())).ok_or(QueryError::NotFound)
    }

    /// Another member asks for the table on account of a query (I4). While this one cannot speak for the Information Center,
    /// it says so, by no map: what it does not have means nothing then.
    pub(in crate::xaction) fn pulled_table(&self, member: DaemonId, about: Select, cx: &mut Context<'_>) {
        let by = if self.is_frozen(cx) { Version::default() } else { self.map.version() };
        send(cx, member, ToProxy::OwnershipTable { about, by, table: self.shared_table() });
    }

    /// Another member sends its table on account of a query (I4). While the members change it is not taken over, and what
    /// it does not have means nothing.
    pub(in crate::xaction) fn told(
        &mut self,
        member: DaemonId,
        about: Select,
        by: Version,
        table: &[(XactId, super::Account)],
        cx: &mut Context<'_>,
    ) {
        self.merge(by, table, cx);
        let told = table.iter().find(|(told, listener)| about == Select::Id(*told) && listener.end_time.is_some());
        if let (true, Some((_, listener))) = (self.is_frozen(cx), told) {
            self.conclude(about, Ok(Found::One(listener.status())), cx);
        } else if by == self.map.version() && !self.is_frozen(cx) {
            if let Some(ask) = self.asks.get_mut(&about) {
                ask.heard.insert(member);
            }
            self.conclude_known(about, cx);
            self.asked(member, about, cx);
        } else if self.asks.get(&about).is_some_and(|ask| ask.by_majority) {
            self.asked(member, about, cx);
        }
    }

    /// Another member has nothing more to say about a query: it has answered, or is down.
    ///
    /// Where the members agree on who they are, this one may have missed that they changed. When more than half of those it
    /// takes for members have told what they know, itself included, nobody confirmed another job under their map nor agreed on
    /// a later one; when too many are down to tell, it says so.
    pub(in crate::xaction) fn asked(&mut self, member: DaemonId, about: Select, cx: &mut Context<'_>) {
        let itself = self.is_member() && !self.is_frozen(cx);
        let Some(ask) = self.asks.get_mut(&about) else { return };
        ask.waiting.remove(&member);
        let (by_majority, nobody_left) = (ask.by_majority, ask.waiting.is_empty());
        let heard = ask.heard.iter().copied().chain(itself.then_some(self.me)).collect();
        if by_majority && self.map.is_enough(&heard) || !by_majority && nobody_left {
            self.conclude(about, self.found(about), cx);
        } else if nobody_left {
            cx.reach(mark::TOO_FEW_TO_TELL);
            self.conclude(about, Err(QueryError::BadGateway), cx);
        }
    }

    /// The members are others now: whoever asked for what this one did not know is to ask again.
    pub(super) fn give_up_asks(&mut self, cx: &mut Context<'_>) {
        let asked: Vec<Select> = self.asks.keys().copied().collect();
        for about in asked {
            self.conclude(about, Err(QueryError::BadGateway), cx);
        }
    }

    /// The one member that was asked has not answered in time.
    pub(super) fn ask_over(&mut self, about: Select, cx: &mut Context<'_>) {
        self.conclude(about, Err(QueryError::NotFound), cx);
    }

    /// Whoever asked for what is in the table now is answered.
    pub(super) fn conclude_known(&mut self, about: Select, cx: &mut Context<'_>) {
        if let Some(found) = self.known(about) {
            self.conclude(about, Ok(found), cx);
        }
    }

    /// A member's table, to send.
    pub(in crate::xaction) fn shared_table(&self) -> Arc<Vec<(XactId, super::Account)>> {
        Arc::new(self.table.accounts().collect())
    }

    /// Asks one other member and waits a while, or all others until each has answered or is down. In the second case
    /// no timer hurries them: a client that is tired of waiting asks again, and so does this.
    fn ask(&mut self, asker: Asker, about: Select, cx: &mut Context<'_>) {
        let others: Vec<DaemonId> = self.others().collect();
        if others.is_empty() {
            let result = if self.is_frozen(cx) { Err(QueryError::BadGateway) } else { self.found(about) };
            return asker.answer(about, result, cx);
        }
        cx.reach(if matches!(about, Select::Id(_)) { mark::ASKS_MEMBERS } else { mark::ASKS_FOR_MORE });
        let one = match (about, cx.config().policies.unknown_id) {
            (Select::Id(job), UnknownId::AsksOne) => Some(job),
            (Select::Id(_), UnknownId::AsksAll) | (Select::Kind(_) | Select::Every(_), _) => None,
        };
        let by_majority = super::agrees(cx) && one.is_none();
        let ask = self.asks.entry(about).or_insert_with(|| {
            let waiting = match one {
                None => others.into_iter().collect(),
                Some(job) => {
                    let count = u32::try_from(others.len()).expect("few members");
                    cx.arm(MemberTimer::Ask(job).into(), cx.config().timing.cplane_operation);
                    BTreeSet::from([others[cx.choose("bundle-peer", count) as usize]])
                }
            };
            Ask { askers: BTreeSet::new(), waiting, heard: BTreeSet::new(), by_majority }
        });
        ask.askers.insert(asker);
        for &member in &ask.waiting {
            send(cx, member, ToProxy::PullTable { about });
        }
    }

    pub(super) fn conclude(&mut self, about: Select, result: Result<Found, QueryError>, cx: &mut Context<'_>) {
        let Some(ask) = self.asks.remove(&about) else { return };
        if let Select::Id(job) = about {
            cx.disarm(MemberTimer::Ask(job).into());
        }
        for asker in ask.askers {
            asker.answer(about, result.clone(), cx);
        }
    }
}
