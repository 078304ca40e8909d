use quiesce_machine::{Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{DaemonId, Fact, Node};

/// At most one target is on its way out at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct OneChangeAtATime {
    judged: bool,
}

impl Property<Node> for OneChangeAtATime {
    const NAME: &'static str = "one-change-at-a-time";
    const CLAIM: &'static str = "at most one target is on its way out at a time";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: Fact::MapMade { map } } = seen else { return Ok(()) };
        if !map.is_settled() {
            return Ok(());
        }
        let leaving: Vec<DaemonId> = map.draft().leaving_targets().into_iter().collect();
        self.judged |= !leaving.is_empty();
        if leaving.len() < 2 {
            return Ok(());
        }
        Err(format!("{} has {leaving:?} on their way out at once: {map}", view.name(by)))
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

    fn verdict(targets: &[DaemonId]) -> Result<(), String> {
        let still = Still::kept();
        let map = still.changed(|draft| targets.iter().for_each(|&target| draft.set(target, Flags::DECOMMISSION)));
        still.tell(&mut OneChangeAtATime::default(), &[(P1, Fact::MapMade { map })])
    }

    #[test]
    fn one_target_on_its_way_out_is_good() {
        assert_eq!(verdict(&[T1]), Ok(()));
    }

    #[test]
    fn two_at_once_are_bad() {
        let evidence = verdict(&[T1, T2]).unwrap_err();
        let map = "v3 p1*(ic) p2(ic) t1(decommission) t2(decommission)";
        assert_eq!(evidence, format!("p1 has [t1, t2] on their way out at once: {map}"));
    }
}
