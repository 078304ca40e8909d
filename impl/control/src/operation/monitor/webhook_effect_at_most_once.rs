use std::collections::BTreeMap;

use quiesce_machine::{Observation, View};

use super::stated;
use crate::monitor::Property;
use crate::operation::{CorrelationId, Fact, Node};

/// The tenant's system does once at most what an operation asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct WebhookEffectAtMostOnce {
    done: BTreeMap<CorrelationId, u8>,
}

impl Property<Node> for WebhookEffectAtMostOnce {
    const NAME: &'static str = "webhook-effect-at-most-once";
    const CLAIM: &'static str = "the tenant's system does once at most what an operation asks";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        let Some((_, &Fact::WebhookEffect { op })) = stated(seen) else { return Ok(()) };
        let times = self.done.entry(op).or_insert(0);
        *times = times.saturating_add(1);
        if *times == 1 { Ok(()) } else { Err(format!("what {op} asks is done {times} times")) }
    }

    fn armed(&self) -> bool {
        !self.done.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn one_effect_each_is_good() {
        let mut property = WebhookEffectAtMostOnce::default();
        assert!(!property.armed());
        let history = [OP, OP2].map(|op| (TENANT, Fact::WebhookEffect { op }));
        assert_eq!(Still::new().tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_second_effect_is_bad() {
        let history = [OP, OP].map(|op| (TENANT, Fact::WebhookEffect { op }));
        let evidence = Still::new().tell(&mut WebhookEffectAtMostOnce::default(), &history).unwrap_err();
        assert_eq!(evidence, "what op-u1.1.0 asks is done 2 times");
    }
}
