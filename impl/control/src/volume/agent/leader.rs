//! What the leading agent knows: specs as the store has them, engines as they were listed, and tasks under way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use quiesce_machine::CallId;

use super::Standing;
use super::nodes::EngineView;
use super::task::{Task, Unsaid, Waiting};
use super::writes::Pending;
use crate::volume::id::{Birth, EngineId, Key, Role};
use crate::volume::mark;
use crate::volume::message::{Image, Stale, ToAgent, ToEngine, ToUser};
use crate::volume::policy::Room;
use crate::volume::spec::{Owner, Spec, Status};
use crate::volume::timer::Timer;
use crate::volume::user::{Reply, Request};
use crate::volume::{Config, Context, send};

/// The leading agent's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leader {
    pub(super) epoch: u16,
    /// Births minted so far.
    pub(super) minted: u16,
    /// What the store is known to have.
    pub(super) specs: BTreeMap<Key, Arc<Spec>>,
    /// Replicas that missed writes, as of the last write.
    pub(super) stale: Stale,
    /// How room is counted.
    pub(super) room: Room,
    /// The last write sent.
    pub(super) revision: u32,
    /// Writes to be made, the first of which is on its way.
    pub(super) writes: VecDeque<Pending>,
    pub(super) tasks: BTreeMap<Key, Task>,
    pub(super) engines: BTreeMap<EngineId, EngineView>,
    /// Engines that have not been heard of since it leads: until then it takes no requests.
    pub(super) unheard: BTreeSet<EngineId>,
    /// Requests that wait for a busy resource, with the tries left.
    pub(super) waiting: BTreeMap<(u8, CallId), (Arc<Request>, u8)>,
    /// Answers that wait for the store to say that the lease is in force.
    pub(super) unsaid: BTreeMap<(u8, CallId), Unsaid>,
    /// What was answered over this epoch's connections.
    pub(super) answered: BTreeMap<(u8, CallId), Reply>,
}

impl Leader {
    pub(super) fn new(epoch: u16, revision: u32, specs: &Image, stale: Stale, cx: &mut Context<'_>) -> Self {
        let cluster = cx.config().cluster;
        for engine in cluster.engines() {
            send(cx, Role::Engine(engine), ToEngine::List { epoch });
            if let Some(deadline) = cx.config().timing.node_deadline {
                cx.arm(Timer::NodeDeadline(engine), deadline);
            }
        }
        cx.arm(Timer::Reconcile, cx.config().timing.reconcile);
        Leader {
            epoch,
            minted: 0,
            specs: specs.iter().cloned().collect(),
            stale,
            room: cx.config().policies.room,
            revision,
            writes: VecDeque::new(),
            tasks: BTreeMap::new(),
            engines: cluster.engines().map(|engine| (engine, EngineView::default())).collect(),
            unheard: cluster.engines().collect(),
            waiting: BTreeMap::new(),
            unsaid: BTreeMap::new(),
            answered: BTreeMap::new(),
        }
    }

    /// Whether every engine has been heard of, or is known not to answer.
    pub(super) fn is_ready(&self) -> bool {
        self.unheard.is_empty()
    }

    pub(super) fn receive(&mut self, from: Role, msg: ToAgent, cx: &mut Context<'_>) -> Standing {
        match (from, msg) {
            (Role::Store, ToAgent::WriteDone { epoch, revision, applied, stale }) if epoch == self.epoch => {
                self.write_done(revision, applied, stale, cx);
            }
            (Role::Store, ToAgent::Confirmed { epoch, user, call }) if epoch == self.epoch => {
                self.confirmed(user, call, cx);
            }
            (Role::Engine(engine), ToAgent::Register { life }) => self.registered(engine, life, cx),
            (Role::Engine(engine), ToAgent::Listing { epoch, life, changes, objects }) if epoch == self.epoch => {
                self.listed(engine, life, changes, &objects, cx);
            }
            (Role::Engine(engine), ToAgent::CallDone { epoch, op, changes, result }) if epoch == self.epoch => {
                return self.call_done(engine, &op, changes, result, cx);
            }
            (_, ToAgent::PathLost { engine }) => self.path_lost(engine, cx),
            _ => (),
        }
        Standing::Leads
    }

    /// Whether a message of its epoch can do nothing any more.
    pub(super) fn ignores(&self, from: Role, msg: &ToAgent, config: &Config) -> bool {
        match (from, msg) {
            (Role::Store, &ToAgent::WriteDone { revision, .. }) => self.has_heard_of(revision),
            (Role::Store, &ToAgent::Confirmed { user, call, .. }) => {
                let recognises = config.policies.recognises_requests();
                recognises && self.answered.contains_key(&(user, call)) && !self.unsaid.contains_key(&(user, call))
            }
            (Role::Engine(engine), &ToAgent::Listing { life, changes, .. }) => {
                self.engines.get(&engine).is_some_and(|view| view.is_past(life, changes))
            }
            _ => false,
        }
    }

