//! Specs: what the store keeps of each resource.

use super::id::{Birth, EngineId, PoolId, Uuid, VolumeId};

/// What is wanted of a resource, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spec {
    /// Which life of the resource this is.
    pub birth: Birth,
    /// How far it has come.
    pub status: Status,
    /// What is being done to it; the spec is *dirty* while there is something.
    pub operation: Option<Operation>,
    /// What is wanted.
    pub body: Body,
}

/// How far a resource has come. A resource that is gone has no spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Written down before the engine is asked.
    Creating,
    /// It is there.
    Created,
    /// On its way out, whatever happens.
    Deleting,
}

/// What is being done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Its creation.
    Create,
    /// Its destruction.
    Destroy,
    /// A volume gets a target.
    Publish,
    /// A volume loses its target.
    Unpublish,
    /// A volume's target is replaced.
    Republish,
    /// A volume gets one more replica; it is to have so many.
    Grow(u8),
    /// A volume loses that replica; it is to have so many.
    Shrink(Uuid, u8),
    /// A node is cordoned, or no longer.
    Cordon(bool),
    /// A replica or a volume's target is offered to initiators, or no longer.
    Share(bool),
}

/// What is wanted of a resource.
#[allow(missing_docs, reason = "a field is named after what it carries; the variant says what that means")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Body {
    /// A storage node: whether nothing new may be placed on it, and how far its targets have left.
    Node { cordoned: bool, drain: Drain },
    /// A pool of one disk of that size.
    Pool { node: EngineId, size: u8 },
    /// A thick replica; `shared`: by a user. What a volume's targets need of its replicas is not modelled.
    Replica { pool: PoolId, node: EngineId, size: u8, owner: Option<Owner>, shared: bool },
    /// A nexus; a volume's has the volume's replicas for children, another those named here.
    Nexus { node: EngineId, owner: Option<Owner>, children: Vec<Uuid> },
    /// A volume and its target, if it is published.
    Volume { want: VolumeWant, target: Option<Target> },
}

/// How far a node has been emptied of targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drain {
    /// Targets may stay.
    #[default]
    Off,
    /// They are to leave.
    Draining,
    /// They left.
    Drained,
}

/// One life of a volume, as owner of replicas and nexuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The volume.
    pub volume: VolumeId,
    /// Which life of it.
    pub birth: Birth,
}

/// Where a volume is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The nexus.
    pub nexus: Uuid,
    /// Its node.
    pub node: EngineId,
    /// Whether it is offered to initiators: a new one is.
    pub shared: bool,
}

/// What a user wants of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolumeWant {
    /// Size of each replica.
    pub size: u8,
    /// How many replicas.
    pub replicas: u8,
    /// How many nexuses the volume is created with: none or one.
    pub nexuses: u8,
    /// Where replicas may be.
    pub allowed: NodeSet,
    /// Where replicas should be, if there is room.
    pub preferred: NodeSet,
}

/// A set of storage nodes; empty means all where it allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeSet(pub u8);

impl NodeSet {
    /// The set of these nodes.
    pub fn of(nodes: impl IntoIterator<Item = EngineId>) -> Self {
        NodeSet(nodes.into_iter().fold(0, |set, node| set | 1 << node.0))
    }

    /// Whether a node is in it.
    #[must_use]
    pub fn has(self, node: EngineId) -> bool {
        self.0 & 1 << node.0 != 0
    }

    /// Whether it allows a node: an empty set allows all.
    #[must_use]
    pub fn allows(self, node: EngineId) -> bool {
        self.0 == 0 || self.has(node)
    }

    /// How many nodes are in it.
    #[must_use]
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}

impl Spec {
    /// A spec that is first written down.
    #[must_use]
    pub fn creating(birth: Birth, body: Body) -> Self {
        Spec { birth, status: Status::Creating, operation: Some(Operation::Create), body }
    }

    /// The same, complete.
    #[must_use]
    pub fn created(&self) -> Self {
        Spec { status: Status::Created, operation: None, ..self.clone() }
    }

    /// The same, on its way out.
    #[must_use]
    pub fn deleting(&self) -> Self {
        Spec { status: Status::Deleting, operation: Some(Operation::Destroy), ..self.clone() }
    }

    /// The same with another operation record.
    #[must_use]
    pub fn with(&self, operation: Option<Operation>) -> Self {
        Spec { operation, ..self.clone() }
    }

    /// Whether something is being done to it.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.operation.is_some()
    }

    /// Which volume it belongs to.
    #[must_use]
    pub fn owner(&self) -> Option<Owner> {
        match self.body {
            Body::Replica { owner, .. } | Body::Nexus { owner, .. } => owner,
            Body::Node { .. } | Body::Pool { .. } | Body::Volume { .. } => None,
        }
    }

    /// Where it is; a volume is nowhere in particular.
    #[must_use]
    pub fn node(&self) -> Option<EngineId> {
        match self.body {
            Body::Pool { node, .. } | Body::Replica { node, .. } | Body::Nexus { node, .. } => Some(node),
            Body::Node { .. } | Body::Volume { .. } => None,
        }
    }

    /// The same, offered to initiators or no longer; nothing is being done to it.
    #[must_use]
    pub fn shared(&self, on: bool) -> Self {
        let mut spec = self.with(None);
        match &mut spec.body {
            Body::Replica { shared, .. } | Body::Volume { target: Some(Target { shared, .. }), .. } => *shared = on,
            Body::Node { .. } | Body::Pool { .. } | Body::Nexus { .. } | Body::Volume { target: None, .. } => (),
        }
        spec
    }

    /// Whether it is offered to initiators; none for what cannot be.
    #[must_use]
    pub fn is_shared(&self) -> Option<bool> {
        match self.body {
            Body::Replica { shared, .. } | Body::Volume { target: Some(Target { shared, .. }), .. } => Some(shared),
            Body::Node { .. } | Body::Pool { .. } | Body::Nexus { .. } | Body::Volume { target: None, .. } => None,
        }
    }

    /// What is wanted of a volume, and its target.
    #[must_use]
    pub fn volume(&self) -> Option<(VolumeWant, Option<Target>)> {
        match self.body {
            Body::Volume { want, target } => Some((want, target)),
            Body::Node { .. } | Body::Pool { .. } | Body::Replica { .. } | Body::Nexus { .. } => None,
        }
    }
}
