//! Steps and ratios as a scenario writes them: the way back from a plan, for what a seed drew.

use std::time::Duration;

use quiesce_machine::{Delay, Node, NodeId};
use quiesce_sim::{Action, Names, Plan, Ratio, Records, Shift, Step, StoreFault};
use toml_edit::{Array, InlineTable, Value};

use crate::text::show_duration;

/// What the seed of a run drew, in the words of scenarios.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// Timeline entries.
    pub entries: Vec<InlineTable>,
    /// The keys of `network` that say what goes wrong at random.
    pub network: Vec<(&'static str, String)>,
    /// The keys of `store` that do.
    pub store: Vec<(&'static str, String)>,
}

impl Drawn {
    /// What a plan has beyond its first `asked` steps, and its ratios.
    pub(crate) fn of<N: Node, M>(plan: &Plan<N, M>, asked: usize) -> Drawn {
        let (network, store) = (&plan.network, &plan.store_faults);
        Drawn {
            entries: plan.steps[asked..].iter().filter_map(|step| entry(step, &plan.nodes)).collect(),
            network: ratios(&[
                ("loss", network.loss, None),
                ("duplicate", network.duplicate, None),
                ("reorder", network.reorder, Some(("reorder_by", network.reorder_delay))),
            ]),
            store: ratios(&[
                ("fail", store.fail, None),
                ("unknown", store.unknown, None),
                ("late", store.late, Some(("late_by", store.late_by))),
            ]),
        }
    }
}

type Random = (&'static str, Ratio, Option<(&'static str, Delay)>);

fn ratios(all: &[Random]) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    for (key, ratio, by) in all.iter().filter(|(_, ratio, _)| !ratio.is_zero()) {
        keys.push((*key, ratio.to_string()));
        keys.extend(by.map(|(key, delay)| (key, show_duration(Duration::from_nanos(delay.most)))));
    }
    keys
}

/// A step as a timeline entry; none for a call, whose words are its plane's.
fn entry<N: Node>(step: &Step<N>, nodes: &Names) -> Option<InlineTable> {
    let name = |node: &NodeId| Value::from(&nodes[node.index()]);
    let span = |span: Duration| Value::from(show_duration(span));
    let link = |from: &NodeId, to: &NodeId| Value::from(Array::from_iter([name(from), name(to)]));
    let number = |count: u32| Value::from(i64::from(count));
    let (verb, value, keys): (&str, Value, Vec<(&str, Value)>) = match &step.action {
        Action::Call { .. } => return None,
        Action::Crash { node, records, stays_down } => {
            let lost = (*records == Records::Lost).then(|| ("records", Value::from("lost")));
            let stays = stays_down.then(|| ("stays_down", Value::from(true)));
            ("crash", name(node), lost.into_iter().chain(stays).collect())
        }
        Action::Restart { node } => ("restart", name(node), vec![]),
        Action::Pause { node } => ("pause", name(node), vec![]),
        Action::Resume { node } => ("resume", name(node), vec![]),
        Action::Partition { groups } => {
            let group = |group: &Vec<NodeId>| Value::from(group.iter().map(name).collect::<Array>());
            ("partition", Value::from(groups.iter().map(group).collect::<Array>()), vec![])
        }
        Action::Cut { from, to } => ("cut", link(from, to), vec![]),
        Action::Isolate { node } => ("isolate", name(node), vec![]),
        Action::Clog { from, to } => ("clog", link(from, to), vec![]),
        Action::Release { from, to } => ("release", link(from, to), vec![]),
        Action::Slow { node, by } => ("slow_node", name(node), vec![("by", span(*by))]),
        Action::Skew { node, shift: Shift::Ahead(by) } => ("skew", name(node), vec![("ahead", span(*by))]),
        Action::Skew { node, shift: Shift::Behind(by) } => ("skew", name(node), vec![("behind", span(*by))]),
        Action::Drift { node, rate } => ("drift", name(node), vec![("rate", Value::from(rate.to_string()))]),
        Action::Store { node, fault, count } => {
            let (verb, mut keys) = match fault {
                StoreFault::Fail => ("store_fail", vec![]),
                StoreFault::Unknown { applied } => ("store_unknown", vec![("applied", Value::from(*applied))]),
                StoreFault::Late { by } => ("store_late", vec![("by", span(*by))]),
            };
            keys.push(("count", number(*count)));
            (verb, name(node.as_ref()?), keys)
        }
        Action::Lose { label, from, to, count } => ("lose", label.as_str().into(), rule(from, to, *count, &name)),
        Action::Duplicate { label, from, to, count } => {
            ("duplicate", label.as_str().into(), rule(from, to, *count, &name))
        }
        Action::Delay { label, from, to, count, by } => {
            let by = [("by", span(*by))];
            ("delay", label.as_str().into(), rule(from, to, *count, &name).into_iter().chain(by).collect())
        }
        Action::Heal => ("heal", Value::from(true), vec![]),
    };
    let head = [("at", span(step.at.since_start())), (verb, value)];
    let lasting = step.lasting.map(|lasting| ("for", span(lasting)));
    Some(head.into_iter().chain(keys).chain(lasting).collect())
}

fn rule(
    from: &Option<NodeId>,
    to: &Option<NodeId>,
    count: u32,
    name: &dyn Fn(&NodeId) -> Value,
) -> Vec<(&'static str, Value)> {
    let ends = [("from", from), ("to", to)].into_iter();
    let ends = ends.filter_map(|(key, end)| end.as_ref().map(|node| (key, name(node))));
    ends.chain([("count", Value::from(i64::from(count)))]).collect()
}
