//! Counting along with a run what its outcome does not tell.

use std::fmt::Debug;

use quiesce_machine::{Event, Node, NodeId, Time};

/// What is told of every event of a run that [`metered`](crate::metered) plays.
pub trait Meter<N: Node>: Debug {
    /// A node is about to handle an event, the `number`th of the run. `cause` is the number of the one that sent the
    /// message, armed the timer or issued the write; 0 for what no event caused.
    fn handles(&mut self, number: u32, cause: u32, node: NodeId, event: &Event<N>);

    /// That node sends a message. Lost ones count, copies that the network makes do not.
    fn sends(&mut self, from: NodeId, to: NodeId, msg: &N::Msg);

    /// A node states a fact.
    fn states(&mut self, at: Time, by: NodeId, fact: &N::Fact);
}
