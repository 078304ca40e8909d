//! On-demand xactions: work comes from the workload, starts what it needs, and is done there.
//!
//! The idle timer and the run loop are two timers, so that work can come between them. Mirroring goes by an id that targets
//! come to without asking each other, as far as their clocks and maps agree; nothing depends on that but what users see. The
//! other kinds of which the reference has that are begun by a gateway, whose id they all go by.
//! Source: `reference/aistore-registry-and-coexistence.md` section B, idle to finished.

use quiesce_machine::CallId;

use super::Target;
use crate::xaction::fact::Fact;
use crate::xaction::id::Form;
use crate::xaction::message::{Piece, ToClient};
use crate::xaction::registry::{Action, Entry, Origin, Phase, Renewal, Tick};
use crate::xaction::start::Manner;
use crate::xaction::timer::TargetTimer;
use crate::xaction::{Context, DaemonId, Kind, XactId, mark, send};

/// The span of time within which targets agree on an id, in nanoseconds.
const MINUTE: u64 = 60_000_000_000;

/// How many ids a target agrees to before it goes by one of its own.
const ATTEMPTS: u8 = 3;

impl Target {
    /// Takes work for a kind that idles, starting one if none runs. A repeated request is taken once.
    pub(super) fn put(&mut self, client: DaemonId, call: CallId, piece: &Piece, cx: &mut Context<'_>) {
        if cx.config().hosting.is_none() || self.pieces.contains_key(&(client, call)) {
            return;
        }
        match self.host_for(piece, cx) {
            Some(host) => self.accept(client, call, host, piece, cx),
            None => send(cx, client, ToClient::WorkDone { call, done: false }),
        }
    }

    /// The xaction that is to do the work, used or new; `None` if it may not start now.
    pub(super) fn host_for(&mut self, piece: &Piece, cx: &mut Context<'_>) -> Option<XactId> {
        let (policies, hosting) = (&cx.config().policies, cx.config().hosting?);
        let manner = Manner { from: piece.bucket, ..Manner::default() };
        let ask = manner.ask(self.id_for(piece, cx), piece.kind);
        let runs = matches!(self.desk.registry.renewal(&ask, policies), Ok(Renewal::Use(_)));
        let action = Action::Start(ask, Origin::User);
        if !runs && self.desk.registry.coexist(&action, policies).is_err() {
            return None;
        }
        match self.desk.registry.renew(&ask, policies, &hosting.limits).ok()? {
            Renewal::Use(host) => Some(host),
            Renewal::New => {
                self.desk.registry.run(ask.id);
                self.desk.registry.note_start(ask.id, cx.stamp());
                cx.fact(Fact::XactRegistered { job: ask.id, kind: piece.kind, manner });
                if let Some(idle) = hosting.idle {
                    cx.arm(TargetTimer::Idle(ask.id).into(), idle);
                }
                Some(ask.id)
            }
            Renewal::AbortFirst(_) => None,
        }
    }

    /// The id of the xaction that is to do the work, if it is a new one.
    fn id_for(&self, piece: &Piece, cx: &Context<'_>) -> XactId {
        if piece.kind != Kind::PutCopies {
            return self.free_id(piece.kind);
        }
        let minute = cx.now().as_nanos() / MINUTE;
        let smap = self.membership.map().version();
        let bucket = piece.bucket.map(|bucket| [bucket.name.0, bucket.generation].map(u64::from));
        let tag: Vec<u64> = bucket.into_iter().flatten().collect();
        let agreed = |attempt| XactId::agreed(Form::of(piece.kind), minute, smap, &tag, attempt);
        (0..ATTEMPTS).map(agreed).find(|&id| self.is_free(id)).unwrap_or_else(|| self.free_id(piece.kind))
    }

    /// The lowest number that no xaction here has.
    pub(super) fn free_id(&self, kind: Kind) -> XactId {
        let id = |number| XactId::minted(self.me, self.life, number).in_form_of(kind);
        let mut number = 0;
        while !self.is_free(id(number)) {
            number += 1;
        }
        id(number)
    }

    fn is_free(&self, id: XactId) -> bool {
        self.desk.registry.entry(id).is_none() && !self.xacts.contains_key(&id)
    }

    fn accept(&mut self, client: DaemonId, call: CallId, host: XactId, piece: &Piece, cx: &mut Context<'_>) {
        self.desk.registry.work_begins(host, &cx.config().policies);
        self.pieces.insert((client, call), host);
        cx.fact(Fact::WorkAccepted { client, call });
        let expiring = self.desk.registry.entry(host).is_some_and(|entry| entry.phase == Phase::Expiring);
        if !expiring {
            cx.arm(TargetTimer::Piece(client, call).into(), piece.takes * self.channel_pace(host, cx));
        }
    }

    pub(super) fn piece_done(&mut self, client: DaemonId, call: CallId, cx: &mut Context<'_>) {
        let Some(host) = self.pieces.remove(&(client, call)) else { return };
        self.desk.registry.work_ends(host);
        if let Some(hosting) = cx.config().hosting {
            cx.arm(TargetTimer::Rest(host).into(), hosting.rest);
        }
        cx.fact(Fact::WorkEnded { client, call });
        send(cx, client, ToClient::WorkDone { call, done: true });
    }

    /// The xaction is gone: whoever handed it work is told.
    pub(super) fn fail_work(&mut self, host: XactId, cx: &mut Context<'_>) {
        let lost: Vec<(DaemonId, CallId)> =
            self.pieces.iter().filter(|&(_, own)| *own == host).map(|(&piece, _)| piece).collect();
        for (client, call) in lost {
            self.pieces.remove(&(client, call));
            cx.disarm(TargetTimer::Piece(client, call).into());
            cx.fact(Fact::WorkEnded { client, call });
            send(cx, client, ToClient::WorkDone { call, done: false });
        }
    }

    pub(super) fn idle_tick(&mut self, host: XactId, cx: &mut Context<'_>) {
        let Some(hosting) = cx.config().hosting else { return };
        match (self.desk.registry.tick(host), hosting.idle) {
            (Tick::Expiring, _) => cx.arm(TargetTimer::Expire(host).into(), hosting.run_loop),
            (Tick::Again, Some(idle)) => cx.arm(TargetTimer::Idle(host).into(), idle),
            (Tick::Again, None) | (Tick::Over, _) => (),
        }
    }

    /// The run loop sees that the idle timer is closed. Work that has come since keeps the xaction alive, or nobody ever
    /// reads it: that is the registry's policy.
    pub(super) fn expire(&mut self, host: XactId, cx: &mut Context<'_>) {
        if self.desk.registry.expire(host) {
            self.pieces.retain(|_, own| *own != host);
            return self.desk.has_ended(host, cx);
        }
        let lives = self.desk.registry.entry(host).is_some_and(Entry::is_running);
        if let (true, Some(idle)) = (lives, cx.config().hosting.and_then(|hosting| hosting.idle)) {
            cx.reach(mark::EXPIRY_REVOKED);
            cx.arm(TargetTimer::Idle(host).into(), idle);
        }
    }
}
