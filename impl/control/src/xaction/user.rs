//! What users ask of a client, and what they are told.

use std::sync::Arc;
use std::time::Duration;

use quiesce_machine::{Label, Rename};

use super::ask::{AskError, Condition};
use super::buckets::{BucketChange, BucketError};
use super::id::{DaemonId, JobName, XactId};
use super::job::{JobSpec, Status};
use super::kind::Kind;
use super::membership::{AdminError, Change};
use super::message::{Piece, StartError};

/// What a user asks of a client.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Request {
    /// Start a job through that gateway, and call it by that name from now on.
    Start { name: JobName, via: DaemonId, spec: Arc<JobSpec> },
    /// Wait through that gateway until a job ends; `deadline`: but no longer.
    Wait { what: Awaited, via: DaemonId, deadline: Option<Duration> },
    /// Ask that gateway once how a job stands.
    Status { what: Awaited, via: DaemonId },
    /// Ask that gateway how every job stands, or every one of a kind.
    StatusAll { kind: Option<Kind>, via: DaemonId },
    /// Ask that gateway to change who is a member, as an administrator.
    Admin { change: Change, via: DaemonId },
    /// Ask that gateway to change which buckets there are.
    Bucket { change: BucketChange, via: DaemonId },
    /// Ask every target at once through that gateway.
    Errand { errand: Errand, via: DaemonId },
    /// Hand work of a workload to a target.
    Put { to: DaemonId, piece: Arc<Piece> },
    /// For a target: this is what users and operators make of its disks, in percent and number.
    Load { users: u8, used: u8, mountpaths: u8 },
    /// For a proxy or target: join the cluster through that proxy.
    Join { via: DaemonId },
}

/// The job that a request of a user means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Awaited {
    /// One that the same client started.
    Job(JobName),
    /// Whatever job of that kind.
    Kind(Kind),
    /// The one of that id, of whatever kind: the server is asked.
    Id(XactId),
}

impl Label for Request {
    fn label(&self) -> &'static str {
        match self {
            Request::Start { .. } => "start",
            Request::Wait { .. } => "wait",
            Request::Status { .. } => "status",
            Request::StatusAll { .. } => "status-all",
            Request::Admin { change, .. } => change.label(),
            Request::Bucket { change, .. } => change.label(),
            Request::Errand { errand, .. } => errand.label(),
            Request::Put { .. } => "put",
            Request::Load { .. } => "load",
            Request::Join { .. } => "join",
        }
    }
}

/// What a user asks of every target at once.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Errand {
    /// To show xactions: those meant, or everything; `all`: not only the most recent of each kind and bucket.
    Show { what: Option<Awaited>, all: bool },
    /// To stop those meant.
    Stop { what: Awaited },
    /// Whether the set of targets may change, again and again until it may.
    MayChange,
    /// To show those meant, again and again until the condition is met.
    Wait { what: Awaited, condition: Condition },
}

impl Label for Errand {
    fn label(&self) -> &'static str {
        match self {
            Errand::Show { .. } => "show",
            Errand::Stop { .. } => "stop",
            Errand::MayChange => "preflight",
            Errand::Wait { .. } => "wait-snaps",
        }
    }
}

/// What a user is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Reply {
    /// The job runs on every target.
    Started(XactId),
    /// No id came back; the job may run all the same.
    StartFailed(StartError),
    /// How a wait or a status query ended.
    Told(Outcome),
    /// So many jobs are shown with how they stand.
    Statuses(usize),
    /// A change of membership is made.
    Changed,
    /// A change of membership was refused for good.
    Refused(AdminError),
    /// A change of buckets was refused.
    BucketRefused(BucketError),
    /// The daemon is a member.
    Joined,
    /// So many xactions are shown, in a map by target.
    Shown(usize),
    /// One target has so many, in a list.
    Listed(usize),
    /// Every target that is up has been told to stop what was meant.
    Stopped,
    /// The set of targets may change.
    MayChange,
    /// A wait's condition is met.
    Met {
        /// The condition.
        condition: Condition,
        /// Whether some part was aborted.
        aborted: bool,
    },
    /// A kind that does not idle cannot be waited for until it does: refused at once.
    NeverIdles(Kind),
    /// There is no such job to ask about.
    NotThere,
    /// The answer was an error.
    AskFailed(AskError),
    /// The work is done, or (not `true`) was not taken or was given up.
    Worked(bool),
}

/// How a wait or a status query ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Outcome {
    /// The job's status; for a wait, one that has ended.
    Status(Status),
    /// A kind that the Information Center does not track: refused at once.
    NotTracked(Kind),
    /// The named job's start failed, or this client started none of that name.
    NotStarted,
    /// 404.
    NotFound,
    /// Nobody answered, or only with an error.
    Unreachable,
    /// The wait's own deadline passed first.
    TimedOut,
}

impl Reply {
    /// Every label, for scenario files.
    pub const LABELS: [&'static str; 29] = [
        "started",
        "start-failed",
        "running",
        "finished",
        "failed",
        "aborted",
        "not-tracked",
        "not-started",
        "not-found",
        "unreachable",
        "timed-out",
        "statuses",
        "no-statuses",
        "changed",
        "refused",
        "joined",
        "shown",
        "listed",
        "stopped",
        "may-change",
        "ended",
        "not-running",
        "seen",
        "idle",
        "never-idles",
        "not-there",
        "ask-failed",
        "worked",
        "work-failed",
    ];
}

impl Label for Reply {
    fn label(&self) -> &'static str {
        match self {
            Reply::Started(_) => "started",
            Reply::StartFailed(_) => "start-failed",
            Reply::Told(outcome) => outcome.label(),
            Reply::Statuses(0) => "no-statuses",
            Reply::Statuses(_) => "statuses",
            Reply::Changed => "changed",
            Reply::Refused(_) | Reply::BucketRefused(_) => "refused",
            Reply::Joined => "joined",
            Reply::Shown(_) => "shown",
            Reply::Listed(_) => "listed",
            Reply::Stopped => "stopped",
            Reply::MayChange => "may-change",
            Reply::Met { aborted: true, .. } => "aborted",
            Reply::Met { condition: Condition::Finished, .. } => "ended",
            Reply::Met { condition: Condition::NotRunning, .. } => "not-running",
            Reply::Met { condition: Condition::Started, .. } => "seen",
            Reply::Met { condition: Condition::Idle, .. } => "idle",
            Reply::NeverIdles(_) => "never-idles",
            Reply::NotThere => "not-there",
            Reply::AskFailed(_) => "ask-failed",
            Reply::Worked(true) => "worked",
            Reply::Worked(false) => "work-failed",
        }
    }
}

impl Label for Outcome {
    fn label(&self) -> &'static str {
        match self {
            Outcome::Status(status) if status.end_time.is_none() => "running",
            Outcome::Status(status) if status.aborted => "aborted",
            Outcome::Status(status) if status.err.is_some() => "failed",
            Outcome::Status(_) => "finished",
            Outcome::NotTracked(_) => "not-tracked",
            Outcome::NotStarted => "not-started",
            Outcome::NotFound => "not-found",
            Outcome::Unreachable => "unreachable",
            Outcome::TimedOut => "timed-out",
        }
    }
}
