//! The checker on worlds of small nodes whose behaviour is data.

mod counts;
mod faults;
mod ignored;
mod liveness;
mod plain;
mod random;
mod symmetry;
mod tour;
mod toy;
mod two_phase;
mod verdicts;
mod watcher;

use quiesce_machine::NodeId;
use quiesce_model::{Budget, Calls, Counterexample, Limits, Report, Scope, Search, Verdict, check};

use toy::{Rule, Rules, Toy};
use watcher::Watcher;

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

type World = Scope<Toy, Watcher>;

/// A world without faults in which `count` nodes follow `rules`.
fn world(count: u32, rules: Vec<Rule>) -> World {
    Scope {
        config: Rules(rules, Vec::new()),
        nodes: ["a", "b", "c", "d"].iter().take(count as usize).map(ToString::to_string).collect(),
        calls: Calls::new(),
        monitors: Vec::new(),
        budget: Budget::default(),
        crashable: Vec::new(),
        cuts: Vec::new(),
        untimed: false,
        punctual: false,
        absorbs_repeats: false,
    }
}

fn run(world: &World) -> Report<Toy> {
    search(world, Search::Bfs, Limits::default())
}

fn search(world: &World, search: Search, limits: Limits) -> Report<Toy> {
    check(world, search, limits, None).expect("the world makes sense")
}

fn verdict(report: &Report<Toy>, property: &str) -> Verdict {
    let property = report.properties.iter().find(|p| p.name == property);
    property.expect("the property is in the report").verdict.clone()
}

fn counterexample<'a>(report: &'a Report<Toy>, property: &str) -> &'a Counterexample<Toy> {
    let found = report.counterexamples.iter().find(|c| c.property == property);
    found.unwrap_or_else(|| panic!("{property} has a counterexample, found {:?}", report.properties))
}

/// The steps of a counterexample as lines of name and text, first starts left out.
fn lines(counterexample: &Counterexample<Toy>) -> Vec<String> {
    let steps = counterexample.steps.iter().filter(|step| step.text != "starts, life 1");
    steps.map(|step| format!("{} {}", step.name, step.text).trim().to_owned()).collect()
}
