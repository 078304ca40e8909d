use quiesce_machine::{Observation, Rename, View};

use super::stated;
use crate::monitor::Property;
use crate::operation::{Fact, Node};

/// A controller that tries a webhook again waits for as long as the webhook asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct RetriesWait {
    seen: bool,
}

impl Property<Node> for RetriesWait {
    const NAME: &'static str = "retries-wait";
    const CLAIM: &'static str = "a controller that tries a webhook again waits for as long as the webhook asks";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let Some((by, &Fact::RetryDelayed { op, after, interval })) = stated(seen) else { return Ok(()) };
        self.seen = true;
        if after >= interval {
            return Ok(());
        }
        Err(format!("{} tries {op} again in {after:?}, its webhook asks for {interval:?}", view.name(by)))
    }

    fn armed(&self) -> bool {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::*;
    use super::*;

    fn delayed(after: Duration) -> [(crate::operation::ProcessId, Fact); 1] {
        [(O1, Fact::RetryDelayed { op: OP, after, interval: Duration::from_secs(5) })]
    }

    #[test]
    fn waiting_for_the_interval_or_longer_is_good() {
        let mut property = RetriesWait::default();
        assert!(!property.armed());
        assert_eq!(Still::new().tell(&mut property, &delayed(Duration::from_secs(5))), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn waiting_for_less_is_bad() {
        let history = delayed(Duration::from_nanos(5));
        let evidence = Still::new().tell(&mut RetriesWait::default(), &history).unwrap_err();
        assert_eq!(evidence, "o1 tries op-u1.1.0 again in 5ns, its webhook asks for 5s");
    }
}
