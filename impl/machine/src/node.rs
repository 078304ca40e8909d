//! The one door into a process.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use crate::{Cx, Data, Event, Label, NodeId, Record};

/// A process of a control plane, as a pure state machine.
///
/// A heterogeneous cluster is one enum of its roles, so that dispatch is static. Equal states given equal events,
/// configuration, incarnation, time and choices yield equal states, effects and facts; drivers rely on it.
pub trait Node: Clone + Debug + Eq + Hash + Send + Sync + Sized + 'static {
    /// What is fixed for a whole run and the same for every node: sizes, time-outs, policies.
    type Config: Clone + Debug + Send + Sync + 'static;
    /// What nodes send each other. Keep it at or under 64 bytes and box rare large variants
    /// (`reference/kernel-notes.md`, "Messages and effects").
    type Msg: Data + Label;
    /// What timers are for: `TardyPull(job)`, not a handle.
    type Timer: Data + Label;
    /// What users ask for.
    type Request: Data + Label;
    /// What users are told.
    type Reply: Data + Label;
    /// What survives a crash.
    type Record: Record;
    /// What an operator could have observed; its text is the trace's readable column.
    type Fact: Data + Label + Display;

    /// The state of a process that has not yet been told that it starts.
    fn boot(id: NodeId, config: &Self::Config) -> Self;

    /// Takes one event; what it does about it goes through `cx`.
    ///
    /// # Panics
    /// When an invariant of the transition does not hold. Drivers report that as a violation.
    fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>);

    /// Whether a timer belongs to the foreground or waits for it. All are [`Span::Short`] unless the node says so.
    fn span(timer: &Self::Timer) -> Span {
        let _ = timer;
        Span::Short
    }

    /// Whether [`ignores`](Self::ignores) is worth asking.
    const IGNORES: bool = false;

    /// Whether a delivery or a bounce that is still to come can do nothing any more, whenever it comes, in this life or a
    /// later one: it will change nothing, do nothing and say nothing. Only the model checker asks, and leaves such messages
    /// out of its states; it holds the node to what it said.
    fn ignores(&self, me: NodeId, event: &Event<Self>, config: &Self::Config) -> bool {
        let _ = (me, event, config);
        false
    }
}

/// How a timer's delay compares with the rest of the protocol. Only the model checker looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// May fire at any moment once armed.
    Short,
    /// Runs out when an answer is late: as [`Span::Short`], unless a scope says that answers are never late; then it fires
    /// only when no message is in flight and no write is pending.
    Timeout,
    /// Long beside a message's way, a period or a retention: fires in the model only when nothing short is enabled.
    Long,
}
