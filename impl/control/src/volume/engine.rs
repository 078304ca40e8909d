//! A storage node: pools and replicas on disk, nexuses in memory, and calls that may take their time.
//!
//! Source: `reference/mayastor-control-plane.md` sections 2 and 6. Data and rebuild are left out: a child that is added
//! is rebuilt at once, and a replica whose disk failed never heals. A child that did not get a write leaves the others
//! to serve, and the write is acknowledged once the store has that on record (NexusInfo); of that record only the
//! unhealthy children are kept, so that none means what it means there: all are healthy.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use quiesce_machine::{Event, Incarnation, NodeId, OpId, StoreError, Write};

use super::config::{Cluster, Config};
use super::fact::Fact;
use super::id::{Birth, EngineId, Key, PoolId, Role, Uuid};
use super::mark;
use super::message::{Msg, ToAgent, ToEngine, ToStore};
use super::object::{EngineError, EngineOp, Instance, Nexus, Object, Objects};
use super::policy::LastHealthy;
use super::record::Record;
use super::timer::Timer;
use super::user::{Reply, Request};
use super::{Context, Node, send};

/// An engine's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Engine {
    me: EngineId,
    life: Incarnation,
    objects: Objects,
    /// The latest epoch it heard of.
    fence: u16,
    /// How often its objects changed in this life.
    changes: u32,
    /// Calls being worked on.
    working: BTreeMap<u8, (NodeId, u16, Arc<EngineOp>)>,
    /// What to do when each pending write is durable.
    pending: VecDeque<After>,
    /// How many calls are still to fail.
    ailing: u8,
    /// Children that did not get a write, by nexus, until the store has that on record.
    unsaid: BTreeSet<(Instance, Uuid)>,
}

/// What a write was for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum After {
    /// A call is done.
    Answer { to: NodeId, epoch: u16, op: Arc<EngineOp>, fact: Option<Fact> },
    /// An agent wants to know what is there.
    List { to: NodeId, epoch: u16 },
    /// Nobody waits.
    Nothing,
}

impl Engine {
    pub(crate) fn new(me: EngineId) -> Self {
        Engine {
            me,
            life: Incarnation::default(),
            objects: Objects::default(),
            fence: 0,
            changes: 0,
            working: BTreeMap::new(),
            pending: VecDeque::new(),
            ailing: 0,
            unsaid: BTreeSet::new(),
        }
    }

