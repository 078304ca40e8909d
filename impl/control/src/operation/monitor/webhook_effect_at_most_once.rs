use std::collections::BTreeSet;

use quiesce_machine::{Observation, Rename, View};

use super::stated;
use crate::monitor::Property;
use crate::operation::{Fact, JobId, Node};

/// The tenant's system does once at most what an operation asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct WebhookEffectAtMostOnce {
    done: BTreeSet<JobId>,
}

impl Property<Node> for WebhookEffectAtMostOnce {
    const NAME: &'static str = "webhook-effect-at-most-once";
    const CLAIM: &'static str = "the tenant's system does once at most what an operation asks";

    fn observe(&mut self, seen: &Observation<'_, Node>, _: &dyn View<Node>) -> Result<(), String> {
        let (job, again) = match stated(seen) {
            Some((_, &Fact::WebhookEffect { job })) => (job, true),
            Some((_, &Fact::WebhookEffectFound { job })) => (job, false),
            Some(_) | None => return Ok(()),
        };
        let repeated = !self.done.insert(job) && again;
        let times = self.done.iter().filter(|done| done.op == job.op).count() + usize::from(repeated);
        if times == 1 { Ok(()) } else { Err(format!("what {} asks is done {times} times", job.op)) }
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
    fn one_effect_each_is_good_though_it_is_found_again() {
        let mut property = WebhookEffectAtMostOnce::default();
        assert!(!property.armed());
        let found = |op| (TENANT, Fact::WebhookEffectFound { job: JobId { op, attempt: 0 } });
        assert_eq!(Still::new().tell(&mut property, &[done(OP), done(OP2), found(OP), found(op(2))]), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn a_second_effect_is_bad_by_the_same_job_or_another() {
        let other = JobId { op: OP, attempt: 1 };
        for again in [done(OP), (TENANT, Fact::WebhookEffect { job: other }), (TENANT, Fact::WebhookEffectFound { job: other })] {
            let evidence = Still::new().tell(&mut WebhookEffectAtMostOnce::default(), &[done(OP), again]).unwrap_err();
            assert_eq!(evidence, "what op-u1.1.0 asks is done 2 times");
        }
    }
}
