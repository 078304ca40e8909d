//! A cluster of the volume plane in which nothing goes wrong: real agent, store and engines, each message delivered in
//! the order sent, each write durable at once, and reconciliation when asked for.

use std::collections::VecDeque;

use quiesce_control::volume::{
    Cluster, Config, EngineId, Key, Msg, Node, Object, Policies, Reply, Request, Role, Spec, Timer, Timing,
};
use quiesce_machine::{CallId, Effect, Event, Incarnation, Node as _, NodeId, OpId, step};

/// Passes after which a cluster in which nothing goes wrong has come to rest.
const PASSES_MOST: usize = 20;

/// The cluster.
pub(crate) struct Calm {
    pub(crate) config: Config,
    nodes: Vec<Node>,
    mail: VecDeque<(NodeId, NodeId, Msg)>,
    answered: Option<Reply>,
    calls: u32,
}

impl Calm {
    /// One agent, a store, that many storage nodes, a user and a watcher, all up.
    pub(crate) fn new(engines: u8) -> Self {
        let cluster = Cluster::new(1, engines, 1, true).expect("a cluster that can be");
        let config = Config { cluster, timing: Timing::default(), policies: Policies::hardened() };
        let ids = (0..).map(NodeId).zip(cluster.roles()).map(|(id, _)| id);
        let nodes = ids.map(|id| Node::boot(id, &config)).collect();
        let mut calm = Calm { config, nodes, mail: VecDeque::new(), answered: None, calls: 0 };
        for role in cluster.roles() {
            calm.event(cluster.node(role), Event::Start { incarnation: Incarnation(1), records: Vec::new() });
        }
        calm.run();
        calm
    }

    /// What the user is told; then the cluster comes to rest.
    pub(crate) fn ask(&mut self, request: Request) -> Reply {
        self.answered = None;
        let call = CallId(self.calls);
        self.calls += 1;
        self.event(self.config.cluster.node(Role::User(0)), Event::Call { call, request });
        self.run();
        let reply = self.answered.expect("a request is answered where nothing goes wrong");
        self.reconcile();
        reply
    }

    /// Reconciles until nothing changes any more.
    fn reconcile(&mut self) {
        for _ in 0..PASSES_MOST {
            let before = self.nodes.clone();
            self.event(self.config.cluster.node(Role::Agent(0)), Event::Fire { timer: Timer::Reconcile });
            self.run();
            if self.nodes == before {
                return;
            }
        }
        panic!("the cluster does not come to rest in {PASSES_MOST} passes");
    }

    fn run(&mut self) {
        while let Some((from, to, msg)) = self.mail.pop_front() {
            self.event(to, Event::Deliver { from, msg });
        }
    }

    fn event(&mut self, to: NodeId, event: Event<Node>) {
        for effect in step(&mut self.nodes[to.index()], to, &self.config, event).effects {
            match effect {
                Effect::Send { to: peer, msg } => self.mail.push_back((to, peer, msg)),
                Effect::Store { .. } => self.event(to, Event::Stored { op: OpId(0), outcome: Ok(()) }),
                Effect::Reply { reply, .. } => self.answered = Some(reply),
                Effect::Arm { .. } | Effect::Disarm { .. } => (),
            }
        }
    }

    /// Every spec, as the store has it.
    pub(crate) fn specs(&self) -> impl Iterator<Item = (Key, &Spec)> {
        self.nodes
            .iter()
            .find_map(|node| match node {
                Node::Store(store) => Some(store.specs()),
                Node::Agent(_) | Node::Engine(_) | Node::User(_) | Node::Watcher(_) => None,
            })
            .expect("there is a store")
    }

    /// Every object of the engines, each with its node.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (EngineId, Key, &Object)> {
        let engines = self.nodes.iter().filter_map(|node| match node {
            Node::Engine(engine) => Some(engine.objects()),
            Node::Agent(_) | Node::Store(_) | Node::User(_) | Node::Watcher(_) => None,
        });
        let at = self.config.cluster.engines().zip(engines);
        at.flat_map(|(id, objects)| objects.iter().map(move |(instance, object)| (id, instance.key, object)))
    }
}
