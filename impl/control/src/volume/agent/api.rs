//! What the leader answers to a request at once, by verb and by the state of the resource, and what it takes up.
//! Source: `reference/mayastor-control-plane.md` section 5.

use std::sync::Arc;

use quiesce_machine::CallId;

use super::leader::Leader;
use super::task::{Caller, Goal, Task};
use crate::volume::fact::Fact;
use crate::volume::id::{EngineId, Key, PoolId, Role, Uuid};
use crate::volume::mark;
use crate::volume::message::ToUser;
use crate::volume::policy::RepeatedCreate;
use crate::volume::spec::{Body, Drain, Spec, Status, VolumeWant};
use crate::volume::timer::Timer;
use crate::volume::user::{Reply, Request};
use crate::volume::{Context, send};

impl Leader {
    /// A request over a connection of this epoch.
    pub(super) fn ask(&mut self, user: u8, call: CallId, request: Arc<Request>, cx: &mut Context<'_>) {
        if self.is_under_way(user, call) {
            return;
        }
        if let Some(&reply) = self.answered.get(&(user, call))
            && cx.config().policies.recognises_requests()
        {
            cx.reach(mark::RECOGNISED);
            return send(cx, Role::User(user), ToUser::Answer { call, epoch: self.epoch, reply });
        }
        self.take_up(user, call, request, cx.config().timing.guard_tries, cx);
    }

    /// The resource was busy.
    pub(super) fn try_again(&mut self, user: u8, call: CallId, cx: &mut Context<'_>) {
        if let Some((request, tries)) = self.waiting.remove(&(user, call)) {
            self.take_up(user, call, request, tries, cx);
        }
    }

    fn is_under_way(&self, user: u8, call: CallId) -> bool {
        let is = |caller: &Caller| caller.user == user && caller.call == call;
        let known = self.waiting.contains_key(&(user, call)) || self.unsaid.contains_key(&(user, call));
        known || self.tasks.values().any(|task| task.caller.as_ref().is_some_and(is))
    }

    pub(super) fn take_up(&mut self, user: u8, call: CallId, request: Arc<Request>, tries: u8, cx: &mut Context<'_>) {
        let Some(key) = request.key() else {
            return self.answer(user, call, request, Reply::InvalidArgument, cx);
        };
        // What a former leader left half done is brought to its end first: an answer must not cross it.
        if !self.is_busy(key)
            && self.spec(key).is_some_and(Spec::is_dirty)
            && cx.config().policies.resumes_operations()
            && let Some(task) = self.remedy(key, cx)
        {
            cx.reach(mark::RESOLVED_FIRST);
            self.start(key, task, cx);
        }
        if self.is_busy(key) {
            if tries == 0 {
                return self.say(Caller { user, call, request }, Reply::Conflict, None, cx);
            }
            cx.reach(mark::BUSY);
            self.waiting.insert((user, call), (request, tries - 1));
            return cx.arm(Timer::Guard(user, call), cx.config().timing.guard_wait);
        }
        cx.fact(Fact::Admitted { user, call, request: Arc::clone(&request) });
        let goal = self.admit(key, &request, cx).unwrap_or_else(Goal::Answer);
        self.start(key, Task::new(goal, Some(Caller { user, call, request })), cx);
    }

    /// What a request on an idle resource leads to, or the answer it gets at once.
    fn admit(&self, key: Key, request: &Request, cx: &Context<'_>) -> Result<Goal, Reply> {
        let spec = self.spec(key);
        if spec.is_some_and(Spec::is_dirty) {
            return Err(Reply::StoreDirty);
        }
        match *request {
            Request::PutPool { node, size, .. } => {
                self.admit_create(spec, Body::Pool { node, size }, cx).and_then(|goal| self.on_node(node, goal))
            }
            Request::PutReplica { pool, size, .. } => self.admit_replica(spec, pool, size, cx),
            Request::PutNexus { node, ref children, .. } => self.admit_nexus(spec, node, children, cx),
            Request::PutVolume { want, .. } => admit_volume(spec, want, cx),
            Request::DeletePool { .. }
            | Request::DeleteReplica { .. }
            | Request::DeleteNexus { .. }
            | Request::DeleteVolume { .. } => self.admit_delete(key, spec),
            Request::Publish { .. }
            | Request::Unpublish { .. }
            | Request::Republish { .. }
            | Request::SetReplicas { .. } => self.admit_change(key, spec, request),
            Request::ShareReplica { on, .. } | Request::ShareVolume { on, .. } => self.admit_share(spec, on),
            Request::Cordon { node, on } => self.admit_node(node, spec, on, false, cx),
            Request::Drain { node } => self.admit_node(node, spec, true, true, cx),
            Request::Refuse { .. } | Request::Ail { .. } | Request::FailDisk { .. } | Request::MissWrite { .. } => {
                Err(Reply::InvalidArgument)
            }
        }
    }

