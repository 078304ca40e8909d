//! The timeline: one entry, one thing that happens.

use std::collections::BTreeMap;

use quiesce_machine::{CallId, NodeId, Time};
use quiesce_sim::{Action, Step};

use super::faults::{COMMON_VERBS, Nodes, common, lasting};
use crate::plane::{Asked, Config, Plane, Verb};
use crate::text::{Fields, Mistake, Read, Value};

/// The most entries of one timeline.
const ENTRIES_MOST: usize = 10_000;

/// A timeline, read.
#[derive(Clone, Debug)]
pub(super) struct Timeline<P: Plane> {
    pub(super) steps: Vec<Step<P::Node>>,
    pub(super) names: Names,
}

/// The calls that the timeline names with `as`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<String, Named>);

/// A call with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its verb.
    pub verb: &'static str,
    /// The call.
    pub call: CallId,
    /// Who was asked.
    pub node: NodeId,
}

impl Names {
    /// The call of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Named> {
        self.0.get(name).copied()
    }

    /// Every name, in order, with its call.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Named)> {
        self.0.iter().map(|(name, &named)| (name.as_str(), named))
    }

    /// Reads the name of a call made by `verb` further up.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn find(&self, value: &Value<'_>, what: &'static str, verb: &str) -> Read<Named> {
        let legal = self.iter().filter(|(_, named)| named.verb == verb).map(|(name, _)| name);
        let name = value.word(what, legal)?;
        Ok(self.0[name])
    }

    fn add(&mut self, value: &Value<'_>, named: Named) -> Read<()> {
        let name = value.name()?.to_owned();
        if let Some(taken) = self.0.get(&name) {
            let holder = format!("a `{}` further up", taken.verb);
            return Err(value.misread(Mistake::DuplicateName { name, holder }));
        }
        self.0.insert(name, named);
        Ok(())
    }
}

impl<P: Plane> Timeline<P> {
    pub(super) fn read(scenario: &Fields<'_>, config: &Config<P>) -> Read<Self> {
        let mut timeline = Timeline { steps: Vec::new(), names: Names::default() };
        let Some(value) = scenario.get("timeline") else { return Ok(timeline) };
        let entries = value.list()?;
        if entries.len() > ENTRIES_MOST {
            let message = format!("{} timeline entries", entries.len());
            let expected = format!("at most {ENTRIES_MOST}");
            return Err(value.misread(Mistake::Contrary { message, expected }));
        }
        let nodes = Nodes::new(P::nodes(config));
        for (index, entry) in (0..).zip(&entries) {
            timeline.entry(CallId(index), entry, &nodes, config)?;
        }
        Ok(timeline)
    }

    fn entry(&mut self, call: CallId, entry: &Value<'_>, nodes: &Nodes, config: &Config<P>) -> Read<()> {
        let (verb, fields) = verb_of::<P>(entry)?;
        let at = Time::ZERO + fields.need("at", "when, like \"500ms\"")?.duration()?;
        let action = match common(verb.word, &fields, nodes, P::MESSAGES)? {
            Some(action) => action,
            None => {
                let asked = Asked { verb: verb.word, entry: &fields, call, names: &self.names, config };
                let (node, request) = P::request(&asked)?;
                if let Some(name) = fields.get("as") {
                    self.names.add(&name, Named { verb: verb.word, call, node })?;
                }
                Action::Call { node, request, call }
            }
        };
        let lasting = lasting(&action, &fields)?;
        self.steps.push(Step { at, action, lasting });
        Ok(())
    }
}

/// The one verb of an entry, and the entry with no key that does not go with it.
fn verb_of<'t, P: Plane>(entry: &Value<'t>) -> Read<(Verb, Fields<'t>)> {
    let verbs: Vec<Verb> = P::VERBS.iter().chain(&COMMON_VERBS).copied().collect();
    let words = verbs.iter().flat_map(|verb| [verb.word].into_iter().chain(verb.keys.iter().copied()));
    let mut legal: Vec<&str> = ["at"].into_iter().chain(words).collect();
    legal.sort_unstable();
    legal.dedup();
    let fields = entry.table("a timeline entry", &legal)?;
    let find = |value: &Value<'_>| verbs.iter().find(|verb| verb.word == value.key()).copied();
    let keys = fields.all();
    let mut found = keys.iter().filter_map(|value| find(value).map(|verb| (value, verb)));
    let Some((_, verb)) = found.next() else {
        let legal = verbs.iter().map(|verb| verb.word.to_owned()).collect();
        return Err(entry.misread(Mistake::NoVerb { legal }));
    };
    if let Some((value, second)) = found.next() {
        let (first, second) = (verb.word.to_owned(), second.word.to_owned());
        return Err(value.misread_key(Mistake::TwoVerbs { first, second }));
    }
    let fits = |key: &str| key == "at" || key == verb.word || verb.keys.contains(&key);
    if let Some(stray) = keys.iter().find(|value| !fits(value.key())) {
        let legal = ["at"].iter().chain(verb.keys).map(|&key| key.to_owned()).collect();
        let (verb, key) = (verb.word.to_owned(), stray.key().to_owned());
        return Err(stray.misread_key(Mistake::Misplaced { verb, key, legal }));
    }
    Ok((verb, fields))
}
