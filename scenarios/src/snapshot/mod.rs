//! The state of nodes as people read it: one look, and what changed between two.
//!
//! A node's state is known here only as it prints. It is taken apart at its brackets, so that two states are compared
//! field by field, key by key.

mod parse;
mod tree;
mod values;

use quiesce_sim::{NodeState, Snapshot};

pub use values::{Change, Values};

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

/// What one node remembers and keeps, by place.
#[must_use]
pub fn values(memory: Option<&str>, records: &[String]) -> Values {
    let mut values = Values::default();
    values.take("", memory.unwrap_or("down"));
    for (place, record) in records.iter().enumerate() {
        values.take(&format!("record[{place}]"), record);
    }
    values
}

/// What differs between two looks at one cluster, a line each: node, place, before, after.
#[must_use]
pub fn differences(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let nodes = before.nodes.iter().zip(&after.nodes);
    nodes.flat_map(|(before, after)| node_differences(before, after)).collect()
}

fn node_differences(before: &NodeState, after: &NodeState) -> Vec<String> {
    let whole = |node: &NodeState| {
        let mut values = values(node.memory.as_deref(), &node.records);
        node.timers.iter().for_each(|timer| values.take_member("timer", timer));
        if node.pending > 0 {
            values.take("writes on their way", &node.pending.to_string());
        }
        values
    };
    let told = whole(before).changes(&whole(after));
    let died = before.memory.is_some() && after.memory.is_none();
    let told = told.iter().filter(|change| !died || change.now.is_some());
    told.map(|change| format!("{}  {change}", before.name)).collect()
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
            "p1  table[x-1].by: [t1, t2] -> [t2]",
            "p1  table[x-1].phase: Running -> Finished",
            "p1  table[x-2]: - None",
            "p1  table[x-3]: + None",
        ];
        assert_eq!(changes(node(before, &[]), node(after, &[])), expected);
        assert_eq!(changes(node(before, &[]), node(before, &[])), [""; 0]);
    }

    #[test]
    fn of_a_process_that_died_only_what_outlives_it_is_told() {
        let told = changes(node("Ic { a: 1 }", &["Row(1, 2)"]), node("", &["Row(1, 3)", "Row(2, 1)"]));
        assert_eq!(told, ["p1  Ic -> down", "p1  record[0]: Row(1, 2) -> Row(1, 3)", "p1  record[1]: + Row(2, 1)"]);
    }

    #[test]
    fn timers_and_writes_on_their_way_are_told() {
        let busy = NodeState { timers: vec!["Tardy(x)".to_owned()], pending: 2, ..node("Ic { a: 1 }", &[]) };
        let told = changes(node("Ic { a: 1 }", &[]), busy);
        assert_eq!(told, ["p1  timer[Tardy(x)]: + in", "p1  writes on their way: + 2"]);
    }

    #[test]
    fn what_goes_on_behind_its_brackets_is_told_as_a_whole() {
        let (before, after) = ("Ic { map: v1 p1*(ic) t1, table: {} }", "Ic { map: v2 p1*(ic) t1 t2, table: {x-1} }");
        let told = changes(node(before, &[]), node(after, &[]));
        assert_eq!(told, ["p1  map: v1 p1*(ic) t1 -> v2 p1*(ic) t1 t2", "p1  table[x-1]: + in"]);
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
