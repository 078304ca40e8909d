use std::collections::BTreeMap;

use quiesce_machine::{Observation, View};

use crate::monitor::Property;
use crate::volume::{Birth, Fact, Key, Node, Status};

/// S5: a resource's stored status only goes forward: creating, created, deleting, gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Monotone {
    last: BTreeMap<Key, (Birth, Option<Status>)>,
}

impl Property<Node> for Monotone {
    const NAME: &'static str = "monotone";
    const CLAIM: &'static str = "a resource's stored status only goes forward: creating, created, deleting, gone";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { fact: &Fact::Stored { key, birth, status }, .. } = seen else { return Ok(()) };
        let before = self.last.insert(key, (birth, status));
        match before {
            Some((was, before)) if was == birth && rank(status) < rank(before) => {
                Err(format!("{key} (born {birth}) was {}, now it is {}", word(before), word(status)))
            }
            Some((was, _)) if birth < was => {
                Err(format!("{key} was born {was}, now an earlier one, born {birth}, is {}", word(status)))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        !self.last.is_empty()
    }
}

fn rank(status: Option<Status>) -> u8 {
    match status {
        Some(Status::Creating) => 0,
        Some(Status::Created) => 1,
        Some(Status::Deleting) => 2,
        None => 3,
    }
}

fn word(status: Option<Status>) -> &'static str {
    ["creating", "created", "deleting", "gone"][usize::from(rank(status))]
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::volume::Role;

    fn stored(number: u16, status: Option<Status>) -> (Role, Fact) {
        (Role::Store, Fact::Stored { key: Key::Volume(V1), birth: birth(number), status })
    }

    #[test]
    fn a_resource_that_goes_forward_and_comes_again_is_good() {
        let mut property = Monotone::default();
        let steps = [(1, Some(Status::Creating)), (1, Some(Status::Created)), (1, Some(Status::Deleting)), (1, None)];
        let history: Vec<_> = steps.into_iter().chain([(2, Some(Status::Creating))]).map(|(n, s)| stored(n, s)).collect();
        assert_eq!(Still::new().tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_created_resource_that_is_creating_again_is_bad() {
        let history = [stored(1, Some(Status::Created)), stored(1, Some(Status::Creating))];
        let evidence = Still::new().tell(&mut Monotone::default(), &history).unwrap_err();
        assert_eq!(evidence, "volume 1 (born 1.1) was created, now it is creating");
    }

    #[test]
    fn an_earlier_life_that_returns_is_bad() {
        let history = [stored(2, Some(Status::Created)), stored(1, Some(Status::Creating))];
        assert!(Still::new().tell(&mut Monotone::default(), &history).is_err());
    }
}
