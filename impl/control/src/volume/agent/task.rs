//! Tasks: one per resource under a guard, each driven by a plan that looks at the specs and says what comes next.
//!
//! A plan is a pure function of specs and of what engines answered, so that a task resumes wherever a crash left it and
//! every step may run twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use quiesce_machine::CallId;

use super::leader::Leader;
use crate::volume::fact::Fact;
use crate::volume::id::{Birth, EngineId, Key, Role, Uuid};
use crate::volume::mark;
use crate::volume::message::{ToStore, ToUser};
use crate::volume::object::{EngineError, EngineOp, Instance};
use crate::volume::policy::MemoryAnswer;
use crate::volume::spec::{Body, Spec, Status, VolumeWant};
use crate::volume::timer::Timer;
use crate::volume::user::{Reply, Request};
use crate::volume::{Context, send};

/// More steps than any plan takes without waiting.
const STEPS_MOST: u32 = 200;

/// Something under way on one resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Task {
    pub(super) goal: Goal,
    pub(super) caller: Option<Caller>,
    /// Why it is being taken back, and what will be answered.
    pub(super) error: Option<Reply>,
    /// Whether it wrote anything.
    pub(super) begun: bool,
    /// Whether the store was heard since the last thing that an engine said, so that the lease was in force.
    pub(super) heard_store: bool,
    /// What engines answered.
    pub(super) results: BTreeMap<Deed, Result<(), EngineError>>,
    pub(super) waiting: Waiting,
}

/// What a task is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Goal {
    /// A pool, or a replica or nexus that no volume owns.
    Create(Body),
    /// Anything but a volume.
    Destroy,
    CreateVolume(VolumeWant),
    DestroyVolume,
    /// On that node, or wherever it fits.
    Publish(Option<EngineId>),
    Unpublish {
        force: bool,
    },
    /// Away from that node, if any; else anew on the node where it is, if that is possible.
    Republish {
        away: Option<EngineId>,
    },
    /// So many replicas, of which one is lacking.
    Grow(u8),
    /// Without that replica; then so many are wanted.
    Shrink(Uuid, u8),
    /// The node's new spec.
    Node(Body),
    /// A replica or a volume's target is offered to initiators, or no longer.
    Share(bool),
    /// The operation record goes, whatever it was.
    Clear,
    /// Nothing is done: that is the answer.
    Answer(Reply),
}

/// Who waits for a task.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Caller {
    pub(super) user: u8,
    pub(super) call: CallId,
    pub(super) request: Arc<Request>,
}

/// What a task waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Waiting {
    #[default]
    Nothing,
    Write,
    Call(EngineId, Arc<EngineOp>),
    /// The store refused a write that has to be made.
    Pause,
    /// It is over; whether the lease is in force is being asked.
    Lease,
}

/// An answer that waits for the store to say that the lease is in force.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Unsaid {
    request: Arc<Request>,
    reply: Reply,
    /// The resource that is guarded until then, if any.
    pub(super) guards: Option<Key>,
}

impl Goal {
    /// Whether failure means to take back what was done; else to go on.
    fn goes_back(&self) -> bool {
        match self {
            Goal::Create(_) | Goal::CreateVolume(_) | Goal::Publish(_) | Goal::Republish { .. } | Goal::Grow(_) => true,
            Goal::Destroy
            | Goal::DestroyVolume
            | Goal::Unpublish { .. }
            | Goal::Shrink(..)
            | Goal::Node(_)
            | Goal::Share(_)
            | Goal::Clear
            | Goal::Answer(_) => false,
        }
    }

    /// Whether it is about the end of a resource.
    pub(super) fn destroys(&self) -> bool {
        matches!(self, Goal::Destroy | Goal::DestroyVolume)
    }
}

/// What an engine was called for, apart from the details: the key under which its answer is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Deed {
    Create(Instance),
    Destroy(Instance),
    Allow(Instance, Birth),
    AddChild(Instance, Uuid),
    RemoveChild(Instance, Uuid),
    Vouch(Instance),
    Share(Instance, bool),
}

impl Deed {
    pub(super) fn of(op: &EngineOp) -> Deed {
        match *op {
            EngineOp::Create(instance, _) => Deed::Create(instance),
            EngineOp::Destroy(instance) => Deed::Destroy(instance),
            EngineOp::Allow(instance, nexus) => Deed::Allow(instance, nexus),
            EngineOp::AddChild(instance, child) => Deed::AddChild(instance, child),
            EngineOp::RemoveChild(instance, child) => Deed::RemoveChild(instance, child),
            EngineOp::Vouch(instance) => Deed::Vouch(instance),
            EngineOp::Share(instance, on) => Deed::Share(instance, on),
        }
    }
}

