//! What administrators ask of the cluster, and what a primary does about it.
//! Source: `reference/aistore-registry-and-coexistence.md` section D, maintenance and decommission.

use quiesce_machine::{CallId, Label, Rename};

use super::smap::{Draft, Version};
use super::{ClusterMsg, Flags, Membership};
use crate::xaction::fact::Fact;
use crate::xaction::id::DaemonId;
use crate::xaction::message::ToClient;
use crate::xaction::policy::{AdminAnswer, OneChange};
use crate::xaction::{Context, send};

/// A change of membership that an administrator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Change {
    /// Take a member out of service for a while.
    StartMaintenance(DaemonId),
    /// Take it out of service, and have its process stop; it stays a member.
    Shutdown(DaemonId),
    /// Take it back into service.
    StopMaintenance(DaemonId),
    /// Take a member out for good, after its data have moved.
    Decommission(DaemonId),
    /// Take a member out for good, whatever becomes of its data.
    Leave(DaemonId),
    /// Make another proxy primary.
    SetPrimary(DaemonId),
}

impl Change {
    /// The member that is meant.
    #[must_use]
    pub fn of(self) -> DaemonId {
        match self {
            Change::StartMaintenance(daemon)
            | Change::Shutdown(daemon)
            | Change::StopMaintenance(daemon)
            | Change::Decommission(daemon)
            | Change::Leave(daemon)
            | Change::SetPrimary(daemon) => daemon,
        }
    }

    /// Whether a target's data have to move first.
    fn takes_out(self) -> bool {
        matches!(self, Change::StartMaintenance(_) | Change::Shutdown(_) | Change::Decommission(_))
    }
}

impl Label for Change {
    fn label(&self) -> &'static str {
        match self {
            Change::StartMaintenance(_) => "start-maintenance",
            Change::Shutdown(_) => "shutdown",
            Change::StopMaintenance(_) => "stop-maintenance",
            Change::Decommission(_) => "decommission",
            Change::Leave(_) => "leave",
            Change::SetPrimary(_) => "set-primary",
        }
    }
}

/// Why a change was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error, Rename)]
pub enum AdminError {
    /// Nobody leads, or the gateway does not know who: worth another try.
    #[error("the primary is down")]
    PrimaryDown,
    /// The primary hears of too few members to change anything: worth another try.
    #[error("the primary hears of no majority")]
    NoQuorum,
    /// Another target is on its way out: worth another try.
    #[error("another target is on its way out")]
    Busy,
    /// There is no such member.
    #[error("no such member")]
    NoMember,
    /// The primary cannot be taken out: another has to be made primary first.
    #[error("it is the primary")]
    IsPrimary,
    /// Only an active electable proxy can be primary.
    #[error("not an active electable proxy")]
    NotElectable,
}

impl AdminError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_passing(self) -> bool {
        matches!(self, AdminError::PrimaryDown | AdminError::NoQuorum | AdminError::Busy)
    }
}

/// A change that was made and waits to be answered for; the earlier first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub(super) struct Pending {
    version: Version,
    client: DaemonId,
    call: CallId,
    change: Change,
}

impl Membership {
    /// A gateway takes an administrator's request: for itself if it is primary, else for the primary.
    pub(in crate::xaction) fn take_admin(
        &mut self,
        client: DaemonId,
        call: CallId,
        change: Change,
        cx: &mut Context<'_>,
    ) {
        if self.is_primary() {
            self.admin(client, call, change, cx);
        } else {
            send(cx, self.accepted.primary(), ClusterMsg::Forwarded { client, call, change });
        }
    }

    pub(super) fn admin(&mut self, client: DaemonId, call: CallId, change: Change, cx: &mut Context<'_>) {
        match self.changed(change, cx) {
            Err(error) => answer(client, call, Err(error), cx),
            Ok(draft) => {
                if let Some(tally) = self.tally().filter(|_| change.takes_out()) {
                    tally.promise(change.of());
                }
                self.make(draft, cx);
                let version = self.accepted.version();
                match cx.config().policies.admin_answer {
                    AdminAnswer::MajorityHasIt if self.is_primary() => {
                        let lead = self.lead.as_mut().expect("a primary leads");
                        lead.pending.insert(Pending { client, call, change, version });
                        self.answer_pending(cx);
                    }
                    AdminAnswer::AtOnce | AdminAnswer::MajorityHasIt => made(client, call, change, cx),
                }
            }
        }
    }

