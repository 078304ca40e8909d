use quiesce_machine::{Obligation, Observation, View};

use super::{engine, engines, has_fit_member, store};
use crate::monitor::Property;
use crate::volume::record::Missed;
use crate::volume::store::Store;
use crate::volume::{Body, EngineId, Fact, Instance, Key, Node, Spec, Status};

/// L1: what engines hold and what the store speaks of come to pair up; so do its records of missed writes and what they
/// are about, a replica or a nexus.
///
/// Only nodes that are up are looked at, and no target of a volume without a sound replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoOrphan {
    judged: bool,
}

impl Property<Node> for NoOrphan {
    const NAME: &'static str = "no-orphan";
    const CLAIM: &'static str = "what engines hold and what the store speaks of come to pair up";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        self.judged |= matches!(seen, Observation::Fact { fact: Fact::Made { .. }, .. });
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        unpaired(view, &mut |number, _| owes(Obligation(number)));
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let mut sentence = "everything pairs up".to_owned();
        unpaired(view, &mut |number, text| {
            if number == owed.0 {
                sentence = text;
            }
        });
        sentence
    }
}

/// Each object without a spec, then each spec without its object, then each record of a write that nothing missed.
fn unpaired(view: &dyn View<Node>, found: &mut dyn FnMut(u64, String)) {
    let Some(store) = store(view) else { return };
    for (id, engine) in engines(view) {
        for (instance, _) in engine.objects().iter() {
            if store.spec(instance.key).is_none_or(|spec| spec.birth != instance.birth) {
                found(number(instance.key, id, false), format!("{instance} is on {id}, and no spec speaks of it"));
            }
        }
    }
    let unusable = |spec: &Spec| {
        matches!(spec.body, Body::Nexus { owner: Some(owner), .. } if !has_fit_member(view, store, owner))
    };
    for (key, spec) in store.specs().filter(|(_, spec)| spec.status == Status::Created && !unusable(spec)) {
        let instance = Instance { key, birth: spec.birth };
        if let Some(id) = spec.node()
            && engine(view, id).is_some_and(|engine| !engine.objects().has(instance))
        {
            found(number(key, id, true), format!("{instance} should be on {id}, and is not"));
        }
    }
    forgotten(store, found);
}

fn forgotten(store: &Store, found: &mut dyn FnMut(u64, String)) {
    for &Missed { nexus, replica } in store.missed() {
        let (nexus, replica) = (Key::Nexus(nexus), Key::Replica(replica));
        if store.spec(nexus).is_none() && store.spec(replica).is_none() {
            let sentence = format!("it is on record that {replica} missed writes of {nexus}, and neither is there");
            found(replica.number() | 1 << 54, sentence);
        }
    }
}

fn number(key: Key, engine: EngineId, missing: bool) -> u64 {
    key.number() | u64::from(engine.0) << 56 | u64::from(missing) << 55
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::volume::EngineOp;

    #[test]
    fn what_pairs_up_owes_nothing() {
        assert_eq!(Still::whole().owed(&NoOrphan::default()), [""; 0]);
    }

    #[test]
    fn an_object_without_a_spec_and_a_spec_without_an_object_are_owed() {
        let mut still = Still::whole();
        still.put(replica(2), None);
        still.call(E2, EngineOp::Destroy(made(replica(3), 3)));
        assert_eq!(
            still.owed(&NoOrphan::default()),
            [
                "replica 1.2 (born 1.2) is on e1, and no spec speaks of it",
                "replica 1.3 (born 1.3) should be on e2, and is not"
            ]
        );
        still.nodes[2] = None;
        assert_eq!(still.owed(&NoOrphan::default()).len(), 1, "a node that is down is not looked at");
    }
}
