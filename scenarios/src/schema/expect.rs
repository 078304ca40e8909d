//! What a scenario expects beside that its properties hold.

use std::collections::BTreeMap;

use quiesce_machine::{CallId, Monitor as _};

use super::timeline::Names;
use crate::plane::Plane;
use crate::text::{Fields, Mistake, Read, Value};

/// The `[expect]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Whether the properties are named one by one. Then each must have something to judge; of all properties of a
    /// plane, some must.
    pub named: bool,
    /// By the name of a call: the answers it may get, by label.
    pub replies: BTreeMap<String, Replies>,
    /// Facts that must be stated at least once over all seeds, by label.
    pub facts: Vec<&'static str>,
    /// How often messages may be sent in one run, by label.
    pub messages: BTreeMap<&'static str, Limits>,
    /// What the scenario is there to show: by policy, the property that fails with the reference's choice of it.
    pub reference: BTreeMap<&'static str, &'static str>,
}

/// The answers that one call may get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replies {
    /// The call.
    pub call: CallId,
    /// Labels of legal answers.
    pub labels: Vec<&'static str>,
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At least so often.
    pub min: u64,
    /// At most so often.
    pub max: u64,
}

impl Expect {
    /// Reads the table, and the properties to judge: those named, or all.
    pub(super) fn read<P: Plane>(scenario: &Fields<'_>, names: &Names) -> Read<(Expect, Vec<P::Monitor>)> {
        let mut expect = Expect::default();
        let Some(value) = scenario.get("expect") else { return Ok((expect, P::monitors())) };
        let fields = value.table("`expect`", &["properties", "replies", "facts", "messages", "reference"])?;
        for value in fields.get("replies").map_or(Ok(Vec::new()), |replies| replies.names())? {
            let (name, replies) = replies::<P>(&value, names)?;
            expect.replies.insert(name, replies);
        }
        for value in fields.get("facts").map_or(Ok(Vec::new()), |facts| facts.list())? {
            expect.facts.push(label(&value, "fact", P::FACTS)?);
        }
        for value in fields.get("messages").map_or(Ok(Vec::new()), |messages| messages.names())? {
            let word = value.key_word("message", P::MESSAGES.iter().copied())?;
            expect.messages.insert(canonical(word, P::MESSAGES), limits(&value)?);
        }
        for value in fields.get("reference").map_or(Ok(Vec::new()), |reference| reference.names())? {
            let (policy, property) = defeat::<P>(&value)?;
            expect.reference.insert(policy, property);
        }
        let Some(properties) = fields.get("properties") else { return Ok((expect, P::monitors())) };
        expect.named = true;
        Ok((expect, monitors::<P>(&properties)?))
    }
}

fn monitors<P: Plane>(value: &Value<'_>) -> Read<Vec<P::Monitor>> {
    let all = P::monitors();
    let mut named = Vec::new();
    for item in value.list()? {
        let word = item.word("property", all.iter().map(|monitor| monitor.name()))?;
        named.push(word);
    }
    Ok(all.into_iter().filter(|monitor| named.contains(&monitor.name())).collect())
}

/// `wire-errors = "ic-tables-converge"`: a policy, and the property that its reference choice breaks.
fn defeat<P: Plane>(value: &Value<'_>) -> Read<(&'static str, &'static str)> {
    let word = value.key_word("policy", P::POLICIES.iter().map(|row| row.name))?;
    let policy = P::POLICIES.iter().find(|row| row.name == word).expect("a legal word is in the list").name;
    let properties: Vec<&'static str> = P::monitors().iter().map(|monitor| monitor.name()).collect();
    let word = value.word("property", properties.iter().copied())?;
    Ok((policy, properties.iter().find(|&&name| name == word).expect("a legal word is in the list")))
}

/// `w = "finished"`, or a list of such labels.
fn replies<P: Plane>(value: &Value<'_>, names: &Names) -> Read<(String, Replies)> {
    let name = value.key_word("name of a call", names.iter().map(|(name, _)| name))?;
    let call = names.get(name).expect("a legal name is in the list").call;
    let items = if value.is_list() { value.list()? } else { vec![value.clone()] };
    let labels: Read<Vec<_>> = items.iter().map(|item| label(item, "reply", P::REPLIES)).collect();
    Ok((name.to_owned(), Replies { call, labels: labels? }))
}

fn limits(value: &Value<'_>) -> Read<Limits> {
    let fields = value.table("the limits of a message", &["min", "max"])?;
    let min = fields.get("min").map_or(Ok(0), |min| min.count(0..=u64::MAX))?;
    let max = fields.get("max").map_or(Ok(u64::MAX), |max| max.count(0..=u64::MAX))?;
    if min > max {
        let (message, expected) = (format!("min is {min} and max is {max}"), "min at or below max".to_owned());
        return Err(value.misread(Mistake::Contrary { message, expected }));
    }
    Ok(Limits { min, max })
}

fn label(value: &Value<'_>, what: &'static str, legal: &'static [&'static str]) -> Read<&'static str> {
    Ok(canonical(value.word(what, legal.iter().copied())?, legal))
}

fn canonical(word: &str, legal: &'static [&'static str]) -> &'static str {
    legal.iter().find(|&&legal| legal == word).expect("a legal word is in the list")
}
