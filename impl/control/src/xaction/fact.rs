//! What an operator of this plane could have observed: the trace's readable column and the monitors' food.

use std::fmt;
use std::sync::Arc;

use quiesce_machine::{CallId, Label, Rename};

use super::bucket::Bucket;
use super::buckets::BucketChange;
use super::id::{DaemonId, XactId};
use super::job::{Snap, Status};
use super::kind::Kind;
use super::membership::{Change, Smap};
use super::rebalance::{Mode, RebEnd, RebId};
use super::registry::AbortFilter;
use super::sources::Sources;
use super::start::{Manner, Refused};
use super::user::{Errand, Outcome, Reply};

/// What an operator could have observed.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub enum Fact {
    /// A gateway took a client's start request for this job, which is to run on these targets; stated again when it chooses
    /// others. Nobody, if it is a rebalance whose place a newer one has taken.
    StartTaken { job: XactId, client: DaemonId, call: CallId, sources: Sources },
    /// A member tracks this job from now on.
    JobRegistered { job: XactId },
    /// A target's registry holds this job from now on.
    XactRegistered { job: XactId, kind: Kind, manner: Manner },
    /// A target does not start its part.
    StartRefused { job: XactId, why: Refused },
    /// A gateway stops what it started, as not every target did.
    StartUndone { job: XactId },
    /// A target has looked at all it runs, and ended what the filter names.
    Swept { filter: AbortFilter },
    /// A target took work of a workload.
    WorkAccepted { client: DaemonId, call: CallId },
    /// A target has done the work, or says that it will not.
    WorkEnded { client: DaemonId, call: CallId },
    /// A user asks something of every target.
    ErrandBegan { call: CallId, errand: Errand },
    /// A user is told; `job`: if it waited for one that had started.
    ErrandDone { call: CallId, job: Option<XactId>, reply: Reply },
    /// A target's part began.
    XactBegan { job: XactId },
    /// A target's part has ended, durably where the policy says so; stated again when a restart finds it so.
    XactEnded { job: XactId, snap: Snap },
    /// A member knows that the job is aborted.
    JobAborted { job: XactId },
    /// A member says that the job has ended.
    JobEnded { job: XactId, status: Status },
    /// A member forgets a finished job.
    JobPruned { job: XactId },
    /// A user asks for a job.
    StartAsked { call: CallId },
    /// A client learnt the id of the job it asked for.
    StartAnswered { call: CallId, job: XactId },
    /// A client learnt that its job did not start everywhere, or nothing at all.
    StartFailed { call: CallId },
    /// A user waits.
    WaitBegan { call: CallId },
    /// A wait ended; `job`: if it named one that had started.
    WaitReturned { call: CallId, job: Option<XactId>, outcome: Outcome },
    /// A user asks how a job stands, or how all do.
    StatusAsked { call: CallId },
    /// A user is told how a job stands; `job`: if it asked for one that had started.
    StatusTold { call: CallId, job: Option<XactId>, outcome: Outcome },
    /// A user is told how all stand, or all of a kind.
    StatusesTold { call: CallId, kind: Option<Kind>, jobs: Arc<Vec<XactId>> },
    /// An administrator asks for a change of membership.
    ChangeAsked { call: CallId, change: Change },
    /// A user asks for a change of buckets.
    BucketAsked { call: CallId, change: BucketChange },
    /// A primary takes away the bucket that a job has renamed.
    BucketRenamed { job: XactId },
    /// A primary takes away the bucket that a job has made, as the job did not end well.
    BucketUndone { job: XactId, bucket: Bucket },
    /// A primary says that a change is made.
    ChangeMade { change: Change },
    /// An administrator is answered.
    ChangeReturned { call: CallId },
    /// A job goes on, so many times slower than at full speed; `urgent`: it is not to pace itself.
    Paced { job: XactId, users: u8, pace: u8, urgent: bool },
    /// A target has looked at its capacity.
    CapacityKnown { used: u8 },
    /// A target takes up an order to rebalance, as it understands it.
    RebalanceBegan { id: RebId, mode: Mode },
    /// Its data move.
    RebalanceTraverses { id: RebId },
    /// Its data are where they belong.
    DataMoved { id: RebId },
    /// Its part is over.
    RebalanceEnded { id: RebId, end: RebEnd },
    /// A primary takes an order for done.
    RebalanceDone { id: RebId },
    /// A daemon is asked to join.
    JoinAsked { call: CallId },
    /// A daemon that was asked to join is a member.
    Joined { call: CallId },
    /// A daemon that was shut down stops.
    SwitchedOff,
    /// A daemon makes a map.
    MapMade { map: Smap },
    /// A daemon goes by this map from now on.
    MapInstalled { map: Smap },
    /// An elected primary takes over with this map.
    TookOver { map: Smap },
}

