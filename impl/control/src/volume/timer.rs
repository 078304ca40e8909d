//! What timers of this plane are for.

use quiesce_machine::{CallId, Label, Span};

use super::id::{EngineId, Key};

/// A timer's purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// An agent: ask for the lease, or keep it.
    Lease,
    /// An agent: the lease is lost unless the store said otherwise.
    LeaseOver,
    /// An agent: the store has not answered a write.
    Write,
    /// An agent: the store has not said whether the lease is in force, so that the call could be answered.
    Confirm(u8, CallId),
    /// An agent: an engine has not answered the call of that task.
    CallRetry(Key),
    /// An agent: nor will it.
    CallOver(Key),
    /// An agent: reconcile.
    Reconcile,
    /// An agent: a node has been silent for too long.
    NodeDeadline(EngineId),
    /// An agent: try a request on a busy resource again.
    Guard(u8, CallId),
    /// The store: the lease runs out.
    LeaseExpiry,
    /// An engine: tell the agents that it is up.
    Register,
    /// An engine: the work of that slot is done.
    Work(u8),
    /// An engine: the store has not written down that a child missed a write.
    Missed,
    /// A user: ask again.
    UserRetry(CallId),
    /// A user: give up.
    UserOver(CallId),
    /// The watcher: ping every engine.
    Watch,
}

impl Timer {
    /// All that waits for something not to happen waits for the foreground; an engine's work and the tries of those who
    /// were turned away are the foreground.
    #[must_use]
    pub fn span(self) -> Span {
        match self {
            Timer::Work(_) | Timer::Guard(..) | Timer::UserRetry(_) => Span::Short,
            Timer::Lease
            | Timer::LeaseOver
            | Timer::Write
            | Timer::Confirm(..)
            | Timer::CallRetry(_)
            | Timer::CallOver(_)
            | Timer::Reconcile
            | Timer::NodeDeadline(_)
            | Timer::LeaseExpiry
            | Timer::Register
            | Timer::Missed
            | Timer::UserOver(_)
            | Timer::Watch => Span::Long,
        }
    }
}

impl Label for Timer {
    fn label(&self) -> &'static str {
        match self {
            Timer::Lease => "lease",
            Timer::LeaseOver => "lease-over",
            Timer::Write => "write",
            Timer::Confirm(..) => "confirm",
            Timer::CallRetry(_) => "call-retry",
            Timer::CallOver(_) => "call-over",
            Timer::Reconcile => "reconcile",
            Timer::NodeDeadline(_) => "node-deadline",
            Timer::Guard(..) => "guard",
            Timer::LeaseExpiry => "lease-expiry",
            Timer::Register => "register",
            Timer::Work(_) => "work",
            Timer::Missed => "missed",
            Timer::UserRetry(_) => "user-retry",
            Timer::UserOver(_) => "user-over",
            Timer::Watch => "watch",
        }
    }
}