    fn admit_create(&self, spec: Option<&Spec>, body: Body, cx: &Context<'_>) -> Result<Goal, Reply> {
        match spec {
            None => Ok(Goal::Create(body)),
            Some(spec) => match spec.status {
                Status::Creating if spec.body == body => Ok(Goal::Create(body)),
                Status::Creating => Err(Reply::Conflict),
                Status::Created => Err(exists(cx)),
                Status::Deleting => Err(Reply::Deleting),
            },
        }
    }

    fn on_node(&self, node: EngineId, goal: Goal) -> Result<Goal, Reply> {
        match self.engines.contains_key(&node) {
            false => Err(Reply::NotFound),
            true if !self.may_place(node) => Err(Reply::FailedPrecondition),
            true => Ok(goal),
        }
    }

    fn admit_replica(&self, spec: Option<&Spec>, pool: PoolId, size: u8, cx: &Context<'_>) -> Result<Goal, Reply> {
        let (node, room) = match (self.spec(Key::Pool(pool)).filter(|pool| pool.status == Status::Created), spec) {
            (Some(Spec { body: Body::Pool { node, size: of }, .. }), _) => (*node, self.room(pool, *node, *of)),
            (_, Some(spec)) => (spec.node().ok_or(Reply::NotFound)?, 0),
            (_, None) => return Err(Reply::NotFound),
        };
        let goal = self.admit_create(spec, Body::Replica { pool, node, size, owner: None, shared: false }, cx)?;
        match self.is_going(Key::Pool(pool)) {
            true => Err(Reply::FailedPrecondition),
            false if spec.is_none() && room < u32::from(size) => Err(Reply::ResourceExhausted),
            false => self.on_node(node, goal),
        }
    }

    fn admit_nexus(
        &self,
        spec: Option<&Spec>,
        node: EngineId,
        children: &[u8],
        cx: &Context<'_>,
    ) -> Result<Goal, Reply> {
        let children: Vec<Uuid> = children.iter().map(|&child| Uuid::Given(child)).collect();
        let there = |&child: &Uuid| {
            let key = Key::Replica(child);
            self.spec(key).is_some_and(|spec| spec.status == Status::Created) && !self.is_going(key)
        };
        if children.is_empty() {
            return Err(Reply::InvalidArgument);
        }
        let whole = children.iter().all(there);
        let goal = self.admit_create(spec, Body::Nexus { node, owner: None, children }, cx)?;
        if whole { self.on_node(node, goal) } else { Err(Reply::NotFound) }
    }

    fn admit_delete(&self, key: Key, spec: Option<&Spec>) -> Result<Goal, Reply> {
        let spec = spec.ok_or(Reply::NotFound)?;
        if let Key::Volume(_) = key {
            return Ok(Goal::DestroyVolume);
        }
        let child_of = |uuid: Uuid| {
            let mut specs = self.specs().map(|(_, spec)| spec).chain(self.newborn());
            specs.any(|spec| matches!(&spec.body, Body::Nexus { children, .. } if children.contains(&uuid)))
        };
        let in_use = match key {
            Key::Pool(pool) => self.replicas_on(pool).next().is_some(),
            Key::Replica(uuid) => spec.owner().is_some() || child_of(uuid),
            Key::Nexus(_) => spec.owner().is_some(),
            Key::Node(_) | Key::Volume(_) => false,
        };
        if in_use {
            return Err(Reply::InUse);
        }
        match spec.node() {
            Some(node) if self.is_online(node) => Ok(Goal::Destroy),
            Some(_) | None => Err(Reply::FailedPrecondition),
        }
    }

