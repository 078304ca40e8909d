//! An API user's program: asks for mutations and polls locations.
//!
//! A wait is held back while a mutation of the same application by the same program is not answered.

use std::collections::BTreeMap;

use quiesce_machine::{CallId, Event, Incarnation, Rename, Renaming};

use super::fact::Fact;
use super::id::{AppId, CorrelationId, ProcessId, user};
use super::message::{Msg, ToDirector, ToUser};
use super::record::Mutation;
use super::resource::LastOperation;
use super::timer::{Timer, UserTimer};
use super::user::{Mutated, Reply, Request};
use super::{Context, Node, send};

/// A user's program's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserProgram {
    me: u8,
    life: Incarnation,
    mutations: BTreeMap<CallId, Asked>,
    queries: BTreeMap<CallId, Query>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
struct Asked {
    app: AppId,
    mutation: Mutation,
    sync: bool,
    readable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
struct Query {
    app: AppId,
    /// Until the operation has ended; else the first answer will do.
    waits: bool,
}

impl Rename for UserProgram {
    fn rename(&self, to: &Renaming) -> Self {
        let UserProgram { me, life, mutations, queries } = self;
        UserProgram { me: user(*me, to), life: *life, mutations: mutations.rename(to), queries: queries.rename(to) }
    }
}

impl UserProgram {
    pub(crate) fn new(me: u8) -> Self {
        UserProgram { me, life: Incarnation::default(), mutations: BTreeMap::new(), queries: BTreeMap::new() }
    }

    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { incarnation, .. } => self.life = incarnation,
            Event::Call { call, request } => self.asked(call, request, cx),
            Event::Deliver { msg: Msg::ToUser(ToUser::MutationAnswer { op, mutated }), .. } => {
                if op == self.id_of(op.call) {
                    self.mutated(op.call, mutated, cx);
                }
            }
            Event::Deliver { msg: Msg::ToUser(ToUser::LastOperationAnswer { call, last }), .. } => {
                self.told(call, last, cx);
            }
            Event::Deliver {
                msg: msg @ (Msg::ToDirector(_) | Msg::ToController(_) | Msg::ToApiServer(_) | Msg::ToTenant(_)),
                ..
            } => unreachable!("not for a user: {msg:?}"),
            Event::Bounce { msg: Msg::ToDirector(ToDirector::Mutate { op, .. }), .. } => self.unanswered(op.call, cx),
            Event::Bounce { msg: Msg::ToDirector(ToDirector::GetLastOperation { call, .. }), .. } => {
                self.unanswered(call, cx);
            }
            Event::Bounce { .. } => (),
            Event::Fire { timer: Timer::User(UserTimer::Request(call)) } => self.unanswered(call, cx),
            Event::Fire { timer: Timer::User(UserTimer::Poll(call)) } => self.ask(call, cx),
            Event::Fire { timer } => unreachable!("not a user's: {timer:?}"),
            Event::Stored { op, .. } => unreachable!("a user stores nothing, found {op:?}"),
        }
    }

    fn asked(&mut self, call: CallId, request: Request, cx: &mut Context<'_>) {
        match request {
            Request::Mutate { app, mutation, sync, readable } => {
                cx.fact(Fact::MutationAsked { call });
                self.mutations.insert(call, Asked { app, mutation, sync, readable });
            }
            Request::Wait { app } => {
                cx.fact(Fact::WaitBegan { call });
                self.queries.insert(call, Query { app, waits: true });
            }
            Request::Status { app } => _ = self.queries.insert(call, Query { app, waits: false }),
            Request::EditWebhook { .. } | Request::Behave { .. } => unreachable!("not for a user: {request:?}"),
        }
        self.ask(call, cx);
    }

    fn id_of(&self, call: CallId) -> CorrelationId {
        CorrelationId { user: self.me, life: self.life, call }
    }

    /// Sends the request behind a call, unless it is held back.
    fn ask(&mut self, call: CallId, cx: &mut Context<'_>) {
        let msg = if let Some(&Asked { app, mutation, sync, readable }) = self.mutations.get(&call) {
            ToDirector::Mutate { op: self.id_of(call), app, mutation, sync, readable }
        } else if let Some(&Query { app, .. }) = self.queries.get(&call) {
            if self.mutations.values().any(|asked| asked.app == app) {
                return;
            }
            ToDirector::GetLastOperation { call, app }
        } else {
            return;
        };
        send(cx, ProcessId::Director, msg);
        cx.arm(UserTimer::Request(call).into(), cx.config().timing.user);
    }

    fn unanswered(&mut self, call: CallId, cx: &mut Context<'_>) {
        let same = cx.config().policies.knows_repeats();
        if self.queries.contains_key(&call) || (self.mutations.contains_key(&call) && same) {
            cx.disarm(UserTimer::Request(call).into());
            cx.arm(UserTimer::Poll(call).into(), cx.config().timing.poll);
        } else {
            self.mutated(call, Mutated::Silent, cx);
        }
    }

    fn mutated(&mut self, call: CallId, mutated: Mutated, cx: &mut Context<'_>) {
        let Some(Asked { app, .. }) = self.mutations.remove(&call) else { return };
        done(call, cx);
        cx.fact(Fact::MutationAnswered { call, mutated });
        cx.reply(call, Reply::Mutated(mutated));
        let held: Vec<CallId> =
            self.queries.iter().filter(|(_, query)| query.app == app).map(|(&call, _)| call).collect();
        for call in held {
            self.ask(call, cx);
        }
    }

    fn told(&mut self, call: CallId, last: LastOperation, cx: &mut Context<'_>) {
        let Some(&Query { waits, .. }) = self.queries.get(&call) else { return };
        done(call, cx);
        if waits && matches!(last, LastOperation::InProgress(_)) {
            return cx.arm(UserTimer::Poll(call).into(), cx.config().timing.poll);
        }
        self.queries.remove(&call);
        if waits {
            cx.fact(Fact::WaitReturned { call, last });
        }
        cx.reply(call, Reply::Told(last));
    }
}

fn done(call: CallId, cx: &mut Context<'_>) {
    cx.disarm(UserTimer::Request(call).into());
    cx.disarm(UserTimer::Poll(call).into());
}
