//! A run as a log with vector clocks, which ShiViz opens with the parser `(?<host>\S+) (?<clock>{.*})\n(?<event>.*)`.

use std::collections::BTreeMap;

use super::picture::{Picture, Step};

/// The run's events, two lines each: host and vector clock, then what happened. What no process handled is left out.
///
/// A process that starts again is a host of its own, for its memory is new: `p1#2`.
#[must_use]
pub fn shiviz(picture: &Picture) -> String {
    let mut log = String::new();
    let mut lives: Vec<u32> = vec![0; picture.nodes.len()];
    let mut now: Vec<BTreeMap<String, u32>> = vec![BTreeMap::new(); picture.nodes.len()];
    let mut then: Vec<BTreeMap<String, u32>> = Vec::with_capacity(picture.steps.len());
    for step in &picture.steps {
        then.push(BTreeMap::new());
        let Some(node) = step.node.filter(|_| is_handled(step)) else { continue };
        if step.kind == "start" {
            lives[node] += 1;
        }
        let host = match lives[node] {
            0 | 1 => picture.name(node).to_owned(),
            life => format!("{}#{life}", picture.name(node)),
        };
        let seen = step.cause.and_then(|cause| then.get(cause)).cloned().unwrap_or_default();
        for (other, count) in seen {
            let known = now[node].entry(other).or_default();
            *known = count.max(*known);
        }
        *now[node].entry(host.clone()).or_default() += 1;
        let clock: Vec<String> = now[node].iter().map(|(host, count)| format!("\"{host}\":{count}")).collect();
        log.push_str(&format!("{host} {{{}}}\n{}\n", clock.join(", "), told(picture, step)));
        if let Some(last) = then.last_mut() {
            last.clone_from(&now[node]);
        }
    }
    log
}

fn is_handled(step: &Step) -> bool {
    !step.id.contains('.')
}

fn told(picture: &Picture, step: &Step) -> String {
    let peer = step.peer.map(|peer| format!(" with {}", picture.name(peer))).unwrap_or_default();
    let facts = if step.facts.is_empty() { String::new() } else { format!(" | {}", step.facts.join("; ")) };
    format!("{} {}{peer}{facts}", step.kind, step.label).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use quiesce_sim::EntryKind;

    use super::super::picture::Picture;
    use super::super::picture::tests::{entry, trace};
    use super::*;

    #[test]
    fn clocks_join_where_a_message_arrives_and_a_new_life_is_a_new_host() {
        let entries = vec![
            entry(EntryKind::Start, Some(1), None, Some(0)),
            entry(EntryKind::Start, Some(2), None, Some(1)),
            entry(EntryKind::Deliver, Some(3), Some(1), Some(1)),
            entry(EntryKind::Crash, None, None, Some(0)),
            entry(EntryKind::Start, Some(4), None, Some(0)),
        ];
        let log = shiviz(&Picture::new(&trace(entries), None));
        let hosts: Vec<&str> = log.lines().step_by(2).collect();
        assert_eq!(hosts, [r#"a {"a":1}"#, r#"b {"b":1}"#, r#"b {"a":1, "b":2}"#, r#"a#2 {"a":1, "a#2":1}"#]);
    }
}
