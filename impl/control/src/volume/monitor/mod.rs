//! The properties of this plane, one file each: S1 to S10 and L1 to L5 of
//! `reference/mayastor-control-plane.md` section 12, and one of the seed.

use quiesce_machine::{NodeId, View};

use super::agent::leader::Leader;
use super::engine::Engine;
use super::id::{EngineId, Key, PoolId, Role};
use super::object::Object;
use super::spec::{Body, NodeSet, Owner, Spec, Status, VolumeWant};
use super::store::Store;
use super::{Config, Node};

crate::monitors! {
    Node;
    no_live_destroy::NoLiveDestroy,
    ack_durable::AckDurable,
    spec_first::SpecFirst,
    fence::Fence,
    monotone::Monotone,
    one_target::OneTarget,
    last_healthy::LastHealthy,
    sound_children::SoundChildren,
    placement::Placement,
    ack_means_met::AckMeansMet,
    error_no_effect::ErrorNoEffect,
    no_orphan::NoOrphan,
    clean::Clean,
    drained::Drained,
    converge::Converge,
    retry_safe::RetrySafe,
    only_if_it_must::OnlyIfItMust,
}

fn config(view: &dyn View<Node>) -> &Config {
    view.config()
}

/// The store, while it is up.
fn store(view: &dyn View<Node>) -> Option<&Store> {
    match view.node(config(view).cluster.node(Role::Store)) {
        Some(Node::Store(store)) => Some(store),
        Some(Node::Agent(_) | Node::Engine(_) | Node::User(_) | Node::Watcher(_)) | None => None,
    }
}

/// A storage node, while it is up.
fn engine(view: &dyn View<Node>, id: EngineId) -> Option<&Engine> {
    match view.node(config(view).cluster.node(Role::Engine(id))) {
        Some(Node::Engine(engine)) => Some(engine),
        Some(Node::Agent(_) | Node::Store(_) | Node::User(_) | Node::Watcher(_)) | None => None,
    }
}

/// The storage nodes that are up.
fn engines(view: &dyn View<Node>) -> impl Iterator<Item = (EngineId, &Engine)> {
    config(view).cluster.engines().filter_map(move |id| Some((id, engine(view, id)?)))
}

/// The leader of the latest epoch among the agents that are up.
fn leader(view: &dyn View<Node>) -> Option<&Leader> {
    let cluster = &config(view).cluster;
    let leaders = cluster.agents().filter_map(|agent| match view.node(cluster.node(agent)) {
        Some(Node::Agent(agent)) => agent.leader(),
        Some(Node::Store(_) | Node::Engine(_) | Node::User(_) | Node::Watcher(_)) | None => None,
    });
    leaders.max_by_key(|leader| leader.epoch())
}

/// Whether that agent leads in the latest epoch: what a deposed one says was so earlier.
fn leads(view: &dyn View<Node>, by: NodeId) -> bool {
    let epoch = match view.node(by) {
        Some(Node::Agent(agent)) => agent.leader().map(Leader::epoch),
        Some(Node::Store(_) | Node::Engine(_) | Node::User(_) | Node::Watcher(_)) | None => None,
    };
    store(view).is_none_or(|store| epoch == Some(store.epoch()))
}

/// The replicas that make up a volume, as the store has them.
fn members(store: &Store, owner: Owner) -> impl Iterator<Item = (Key, &Spec)> {
    store.specs().filter(move |(key, spec)| {
        spec.owner() == Some(owner) && spec.status == Status::Created && matches!(key, Key::Replica(_))
    })
}

/// Whether a volume has a replica that a target could use: one on a node that is up, whose disk is sound.
fn has_fit_member(view: &dyn View<Node>, store: &Store, owner: Owner) -> bool {
    members(store, owner).any(|(key, spec)| serves(view, key, spec).unwrap_or(false))
}

/// Whether a replica is on record as having missed writes.
fn is_stale(store: &Store, key: Key) -> bool {
    store.missed().iter().any(|missed| Key::Replica(missed.replica) == key)
}

/// Whether that very replica is there, its disk sound, and no write to it missing; none if its node is down.
fn serves(view: &dyn View<Node>, key: Key, spec: &Spec) -> Option<bool> {
    let engine = engine(view, spec.node()?)?;
    let Key::Replica(uuid) = key else { return Some(false) };
    if store(view).is_some_and(|store| is_stale(store, key)) {
        return Some(false);
    }
    Some(engine.objects().replica(uuid).is_some_and(|(birth, replica)| birth == spec.birth && !replica.failed))
}

