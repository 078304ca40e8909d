use std::collections::BTreeMap;

use quiesce_machine::{CallId, NodeId, Obligation, Observation, View};

use super::{leader, store};
use crate::monitor::Property;
use crate::volume::{Fact, Key, Node, Reply, Request, Role, Status};

/// L5: every request is answered, and a create that meets no rival is never told of one.
///
/// A create that is asked for again ends 200, or 422 if the resource is there. Rivals are other open requests about the
/// same resource, leftovers of earlier ones, and what the leader is doing about the resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RetrySafe {
    open: BTreeMap<(NodeId, CallId), Open>,
    seen: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Open {
    key: Option<Key>,
    /// Whether a conflict would be somebody's doing.
    rival: bool,
}

impl Property<Node> for RetrySafe {
    const NAME: &'static str = "retry-safe";
    const CLAIM: &'static str = "every request is answered, and a create that meets no rival is never told of one";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: Fact::Asked { call, request } } => self.asked(by, *call, request, view),
            Observation::Fact { by, fact: Fact::Answered { call, .. } } => _ = self.open.remove(&(by, *call)),
            Observation::Fact { fact: Fact::Replied { user, call, request, reply }, .. } => {
                let user = view.config().cluster.node(Role::User(*user));
                return self.replied(user, *call, request, *reply, view);
            }
            Observation::Fact { fact: Fact::Leads { .. }, .. } => {
                self.open.values_mut().for_each(|open| open.rival = true);
            }
            Observation::Crashed { node, .. } => self.open.retain(|&(user, _), _| user != node),
            Observation::Fact { .. } | Observation::Started { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.seen
    }

    fn owed(&self, _: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for &(user, call) in self.open.keys() {
            owes(Obligation(u64::from(user.0) << 32 | u64::from(call.0)));
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let low = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).expect("32 bits");
        format!("call {} of {} has not been answered", low(owed.0), view.name(NodeId(low(owed.0 >> 32))))
    }
}

impl RetrySafe {
    fn asked(&mut self, by: NodeId, call: CallId, request: &Request, view: &dyn View<Node>) {
        self.seen = true;
        let key = request.key();
        let mut rival = leader(view).is_none();
        for open in self.open.values_mut().filter(|open| open.key == key) {
            (open.rival, rival) = (true, true);
        }
        let stored = key.and_then(|key| store(view)?.spec(key));
        rival |= stored.is_some_and(|spec| spec.status != Status::Created) || store(view).is_none();
        rival |= key.is_some_and(|key| leader(view).is_some_and(|leader| leader.is_busy(key)));
        self.open.insert((by, call), Open { key, rival });
    }

    fn replied(
        &self,
        user: NodeId,
        call: CallId,
        request: &Request,
        reply: Reply,
        view: &dyn View<Node>,
    ) -> Result<(), String> {
        let (Some(key), Reply::Conflict, true) = (request.key(), reply, request.is_put()) else { return Ok(()) };
        let Some(open) = self.open.get(&(user, call)) else { return Ok(()) };
        let idle = leader(view).is_some_and(|leader| !leader.is_busy(key));
        let there = store(view).and_then(|store| store.spec(key)).is_some_and(|spec| spec.status == Status::Created);
        let user = view.name(user);
        match (idle, there, open.rival) {
            (true, true, _) => Err(format!("call {} of {user} is told of a conflict: {key} is there, and idle", call.0)),
            (true, false, false) => Err(format!("call {} of {user} is told of a conflict about {key}, and has no rival", call.0)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_request_is_owed_until_it_is_answered() {
        let (still, mut property) = (Still::new(), RetrySafe::default());
        still.tell(&mut property, &[asked(0, put_volume())]).unwrap();
        assert_eq!(still.owed(&property), ["call 0 of u1 has not been answered"]);
        still.tell(&mut property, &[answered(0, put_volume(), Reply::Ok)]).unwrap();
        assert_eq!(still.owed(&property), [""; 0]);
        assert!(property.armed());
    }

    #[test]
    fn a_conflict_is_good_with_a_rival_and_bad_without() {
        let still = Still::new();
        let conflict = replied(0, put_volume(), Reply::Conflict);
        let rivals = [asked(0, put_volume()), asked(1, put_volume()), conflict.clone()];
        assert_eq!(still.tell(&mut RetrySafe::default(), &rivals), Ok(()));
        let evidence = still.tell(&mut RetrySafe::default(), &[asked(0, put_volume()), conflict]).unwrap_err();
        assert_eq!(evidence, "call 0 of u1 is told of a conflict about volume 1, and has no rival");
    }

    #[test]
    fn a_repeated_create_must_not_be_told_of_a_conflict() {
        let mut still = Still::new();
        still.put(Key::Volume(V1), Some(volume(None)));
        let history = [asked(0, put_volume()), replied(0, put_volume(), Reply::Conflict)];
        assert!(still.tell(&mut RetrySafe::default(), &history).is_err());
    }
}
