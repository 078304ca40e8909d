//! Failures made smaller while the same property still fails in the same way.
//!
//! What a seed drew is written down first, as timeline entries; then entries, nodes, policies, keys and durations are
//! taken away one after the other, each time asking a run whether the failure is still there. What is left is a
//! scenario that a person can read, and that fails by itself. Nothing depends on the wall clock.

mod draft;
mod drawn;
mod judge;
mod nodes;
mod passes;

use std::collections::BTreeSet;

use quiesce_machine::NodeId;
use thiserror::Error;

use crate::capsule::{Capsule, World, WorldError};
use crate::planes;
use crate::run::Prepared;
use draft::{Draft, text};
use judge::Shrinker;

/// A failure made small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The scenario, as a file.
    pub text: String,
    /// Its name.
    pub name: String,
    /// How many entries its timeline has, and had.
    pub entries: (usize, usize),
    /// The plane it is about.
    pub plane: String,
    /// How many nodes its cluster has, and had: processes of the control plane, not users' programs.
    pub nodes: (usize, usize),
    /// How many of those nodes did more than start before the failure showed.
    pub active: usize,
    /// How many scenarios were tried.
    pub tried: u32,
}

/// Why a failure was not made smaller.
#[derive(Debug, Error)]
pub enum ShrinkError {
    /// Its world cannot be run.
    #[error(transparent)]
    World(#[from] WorldError),
    /// It comes from a search.
    #[error("a failure found by searching a small world is a shortest one already")]
    Shortest,
    /// It is gone.
    #[error("{property} does not fail any more, so there is nothing to shrink")]
    Gone {
        /// The property.
        property: String,
    },
    /// No timeline says what happened.
    #[error("{property} fails only when struck between two effects of one event, which no timeline entry can say")]
    Between {
        /// The property.
        property: String,
    },
}

/// Makes a failure as small as it gets.
///
/// # Errors
/// When it does not fail any more, or no scenario can say what happened.
pub fn shrink(capsule: &Capsule) -> Result<Shrunk, ShrinkError> {
    let World::Scenario { text: whole, .. } = &capsule.world else { return Err(ShrinkError::Shortest) };
    let prepared = capsule.prepare(&capsule.choices())?;
    let gone = || ShrinkError::Gone { property: capsule.property.clone() };
    let replayed = prepared.replay(&capsule.course());
    if !replayed.run.findings.iter().any(|finding| finding.property == capsule.property) {
        return Err(gone());
    }
    let had = (Draft::read(whole).map_err(|_| gone())?, nodes(prepared.as_ref()));
    let mut shrinker = Shrinker::new(capsule, base(capsule, had.0.clone()));
    if capsule.strike.is_some() {
        let between = || ShrinkError::Between { property: capsule.property.clone() };
        shrinker.strike(capsule, prepared.as_ref(), &replayed).ok_or_else(between)?;
    }
    if !shrinker.start() {
        return Err(gone());
    }
    shrinker.expect_less(&capsule.property);
    shrinker.write_down();
    shrinker.take_away();
    Ok(finish(capsule, shrinker, (had.0.timeline.len(), had.1)))
}

/// The scenario with the policies of the run as its own.
fn base(capsule: &Capsule, mut draft: Draft) -> Draft {
    draft.remove("seeds");
    draft.remove("policies");
    let rows: Vec<_> = planes::ALL.into_iter().flat_map(|plane| plane.policies()).collect();
    for (policy, choice) in &capsule.policies {
        let ours = rows.iter().any(|row| row.name == policy && row.hardened == choice);
        if !ours {
            draft.table("policies").insert(policy, text(choice));
        }
    }
    draft
}

impl Shrunk {
    /// The same under another name.
    #[must_use]
    pub fn named(self, name: &str) -> Shrunk {
        let old = format!("name = \"{}\"\n", self.name);
        let text = self.text.replacen(&old, &format!("name = \"{name}\"\n"), 1);
        Shrunk { text, name: name.to_owned(), ..self }
    }
}

/// The one policy whose published choice is left in a small scenario, and the scenario with our choice, which names the
/// property that the published one breaks. None where it is not one, or not the published choice.
#[must_use]
pub fn guilty_policy(small: &Shrunk, property: &str) -> Option<(String, String)> {
    let mut draft = Draft::read(&small.text).ok()?;
    let about = draft.get("plane")?.as_str()?.to_owned();
    let plane = planes::ALL.into_iter().find(|plane| plane.name() == about)?;
    let (policy, choice) = match draft.get("policies")?.as_inline_table()?.iter().collect::<Vec<_>>()[..] {
        [(policy, choice)] => (policy.to_owned(), choice.as_str()?.to_owned()),
        _ => return None,
    };
    let published = plane.policies().iter().any(|row| row.name == policy && row.reference == choice);
    let judged = plane.properties().iter().any(|(name, _)| *name == property);
    if !published || !judged {
        return None;
    }
    draft.remove("policies");
    draft.set("about", text(&format!("{property} holds, which the published choice of {policy} breaks.")));
    let mut broken = toml_edit::InlineTable::new();
    broken.insert(&policy, text(property));
    draft.table("expect").insert("reference", toml_edit::Value::InlineTable(broken));
    let comment: String =
        small.text.lines().take_while(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    Some((policy, format!("{comment}{}", draft.text())))
}

/// A scenario in which that property alone is judged, and nothing is expected besides; none if the text is no scenario.
#[must_use]
pub fn judged_alone(scenario: &str, property: &str) -> Option<String> {
    let mut draft = Draft::read(scenario).ok()?;
    let mut expect = toml_edit::InlineTable::new();
    expect.insert("properties", toml_edit::Value::Array([property].into_iter().collect()));
    draft.set("expect", toml_edit::Value::InlineTable(expect));
    Some(draft.text())
}

fn finish(capsule: &Capsule, shrinker: Shrinker, had: (usize, usize)) -> Shrunk {
    let (prepared, seed, tried) = (shrinker.prepared(), shrinker.seed, shrinker.tried);
    let replayed = prepared.replay(&quiesce_sim::Course::seed(seed));
    let finding = replayed.run.findings.iter().find(|finding| finding.property == capsule.property);
    let evidence = finding.map_or(String::new(), |finding| finding.evidence.clone());
    let busy = replayed.trace.entries.iter().filter(|entry| entry.event.is_some());
    let busy = busy.filter(|entry| entry.kind != quiesce_sim::EntryKind::Start);
    let busy = busy.filter_map(|entry| entry.node).filter(|&node| !prepared.is_user(node));
    let active = busy.collect::<BTreeSet<_>>().len();
    let mut draft = shrinker.best;
    let was = draft.get("name").and_then(|name| name.as_str()).unwrap_or("scenario").to_owned();
    let name = name(&was, &capsule.property);
    draft.set("name", text(&name));
    draft.set("about", text(&format!("Shows how {} fails.", capsule.property)));
    let mut seeds = toml_edit::InlineTable::new();
    seeds.insert("first", i64::try_from(seed).unwrap_or(i64::MAX).into());
    seeds.insert("count", 1.into());
    draft.set("seeds", toml_edit::Value::InlineTable(seeds));
    let (entries, nodes) = ((draft.timeline.len(), had.0), (nodes(prepared.as_ref()), had.1));
    let comment = format!(
        "# The smallest scenario found in which {} fails, made by `quiesce shrink` from seed {} of {was}:\n\
         # {} of {} timeline entries and {} of {} nodes are left, users not counted. What shows it:\n# {evidence}\n",
        capsule.property, capsule.seed, entries.0, entries.1, nodes.0, nodes.1
    );
    let plane = prepared.head().plane.clone();
    Shrunk { text: format!("{comment}{}", draft.text()), name, plane, entries, nodes, active, tried }
}

/// How many processes of the control plane a cluster has.
fn nodes(prepared: &dyn Prepared) -> usize {
    (0..).map(NodeId).zip(prepared.nodes()).filter(|&(node, _)| !prepared.is_user(node)).count()
}

/// A name for what is left of a scenario in which a property fails.
fn name(scenario: &str, property: &str) -> String {
    let property = property.replace(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit(), "-");
    let mut name = format!("{scenario}-{property}");
    name.truncate(64);
    name.trim_end_matches('-').to_owned()
}
