use quiesce_machine::{Observation, Rename, View};

use super::{config, registry_of};
use crate::monitor::Property;
use crate::xaction::{Fact, Node};

/// When a target has ended what a filter names, nothing that the filter names runs there (P9 of the reference, H-8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct AbortsHitEverything {
    seen: bool,
}

impl Property<Node> for AbortsHitEverything {
    const NAME: &'static str = "aborts-hit-everything";
    const CLAIM: &'static str = "when a target has ended what a filter names, nothing that it names runs there";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: &Fact::Swept { filter } } = seen else { return Ok(()) };
        let Some(registry) = registry_of(view, by) else { return Ok(()) };
        self.seen = true;
        let policies = &config(view).policies;
        match registry.running().find(|entry| filter.names(entry, policies)) {
            Some(missed) => {
                let (by, missed) = (view.name(by), format!("{} {}", missed.kind, missed.id));
                Err(format!("{by} has ended all that is named by {filter:?}, and {missed} runs on"))
            }
            None => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Kind;
    use crate::xaction::registry::AbortFilter;

    fn verdict(filter: AbortFilter) -> Result<(), String> {
        let mut still = Still::hosting();
        still.register(T1, job(1), Kind::Lru);
        let mut property = AbortsHitEverything::default();
        let told = still.tell(&mut property, &[(T1, Fact::Swept { filter })]);
        assert!(property.armed());
        told
    }

    #[test]
    fn what_the_filter_does_not_name_may_run_on() {
        assert_eq!(verdict(AbortFilter::Kind(Kind::Resilver)), Ok(()));
    }

    #[test]
    fn what_the_filter_names_must_not() {
        let evidence = verdict(AbortFilter::All).unwrap_err();
        assert_eq!(evidence, "t1 has ended all that is named by All, and lru-eviction x-c1.1.1 runs on");
    }
}