    /// Answers for the changes that a majority has.
    pub(super) fn answer_pending(&mut self, cx: &mut Context<'_>) {
        let Some(lead) = &self.lead else { return };
        let done: Vec<Pending> =
            lead.pending.iter().copied().filter(|pending| self.majority_has(pending.version)).collect();
        let Some(lead) = &mut self.lead else { return };
        for pending in done {
            lead.pending.remove(&pending);
            made(pending.client, pending.call, pending.change, cx);
        }
    }

    /// Whether that map is settled and a majority is known to have one as late; only a primary knows.
    pub(in crate::xaction) fn majority_has(&self, version: Version) -> bool {
        let Some(lead) = &self.lead else { return false };
        let holders = lead.synced.iter().filter(|&(_, &has)| has >= version).map(|(&member, _)| member);
        self.agreed.version() >= version && self.accepted.is_majority(&holders.chain([self.me]).collect())
    }

    /// The map with a change made, which may be the map as it is.
    fn changed(&self, change: Change, cx: &mut Context<'_>) -> Result<Draft, AdminError> {
        let daemon = change.of();
        if !self.is_primary() {
            return Err(AdminError::PrimaryDown);
        }
        if !self.has_quorum(cx) {
            return Err(AdminError::NoQuorum);
        }
        let gone = self.accepted.has_left(daemon) && matches!(change, Change::Decommission(_) | Change::Leave(_));
        if !self.accepted.contains(daemon) && !gone {
            return Err(AdminError::NoMember);
        }
        if daemon == self.me && !matches!(change, Change::StopMaintenance(_) | Change::SetPrimary(_)) {
            return Err(AdminError::IsPrimary);
        }
        let mut draft = self.accepted.draft();
        let moves = self.rebalances(cx) && matches!(daemon, DaemonId::Target(_));
        let others_leave = draft.leaving_targets().iter().any(|&target| target != daemon);
        if moves && others_leave && cx.config().policies.one_change == OneChange::AsInTheMap {
            return Err(AdminError::Busy);
        }
        let rests = if moves { Flags::MAINTENANCE } else { Flags::MAINTENANCE | Flags::POST_REBALANCE };
        match change {
            Change::StartMaintenance(_) => draft.set(daemon, rests),
            Change::Shutdown(_) => draft.set(daemon, rests | Flags::SHUTDOWN),
            Change::Decommission(_) if moves && !gone => draft.set(daemon, Flags::DECOMMISSION),
            Change::StopMaintenance(_) => {
                draft.clear(daemon, Flags::MAINTENANCE | Flags::POST_REBALANCE | Flags::SHUTDOWN);
            }
            Change::Decommission(_) | Change::Leave(_) => draft.send_away(daemon),
            Change::SetPrimary(_) if daemon == self.me => return Ok(draft),
            Change::SetPrimary(_) if self.may_lead(daemon) => {
                draft.crown(daemon, self.accepted.version().term, super::election::NEW_PRIMARY);
            }
            Change::SetPrimary(_) => return Err(AdminError::NotElectable),
        }
        self.staff(&mut draft, cx);
        Ok(draft)
    }

    fn may_lead(&self, daemon: DaemonId) -> bool {
        matches!(daemon, DaemonId::Proxy(_))
            && self.accepted.is_active(daemon)
            && !self.accepted.flags(daemon).contains(Flags::NON_ELECTABLE)
    }
}

fn made(client: DaemonId, call: CallId, change: Change, cx: &mut Context<'_>) {
    cx.fact(Fact::ChangeMade { change });
    answer(client, call, Ok(()), cx);
}

/// Tells the client how its change went.
pub(super) fn answer(client: DaemonId, call: CallId, result: Result<(), AdminError>, cx: &mut Context<'_>) {
    send(cx, client, ToClient::AdminAnswer { call, result });
}
