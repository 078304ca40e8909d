//! What daemons and clients of this plane send each other.

use std::sync::Arc;
use std::time::Duration;

use quiesce_machine::{CallId, Label, Rename};

use super::ask::{AskError, Everywhere, Question, SnapLine};
use super::bucket::Bucket;
use super::buckets::{BucketChange, BucketError, Step};
use super::ic::{Account, Listener};
use super::id::{DaemonId, XactId};
use super::job::{JobSpec, Snap, Status, Work};
use super::kind::Kind;
use super::membership::{AdminError, Change, ClusterMsg, Version};
use super::rebalance::{Mode, RebMsg};
use super::reporting::Batch;
use super::sources::Sources;
use super::start::{Manner, Refused};

/// What a status query names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Select {
    /// A job by its id.
    Id(XactId),
    /// Some job of a kind: a running one, else the one that ended last.
    Kind(Kind),
    /// Every job, or every one of a kind (C4).
    Every(Option<Kind>),
}

/// How every job stands that a status query names.
pub type Statuses = Arc<Vec<(XactId, Status)>>;

/// What a status query found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The job that is named, or the one that is meant.
    One(Status),
    /// Every one.
    Every(Statuses),
}

/// Why a status query got no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum QueryError {
    /// 404: nobody asked knows the job.
    NotFound,
    /// 502: the gateway could not reach the member that should know.
    BadGateway,
}

/// Why a start did not answer with an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum StartError {
    /// A target did not answer, or could not be reached.
    TargetSilent(DaemonId),
    /// A target refused.
    Refused(DaemonId, Refused),
    /// The cluster has no active target that the job could run on.
    NoTargets,
    /// 409: a rebalance has been ordered and has not ended.
    Busy,
    /// A bucket is not there, or not free.
    Bucket(BucketError),
    /// The gateway could not be reached, or did not answer.
    GatewaySilent,
}

/// Work that a workload hands to an on-demand xaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Piece {
    /// The kind that does it.
    pub kind: Kind,
    /// The bucket it is about.
    pub bucket: Option<Bucket>,
    /// How long it takes.
    pub takes: Duration,
}

/// What daemons and clients send each other, by the role it is for. Names in brackets:
/// `reference/aistore-information-center.md` section 3.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Msg {
    /// For a client.
    ToClient(ToClient),
    /// For a proxy.
    ToProxy(ToProxy),
    /// For a target.
    ToTarget(ToTarget),
    /// For a proxy or target: about membership.
    Cluster(ClusterMsg),
    /// For a primary or target: about a rebalance.
    Rebalance(RebMsg),
}

impl Msg {
    /// Every label, for scenario files.
    pub const LABELS: [&'static str; 68] = [
        "start-answer",
        "status-answer",
        "statuses-answer",
        "redirect",
        "start-request",
        "rebalance-request",
        "bucket-request",
        "bucket-step",
        "bucket-stepped",
        "bucket-answer",
        "status-request",
        "routed-status",
        "routed-answer",
        "watch-xaction",
        "watch-done",
        "pull-table",
        "ownership-table",
        "merge-table",
        "sealed",
        "starter-probe",
        "starter-answer",
        "xact-started",
        "xact-begun",
        "xact-refused",
        "snap-answer",
        "notify-finished",
        "notify-progress",
        "notify-many",
        "relay",
        "notify-many-done",
        "start-xact",
        "begin-xact",
        "abort-xact",
        "pull-snap",
        "notify-done",
        "asked",
        "put",
        "ask-answer",
        "list-answer",
        "work-done",
        "pruned",
        "admin-answer",
        "ask",
        "answered",
        "admin-request",
        "keepalive",
        "keepalive-done",
        "health",
        "health-done",
        "join",
        "pull-map",
        "map",
        "metasync",
        "metasync-done",
        "metasync-refused",
        "load",
        "loaded",
        "vote-init",
        "vote-init-done",
        "vote-request",
        "vote",
        "vote-result",
        "forwarded",
        "rebalance-ping",
        "rebalance-pong",
        "rebalance-stage",
        "rebalance-abort",
        "rebalance-report",
    ];
}

impl Label for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::ToClient(msg) => msg.label(),
            Msg::ToProxy(msg) => msg.label(),
            Msg::ToTarget(msg) => msg.label(),
            Msg::Cluster(msg) => msg.label(),
            Msg::Rebalance(msg) => msg.label(),
        }
    }
}

