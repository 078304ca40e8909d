use std::collections::BTreeSet;

use quiesce_machine::{Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Fact, Node, XactId};

/// The id that a start answers is one that some target has worked under, or has refused for good, or that a map orders a
/// rebalance by (P6, H-11).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct AnsweredIdsExist {
    known: BTreeSet<XactId>,
    judged: bool,
}

impl Property<Node> for AnsweredIdsExist {
    const NAME: &'static str = "answered-ids-exist";
    const CLAIM: &'static str = "the id that a start answers is one that some target has known, or the map";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { fact: &(Fact::XactBegan { job } | Fact::XactEnded { job, .. }), .. } => {
                self.known.insert(job);
            }
            Observation::Fact { fact: Fact::MapMade { map }, .. } if map.is_settled() => {
                self.known.extend(map.order().map(|order| order.id.xact()));
            }
            Observation::Fact { by, fact: &Fact::StartAnswered { job, .. } } => {
                self.judged = true;
                if !self.known.contains(&job) {
                    return Err(format!("{} is told that {job} has started, which nobody knows", view.name(by)));
                }
            }
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

#[cfg(test)]
mod tests {
    use quiesce_machine::CallId;

    use super::super::testing::*;
    use super::*;

    const ANSWERED: Fact = Fact::StartAnswered { call: CallId(0), job: JOB };

    #[test]
    fn an_id_that_a_target_works_under_is_good() {
        let mut property = AnsweredIdsExist::default();
        assert_eq!(Still::new().tell(&mut property, &[(T1, Fact::XactBegan { job: JOB }), (C1, ANSWERED)]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn an_id_that_no_target_knows_is_bad() {
        let evidence = Still::new().tell(&mut AnsweredIdsExist::default(), &[(C1, ANSWERED)]).unwrap_err();
        assert_eq!(evidence, "c1 is told that x-c1.1.0 has started, which nobody knows");
    }
}
