use std::collections::BTreeSet;

use quiesce_machine::{Observation, View};

use crate::monitor::Property;
use crate::volume::{Birth, Fact, Key, Node};

/// S3: nothing is made that was not written down before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpecFirst {
    written: BTreeSet<(Key, Birth)>,
}

impl Property<Node> for SpecFirst {
    const NAME: &'static str = "spec-first";
    const CLAIM: &'static str = "nothing is made that was not written down before";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { fact: &Fact::Stored { key, birth, .. }, .. } => _ = self.written.insert((key, birth)),
            Observation::Fact { by, fact: &Fact::Made { object, .. } }
                if !self.written.contains(&(object.key, object.birth)) =>
            {
                return Err(format!("{} makes {object}, which nobody wrote down", view.name(by)));
            }
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        !self.written.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::volume::{Role, Status};

    #[test]
    fn what_was_written_down_may_be_made_and_nothing_else() {
        let mut property = SpecFirst::default();
        let stored = Fact::Stored { key: replica(2), birth: birth(2), status: Some(Status::Creating) };
        let make = |number| (Role::Engine(E1), Fact::Made { object: made(replica(2), number), epoch: 1 });
        assert_eq!(Still::new().tell(&mut property, &[(Role::Store, stored), make(2)]), Ok(()));
        assert!(property.armed());
        let evidence = Still::new().tell(&mut property, &[make(3)]).unwrap_err();
        assert_eq!(evidence, "e1 makes replica 1.2 (born 1.3), which nobody wrote down");
    }
}
