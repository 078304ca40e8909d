//! What timers of this plane are for.

use quiesce_machine::{CallId, Label, Rename, Span};

use super::id::{AppId, JobId};

/// A timer's purpose, by the role that armed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Timer {
    /// The director's.
    Director(DirectorTimer),
    /// The API server's.
    ApiServer(ApiServerTimer),
    /// A controller's.
    Controller(ControllerTimer),
    /// The tenant's.
    Tenant(TenantTimer),
    /// A user's.
    User(UserTimer),
}

/// The director's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum DirectorTimer {
    /// The API server has not answered within a transaction.
    Schedule(AppId),
    /// The API server has not answered about an operation that is committed.
    Relay(AppId),
    /// Make sure that every operation that runs has its record.
    Audit,
}

/// The API server's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ApiServerTimer {
    /// The lease was not renewed.
    LeaseExpires,
    /// Watchers have not taken note of all events.
    Rewatch,
}

/// A controller's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ControllerTimer {
    /// The request under way was not answered.
    Http,
    /// Add the application to the queue again.
    Requeue(AppId),
    /// The interval since the last poll is over.
    PollDue(AppId),
    /// The operation has run out of time.
    Overdue(AppId),
    /// The record is old enough to be deleted.
    Collectable(AppId),
    /// Read all records again.
    Relist,
    /// Try to take the lease.
    Campaign,
    /// Renew the lease.
    Renew,
    /// The lease could not be renewed.
    StepDown,
}

/// The tenant's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum TenantTimer {
    /// A job's work ends.
    Work(JobId),
}

/// A user's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum UserTimer {
    /// The director has not answered.
    Request(CallId),
    /// Time to poll, or to ask again.
    Poll(CallId),
}

impl Timer {
    /// Which timers wait for the foreground: those that answer silence, the steps of an election, and housekeeping.
    /// Work, a queue's delay and an operation's deadline may come at any moment.
    #[must_use]
    pub fn span(self) -> Span {
        match self {
            Timer::Director(_) | Timer::ApiServer(_) | Timer::User(_) => Span::Long,
            Timer::Controller(
                ControllerTimer::Http
                | ControllerTimer::Collectable(_)
                | ControllerTimer::Relist
                | ControllerTimer::Campaign
                | ControllerTimer::Renew
                | ControllerTimer::StepDown,
            ) => Span::Long,
            Timer::Tenant(TenantTimer::Work(_))
            | Timer::Controller(
                ControllerTimer::Requeue(_) | ControllerTimer::PollDue(_) | ControllerTimer::Overdue(_),
            ) => Span::Short,
        }
    }
}

impl Label for Timer {
    fn label(&self) -> &'static str {
        match self {
            Timer::Director(DirectorTimer::Schedule(_)) => "schedule",
            Timer::Director(DirectorTimer::Relay(_)) => "relay",
            Timer::Director(DirectorTimer::Audit) => "audit",
            Timer::ApiServer(ApiServerTimer::LeaseExpires) => "lease-expires",
            Timer::ApiServer(ApiServerTimer::Rewatch) => "rewatch",
            Timer::Controller(ControllerTimer::Http) => "http",
            Timer::Controller(ControllerTimer::Requeue(_)) => "requeue",
            Timer::Controller(ControllerTimer::PollDue(_)) => "poll-due",
            Timer::Controller(ControllerTimer::Overdue(_)) => "overdue",
            Timer::Controller(ControllerTimer::Collectable(_)) => "collectable",
            Timer::Controller(ControllerTimer::Relist) => "relist",
            Timer::Controller(ControllerTimer::Campaign) => "campaign",
            Timer::Controller(ControllerTimer::Renew) => "renew",
            Timer::Controller(ControllerTimer::StepDown) => "step-down",
            Timer::Tenant(TenantTimer::Work(_)) => "work",
            Timer::User(UserTimer::Request(_)) => "request",
            Timer::User(UserTimer::Poll(_)) => "poll",
        }
    }
}

impl From<DirectorTimer> for Timer {
    fn from(timer: DirectorTimer) -> Timer {
        Timer::Director(timer)
    }
}

impl From<ControllerTimer> for Timer {
    fn from(timer: ControllerTimer) -> Timer {
        Timer::Controller(timer)
    }
}

impl From<UserTimer> for Timer {
    fn from(timer: UserTimer) -> Timer {
        Timer::User(timer)
    }
}
