//! The state of nodes as people read it: one look, and what changed between two.
//!
//! A node's state is known here only as it prints. It is taken apart at its brackets, so that two states are compared
//! field by field, key by key.

mod parse;
mod tree;

use quiesce_sim::{NodeState, Snapshot};

use tree::Tree;

/// One node's state, a line each.
#[must_use]
pub fn describe(node: &NodeState) -> Vec<String> {
    let mut lines = match &node.memory {
        Some(memory) => parse::tree(memory).lines(),
        None => vec!["down".to_owned()],
    };
    let mut list = |what: &str, items: &[String]| {
        if !items.is_empty() {
            lines.push(format!("{what}:"));
            lines.extend(items.iter().map(|item| format!("    {item}")));
        }
    };
    list("records", &node.records);
    list("timers", &node.timers);
    if node.pending > 0 {
        lines.push(format!("writes on their way: {}", node.pending));
    }
    lines
}

/// What differs between two looks at one cluster, a line each: node, place, before, after.
#[must_use]
pub fn differences(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let nodes = before.nodes.iter().zip(&after.nodes);
    nodes.flat_map(|(before, after)| node_differences(before, after)).collect()
}

fn node_differences(before: &NodeState, after: &NodeState) -> Vec<String> {
    let tree = |node: &NodeState| node.memory.as_deref().map_or(Tree::leaf("down"), parse::tree);
    let mut lines = tree(before).differences(&tree(after));
    let records = |node: &NodeState| Tree::set(node.records.iter().map(|record| parse::tree(record)));
    let timers = |node: &NodeState| Tree::set(node.timers.iter().map(|timer| parse::tree(timer)));
    let named = |what: &str, before: Tree, after: Tree| -> Vec<String> {
        before.differences(&after).into_iter().map(|line| format!("{what} {line}")).collect()
    };
    lines.extend(named("record", records(before), records(after)));
    lines.extend(named("timer", timers(before), timers(after)));
    if before.pending != after.pending {
        lines.push(format!("writes on their way: {} -> {}", before.pending, after.pending));
    }
    lines.into_iter().map(|line| format!("{}  {line}", before.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(memory: &str, records: &[&str]) -> NodeState {
        let records = records.iter().map(|&record| record.to_owned()).collect();
        let memory = (!memory.is_empty()).then(|| memory.to_owned());
        NodeState { name: "p1".to_owned(), memory, records, pending: 0, timers: Vec::new() }
    }

    fn changes(before: NodeState, after: NodeState) -> Vec<String> {
        let at = |node| Snapshot { step: 1, at: Default::default(), nodes: vec![node] };
        differences(&at(before), &at(after))
    }

    #[test]
    fn only_what_differs_is_told_with_its_place() {
        let before = r#"Proxy(Ic { table: {x-1: Entry { phase: Running, by: [t1, t2] }, x-2: None}, "a, {": 1 })"#;
        let after = r#"Proxy(Ic { table: {x-1: Entry { phase: Finished, by: [t2] }, x-3: None}, "a, {": 1 })"#;
        let expected = [
            "p1  table[x-1].phase: Running -> Finished",
            "p1  table[x-1].by: - t1",
            "p1  table[x-2]: None -> nothing",
            "p1  table[x-3]: nothing -> None",
        ];
        assert_eq!(changes(node(before, &[]), node(after, &[])), expected);
        assert_eq!(changes(node(before, &[]), node(before, &[])), [""; 0]);
    }

    #[test]
    fn a_process_that_died_and_records_that_came_and_went_are_told() {
        let told = changes(node("Down(1)", &["Row(1, 2)", "Row(2, 2)"]), node("", &["Row(2, 2)", "Row(3, 1)"]));
        assert_eq!(told, ["p1  Down(1) -> down", "p1  record - Row(1, 2)", "p1  record + Row(3, 1)"]);
    }

    #[test]
    fn what_goes_on_behind_its_brackets_is_told_as_a_whole() {
        let (before, after) = ("Ic { map: v1 p1*(ic) t1, table: {} }", "Ic { map: v2 p1*(ic) t1 t2, table: {x-1} }");
        let told = changes(node(before, &[]), node(after, &[]));
        assert_eq!(told, ["p1  map: v1 p1*(ic) t1 -> v2 p1*(ic) t1 t2", "p1  table: + x-1"]);
    }

    #[test]
    fn lists_of_one_length_are_compared_place_by_place() {
        assert_eq!(changes(node("[a(1), b]", &[]), node("[a(2), b]", &[])), ["p1  [0]: 1 -> 2"]);
        assert_eq!(changes(node("T(1, 2)", &[]), node("T(1, 3)", &[])), ["p1  [1]: 2 -> 3"]);
    }

    #[test]
    fn what_is_not_balanced_is_one_leaf() {
        assert_eq!(changes(node("a { b", &[]), node("a { c", &[])), ["p1  a { b -> a { c"]);
    }

    #[test]
    fn a_look_is_indented_by_depth() {
        let shown =
            describe(&node("Proxy(Ic { table: {x-1: Entry { phase: Running }}, empty: [], n: Some(1) })", &["Row(1)"]));
        let expected = [
            "Proxy Ic",
            "    table",
            "        x-1: Entry",
            "            phase: Running",
            "    empty: []",
            "    n: Some(1)",
            "records:",
            "    Row(1)",
        ];
        assert_eq!(shown, expected);
    }
}