/// What a plan wants next.
#[derive(Clone, Debug)]
pub(super) enum Next {
    /// Write down a new resource: under that key, or as a part of a volume under a new uuid.
    New(NewKey, Body),
    /// Write a spec, or delete the key.
    Write(Key, Option<Spec>),
    /// Call an engine.
    Call(EngineId, EngineOp),
    /// Take back what was done, and answer that.
    Fail(Reply),
    /// It is over.
    End(Reply),
}

/// Under which key a new resource is written down.
#[derive(Clone, Copy, Debug)]
pub(super) enum NewKey {
    Given(Key),
    Replica,
    Nexus,
}

impl Task {
    pub(super) fn new(goal: Goal, caller: Option<Caller>) -> Self {
        Task {
            goal,
            caller,
            error: None,
            begun: false,
            heard_store: false,
            results: BTreeMap::new(),
            waiting: Waiting::Nothing,
        }
    }

    /// Something a former leader began: to be finished, or taken back.
    pub(super) fn resumed(goal: Goal, back: bool) -> Self {
        Task { error: back.then_some(Reply::Internal), begun: true, ..Task::new(goal, None) }
    }

    /// A leftover that was in the way of a create is gone: the create can be called for again.
    pub(super) fn forget_leftover(&mut self, gone: Instance) {
        let in_the_way = |deed: &Deed, result: &Result<(), EngineError>| {
            matches!(deed, Deed::Create(instance) if instance.key == gone.key)
                && *result == Err(EngineError::Exists(gone.birth))
        };
        self.results.retain(|deed, result| !in_the_way(deed, result));
    }

    pub(super) fn result(&self, deed: Deed) -> Option<Result<(), EngineError>> {
        self.results.get(&deed).copied()
    }
}

impl Leader {
    pub(super) fn start(&mut self, key: Key, task: Task, cx: &mut Context<'_>) {
        assert!(!self.tasks.contains_key(&key), "{key} is guarded already");
        self.tasks.insert(key, task);
        self.run(key, cx);
    }

    /// A write of a task was applied.
    pub(super) fn written(&mut self, key: Key, cx: &mut Context<'_>) {
        if let Some(task) = self.tasks.get_mut(&key) {
            task.waiting = Waiting::Nothing;
            (task.begun, task.heard_store) = (true, true);
            self.run(key, cx);
        }
    }

    /// A write of a task was not applied. Before anything was written, that is the answer; later, what goes forward is
    /// taken back, and what cannot be taken back is tried again until it is written.
    pub(super) fn refused(&mut self, key: Key, cx: &mut Context<'_>) {
        let gives_up = !cx.config().policies.resolves_writes();
        let Some(task) = self.tasks.get_mut(&key) else { return };
        (task.waiting, task.heard_store) = (Waiting::Nothing, true);
        match task.error {
            None if !task.begun => self.finish(key, Reply::FailedPersist, cx),
            None if task.goal.goes_back() => {
                task.error = Some(Reply::FailedPersist);
                self.run(key, cx);
            }
            error if gives_up => self.finish(key, error.unwrap_or(Reply::FailedPersist), cx),
            Some(_) | None => {
                cx.reach(mark::UNDO_AGAIN);
                task.waiting = Waiting::Pause;
                cx.arm(Timer::CallRetry(key), cx.config().timing.reconcile);
            }
        }
    }

    /// Goes on with a task until it waits or is over.
    pub(super) fn run(&mut self, key: Key, cx: &mut Context<'_>) {
        for _ in 0..STEPS_MOST {
            let Some(task) = self.tasks.get(&key).filter(|task| task.waiting == Waiting::Nothing) else { return };
            let evicted = self.evict(task, cx);
            if evicted.is_some() {
                cx.reach(mark::EVICTED);
            }
            let begun = task.begun;
            match evicted.unwrap_or_else(|| self.plan(key, task, cx)) {
                Next::New(new, body) => {
                    let birth = self.mint();
                    let at = match new {
                        NewKey::Given(key) => key,
                        NewKey::Replica => Key::Replica(Uuid::Minted(birth)),
                        NewKey::Nexus => Key::Nexus(Uuid::Minted(birth)),
                    };
                    self.begin_write(key, at, Some(Spec::creating(birth, body)), cx);
                }
                Next::Write(at, spec) => {
                    if self.leaves_out(key, at, spec.as_ref()) {
                        cx.reach(mark::LEFT_OUT);
                    }
                    self.begin_write(key, at, spec, cx);
                }
                Next::Call(engine, op) => self.call(key, engine, op, cx),
                Next::Fail(error) => {
                    if begun {
                        cx.reach(mark::UNDONE);
                    }
                    if let Some(task) = self.tasks.get_mut(&key) {
                        assert!(task.error.is_none(), "the undo of {key} fails: {task:?}");
                        task.error = Some(error);
                    }
                }
                Next::End(reply) => self.finish(key, reply, cx),
            }
        }
        unreachable!("the plan for {key} never waits: {:?}", self.tasks.get(&key));
    }

