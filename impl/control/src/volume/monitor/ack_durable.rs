use std::collections::BTreeSet;

use quiesce_machine::{Observation, View};

use super::store;
use crate::monitor::Property;
use crate::volume::spec::Status;
use crate::volume::{Fact, Key, Node, Reply};

/// S2: a create that is acknowledged is durable by then, and still there for every later leader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AckDurable {
    judged: bool,
    /// What was acknowledged and is not on its way out.
    acknowledged: BTreeSet<Key>,
}

impl Property<Node> for AckDurable {
    const NAME: &'static str = "ack-durable";
    const CLAIM: &'static str = "a create that is acknowledged is durable by then, and for every later leader";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Observation::Fact { by, fact } = *seen else { return Ok(()) };
        let created = |key: Key| store(view).is_none_or(|store| {
            store.spec(key).is_some_and(|spec| spec.status == Status::Created)
        });
        match fact {
            Fact::Stored { key, status: None | Some(Status::Deleting), .. } => _ = self.acknowledged.remove(key),
            Fact::Leads { .. } => {
                if let Some(key) = self.acknowledged.iter().find(|&&key| !created(key)) {
                    return Err(format!("{} leads, and {key} is forgotten, which was acknowledged", view.name(by)));
                }
            }
            Fact::Replied { request, reply: Reply::Ok, .. } if request.is_put() => {
                let Some(key) = request.key() else { return Ok(()) };
                self.judged = true;
                if !created(key) {
                    let by = view.name(by);
                    return Err(format!("{by} says that {key} is created, and the store does not have it so"));
                }
                self.acknowledged.insert(key);
            }
            Fact::Replied { .. }
            | Fact::Stored { .. }
            | Fact::Asked { .. }
            | Fact::Answered { .. }
            | Fact::Admitted { .. }
            | Fact::Claimed { .. }
            | Fact::SteppedDown { .. }
            | Fact::Made { .. }
            | Fact::Destroyed { .. }
            | Fact::ChildRemoved { .. }
            | Fact::Changed { .. }
            | Fact::Vouched { .. }
            | Fact::DiskFailed { .. }
            | Fact::Missed { .. } => (),
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
    use crate::volume::Role;

    #[test]
    fn an_acknowledged_create_in_the_store_is_good() {
        let mut property = AckDurable::default();
        assert_eq!(Still::whole().tell(&mut property, &[replied(0, put_volume(), Reply::Ok)]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn an_acknowledged_create_that_the_store_lacks_is_bad() {
        let evidence =
            Still::new().tell(&mut AckDurable::default(), &[replied(0, put_volume(), Reply::Ok)]).unwrap_err();
        assert_eq!(evidence, "a1 says that volume 1 is created, and the store does not have it so");
    }

    #[test]
    fn what_was_acknowledged_is_there_for_the_next_leader_unless_it_was_to_go() {
        let mut property = AckDurable::default();
        Still::whole().tell(&mut property, &[replied(0, put_volume(), Reply::Ok)]).unwrap();
        let leads = (A1, Fact::Leads { epoch: 2 });
        assert_eq!(Still::whole().tell(&mut property, std::slice::from_ref(&leads)), Ok(()));
        let evidence = Still::new().tell(&mut property.clone(), std::slice::from_ref(&leads)).unwrap_err();
        assert_eq!(evidence, "a1 leads, and volume 1 is forgotten, which was acknowledged");
        let goes = Fact::Stored { key: Key::Volume(V1), birth: BORN, status: Some(Status::Deleting) };
        assert_eq!(Still::new().tell(&mut property, &[(Role::Store, goes), leads]), Ok(()));
    }
}