    pub(super) fn fire(&mut self, timer: Timer, cx: &mut Context<'_>) {
        match timer {
            Timer::Write => self.write_overdue(cx),
            Timer::Confirm(user, call) => self.ask_for_lease(user, call, cx),
            Timer::CallRetry(key) => self.call_again(key, cx),
            Timer::CallOver(key) => self.call_over(key, cx),
            Timer::Reconcile => self.reconcile(cx),
            Timer::NodeDeadline(engine) => self.silent(engine, cx),
            Timer::Guard(user, call) => self.try_again(user, call, cx),
            Timer::Lease
            | Timer::LeaseOver
            | Timer::LeaseExpiry
            | Timer::Register
            | Timer::Missed
            | Timer::Work(_)
            | Timer::UserRetry(_)
            | Timer::UserOver(_)
            | Timer::Watch => unreachable!("not a leader's: {timer:?}"),
        }
    }

    /// Drops everything; whoever waits is told to look elsewhere.
    pub(super) fn resign(self, cx: &mut Context<'_>) {
        cx.disarm(Timer::Write);
        cx.disarm(Timer::Reconcile);
        for &engine in self.engines.keys() {
            cx.disarm(Timer::NodeDeadline(engine));
        }
        for (&key, task) in &self.tasks {
            if let Waiting::Call(..) | Waiting::Pause = task.waiting {
                cx.disarm(Timer::CallRetry(key));
                cx.disarm(Timer::CallOver(key));
            }
            if let Some(caller) = &task.caller {
                send(cx, Role::User(caller.user), ToUser::NotLeading { call: caller.call });
            }
        }
        for &(user, call) in self.waiting.keys() {
            cx.disarm(Timer::Guard(user, call));
            send(cx, Role::User(user), ToUser::NotLeading { call });
        }
        for (&(user, call), unsaid) in &self.unsaid {
            cx.disarm(Timer::Confirm(user, call));
            cx.reach(mark::NOT_SAID);
            if unsaid.guards.is_none() {
                send(cx, Role::User(user), ToUser::NotLeading { call });
            }
        }
    }

    /// A birth that nothing had before.
    pub(super) fn mint(&mut self) -> Birth {
        self.minted += 1;
        Birth { epoch: self.epoch, number: self.minted }
    }

    /// Every spec as this agent knows it.
    pub fn specs(&self) -> impl Iterator<Item = (Key, &Spec)> {
        self.specs.iter().map(|(&key, spec)| (key, spec.as_ref()))
    }

    /// The spec of that key.
    #[must_use]
    pub fn spec(&self, key: Key) -> Option<&Spec> {
        self.specs.get(&key).map(Arc::as_ref)
    }

    /// Whether something is under way on that resource or on the volume that owns it.
    #[must_use]
    pub fn is_busy(&self, key: Key) -> bool {
        let owner = self.spec(key).and_then(Spec::owner);
        self.tasks.contains_key(&key)
            || owner.is_some_and(|owner| {
                self.tasks.contains_key(&Key::Volume(owner.volume)) && self.volume_lives(owner).is_some()
            })
    }

    /// Whether somebody is about to destroy that resource.
    pub(super) fn is_going(&self, key: Key) -> bool {
        self.tasks.get(&key).is_some_and(|task| task.goal.destroys())
    }

    /// The epoch in which it leads.
    #[must_use]
    pub fn epoch(&self) -> u16 {
        self.epoch
    }

    /// Whether that node answers, as far as this agent knows.
    #[must_use]
    pub fn is_online(&self, engine: EngineId) -> bool {
        self.engines.get(&engine).is_some_and(EngineView::is_online)
    }

    /// The volume of that life, if it is still there.
    pub(super) fn volume_lives(&self, owner: Owner) -> Option<&Spec> {
        self.spec(Key::Volume(owner.volume)).filter(|spec| spec.birth == owner.birth)
    }

    /// What a volume owns, nexuses or replicas, in key order.
    pub(super) fn owned(&self, owner: Owner, replicas: bool) -> impl Iterator<Item = (Key, &Spec)> {
        self.specs()
            .filter(move |(key, spec)| spec.owner() == Some(owner) && matches!(key, Key::Replica(_)) == replicas)
    }

    /// The replicas that a new target of a volume has for children; before the volume is complete, all that it has.
    pub(super) fn to_serve(&self, owner: Owner) -> impl Iterator<Item = (Key, &Spec)> {
        let unborn = self.volume_lives(owner).is_some_and(|spec| spec.status == Status::Creating);
        let serves = move |status| status == Status::Created || (unborn && status == Status::Creating);
        self.owned(owner, true).filter(move |(_, spec)| serves(spec.status))
    }

    /// Whether a replica is known to have missed a write.
    pub(super) fn is_stale(&self, key: Key) -> bool {
        matches!(key, Key::Replica(uuid) if self.stale.contains(&uuid))
    }

    /// The replicas that make up a volume.
    pub(super) fn members(&self, owner: Owner) -> impl Iterator<Item = (Key, &Spec)> {
        self.owned(owner, true).filter(|(_, spec)| spec.status == Status::Created)
    }
}
