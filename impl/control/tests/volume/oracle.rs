//! What the API should answer, and what should be there afterwards, where nothing goes wrong: the idempotency table of
//! `reference/mayastor-control-plane.md` section 5 and the scheduling of section 9, written again over plain tables.

use std::collections::{BTreeMap, BTreeSet};

use quiesce_control::volume::{EngineId, NodeSet, PoolId, Reply, Request, Uuid, VolumeId, VolumeWant};

/// Everything that users can tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) pools: BTreeMap<PoolId, (EngineId, u8)>,
    /// Replicas that no volume owns: pool and size.
    pub(crate) replicas: BTreeMap<u8, (PoolId, u8)>,
    /// Those of them that are shared.
    pub(crate) shared: BTreeSet<u8>,
    /// Nexuses that no volume owns: node and children.
    pub(crate) nexuses: BTreeMap<u8, (EngineId, Vec<u8>)>,
    pub(crate) volumes: BTreeMap<VolumeId, Volume>,
    /// Nodes that somebody cordoned or drained at some time.
    pub(crate) nodes: BTreeMap<EngineId, Use>,
    /// How many storage nodes there are.
    pub(crate) engines: u8,
}

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Volume {
    pub(crate) want: VolumeWant,
    /// The pools of its replicas, the oldest first.
    pub(crate) on: Vec<PoolId>,
    pub(crate) target: Option<EngineId>,
    /// Whether the target is shared.
    pub(crate) shared: bool,
}

/// Whether a node may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) cordoned: bool,
    pub(crate) drains: bool,
}

type Answer = Result<Reply, Reply>;

impl World {
    /// A cluster of so many storage nodes and nothing else.
    pub(crate) fn new(engines: u8) -> Self {
        World { engines, ..World::default() }
    }

    /// Does what a user asks for, and says what the user is told.
    pub(crate) fn ask(&mut self, request: &Request) -> Reply {
        let answer = match *request {
            Request::PutPool { pool, node, size } => self.put_pool(pool, node, size),
            Request::DeletePool { pool } => self.delete_pool(pool),
            Request::PutReplica { replica, pool, size } => self.put_replica(replica, pool, size),
            Request::DeleteReplica { replica: Uuid::Given(replica) } => self.delete_replica(replica),
            Request::PutNexus { nexus, node, ref children } => self.put_nexus(nexus, node, children),
            Request::DeleteNexus { nexus: Uuid::Given(nexus) } => gone(self.nexuses.remove(&nexus)),
            Request::PutVolume { volume, want } => self.put_volume(volume, want),
            Request::DeleteVolume { volume } => gone(self.volumes.remove(&volume)),
            Request::Publish { volume, node } => self.publish(volume, node),
            Request::Unpublish { volume, .. } => self.unpublish(volume),
            Request::Republish { volume } => self.republish(volume),
            Request::SetReplicas { volume, replicas } => self.set_replicas(volume, replicas),
            Request::ShareReplica { replica, on } => self.share_replica(replica, on),
            Request::ShareVolume { volume, on } => self.share_volume(volume, on),
            Request::Cordon { node, on } => self.cordon(node, on),
            Request::Drain { node } => self.drain(node),
            Request::DeleteReplica { .. }
            | Request::DeleteNexus { .. }
            | Request::Refuse { .. }
            | Request::Ail { .. }
            | Request::FailDisk { .. }
            | Request::MissWrite { .. } => unreachable!("not asked here: {request:?}"),
        };
        answer.unwrap_or_else(|refusal| refusal)
    }

    fn put_pool(&mut self, pool: PoolId, node: EngineId, size: u8) -> Answer {
        absent(self.pools.get(&pool))?;
        self.usable(node)?;
        self.pools.insert(pool, (node, size));
        Ok(Reply::Ok)
    }

    fn delete_pool(&mut self, pool: PoolId) -> Answer {
        let used = self.pools.contains_key(&pool) && self.taken(pool) > 0;
        if used { Err(Reply::InUse) } else { gone(self.pools.remove(&pool)) }
    }

    fn put_replica(&mut self, replica: u8, pool: PoolId, size: u8) -> Answer {
        absent(self.replicas.get(&replica))?;
        let &(node, of) = self.pools.get(&pool).ok_or(Reply::NotFound)?;
        if self.taken(pool) + u32::from(size) > u32::from(of) {
            return Err(Reply::ResourceExhausted);
        }
        self.usable(node)?;
        self.replicas.insert(replica, (pool, size));
        Ok(Reply::Ok)
    }

