//! The judgement on one run: what the simulator found, and what the scenario expected besides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use quiesce_machine::{Label as _, Node, Time};
use quiesce_sim::{Digest, FaultCount, Outcome, Vacuity};
use serde::{Deserialize, Serialize};

use crate::schema::Expect;

/// What one seed of a scenario came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// The judgement.
    pub verdict: Verdict,
    /// A fingerprint of everything that happened.
    pub digest: Digest,
    /// How many events nodes handled.
    pub events: u64,
    /// The virtual time reached.
    pub now: Time,
    /// What failed; not empty exactly when the verdict is [`Verdict::Fail`].
    pub findings: Vec<Finding>,
    /// Why the run proves less than it should: what it never tried, or what cut it short.
    pub reasons: BTreeSet<String>,
    /// What each fault did.
    pub faults: Vec<FaultCount>,
    /// Facts stated, by label.
    pub facts: BTreeMap<&'static str, u64>,
    /// Marks reached, and how often.
    pub marks: BTreeMap<&'static str, u64>,
    /// Messages sent, by label.
    pub messages: BTreeMap<&'static str, u64>,
    /// Properties that had something to judge.
    pub armed: BTreeSet<&'static str>,
}

/// A judgement. Only `Pass` is green.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Everything asked for was tried and held.
    Pass,
    /// Not all that was asked for was tried.
    Vacuous,
    /// A bound cut it short.
    Incomplete,
    /// It could not be run.
    Error,
    /// Something does not hold.
    Fail,
}

impl Verdict {
    /// The verdict in one lower-case word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Vacuous => "vacuous",
            Verdict::Incomplete => "incomplete",
            Verdict::Error => "error",
            Verdict::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What sort of failure.
    pub kind: FindingKind,
    /// The property's name, or the key of the scenario's expectation.
    pub property: String,
    /// What shows it, as a sentence.
    pub evidence: String,
    /// When it was found.
    pub at: Time,
}

/// The sorts of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Something happened that must not.
    Safety,
    /// Something that must happen had not by the end.
    Owed,
    /// A node or a monitor panicked.
    Panic,
    /// The scenario expected otherwise.
    Expectation,
}

impl FindingKind {
    /// The sort in one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            FindingKind::Safety => "safety",
            FindingKind::Owed => "owed",
            FindingKind::Panic => "panic",
            FindingKind::Expectation => "expectation",
        }
    }
}

impl From<quiesce_sim::FindingKind> for FindingKind {
    fn from(kind: quiesce_sim::FindingKind) -> Self {
        match kind {
            quiesce_sim::FindingKind::Safety => FindingKind::Safety,
            quiesce_sim::FindingKind::Owed => FindingKind::Owed,
            quiesce_sim::FindingKind::Panic => FindingKind::Panic,
        }
    }
}

impl Run {
    /// Judges what the simulator returned for `seed`.
    pub(super) fn judge<N: Node>(seed: u64, outcome: Outcome<N>, expect: &Expect) -> Run {
        let mut findings: Vec<Finding> = outcome.findings.iter().map(finding).collect();
        let (simulated, reasons) = verdict(&outcome, expect);
        if matches!(simulated, Verdict::Pass | Verdict::Vacuous) {
            findings.extend(surprises(&outcome, expect));
        }
        let verdict = if findings.is_empty() { simulated } else { Verdict::Fail };
        Run {
            seed,
            verdict,
            digest: outcome.digest,
            events: outcome.events,
            now: outcome.now,
            findings,
            reasons,
            faults: outcome.faults,
            facts: outcome.facts,
            marks: outcome.marks,
            messages: outcome.messages,
            armed: outcome.armed.into_iter().collect(),
        }
    }
}

fn finding(found: &quiesce_sim::Finding) -> Finding {
    let (property, evidence) = (found.property.to_owned(), found.evidence.clone());
    Finding { kind: found.kind.into(), property, evidence, at: found.at }
}

/// The simulator's judgement, and what it rests on. That some properties of a whole plane had nothing to judge is no
/// lack, unless none had.
fn verdict<N: Node>(outcome: &Outcome<N>, expect: &Expect) -> (Verdict, BTreeSet<String>) {
    let lacks = |vacuity: &Vacuity| match vacuity {
        Vacuity::Unarmed { .. } => expect.named || outcome.armed.is_empty(),
        Vacuity::Late { .. } | Vacuity::Idle { .. } => true,
    };
    match &outcome.verdict {
        quiesce_sim::Verdict::Pass => (Verdict::Pass, BTreeSet::new()),
        quiesce_sim::Verdict::Fail => (Verdict::Fail, BTreeSet::new()),
        quiesce_sim::Verdict::Incomplete(bound) => (Verdict::Incomplete, BTreeSet::from([bound.to_string()])),
        quiesce_sim::Verdict::Error(error) => (Verdict::Error, BTreeSet::from([error.to_string()])),
        quiesce_sim::Verdict::Vacuous(all) => {
            let lacking: BTreeSet<String> = all.iter().filter(|one| lacks(one)).map(ToString::to_string).collect();
            (if lacking.is_empty() { Verdict::Pass } else { Verdict::Vacuous }, lacking)
        }
    }
}

/// What the scenario expected otherwise; asked only of runs that came to their end.
fn surprises<N: Node>(outcome: &Outcome<N>, expect: &Expect) -> Vec<Finding> {
    let surprise = |property: String, evidence: String| {
        let kind = FindingKind::Expectation;
        Finding { kind, property, evidence, at: outcome.now }
    };
    let mut found = Vec::new();
    for (name, legal) in &expect.replies {
        let answers = || outcome.replies.iter().filter(|answer| answer.call == legal.call);
        let wanted = legal.labels.join(" or ");
        if answers().next().is_none() {
            found.push(surprise(format!("expect.replies.{name}"), format!("expected {wanted}, got no answer")));
        }
        for answer in answers().filter(|answer| !legal.labels.contains(&answer.reply.label())) {
            let (got, at) = (answer.reply.label(), answer.at);
            found.push(surprise(format!("expect.replies.{name}"), format!("expected {wanted}, got {got} at {at}")));
        }
    }
    for (label, limits) in &expect.messages {
        let sent = outcome.messages.get(label).copied().unwrap_or(0);
        let property = format!("expect.messages.{label}");
        if sent > limits.max {
            found.push(surprise(property, format!("expected at most {}, {sent} were sent", limits.max)));
        } else if sent < limits.min {
            found.push(surprise(property, format!("expected at least {}, {sent} were sent", limits.min)));
        }
    }
    found
}