/// Answers to a client.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ToClient {
    /// The gateway's answer.
    StartAnswer { call: CallId, result: Result<XactId, StartError> },
    /// The answer, by way of the gateway.
    StatusAnswer { call: CallId, result: Result<Status, QueryError> },
    /// The answer to a query for every job.
    StatusesAnswer { call: CallId, result: Result<Statuses, QueryError> },
    /// 307: ask that proxy.
    Redirect { call: CallId, to: DaemonId },
    /// What every target has, or why that is not known.
    AskAnswer { call: CallId, result: Result<Everywhere, AskError> },
    /// What one target has, that was asked alone.
    ListAnswer { call: CallId, result: Result<Arc<Vec<SnapLine>>, AskError> },
    /// A target has done a piece of work, or (not `done`) will not.
    WorkDone { call: CallId, done: bool },
    /// How a change of buckets went.
    BucketAnswer { call: CallId, result: Result<(), BucketError> },
    /// How a change of membership went.
    AdminAnswer { call: CallId, result: Result<(), AdminError> },
}

impl From<ToClient> for Msg {
    fn from(msg: ToClient) -> Msg {
        Msg::ToClient(msg)
    }
}

impl Label for ToClient {
    fn label(&self) -> &'static str {
        match self {
            ToClient::StartAnswer { .. } => "start-answer",
            ToClient::StatusAnswer { .. } => "status-answer",
            ToClient::StatusesAnswer { .. } => "statuses-answer",
            ToClient::Redirect { .. } => "redirect",
            ToClient::AskAnswer { .. } => "ask-answer",
            ToClient::ListAnswer { .. } => "list-answer",
            ToClient::WorkDone { .. } => "work-done",
            ToClient::BucketAnswer { .. } => "bucket-answer",
            ToClient::AdminAnswer { .. } => "admin-answer",
        }
    }
}

/// What clients, other proxies and targets say to a proxy.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ToProxy {
    /// A client asks a gateway to start a job (C1).
    StartRequest { call: CallId, request: XactId, spec: Arc<JobSpec> },
    /// A client asks a gateway, and that the primary, to change which buckets there are.
    BucketRequest { client: DaemonId, call: CallId, change: BucketChange },
    /// A gateway has the primary change replicated metadata for a job that has begun everywhere.
    BucketStep { step: Arc<Step> },
    /// A majority knows of the change: the bucket that the job fills, if it has one of its own.
    BucketStepped { job: XactId, result: Result<Option<Bucket>, BucketError> },
    /// A gateway hands a client's request for a rebalance to the primary.
    RebalanceRequest { client: DaemonId, call: CallId, request: XactId, mode: Mode },
    /// A client asks a gateway for a job's status (C3), or for those of all (C4).
    StatusRequest { call: CallId, select: Select },
    /// A client asks a gateway to ask every target.
    Ask { call: CallId, question: Arc<Question> },
    /// A target's answer for that client.
    Answered { client: DaemonId, call: CallId, answer: Result<Arc<Vec<SnapLine>>, AskError> },
    /// An administrator asks a gateway to change who is a member.
    AdminRequest { call: CallId, change: Change },
    /// A gateway that is no member hands a query to the member that weighs most for the job.
    RoutedStatus { client: DaemonId, call: CallId, job: XactId },
    /// The member's answer to the gateway.
    RoutedAnswer { client: DaemonId, call: CallId, result: Result<Status, QueryError> },
    /// A gateway registers a job with a member (I1).
    WatchXaction { job: XactId, kind: Kind, starter: DaemonId, sources: Sources },
    /// The member has it, with these targets: those that it heard of first.
    WatchDone { job: XactId, by: Version, sources: Sources },
    /// A member asks another for its table (I4), on account of that query.
    PullTable { about: Select },
    /// The other's table (I4), and which map it goes by.
    OwnershipTable { about: Select, by: Version, table: Arc<Vec<(XactId, Account)>> },
    /// Where daemons come and go: the member that was asked for its table has had that job, and pruned it.
    Pruned { job: XactId, by: Version },
    /// A member offers its table unasked (I3).
    MergeTable { by: Version, table: Arc<Vec<(XactId, Account)>> },
    /// A member knows durably how a job ended; `answer`: it wants to hear whether the other does.
    Sealed { job: XactId, by: Version, listener: Arc<Listener>, answer: bool },
    /// A member asks a job's starter whether it still starts it.
    StarterProbe { job: XactId },
    /// The starter's answer.
    StarterAnswer { job: XactId, starting: bool },
    /// The target has started it, now or before.
    XactStarted { job: XactId },
    /// The target has begun its part.
    XactBegun { job: XactId },
    /// The target does not start its part.
    XactRefused { job: XactId, why: Refused },
    /// The target's answer; no snap: 404.
    SnapAnswer { job: XactId, settled: bool, snap: Option<Snap> },
    /// A target tells a member that its part has ended (N1); with `sources`, a member that does not know the job takes
    /// it up.
    NotifyFinished { job: XactId, kind: Kind, snap: Snap, sources: Option<Sources> },
    /// A target tells a member that its part goes on (N2). Nobody answers.
    NotifyProgress { job: XactId },
    /// A target tells a member many things at once, perhaps of other targets.
    NotifyMany { batch: Batch },
}

