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
    /// Offer a replica or a nexus to initiators, or do so no longer.
    Share(Instance, bool),
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
            | EngineOp::Vouch(instance)
            | EngineOp::Share(instance, _) => instance,
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
    /// A nexus, gone with the process.
    Nexus(Nexus),
}

/// A nexus.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nexus {
    /// Whose.
    pub owner: Option<Owner>,
    /// Of each child, whether it is healthy.
    pub children: BTreeMap<Uuid, bool>,
    /// The youngest child that it ever had: one that left does not come back.
    pub youngest: Option<Uuid>,
    /// Whether it is offered to initiators.
    pub shared: bool,
}

impl Nexus {
    /// One over these children, all healthy.
    #[must_use]
    pub fn new(owner: Option<Owner>, children: impl IntoIterator<Item = Uuid>, shared: bool) -> Self {
        let children: BTreeMap<Uuid, bool> = children.into_iter().map(|child| (child, true)).collect();
        let youngest = children.keys().next_back().copied();
        Nexus { owner, children, youngest, shared }
    }
}

impl Object {
    /// Whether it is offered to initiators; none for what cannot be.
    #[must_use]
    pub fn is_shared(&self) -> Option<bool> {
        match self {
            Object::Replica(Replica { shared, .. }) | Object::Nexus(Nexus { shared, .. }) => Some(*shared),
            Object::Pool(_) => None,
        }
    }
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
    /// Whether it is offered to initiators.
    pub shared: bool,
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
            Some((_, Object::Nexus(nexus))) => Some(&nexus.children),
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
            // Births grow: a call that speaks of an earlier nexus comes late.
            (EngineOp::Allow(_, nexus), Some((_, Object::Replica(replica)))) => match replica.allowed {
                _ if replica.failed => Err(EngineError::Unfit),
                Some(later) if later > *nexus => Err(EngineError::Unfit),
                allowed => Ok(allowed != Some(*nexus)),
            },
            // So does one that speaks of a child that left: it may be gone for good.
            (EngineOp::AddChild(_, child), Some((_, Object::Nexus(nexus)))) => match nexus.children.get(child) {
                None if nexus.youngest >= Some(*child) => Err(EngineError::Unfit),
                healthy => Ok(healthy != Some(&true)),
            },
            (EngineOp::RemoveChild(_, child), Some((_, Object::Nexus(Nexus { children, .. })))) => {
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
            (EngineOp::Share(_, on), Some((_, object))) => {
                object.is_shared().map(|shared| shared != *on).ok_or(EngineError::NotFound)
            }
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
                if let Some(nexus) = self.nexus_mut(instance.key) {
                    nexus.children.insert(*child, true);
                    nexus.youngest = nexus.youngest.max(Some(*child));
                }
            }
            EngineOp::RemoveChild(instance, child) => {
                if let Some(nexus) = self.nexus_mut(instance.key) {
                    nexus.children.remove(child);
                }
            }
            EngineOp::Share(instance, on) => match self.0.get_mut(&instance.key) {
                Some((_, Object::Replica(Replica { shared, .. }) | Object::Nexus(Nexus { shared, .. }))) => {
                    *shared = *on
                }
                Some((_, Object::Pool(_))) | None => (),
            },
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
            if let Object::Nexus(Nexus { children, .. }) = object
                && children.iter().any(|(other, &healthy)| *other != child && healthy)
                && let Some(healthy) = children.get_mut(&child)
                && std::mem::replace(healthy, false)
            {
                touched.push(Instance { key, birth: *birth });
            }
        }
        touched
    }

    fn nexus_mut(&mut self, key: Key) -> Option<&mut Nexus> {
        match self.0.get_mut(&key) {
            Some((_, Object::Nexus(nexus))) => Some(nexus),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::monitor::testing::{OWNER, birth, made, nexus, replica};

    const POOL: PoolId = PoolId(0);

    /// Does what is called for, if it changes anything.
    fn call(objects: &mut Objects, op: EngineOp) -> Result<bool, EngineError> {
        let changes = objects.check(&op, true)?;
        if changes {
            objects.apply(&op);
        }
        Ok(changes)
    }

    fn child(number: u16) -> Uuid {
        Uuid::Minted(birth(number))
    }

    fn served() -> (Objects, Instance) {
        let replica_2 =
            Replica { pool: POOL, size: 1, owner: Some(OWNER), allowed: None, failed: false, shared: false };
        let target = Nexus::new(Some(OWNER), [child(2), child(3)], true);
        let records = [(replica(2), birth(2), Object::Replica(replica_2)), (nexus(4), birth(4), Object::Nexus(target))];
        (Objects::from_records(records), made(nexus(4), 4))
    }

    #[test]
    fn a_replica_does_not_go_back_to_a_nexus_that_was_replaced() {
        let (mut objects, _) = served();
        let allow = |number| EngineOp::Allow(made(replica(2), 2), birth(number));
        assert_eq!(call(&mut objects, allow(4)), Ok(true));
        assert_eq!(call(&mut objects, allow(5)), Ok(true));
        assert_eq!(call(&mut objects, allow(4)), Err(EngineError::Unfit), "a copy that comes late");
        assert_eq!(call(&mut objects, allow(5)), Ok(false));
    }

    #[test]
    fn a_child_that_left_does_not_come_back() {
        let (mut objects, target) = served();
        let (add, remove) = (EngineOp::AddChild(target, child(6)), EngineOp::RemoveChild(target, child(6)));
        assert_eq!(call(&mut objects, add.clone()), Ok(true));
        assert_eq!(call(&mut objects, add.clone()), Ok(false));
        assert_eq!(call(&mut objects, remove), Ok(true));
        assert_eq!(call(&mut objects, add), Err(EngineError::Unfit), "a copy that comes late");
        assert_eq!(call(&mut objects, EngineOp::AddChild(target, child(7))), Ok(true));
    }
}
