//! What engines hold, and what they can be told to do with it.

use std::collections::BTreeMap;
use std::fmt;

use super::id::{Birth, Key, PoolId, Uuid};
use super::spec::Owner;

/// One life of a resource on an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    /// The resource.
    pub key: Key,
    /// Which life of it.
    pub birth: Birth,
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (born {})", self.key, self.birth)
    }
}

/// What an engine can be told to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EngineOp {
    /// Make an object.
    Create(Instance, Object),
    /// Destroy that very object.
    Destroy(Instance),
    /// Let only that nexus write to a replica from now on.
    Allow(Instance, Birth),
    /// Give a nexus one more child.
    AddChild(Instance, Uuid),
    /// Take a child from a nexus.
    RemoveChild(Instance, Uuid),
    /// Say whether a replica is sound.
    Vouch(Instance),
}

impl EngineOp {
    /// What it is done to.
    #[must_use]
    pub fn instance(&self) -> Instance {
        match *self {
            EngineOp::Create(instance, _)
            | EngineOp::Destroy(instance)
            | EngineOp::Allow(instance, _)
            | EngineOp::AddChild(instance, _)
            | EngineOp::RemoveChild(instance, _)
            | EngineOp::Vouch(instance) => instance,
        }
    }
}

/// Why an engine did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EngineError {
    /// Another life of the resource is there.
    Exists(Birth),
    /// What it should be done to is not there.
    NotFound,
    /// The pool is full.
    NoSpace,
    /// It would leave a nexus without a healthy child.
    LastHealthy,
    /// A pool that still holds replicas, or a disk that failed.
    Unfit,
    /// The caller's lease is gone: a later one was seen.
    Stale(u16),
    /// Something is wrong with the engine; nothing was done.
    Internal,
    /// Not an engine's answer: it is silent, and what became of the call is unknown.
    Offline,
    /// Not an engine's answer: its process is down, and whatever was in its memory is gone.
    Down,
}

/// An object of an engine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// A pool of that size.
    Pool(u8),
    /// A replica, durable.
    Replica(Replica),
    /// A nexus, and for each child whether it is healthy; gone with the process.
    Nexus(Option<Owner>, BTreeMap<Uuid, bool>),
}

/// A replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Replica {
    /// Where.
    pub pool: PoolId,
    /// How large.
    pub size: u8,
    /// Whose.
    pub owner: Option<Owner>,
    /// The only nexus that may write to it; none: any.
    pub allowed: Option<Birth>,
    /// Whether its disk failed.
    pub failed: bool,
}

/// Everything on one engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Objects(BTreeMap<Key, (Birth, Object)>);

impl Objects {
    /// The objects of these records.
    pub fn from_records(records: impl IntoIterator<Item = (Key, Birth, Object)>) -> Self {
        Objects(records.into_iter().map(|(key, birth, object)| (key, (birth, object))).collect())
    }

