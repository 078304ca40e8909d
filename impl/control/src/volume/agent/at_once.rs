//! The seed's sequence for a new volume (policy `create-sequence`): every part is written down as creating, then every part
//! is made, then every part is completed, and the volume last. What fails fails the volume.
//! Source: `reference/mayastor-control-plane.md` section 1.

use super::leader::Leader;
use super::plan::{owner_of, replica_of, reply_to};
use super::task::{NewKey, Next, Task};
use crate::volume::Context;
use crate::volume::id::Key;
use crate::volume::object::Instance;
use crate::volume::spec::{Body, Owner, Spec, Status, Target, VolumeWant};
use crate::volume::user::Reply;

impl Leader {
    pub(super) fn plan_create_at_once(
        &self,
        key: Key,
        spec: &Spec,
        want: VolumeWant,
        task: &Task,
        cx: &Context<'_>,
    ) -> Next {
        let owner = owner_of(key, spec);
        let step = self.step_write_parts(owner, want).or_else(|| self.step_make_parts(owner, task, cx));
        step.or_else(|| self.step_complete_parts(owner)).unwrap_or_else(|| {
            let target = self.new_target(owner).and_then(|(key, spec)| match key {
                Key::Nexus(nexus) => Some(Target { nexus, node: spec.node()?, shared: true }),
                Key::Node(_) | Key::Pool(_) | Key::Replica(_) | Key::Volume(_) => None,
            });
            let body = Body::Volume { want, target };
            Next::Write(key, Some(Spec { body, ..spec.created() }))
        })
    }

    fn new_target(&self, owner: Owner) -> Option<(Key, &Spec)> {
        self.owned(owner, false).find(|(_, spec)| spec.status != Status::Deleting)
    }

    fn step_write_parts(&self, owner: Owner, want: VolumeWant) -> Option<Next> {
        let written = self.to_serve(owner).count();
        if written < usize::from(want.replicas) {
            return Some(match self.candidates(owner, want).first() {
                None => Next::Fail(Reply::ResourceExhausted),
                Some(&(pool, node)) => Next::New(NewKey::Replica, replica_of(owner, pool, node, want.size)),
            });
        }
        if want.nexuses == 0 || self.new_target(owner).is_some() {
            return None;
        }
        Some(match self.target_node(owner, want, None) {
            Some(node) => Next::New(NewKey::Nexus, Body::Nexus { node, owner: Some(owner), children: Vec::new() }),
            None => Next::Fail(Reply::ResourceExhausted),
        })
    }

    fn step_make_parts(&self, owner: Owner, task: &Task, cx: &Context<'_>) -> Option<Next> {
        let fresh = |&(_, spec): &(Key, &Spec)| spec.status == Status::Creating;
        let make = |key, spec: &Spec| {
            let instance = Instance { key, birth: spec.birth };
            match self.created(task, instance, cx) {
                None => self.call_to_create(instance, spec),
                Some(Ok(())) => None,
                Some(Err(error)) => Some(Next::Fail(reply_to(error))),
            }
        };
        let replica = self.owned(owner, true).filter(fresh).find_map(|(key, spec)| make(key, spec));
        replica.or_else(|| {
            let (key, spec) = self.new_target(owner).filter(fresh)?;
            let fence = self.step_fence(owner, Instance { key, birth: spec.birth }, task, cx);
            fence.or_else(|| make(key, spec))
        })
    }

    fn step_complete_parts(&self, owner: Owner) -> Option<Next> {
        let parts = self.owned(owner, true).chain(self.owned(owner, false));
        let open = parts.into_iter().find(|(_, spec)| spec.status == Status::Creating);
        open.map(|(key, spec)| Next::Write(key, Some(spec.created())))
    }
}
