use std::collections::BTreeMap;

use quiesce_machine::{Observation, View};

use super::{engines, store};
use crate::monitor::Property;
use crate::volume::{EngineId, Fact, Instance, Key, Nexus, Node, Object, Owner, Spec, Uuid};

/// S6: at most one nexus of a volume can write.
///
/// A volume that was deleted and created again is another volume: its replicas are.
///
/// A nexus can write unless a replica among its children accepts another nexus alone: it would have to leave that child
/// out, and an engine leaves no child out by itself while a replica refuses it. Nor can it write to a replica that is
/// nowhere. Where one may be on a node that is down, only the volume's latest nexus on record can write: the store takes
/// from no other that a child missed a write. Looked at whenever an engine changes anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OneTarget {
    judged: bool,
}

impl Property<Node> for OneTarget {
    const NAME: &'static str = "one-target";
    const CLAIM: &'static str = "at most one nexus of a volume can write";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Observation::Fact { fact, .. } = seen else { return Ok(()) };
        self.judged |= matches!(fact, Fact::Made { object: Instance { key: Key::Nexus(_), .. }, .. });
        if !fact.is_change() {
            return Ok(());
        }
        let mut writers: BTreeMap<Owner, (Instance, EngineId)> = BTreeMap::new();
        for (id, engine) in engines(view) {
            for (instance, object) in engine.objects().iter() {
                let Object::Nexus(Nexus { owner: Some(owner), children, .. }) = object else { continue };
                if !children.keys().all(|&child| accepts(view, child, instance, *owner)) {
                    continue;
                }
                if let Some((other, at)) = writers.insert(*owner, (instance, id)) {
                    let volume = owner.volume.0;
                    return Err(format!("{other} on {at} and {instance} on {id} can both write to volume {volume}"));
                }
            }
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

fn accepts(view: &dyn View<Node>, child: Uuid, nexus: Instance, owner: Owner) -> bool {
    let found = engines(view).find_map(|(_, engine)| engine.objects().replica(child));
    match found {
        Some((_, replica)) => replica.allowed.is_none_or(|allowed| allowed == nexus.birth),
        None => engines(view).count() < view.config().cluster.engines().count() && is_latest(view, nexus, owner),
    }
}

/// Whether the store has no later nexus of the volume on record.
fn is_latest(view: &dyn View<Node>, nexus: Instance, owner: Owner) -> bool {
    let later = |(key, spec): (Key, &Spec)| {
        matches!(key, Key::Nexus(_)) && spec.owner() == Some(owner) && spec.birth > nexus.birth
    };
    store(view).is_some_and(|store| !store.specs().any(later))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::volume::{Body, EngineOp, Role};

    fn verdict(still: &Still) -> Result<(), String> {
        let history = [(Role::Engine(E2), Fact::Made { object: made(nexus(5), 5), epoch: 1 })];
        still.tell(&mut OneTarget::default(), &history)
    }

    #[test]
    fn an_old_nexus_that_a_replica_refuses_is_no_target() {
        let mut still = Still::whole();
        still.serve(E1, 4, &[2, 3]);
        still.call(E2, EngineOp::Allow(made(replica(3), 3), birth(5)));
        still.serve(E2, 5, &[3]);
        assert_eq!(verdict(&still), Ok(()));
    }

    #[test]
    fn an_old_nexus_that_loses_the_child_that_refused_it_is_bad() {
        let mut still = Still::whole();
        still.serve(E1, 4, &[2, 3]);
        still.call(E2, EngineOp::Allow(made(replica(3), 3), birth(5)));
        still.serve(E2, 5, &[3]);
        still.call(E1, EngineOp::RemoveChild(made(nexus(4), 4), Uuid::Minted(birth(3))));
        let removed = Fact::ChildRemoved { nexus: made(nexus(4), 4), child: Uuid::Minted(birth(3)), healthy: 1, epoch: 1 };
        assert!(still.tell(&mut OneTarget::default(), &[(Role::Engine(E1), removed)]).is_err());
    }

    #[test]
    fn an_old_nexus_with_a_child_on_a_node_that_is_down_is_no_target_once_another_is_on_record() {
        let mut still = Still::whole();
        still.serve(E1, 4, &[3]);
        still.serve(E1, 5, &[2]);
        still.nodes[3] = None;
        assert!(verdict(&still).is_err(), "e2 is down, and nothing says which is the later one");
        still.put(nexus(5), Some(spec(5, Body::Nexus { node: E1, owner: Some(OWNER), children: Vec::new() })));
        assert_eq!(verdict(&still), Ok(()));
    }

    #[test]
    fn two_nexuses_that_every_replica_accepts_are_bad() {
        let mut still = Still::whole();
        still.serve(E1, 4, &[2, 3]);
        still.serve(E2, 5, &[3]);
        let evidence = verdict(&still).unwrap_err();
        assert_eq!(
            evidence,
            "nexus 1.4 (born 1.4) on e1 and nexus 1.5 (born 1.5) on e2 can both write to volume 1"
        );
    }
}