    /// Every object, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (Instance, &Object)> {
        self.0.iter().map(|(&key, (birth, object))| (Instance { key, birth: *birth }, object))
    }

    /// The object of that key.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<(Birth, &Object)> {
        self.0.get(&key).map(|(birth, object)| (*birth, object))
    }

    /// Whether that very object is there.
    #[must_use]
    pub fn has(&self, instance: Instance) -> bool {
        self.0.get(&instance.key).is_some_and(|(birth, _)| *birth == instance.birth)
    }

    /// The replica of that uuid.
    #[must_use]
    pub fn replica(&self, uuid: Uuid) -> Option<(Birth, &Replica)> {
        match self.0.get(&Key::Replica(uuid)) {
            Some((birth, Object::Replica(replica))) => Some((*birth, replica)),
            Some((_, Object::Pool(_) | Object::Nexus(..))) | None => None,
        }
    }

    /// The children of a nexus.
    #[must_use]
    pub fn children(&self, nexus: Uuid) -> Option<&BTreeMap<Uuid, bool>> {
        match self.0.get(&Key::Nexus(nexus)) {
            Some((_, Object::Nexus(_, children))) => Some(children),
            Some((_, Object::Pool(_) | Object::Replica(_))) | None => None,
        }
    }

    /// How much of a pool its replicas take.
    #[must_use]
    pub fn used(&self, pool: PoolId) -> u32 {
        let sizes = self.0.values().map(|(_, object)| match object {
            Object::Replica(replica) if replica.pool == pool => u32::from(replica.size),
            Object::Replica(_) | Object::Pool(_) | Object::Nexus(..) => 0,
        });
        sizes.sum()
    }

    /// Whether a call would change anything, or why it cannot be done; `guard`: refuse to take the last healthy child.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn check(&self, op: &EngineOp, guard: bool) -> Result<bool, EngineError> {
        let found = self.get(op.instance().key);
        match (op, found) {
            (EngineOp::Create(instance, _), Some((birth, _))) if birth != instance.birth => {
                Err(EngineError::Exists(birth))
            }
            (EngineOp::Create(..), Some(_)) => Ok(false),
            (EngineOp::Create(_, Object::Replica(replica)), None) => self.has_room(replica),
            (EngineOp::Create(..), None) => Ok(true),
            (EngineOp::Destroy(instance), Some((birth, _))) if birth == instance.birth => self.may_go(instance.key),
            (EngineOp::Destroy(_), _) => Ok(false),
            (_, None) => Err(EngineError::NotFound),
            (op, Some((birth, _))) if birth != op.instance().birth => Err(EngineError::NotFound),
            (EngineOp::Allow(_, nexus), Some((_, Object::Replica(replica)))) => match replica.failed {
                true => Err(EngineError::Unfit),
                false => Ok(replica.allowed != Some(*nexus)),
            },
            (EngineOp::AddChild(_, child), Some((_, Object::Nexus(_, children)))) => {
                Ok(children.get(child) != Some(&true))
            }
            (EngineOp::RemoveChild(_, child), Some((_, Object::Nexus(_, children)))) => {
                let others = children.iter().any(|(other, &healthy)| other != child && healthy);
                match children.contains_key(child) {
                    true if guard && !others => Err(EngineError::LastHealthy),
                    there => Ok(there),
                }
            }
            (EngineOp::Vouch(_), Some((_, Object::Replica(replica)))) => match replica.failed {
                true => Err(EngineError::Unfit),
                false => Ok(false),
            },
            (
                EngineOp::Allow(..) | EngineOp::AddChild(..) | EngineOp::RemoveChild(..) | EngineOp::Vouch(_),
                Some(_),
            ) => Err(EngineError::NotFound),
        }
    }

    /// Does what a call asks for; [`check`](Self::check) said that it changes something.
    pub fn apply(&mut self, op: &EngineOp) {
        match op {
            EngineOp::Create(instance, object) => {
                _ = self.0.insert(instance.key, (instance.birth, object.clone()));
            }
            EngineOp::Vouch(_) => (),
            EngineOp::Destroy(instance) => _ = self.0.remove(&instance.key),
            EngineOp::Allow(instance, nexus) => {
                if let Some((_, Object::Replica(replica))) = self.0.get_mut(&instance.key) {
                    replica.allowed = Some(*nexus);
                }
            }
            EngineOp::AddChild(instance, child) => {
                _ = self.children_mut(instance.key, |list| list.insert(*child, true))
            }
            EngineOp::RemoveChild(instance, child) => _ = self.children_mut(instance.key, |list| list.remove(child)),
        }
    }

    /// The replicas on a pool.
    #[must_use]
    pub fn replicas_on(&self, pool: PoolId) -> Vec<Key> {
        let on = |object: &Object| matches!(object, Object::Replica(replica) if replica.pool == pool);
        self.0.iter().filter(|(_, (_, object))| on(object)).map(|(&key, _)| key).collect()
    }

    /// A disk failed: every replica of the pool is unfit. Those that were not so before.
    pub fn fail_disk(&mut self, pool: PoolId) -> Vec<Key> {
        let mut hit = Vec::new();
        for (&key, (_, object)) in &mut self.0 {
            if let Object::Replica(replica) = object
                && replica.pool == pool
                && !replica.failed
            {
                replica.failed = true;
                hit.push(key);
            }
        }
        hit
    }

    /// A child of some nexuses failed. Which of them had it as a healthy one; the last healthy child stays.
    pub fn fault_child(&mut self, child: Uuid) -> Vec<Instance> {
        let mut touched = Vec::new();
        for (&key, (birth, object)) in &mut self.0 {
            if let Object::Nexus(_, children) = object
                && children.iter().any(|(other, &healthy)| *other != child && healthy)
                && let Some(healthy) = children.get_mut(&child)
                && std::mem::replace(healthy, false)
            {
                touched.push(Instance { key, birth: *birth });
            }
        }
        touched
    }

    fn children_mut<T>(&mut self, nexus: Key, change: impl FnOnce(&mut BTreeMap<Uuid, bool>) -> T) -> Option<T> {
        match self.0.get_mut(&nexus) {
            Some((_, Object::Nexus(_, children))) => Some(change(children)),
            Some((_, Object::Pool(_) | Object::Replica(_))) | None => None,
        }
    }

    fn has_room(&self, replica: &Replica) -> Result<bool, EngineError> {
        match self.get(Key::Pool(replica.pool)) {
            Some((_, Object::Pool(size))) => {
                let fits = self.used(replica.pool) + u32::from(replica.size) <= u32::from(*size);
                if fits { Ok(true) } else { Err(EngineError::NoSpace) }
            }
            Some(_) | None => Err(EngineError::NotFound),
        }
    }

    fn may_go(&self, key: Key) -> Result<bool, EngineError> {
        match key {
            Key::Pool(pool) if self.used(pool) > 0 => Err(EngineError::Unfit),
            Key::Pool(_) | Key::Replica(_) | Key::Nexus(_) | Key::Volume(_) | Key::Node(_) => Ok(true),
        }
    }
}
