use quiesce_machine::{Obligation, Observation, View};

use super::{engine, leader, store};
use crate::monitor::Property;
use crate::volume::{Fact, Key, Node, Spec, Status};

/// L2: every operation is resolved in the end, in the store and in the leader's memory.
///
/// What is on its way out waits for its node to be up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clean {
    judged: bool,
}

impl Property<Node> for Clean {
    const NAME: &'static str = "clean";
    const CLAIM: &'static str = "every operation is resolved in the end, in the store and in the leader's memory";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        self.judged |= matches!(seen, Observation::Fact { fact: Fact::Admitted { .. }, .. });
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for (key, _, _) in dirty(view) {
            owes(Obligation(key.number()));
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        match dirty(view).into_iter().find(|(key, ..)| key.number() == owed.0) {
            Some((key, spec, place)) => format!("{:?} of {key} is unresolved {place}", spec.operation),
            None => "everything is resolved".to_owned(),
        }
    }
}

fn dirty(view: &dyn View<Node>) -> Vec<(Key, &Spec, &'static str)> {
    let stored = store(view).into_iter().flat_map(|store| store.specs()).map(|(key, spec)| (key, spec, "in the store"));
    let known = leader(view).into_iter().flat_map(|leader| leader.specs());
    let known = known.map(|(key, spec)| (key, spec, "in the leader's memory"));
    let waits = |spec: &Spec| {
        spec.status == Status::Deleting && spec.node().is_some_and(|node| engine(view, node).is_none())
    };
    let mut found: Vec<_> = stored.chain(known).filter(|(_, spec, _)| spec.is_dirty() && !waits(spec)).collect();
    found.sort_by_key(|&(key, ..)| key);
    found.dedup_by_key(|&mut (key, ..)| key);
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn an_operation_is_owed_until_its_record_is_gone() {
        let mut still = Still::whole();
        let property = Clean::default();
        assert_eq!(still.owed(&property), [""; 0]);
        still.put(Key::Volume(V1), Some(volume(None).deleting()));
        assert_eq!(still.owed(&property), ["Some(Destroy) of volume 1 is unresolved in the store"]);
    }
}
