//! What becomes of a write that is issued: durable and when, or not, and what its node is told.
//!
//! Judged once, when issued. Owns the rules in force, not the writes on their way.

use quiesce_machine::{Delay, Node, NodeId, StoreError};

use crate::draws::{About, Hand};
use crate::faults::Faults;
use crate::random::Purpose;
use crate::{Action, Plan, StoreFault, StoreFaults};

/// What becomes of a write when its time comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Landing {
    /// Whether it changes the store.
    pub(crate) applied: bool,
    /// What its node is told.
    pub(crate) told: Result<(), StoreError>,
}

impl Landing {
    pub(crate) const DURABLE: Landing = Landing { applied: true, told: Ok(()) };
    pub(crate) const FAILED: Landing = Landing { applied: false, told: Err(StoreError::Failed) };

    pub(crate) fn unknown(applied: bool) -> Self {
        Landing { applied, told: Err(StoreError::Unknown) }
    }
}

/// The state of every store's way to durability.
#[derive(Debug)]
pub(crate) struct Disks<'p> {
    latency: Delay,
    random: &'p StoreFaults,
    rules: Vec<Rule>,
    calm: bool,
    /// Whether nothing can go wrong with a write at random in the whole run.
    sound: bool,
}

#[derive(Debug)]
struct Rule {
    step: usize,
    node: Option<NodeId>,
    fault: StoreFault,
    left: u32,
}

impl<'p> Disks<'p> {
    pub(crate) fn new<N: Node, M>(plan: &'p Plan<N, M>) -> Self {
        let random = &plan.store_faults;
        let zero = [random.fail, random.unknown, random.late].iter().all(|ratio| ratio.is_zero());
        let sound = zero && plan.swarm.is_none();
        Disks { latency: plan.store_latency, random, rules: Vec::new(), calm: false, sound }
    }

    /// Puts a rule in force; other actions are none of the stores'.
    pub(crate) fn strike<N: Node>(&mut self, step: usize, action: &Action<N>) {
        if let &Action::Store { node, fault, count } = action {
            self.rules.push(Rule { step, node, fault, left: count });
        }
    }

    /// Removes the rules of one step.
    pub(crate) fn end(&mut self, step: usize) {
        self.rules.retain(|rule| rule.step != step);
    }

    /// Removes every rule, and lets nothing go wrong at random any more.
    pub(crate) fn calm(&mut self) {
        self.rules.clear();
        self.calm = true;
    }

    /// Decides on one write: after how long, and what then. Every draw that can matter in the run is made for each, as in a
    /// network.
    pub(crate) fn issue(&mut self, node: NodeId, hand: &mut Hand<'_, '_>, faults: &mut Faults) -> (u64, Landing) {
        if self.sound && self.rules.is_empty() {
            let exact = self.latency.least == self.latency.most;
            let mut drawn = || hand.within(Purpose::Write, About::NOTHING, self.latency);
            return (if exact { self.latency.least } else { drawn() }, Landing::DURABLE);
        }
        let StoreFaults { fail, unknown, late, late_by } = *self.random;
        let mut after = hand.within(Purpose::Write, About::NOTHING, self.latency);
        let fails = hand.draw_hits(Purpose::WriteFails, fail);
        let unanswered = hand.draw_hits(Purpose::WriteUnanswered, unknown);
        let held = hand.draw_hits(Purpose::WriteLate, late);
        let extra = hand.draw_within(Purpose::WriteLateBy, late_by);
        let mut landing = None;
        for rule in self.rules.iter_mut().filter(|rule| rule.left > 0 && rule.node.is_none_or(|other| other == node)) {
            rule.left -= 1;
            faults.applied(rule.step);
            faults.affected(rule.step);
            match rule.fault {
                StoreFault::Fail => landing = landing.or(Some(Landing::FAILED)),
                StoreFault::Unknown { applied } => landing = landing.or(Some(Landing::unknown(applied))),
                StoreFault::Late { by } => {
                    after = after.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX))
                }
            }
        }
        if !self.calm {
            let fails = hand.keep_hits(Purpose::WriteFails, About::NOTHING, fail, fails);
            let unanswered = hand.keep_hits(Purpose::WriteUnanswered, About::NOTHING, unknown, unanswered);
            let held = hand.keep_hits(Purpose::WriteLate, About::NOTHING, late, held);
            faults.store_fail.count(fails);
            faults.store_unknown.count(unanswered);
            faults.store_late.count(held);
            if landing.is_none() && fails {
                landing = Some(Landing::FAILED);
            } else if landing.is_none() && unanswered {
                let applied = hand.below(Purpose::WriteApplied, About::NOTHING, 2) == 1;
                landing = Some(Landing::unknown(applied));
            }
            if held {
                let extra = hand.keep_within(Purpose::WriteLateBy, About::NOTHING, late_by, extra);
                after = after.saturating_add(extra);
            }
        }
        (after, landing.unwrap_or(Landing::DURABLE))
    }
}
