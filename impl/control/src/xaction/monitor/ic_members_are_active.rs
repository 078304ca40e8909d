use quiesce_machine::{Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Fact, Node};

/// Nobody is in the Information Center while in maintenance or on the way out.
///
/// Registrations and notifications pass such a member over, so what it says of jobs is old.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct IcMembersAreActive {
    judged: bool,
}

impl Property<Node> for IcMembersAreActive {
    const NAME: &'static str = "ic-members-are-active";
    const CLAIM: &'static str = "nobody is in the Information Center while in maintenance or on the way out";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: Fact::MapMade { map } } = seen else { return Ok(()) };
        self.judged = true;
        let idle = map.members().map(|(daemon, _)| daemon).find(|&daemon| map.is_ic(daemon) && !map.is_active(daemon));
        idle.map_or(Ok(()), |idle| Err(format!("{} makes {map}, with {idle} in the IC", view.name(by))))
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Flags;

    fn verdict(staffs_inactive: bool) -> Result<(), String> {
        let still = Still::kept();
        let map = still.changed(|draft| {
            draft.set(P2, Flags::MAINTENANCE);
            draft.staff_ic(2, staffs_inactive);
        });
        still.tell(&mut IcMembersAreActive::default(), &[(P1, Fact::MapMade { map })])
    }

    #[test]
    fn a_member_in_maintenance_outside_the_ic_is_good() {
        assert_eq!(verdict(false), Ok(()));
    }

    #[test]
    fn a_member_in_maintenance_in_the_ic_is_bad() {
        let evidence = verdict(true).unwrap_err();
        assert_eq!(evidence, "p1 makes v3 p1*(ic) p2(ic, maintenance) t1 t2, with p2 in the IC");
    }
}
