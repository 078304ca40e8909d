//! Where replicas and targets go. Source: `reference/mayastor-control-plane.md` section 9, without weights: preferred
//! nodes first, then pools with fewer replicas, then the lower id.

use super::leader::Leader;
use super::nodes::EngineView;
use crate::volume::id::{EngineId, Key, PoolId};
use crate::volume::policy::Room;
use crate::volume::spec::{Body, Owner, Spec, Status, VolumeWant};

impl Leader {
    /// Pools that can take one more replica of a volume, the best first, at most one per node.
    pub(super) fn candidates(&self, owner: Owner, want: VolumeWant) -> Vec<(PoolId, EngineId)> {
        let mut pools: Vec<(bool, usize, PoolId, EngineId)> = Vec::new();
        for (key, spec) in self.specs() {
            let (Key::Pool(pool), Body::Pool { node, size }) = (key, &spec.body) else { continue };
            let free = self.room(pool, *node, *size);
            let holds = self.owned(owner, true).any(|(_, spec)| spec.node() == Some(*node));
            if self.takes_replicas(pool)
                && self.may_place(*node)
                && want.allowed.allows(*node)
                && !holds
                && free >= u32::from(want.size)
            {
                pools.push((!want.preferred.has(*node), self.replicas_on(pool).count(), pool, *node));
            }
        }
        pools.sort_unstable();
        let mut nodes = Vec::new();
        pools.retain(|&(.., node)| {
            let first = !nodes.contains(&node);
            nodes.push(node);
            first
        });
        pools.into_iter().map(|(_, _, pool, node)| (pool, node)).collect()
    }

    /// Where a target goes: a replica's node if the volume has but one, else where fewest nexuses are.
    pub(super) fn target_node(&self, owner: Owner, want: VolumeWant, away: Option<EngineId>) -> Option<EngineId> {
        let current = self.volume_lives(owner).and_then(Spec::volume).and_then(|(_, target)| target);
        let fit = |&node: &EngineId| {
            let here = current.is_some_and(|target| target.node == node);
            Some(node) != away && (!here || away.is_none()) && self.may_place(node)
        };
        let mut replicas = self.members(owner).filter_map(|(_, spec)| spec.node());
        if let (1, Some(node)) = (want.replicas, replicas.next())
            && fit(&node)
        {
            return Some(node);
        }
        let load = |&node: &EngineId| {
            let here = |(key, spec): &(Key, &Spec)| matches!(key, Key::Nexus(_)) && spec.node() == Some(node);
            (!want.preferred.has(node), self.specs().filter(here).count(), node)
        };
        self.engines.keys().copied().filter(fit).min_by_key(load)
    }

    /// Whether new resources may be placed on a node.
    pub(super) fn may_place(&self, node: EngineId) -> bool {
        let cordoned =
            self.spec(Key::Node(node)).is_some_and(|spec| matches!(spec.body, Body::Node { cordoned: true, .. }));
        self.is_online(node) && !cordoned
    }

    /// Whether a pool is there and not about to go.
    pub(super) fn takes_replicas(&self, pool: PoolId) -> bool {
        let key = Key::Pool(pool);
        self.spec(key).is_some_and(|spec| spec.status == Status::Created) && !self.is_going(key)
    }

    /// How much room a pool of that size is taken to have.
    pub(super) fn room(&self, pool: PoolId, node: EngineId, size: u8) -> u32 {
        let taken = match self.room {
            Room::Unpromised => Some(self.committed(pool)),
            Room::Reported => self.engines.get(&node).and_then(EngineView::objects).map(|objects| objects.used(pool)),
        };
        u32::from(size).saturating_sub(taken.unwrap_or(u32::MAX))
    }

    /// How much of a pool is promised to replicas.
    pub(super) fn committed(&self, pool: PoolId) -> u32 {
        let sizes = self.replicas_on(pool).map(|spec| match spec.body {
            Body::Replica { size, .. } => u32::from(size),
            Body::Node { .. } | Body::Pool { .. } | Body::Nexus { .. } | Body::Volume { .. } => 0,
        });
        sizes.sum()
    }

    /// Specs of replicas on a pool, those that are being written down included.
    pub(super) fn replicas_on(&self, on: PoolId) -> impl Iterator<Item = &Spec> {
        self.specs()
            .map(|(_, spec)| spec)
            .chain(self.newborn())
            .filter(move |spec| matches!(spec.body, Body::Replica { pool, .. } if pool == on))
    }
}