/// The nodes on which one more replica of that size could be: up, in use, allowed, none of the volume's on it, and with a
/// pool that has room which is promised to nobody. Looked up in the store and on the nodes: what a leader makes of it is
/// no excuse.
fn takers(view: &dyn View<Node>, owner: Option<Owner>, want: VolumeWant) -> NodeSet {
    let Some(store) = store(view) else { return NodeSet::default() };
    let cordoned =
        |node| matches!(store.spec(Key::Node(node)).map(|spec| &spec.body), Some(Body::Node { cordoned: true, .. }));
    let holds = |node| {
        owner.is_some()
            && store
                .specs()
                .any(|(key, spec)| matches!(key, Key::Replica(_)) && spec.owner() == owner && spec.node() == Some(node))
    };
    let takes = |(key, spec): (Key, &Spec)| match (key, &spec.body) {
        (Key::Pool(pool), &Body::Pool { node, size }) if spec.status == Status::Created => {
            let fits = u32::from(size) >= promised(store, pool) + u32::from(want.size);
            let open = engine(view, node).is_some() && want.allowed.allows(node) && !cordoned(node) && !holds(node);
            (fits && open).then_some(node)
        }
        _ => None,
    };
    NodeSet::of(store.specs().filter_map(takes))
}

/// How much of a pool is promised to replicas on record.
fn promised(store: &Store, pool: PoolId) -> u32 {
    let on_it = store.specs().filter_map(|(_, spec)| match spec.body {
        Body::Replica { pool: on, size, .. } if on == pool => Some(u32::from(size)),
        Body::Replica { .. } | Body::Pool { .. } | Body::Node { .. } | Body::Nexus { .. } | Body::Volume { .. } => None,
    });
    on_it.sum()
}

/// What is offered to initiators of a replica or a volume, if its node is up and holds it: itself, or its target.
fn shared_object<'v>(view: &'v dyn View<Node>, key: Key, spec: &Spec) -> Option<&'v Object> {
    let (key, node) = match (key, &spec.body) {
        (Key::Volume(_), Body::Volume { target, .. }) => {
            target.map(|target| (Key::Nexus(target.nexus), target.node))?
        }
        _ => (key, spec.node()?),
    };
    engine(view, node)?.objects().get(key).map(|(_, object)| object)
}

/// The owner that parts of that volume name.
fn owner(key: Key, spec: &Spec) -> Option<Owner> {
    match key {
        Key::Volume(volume) => Some(Owner { volume, birth: spec.birth }),
        Key::Node(_) | Key::Pool(_) | Key::Replica(_) | Key::Nexus(_) => None,
    }
}

/// What the tests of these properties need: a cluster that stands still, and histories of facts.
#[cfg(test)]
pub(super) mod testing {
    use std::sync::Arc;

    use quiesce_machine::{CallId, Event, Incarnation, Node as _, NodeId, Observation, OpId, step};

    use super::*;
    use crate::monitor::Property;
    use crate::volume::message::{ToAgent, ToEngine, ToStore};
    use crate::volume::object::{EngineOp, Instance, Nexus, Object, Replica};
    use crate::volume::spec::Target;
    use crate::volume::user::{Reply, Request};
    use crate::volume::{Birth, Cluster, Fact, Msg, Policies, Timing, Uuid, VolumeId};

    pub(in super::super) const A1: Role = Role::Agent(0);
    pub(in super::super) const U1: Role = Role::User(0);
    pub(in super::super) const E1: EngineId = EngineId(0);
    pub(in super::super) const E2: EngineId = EngineId(1);
    pub(in super::super) const V1: VolumeId = VolumeId(1);
    pub(in super::super) const BORN: Birth = Birth { epoch: 1, number: 1 };
    pub(in super::super) const OWNER: Owner = Owner { volume: V1, birth: BORN };
    pub(in super::super) const WANT: VolumeWant =
        VolumeWant { size: 1, replicas: 2, nexuses: 0, allowed: NodeSet(0), preferred: NodeSet(0) };

    /// One agent that leads and knows of nothing, a store, two storage nodes and a user; all up.
    pub(in super::super) struct Still {
        pub(in super::super) config: Config,
        pub(in super::super) nodes: Vec<Option<Node>>,
        revision: u32,
    }

    pub(in super::super) fn birth(number: u16) -> Birth {
        Birth { epoch: 1, number }
    }

    pub(in super::super) fn replica(number: u16) -> Key {
        Key::Replica(Uuid::Minted(birth(number)))
    }

    pub(in super::super) fn nexus(number: u16) -> Key {
        Key::Nexus(Uuid::Minted(birth(number)))
    }

    pub(in super::super) fn made(key: Key, number: u16) -> Instance {
        Instance { key, birth: birth(number) }
    }

    pub(in super::super) fn replica_body(node: EngineId) -> Body {
        Body::Replica { pool: PoolId(node.0), node, size: 1, owner: Some(OWNER), shared: false }
    }

    pub(in super::super) fn spec(number: u16, body: Body) -> Spec {
        Spec::creating(birth(number), body).created()
    }

    pub(in super::super) fn volume(target: Option<Target>) -> Spec {
        spec(1, Body::Volume { want: WANT, target })
    }

    pub(in super::super) fn put_volume() -> Request {
        Request::PutVolume { volume: V1, want: WANT }
    }

    pub(in super::super) fn asked(call: u32, request: Request) -> (Role, Fact) {
        (U1, Fact::Asked { call: CallId(call), request: Arc::new(request) })
    }

    pub(in super::super) fn answered(call: u32, request: Request, reply: Reply) -> (Role, Fact) {
        (U1, Fact::Answered { call: CallId(call), request: Arc::new(request), reply })
    }

