//! What users ask of the API, and what they are told.

use std::fmt;

use quiesce_machine::Label;

use super::id::{EngineId, Key, PoolId, Uuid, VolumeId};
use super::spec::VolumeWant;

/// A request: to a user, who takes it to the API; or, for the last four, to the process concerned itself.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Request {
    /// `PUT pool`.
    PutPool { pool: PoolId, node: EngineId, size: u8 },
    /// `DELETE pool`.
    DeletePool { pool: PoolId },
    /// `PUT replica`, one that no volume owns.
    PutReplica { replica: u8, pool: PoolId, size: u8 },
    /// `DELETE replica`.
    DeleteReplica { replica: Uuid },
    /// `PUT nexus`, one that no volume owns, over replicas that no volume owns.
    PutNexus { nexus: u8, node: EngineId, children: Vec<u8> },
    /// `DELETE nexus`.
    DeleteNexus { nexus: Uuid },
    /// `PUT volume`.
    PutVolume { volume: VolumeId, want: VolumeWant },
    /// `DELETE volume`.
    DeleteVolume { volume: VolumeId },
    /// `PUT target`; on that node, or wherever it fits.
    Publish { volume: VolumeId, node: Option<EngineId> },
    /// `DELETE target`; `force`: even if its node does not answer.
    Unpublish { volume: VolumeId, force: bool },
    /// Move the target, away from the node that has it.
    Republish { volume: VolumeId },
    /// `PUT replica_count`.
    SetReplicas { volume: VolumeId, replicas: u8 },
    /// `PUT share` and `DELETE share` of a replica that no volume owns.
    ShareReplica { replica: u8, on: bool },
    /// `PUT share` and `DELETE share` of a volume: of its target.
    ShareVolume { volume: VolumeId, on: bool },
    /// `PUT cordon` and `DELETE cordon`.
    Cordon { node: EngineId, on: bool },
    /// `PUT drain`.
    Drain { node: EngineId },
    /// To the store: refuse that many writes from now on (its quota is used up).
    Refuse { writes: u8 },
    /// To an engine: answer that many calls with an internal error, and do nothing about them.
    Ail { calls: u8 },
    /// To an engine: the disk of a pool fails under every replica on it.
    FailDisk { pool: PoolId },
    /// To an engine: a write to each nexus that uses a replica of that pool does not reach that replica.
    MissWrite { pool: PoolId },
}

impl Request {
    /// Every label, for scenario files.
    pub const LABELS: [&'static str; 20] = [
        "put-pool",
        "delete-pool",
        "put-replica",
        "delete-replica",
        "put-nexus",
        "delete-nexus",
        "put-volume",
        "delete-volume",
        "publish",
        "unpublish",
        "republish",
        "set-replicas",
        "share-replica",
        "share-volume",
        "cordon",
        "drain",
        "refuse",
        "ail",
        "fail-disk",
        "miss-write",
    ];

    /// The resource it is about; none for what is asked of a process itself.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        Some(match *self {
            Request::PutPool { pool, .. } | Request::DeletePool { pool } => Key::Pool(pool),
            Request::PutReplica { replica, .. } | Request::ShareReplica { replica, .. } => {
                Key::Replica(Uuid::Given(replica))
            }
            Request::DeleteReplica { replica } => Key::Replica(replica),
            Request::PutNexus { nexus, .. } => Key::Nexus(Uuid::Given(nexus)),
            Request::DeleteNexus { nexus } => Key::Nexus(nexus),
            Request::PutVolume { volume, .. }
            | Request::DeleteVolume { volume }
            | Request::Publish { volume, .. }
            | Request::Unpublish { volume, .. }
            | Request::Republish { volume }
            | Request::SetReplicas { volume, .. }
            | Request::ShareVolume { volume, .. } => Key::Volume(volume),
            Request::Cordon { node, .. } | Request::Drain { node } => Key::Node(node),
            Request::Refuse { .. } | Request::Ail { .. } | Request::FailDisk { .. } | Request::MissWrite { .. } => {
                return None;
            }
        })
    }

    /// Whether it creates a resource.
    #[must_use]
    pub fn is_put(&self) -> bool {
        matches!(
            self,
            Request::PutPool { .. } | Request::PutReplica { .. } | Request::PutNexus { .. } | Request::PutVolume { .. }
        )
    }

    /// Whether it deletes a resource.
    #[must_use]
    pub fn is_delete(&self) -> bool {
        matches!(
            self,
            Request::DeletePool { .. }
                | Request::DeleteReplica { .. }
                | Request::DeleteNexus { .. }
                | Request::DeleteVolume { .. }
        )
    }
}

