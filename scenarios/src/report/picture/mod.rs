//! One run as a space-time diagram: its steps, what caused them, what they changed, and how long each fault lasted.
//!
//! Everything that a picture of a run needs is worked out here, once; the page, the trace viewers' formats and the
//! sequence text only lay it out.

mod bands;
mod past;
mod told;

use std::collections::BTreeMap;

use quiesce_sim::{Entry, EntryKind, Trace};
use serde::Serialize;

pub use bands::{Band, BandKind};
pub use told::{Story, Told};

use crate::run::Finding;
use crate::snapshot::{Change, Values, values};

/// A run, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// The names of the nodes; a lane each.
    pub nodes: Vec<String>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// Faults that lasted.
    pub bands: Vec<Band>,
    /// The steps that led to the violation, first to last, each the cause of the next: places in `steps`.
    pub chain: Vec<usize>,
}

/// One thing that happened. Keys are short, for there are many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name: the number of the event, or that of the last event and how many things happened since, `31.2`.
    #[serde(rename = "i")]
    pub id: String,
    /// When, in nanoseconds.
    #[serde(rename = "t")]
    pub at_ns: u64,
    /// What sort of thing, in one word.
    #[serde(rename = "k")]
    pub kind: String,
    /// To whom: a place in `nodes`.
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    pub node: Option<usize>,
    /// The other end of a message.
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    pub peer: Option<usize>,
    /// The label of the message, timer, request or reply.
    #[serde(rename = "l", skip_serializing_if = "str::is_empty")]
    pub label: &'static str,
    /// The rest, for people.
    #[serde(rename = "x", skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// What the node stated.
    #[serde(rename = "f", skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    /// The step that caused it: a place in `steps`.
    #[serde(rename = "c", skip_serializing_if = "Option::is_none")]
    pub cause: Option<usize>,
    /// What it changed at its node: where, what was there, what is.
    #[serde(rename = "d", skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<(String, Option<String>, Option<String>)>,
    /// Whether the violation can have come of it.
    #[serde(rename = "b", skip_serializing_if = "std::ops::Not::not")]
    pub before_violation: bool,
}

impl Picture {
    /// The picture of a run in which `finding` was made, or of one without any.
    #[must_use]
    pub fn new(trace: &Trace, finding: Option<&Finding>) -> Picture {
        let mut steps = steps(trace);
        let mut end = finding.and_then(|finding| past::last_of(trace, finding));
        if let (Some(finding), Some(found @ past::Found { shown: None, .. })) = (finding, &mut end) {
            found.shown = Some(steps.len());
            steps.push(judged(&steps, finding));
        }
        if let Some(past::Found { about, shown: Some(shown) }) = end {
            steps[shown].cause = Some(about);
        }
        let chain = end.map(|end| past::chain(&steps, end)).unwrap_or_default();
        for step in end.map(|end| past::cone(&steps, end)).unwrap_or_default() {
            steps[step].before_violation = true;
        }
        Picture { nodes: trace.nodes.clone(), bands: bands::bands(trace), steps, chain }
    }

    /// A node's name.
    #[must_use]
    pub fn name(&self, node: usize) -> &str {
        self.nodes.get(node).map_or("?", String::as_str)
    }
}

fn steps(trace: &Trace) -> Vec<Step> {
    let mut events: BTreeMap<u32, usize> = BTreeMap::new();
    let mut states = vec![Known::default(); trace.nodes.len()];
    let (mut last, mut since) = (0, 0);
    let mut steps = Vec::new();
    for (place, entry) in trace.entries.iter().enumerate() {
        (last, since) = entry.event.map_or((last, since + 1), |event| (event, 0));
        if let Some(event) = entry.event {
            events.insert(event, place);
        }
        steps.push(Step {
            id: if since == 0 { last.to_string() } else { format!("{last}.{since}") },
            at_ns: entry.at.as_nanos(),
            kind: entry.kind.to_string(),
            node: entry.node.map(|node| node.index()),
            peer: entry.peer.map(|peer| peer.index()),
            label: entry.label,
            text: entry.text.clone(),
            facts: entry.facts.clone(),
            cause: entry.cause.and_then(|cause| events.get(&cause).copied()),
            changes: changed(entry, &mut states),
            before_violation: false,
        });
    }
    steps
}

/// What was found only after the run, as its last step.
fn judged(steps: &[Step], finding: &Finding) -> Step {
    let Finding { kind, property, evidence, .. } = finding;
    let (last, at_ns) = steps.last().map_or(("0", 0), |step| (step.id.as_str(), step.at_ns));
    let (event, since) = last.split_once('.').unwrap_or((last, "0"));
    let since: u32 = since.parse().map_or(1, |since: u32| since + 1);
    let text = format!("{} {property}: {evidence}", kind.word());
    Step { id: format!("{event}.{since}"), at_ns, kind: EntryKind::Finding.to_string(), text, ..Step::default() }
}

