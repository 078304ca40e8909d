//! A run held against the one that a capsule was saved of.

use quiesce_sim::{Entry, EntryKind, Trace};

use super::{Capsule, STEPS_MOST};
use crate::run::{Replayed, Verdict};

/// How a replay compares with its capsule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What became of the failure.
    pub fate: Fate,
    /// Where the run first went another way, if it did.
    pub divergence: Option<Divergence>,
    /// What else differs.
    pub differences: Vec<String>,
}

/// What became of a saved failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The same failure in the same run.
    Reproduced,
    /// The property fails, in another run.
    Differs,
    /// The property holds.
    Fixed,
    /// The property did not fail, and that says nothing; why.
    Unproven(String),
}

impl Fate {
    /// The fate in one word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Fate::Reproduced => "reproduced",
            Fate::Differs => "differs",
            Fate::Fixed => "fixed",
            Fate::Unproven(_) => "unproven",
        }
    }
}

/// The first step at which two runs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Its number, from 1.
    pub step: usize,
    /// What happened when the capsule was saved; nothing if the run had ended.
    pub expected: Option<String>,
    /// What happens now; nothing if the run has ended.
    pub got: Option<String>,
}

/// What nodes handled, one line an event: when, who, what, from whom, and the facts stated.
pub fn steps(trace: &Trace) -> impl Iterator<Item = String> {
    trace.entries.iter().filter(|entry| entry.event.is_some()).map(|entry| step(trace, entry))
}

fn step(trace: &Trace, entry: &Entry) -> String {
    let name = |id: quiesce_machine::NodeId| trace.nodes.get(id.index()).map_or("?", String::as_str);
    let mut text = format!("{} {} {}", entry.at, entry.node.map_or("-", name), entry.kind);
    if !entry.label.is_empty() {
        text.push_str(&format!(" {}", entry.label));
    }
    if let Some(peer) = entry.peer {
        let towards = if entry.kind == EntryKind::Bounce { "to" } else { "from" };
        text.push_str(&format!(" {towards} {}", name(peer)));
    }
    if !entry.facts.is_empty() {
        text.push_str(&format!(" | {}", entry.facts.join("; ")));
    }
    text
}

impl Capsule {
    /// How a run on the capsule's course compares with what was saved.
    #[must_use]
    pub fn compare(&self, replayed: &Replayed) -> Comparison {
        let run = &replayed.run;
        let finding = run.findings.iter().find(|finding| finding.property == self.property);
        let (digest, divergence) = (run.digest.to_string(), self.divergence(&replayed.trace));
        let fate = match finding {
            Some(_) if self.digest == digest => Fate::Reproduced,
            Some(_) => Fate::Differs,
            None => self.fate_without(replayed),
        };
        let mut differences = Vec::new();
        let mut differ = |what: &str, saved: &str, now: &str| {
            if saved != now {
                differences.push(format!("{what}: {saved} when saved, {now} now"));
            }
        };
        if let Some(finding) = finding {
            differ("digest", &self.digest, &digest);
            differ("events", &self.events.to_string(), &run.events.to_string());
            differ("evidence", &self.evidence, &finding.evidence);
        }
        differ("quiesce", &self.quiesce, env!("CARGO_PKG_VERSION"));
        let unused = replayed.unused + replayed.missed.len();
        if unused > 0 {
            let share = if unused == 1 { "1 decision was".to_owned() } else { format!("{unused} decisions were") };
            differences.push(format!("{share} never asked for"));
        }
        Comparison { fate, divergence, differences }
    }

    /// A run without the failure: does that say that the property holds?
    fn fate_without(&self, replayed: &Replayed) -> Fate {
        let run = &replayed.run;
        let reasons = || run.reasons.iter().cloned().collect::<Vec<_>>().join("; ");
        let judged = self.property == "panic" || self.property.starts_with("expect.");
        match run.verdict {
            Verdict::Incomplete | Verdict::Error => Fate::Unproven(reasons()),
            Verdict::Fail => Fate::Unproven("something else fails first".to_owned()),
            Verdict::Pass | Verdict::Vacuous if judged || run.armed.contains(self.property.as_str()) => Fate::Fixed,
            Verdict::Pass | Verdict::Vacuous => Fate::Unproven(format!("{} had nothing to judge", self.property)),
        }
    }

    fn divergence(&self, trace: &Trace) -> Option<Divergence> {
        let mut expected = self.steps.iter();
        let mut got = steps(trace).take(STEPS_MOST);
        for step in 1.. {
            match (expected.next(), got.next()) {
                (None, None) => return None,
                (Some(expected), Some(got)) if *expected == got => (),
                (expected, got) => return Some(Divergence { step, expected: expected.cloned(), got }),
            }
        }
        None
    }
}