    fn admit_change(&self, key: Key, spec: Option<&Spec>, request: &Request) -> Result<Goal, Reply> {
        let spec = spec.ok_or(Reply::NotFound)?;
        let (want, target) = spec.volume().ok_or(Reply::NotFound)?;
        if spec.status != Status::Created {
            return Err(Reply::FailedPrecondition);
        }
        let owner = super::plan::owner_of(key, spec);
        match *request {
            Request::Publish { node, .. } => match (target, node) {
                (Some(_), _) => Err(Reply::FailedPrecondition),
                (None, Some(node)) if !self.is_online(node) => Err(Reply::FailedPrecondition),
                (None, node) if node.is_none() && self.target_node(owner, want, None).is_none() => {
                    Err(Reply::ResourceExhausted)
                }
                (None, node) => Ok(Goal::Publish(node)),
            },
            Request::Unpublish { .. } | Request::Republish { .. } if target.is_none() => Err(Reply::FailedPrecondition),
            Request::Unpublish { force, .. } => Ok(Goal::Unpublish { force }),
            Request::Republish { .. } => {
                let away = target.map(|target| target.node);
                match self.target_node(owner, want, away) {
                    Some(_) => Ok(Goal::Republish { away }),
                    None => Err(Reply::ResourceExhausted),
                }
            }
            // One more only of a volume that is whole: a lacking one is made by itself.
            Request::SetReplicas { replicas, .. }
                if replicas == want.replicas + 1 && self.members(owner).count() < usize::from(want.replicas) =>
            {
                Err(Reply::FailedPrecondition)
            }
            Request::SetReplicas { replicas, .. } if replicas == want.replicas + 1 => {
                match self.candidates(owner, want).is_empty() {
                    true => Err(Reply::ResourceExhausted),
                    false => Ok(Goal::Grow(replicas)),
                }
            }
            // Where replicas are missing already, none has to go.
            Request::SetReplicas { replicas, .. }
                if replicas > 0
                    && replicas + 1 == want.replicas
                    && self.members(owner).count() <= usize::from(replicas) =>
            {
                Ok(Goal::Grow(replicas))
            }
            Request::SetReplicas { replicas, .. } if replicas > 0 && replicas + 1 == want.replicas => {
                if target.is_some_and(|target| !self.is_online(target.node)) {
                    return Err(Reply::Unavailable);
                }
                let victim = self.victim(owner, target).ok_or(Reply::FailedPrecondition)?;
                Ok(Goal::Shrink(victim, replicas))
            }
            Request::PutPool { .. }
            | Request::DeletePool { .. }
            | Request::PutReplica { .. }
            | Request::DeleteReplica { .. }
            | Request::PutNexus { .. }
            | Request::DeleteNexus { .. }
            | Request::PutVolume { .. }
            | Request::DeleteVolume { .. }
            | Request::SetReplicas { .. }
            | Request::ShareReplica { .. }
            | Request::ShareVolume { .. }
            | Request::Cordon { .. }
            | Request::Drain { .. }
            | Request::Refuse { .. }
            | Request::Ail { .. }
            | Request::FailDisk { .. }
            | Request::MissWrite { .. } => Err(Reply::FailedPrecondition),
        }
    }

    fn admit_node(
        &self,
        node: EngineId,
        spec: Option<&Spec>,
        on: bool,
        drain: bool,
        cx: &Context<'_>,
    ) -> Result<Goal, Reply> {
        if !self.engines.contains_key(&node) {
            return Err(Reply::NotFound);
        }
        let (cordoned, state) = match spec.map(|spec| &spec.body) {
            Some(&Body::Node { cordoned, drain }) => (cordoned, drain),
            Some(_) | None => (false, Drain::Off),
        };
        let same = if drain { state != Drain::Off } else { cordoned == on };
        if same || (drain && !cx.config().cluster.has_watcher()) {
            return Err(Reply::FailedPrecondition);
        }
        // A drain is cancelled by an uncordon alone.
        let state = if drain { Drain::Draining } else { Drain::Off };
        Ok(Goal::Node(Body::Node { cordoned: on, drain: state }))
    }
}

fn admit_volume(spec: Option<&Spec>, want: VolumeWant, cx: &Context<'_>) -> Result<Goal, Reply> {
    let allowed = want.allowed.count();
    if want.replicas == 0 || want.size == 0 || want.nexuses > 1 || (allowed > 0 && allowed < u32::from(want.replicas)) {
        return Err(Reply::InvalidArgument);
    }
    match spec {
        None => Ok(Goal::CreateVolume(want)),
        Some(spec) => match spec.status {
            Status::Creating if spec.volume().is_some_and(|(same, _)| same == want) => Ok(Goal::CreateVolume(want)),
            Status::Creating => Err(Reply::Conflict),
            Status::Created => Err(exists(cx)),
            Status::Deleting => Err(Reply::Deleting),
        },
    }
}

fn exists(cx: &Context<'_>) -> Reply {
    match cx.config().policies.repeated_create {
        RepeatedCreate::Conflict => Reply::Conflict,
        RepeatedCreate::AlreadyExists => Reply::AlreadyExists,
    }
}
