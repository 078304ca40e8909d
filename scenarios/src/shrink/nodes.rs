//! Nodes taken out of a cluster, and the rest named anew.

use toml_edit::{InlineTable, Value};

use super::draft::Draft;
use super::judge::Shrinker;

impl Shrinker {
    /// Fewer nodes of every sort, any of them.
    pub(super) fn nodes(&mut self) {
        self.name_sizes();
        for (key, _) in self.sizes() {
            while self.fewer(&key) {}
        }
        for flag in self.prepared().sizes().flags {
            self.without(flag);
        }
    }

    /// Does without the node that a key of the cluster says is there: without the key, or with a plain no.
    fn without(&mut self, flag: &str) {
        let forget = |draft: &mut Draft| draft.remove_in("cluster", flag);
        let deny = |draft: &mut Draft| _ = draft.table("cluster").insert(flag, false.into());
        let ways: [&dyn Fn(&mut Draft); 2] = [&forget, &deny];
        for way in ways {
            let Some(gone) = self.gone(way).flatten() else { continue };
            let purged = |draft: &mut Draft| {
                way(draft);
                draft.purge(&gone);
            };
            if self.attempt(way) || self.attempt(purged) {
                return;
            }
        }
    }

    /// The last node that a change takes out of the cluster, if it takes any; `None` if there is no such cluster.
    fn gone(&self, change: impl FnOnce(&mut Draft)) -> Option<Option<String>> {
        let mut empty = self.best.clone();
        empty.timeline.clear();
        empty.remove("expect");
        empty.remove("swarm");
        change(&mut empty);
        let left = self.prepare(&empty)?.nodes();
        Some(self.prepared().nodes().into_iter().find(|name| !left.contains(name)))
    }

    /// Says how large the cluster is, where the scenario leaves it to its plane.
    fn name_sizes(&mut self) {
        for key in self.prepared().sizes().counts {
            if self.best.get_in("cluster", key).is_none() {
                self.attempt(|draft| _ = draft.table("cluster").insert(*key, 1.into()));
            }
        }
    }

    fn sizes(&self) -> Vec<(String, i64)> {
        let cluster = self.best.get("cluster").and_then(Value::as_inline_table);
        let sizes = cluster.into_iter().flat_map(InlineTable::iter);
        sizes.filter_map(|(key, value)| Some((key.to_owned(), value.as_integer()?))).collect()
    }

    /// One node fewer: the last of its sort, or another one that then goes by its name.
    fn fewer(&mut self, key: &str) -> bool {
        let sizes = self.sizes();
        let Some(size) = sizes.iter().find(|(known, _)| known == key).map(|(_, size)| size - 1) else { return false };
        let smaller = |draft: &mut Draft| {
            for (other, was) in &sizes {
                // An Information Center is no larger than the proxies that form it.
                if other == key || (other == "ic_size" && key == "proxies") {
                    draft.table("cluster").insert(other, (*was).min(size).into());
                }
            }
        };
        let Some(gone) = self.gone(smaller) else { return false };
        let Some(last) = gone else { return self.attempt(smaller) };
        let names = self.prepared().nodes();
        let sort = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        let alike: Vec<String> = names.into_iter().filter(|name| sort(name) == sort(&last)).rev().collect();
        alike.iter().any(|name| {
            let swapped = |draft: &mut Draft| {
                draft.rename(&[(name, &last), (&last, name)]);
                smaller(draft);
            };
            self.attempt(swapped)
                || self.attempt(|draft| {
                    swapped(draft);
                    draft.purge(&last);
                })
        })
    }

    /// The node that is spoken of first is the first of its sort.
    pub(super) fn node_names(&mut self) {
        let nodes = self.prepared().nodes();
        let mut spoken: Vec<String> = Vec::new();
        self.best.clone().each_entry(&mut |_, value| {
            if let Some(name) = value.as_str()
                && nodes.iter().any(|node| node == name)
                && !spoken.iter().any(|known| known == name)
            {
                spoken.push(name.to_owned());
            }
        });
        for place in 0..spoken.len() {
            let name = spoken[place].clone();
            let sort = name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
            let before = spoken[..place].iter().filter(|other| other.starts_with(&sort)).count();
            let wanted = format!("{sort}{}", before + 1);
            if wanted != name && self.attempt(|draft| draft.rename(&[(&name, &wanted), (&wanted, &name)])) {
                for other in &mut spoken {
                    if *other == name {
                        other.clone_from(&wanted);
                    } else if *other == wanted {
                        other.clone_from(&name);
                    }
                }
            }
        }
    }
}

impl Draft {
    /// Puts other names in place of names, wherever those stand alone: as values and as keys.
    pub(super) fn rename(&mut self, names: &[(&str, &str)]) {
        let other = |name: &str| names.iter().find(|(from, _)| *from == name).map(|(_, to)| (*to).to_owned());
        for entry in &mut self.timeline {
            rename_in(entry, &other);
        }
        if let Some(expect) = self.get("expect").cloned() {
            let mut expect = expect;
            rename_value(&mut expect, &other);
            self.set("expect", expect);
        }
    }

    /// Takes a node out of lists and tables, and out of the timeline what is about it alone.
    fn purge(&mut self, node: &str) {
        let about = |value: &Value| value.as_str() == Some(node);
        self.timeline.retain(|entry| !entry.iter().any(|(_, value)| about(value)));
        for entry in &mut self.timeline {
            for (_, value) in entry.iter_mut() {
                purge_value(value, node);
            }
        }
    }
}

fn rename_in(table: &mut InlineTable, other: &dyn Fn(&str) -> Option<String>) {
    let renamed = table.iter().map(|(key, value)| {
        let mut value = value.clone();
        rename_value(&mut value, other);
        (other(key).unwrap_or_else(|| key.to_owned()), value)
    });
    *table = renamed.collect();
}

fn rename_value(value: &mut Value, other: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::String(name) => {
            if let Some(name) = other(name.value()) {
                *value = Value::from(name);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_value(item, other)),
        Value::InlineTable(table) => rename_in(table, other),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => (),
    }
}

fn purge_value(value: &mut Value, node: &str) {
    match value {
        Value::Array(items) => {
            items.retain(|item| item.as_str() != Some(node));
            items.iter_mut().for_each(|item| purge_value(item, node));
        }
        Value::InlineTable(table) => _ = table.remove(node),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => (),
    }
}