    fn delete_replica(&mut self, replica: u8) -> Answer {
        let used = self.nexuses.values().any(|(_, children)| children.contains(&replica));
        if used && self.replicas.contains_key(&replica) {
            return Err(Reply::InUse);
        }
        self.shared.remove(&replica);
        gone(self.replicas.remove(&replica))
    }

    fn put_nexus(&mut self, nexus: u8, node: EngineId, children: &[u8]) -> Answer {
        if children.is_empty() {
            return Err(Reply::InvalidArgument);
        }
        absent(self.nexuses.get(&nexus))?;
        if !children.iter().all(|child| self.replicas.contains_key(child)) {
            return Err(Reply::NotFound);
        }
        self.usable(node)?;
        self.nexuses.insert(nexus, (node, children.to_vec()));
        Ok(Reply::Ok)
    }

    fn put_volume(&mut self, id: VolumeId, want: VolumeWant) -> Answer {
        let allowed = want.allowed.count();
        let few = allowed > 0 && allowed < u32::from(want.replicas);
        if want.replicas == 0 || want.size == 0 || want.nexuses > 1 || few {
            return Err(Reply::InvalidArgument);
        }
        absent(self.volumes.get(&id))?;
        let mut volume = Volume { want, on: Vec::new(), target: None, shared: want.nexuses > 0 };
        for _ in 0..want.replicas {
            let pool = self.best_pool(&volume).ok_or(Reply::ResourceExhausted)?;
            volume.on.push(pool);
        }
        if want.nexuses > 0 {
            volume.target = Some(self.best_node(&volume, None).ok_or(Reply::ResourceExhausted)?);
        }
        self.volumes.insert(id, volume);
        Ok(Reply::Ok)
    }

    fn volume(&self, id: VolumeId) -> Result<&Volume, Reply> {
        self.volumes.get(&id).ok_or(Reply::NotFound)
    }

    fn set_target(&mut self, id: VolumeId, target: Option<EngineId>) -> Answer {
        let volume = self.volumes.get_mut(&id).ok_or(Reply::NotFound)?;
        volume.shared = match volume.target {
            None => target.is_some(),
            Some(_) => volume.shared && target.is_some(),
        };
        volume.target = target;
        Ok(Reply::Ok)
    }

    fn share_replica(&mut self, replica: u8, on: bool) -> Answer {
        self.replicas.get(&replica).ok_or(Reply::NotFound)?;
        let changes = if on { self.shared.insert(replica) } else { self.shared.remove(&replica) };
        if changes { Ok(Reply::Ok) } else { Err(Reply::FailedPrecondition) }
    }

    fn share_volume(&mut self, id: VolumeId, on: bool) -> Answer {
        let volume = self.volumes.get_mut(&id).ok_or(Reply::NotFound)?;
        if volume.target.is_none() || volume.shared == on {
            return Err(Reply::FailedPrecondition);
        }
        volume.shared = on;
        Ok(Reply::Ok)
    }

    fn publish(&mut self, id: VolumeId, node: Option<EngineId>) -> Answer {
        let volume = self.volume(id)?;
        let known = node.is_none_or(|node| node.0 < self.engines);
        if volume.target.is_some() || !known {
            return Err(Reply::FailedPrecondition);
        }
        let node = node.or_else(|| self.best_node(volume, None)).ok_or(Reply::ResourceExhausted)?;
        self.set_target(id, Some(node))
    }

    fn unpublish(&mut self, id: VolumeId) -> Answer {
        self.volume(id)?.target.ok_or(Reply::FailedPrecondition)?;
        self.set_target(id, None)
    }

    fn republish(&mut self, id: VolumeId) -> Answer {
        let volume = self.volume(id)?;
        let from = volume.target.ok_or(Reply::FailedPrecondition)?;
        let node = self.best_node(volume, Some(from)).ok_or(Reply::ResourceExhausted)?;
        self.set_target(id, Some(node))
    }

    fn set_replicas(&mut self, id: VolumeId, replicas: u8) -> Answer {
        let volume = self.volume(id)?;
        let more = match replicas.checked_sub(volume.want.replicas) {
            Some(1) => Some(self.best_pool(volume).ok_or(Reply::ResourceExhausted)?),
            None if replicas > 0 && replicas + 1 == volume.want.replicas => None,
            Some(_) | None => return Err(Reply::FailedPrecondition),
        };
        let volume = self.volumes.get_mut(&id).ok_or(Reply::NotFound)?;
        volume.want.replicas = replicas;
        match more {
            Some(pool) => volume.on.push(pool),
            None => _ = volume.on.pop(),
        }
        Ok(Reply::Ok)
    }

