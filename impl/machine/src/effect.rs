//! What a node asks its driver to do. Plain data, so that a test compares a list.

use crate::{CallId, Data, Delay, Node, NodeId, OpId};

/// One thing to be done on a node's behalf, in the order pushed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect<N: Node> {
    /// Hand a message to the network; no promise that it arrives.
    Send {
        /// The receiver; may be the sender itself, which loses nothing but still takes a step.
        to: NodeId,
        /// The message.
        msg: N::Msg,
    },
    /// Arm a timer. Arming one that is armed replaces its deadline.
    Arm {
        /// Its purpose, which is also its identity.
        timer: N::Timer,
        /// When it fires, from now.
        after: Delay,
    },
    /// Disarm a timer; nothing happens if it is not armed.
    Disarm {
        /// Its purpose.
        timer: N::Timer,
    },
    /// Make a write durable; [`Event::Stored`](crate::Event::Stored) tells how it ended. Until then a crash may keep
    /// or lose it. Writes of one node apply in the order issued.
    Store {
        /// Names the operation in the answer.
        op: OpId,
        /// The write.
        write: Write<N::Record>,
    },
    /// Answer a user's call.
    Reply {
        /// The call answered.
        call: CallId,
        /// The answer.
        reply: N::Reply,
    },
}

/// A change to the store of one node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Write<R: Record> {
    /// Write the record under its key, over any that is there.
    Put(R),
    /// Remove the record of that key; nothing happens if there is none.
    Remove(R::Key),
}

impl<R: Record> Write<R> {
    /// The key this write touches.
    pub fn key(&self) -> R::Key {
        match self {
            Write::Put(record) => record.key(),
            Write::Remove(key) => key.clone(),
        }
    }
}

/// Something a node keeps across crashes, under a key of its own.
pub trait Record: Data {
    /// What tells records apart.
    type Key: Data;

    /// The key of this record.
    fn key(&self) -> Self::Key;
}