impl From<ToProxy> for Msg {
    fn from(msg: ToProxy) -> Msg {
        Msg::ToProxy(msg)
    }
}

impl Label for ToProxy {
    fn label(&self) -> &'static str {
        match self {
            ToProxy::StartRequest { .. } => "start-request",
            ToProxy::BucketRequest { .. } => "bucket-request",
            ToProxy::BucketStep { .. } => "bucket-step",
            ToProxy::BucketStepped { .. } => "bucket-stepped",
            ToProxy::RebalanceRequest { .. } => "rebalance-request",
            ToProxy::StatusRequest { .. } => "status-request",
            ToProxy::Ask { .. } => "ask",
            ToProxy::Answered { .. } => "answered",
            ToProxy::AdminRequest { .. } => "admin-request",
            ToProxy::RoutedStatus { .. } => "routed-status",
            ToProxy::RoutedAnswer { .. } => "routed-answer",
            ToProxy::WatchXaction { .. } => "watch-xaction",
            ToProxy::WatchDone { .. } => "watch-done",
            ToProxy::PullTable { .. } => "pull-table",
            ToProxy::OwnershipTable { .. } => "ownership-table",
            ToProxy::Pruned { .. } => "pruned",
            ToProxy::MergeTable { .. } => "merge-table",
            ToProxy::Sealed { .. } => "sealed",
            ToProxy::StarterProbe { .. } => "starter-probe",
            ToProxy::StarterAnswer { .. } => "starter-answer",
            ToProxy::XactStarted { .. } => "xact-started",
            ToProxy::XactBegun { .. } => "xact-begun",
            ToProxy::XactRefused { .. } => "xact-refused",
            ToProxy::SnapAnswer { .. } => "snap-answer",
            ToProxy::NotifyFinished { .. } => "notify-finished",
            ToProxy::NotifyProgress { .. } => "notify-progress",
            ToProxy::NotifyMany { .. } => "notify-many",
        }
    }
}

/// What proxies say to a target.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum ToTarget {
    /// A gateway starts a target's part (S3).
    StartXact { job: XactId, kind: Kind, work: Work, sources: Sources, manner: Option<Arc<Manner>> },
    /// A gateway has a target begin its part, to be committed by a start.
    BeginXact { job: XactId, kind: Kind, manner: Option<Arc<Manner>> },
    /// A member stops a target's part (S2).
    AbortXact { job: XactId, kind: Kind, sources: Sources },
    /// A member asks a target how its part stands (S1); `settled`: the starter starts no more.
    PullSnap { job: XactId, settled: bool },
    /// The member took note.
    NotifyDone { job: XactId },
    /// A target hands its news to another, which tells it with its own.
    Relay { batch: Batch },
    /// That member took note of all that; goes back the way the news came.
    NotifyManyDone { member: DaemonId, batch: Batch },
    /// A gateway asks for a client, or a client asks for itself.
    Asked { client: DaemonId, call: CallId, question: Arc<Question> },
    /// A workload's work, straight from its client.
    Put { call: CallId, piece: Arc<Piece> },
}

impl From<ToTarget> for Msg {
    fn from(msg: ToTarget) -> Msg {
        Msg::ToTarget(msg)
    }
}

impl Label for ToTarget {
    fn label(&self) -> &'static str {
        match self {
            ToTarget::StartXact { .. } => "start-xact",
            ToTarget::BeginXact { .. } => "begin-xact",
            ToTarget::AbortXact { .. } => "abort-xact",
            ToTarget::PullSnap { .. } => "pull-snap",
            ToTarget::NotifyDone { .. } => "notify-done",
            ToTarget::Relay { .. } => "relay",
            ToTarget::NotifyManyDone { .. } => "notify-many-done",
            ToTarget::Asked { .. } => "asked",
            ToTarget::Put { .. } => "put",
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
