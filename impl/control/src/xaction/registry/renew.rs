//! Renewal: use an xaction that runs, start another beside it, in its place, or not at all.

use quiesce_machine::{Rename, Stamp};
use thiserror::Error;

use super::entry::{Arg, Cause, Entry, Phase};
use super::rule::{Rule, Says};
use super::{Limits, Registry};
use crate::xaction::bucket::Bucket;
use crate::xaction::id::Form;
use crate::xaction::policy::{Expiry, Policies, RenewMatch, RenewalAbort};
use crate::xaction::{Kind, Scope, XactId};

/// What is to be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Ask {
    /// Under which id.
    pub id: XactId,
    /// What kind.
    pub kind: Kind,
    /// The bucket it works on, or copies from.
    pub from: Option<Bucket>,
    /// The bucket it copies to.
    pub to: Option<Bucket>,
    /// What else tells two of its kind apart.
    pub arg: Arg,
}

/// What came of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Renewal {
    /// This one runs already and will do.
    Use(XactId),
    /// It is registered under its own id, begun and not yet running.
    New,
    /// This one is aborted to make room: ask again.
    AbortFirst(XactId),
}

/// Why a renewal was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error, Rename)]
pub enum RenewRefused {
    /// The one that runs is as good (`ErrXactUsePrev`).
    #[error("{0} is already running")]
    UsePrev(XactId),
    /// Another of its kind runs.
    #[error("{0} is running, and there can be one only")]
    Running(XactId),
    /// One that differs runs.
    #[error("{0} is running differently: stop it first")]
    StopFirst(XactId),
    /// A rebalance of this version or a later one has been registered here before.
    #[error("a rebalance of version {0} has been here before")]
    Stale(u32),
}

impl Registry {
    /// What a renewal would come to now, without doing it.
    ///
    /// # Errors
    /// When a running xaction's rule forbids it.
    pub fn renewal(&self, ask: &Ask, policies: &Policies) -> Result<Renewal, RenewRefused> {
        let same_id = |entry: &&Entry| entry.id == ask.id && entry.is_running();
        if let Some(same) = self.entries.iter().find(same_id) {
            return Ok(Renewal::Use(same.id));
        }
        let matches = self.entries.iter().filter(|entry| entry.is_running() && ask.matches(entry));
        let most = match policies.renew_match {
            RenewMatch::First => 1,
            RenewMatch::Every => usize::MAX,
        };
        let rule = Rule::of(ask.kind);
        let said: Vec<(XactId, Says)> = matches.take(most).map(|prev| (prev.id, rule.says(ask, prev))).collect();
        if let Some(refused) = said.iter().find_map(|(_, says)| says.refusal()) {
            return Err(refused);
        }
        let first = |wanted: Says| said.iter().find(|(_, says)| *says == wanted).map(|&(id, _)| id);
        match (first(Says::Use), first(Says::Abort).or_else(|| self.ending(ask, policies))) {
            (Some(prev), _) => Ok(Renewal::Use(prev)),
            (None, Some(prev)) => self.fresh(ask).map(|_| Renewal::AbortFirst(prev)),
            (None, None) => self.fresh(ask),
        }
    }

    /// Renews: touches what is used, registers what is new, aborts what must make room.
    ///
    /// # Errors
    /// As [`renewal`](Self::renewal); nothing is changed then.
    pub fn renew(&mut self, ask: &Ask, policies: &Policies, limits: &Limits) -> Result<Renewal, RenewRefused> {
        let renewal = self.renewal(ask, policies)?;
        match renewal {
            Renewal::Use(prev) => self.touch(prev, policies),
            Renewal::AbortFirst(prev) => self.abort_one(prev, Cause::Renewal),
            Renewal::New => self.register(ask, limits),
        }
        Ok(renewal)
    }

    /// An xaction of the kind that was aborted to make room and has not ended, where that matters.
    fn ending(&self, ask: &Ask, policies: &Policies) -> Option<XactId> {
        let waits = policies.renewal_abort == RenewalAbort::Ended && Rule::of(ask.kind) == Rule::AbortPrev;
        let ending = |entry: &&Entry| entry.phase == Phase::Stopping && ask.matches(entry);
        self.entries.iter().find(ending).map(|entry| entry.id).filter(|_| waits)
    }

    fn fresh(&self, ask: &Ask) -> Result<Renewal, RenewRefused> {
        match self.last_rebalance {
            Some(last) if ask.id.form() == Form::Rebalance && ask.id <= last => Err(RenewRefused::Stale(ask.id.number)),
            Some(_) | None => Ok(Renewal::New),
        }
    }

    fn touch(&mut self, id: XactId, policies: &Policies) {
        let Some(entry) = self.entry_mut(id).filter(|entry| entry.is_demand()) else { return };
        entry.touched = true;
        if entry.phase == Phase::Idle || (entry.phase == Phase::Expiring && policies.expiry == Expiry::Revoked) {
            entry.phase = Phase::Running;
        }
    }

    fn register(&mut self, ask: &Ask, limits: &Limits) {
        let &Ask { id, kind, from, to, arg } = ask;
        if id.form() == Form::Rebalance {
            self.last_rebalance = Some(id);
        }
        let records = self.entries.iter().filter(|entry| entry.recorded).count();
        let recorded = !kind.descriptor().quiet_brief || records < limits.history;
        self.entries.push(Entry {
            id,
            kind,
            from,
            to,
            arg,
            phase: Phase::Begun,
            aborted: None,
            pending: 0,
            touched: true,
            start: Stamp::default(),
            end: None,
            active: true,
            recorded,
            ripe: false,
        });
    }
}

impl Ask {
    /// Whether the rule of the kind is about that xaction: of the same kind, and on the same buckets where the kind is
    /// about one.
    fn matches(&self, entry: &Entry) -> bool {
        if self.is_known_by_id_alone() || entry.kind != self.kind {
            return false;
        }
        if self.kind.descriptor().scope != Scope::B {
            return true;
        }
        if matches!(self.kind, Kind::CopyBck | Kind::EtlBck | Kind::MoveBck) {
            return entry.to == self.to;
        }
        match self.to {
            Some(_) => same_name(entry.from, self.from) && same_name(entry.to, self.to),
            None => entry.from == self.from,
        }
    }

    fn is_known_by_id_alone(&self) -> bool {
        self.kind == Kind::List || self.arg == Arg::Sender
    }
}

impl Says {
    fn refusal(self) -> Option<RenewRefused> {
        match self {
            Says::Refuse(refused) => Some(refused),
            Says::Use | Says::Both | Says::Abort => None,
        }
    }
}

fn same_name(one: Option<Bucket>, other: Option<Bucket>) -> bool {
    one.map(|bucket| bucket.name) == other.map(|bucket| bucket.name)
}