/// What is known of a node: its last state, as it printed and taken apart.
#[derive(Clone, Debug, Default)]
struct Known {
    memory: Option<String>,
    records: Vec<String>,
    values: Values,
}

/// What an entry changed at its node, whose last state is in `states`. Most events change nothing, and printed alike is
/// alike.
fn changed(entry: &Entry, states: &mut [Known]) -> Vec<(String, Option<String>, Option<String>)> {
    let Some(known) = entry.node.and_then(|node| states.get_mut(node.index())) else { return Vec::new() };
    match (&entry.state, entry.kind) {
        (Some(now), _) if known.memory.as_ref() == Some(&now.memory) && known.records == now.records => {
            return Vec::new();
        }
        (Some(now), _) => {
            known.memory = Some(now.memory.clone());
            known.records.clone_from(&now.records);
        }
        (None, EntryKind::Crash) => known.memory = None,
        (None, _) => return Vec::new(),
    }
    let after = values(known.memory.as_deref(), &known.records);
    let changes = known.values.changes(&after);
    known.values = after;
    changes.into_iter().map(|Change { place, was, now }| (place, was, now)).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use quiesce_machine::{NodeId, Time};
    use quiesce_sim::State;

    use super::*;
    use crate::run::FindingKind;

    /// An entry of a trace for tests, at as many seconds as there are before it.
    pub(crate) fn entry(kind: EntryKind, event: Option<u32>, cause: Option<u32>, node: Option<u32>) -> Entry {
        Entry {
            at: Time::ZERO,
            event,
            cause,
            node: node.map(NodeId),
            kind,
            label: "",
            peer: None,
            text: String::new(),
            facts: Vec::new(),
            fact_labels: Vec::new(),
            state: None,
        }
    }

    pub(crate) fn trace(mut entries: Vec<Entry>) -> Trace {
        for (place, entry) in entries.iter_mut().enumerate() {
            entry.at = Time(place as u64 * 1_000_000_000);
        }
        Trace::of(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], entries)
    }

    pub(crate) fn finding(kind: FindingKind, evidence: &str) -> Finding {
        Finding { kind, property: "p".to_owned(), evidence: evidence.to_owned(), at: Time::ZERO }
    }

    /// `a` calls `b`, which a message of `c` reached just before; then something does not hold.
    fn small() -> Trace {
        let state = |text: &str| Some(State { memory: text.to_owned(), records: Vec::new() });
        let mut entries = vec![
            entry(EntryKind::Start, Some(1), None, Some(0)),
            entry(EntryKind::Start, Some(2), None, Some(1)),
            entry(EntryKind::Start, Some(3), None, Some(2)),
            entry(EntryKind::Fault, None, None, None),
            entry(EntryKind::Deliver, Some(4), Some(3), Some(1)),
            entry(EntryKind::Fire, Some(5), Some(3), Some(2)),
            entry(EntryKind::Deliver, Some(6), Some(1), Some(1)),
            entry(EntryKind::Finding, None, None, None),
        ];
        entries[1].state = state("B { got: 0 }");
        entries[4].state = state("B { got: 1 }");
        entries[6].state = state("B { got: 2, last: a }");
        entries[7].text = "safety p: b says so".to_owned();
        trace(entries)
    }

    #[test]
    fn steps_are_named_after_events_and_know_their_causes() {
        let picture = Picture::new(&small(), None);
        let ids: Vec<&str> = picture.steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "3", "3.1", "4", "5", "6", "6.1"]);
        assert_eq!(picture.steps[6].cause, Some(0));
        assert!(picture.chain.is_empty() && picture.steps.iter().all(|step| !step.before_violation));
    }

    #[test]
    fn a_step_says_what_it_changed_at_its_node() {
        let picture = Picture::new(&small(), None);
        let change = |path: &str, was: Option<&str>, now: Option<&str>| {
            (path.to_owned(), was.map(str::to_owned), now.map(str::to_owned))
        };
        assert_eq!(picture.steps[4].changes, [change("got", Some("0"), Some("1"))]);
        let last = [change("got", Some("1"), Some("2")), change("last", None, Some("a"))];
        assert_eq!(picture.steps[6].changes, last);
    }

    #[test]
    fn a_violation_has_a_chain_of_causes_and_a_past() {
        let picture = Picture::new(&small(), Some(&finding(FindingKind::Safety, "b says so")));
        assert_eq!(picture.chain, [0, 6, 7]);
        let past: Vec<usize> = (0..8).filter(|&step| picture.steps[step].before_violation).collect();
        assert_eq!(past, [0, 1, 2, 4, 6, 7], "the timer of c told nobody, and a fault is no event");
    }
}
