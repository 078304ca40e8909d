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
        plan.swarm = swarm::swarm(scenario, &Nodes::new(plan.nodes.to_vec()))?;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quiesce_machine::{Delay, NodeId, Time};
    use quiesce_sim::{Action, Network, Rate, Ratio, Records, Shift, Step, StoreFault, StoreFaults, Swarm};
    use toml::de::DeTable;

    use super::*;
    use crate::planes::Xaction;

    /// Nodes of a cluster of two proxies, two targets and a client.
    const P1: NodeId = NodeId(0);
    const P2: NodeId = NodeId(1);
    const T1: NodeId = NodeId(2);
    const T2: NodeId = NodeId(3);

    fn scenario(text: &str) -> Scenario<Xaction> {
        let cluster = "cluster = { proxies = 2, targets = 2 }";
        let text = format!("name = \"a\"\nabout = \"b\"\nplane = \"xaction\"\n{cluster}\n{text}");
        let table = DeTable::parse(&text).expect("TOML");
        let keys = Scenario::<Xaction>::keys();
        let fields = Fields::new("the scenario", table.get_ref(), 0..0, &keys).expect("legal keys");
        Scenario::read(&fields).unwrap_or_else(|misread| panic!("{misread:?}"))
    }

    fn plan(text: &str) -> Plan<<Xaction as Plane>::Node, <Xaction as Plane>::Monitor> {
        scenario(text).plan(&Choices::default()).expect("the default choices")
    }

    #[test]
    fn every_fault_of_a_machine_or_link_does_what_it_says_for_as_long_as_it_says() {
        let plan = plan(
            r#"timeline = [
  { at = "1s", isolate = "t1", for = "5s" },
  { at = "2s", clog = ["p1", "t1"] },
  { at = "3s", release = ["p1", "t1"] },
  { at = "4s", slow_node = "t2", by = "20ms", for = "1m" },
  { at = "5s", skew = "p1", ahead = "3s" },
  { at = "6s", skew = "p1", behind = "4s", for = "1s" },
  { at = "7s", drift = "p2", rate = "11/10" },
  { at = "8s", store_fail = "t1", count = 2 },
  { at = "9s", store_unknown = "t1" },
  { at = "10s", store_unknown = "t1", applied = false },
  { at = "11s", store_late = "t2", by = "2s", for = "9s" },
  { at = "12s", crash = "p1", for = "2s" },
]"#,
        );
        let second = Duration::from_secs;
        let store = |node, fault, count| Action::Store { node: Some(node), fault, count };
        let expected = [
            (Action::Isolate { node: T1 }, Some(5)),
            (Action::Clog { from: P1, to: T1 }, None),
            (Action::Release { from: P1, to: T1 }, None),
            (Action::Slow { node: T2, by: Duration::from_millis(20) }, Some(60)),
            (Action::Skew { node: P1, shift: Shift::Ahead(second(3)) }, None),
            (Action::Skew { node: P1, shift: Shift::Behind(second(4)) }, Some(1)),
            (Action::Drift { node: P2, rate: Rate::new(11, 10).expect("a rate") }, None),
            (store(T1, StoreFault::Fail, 2), None),
            (store(T1, StoreFault::Unknown { applied: true }, 1), None),
            (store(T1, StoreFault::Unknown { applied: false }, 1), None),
            (store(T2, StoreFault::Late { by: second(2) }, 1), Some(9)),
            (Action::Crash { node: P1, records: Records::Kept, stays_down: false }, Some(2)),
        ];
        let found: Vec<_> = plan.steps.into_iter().map(|step| (step.action, step.lasting)).collect();
        assert_eq!(found, expected.map(|(action, lasting)| (action, lasting.map(second))));
    }

    #[test]
    fn stores_and_swarms_are_as_faulty_as_they_say() {
        let plan = plan(
            r#"store = { latency = "1ms", fail = "1/2", unknown = "1/3", late = "1/4", late_by = "5s" }
[swarm]
nodes = ["t1"]
down_most = 2
for = "9s"
crash = 1
records_lost = "1/8"
pause = 2
partition = 3
cut = 4
isolate = 5
clog = 6
slow_node = 7
slow_by = "1s"
skew = 8
skew_by = "2s"
drift = 9
drift_by = "1/9"
loss = "1/10"
duplicate = "1/11"
reorder = "1/12"
reorder_by = "3s"
store_fail = "1/13"
store_unknown = "1/14"
store_late = "1/15"
store_late_by = "4s""#,
        );
        let of = |den| Ratio::new(1, den).expect("a ratio");
        let up_to = |seconds| Delay::from(Duration::ZERO..Duration::from_secs(seconds));
        assert_eq!(plan.store_latency, Delay::from(Duration::from_millis(1)));
        assert_eq!(plan.store_faults, StoreFaults { fail: of(2), unknown: of(3), late: of(4), late_by: up_to(5) });
        let expected = Swarm {
            nodes: vec![T1],
            down_most: 2,
            lasting: up_to(9),
            crash: 1,
            records_lost: of(8),
            pause: 2,
            partition: 3,
            cut: 4,
            isolate: 5,
            clog: 6,
            slow: 7,
            slow_by: up_to(1),
            skew: 8,
            skew_by: up_to(2),
            drift: 9,
            drift_by: of(9),
            loss: of(10),
            duplicate: of(11),
            reorder: of(12),
            reorder_delay: up_to(3),
            store_fail: of(13),
            store_unknown: of(14),
            store_late: of(15),
            store_late_by: up_to(4),
        };
        assert_eq!(plan.swarm, Some(expected));
    }

    #[test]
    fn every_common_verb_does_what_it_says() {
        let plan = plan(
            r#"timeline = [
  { at = "1s", crash = "p1" },
  { at = "2s", crash = "t2", records = "lost", stays_down = true },
  { at = "3s", restart = "t2" },
  { at = "4s", pause = "p2" },
  { at = "5s", resume = "p2" },
  { at = "6s", partition = [["p1", "t1"], ["p2"]] },
  { at = "7s", cut = ["t1", "p2"] },
  { at = "8s", lose = "pull-snap" },
  { at = "9s", duplicate = "pull-snap", from = "p1", count = 3 },
  { at = "10s", delay = "pull-snap", from = "p1", to = "t1", by = "40ms" },
  { at = "11s", heal = true },
]"#,
        );
        let label = || "pull-snap".to_owned();
        let expected = [
            Action::Crash { node: P1, records: Records::Kept, stays_down: false },
            Action::Crash { node: T2, records: Records::Lost, stays_down: true },
            Action::Restart { node: T2 },
            Action::Pause { node: P2 },
            Action::Resume { node: P2 },
            Action::Partition { groups: vec![vec![P1, T1], vec![P2]] },
            Action::Cut { from: T1, to: P2 },
            Action::Lose { label: label(), from: None, to: None, count: 1 },
            Action::Duplicate { label: label(), from: Some(P1), to: None, count: 3 },
            Action::Delay { label: label(), from: Some(P1), to: Some(T1), count: 1, by: Duration::from_millis(40) },
            Action::Heal,
        ];
        let at = |second| Time::ZERO + Duration::from_secs(second);
        let expected: Vec<_> =
            (1..).zip(expected).map(|(second, action)| Step { at: at(second), action, lasting: None }).collect();
        assert_eq!(plan.steps, expected);
    }

    #[test]
    fn network_store_and_times_reach_the_plan() {
        let plan = plan(
            r#"until = "7s"
settle = "9s"
events_max = 1234
network = { latency = "2ms", jitter = "5ms", loss = "1/100", duplicate = "1/50", reorder = "1/7", reorder_by = "3ms" }
store = { latency = "1ms", jitter = "1ms" }"#,
        );
        let ms = Duration::from_millis;
        let ratio = |part, whole| Ratio::new(part, whole).expect("a ratio");
        let network = Network {
            latency: Delay::from(ms(2)..ms(7)),
            loss: ratio(1, 100),
            duplicate: ratio(1, 50),
            reorder: ratio(1, 7),
            reorder_delay: Delay::from(ms(0)..ms(3)),
            ..Network::default()
        };
        assert_eq!(plan.network, network);
        assert_eq!(plan.store_latency, Delay::from(ms(1)..ms(2)));
        assert_eq!((plan.until, plan.settle), (Time::ZERO + Duration::from_secs(7), Duration::from_secs(9)));
        assert_eq!(plan.max_events, 1234);
    }

    #[test]
    fn single_choices_outweigh_the_scenarios_and_those_the_profile() {
        let scenario = scenario("policies = { not-found = \"aborts-job\", merge = \"first-wins\" }");
        let single = vec![("merge".to_owned(), "join".to_owned())];
        let plan = scenario.plan(&Choices { policies: single, ..Choices::default() }).expect("legal choices");
        let chosen = |name| Xaction::policies(&plan.config).into_iter().find(|(policy, _)| *policy == name);
        assert_eq!(chosen("not-found"), Some(("not-found", "aborts-job")));
        assert_eq!(chosen("merge"), Some(("merge", "join")));
        assert_eq!(chosen("job-end"), Some(("job-end", "every-source")));
    }
}