    pub(in super::super) fn admitted(call: u32, request: Request) -> (Role, Fact) {
        (A1, Fact::Admitted { user: 0, call: CallId(call), request: Arc::new(request) })
    }

    pub(in super::super) fn replied(call: u32, request: Request, reply: Reply) -> (Role, Fact) {
        (A1, Fact::Replied { user: 0, call: CallId(call), request: Arc::new(request), reply })
    }

    impl Still {
        pub(in super::super) fn new() -> Self {
            let cluster = Cluster::new(1, 2, 1, false).unwrap();
            let config = Config { cluster, timing: Timing::default(), policies: Policies::hardened() };
            let nodes = (0..5).map(|node| Some(Node::boot(NodeId(node), &config))).collect();
            let mut still = Still { config, nodes, revision: 0 };
            still.deliver(A1, Role::Store, ToStore::Acquire { life: Incarnation(1), after: 0 });
            let (specs, stale) = Default::default();
            let granted = ToAgent::Granted { epoch: 1, life: Incarnation(0), revision: 0, specs, stale };
            still.deliver(Role::Store, A1, granted);
            still
        }

        /// Hands a node a message, and has what it stores be durable.
        pub(in super::super) fn deliver(&mut self, from: Role, to: Role, msg: impl Into<Msg>) {
            let (from, to) = (self.config.cluster.node(from), self.config.cluster.node(to));
            self.event(to, Event::Deliver { from, msg: msg.into() });
        }

        fn event(&mut self, to: NodeId, event: Event<Node>) {
            let node = self.nodes[to.index()].as_mut().unwrap();
            let out = step(node, to, &self.config, event);
            for effect in out.effects {
                if let quiesce_machine::Effect::Store { .. } = effect {
                    step(node, to, &self.config, Event::Stored { op: OpId(0), outcome: Ok(()) });
                }
            }
        }

        /// The store has that spec, or lacks it.
        pub(in super::super) fn put(&mut self, key: Key, spec: Option<Spec>) {
            self.revision += 1;
            let spec = spec.map(Arc::new);
            self.deliver(A1, Role::Store, ToStore::Write { epoch: 1, revision: self.revision, key, spec });
        }

        /// An engine does what it is told.
        pub(in super::super) fn call(&mut self, engine: EngineId, op: EngineOp) {
            self.deliver(A1, Role::Engine(engine), ToEngine::Call { epoch: 1, op: Arc::new(op) });
        }

        /// An engine has its pool, of that size.
        pub(in super::super) fn pool(&mut self, engine: EngineId, size: u8) {
            let key = Key::Pool(PoolId(engine.0));
            self.call(engine, EngineOp::Create(Instance { key, birth: Birth::default() }, Object::Pool(size)));
            let body = Body::Pool { node: engine, size };
            self.put(key, Some(Spec::creating(Birth::default(), body).created()));
        }

        /// An engine has a replica of the volume.
        pub(in super::super) fn hold(&mut self, engine: EngineId, number: u16) {
            let pool = PoolId(engine.0);
            let object = Replica { pool, size: 1, owner: Some(OWNER), allowed: None, failed: false, shared: false };
            self.call(engine, EngineOp::Create(made(replica(number), number), Object::Replica(object)));
        }

        /// An engine has a nexus over these replicas.
        pub(in super::super) fn serve(&mut self, engine: EngineId, number: u16, children: &[u16]) {
            let children = children.iter().map(|&child| Uuid::Minted(birth(child)));
            let object = Nexus::new(Some(OWNER), children, true);
            self.call(engine, EngineOp::Create(made(nexus(number), number), Object::Nexus(object)));
        }

        /// Volume, two replicas, pools: everything as it should be.
        pub(in super::super) fn whole() -> Self {
            let mut still = Still::new();
            still.put(Key::Volume(V1), Some(volume(None)));
            for (engine, number) in [(E1, 2), (E2, 3)] {
                still.pool(engine, 4);
                still.hold(engine, number);
                still.put(replica(number), Some(spec(number, replica_body(engine))));
            }
            still
        }

        /// Tells a property a history; the evidence of the first violation.
        pub(in super::super) fn tell<P: Property<Node>>(
            &self,
            property: &mut P,
            history: &[(Role, Fact)],
        ) -> Result<(), String> {
            history.iter().try_for_each(|(by, fact)| {
                let by = self.config.cluster.node(*by);
                property.observe(&Observation::Fact { by, fact }, self)
            })
        }

        pub(in super::super) fn owed<P: Property<Node>>(&self, property: &P) -> Vec<String> {
            let mut owed = Vec::new();
            property.owed(self, &mut |obligation| owed.push(property.describe(obligation, self)));
            owed
        }
    }

    impl View<Node> for Still {
        fn config(&self) -> &Config {
            &self.config
        }

        fn node_count(&self) -> u32 {
            5
        }

        fn node(&self, id: NodeId) -> Option<&Node> {
            self.nodes[id.index()].as_ref()
        }

        fn name(&self, id: NodeId) -> String {
            self.config.cluster.role(id).to_string()
        }
    }
}
