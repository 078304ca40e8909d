use quiesce_machine::{Obligation, Observation, View};

use super::{engine, store};
use crate::monitor::Property;
use crate::volume::{Body, Drain, Fact, Key, Node, Spec, Status};

/// L3: what is on its way out is gone in the end, if its node is up.
///
/// A node that is to be drained is on record as drained once no target is left on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Drained {
    judged: bool,
}

impl Property<Node> for Drained {
    const NAME: &'static str = "drained";
    const CLAIM: &'static str = "what is on its way out is gone in the end, if its node is up";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        let deletes = |fact: &Fact| matches!(fact, Fact::Stored { status: Some(Status::Deleting), .. });
        self.judged |= matches!(seen, Observation::Fact { fact, .. } if deletes(fact));
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }

    fn owed(&self, view: &dyn View<Node>, owes: &mut dyn FnMut(Obligation)) {
        for key in leaving(view) {
            owes(Obligation(key.number()));
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Node>) -> String {
        let key = leaving(view).into_iter().find(|key| key.number() == owed.0);
        key.map_or_else(|| "nothing is on its way out".to_owned(), |key| format!("{key} is still on its way out"))
    }
}

fn leaving(view: &dyn View<Node>) -> Vec<Key> {
    let Some(store) = store(view) else { return Vec::new() };
    let up = |node| engine(view, node).is_some();
    let leaving = store.specs().filter(|(_, spec)| spec.status == Status::Deleting && spec.node().is_none_or(up));
    let is_target_on = |node| move |(key, spec): (Key, &Spec)| matches!(key, Key::Nexus(_)) && spec.node() == Some(node);
    let emptied = store.specs().filter(|&(key, spec)| match (key, &spec.body) {
        (Key::Node(node), Body::Node { drain: Drain::Draining, .. }) => !store.specs().any(is_target_on(node)),
        _ => false,
    });
    leaving.chain(emptied).map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn what_is_on_its_way_out_is_owed_while_its_node_is_up() {
        let mut still = Still::whole();
        assert_eq!(still.owed(&Drained::default()), [""; 0]);
        still.put(replica(3), Some(spec(3, replica_body(E2)).deleting()));
        assert_eq!(still.owed(&Drained::default()), ["replica 1.3 is still on its way out"]);
        let node = |drain| Some(spec(9, Body::Node { cordoned: true, drain }));
        still.put(Key::Node(E1), node(Drain::Draining));
        assert_eq!(still.owed(&Drained::default()).len(), 2, "a node without targets is not on record as drained");
        still.put(Key::Node(E1), node(Drain::Drained));
        still.nodes[3] = None;
        assert_eq!(still.owed(&Drained::default()), [""; 0]);
    }
}
