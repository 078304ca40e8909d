//! A run in words: what led to a violation, step by step.

use quiesce_machine::Time;

use super::{Picture, Step};
use crate::run::FindingKind;

/// The most steps that are told.
const TOLD_MOST: usize = 60;

/// What led to a violation, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// How many steps of the violation's past are not told, because it is long.
    pub left_out: usize,
    /// The others.
    pub steps: Vec<Told>,
}

/// One step in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The step's name in the picture.
    pub id: String,
    /// When, unless the run has no clock.
    pub at: Option<Time>,
    /// What happens.
    pub text: String,
    /// What the process stated then.
    pub facts: Vec<String>,
}

impl Picture {
    /// What led to the violation: the steps of its past, and the faults; where something is owed, all that was stated or
    /// lost. Of a long one the chain of causes, the faults and
    /// what was stated come first, and of too many of those the last.
    #[must_use]
    pub fn told(&self) -> Story {
        let clocked = self.steps.iter().any(|step| step.at_ns > 0);
        let all: Vec<usize> = (0..self.steps.len()).filter(|&step| self.matters(step)).collect();
        let tellable = if all.len() <= TOLD_MOST {
            all.clone()
        } else {
            all.iter().copied().filter(|&step| self.is_telling(step)).collect()
        };
        let kept = &tellable[tellable.len().saturating_sub(TOLD_MOST)..];
        let told = |&place: &usize| {
            let step = &self.steps[place];
            let at = clocked.then_some(Time(step.at_ns));
            Told { id: step.id.clone(), at, text: self.sentence(step), facts: step.facts.clone() }
        };
        Story { left_out: all.len() - kept.len(), steps: kept.iter().map(told).collect() }
    }

    /// Whether a step has a part in how it came to the violation, and something to say.
    fn matters(&self, place: usize) -> bool {
        let step = &self.steps[place];
        match step.kind.as_str() {
            "fault" | "crash" | "pause" | "resume" | "finding" => true,
            // What is owed in the end was not caused by one event: whatever was stated or lost may have a part in it.
            "lost" | "unheard" if self.is_owed() => true,
            _ if self.is_owed() && !step.facts.is_empty() => true,
            "heal" => self.chain.last().is_some_and(|&end| place < end),
            "lost" | "unheard" => step.cause.is_none_or(|cause| self.steps[cause].before_violation),
            "start" | "stored" => step.before_violation && !step.facts.is_empty(),
            _ => step.before_violation,
        }
    }

    /// Whether the violation is that something is still owed.
    fn is_owed(&self) -> bool {
        self.chain.last().is_some_and(|&end| self.steps[end].text.starts_with(FindingKind::Owed.word()))
    }

    /// Whether it is told of a long run too.
    fn is_telling(&self, place: usize) -> bool {
        let step = &self.steps[place];
        let fault = matches!(step.kind.as_str(), "fault" | "crash" | "pause" | "resume" | "heal" | "finding");
        fault || !step.facts.is_empty() || self.chain.contains(&place)
    }

    /// A step as a sentence.
    fn sentence(&self, step: &Step) -> String {
        let who = step.node.map_or("the cluster", |node| self.name(node));
        let (peer, label) = (step.peer.map_or("?", |peer| self.name(peer)), step.label);
        match step.kind.as_str() {
            "deliver" => format!("{who} gets {label} from {peer}"),
            "bounce" => format!("{label} of {who} comes back: {peer} is down"),
            "lost" => format!("{label} from {who} to {peer} is lost"),
            "fire" => format!("timer {label} of {who} fires"),
            "call" => format!("a user asks {who} for {label}"),
            "reply" => format!("{who} answers {label}"),
            "stored" => format!("a write of {who} is answered"),
            "start" => format!("{who} starts"),
            "unheard" => format!("a call finds {who} down"),
            "finding" => format!("does not hold: {}", step.text),
            "fault" => format!("fault: {}", step.text),
            "heal" if step.text.is_empty() => "the network heals".to_owned(),
            "heal" => format!("set right: {}", step.text),
            other => format!("{who}: {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use quiesce_machine::NodeId;
    use quiesce_sim::{Entry, EntryKind};

    use super::super::tests::{entry, finding, trace};
    use super::*;

    #[test]
    fn a_story_has_what_led_there_and_the_faults_and_nothing_else() {
        let entries = vec![
            entry(EntryKind::Start, Some(1), None, Some(0)),
            entry(EntryKind::Start, Some(2), None, Some(2)),
            entry(EntryKind::Fire, Some(3), Some(2), Some(2)),
            Entry { text: "cut b".to_owned(), ..entry(EntryKind::Fault, None, None, None) },
            Entry {
                label: "ping",
                peer: Some(NodeId(0)),
                facts: vec!["b has it".to_owned()],
                ..entry(EntryKind::Deliver, Some(4), Some(1), Some(1))
            },
            Entry { label: "pong", peer: Some(NodeId(0)), ..entry(EntryKind::Lost, None, Some(4), Some(1)) },
        ];
        let story = Picture::new(&trace(entries), Some(&finding(FindingKind::Safety, "b says so"))).told();
        let told: Vec<&str> = story.steps.iter().map(|step| step.text.as_str()).collect();
        let judged = "does not hold: safety p: b says so";
        assert_eq!(told, ["fault: cut b", "b gets ping from a", "pong from b to a is lost", judged]);
        assert_eq!((story.left_out, story.steps[1].facts.as_slice()), (0, &["b has it".to_owned()][..]));
        assert_eq!(story.steps[1].at, Some(Time(4_000_000_000)));
    }

    #[test]
    fn of_what_is_owed_everything_that_was_stated_or_lost_is_told() {
        let entries = vec![
            Entry { facts: vec!["j-1 begins".to_owned()], ..entry(EntryKind::Start, Some(1), None, Some(0)) },
            Entry { facts: vec!["b is alone".to_owned()], ..entry(EntryKind::Fire, Some(2), None, Some(1)) },
            Entry { label: "stop", peer: Some(NodeId(0)), ..entry(EntryKind::Lost, None, Some(2), Some(1)) },
            entry(EntryKind::Fire, Some(3), None, Some(2)),
        ];
        let trace = trace(entries);
        let ids = |kind| {
            let story = Picture::new(&trace, Some(&finding(kind, "j-1 has not ended"))).told();
            story.steps.into_iter().map(|step| step.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(FindingKind::Owed), ["1", "2", "2.1", "3.1"]);
        assert_eq!(ids(FindingKind::Safety), ["3", "3.1"]);
    }

    #[test]
    fn a_long_story_keeps_its_end_and_says_how_much_is_left_out() {
        let mut entries = vec![entry(EntryKind::Start, Some(1), None, Some(0))];
        entries.extend((2..=201).map(|event| Entry {
            facts: vec![format!("at {event}")],
            ..entry(EntryKind::Fire, Some(event), Some(event - 1), Some(0))
        }));
        let story = Picture::new(&trace(entries), Some(&finding(FindingKind::Safety, "enough"))).told();
        assert_eq!((story.steps.len(), story.left_out), (TOLD_MOST, 201 - TOLD_MOST));
        assert_eq!(story.steps[TOLD_MOST - 2].facts, ["at 201"]);
    }
}
