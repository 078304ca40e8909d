//! What a violation came of.

use std::collections::BTreeSet;

use quiesce_sim::{Entry, EntryKind, Trace};

use super::Step;
use crate::run::{Finding, FindingKind};

/// The place of the finding in a trace, or of the event that it is about.
pub(super) fn last_of(trace: &Trace, finding: &Finding) -> Option<Found> {
    let entries = &trace.entries;
    let wanted = format!(" {}: {}", finding.property, finding.evidence);
    let shown = entries.iter().rposition(|entry| entry.kind == EntryKind::Finding && entry.text.ends_with(&wanted));
    let events = || entries.iter().enumerate().filter(|(_, entry)| entry.event.is_some()).rev();
    let last = events().next().map(|(place, _)| place);
    let about = match finding.kind {
        FindingKind::Safety | FindingKind::Panic => last,
        FindingKind::Expectation => answer(trace, finding).or(last),
        FindingKind::Owed => {
            let names = names(&finding.evidence, trace);
            let speaks =
                |facts: &[String]| names.iter().all(|name| facts.iter().any(|fact| words(fact).any(|w| w == *name)));
            let spoke = events().find(|(_, entry)| !names.is_empty() && speaks(&entry.facts));
            spoke.map(|(place, _)| place).or(last)
        }
    };
    about.map(|about| Found { about, shown })
}

/// The answer that was not expected, if one was given.
fn answer(trace: &Trace, finding: &Finding) -> Option<usize> {
    let told = |entry: &Entry| finding.evidence.ends_with(&format!("got {} at {}", entry.label, entry.at));
    trace.entries.iter().rposition(|entry| entry.kind == EntryKind::Reply && told(entry))
}

/// Where a trace shows a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The event after which it was found; of what is owed in the end, the last event whose facts speak of it; of an
    /// answer that was not expected, that answer.
    pub(super) about: usize,
    /// The finding itself, where it is in the trace.
    pub(super) shown: Option<usize>,
}

/// The steps from the first cause to the finding, each the cause of the next.
pub(super) fn chain(steps: &[Step], found: Found) -> Vec<usize> {
    let causes = std::iter::successors(Some(found.about), |&place| steps[place].cause.filter(|&cause| cause < place));
    let mut chain: Vec<usize> = causes.collect();
    chain.reverse();
    chain.extend(found.shown);
    chain
}

/// Every step that can have mattered: what was sent, armed or asked for there, or happened there before.
pub(super) fn cone(steps: &[Step], found: Found) -> BTreeSet<usize> {
    let mut cone: BTreeSet<usize> = found.shown.into_iter().collect();
    let mut open = vec![found.about];
    while let Some(place) = open.pop() {
        if cone.insert(place) {
            let step = &steps[place];
            let here = |earlier: &usize| step.node.is_some() && steps[*earlier].node == step.node;
            open.extend(step.cause.filter(|&cause| cause < place));
            open.extend((0..place).rev().find(here));
        }
    }
    cone
}

/// The names of jobs and the like in a sentence: what has a digit in it and is no node, no number and no time.
fn names<'a>(sentence: &'a str, trace: &Trace) -> Vec<&'a str> {
    let is_name = |word: &&str| {
        let starts = word.chars().next().is_some_and(char::is_alphabetic);
        starts && word.chars().any(|c| c.is_ascii_digit()) && !trace.nodes.iter().any(|node| node == word)
    };
    words(sentence).filter(is_name).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let word = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    text.split(move |c| !word(c)).map(|word| word.trim_end_matches('.')).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::Picture;
    use super::super::tests::{entry, finding, trace};
    use super::*;

    #[test]
    fn an_unexpected_answer_came_of_what_led_to_it() {
        let mut entries = vec![
            entry(EntryKind::Start, Some(1), None, Some(0)),
            Entry { label: "done", ..entry(EntryKind::Reply, None, Some(1), Some(0)) },
            entry(EntryKind::Fire, Some(2), Some(1), Some(0)),
        ];
        let found = finding(FindingKind::Expectation, "expected failed, got done at 1.000000s");
        let picture = Picture::new(&trace(entries.clone()), Some(&found));
        assert_eq!(picture.chain, [0, 1, 3]);
        let shown = picture.steps.last().unwrap();
        assert_eq!((shown.id.as_str(), shown.kind.as_str(), shown.before_violation), ("2.1", "finding", true));
        assert!(shown.text.starts_with("expectation p: expected failed"), "{}", shown.text);
        entries[1].label = "other";
        assert_eq!(Picture::new(&trace(entries), Some(&found)).chain, [0, 2, 3]);
    }

    #[test]
    fn what_is_owed_came_of_the_last_event_that_speaks_of_it() {
        let mut entries = vec![
            entry(EntryKind::Start, Some(1), None, Some(0)),
            entry(EntryKind::Call, Some(2), None, Some(0)),
            entry(EntryKind::Fire, Some(3), Some(1), Some(0)),
            entry(EntryKind::Finding, None, None, None),
        ];
        entries[1].facts = vec!["wait on x-p1.1 begins".to_owned()];
        entries[2].facts = vec!["x-p1.11 ends".to_owned()];
        entries[3].text = "owed p: the wait of a on x-p1.1.".to_owned();
        let found = finding(FindingKind::Owed, "the wait of a on x-p1.1.");
        assert_eq!(Picture::new(&trace(entries.clone()), Some(&found)).chain, [1, 3]);
        let silent = finding(FindingKind::Owed, "nothing is at rest");
        assert_eq!(Picture::new(&trace(entries), Some(&silent)).chain, [0, 2, 4]);
    }
}
