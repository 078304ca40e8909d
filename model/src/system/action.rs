//! What can happen to a world, in numbers.

use quiesce_machine::StoreError;

/// One thing that may happen next in one state of a [`System`](super::System).
///
/// Numbers of values the system keeps: [`Act`](crate::Act) is the same for people and simulators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Action {
    pub(super) kind: Kind,
    /// The class of steps it belongs to, for fairness.
    pub(super) class: u32,
    /// The outcome, where a process takes an event or dies; else zero.
    pub(super) outcome: u32,
}

/// How the oldest write of a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum WriteEnd {
    /// It is durable, and its process is told so.
    Durable,
    /// It is not applied, and its process is told so.
    Failed,
    /// Its process is told nothing of whether it was applied.
    Unknown { applied: bool },
}

impl WriteEnd {
    /// The ends that are faults.
    pub(super) const FAULTS: [WriteEnd; 3] =
        [WriteEnd::Failed, WriteEnd::Unknown { applied: true }, WriteEnd::Unknown { applied: false }];

    /// Whether the store keeps it.
    pub(super) fn is_applied(self) -> bool {
        match self {
            WriteEnd::Durable => true,
            WriteEnd::Failed => false,
            WriteEnd::Unknown { applied } => applied,
        }
    }

    /// What its process is told.
    pub(super) fn outcome(self) -> Result<(), StoreError> {
        match self {
            WriteEnd::Durable => Ok(()),
            WriteEnd::Failed => Err(StoreError::Failed),
            WriteEnd::Unknown { .. } => Err(StoreError::Unknown),
        }
    }
}

/// The sorts of action. A node is its place in the scope, a message its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Deliver { flight: u32 },
    Refuse { flight: u32 },
    Vanish { flight: u32 },
    Lose { flight: u32 },
    Duplicate { flight: u32 },
    Fire { node: u8, timer: u16 },
    Stored { node: u8, end: WriteEnd },
    Call { node: u8 },
    CallNobody { node: u8 },
    Start { node: u8 },
    Crash { node: u8, applied: u16, records_lost: bool },
    Cut { cut: u8 },
    Heal,
}
