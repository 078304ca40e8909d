//! What can happen to a node.

use crate::{CallId, Incarnation, Node, NodeId, OpId};

/// One thing that happened; the only input of [`Node::handle`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event<N: Node> {
    /// The process starts. First boot and recovery are one path: memory is fresh, `records` are what the store kept,
    /// ordered by key.
    Start {
        /// Which life of this process begins.
        incarnation: Incarnation,
        /// Every record that survived, ordered by key; empty at first boot.
        records: Vec<N::Record>,
    },
    /// A message arrived. Networks lose, repeat, delay and reorder: the sender learns nothing from silence.
    Deliver {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        msg: N::Msg,
    },
    /// A message of ours found the peer's process down: "connection refused".
    Bounce {
        /// Whom it was for.
        to: NodeId,
        /// The message, returned.
        msg: N::Msg,
    },
    /// An armed timer ran out. It is no longer armed.
    Fire {
        /// Its purpose.
        timer: N::Timer,
    },
    /// A user asks for something; [`Effect::Reply`](crate::Effect::Reply) with the same id answers.
    Call {
        /// Names the call in the reply.
        call: CallId,
        /// What the user wants.
        request: N::Request,
    },
    /// A store operation came to its end.
    Stored {
        /// The operation, as named in [`Effect::Store`](crate::Effect::Store).
        op: OpId,
        /// Durable, or why not.
        outcome: Result<(), StoreError>,
    },
}

/// Why a write is not known to be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreError {
    /// It was not applied.
    Failed,
    /// It may or may not have been applied: the answer was lost.
    Unknown,
}