impl Fact {
    /// Every label, for scenario files.
    pub const LABELS: [&'static str; 42] = [
        "start-taken",
        "job-registered",
        "xact-registered",
        "start-refused",
        "start-undone",
        "swept",
        "work-accepted",
        "work-ended",
        "errand-began",
        "errand-done",
        "xact-began",
        "xact-ended",
        "job-aborted",
        "job-ended",
        "job-pruned",
        "start-asked",
        "start-answered",
        "start-failed",
        "wait-began",
        "wait-returned",
        "status-asked",
        "status-told",
        "statuses-told",
        "change-asked",
        "bucket-asked",
        "bucket-renamed",
        "bucket-undone",
        "change-made",
        "change-returned",
        "paced",
        "capacity-known",
        "rebalance-began",
        "rebalance-traverses",
        "data-moved",
        "rebalance-ended",
        "rebalance-done",
        "join-asked",
        "joined",
        "switched-off",
        "map-made",
        "map-installed",
        "took-over",
    ];
}

impl Label for Fact {
    fn label(&self) -> &'static str {
        match self {
            Fact::StartTaken { .. } => "start-taken",
            Fact::JobRegistered { .. } => "job-registered",
            Fact::XactRegistered { .. } => "xact-registered",
            Fact::StartRefused { .. } => "start-refused",
            Fact::StartUndone { .. } => "start-undone",
            Fact::Swept { .. } => "swept",
            Fact::WorkAccepted { .. } => "work-accepted",
            Fact::WorkEnded { .. } => "work-ended",
            Fact::ErrandBegan { .. } => "errand-began",
            Fact::ErrandDone { .. } => "errand-done",
            Fact::XactBegan { .. } => "xact-began",
            Fact::XactEnded { .. } => "xact-ended",
            Fact::JobAborted { .. } => "job-aborted",
            Fact::JobEnded { .. } => "job-ended",
            Fact::JobPruned { .. } => "job-pruned",
            Fact::StartAsked { .. } => "start-asked",
            Fact::StartAnswered { .. } => "start-answered",
            Fact::StartFailed { .. } => "start-failed",
            Fact::WaitBegan { .. } => "wait-began",
            Fact::WaitReturned { .. } => "wait-returned",
            Fact::StatusAsked { .. } => "status-asked",
            Fact::StatusTold { .. } => "status-told",
            Fact::StatusesTold { .. } => "statuses-told",
            Fact::ChangeAsked { .. } => "change-asked",
            Fact::BucketAsked { .. } => "bucket-asked",
            Fact::BucketRenamed { .. } => "bucket-renamed",
            Fact::BucketUndone { .. } => "bucket-undone",
            Fact::ChangeMade { .. } => "change-made",
            Fact::ChangeReturned { .. } => "change-returned",
            Fact::Paced { .. } => "paced",
            Fact::CapacityKnown { .. } => "capacity-known",
            Fact::RebalanceBegan { .. } => "rebalance-began",
            Fact::RebalanceTraverses { .. } => "rebalance-traverses",
            Fact::DataMoved { .. } => "data-moved",
            Fact::RebalanceEnded { .. } => "rebalance-ended",
            Fact::RebalanceDone { .. } => "rebalance-done",
            Fact::JoinAsked { .. } => "join-asked",
            Fact::Joined { .. } => "joined",
            Fact::SwitchedOff => "switched-off",
            Fact::MapMade { .. } => "map-made",
            Fact::MapInstalled { .. } => "map-installed",
            Fact::TookOver { .. } => "took-over",
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::StartTaken { job, client, call, sources: _ } => {
                write!(f, "takes call {} of {client} as {job}", call.0)
            }
            Fact::JobRegistered { job } => write!(f, "tracks {job}"),
            Fact::XactRegistered { job, kind, manner } => write!(f, "registers {job}, {kind}{manner}"),
            Fact::StartRefused { job, why } => write!(f, "refuses {job}: {why}"),
            Fact::StartUndone { job } => write!(f, "stops {job}, which not every target started"),
            Fact::Swept { filter } => write!(f, "has ended all that is named by {filter:?}"),
            Fact::WorkAccepted { client, call } => write!(f, "takes the work of call {} of {client}", call.0),
            Fact::WorkEnded { client, call } => write!(f, "is through with the work of call {} of {client}", call.0),
            Fact::ErrandBegan { call, errand } => write!(f, "{} {} begins", errand.label(), call.0),
            Fact::ErrandDone { call, reply, .. } => write!(f, "call {} is told: {}", call.0, reply.label()),
            Fact::XactBegan { job } => write!(f, "runs {job}"),
            Fact::XactEnded { job, snap } => write!(f, "{job} {snap} here"),
            Fact::JobAborted { job } => write!(f, "takes {job} for aborted"),
            Fact::JobEnded { job, status } => write!(f, "says that {job} has ended: {status}"),
            Fact::JobPruned { job } => write!(f, "forgets {job}"),
            Fact::StartAsked { call } => write!(f, "start {} begins", call.0),
            Fact::StartFailed { call } => write!(f, "start {} fails", call.0),
            Fact::StartAnswered { call, job } => write!(f, "call {} started {job}", call.0),
            Fact::WaitBegan { call } => write!(f, "wait {} begins", call.0),
            Fact::StatusAsked { call } => write!(f, "query {} begins", call.0),
            Fact::StatusesTold { call, jobs, .. } => write!(f, "query {} returns: {} jobs", call.0, jobs.len()),
            Fact::ChangeAsked { call, change } => write!(f, "change {}: {} {}", call.0, change.label(), change.of()),
            Fact::BucketAsked { call, change } => write!(f, "change {}: {} {}", call.0, change.label(), change.of()),
            Fact::BucketRenamed { job } => write!(f, "takes away what {job} has renamed"),
            Fact::BucketUndone { job, bucket } => write!(f, "takes away {bucket}, which {job} has made in vain"),
            Fact::ChangeMade { change } => write!(f, "says that {} {} is made", change.label(), change.of()),
            Fact::ChangeReturned { call } => write!(f, "change {} returns", call.0),
            Fact::Paced { job, users, pace, .. } => write!(f, "{job} goes on at 1/{pace} beside users' {users} %"),
            Fact::CapacityKnown { used } => write!(f, "{used} % of its capacity is used"),
            Fact::RebalanceBegan { id, mode: Mode::Full } => write!(f, "takes up {id}"),
            Fact::RebalanceBegan { id, mode: Mode::Cleanup } => write!(f, "takes up {id}, to clean up"),
            Fact::RebalanceTraverses { id } => write!(f, "moves data under {id}"),
            Fact::DataMoved { id } => write!(f, "has moved its data under {id}"),
            Fact::RebalanceEnded { id, end } => write!(f, "{id} {end} here"),
            Fact::RebalanceDone { id } => write!(f, "takes {id} for done"),
            Fact::JoinAsked { .. } => f.write_str("is asked to join"),
            Fact::Joined { .. } => f.write_str("has joined"),
            Fact::SwitchedOff => f.write_str("stops, as it was shut down"),
            Fact::MapMade { map } => write!(f, "makes {map}"),
            Fact::MapInstalled { map } => write!(f, "goes by {map}"),
            Fact::TookOver { map } => write!(f, "takes over with {}", map.version()),
            Fact::WaitReturned { call, job, outcome } | Fact::StatusTold { call, job, outcome } => {
                let what = if matches!(self, Fact::WaitReturned { .. }) { "wait" } else { "query" };
                write!(f, "{what} {} returns: ", call.0)?;
                job.map_or(Ok(()), |job| write!(f, "{job} "))?;
                match outcome {
                    Outcome::Status(status) => write!(f, "{status}"),
                    Outcome::NotTracked(_)
                    | Outcome::NotStarted
                    | Outcome::NotFound
                    | Outcome::Unreachable
                    | Outcome::TimedOut => f.write_str(outcome.label()),
                }
            }
        }
    }
}
