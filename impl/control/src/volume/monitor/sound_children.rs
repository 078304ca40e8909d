use std::collections::BTreeSet;

use quiesce_machine::{NodeId, Observation, View};

use super::{engine, engines};
use crate::monitor::Property;
use crate::volume::{Fact, Instance, Key, Nexus, Node, Object, Role};

/// S7: a target serves from no replica that missed a write which was acknowledged.
///
/// A replica missed a write if a nexus acknowledged one that it did not get, and every write if it is of an earlier life
/// of the volume. Looked at when a nexus starts: a child that is added later is rebuilt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SoundChildren {
    /// Replicas that missed a write and are not gone.
    missed: BTreeSet<Key>,
    judged: bool,
}

impl Property<Node> for SoundChildren {
    const NAME: &'static str = "sound-children";
    const CLAIM: &'static str = "a target serves from no replica that missed a write which was acknowledged";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Observation::Fact { by, fact } = *seen else { return Ok(()) };
        if let Fact::Missed { replica, .. } = *fact {
            self.missed.insert(replica);
        } else if let Fact::Stored { key, status: None, .. } = *fact {
            self.missed.remove(&key);
        } else if let Fact::Made { object: object @ Instance { key: Key::Nexus(_), .. }, .. } = *fact {
            return self.starts(by, object, view);
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl SoundChildren {
    fn starts(&mut self, by: NodeId, nexus: Instance, view: &dyn View<Node>) -> Result<(), String> {
        let Role::Engine(id) = view.config().cluster.role(by) else { return Ok(()) };
        let object = engine(view, id).and_then(|engine| engine.objects().get(nexus.key));
        let Some((_, Object::Nexus(Nexus { owner: Some(owner), children, .. }))) = object else { return Ok(()) };
        self.judged = true;
        for &child in children.keys().filter(|child| children[child]) {
            let key = Key::Replica(child);
            if self.missed.contains(&key) {
                return Err(format!("{nexus} starts on {id} with {key}, which missed a write"));
            }
            let held = engines(view).find_map(|(_, engine)| engine.objects().replica(child));
            if held.is_some_and(|(_, replica)| replica.owner != Some(*owner)) {
                let volume = owner.volume.0;
                return Err(format!("{nexus} starts on {id} with {key}, which is of an earlier life of volume {volume}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::volume::{Birth, EngineOp, Owner, PoolId, Replica};

    fn starts() -> (Role, Fact) {
        (Role::Engine(E1), Fact::Made { object: made(nexus(5), 5), epoch: 1 })
    }

    fn missed(number: u16) -> (Role, Fact) {
        (Role::Engine(E1), Fact::Missed { nexus: made(nexus(4), 4), replica: replica(number) })
    }

    #[test]
    fn a_replica_that_missed_a_write_is_left_out() {
        let mut still = Still::whole();
        still.serve(E1, 5, &[2]);
        let mut property = SoundChildren::default();
        assert_eq!(still.tell(&mut property, &[missed(3), starts()]), Ok(()));
        assert!(property.armed());
        let evidence = still.tell(&mut property, &[missed(2), starts()]).unwrap_err();
        assert_eq!(evidence, "nexus 1.5 (born 1.5) starts on e1 with replica 1.2, which missed a write");
    }

    #[test]
    fn a_replica_of_an_earlier_life_is_no_child() {
        let mut still = Still::whole();
        let owner = Some(Owner { birth: Birth::default(), ..OWNER });
        let old = Replica { pool: PoolId(1), size: 1, owner, allowed: None, failed: false, shared: false };
        still.call(E2, EngineOp::Create(made(replica(6), 6), Object::Replica(old)));
        still.serve(E1, 5, &[2, 6]);
        let evidence = still.tell(&mut SoundChildren::default(), &[starts()]).unwrap_err();
        let expected = "nexus 1.5 (born 1.5) starts on e1 with replica 1.6, which is of an earlier life of volume 1";
        assert_eq!(evidence, expected);
    }
}
