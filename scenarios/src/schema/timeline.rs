//! The timeline: one entry, one thing that happens.

use std::collections::BTreeMap;

use quiesce_machine::{CallId, NodeId, Time};
use quiesce_sim::{Action, Records, Step};

use crate::plane::{Asked, Config, Plane, Verb};
use crate::text::{Fields, Mistake, Read, Value};

/// The most entries of one timeline.
const ENTRIES_MOST: usize = 10_000;

/// What can happen in any cluster.
pub const COMMON_VERBS: [Verb; 10] = [
    Verb { word: "crash", keys: &["records", "stays_down"] },
    Verb { word: "restart", keys: &[] },
    Verb { word: "pause", keys: &[] },
    Verb { word: "resume", keys: &[] },
    Verb { word: "partition", keys: &[] },
    Verb { word: "cut", keys: &[] },
    Verb { word: "lose", keys: &["from", "to", "count"] },
    Verb { word: "duplicate", keys: &["from", "to", "count"] },
    Verb { word: "delay", keys: &["from", "to", "count", "by"] },
    Verb { word: "heal", keys: &[] },
];

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
        let nodes = Nodes(P::nodes(config));
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
        self.steps.push(Step { at, action, lasting: None });
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

/// What a common verb does; `None` for a plane's own.
fn common<N: quiesce_machine::Node>(
    verb: &'static str,
    fields: &Fields<'_>,
    nodes: &Nodes,
    messages: &[&str],
) -> Read<Option<Action<N>>> {
    let Some(value) = fields.get(verb) else { return Ok(None) };
    Ok(Some(match verb {
        "crash" => crash(&value, fields, nodes)?,
        "restart" => Action::Restart { node: nodes.find(&value)? },
        "pause" => Action::Pause { node: nodes.find(&value)? },
        "resume" => Action::Resume { node: nodes.find(&value)? },
        "partition" => Action::Partition { groups: groups(&value, nodes)? },
        "cut" => cut(&value, nodes)?,
        "lose" => {
            let Rule { label, from, to, count } = Rule::read(&value, fields, nodes, messages)?;
            Action::Lose { label, from, to, count }
        }
        "duplicate" => {
            let Rule { label, from, to, count } = Rule::read(&value, fields, nodes, messages)?;
            Action::Duplicate { label, from, to, count }
        }
        "delay" => {
            let by = fields.need("by", "how long, like \"250ms\"")?.duration()?;
            let Rule { label, from, to, count } = Rule::read(&value, fields, nodes, messages)?;
            Action::Delay { label, from, to, count, by }
        }
        "heal" => heal(&value)?,
        _ => return Ok(None),
    }))
}

/// The names of the cluster's nodes, in node order.
struct Nodes(Vec<String>);

impl Nodes {
    fn find(&self, value: &Value<'_>) -> Read<NodeId> {
        let name = value.word("node", self.0.iter().map(String::as_str))?;
        let place = (0..).zip(&self.0).find(|(_, node)| *node == name);
        Ok(NodeId(place.expect("a legal name is in the list").0))
    }
}

/// Which messages a rule is about.
struct Rule {
    label: String,
    from: Option<NodeId>,
    to: Option<NodeId>,
    count: u32,
}

impl Rule {
    fn read(value: &Value<'_>, fields: &Fields<'_>, nodes: &Nodes, messages: &[&str]) -> Read<Rule> {
        let count = fields.get("count").map_or(Ok(1), |count| count.count(1..=u64::from(u32::MAX)))?;
        Ok(Rule {
            label: value.word("message", messages.iter().copied())?.to_owned(),
            from: fields.get("from").map(|node| nodes.find(&node)).transpose()?,
            to: fields.get("to").map(|node| nodes.find(&node)).transpose()?,
            count: u32::try_from(count).expect("within the range"),
        })
    }
}

fn crash<N: quiesce_machine::Node>(value: &Value<'_>, fields: &Fields<'_>, nodes: &Nodes) -> Read<Action<N>> {
    let records = match fields.get("records") {
        Some(records) if records.word("fate of records", ["kept", "lost"])? == "lost" => Records::Lost,
        Some(_) | None => Records::Kept,
    };
    let stays_down = fields.get("stays_down").map_or(Ok(false), |flag| flag.flag())?;
    Ok(Action::Crash { node: nodes.find(value)?, records, stays_down })
}

fn groups(value: &Value<'_>, nodes: &Nodes) -> Read<Vec<Vec<NodeId>>> {
    let mut seen: Vec<NodeId> = Vec::new();
    let mut groups = Vec::new();
    for group in value.list()? {
        let mut members = Vec::new();
        for member in group.list()? {
            let node = nodes.find(&member)?;
            if seen.contains(&node) {
                let message = format!("`{}` stands twice in one partition", nodes.0[node.index()]);
                let expected = "each node in one group at most".to_owned();
                return Err(member.misread(Mistake::Contrary { message, expected }));
            }
            seen.push(node);
            members.push(node);
        }
        groups.push(members);
    }
    Ok(groups)
}

fn cut<N: quiesce_machine::Node>(value: &Value<'_>, nodes: &Nodes) -> Read<Action<N>> {
    match value.list()?.as_slice() {
        [from, to] => Ok(Action::Cut { from: nodes.find(from)?, to: nodes.find(to)? }),
        ends => {
            let message = format!("a cut has two ends, found {}", ends.len());
            let expected = "[\"sender\", \"receiver\"]".to_owned();
            Err(value.misread(Mistake::Contrary { message, expected }))
        }
    }
}

fn heal<N: quiesce_machine::Node>(value: &Value<'_>) -> Read<Action<N>> {
    if value.flag()? {
        return Ok(Action::Heal);
    }
    let (message, expected) = ("healing happens or is left out".to_owned(), "true".to_owned());
    Err(value.misread(Mistake::Contrary { message, expected }))
}
