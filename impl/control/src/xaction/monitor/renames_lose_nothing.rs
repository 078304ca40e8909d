use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{NodeId, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Fact, Kind, Node, Snap, XactId};

/// The source of a rename is taken away only when the job has ended well on every target that took part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct RenamesLoseNothing {
    begun: BTreeMap<XactId, BTreeSet<NodeId>>,
    ended_well: BTreeSet<(XactId, NodeId)>,
    judged: bool,
}

impl Property<Node> for RenamesLoseNothing {
    const NAME: &'static str = "renames-lose-nothing";
    const CLAIM: &'static str = "the source of a rename is taken away only when the job has ended well on every target";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact } = seen else { return Ok(()) };
        if let &Fact::XactRegistered { job, kind: Kind::MoveBck, .. } = fact {
            self.begun.entry(job).or_default().insert(by);
        } else if let &Fact::XactEnded { job, snap: Snap::Finished } = fact {
            self.ended_well.insert((job, by));
        } else if let &Fact::BucketRenamed { job } = fact {
            self.judged = true;
            let begun = self.begun.remove(&job).unwrap_or_default();
            if let Some(&missing) = begun.iter().find(|&&target| !self.ended_well.contains(&(job, target))) {
                let (who, target) = (view.name(by), view.name(missing));
                return Err(format!("{who} takes away what {job} renames, and {target} has not done its part"));
            }
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    /// What is said of a rename that two targets began and so many did.
    fn verdict(done: usize) -> Result<(), String> {
        let mut still = Still::hosting();
        let mut history: Vec<_> = [T1, T2].map(|target| (target, still.begin(target, JOB, Kind::MoveBck))).to_vec();
        history.extend([T1, T2].into_iter().take(done).map(|target| (target, ended(Snap::Finished))));
        history.push((P1, Fact::BucketRenamed { job: JOB }));
        still.tell(&mut RenamesLoseNothing::default(), &history)
    }

    #[test]
    fn a_source_that_goes_after_the_last_part_is_good() {
        assert_eq!(verdict(2), Ok(()));
    }

    #[test]
    fn a_source_that_goes_before_is_bad() {
        let evidence = verdict(1).unwrap_err();
        assert_eq!(evidence, "p1 takes away what x-c1.1.0 renames, and t2 has not done its part");
    }
}
