//! What can happen to a world, in numbers.

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

/// The sorts of action. A node is its place in the scope, a message its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Deliver { flight: u32 },
    Refuse { flight: u32 },
    Vanish { flight: u32 },
    Lose { flight: u32 },
    Duplicate { flight: u32 },
    Fire { node: u8, timer: u16 },
    Stored { node: u8 },
    Call { node: u8 },
    CallNobody { node: u8 },
    Start { node: u8 },
    Crash { node: u8, applied: u16, records_lost: bool },
    Cut { cut: u8 },
    Heal,
}
