//! What timers of this plane are for.

use quiesce_machine::{CallId, Label, Rename, Span};

use super::id::{DaemonId, XactId};
use super::membership::ClusterTimer;
use super::rebalance::RebTimer;

/// A timer's purpose, by the part of the plane that armed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Timer {
    /// A client's.
    Client(ClientTimer),
    /// A proxy's, as a gateway.
    Gateway(GatewayTimer),
    /// A proxy's, as a member of the Information Center.
    Member(MemberTimer),
    /// A target's.
    Target(TargetTimer),
    /// Membership's.
    Cluster(ClusterTimer),
    /// A target's rebalance's.
    Rebalance(RebTimer),
}

impl Timer {
    /// Which timers wait for the foreground: those of seconds and more that come round again (polls, the exchange of
    /// tables, housekeeping), retention, and deadlines of users. Those that repeat what was not answered are time-outs; the
    /// rest, work and what follows a step, is due at any moment.
    #[must_use]
    pub fn span(self) -> Span {
        match self {
            Timer::Client(ClientTimer::Deadline(_) | ClientTimer::Poll(_))
            | Timer::Member(
                MemberTimer::Sync | MemberTimer::Housekeep | MemberTimer::Prune(_) | MemberTimer::Tombstone(_),
            )
            | Timer::Target(
                TargetTimer::History
                | TargetTimer::Progress(_)
                | TargetTimer::Transaction(_)
                | TargetTimer::Ripen(_)
                | TargetTimer::Idle(_)
                | TargetTimer::Rest(_)
                | TargetTimer::Look
                | TargetTimer::Period
                | TargetTimer::PruneActive
                | TargetTimer::PruneHistory,
            ) => Span::Long,
            Timer::Cluster(timer) => timer.span(),
            Timer::Rebalance(timer) => timer.span(),
            Timer::Client(ClientTimer::Request(_))
            | Timer::Gateway(_)
            | Timer::Member(_)
            | Timer::Target(TargetTimer::Notify | TargetTimer::Persist(_)) => Span::Timeout,
            Timer::Target(_) => Span::Short,
        }
    }
}

impl Label for Timer {
    fn label(&self) -> &'static str {
        match self {
            Timer::Client(timer) => timer.label(),
            Timer::Gateway(timer) => timer.label(),
            Timer::Member(timer) => timer.label(),
            Timer::Target(timer) => timer.label(),
            Timer::Cluster(timer) => timer.label(),
            Timer::Rebalance(timer) => timer.label(),
        }
    }
}

/// A client's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ClientTimer {
    /// The gateway has not answered.
    Request(CallId),
    /// Time for the next poll.
    Poll(CallId),
    /// The wait's own deadline.
    Deadline(CallId),
}

impl From<ClientTimer> for Timer {
    fn from(timer: ClientTimer) -> Timer {
        Timer::Client(timer)
    }
}

impl Label for ClientTimer {
    fn label(&self) -> &'static str {
        match self {
            ClientTimer::Request(_) => "request",
            ClientTimer::Poll(_) => "poll",
            ClientTimer::Deadline(_) => "deadline",
        }
    }
}

/// A gateway's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum GatewayTimer {
    /// Members have not all answered a registration.
    Register(XactId),
    /// Targets have not all answered a start.
    Start(XactId),
    /// Targets have not all begun.
    Begin(XactId),
    /// The primary has not answered for a job's change of metadata.
    Change(XactId),
    /// Targets have not all answered that client.
    Fan(DaemonId, CallId),
}

impl From<GatewayTimer> for Timer {
    fn from(timer: GatewayTimer) -> Timer {
        Timer::Gateway(timer)
    }
}

impl Label for GatewayTimer {
    fn label(&self) -> &'static str {
        match self {
            GatewayTimer::Register(_) => "register",
            GatewayTimer::Start(_) => "start",
            GatewayTimer::Begin(_) => "begin",
            GatewayTimer::Change(_) => "change",
            GatewayTimer::Fan(..) => "fan",
        }
    }
}

/// A member's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum MemberTimer {
    /// A 404 is forgiven no longer.
    Grace(XactId),
    /// What is known of that target's part is old.
    Tardy(XactId, DaemonId),
    /// Tell the targets again that the job is aborted.
    Abort(XactId),
    /// The other member has not answered on account of that job.
    Ask(XactId),
    /// Not every member has said that it knows how a job ended.
    Seal(XactId),
    /// Write again what could not be stored.
    Keep,
    /// Exchange tables.
    Sync,
    /// Housekeeping.
    Housekeep,
    /// Forget a finished job.
    Prune(XactId),
    /// Forget that a job was pruned.
    Tombstone(XactId),
}

impl From<MemberTimer> for Timer {
    fn from(timer: MemberTimer) -> Timer {
        Timer::Member(timer)
    }
}

impl Label for MemberTimer {
    fn label(&self) -> &'static str {
        match self {
            MemberTimer::Grace(_) => "grace",
            MemberTimer::Tardy(..) => "tardy",
            MemberTimer::Abort(_) => "abort",
            MemberTimer::Ask(_) => "ask",
            MemberTimer::Seal(_) => "seal",
            MemberTimer::Keep => "keep",
            MemberTimer::Sync => "sync",
            MemberTimer::Housekeep => "housekeep",
            MemberTimer::Prune(_) => "prune",
            MemberTimer::Tombstone(_) => "tombstone",
        }
    }
}

/// A target's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum TargetTimer {
    /// The work is done.
    Work(XactId),
    /// Tell the members that the part goes on.
    Progress(XactId),
    /// Tell what was gathered.
    Gather,
    /// Tell the members again which parts have ended, of those that not all of them acknowledged.
    Notify,
    /// Write again what could not be stored.
    Persist(XactId),
    /// Forget the xactions that finished before it ran out last.
    History,
    /// Look again whether a job may start, or register it.
    Admit(XactId),
    /// Give up what was begun and not committed.
    Transaction(XactId),
    /// History may forget that xaction.
    Ripen(XactId),
    /// The idle timer of an on-demand xaction.
    Idle(XactId),
    /// An on-demand xaction has had no work for some seconds.
    Rest(XactId),
    /// The run loop of an on-demand xaction sees that its idle timer is closed.
    Expire(XactId),
    /// A piece of work is done.
    Piece(DaemonId, CallId),
    /// Look at the disks.
    Look,
    /// Prune the list of active xactions.
    PruneActive,
    /// Prune history.
    PruneHistory,
    /// What aborts do under the registry's lock is done.
    Unlock,
    /// Start what comes round.
    Period,
}

impl From<TargetTimer> for Timer {
    fn from(timer: TargetTimer) -> Timer {
        Timer::Target(timer)
    }
}

impl Label for TargetTimer {
    fn label(&self) -> &'static str {
        match self {
            TargetTimer::Work(_) => "work",
            TargetTimer::Progress(_) => "progress",
            TargetTimer::Gather => "gather",
            TargetTimer::Notify => "notify",
            TargetTimer::Persist(_) => "persist",
            TargetTimer::History => "history",
            TargetTimer::Admit(_) => "admit",
            TargetTimer::Transaction(_) => "transaction",
            TargetTimer::Ripen(_) => "ripen",
            TargetTimer::Idle(_) => "idle",
            TargetTimer::Rest(_) => "rest",
            TargetTimer::Expire(_) => "expire",
            TargetTimer::Piece(..) => "piece",
            TargetTimer::Look => "look",
            TargetTimer::PruneActive => "prune-active",
            TargetTimer::PruneHistory => "prune-history",
            TargetTimer::Unlock => "unlock",
            TargetTimer::Period => "period",
        }
    }
}
