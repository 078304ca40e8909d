use quiesce_machine::{Obligation, Observation, View};

use super::{engine, has_fit_member, members, owner, shared_object, store, takers};
use crate::monitor::Property;
use crate::volume::{Fact, Key, Node, Spec, Status};

/// L4: a volume comes to have the replicas and the target that are wanted of it, and what is shared is on record so.
///
/// Replicas only as far as there is room for them on nodes that are up, a target and what depends on it only while its
/// node is up, and nothing while no sound replica is: there is nothing to make it whole from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Converge {
    judged: bool,
}

impl Property<Node> for Converge {
    const NAME: &'static str = "converge";
    const CLAIM: &'static str = "a volume comes to have the replicas and the target wanted of it, shared as on record";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        let volume = |fact: &Fact| matches!(fact, Fact::Stored { key: Key::Volume(_), status: Some(Status::Created), .. });
        self.judged |= matches!(seen, Observation::Fact { fact, .. } if volume(fact));
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for (key, _) in short(view) {
            owes(Obligation(key.number()));
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let found = short(view).into_iter().find(|(key, _)| key.number() == owed.0);
        found.map_or_else(|| "every volume is as wanted".to_owned(), |(key, lack)| format!("{key} {lack}"))
    }
}

fn short(view: &dyn View<Node>) -> Vec<(Key, &'static str)> {
    let Some(store) = store(view) else { return Vec::new() };
    let created = store.specs().filter(|(_, spec)| spec.status == Status::Created);
    created.filter_map(|(key, spec)| Some((key, lack(view, key, spec).or_else(|| misshared(view, key, spec))?))).collect()
}

fn misshared(view: &dyn View<Node>, key: Key, spec: &Spec) -> Option<&'static str> {
    let there = shared_object(view, key, spec)?.is_shared()?;
    match spec.is_shared() {
        Some(true) if !there => Some("is not shared, and is so on record"),
        Some(false) if there => Some("is shared, and is not so on record"),
        Some(_) | None => None,
    }
}

fn lack(view: &dyn View<Node>, key: Key, spec: &Spec) -> Option<&'static str> {
    let (store, owner, (want, target)) = (store(view)?, owner(key, spec)?, spec.volume()?);
    if !has_fit_member(view, store, owner) {
        return None;
    }
    let count = members(store, owner).count();
    let reachable = target.is_none_or(|target| engine(view, target.node).is_some());
    if count < usize::from(want.replicas) && reachable && takers(view, Some(owner), want).count() > 0 {
        return Some("has fewer replicas than wanted, and there is room");
    }
    if count > usize::from(want.replicas) {
        return Some("has more replicas than wanted");
    }
    let target = target?;
    let engine = engine(view, target.node)?;
    match engine.objects().children(target.nexus) {
        None => Some("is published, and its target is not there"),
        Some(children) => {
            let whole = children.len() == count
                && members(store, owner).all(|(key, _)| children.keys().any(|&child| Key::Replica(child) == key));
            let healthy = children.values().all(|&healthy| healthy);
            match (whole, healthy) {
                (false, _) => Some("has a target that does not use its replicas"),
                (true, false) => Some("has a replica that its target goes without"),
                (true, true) => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::volume::{Role, Target, ToEngine, Uuid};

    #[test]
    fn a_volume_with_more_replicas_than_wanted_is_owed() {
        let mut still = Still::whole();
        assert_eq!(still.owed(&Converge::default()), [""; 0]);
        still.put(replica(4), Some(spec(4, replica_body(E2))));
        assert_eq!(still.owed(&Converge::default()), ["volume 1 has more replicas than wanted"]);
    }

    #[test]
    fn a_volume_that_lacks_a_replica_is_owed_one_while_there_is_room_on_a_node_that_is_up() {
        let mut still = Still::whole();
        still.put(replica(3), None);
        assert_eq!(still.owed(&Converge::default()), ["volume 1 has fewer replicas than wanted, and there is room"]);
        still.nodes[3] = None;
        assert_eq!(still.owed(&Converge::default()), [""; 0], "e2 is down");
    }

    #[test]
    fn a_published_volume_is_owed_until_its_target_has_every_replica() {
        let mut still = Still::whole();
        let target = Target { nexus: Uuid::Minted(birth(4)), node: E1, shared: true };
        still.put(Key::Volume(V1), Some(volume(Some(target))));
        assert_eq!(still.owed(&Converge::default()), ["volume 1 is published, and its target is not there"]);
        still.serve(E1, 4, &[2]);
        assert_eq!(still.owed(&Converge::default()), ["volume 1 has a target that does not use its replicas"]);
        still.call(E1, crate::volume::EngineOp::AddChild(made(nexus(4), 4), Uuid::Minted(birth(3))));
        assert_eq!(still.owed(&Converge::default()), [""; 0]);
        still.call(E1, crate::volume::EngineOp::Share(made(nexus(4), 4), false));
        assert_eq!(still.owed(&Converge::default()), ["volume 1 is not shared, and is so on record"]);
        still.call(E1, crate::volume::EngineOp::Share(made(nexus(4), 4), true));
        still.deliver(Role::Engine(E2), Role::Engine(E1), ToEngine::IoError { replica: replica(3) });
        assert_eq!(still.owed(&Converge::default()), ["volume 1 has a replica that its target goes without"]);
    }
}
