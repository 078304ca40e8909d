use quiesce_machine::{Observation, View};

use super::store;
use crate::monitor::Property;
use crate::volume::spec::Status;
use crate::volume::{Fact, Node, Reply};

/// S2: a create that is acknowledged is durable by then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AckDurable {
    judged: bool,
}

impl Property<Node> for AckDurable {
    const NAME: &'static str = "ack-durable";
    const CLAIM: &'static str = "a create that is acknowledged is durable by then";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Observation::Fact { by, fact: Fact::Replied { request, reply: Reply::Ok, .. } } = seen else { return Ok(()) };
        let Some(key) = request.key().filter(|_| request.is_put()) else { return Ok(()) };
        self.judged = true;
        match store(view) {
            Some(store) if store.spec(key).is_none_or(|spec| spec.status != Status::Created) => {
                Err(format!("{} says that {key} is created, and the store does not have it so", view.name(*by)))
            }
            Some(_) | None => Ok(()),
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
}
