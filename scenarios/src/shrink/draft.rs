//! A scenario that is being made smaller: its keys, and its timeline apart from them.

use toml_edit::{Array, DocumentMut, Formatted, InlineTable, TomlError, Value};

/// A scenario as values. Comments and layout are gone.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    keys: Vec<(String, Value)>,
    pub(super) timeline: Vec<InlineTable>,
}

/// The order in which the keys of a scenario are written; others follow.
const ORDER: [&str; 13] = [
    "name",
    "about",
    "plane",
    "seeds",
    "until",
    "settle",
    "events_max",
    "cluster",
    "network",
    "store",
    "timing",
    "policies",
    "swarm",
];

impl Draft {
    /// Reads a scenario that is known to be one.
    pub(super) fn read(text: &str) -> Result<Draft, TomlError> {
        let document: DocumentMut = text.parse()?;
        let mut draft = Draft { keys: Vec::new(), timeline: Vec::new() };
        for (key, item) in document.as_table() {
            let Ok(mut value) = item.clone().into_value() else { continue };
            plain(&mut value);
            if key == "timeline" {
                let entries = value.as_array().into_iter().flatten();
                draft.timeline = entries.filter_map(|entry| entry.as_inline_table().cloned()).collect();
            } else {
                draft.keys.push((key.to_owned(), value));
            }
        }
        let place = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
        draft.keys.sort_by_key(|(key, _)| place(key));
        Ok(draft)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.keys.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// A value in a table.
    pub(super) fn get_in(&self, table: &str, key: &str) -> Option<&Value> {
        self.get(table)?.as_inline_table()?.get(key)
    }

    /// The table under a key, made if it is not there.
    pub(super) fn table(&mut self, key: &str) -> &mut InlineTable {
        if !self.get(key).is_some_and(Value::is_inline_table) {
            self.set(key, Value::InlineTable(InlineTable::new()));
        }
        let table =
            self.keys.iter_mut().find(|(known, _)| known == key).and_then(|(_, value)| value.as_inline_table_mut());
        table.expect("it was just made")
    }

    pub(super) fn set(&mut self, key: &str, value: Value) {
        match self.keys.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => *known = value,
            None => {
                let place = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
                let at = self.keys.iter().position(|(known, _)| place(known) > place(key)).unwrap_or(self.keys.len());
                self.keys.insert(at, (key.to_owned(), value));
            }
        }
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.keys.retain(|(known, _)| known != key);
    }

    /// Removes a key of a table, and the table with its last key.
    pub(super) fn remove_in(&mut self, table: &str, key: &str) {
        if self.get(table).is_some() {
            self.table(table).remove(key);
            if self.table(table).is_empty() {
                self.remove(table);
            }
        }
    }

    /// The keys under which tables stand, each with its keys.
    pub(super) fn tables(&self) -> Vec<(String, Vec<String>)> {
        let keys = |table: &InlineTable| table.iter().map(|(key, _)| key.to_owned()).collect();
        let tables = self.keys.iter().filter_map(|(key, value)| Some((key.clone(), keys(value.as_inline_table()?))));
        tables.collect()
    }

    /// Every value but the timeline's, to be changed in place; tables and lists are gone into.
    pub(super) fn each_key(&mut self, change: &mut dyn FnMut(&str, &mut Value)) {
        for (key, value) in &mut self.keys {
            each(key, value, change);
        }
    }

    /// Every value of the timeline, likewise.
    pub(super) fn each_entry(&mut self, change: &mut dyn FnMut(&str, &mut Value)) {
        for entry in &mut self.timeline {
            for (key, value) in entry.iter_mut() {
                each(key.get(), value, change);
            }
        }
    }

    /// The scenario as a file.
    pub(super) fn text(&self) -> String {
        let keys = self.keys.iter().map(|(key, value)| format!("{key} = {value}\n"));
        let mut text: String = keys.collect();
        if !self.timeline.is_empty() {
            text.push_str("\ntimeline = [\n");
            for entry in &self.timeline {
                text.push_str(&format!("  {entry},\n"));
            }
            text.push_str("]\n");
        }
        text
    }
}

fn each(key: &str, value: &mut Value, change: &mut dyn FnMut(&str, &mut Value)) {
    change(key, value);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each(key, item, change)),
        Value::InlineTable(table) => {
            table.iter_mut().for_each(|(key, value)| each(key.get(), value, change));
        }
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => (),
    }
}

/// A text as a value.
pub(super) fn text(text: &str) -> Value {
    Value::String(Formatted::new(text.to_owned()))
}

/// Takes layout and comments off a value.
fn plain(value: &mut Value) {
    value.decor_mut().clear();
    match value {
        Value::Array(items) => {
            let inner = items.iter().cloned().map(|mut item| {
                plain(&mut item);
                item
            });
            *items = inner.collect::<Array>();
        }
        Value::InlineTable(table) => {
            let inner = table.iter().map(|(key, value)| {
                let mut value = value.clone();
                plain(&mut value);
                (key.to_owned(), value)
            });
            *table = inner.collect::<InlineTable>();
        }
        Value::String(text) => *value = Value::from(text.value().as_str()),
        Value::Integer(number) => *value = Value::from(*number.value()),
        Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_written_in_one_layout_whatever_it_was() {
        let text = "# A comment.\nplane  = \"xaction\"\nname = 'a' # more\ntimeline = [\n  { at = \"0s\",  crash = \"p1\" }, # why\n]\n[expect]\nfacts = [ \"x\",\n \"y\" ]\n[[more]]\na = 1\n";
        let mut draft = Draft::read(text).unwrap();
        draft.table("policies").insert("merge", super::text("join"));
        let expected = "name = \"a\"\nplane = \"xaction\"\npolicies = { merge = \"join\" }\nexpect = { facts = [\"x\", \"y\"] }\nmore = [{ a = 1 }]\n\ntimeline = [\n  { at = \"0s\", crash = \"p1\" },\n]\n";
        assert_eq!(draft.text(), expected);
        draft.remove_in("policies", "merge");
        assert!(draft.get("policies").is_none());
    }
}
