use quiesce_machine::{Observation, View};

use crate::monitor::Property;
use crate::volume::{Fact, Node};

/// S7: no nexus loses its last healthy child by order of the control plane.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LastHealthy {
    judged: bool,
}

impl Property<Node> for LastHealthy {
    const NAME: &'static str = "last-healthy";
    const CLAIM: &'static str = "no nexus loses its last healthy child by order of the control plane";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: &Fact::ChildRemoved { nexus, child, healthy, .. } } => {
                self.judged = true;
                match healthy {
                    0 => Err(format!("{} takes child {child} from {nexus}, its last healthy one", view.name(by))),
                    _ => Ok(()),
                }
            }
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::volume::{Role, Uuid};

    #[test]
    fn a_child_may_go_while_another_is_healthy() {
        let removed = |healthy| {
            let (nexus, child) = (made(nexus(4), 4), Uuid::Minted(birth(2)));
            (Role::Engine(E1), Fact::ChildRemoved { nexus, child, healthy, epoch: 1 })
        };
        let mut property = LastHealthy::default();
        assert_eq!(Still::new().tell(&mut property, &[removed(1)]), Ok(()));
        assert!(property.armed());
        let evidence = Still::new().tell(&mut property, &[removed(0)]).unwrap_err();
        assert_eq!(evidence, "e1 takes child 1.2 from nexus 1.4 (born 1.4), its last healthy one");
    }
}
