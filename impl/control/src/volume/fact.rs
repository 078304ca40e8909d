//! What an operator of this plane could have observed: the trace's readable column and the monitors' food.

use std::fmt;
use std::sync::Arc;

use quiesce_machine::{CallId, Label};

use super::id::{Birth, EngineId, Key, Uuid};
use super::object::Instance;
use super::spec::Status;
use super::user::{Reply, Request};

/// What an operator could have observed.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// A user asks for something.
    Asked { call: CallId, request: Arc<Request> },
    /// A user was answered, or gave up.
    Answered { call: CallId, request: Arc<Request>, reply: Reply },
    /// The leading agent takes up a request.
    Admitted { user: u8, call: CallId, request: Arc<Request> },
    /// The leading agent answers a request.
    Replied { user: u8, call: CallId, request: Arc<Request>, reply: Reply },
    /// An agent leads under the lease of that epoch.
    Leads { epoch: u16 },
    /// The leading agent knows that an engine heard of its epoch.
    Claimed { engine: EngineId, epoch: u16 },
    /// An agent leads no longer.
    SteppedDown { epoch: u16 },
    /// A spec is durable; no status: it is gone.
    Stored { key: Key, birth: Birth, status: Option<Status> },
    /// An engine made an object, for the agent of that epoch.
    Made { object: Instance, epoch: u16 },
    /// An engine destroyed an object, for the agent of that epoch.
    Destroyed { object: Instance, epoch: u16 },
    /// An engine took a child from a nexus that then had so many healthy ones.
    ChildRemoved { nexus: Instance, child: Uuid, healthy: u8, epoch: u16 },
    /// An engine changed an object in another way, for the agent of that epoch.
    Changed { object: Instance, epoch: u16 },
    /// An engine says that a replica is sound.
    Vouched { replica: Instance },
    /// A disk failed under a replica.
    DiskFailed { replica: Key },
    /// A nexus acknowledged a write that this child of its did not get.
    Missed { nexus: Instance, replica: Key },
}

impl Fact {
    /// Every label, for scenario files.
    pub const LABELS: [&'static str; 15] = [
        "asked",
        "answered",
        "admitted",
        "replied",
        "leads",
        "claimed",
        "stepped-down",
        "stored",
        "made",
        "destroyed",
        "child-removed",
        "changed",
        "disk-failed",
        "vouched",
        "missed",
    ];
}

impl Fact {
    /// Whether an engine changed something.
    #[must_use]
    pub fn is_change(&self) -> bool {
        matches!(self, Fact::Made { .. } | Fact::Destroyed { .. } | Fact::Changed { .. } | Fact::ChildRemoved { .. })
    }
}

impl Label for Fact {
    fn label(&self) -> &'static str {
        match self {
            Fact::Asked { .. } => "asked",
            Fact::Answered { .. } => "answered",
            Fact::Admitted { .. } => "admitted",
            Fact::Replied { .. } => "replied",
            Fact::Leads { .. } => "leads",
            Fact::Claimed { .. } => "claimed",
            Fact::SteppedDown { .. } => "stepped-down",
            Fact::Stored { .. } => "stored",
            Fact::Made { .. } => "made",
            Fact::Destroyed { .. } => "destroyed",
            Fact::ChildRemoved { .. } => "child-removed",
            Fact::Changed { .. } => "changed",
            Fact::Vouched { .. } => "vouched",
            Fact::DiskFailed { .. } => "disk-failed",
            Fact::Missed { .. } => "missed",
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Asked { call, request } => write!(f, "call {} asks for {}", call.0, brief(request)),
            Fact::Answered { call, reply, .. } => write!(f, "call {} ends: {reply}", call.0),
            Fact::Admitted { user, call, request } => {
                write!(f, "takes up {} (call {} of u{})", brief(request), call.0, user + 1)
            }
            Fact::Replied { user, call, reply, .. } => write!(f, "answers call {} of u{}: {reply}", call.0, user + 1),
            Fact::Leads { epoch } => write!(f, "leads in epoch {epoch}"),
            Fact::Claimed { engine, epoch } => write!(f, "{engine} knows of epoch {epoch}"),
            Fact::SteppedDown { epoch } => write!(f, "leads no longer in epoch {epoch}"),
            Fact::Stored { key, status: Some(status), birth } => write!(f, "{key} (born {birth}) is {status:?}"),
            Fact::Stored { key, status: None, .. } => write!(f, "{key} is gone"),
            Fact::Made { object, epoch } => write!(f, "makes {object} for epoch {epoch}"),
            Fact::Destroyed { object, epoch } => write!(f, "destroys {object} for epoch {epoch}"),
            Fact::ChildRemoved { nexus, child, healthy, .. } => {
                write!(f, "takes child {child} from {nexus}, which leaves {healthy} healthy")
            }
            Fact::Changed { object, epoch } => write!(f, "changes {object} for epoch {epoch}"),
            Fact::Vouched { replica } => write!(f, "vouches for {replica}"),
            Fact::DiskFailed { replica } => write!(f, "the disk under {replica} fails"),
            Fact::Missed { nexus, replica } => write!(f, "{nexus} acknowledges a write that {replica} missed"),
        }
    }
}

fn brief(request: &Request) -> String {
    match request.key() {
        Some(key) => format!("{} of {key}", request.label()),
        None => request.label().to_owned(),
    }
}
