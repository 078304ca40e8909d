use std::collections::BTreeMap;

use quiesce_machine::{CallId, NodeId, Obligation, Observation, View};

use super::store;
use crate::monitor::Property;
use crate::volume::{Birth, Body, Drain, Fact, Key, Node, Spec, Status};

/// S10: after an error the resource comes to be as it was before the request, or gone if that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ErrorNoEffect {
    /// What a resource was like when an agent took a request up.
    before: BTreeMap<(NodeId, u8, CallId), Option<Shape>>,
    /// What it has to be like again, until another request is taken up; and whether it may be gone.
    expected: BTreeMap<u64, (Key, Option<Shape>, bool)>,
    judged: bool,
}

/// What a user sees of a resource: which life of it, whether it has a target, how many replicas it is to have, whether it
/// is shared; of a node, whether it is cordoned and is to be drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Shape {
    birth: Birth,
    published: bool,
    replicas: u8,
    shared: bool,
    node: (bool, bool),
}

impl Property<Node> for ErrorNoEffect {
    const NAME: &'static str = "error-no-effect";
    const CLAIM: &'static str = "after an error a resource comes to be as it was before the request, or gone if asked for";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Observation::Fact { by, fact } = *seen else { return Ok(()) };
        match fact {
            Fact::Admitted { user, call, request } => {
                let Some(key) = request.key() else { return Ok(()) };
                self.expected.remove(&key.number());
                if let Some(store) = store(view) {
                    self.before.insert((by, *user, *call), store.spec(key).and_then(shape));
                }
            }
            Fact::Replied { user, call, request, reply } => {
                let before = self.before.remove(&(by, *user, *call));
                if let (Some(key), Some(before), false) = (request.key(), before, reply.is_success()) {
                    self.judged = true;
                    self.expected.insert(key.number(), (key, before, request.is_delete()));
                }
            }
            // Whoever leads next may find a request half done that nobody was told about.
            Fact::Leads { .. } => self.before.clear(),
            Fact::Asked { .. }
            | Fact::Answered { .. }
            | Fact::Claimed { .. }
            | Fact::SteppedDown { .. }
            | Fact::Stored { .. }
            | Fact::Made { .. }
            | Fact::Destroyed { .. }
            | Fact::ChildRemoved { .. }
            | Fact::Changed { .. }
            | Fact::Vouched { .. }
            | Fact::DiskFailed { .. }
            | Fact::Missed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        let Some(store) = store(view) else { return };
        for (&number, &(key, before, may_go)) in &self.expected {
            let now = store.spec(key);
            let as_before = now.and_then(shape) == before && now.is_none_or(|spec| spec.status == Status::Created);
            let gone = may_go && now.is_none();
            if !as_before && !gone {
                owes(Obligation(number));
            }
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let Some(&(key, before, _)) = self.expected.get(&owed.0) else { return "nothing is expected".to_owned() };
        let was = if before.is_some() { "it was otherwise" } else { "it was not there" };
        let now = store(view).and_then(|store| store.spec(key));
        let now = now.map_or_else(|| "gone".to_owned(), |spec| format!("{:?}", spec.status).to_lowercase());
        format!("a request about {key} ended with an error, {was} before, and now it is {now}")
    }
}

fn shape(spec: &Spec) -> Option<Shape> {
    let volume = spec.volume();
    (spec.status == Status::Created).then(|| Shape {
        birth: spec.birth,
        published: volume.is_some_and(|(_, target)| target.is_some()),
        replicas: volume.map_or(0, |(want, _)| want.replicas),
        shared: spec.is_shared() == Some(true),
        node: match spec.body {
            Body::Node { cordoned, drain } => (cordoned, drain != Drain::Off),
            Body::Pool { .. } | Body::Replica { .. } | Body::Nexus { .. } | Body::Volume { .. } => (false, false),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::volume::{Reply, Request};

    #[test]
    fn a_create_that_failed_owes_until_nothing_is_left() {
        let mut still = Still::new();
        let mut property = ErrorNoEffect::default();
        still.tell(&mut property, &[admitted(0, put_volume())]).unwrap();
        still.put(Key::Volume(V1), Some(volume(None)));
        still.tell(&mut property, &[replied(0, put_volume(), Reply::FailedPersist)]).unwrap();
        assert!(property.armed());
        assert_eq!(
            still.owed(&property),
            ["a request about volume 1 ended with an error, it was not there before, and now it is created"]
        );
        still.put(Key::Volume(V1), None);
        assert_eq!(still.owed(&property), [""; 0]);
    }

    #[test]
    fn a_deletion_that_failed_may_leave_the_resource_or_not_but_not_half_of_it() {
        let mut still = Still::whole();
        let mut property = ErrorNoEffect::default();
        let delete = Request::DeleteVolume { volume: V1 };
        let history = [admitted(0, delete.clone()), replied(0, delete, Reply::Internal)];
        still.tell(&mut property, &history).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
        still.put(Key::Volume(V1), Some(volume(None).deleting()));
        assert_eq!(still.owed(&property).len(), 1);
        still.put(Key::Volume(V1), None);
        assert_eq!(still.owed(&property), [""; 0]);
    }
}
