//! A scenario as a whole.

use quiesce_control::policy::PolicyError;
use quiesce_sim::Plan;

use super::faults::Nodes;
use super::timeline::Timeline;
use super::{Expect, Head, Names, network, swarm};
use crate::choices::Choices;
use crate::plane::Plane;
use crate::text::{Fields, Read, Value};

/// A scenario of one plane, ready to run.
#[derive(Clone, Debug)]
pub struct Scenario<P: Plane> {
    head: Head,
    expect: Expect,
    names: Names,
    policies: Vec<(String, String)>,
    plan: Plan<P::Node, P::Monitor>,
}

/// The keys that every scenario may have beside those of its head and its plane.
const KEYS: [&str; 7] = ["network", "store", "swarm", "events_max", "policies", "timeline", "expect"];

/// The most events of one run.
const EVENTS_MOST: u64 = u32::MAX as u64;

impl<P: Plane> Scenario<P> {
    /// Every key that a scenario of this plane may have.
    #[must_use]
    pub fn keys() -> Vec<&'static str> {
        [&Head::KEYS, P::KEYS, &KEYS].concat()
    }

    /// Reads a scenario whose plane is known to be `P`.
    ///
    /// # Errors
    /// At the first mistake.
    pub fn read(scenario: &Fields<'_>) -> Read<Self> {
        let head = Head::read(scenario, P::NAME)?;
        let mut config = P::config(scenario)?;
        let policies = scenario.get("policies").map_or(Ok(Vec::new()), |value| policies::<P>(&value))?;
        for (policy, choice) in &policies {
            P::set_policy(&mut config, policy, choice).expect("checked when read");
        }
        let timeline = Timeline::<P>::read(scenario, &config)?;
        let (expect, monitors) = Expect::read::<P>(scenario, &timeline.names)?;
        let nodes = P::nodes(&config);
        let mut plan = Plan::new(config, nodes);
        plan.network = network::network(scenario)?;
        (plan.store_latency, plan.store_faults) = network::store(scenario)?;
        plan.swarm = swarm::swarm(scenario, &Nodes::new(plan.nodes.clone()))?;
        plan.steps = timeline.steps;
        plan.monitors = monitors;
        plan.until = quiesce_machine::Time::ZERO + head.until;
        plan.settle = head.settle;
        if let Some(most) = scenario.get("events_max") {
            plan.max_events = most.count(1..=EVENTS_MOST)?;
        }
        Ok(Scenario { head, expect, names: timeline.names, policies, plan })
    }

    /// What it says of itself.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What it expects beside that its properties hold.
    #[must_use]
    pub fn expect(&self) -> &Expect {
        &self.expect
    }

    /// The calls it names.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The plan under these choices: first the profile, then the scenario's own policies, then single choices.
    ///
    /// # Errors
    /// When a choice names no policy of this plane, or no choice of that policy.
    pub fn plan(&self, choices: &Choices) -> Result<Plan<P::Node, P::Monitor>, PolicyError> {
        let mut plan = self.plan.clone();
        P::set_profile(&mut plan.config, choices.profile);
        for (policy, choice) in self.policies.iter().chain(&choices.policies) {
            P::set_policy(&mut plan.config, policy, choice)?;
        }
        Ok(plan)
    }
}

/// `policies = { wire-errors = "dropped" }`.
fn policies<P: Plane>(value: &Value<'_>) -> Read<Vec<(String, String)>> {
    let mut choices = Vec::new();
    for entry in value.names()? {
        let policy = entry.key_word("policy", P::POLICIES.iter().map(|row| row.name))?;
        let row = P::POLICIES.iter().find(|row| row.name == policy).expect("a legal word is in the list");
        let choice = entry.word("choice of this policy", [row.reference, row.hardened])?;
        choices.push((policy.to_owned(), choice.to_owned()));
    }
    Ok(choices)
}
