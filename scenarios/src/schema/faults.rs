//! What can go wrong in any cluster, as timeline entries.

use std::time::Duration;

use quiesce_machine::{Node, NodeId};
use quiesce_sim::{Action, Rate, RatioError, Records, Shift, StoreFault};

use crate::plane::Verb;
use crate::text::{Fields, Mistake, Read, Value};

/// What can happen in any cluster.
pub const COMMON_VERBS: [Verb; 19] = [
    Verb { word: "crash", keys: &["records", "stays_down", "for"] },
    Verb { word: "restart", keys: &[] },
    Verb { word: "pause", keys: &["for"] },
    Verb { word: "resume", keys: &[] },
    Verb { word: "partition", keys: &["for"] },
    Verb { word: "cut", keys: &["for"] },
    Verb { word: "isolate", keys: &["for"] },
    Verb { word: "clog", keys: &["for"] },
    Verb { word: "release", keys: &[] },
    Verb { word: "slow_node", keys: &["by", "for"] },
    Verb { word: "skew", keys: &["ahead", "behind", "for"] },
    Verb { word: "drift", keys: &["rate", "for"] },
    Verb { word: "store_fail", keys: &["count", "for"] },
    Verb { word: "store_unknown", keys: &["applied", "count", "for"] },
    Verb { word: "store_late", keys: &["by", "count", "for"] },
    Verb { word: "lose", keys: &["from", "to", "count", "for"] },
    Verb { word: "duplicate", keys: &["from", "to", "count", "for"] },
    Verb { word: "delay", keys: &["from", "to", "count", "by", "for"] },
    Verb { word: "heal", keys: &[] },
];

/// How long a fault lasts that says so with `for`.
pub(super) fn lasting<N: Node>(action: &Action<N>, fields: &Fields<'_>) -> Read<Option<Duration>> {
    let Some(value) = fields.get("for") else { return Ok(None) };
    if matches!(action, Action::Crash { stays_down: true, .. }) {
        let (message, expected) = ("a crash that ends does not stay down".to_owned(), "no `for`".to_owned());
        return Err(value.misread_key(Mistake::Contrary { message, expected }));
    }
    value.duration().map(Some)
}

/// What a common verb does; `None` for a plane's own.
pub(super) fn common<N: Node>(
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
        "cut" => {
            let (from, to) = link(&value, nodes)?;
            Action::Cut { from, to }
        }
        "isolate" => Action::Isolate { node: nodes.find(&value)? },
        "clog" => {
            let (from, to) = link(&value, nodes)?;
            Action::Clog { from, to }
        }
        "release" => {
            let (from, to) = link(&value, nodes)?;
            Action::Release { from, to }
        }
        "slow_node" => Action::Slow { node: nodes.find(&value)?, by: by(fields)? },
        "skew" => Action::Skew { node: nodes.find(&value)?, shift: shift(&value, fields)? },
        "drift" => Action::Drift { node: nodes.find(&value)?, rate: rate(fields)? },
        "store_fail" => store(&value, fields, nodes, StoreFault::Fail)?,
        "store_unknown" => {
            let applied = fields.get("applied").map_or(Ok(true), |flag| flag.flag())?;
            store(&value, fields, nodes, StoreFault::Unknown { applied })?
        }
        "store_late" => store(&value, fields, nodes, StoreFault::Late { by: by(fields)? })?,
        "lose" => {
            let Rule { label, from, to, count } = Rule::read(&value, fields, nodes, messages)?;
            Action::Lose { label, from, to, count }
        }
        "duplicate" => {
            let Rule { label, from, to, count } = Rule::read(&value, fields, nodes, messages)?;
            Action::Duplicate { label, from, to, count }
        }
        "delay" => {
            let by = by(fields)?;
            let Rule { label, from, to, count } = Rule::read(&value, fields, nodes, messages)?;
            Action::Delay { label, from, to, count, by }
        }
        "heal" => heal(&value)?,
        _ => return Ok(None),
    }))
}

/// The names of the cluster's nodes, in node order.
pub(super) struct Nodes(Vec<String>);

impl Nodes {
    pub(super) fn new(names: Vec<String>) -> Self {
        Nodes(names)
    }

    pub(super) fn find(&self, value: &Value<'_>) -> Read<NodeId> {
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
        Ok(Rule {
            label: value.word("message", messages.iter().copied())?.to_owned(),
            from: fields.get("from").map(|node| nodes.find(&node)).transpose()?,
            to: fields.get("to").map(|node| nodes.find(&node)).transpose()?,
            count: count(fields)?,
        })
    }
}

fn crash<N: Node>(value: &Value<'_>, fields: &Fields<'_>, nodes: &Nodes) -> Read<Action<N>> {
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

fn link(value: &Value<'_>, nodes: &Nodes) -> Read<(NodeId, NodeId)> {
    match value.list()?.as_slice() {
        [from, to] => Ok((nodes.find(from)?, nodes.find(to)?)),
        ends => {
            let message = format!("a link has two ends, found {}", ends.len());
            let expected = "[\"sender\", \"receiver\"]".to_owned();
            Err(value.misread(Mistake::Contrary { message, expected }))
        }
    }
}

fn by(fields: &Fields<'_>) -> Read<Duration> {
    fields.need("by", "how long, like \"250ms\"")?.duration()
}

fn count(fields: &Fields<'_>) -> Read<u32> {
    let count = fields.get("count").map_or(Ok(1), |count| count.count(1..=u64::from(u32::MAX)))?;
    Ok(u32::try_from(count).expect("within the range"))
}

fn store<N: Node>(value: &Value<'_>, fields: &Fields<'_>, nodes: &Nodes, fault: StoreFault) -> Read<Action<N>> {
    Ok(Action::Store { node: Some(nodes.find(value)?), fault, count: count(fields)? })
}

/// `ahead = "5s"` or `behind = "5s"`.
fn shift(value: &Value<'_>, fields: &Fields<'_>) -> Read<Shift> {
    match (fields.get("ahead"), fields.get("behind")) {
        (Some(by), None) => Ok(Shift::Ahead(by.duration()?)),
        (None, Some(by)) => Ok(Shift::Behind(by.duration()?)),
        (ahead, _) => {
            let what = if ahead.is_some() { "ahead and behind at once" } else { "neither ahead nor behind" };
            let (message, expected) = (format!("a clock that is {what}"), "one of `ahead` and `behind`".to_owned());
            Err(value.misread(Mistake::Contrary { message, expected }))
        }
    }
}

/// `rate = "11/10"`.
fn rate(fields: &Fields<'_>) -> Read<Rate> {
    let value = fields.need("rate", "how fast the clock runs, like \"11/10\"")?;
    value.text()?.parse().map_err(|error: RatioError| {
        let expected = "seconds shown and seconds passed, like \"11/10\"".to_owned();
        value.misread(Mistake::Contrary { message: error.to_string(), expected })
    })
}

fn heal<N: Node>(value: &Value<'_>) -> Read<Action<N>> {
    if value.flag()? {
        return Ok(Action::Heal);
    }
    let (message, expected) = ("healing happens or is left out".to_owned(), "true".to_owned());
    Err(value.misread(Mistake::Contrary { message, expected }))
}