    fn cordon(&mut self, node: EngineId, on: bool) -> Answer {
        if self.known(node)?.cordoned == on {
            return Err(Reply::FailedPrecondition);
        }
        self.nodes.insert(node, Use { cordoned: on, drains: false });
        Ok(Reply::Ok)
    }

    fn drain(&mut self, node: EngineId) -> Answer {
        if self.known(node)?.drains {
            return Err(Reply::FailedPrecondition);
        }
        self.nodes.insert(node, Use { cordoned: true, drains: true });
        Ok(Reply::Ok)
    }

    fn known(&self, node: EngineId) -> Result<Use, Reply> {
        let known = node.0 < self.engines;
        if known { Ok(self.nodes.get(&node).copied().unwrap_or_default()) } else { Err(Reply::NotFound) }
    }

    fn usable(&self, node: EngineId) -> Result<(), Reply> {
        if self.known(node)?.cordoned { Err(Reply::FailedPrecondition) } else { Ok(()) }
    }

    /// Where targets would have to leave, and where one may go.
    pub(crate) fn may_move(&self, volume: &Volume, from: EngineId) -> BTreeSet<EngineId> {
        let drains = self.nodes.get(&from).is_some_and(|node| node.drains);
        let fit = (0..self.engines).map(EngineId).filter(|&node| node != from && self.usable(node).is_ok());
        if drains && !volume.on.is_empty() { fit.collect() } else { BTreeSet::new() }
    }

    fn taken(&self, pool: PoolId) -> u32 {
        let of_users = self.replicas.values().filter(|(on, _)| *on == pool).map(|&(_, size)| u32::from(size));
        let parts =
            |volume: &Volume| volume.on.iter().filter(|&&on| on == pool).count() as u32 * u32::from(volume.want.size);
        of_users.sum::<u32>() + self.volumes.values().map(parts).sum::<u32>()
    }

    fn replicas_on(&self, pool: PoolId) -> usize {
        let parts = self.volumes.values().flat_map(|volume| &volume.on);
        self.replicas.values().map(|(on, _)| on).chain(parts).filter(|&&on| on == pool).count()
    }

    /// The pool for one more replica of a volume: on a node that has none of it, preferred nodes before others, pools
    /// with few replicas before full ones.
    fn best_pool(&self, volume: &Volume) -> Option<PoolId> {
        let has = |set: NodeSet, node: EngineId| set.0 & 1 << node.0 != 0;
        let taken: Vec<EngineId> = volume.on.iter().map(|pool| self.pools[pool].0).collect();
        let want = volume.want;
        let fits = |&(pool, &(node, size)): &(&PoolId, &(EngineId, u8))| {
            (want.allowed.0 == 0 || has(want.allowed, node))
                && self.usable(node).is_ok()
                && !taken.contains(&node)
                && u32::from(size) >= self.taken(*pool) + u32::from(want.size)
        };
        let rank = |&(pool, &(node, _)): &(&PoolId, &(EngineId, u8))| {
            (!has(want.preferred, node), self.replicas_on(*pool), *pool)
        };
        self.pools.iter().filter(fits).min_by_key(rank).map(|(pool, _)| *pool)
    }

    /// The node for a target: that of the only replica, else a preferred one, else one with few nexuses.
    fn best_node(&self, volume: &Volume, away: Option<EngineId>) -> Option<EngineId> {
        let fit = |node: &EngineId| Some(*node) != away && self.usable(*node).is_ok();
        let home = volume.on.first().map(|pool| self.pools[pool].0).filter(|_| volume.want.replicas == 1);
        if let Some(home) = home.filter(fit) {
            return Some(home);
        }
        let load = |node: EngineId| {
            let targets = self.volumes.values().filter(|volume| volume.target == Some(node)).count();
            targets + self.nexuses.values().filter(|(at, _)| *at == node).count()
        };
        let rank = |&node: &EngineId| (volume.want.preferred.0 & 1 << node.0 == 0, load(node), node);
        (0..self.engines).map(EngineId).filter(fit).min_by_key(rank)
    }
}

fn absent<T>(there: Option<T>) -> Result<(), Reply> {
    if there.is_some() { Err(Reply::AlreadyExists) } else { Ok(()) }
}

fn gone<T>(there: Option<T>) -> Answer {
    there.map(|_| Reply::NoContent).ok_or(Reply::NotFound)
}