    /// Whether a task that makes a target writes a replica off because it missed writes.
    fn leaves_out(&self, task: Key, at: Key, spec: Option<&Spec>) -> bool {
        let makes_target =
            |task: &Task| matches!(task.goal, Goal::Publish(_) | Goal::Republish { .. } | Goal::CreateVolume(_));
        let goes = spec.is_some_and(|spec| spec.status == Status::Deleting);
        goes && self.is_stale(at) && self.tasks.get(&task).is_some_and(makes_target)
    }

    fn begin_write(&mut self, task: Key, key: Key, spec: Option<Spec>, cx: &mut Context<'_>) {
        if let Some(task) = self.tasks.get_mut(&task) {
            task.waiting = Waiting::Write;
        }
        self.write(task, key, spec, cx);
    }

    /// A leftover in the way of a create: taken for the resource itself, or destroyed first.
    fn evict(&self, task: &Task, cx: &Context<'_>) -> Option<Next> {
        if cx.config().policies.adopts_by_name() {
            return None;
        }
        let (instance, birth) = task.results.iter().find_map(|(deed, result)| match (deed, result) {
            (Deed::Create(instance), Err(EngineError::Exists(birth))) => Some((*instance, *birth)),
            _ => None,
        })?;
        let leftover = Instance { birth, ..instance };
        let engine = self.spec(instance.key).filter(|spec| spec.birth == instance.birth)?.node()?;
        let tried = task.result(Deed::Destroy(leftover)).is_some();
        (!tried).then_some(Next::Call(engine, EngineOp::Destroy(leftover)))
    }

    /// How a create ended, leftovers considered: none while it has to be called for.
    pub(super) fn created(&self, task: &Task, instance: Instance, cx: &Context<'_>) -> Option<Result<(), EngineError>> {
        match task.result(Deed::Create(instance))? {
            Err(EngineError::Exists(_)) if cx.config().policies.adopts_by_name() => Some(Ok(())),
            result => Some(result),
        }
    }

    /// A task is over: its caller is answered, and then its guard is free.
    pub(super) fn finish(&mut self, key: Key, reply: Reply, cx: &mut Context<'_>) {
        let task = self.tasks.get_mut(&key).expect("only a task that runs is finished");
        match task.caller.clone() {
            None => _ = self.tasks.remove(&key),
            Some(Caller { user, call, request }) if task.heard_store => {
                self.tasks.remove(&key);
                self.answer(user, call, request, reply, cx);
            }
            Some(caller) => {
                task.waiting = Waiting::Lease;
                self.say(caller, reply, Some(key), cx);
            }
        }
    }

    /// Answers from memory: once the store says that the lease is in force, for a deposed agent's memory is old.
    pub(super) fn say(&mut self, caller: Caller, reply: Reply, guards: Option<Key>, cx: &mut Context<'_>) {
        let Caller { user, call, request } = caller;
        self.unsaid.insert((user, call), Unsaid { request, reply, guards });
        match cx.config().policies.memory_answer {
            MemoryAnswer::AtOnce => self.confirmed(user, call, cx),
            MemoryAnswer::Confirmed => self.ask_for_lease(user, call, cx),
        }
    }

    pub(super) fn ask_for_lease(&self, user: u8, call: CallId, cx: &mut Context<'_>) {
        send(cx, Role::Store, ToStore::Confirm { epoch: self.epoch, user, call });
        if let Some(timeout) = cx.config().timing.store_timeout {
            cx.arm(Timer::Confirm(user, call), timeout);
        }
    }

    /// The lease was in force after the answer to that call was found.
    pub(super) fn confirmed(&mut self, user: u8, call: CallId, cx: &mut Context<'_>) {
        let Some(Unsaid { request, reply, guards }) = self.unsaid.remove(&(user, call)) else { return };
        cx.disarm(Timer::Confirm(user, call));
        match (guards, request.key()) {
            (Some(key), _) => _ = self.tasks.remove(&key),
            // Whoever was in the way is done by now.
            (None, Some(key)) if !self.is_busy(key) => {
                cx.reach(mark::CONFLICT_OVER);
                return self.take_up(user, call, request, 0, cx);
            }
            (None, _) => (),
        }
        self.answer(user, call, request, reply, cx);
    }

    pub(super) fn answer(&mut self, user: u8, call: CallId, request: Arc<Request>, reply: Reply, cx: &mut Context<'_>) {
        cx.fact(Fact::Replied { user, call, request, reply });
        self.answered.insert((user, call), reply);
        send(cx, Role::User(user), ToUser::Answer { call, epoch: self.epoch, reply });
    }
}
