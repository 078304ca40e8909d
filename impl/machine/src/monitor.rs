//! Properties as small automata over what nodes report.
//!
//! A monitor is written once, beside the code it constrains, and used unchanged by simulator and model. Safety: it
//! returns a [`Violation`] when told something that must not be. Liveness: it says what is still *owed*; the simulator
//! demands that nothing is owed a stated time after the last fault healed, the model that no fair run owes for ever.

use std::fmt::Debug;
use std::hash::Hash;

use crate::{Incarnation, Node, NodeId};

/// One property of one plane. A plane gathers its properties in an enum that implements this trait.
///
/// Its state is part of the model's state: keep it small, and forget what can no longer matter.
pub trait Monitor<N: Node>: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// The property's stable name, in kebab case.
    fn name(&self) -> &'static str;

    /// Takes note of one thing that happened, in the order it happened.
    ///
    /// # Errors
    /// A [`Violation`] with its evidence when the property no longer holds. The driver stops the run there.
    fn observe(&mut self, seen: &Observation<'_, N>, view: &dyn View<N>) -> Result<(), Violation>;

    /// Calls `owes` for each thing still owed in this state, each time with the same identity while it stays owed.
    fn owed(&self, view: &dyn View<N>, owes: &mut dyn FnMut(Obligation));

    /// Whether the property has had anything to judge: a run in which it never had is vacuous.
    fn armed(&self) -> bool;

    /// An obligation as a sentence for people.
    fn describe(&self, owed: Obligation, view: &dyn View<N>) -> String;
}

/// What a monitor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation<'a, N: Node> {
    /// A node stated a fact.
    Fact {
        /// The node.
        by: NodeId,
        /// What it stated.
        fact: &'a N::Fact,
    },
    /// A process started.
    Started {
        /// The node.
        node: NodeId,
        /// Which life of it begins.
        incarnation: Incarnation,
    },
    /// A process died; its memory is gone.
    Crashed {
        /// The node.
        node: NodeId,
        /// Whether its records went with it.
        records_lost: bool,
    },
}

/// A read-only look at the cluster between two events.
pub trait View<N: Node> {
    /// What is fixed for the run.
    fn config(&self) -> &N::Config;

    /// How many nodes there are, up or down.
    fn node_count(&self) -> u32;

    /// A node's state, or `None` while its process is down.
    fn node(&self, id: NodeId) -> Option<&N>;

    /// A node's name for people.
    fn name(&self, id: NodeId) -> String;
}

/// Something owed, told apart from the other things the same monitor is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Obligation(pub u64);

/// A property does not hold, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Violation {
    /// The property's name.
    pub property: &'static str,
    /// What was seen, as a sentence with the nodes and jobs concerned.
    pub evidence: String,
}
