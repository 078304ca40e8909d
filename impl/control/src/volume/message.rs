//! What processes say to each other, by the part that is addressed.

use std::collections::BTreeSet;
use std::sync::Arc;

use quiesce_machine::{CallId, Incarnation, Label};

use super::id::{EngineId, Key, Uuid};
use super::object::{EngineError, EngineOp, Instance, Objects};
use super::spec::Spec;
use super::user::{Reply, Request};

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Msg {
    /// To a core agent.
    ToAgent(ToAgent),
    /// To the store.
    ToStore(ToStore),
    /// To an engine.
    ToEngine(ToEngine),
    /// To a user.
    ToUser(ToUser),
    /// To the watcher: an engine answers a ping.
    Pong,
}

impl Msg {
    /// Every label, for scenario files.
    pub const LABELS: [&'static str; 27] = [
        "granted",
        "held",
        "write-done",
        "register",
        "listing",
        "call-done",
        "api",
        "path-lost",
        "acquire",
        "keep-alive",
        "write",
        "list",
        "engine-call",
        "ping",
        "io-error",
        "connect",
        "not-leading",
        "answer",
        "pong",
        "kept",
        "lease-gone",
        "leading",
        "confirm",
        "confirmed",
        "missed",
        "missed-done",
        "forget",
    ];
}

impl Label for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::ToAgent(msg) => msg.label(),
            Msg::ToStore(msg) => msg.label(),
            Msg::ToEngine(msg) => msg.label(),
            Msg::ToUser(msg) => msg.label(),
            Msg::Pong => "pong",
        }
    }
}

/// Everything the store keeps, for the agent that takes over.
pub type Image = Arc<Vec<(Key, Arc<Spec>)>>;

/// The replicas of which it is written down that they missed writes.
pub type Stale = Arc<BTreeSet<Uuid>>;

/// What the store, engines, users and the watcher say to an agent.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToAgent {
    /// The store: this life of the agent has the lease of that epoch; `revision`: the last write of the epoch.
    Granted { epoch: u16, life: Incarnation, revision: u32, specs: Image, stale: Stale },
    /// The store: another agent has it.
    Held,
    /// The store: the lease goes on.
    Kept { epoch: u16 },
    /// The store: when that call was asked about, the lease was in force.
    Confirmed { epoch: u16, user: u8, call: CallId },
    /// The store: that lease is another's by now.
    LeaseGone { epoch: u16 },
    /// The store: how a write ended, and which replicas have missed writes by then.
    WriteDone { epoch: u16, revision: u32, applied: bool, stale: Stale },
    /// An engine is up.
    Register { life: Incarnation },
    /// An engine's answer to a listing.
    Listing { epoch: u16, life: Incarnation, changes: u32, objects: Arc<Objects> },
    /// An engine's answer to a call.
    CallDone { epoch: u16, op: Arc<EngineOp>, changes: u32, result: Result<(), EngineError> },
    /// A user's request; `epoch`: the connection it belongs to.
    Api { epoch: u16, call: CallId, request: Arc<Request> },
    /// The watcher: initiators lost the path to that node.
    PathLost { engine: EngineId },
}

impl From<ToAgent> for Msg {
    fn from(msg: ToAgent) -> Msg {
        Msg::ToAgent(msg)
    }
}

impl Label for ToAgent {
    fn label(&self) -> &'static str {
        match self {
            ToAgent::Granted { .. } => "granted",
            ToAgent::Held => "held",
            ToAgent::Kept { .. } => "kept",
            ToAgent::Confirmed { .. } => "confirmed",
            ToAgent::LeaseGone { .. } => "lease-gone",
            ToAgent::WriteDone { .. } => "write-done",
            ToAgent::Register { .. } => "register",
            ToAgent::Listing { .. } => "listing",
            ToAgent::CallDone { .. } => "call-done",
            ToAgent::Api { .. } => "api",
            ToAgent::PathLost { .. } => "path-lost",
        }
    }
}

/// What agents and engines say to the store.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToStore {
    /// This life of an agent wants a lease later than that epoch.
    Acquire { life: Incarnation, after: u16 },
    /// The lease of that epoch is to go on.
    KeepAlive { epoch: u16 },
    /// Is the lease of that epoch in force? Asked before that call is answered from memory.
    Confirm { epoch: u16, user: u8, call: CallId },
    /// Under the lease of that epoch, as its write number `revision`: put a spec, or delete the key.
    Write { epoch: u16, revision: u32, key: Key, spec: Option<Arc<Spec>> },
    /// An engine: a child of that nexus did not get a write, which is acknowledged once that is written down.
    Missed { nexus: Instance, replica: Uuid },
    /// An agent under the lease of that epoch: what is written down of that nexus' children may go.
    Forget { epoch: u16, nexus: Uuid },
}

impl From<ToStore> for Msg {
    fn from(msg: ToStore) -> Msg {
        Msg::ToStore(msg)
    }
}

impl Label for ToStore {
    fn label(&self) -> &'static str {
        match self {
            ToStore::Acquire { .. } => "acquire",
            ToStore::KeepAlive { .. } => "keep-alive",
            ToStore::Confirm { .. } => "confirm",
            ToStore::Write { .. } => "write",
            ToStore::Missed { .. } => "missed",
            ToStore::Forget { .. } => "forget",
        }
    }
}

/// What agents, the store, the watcher and other engines say to an engine.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToEngine {
    /// An agent wants to know what is there.
    List { epoch: u16 },
    /// An agent wants something done.
    Call { epoch: u16, op: Arc<EngineOp> },
    /// The watcher asks for a sign of life.
    Ping,
    /// Another engine's disk failed under that replica, or a write did not reach it.
    IoError { replica: Key },
    /// The store: it is written down that a child of that nexus missed a write.
    MissedDone { nexus: Instance, replica: Uuid },
}

impl From<ToEngine> for Msg {
    fn from(msg: ToEngine) -> Msg {
        Msg::ToEngine(msg)
    }
}

impl Label for ToEngine {
    fn label(&self) -> &'static str {
        match self {
            ToEngine::List { .. } => "list",
            ToEngine::Call { .. } => "engine-call",
            ToEngine::Ping => "ping",
            ToEngine::IoError { .. } => "io-error",
            ToEngine::MissedDone { .. } => "missed-done",
        }
    }
}

/// What agents say to a user.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToUser {
    /// Ask again over the connection of that epoch: the one the request came over is gone.
    Connect { call: CallId, epoch: u16 },
    /// An agent leads and takes requests: what is open is to be asked again over a connection of that epoch.
    Leading { epoch: u16 },
    /// Another agent leads, or none yet.
    NotLeading { call: CallId },
    /// The answer, over the connection of that epoch.
    Answer { call: CallId, epoch: u16, reply: Reply },
}

impl From<ToUser> for Msg {
    fn from(msg: ToUser) -> Msg {
        Msg::ToUser(msg)
    }
}

impl Label for ToUser {
    fn label(&self) -> &'static str {
        match self {
            ToUser::Connect { .. } => "connect",
            ToUser::Leading { .. } => "leading",
            ToUser::NotLeading { .. } => "not-leading",
            ToUser::Answer { .. } => "answer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_small() {
        assert!(size_of::<Msg>() <= 64, "a message takes {} bytes", size_of::<Msg>());
    }
}