impl Label for Request {
    fn label(&self) -> &'static str {
        let place = match self {
            Request::PutPool { .. } => 0,
            Request::DeletePool { .. } => 1,
            Request::PutReplica { .. } => 2,
            Request::DeleteReplica { .. } => 3,
            Request::PutNexus { .. } => 4,
            Request::DeleteNexus { .. } => 5,
            Request::PutVolume { .. } => 6,
            Request::DeleteVolume { .. } => 7,
            Request::Publish { .. } => 8,
            Request::Unpublish { .. } => 9,
            Request::Republish { .. } => 10,
            Request::SetReplicas { .. } => 11,
            Request::ShareReplica { .. } => 12,
            Request::ShareVolume { .. } => 13,
            Request::Cordon { .. } => 14,
            Request::Drain { .. } => 15,
            Request::Refuse { .. } => 16,
            Request::Ail { .. } => 17,
            Request::FailDisk { .. } => 18,
            Request::MissWrite { .. } => 19,
        };
        Request::LABELS[place]
    }
}

/// What a user is told: the REST status and its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reply {
    /// 200: it is as asked for.
    Ok,
    /// 204: it is gone.
    NoContent,
    /// 400: the request makes no sense.
    InvalidArgument,
    /// 404: there is no such resource.
    NotFound,
    /// 409: somebody else is at it.
    Conflict,
    /// 409: it is on its way out.
    Deleting,
    /// 409: something else needs it.
    InUse,
    /// 412: its state does not allow it.
    FailedPrecondition,
    /// 412: not enough replicas could be made.
    ReplicaCreateNumber,
    /// 422: it exists already.
    AlreadyExists,
    /// 500: the engine failed.
    Internal,
    /// 503: its node does not answer.
    Unavailable,
    /// 507: no room, or too few candidates.
    ResourceExhausted,
    /// 507: the store did not take it.
    FailedPersist,
    /// 507: an earlier operation on it is unresolved.
    StoreDirty,
    /// Nobody answered in time.
    Timeout,
    /// Done, by a process itself.
    Done,
}

impl Reply {
    /// Every reply.
    pub const ALL: [Reply; 17] = [
        Reply::Ok,
        Reply::NoContent,
        Reply::InvalidArgument,
        Reply::NotFound,
        Reply::Conflict,
        Reply::Deleting,
        Reply::InUse,
        Reply::FailedPrecondition,
        Reply::ReplicaCreateNumber,
        Reply::AlreadyExists,
        Reply::Internal,
        Reply::Unavailable,
        Reply::ResourceExhausted,
        Reply::FailedPersist,
        Reply::StoreDirty,
        Reply::Timeout,
        Reply::Done,
    ];

    /// Every label, for scenario files.
    pub const LABELS: [&'static str; 17] = [
        "ok",
        "no-content",
        "invalid-argument",
        "not-found",
        "conflict",
        "deleting",
        "in-use",
        "failed-precondition",
        "replica-create-number",
        "already-exists",
        "internal",
        "unavailable",
        "resource-exhausted",
        "failed-persist",
        "store-dirty",
        "timeout",
        "done",
    ];

    /// The status code.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Reply::Ok | Reply::Done => 200,
            Reply::NoContent => 204,
            Reply::InvalidArgument => 400,
            Reply::NotFound => 404,
            Reply::Timeout => 408,
            Reply::Conflict | Reply::Deleting | Reply::InUse => 409,
            Reply::FailedPrecondition | Reply::ReplicaCreateNumber => 412,
            Reply::AlreadyExists => 422,
            Reply::Internal => 500,
            Reply::Unavailable => 503,
            Reply::ResourceExhausted | Reply::FailedPersist | Reply::StoreDirty => 507,
        }
    }

    /// Whether it says that what was asked for holds.
    #[must_use]
    pub fn is_success(self) -> bool {
        self.code() < 300
    }
}

impl Label for Reply {
    fn label(&self) -> &'static str {
        let place = Reply::ALL.iter().position(|reply| reply == self).expect("every reply is listed");
        Reply::LABELS[place]
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code(), self.label())
    }
}
