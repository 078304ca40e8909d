use std::collections::BTreeMap;

use quiesce_machine::{NodeId, Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Fact, Node, Smap, Version};

/// Two maps of one version say the same: a version names one map, and so versions have an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct MapVersionsAreOne {
    maps: BTreeMap<Version, (NodeId, Smap)>,
}

impl Property<Node> for MapVersionsAreOne {
    const NAME: &'static str = "map-versions-are-one";
    const CLAIM: &'static str = "two cluster maps of one version say the same";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: Fact::MapMade { map } } = seen else { return Ok(()) };
        let (first, known) = self.maps.entry(map.version()).or_insert_with(|| (by, map.clone()));
        if known == map {
            return Ok(());
        }
        Err(format!("{} made {known}, now {} makes {map}", view.name(*first), view.name(by)))
    }

    fn armed(&self) -> bool {
        !self.maps.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn one_map_a_version_is_good() {
        let (still, mut property) = (Still::kept(), MapVersionsAreOne::default());
        let next = still.changed(|draft| draft.remove(T2));
        let history = [Fact::MapMade { map: still.map() }, Fact::MapMade { map: next }].map(|fact| (P1, fact));
        assert_eq!(still.tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn two_maps_of_one_version_are_bad() {
        let still = Still::kept();
        let (one, other) = (still.changed(|draft| draft.remove(T1)), still.changed(|draft| draft.remove(T2)));
        let history = [(P1, Fact::MapMade { map: one }), (P2, Fact::MapMade { map: other })];
        let evidence = still.tell(&mut MapVersionsAreOne::default(), &history).unwrap_err();
        assert_eq!(evidence, "p1 made v2 p1*(ic) p2(ic) t2, now p2 makes v2 p1*(ic) p2(ic) t1");
    }
}
