//! A run as the text of a Mermaid sequence diagram, for issues and documents that render it.

use super::picture::{Picture, Step};

/// The most messages of one diagram: renderers give up at more.
const STEPS_MOST: usize = 400;

/// The last steps of a run, or of the violation's causal past if that is known.
#[must_use]
pub fn mermaid(picture: &Picture) -> String {
    let mut text = "sequenceDiagram\n".to_owned();
    for (node, name) in picture.nodes.iter().enumerate() {
        text.push_str(&format!("    participant N{node} as {}\n", plain(name)));
    }
    let violated = !picture.chain.is_empty();
    let past = |step: &&Step| !violated || step.before_violation || step.kind == "fault" || step.kind == "crash";
    let lines: Vec<String> = picture.steps.iter().filter(past).filter_map(|step| line(picture, step)).collect();
    let from = lines.len().saturating_sub(STEPS_MOST);
    if from > 0 {
        text.push_str(&format!("    Note over {}: {from} steps before are left out\n", everybody(picture)));
    }
    lines[from..].iter().for_each(|line| text.push_str(line));
    text
}

fn line(picture: &Picture, step: &Step) -> Option<String> {
    let everybody = everybody(picture);
    let Some(node) = step.node else {
        let sign = if step.kind == "finding" { "violation: " } else { "" };
        return Some(format!("    Note over {everybody}: {sign}{}\n", plain(&format!("{} {}", step.kind, step.text))));
    };
    let (label, facts) = (plain(step.label), plain(&step.facts.join("; ")));
    let note = |text: &str| format!("    Note over N{node}: {text}\n");
    let stated = if facts.is_empty() { String::new() } else { note(&facts) };
    match (step.kind.as_str(), step.peer) {
        ("deliver", Some(peer)) => Some(format!("    N{peer}->>N{node}: {label}\n{stated}")),
        ("bounce", Some(peer)) => Some(format!("    N{peer}--xN{node}: {label} refused\n{stated}")),
        ("lost", Some(peer)) => Some(format!("    N{node}--xN{peer}: {label} lost\n")),
        ("start" | "stored", _) if facts.is_empty() => None,
        (kind, _) => Some(format!("{}{stated}", note(format!("{kind} {label}").trim()))),
    }
}

fn everybody(picture: &Picture) -> String {
    match picture.nodes.len() {
        0 | 1 => "N0".to_owned(),
        count => format!("N0,N{}", count - 1),
    }
}

/// A text that Mermaid takes for nothing else.
fn plain(text: &str) -> String {
    let plain = |c: char| match c {
        ';' => ',',
        '#' | '%' | '<' | '>' | '"' | '\n' | '\r' => ' ',
        other => other,
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use quiesce_machine::NodeId;
    use quiesce_sim::{Entry, EntryKind};

    use super::super::picture::Picture;
    use super::super::picture::tests::{entry, trace};
    use super::*;

    #[test]
    fn messages_are_arrows_and_lost_ones_crosses() {
        let sent = |kind, event, label| Entry {
            peer: Some(NodeId(1)),
            label,
            facts: vec!["got; it".to_owned()],
            ..entry(kind, event, Some(1), Some(0))
        };
        let entries = vec![
            entry(EntryKind::Start, Some(1), None, Some(0)),
            sent(EntryKind::Deliver, Some(2), "ping"),
            sent(EntryKind::Lost, None, "pong"),
            entry(EntryKind::Crash, None, None, Some(1)),
        ];
        let told = mermaid(&Picture::new(&trace(entries), None));
        let lines: Vec<&str> = told.lines().skip(4).map(str::trim).collect();
        assert_eq!(lines, ["N1->>N0: ping", "Note over N0: got, it", "N0--xN1: pong lost", "Note over N1: crash"]);
    }

    #[test]
    fn a_long_run_keeps_its_end() {
        let entries = (1..=500).map(|event| entry(EntryKind::Crash, Some(event), None, Some(0))).collect();
        let told = mermaid(&Picture::new(&trace(entries), None));
        assert!(told.contains("100 steps before are left out"));
    }
}
