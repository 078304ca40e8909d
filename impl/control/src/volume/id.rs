//! What the parts of a cluster and the resources in it go by.

use std::fmt;

/// The part a process plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A core agent: leads while it holds the lease.
    Agent(u8),
    /// The persistent store.
    Store,
    /// A storage node with its io-engine.
    Engine(EngineId),
    /// A user of the API.
    User(u8),
    /// The node-failure watcher.
    Watcher,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Role::Agent(n) => write!(f, "a{}", n + 1),
            Role::Store => f.write_str("s1"),
            Role::Engine(engine) => engine.fmt(f),
            Role::User(n) => write!(f, "u{}", n + 1),
            Role::Watcher => f.write_str("w1"),
        }
    }
}

/// A storage node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EngineId(pub u8);

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{}", self.0 + 1)
    }
}

/// A pool, by the user's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(pub u8);

/// A volume, by the uuid the user gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolumeId(pub u8);

/// One life of a resource: minted by the leader of an epoch when it first writes the resource down, never reused.
///
/// A resource deleted and created anew under the same uuid has another birth, so that a late call cannot be taken for
/// one about the new resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Birth {
    /// The lease under which it was minted.
    pub epoch: u16,
    /// Which one of that lease.
    pub number: u16,
}

impl fmt::Display for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.number)
    }
}

/// The uuid of a replica or a nexus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Uuid {
    /// Given by a user.
    Given(u8),
    /// Made up by the control plane, for a part of a volume.
    Minted(Birth),
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Uuid::Given(n) => write!(f, "{n}"),
            Uuid::Minted(birth) => write!(f, "{birth}"),
        }
    }
}

/// A resource, and a key of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A storage node.
    Node(EngineId),
    /// A pool.
    Pool(PoolId),
    /// A replica.
    Replica(Uuid),
    /// A nexus.
    Nexus(Uuid),
    /// A volume.
    Volume(VolumeId),
}

impl Key {
    /// A number of its own, for obligations.
    #[must_use]
    pub fn number(self) -> u64 {
        let uuid = |uuid| match uuid {
            Uuid::Given(n) => u64::from(n),
            Uuid::Minted(Birth { epoch, number }) => 1 << 40 | u64::from(epoch) << 16 | u64::from(number),
        };
        let (kind, id) = match self {
            Key::Node(engine) => (1, u64::from(engine.0)),
            Key::Pool(pool) => (2, u64::from(pool.0)),
            Key::Replica(replica) => (3, uuid(replica)),
            Key::Nexus(nexus) => (4, uuid(nexus)),
            Key::Volume(volume) => (5, u64::from(volume.0)),
        };
        kind << 48 | id
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Node(engine) => write!(f, "node {engine}"),
            Key::Pool(pool) => write!(f, "pool {}", pool.0),
            Key::Replica(uuid) => write!(f, "replica {uuid}"),
            Key::Nexus(uuid) => write!(f, "nexus {uuid}"),
            Key::Volume(volume) => write!(f, "volume {}", volume.0),
        }
    }
}