    /// What it holds.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { incarnation, records } => self.start(incarnation, records, cx),
            Event::Deliver { from, msg: Msg::ToEngine(msg) } => self.receive(from, msg, cx),
            Event::Deliver { msg, .. } => unreachable!("not for an engine: {msg:?}"),
            Event::Bounce { .. } => (),
            Event::Fire { timer: Timer::Register } => self.register(cx),
            Event::Fire { timer: Timer::Missed } => self.tell_missed(cx),
            Event::Fire { timer: Timer::Work(slot) } => {
                if let Some((from, epoch, op)) = self.working.remove(&slot) {
                    self.perform(from, epoch, op, cx);
                }
            }
            Event::Fire { timer } => unreachable!("not an engine's: {timer:?}"),
            Event::Call { call, request: Request::Ail { calls } } => {
                self.ailing = self.ailing.saturating_add(calls);
                cx.reply(call, Reply::Done);
            }
            Event::Call { call, request: Request::FailDisk { pool } } => {
                self.fail_disk(pool, cx);
                cx.reply(call, Reply::Done);
            }
            Event::Call { call, request: Request::MissWrite { pool } } => {
                for replica in self.objects.replicas_on(pool) {
                    self.tell_io_error(replica, cx);
                }
                cx.reply(call, Reply::Done);
            }
            Event::Call { request, .. } => unreachable!("not for an engine: {request:?}"),
            Event::Stored { outcome, .. } => self.stored(outcome, cx),
        }
    }

    /// Whether a message can do nothing any more: a listing for an epoch before the one that is on record.
    pub(crate) fn ignores(&self, msg: &ToEngine, config: &Config) -> bool {
        let past = |epoch| config.policies.refuses(epoch, self.fence) && self.pending.is_empty();
        matches!(*msg, ToEngine::List { epoch } if past(epoch))
    }

    fn start(&mut self, life: Incarnation, records: Vec<Record>, cx: &mut Context<'_>) {
        self.life = life;
        (self.objects, self.fence) = match records.into_iter().next() {
            Some(Record::Engine(objects, fence)) => (Objects::clone(&objects), fence),
            Some(Record::Store(_)) | None => (self.first_objects(&cx.config().cluster), 0),
        };
        if cx.config().timing.register_first {
            self.register(cx);
        }
    }

    /// What is on its disk before anybody called it.
    fn first_objects(&self, cluster: &Cluster) -> Objects {
        let own = cluster.pools().filter(|&(_, node, _)| node == self.me);
        Objects::from_records(own.map(|(pool, _, size)| (Key::Pool(pool), Birth::default(), Object::Pool(size))))
    }

    fn register(&mut self, cx: &mut Context<'_>) {
        for agent in cx.config().cluster.agents() {
            send(cx, agent, ToAgent::Register { life: self.life });
        }
        for (instance, object) in self.objects.clone().iter() {
            if matches!(object, Object::Replica(replica) if replica.failed) {
                self.tell_io_error(instance.key, cx);
            }
        }
        if let Some(period) = cx.config().timing.register {
            cx.arm(Timer::Register, period);
        }
    }

    fn receive(&mut self, from: NodeId, msg: ToEngine, cx: &mut Context<'_>) {
        match msg {
            ToEngine::Ping => cx.send(from, Msg::Pong),
            ToEngine::IoError { replica } => self.io_error(replica, cx),
            ToEngine::MissedDone { nexus, replica } => self.missed_done(nexus, replica, cx),
            ToEngine::List { epoch } if self.is_stale(epoch, cx) => (),
            ToEngine::List { epoch } => {
                let heard = self.hear(epoch);
                self.commit(After::List { to: from, epoch }, heard, cx);
            }
            ToEngine::Call { epoch, op } => self.call(from, epoch, op, cx),
        }
    }

    fn call(&mut self, from: NodeId, epoch: u16, op: Arc<EngineOp>, cx: &mut Context<'_>) {
        if self.ailing > 0 {
            self.ailing -= 1;
            let changes = self.changes;
            return cx.send(from, ToAgent::CallDone { epoch, op, changes, result: Err(EngineError::Internal) }.into());
        }
        let Some(work) = cx.config().timing.engine_work else { return self.perform(from, epoch, op, cx) };
        let entry = (from, epoch, op);
        if self.working.values().any(|known| *known == entry) {
            return;
        }
        let slot = (0..u8::MAX).find(|slot| !self.working.contains_key(slot));
        if let Some(slot) = slot {
            self.working.insert(slot, entry);
            cx.arm(Timer::Work(slot), Duration::ZERO..work);
        }
    }

    fn perform(&mut self, from: NodeId, epoch: u16, op: Arc<EngineOp>, cx: &mut Context<'_>) {
        let changes = self.changes;
        let refuse = |error, cx: &mut Context<'_>, op| {
            cx.send(from, ToAgent::CallDone { epoch, op, changes, result: Err(error) }.into());
        };
        if self.is_stale(epoch, cx) {
            cx.reach(mark::OLD_EPOCH);
            return refuse(EngineError::Stale(self.fence), cx, op);
        }
        let heard = self.hear(epoch);
        let guard = cx.config().policies.last_healthy == LastHealthy::Engine;
        match self.objects.check(&op, guard) {
            Err(error) => {
                if error == EngineError::LastHealthy {
                    cx.reach(mark::LAST_HEALTHY);
                }
                refuse(error, cx, op);
            }
            Ok(false) => {
                let sound = matches!(*op, EngineOp::Vouch(_));
                let fact = sound.then(|| Fact::Vouched { replica: op.instance() });
                self.commit(After::Answer { to: from, epoch, op, fact }, heard, cx);
            }
            Ok(true) => {
                self.objects.apply(&op);
                self.changes += 1;
                let fact = Some(self.fact_of(&op, epoch));
                let durable = !matches!(op.instance().key, Key::Nexus(_));
                self.commit(After::Answer { to: from, epoch, op, fact }, heard || durable, cx);
            }
        }
    }

    fn fact_of(&self, op: &EngineOp, epoch: u16) -> Fact {
        let object = op.instance();
        match *op {
            EngineOp::Create(..) => Fact::Made { object, epoch },
            EngineOp::Destroy(_) => Fact::Destroyed { object, epoch },
            EngineOp::RemoveChild(nexus, child) => {
                let Key::Nexus(uuid) = nexus.key else { return Fact::Changed { object, epoch } };
                let children = self.objects.children(uuid);
                let healthy = children.map_or(0, |children| children.values().filter(|&&healthy| healthy).count());
                Fact::ChildRemoved { nexus, child, healthy: u8::try_from(healthy).unwrap_or(u8::MAX), epoch }
            }
            EngineOp::Allow(..) | EngineOp::AddChild(..) | EngineOp::Vouch(_) | EngineOp::Share(..) => {
                Fact::Changed { object, epoch }
            }
        }
    }

    fn is_stale(&self, epoch: u16, cx: &Context<'_>) -> bool {
        cx.config().policies.refuses(epoch, self.fence)
    }

    /// Takes note of an epoch; whether it is news.
    fn hear(&mut self, epoch: u16) -> bool {
        let news = epoch > self.fence;
        self.fence = self.fence.max(epoch);
        news
    }

    fn fail_disk(&mut self, pool: PoolId, cx: &mut Context<'_>) {
        let hit = self.objects.fail_disk(pool);
        for &replica in &hit {
            self.changes += 1;
            cx.fact(Fact::DiskFailed { replica });
            self.tell_io_error(replica, cx);
        }
        self.commit(After::Nothing, !hit.is_empty(), cx);
    }

    fn tell_io_error(&mut self, replica: Key, cx: &mut Context<'_>) {
        self.io_error(replica, cx);
        for engine in cx.config().cluster.engines().filter(|&engine| engine != self.me) {
            send(cx, Role::Engine(engine), ToEngine::IoError { replica });
        }
    }

    /// A write did not reach a replica: the nexuses that have it for a child go on without it.
    fn io_error(&mut self, replica: Key, cx: &mut Context<'_>) {
        let Key::Replica(uuid) = replica else { return };
        let touched = self.objects.fault_child(uuid);
        if touched.is_empty() {
            return;
        }
        self.changes += 1;
        // Nobody but a volume has a use for it: the children of another nexus are its user's to look after.
        let owned = |nexus: &Instance| {
            matches!(self.objects.get(nexus.key), Some((_, Object::Nexus(Nexus { owner: Some(_), .. }))))
        };
        self.unsaid.extend(touched.into_iter().filter(owned).map(|nexus| (nexus, uuid)));
        self.tell_missed(cx);
    }

    /// Has the store write down which children missed a write; a nexus that is gone has nothing to acknowledge any more.
    fn tell_missed(&mut self, cx: &mut Context<'_>) {
        self.unsaid.retain(|&(nexus, _)| self.objects.has(nexus));
        for &(nexus, replica) in &self.unsaid {
            send(cx, Role::Store, ToStore::Missed { nexus, replica });
        }
        if let (Some(timeout), false) = (cx.config().timing.store_timeout, self.unsaid.is_empty()) {
            cx.arm(Timer::Missed, timeout);
        }
    }

    fn missed_done(&mut self, nexus: Instance, replica: Uuid, cx: &mut Context<'_>) {
        if self.unsaid.remove(&(nexus, replica)) && self.objects.has(nexus) {
            cx.fact(Fact::Missed { nexus, replica: Key::Replica(replica) });
        }
    }

    /// Does what comes after a change: at once, or when the change and all before it are durable.
    fn commit(&mut self, after: After, changed: bool, cx: &mut Context<'_>) {
        if changed || !self.pending.is_empty() {
            self.pending.push_back(after);
            self.save(cx);
        } else {
            self.finish(after, cx);
        }
    }

    fn save(&self, cx: &mut Context<'_>) {
        let durable = self.objects.iter().filter(|(_, object)| !matches!(object, Object::Nexus(..)));
        let durable = durable.map(|(instance, object)| (instance.key, instance.birth, object.clone()));
        let record = Record::Engine(Arc::new(Objects::from_records(durable)), self.fence);
        cx.store(OpId(0), Write::Put(record));
    }

    fn stored(&mut self, outcome: Result<(), StoreError>, cx: &mut Context<'_>) {
        match outcome {
            Ok(()) => {
                let after = self.pending.pop_front().expect("a write that ends was pending");
                self.finish(after, cx);
            }
            Err(StoreError::Failed | StoreError::Unknown) => {
                self.pending.rotate_left(1);
                self.save(cx);
            }
        }
    }

    fn finish(&mut self, after: After, cx: &mut Context<'_>) {
        let changes = self.changes;
        match after {
            After::Answer { to, epoch, op, fact } => {
                if let Some(fact) = fact {
                    cx.fact(fact);
                }
                cx.send(to, ToAgent::CallDone { epoch, op, changes, result: Ok(()) }.into());
            }
            After::List { to, epoch } => {
                let objects = Arc::new(self.objects.clone());
                cx.send(to, ToAgent::Listing { epoch, life: self.life, changes, objects }.into());
            }
            After::Nothing => (),
        }
    }
}
