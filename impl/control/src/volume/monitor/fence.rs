use std::collections::BTreeMap;

use quiesce_machine::{NodeId, Observation, View};

use crate::monitor::Property;
use crate::volume::{Fact, Node, Role};

/// S4: once a leader knows that an engine heard of its epoch, no call of an earlier epoch changes anything there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fence {
    claimed: BTreeMap<NodeId, u16>,
}

impl Property<Node> for Fence {
    const NAME: &'static str = "fence";
    const CLAIM: &'static str = "no call of a deposed agent changes anything on an engine that its successor has claimed";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact } = seen else { return Ok(()) };
        match *fact {
            Fact::Claimed { engine, epoch } => {
                let claimed = self.claimed.entry(view.config().cluster.node(Role::Engine(engine))).or_default();
                *claimed = epoch.max(*claimed);
            }
            Fact::Made { object, epoch }
            | Fact::Destroyed { object, epoch }
            | Fact::Changed { object, epoch }
            | Fact::ChildRemoved { nexus: object, epoch, .. } => {
                let claimed = self.claimed.get(&by).copied().unwrap_or_default();
                if epoch < claimed {
                    let by = view.name(by);
                    return Err(format!("{by} changes {object} for epoch {epoch}, and epoch {claimed} has claimed it"));
                }
            }
            Fact::Asked { .. }
            | Fact::Answered { .. }
            | Fact::Admitted { .. }
            | Fact::Replied { .. }
            | Fact::Leads { .. }
            | Fact::SteppedDown { .. }
            | Fact::Stored { .. }
            | Fact::Vouched { .. }
            | Fact::DiskFailed { .. }
            | Fact::Missed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        !self.claimed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_call_of_an_earlier_epoch_is_good_until_the_engine_is_claimed() {
        let call = |engine, epoch| (Role::Engine(engine), Fact::Made { object: made(replica(2), 2), epoch });
        let claim = (A1, Fact::Claimed { engine: E1, epoch: 2 });
        let mut property = Fence::default();
        let good = [call(E1, 1), claim, call(E1, 2), call(E2, 1)];
        assert_eq!(Still::new().tell(&mut property, &good), Ok(()));
        assert!(property.armed());
        let evidence = Still::new().tell(&mut property, &[call(E1, 1)]).unwrap_err();
        assert_eq!(evidence, "e1 changes replica 1.2 (born 1.2) for epoch 1, and epoch 2 has claimed it");
    }
}
