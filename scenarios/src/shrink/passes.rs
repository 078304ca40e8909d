//! What is taken away, and in which order: entries, nodes, policies, keys and members, numbers, durations, names.

use std::time::Duration;

use toml_edit::Value;

use super::draft::{Draft, text};
use super::drawn::at;
use super::judge::Shrinker;
use crate::text::{parse_duration, show_duration};

/// Keys that say what the scenario is, and those that have a pass of their own.
const APART: [&str; 7] = ["name", "about", "plane", "seeds", "expect", "policies", "cluster"];

impl Shrinker {
    /// Takes away whatever can be, until nothing more can.
    pub(super) fn take_away(&mut self) {
        loop {
            let before = self.best.text();
            self.entries();
            self.tables();
            self.nodes();
            self.policies();
            self.members();
            self.numbers();
            self.durations();
            if self.is_spent() || self.best.text() == before {
                break;
            }
        }
        self.sort();
        self.node_names();
        self.call_names();
    }

    /// Runs of entries, long ones first.
    fn entries(&mut self) {
        let mut length = self.best.timeline.len().div_ceil(2);
        while length > 0 {
            let mut from = self.best.timeline.len().saturating_sub(length);
            loop {
                let to = (from + length).min(self.best.timeline.len());
                self.attempt(|draft| _ = draft.timeline.drain(from..to));
                if from == 0 {
                    break;
                }
                from = from.min(self.best.timeline.len()).saturating_sub(length);
            }
            length /= 2;
        }
    }

    /// Whole tables, and their keys one by one.
    fn tables(&mut self) {
        for (table, keys) in self.best.tables() {
            if APART.contains(&table.as_str()) || self.attempt(|draft| draft.remove(&table)) {
                continue;
            }
            for key in keys {
                self.attempt(|draft| draft.remove_in(&table, &key));
            }
        }
        for key in ["events_max", "settle", "until"] {
            self.attempt(|draft| draft.remove(key));
        }
    }

    fn policies(&mut self) {
        let Some(policies) = self.best.get("policies").and_then(Value::as_inline_table) else { return };
        let names: Vec<String> = policies.iter().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            self.attempt(|draft| draft.remove_in("policies", &name));
        }
    }

    /// Keys of entries and members of lists, at any depth.
    fn members(&mut self) {
        for entry in 0..self.best.timeline.len() {
            let mut place = 0;
            loop {
                let mut whole = Value::InlineTable(self.best.timeline[entry].clone());
                if !remove_nth(&mut whole, &mut place.clone()) {
                    break;
                }
                let removed = self.attempt(|draft| {
                    if let Value::InlineTable(table) = whole {
                        draft.timeline[entry] = table;
                    }
                });
                place += usize::from(!removed);
            }
        }
        for (key, mut value) in self.best.lists() {
            let mut place = 0;
            loop {
                let mut smaller = value.clone();
                if !remove_nth(&mut smaller, &mut place.clone()) {
                    break;
                }
                if self.attempt(|draft| draft.set(&key, smaller.clone())) {
                    value = smaller;
                } else {
                    place += 1;
                }
            }
        }
    }

    /// Every whole number of the timeline becomes 1, if it can, and so does one that is not given and means more.
    fn numbers(&mut self) {
        for (verb, key) in self.prepared().sizes().least {
            for place in 0..self.best.timeline.len() {
                let entry = &self.best.timeline[place];
                if entry.contains_key(verb) && !entry.contains_key(key) {
                    self.attempt(|draft| _ = draft.timeline[place].insert(*key, 1.into()));
                }
            }
        }
        for place in 0.. {
            let (mut found, mut at) = (false, 0);
            let changed = self.attempt(|draft| {
                draft.each_entry(&mut |_, value| {
                    if value.is_integer() {
                        if at == place {
                            (found, *value) = (true, Value::from(1));
                        }
                        at += 1;
                    }
                });
            });
            if !found && !changed {
                return;
            }
        }
    }

    /// Every duration becomes shorter and rounder.
    fn durations(&mut self) {
        for place in 0.. {
            let Some(span) = nth_duration(&mut self.best.clone(), place, None) else { return };
            for simpler in simpler(span) {
                if self.attempt(|draft| _ = nth_duration(draft, place, Some(simpler))) {
                    break;
                }
            }
        }
    }

    /// Entries in the order in which they happen.
    fn sort(&mut self) {
        self.attempt(|draft| draft.timeline.sort_by_key(at));
    }

    /// Calls are a, b, c; one that nobody speaks of has no name.
    fn call_names(&mut self) {
        let named = |draft: &Draft| -> Vec<String> {
            let names = draft.timeline.iter().filter_map(|entry| entry.get("as")?.as_str().map(str::to_owned));
            names.collect()
        };
        for (letter, name) in ('a'..='z').zip(named(&self.best)) {
            self.attempt(|draft| draft.rename(&[(&name, &letter.to_string())]));
        }
    }
}

impl Draft {
    /// The keys under which lists stand, apart from those with a pass of their own.
    fn lists(&self) -> Vec<(String, Value)> {
        let keys = self.tables().into_iter().map(|(key, _)| key);
        let tables = keys.filter(|key| !APART.contains(&key.as_str()));
        let tables = tables.filter_map(|key| Some((key.clone(), self.get(&key)?.clone())));
        let apps = ["apps"].into_iter().filter_map(|key| Some((key.to_owned(), self.get(key)?.clone())));
        tables.chain(apps).collect()
    }
}

/// Removes the nth key of a table or member of a list, counted through all depths; whether there is one.
fn remove_nth(value: &mut Value, nth: &mut usize) -> bool {
    match value {
        Value::InlineTable(table) => {
            let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
            for key in keys {
                if *nth == 0 {
                    table.remove(&key);
                    return true;
                }
                *nth -= 1;
                if table.get_mut(&key).is_some_and(|inner| remove_nth(inner, nth)) {
                    return true;
                }
            }
            false
        }
        Value::Array(items) => {
            for index in (0..items.len()).rev() {
                if *nth == 0 {
                    items.remove(index);
                    return true;
                }
                *nth -= 1;
                if items.get_mut(index).is_some_and(|inner| remove_nth(inner, nth)) {
                    return true;
                }
            }
            false
        }
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => false,
    }
}

/// The nth duration of a scenario, and what is put in its place.
fn nth_duration(draft: &mut Draft, nth: usize, instead: Option<Duration>) -> Option<Duration> {
    let (mut at, mut found) = (0, None);
    let mut visit = |key: &str, value: &mut Value| {
        if APART.contains(&key) {
            return;
        }
        let Some(span) = value.as_str().and_then(|text| parse_duration(text).ok()) else { return };
        if at == nth {
            found = Some(span);
            if let Some(instead) = instead {
                *value = text(&show_duration(instead));
            }
        }
        at += 1;
    };
    draft.each_entry(&mut visit);
    draft.each_key(&mut visit);
    found
}

/// Durations that are simpler: none at all, then rounder ones, the roundest first. Each reads shorter, or as short and is
/// less, so that this comes to an end.
fn simpler(span: Duration) -> Vec<Duration> {
    const ROUND: [u64; 9] =
        [60_000_000_000, 10_000_000_000, 1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000];
    let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    let rank = |nanos: u64| (show_duration(Duration::from_nanos(nanos)).len(), nanos);
    let mut all = vec![0];
    for unit in ROUND {
        all.extend([unit, nanos / unit * unit, nanos.div_ceil(unit).saturating_mul(unit)]);
    }
    all.retain(|&other| rank(other) < rank(nanos));
    let mut seen = std::collections::BTreeSet::new();
    all.into_iter().filter(|&other| seen.insert(other)).map(Duration::from_nanos).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simpler_durations_are_shorter_to_read_or_less() {
        let of = |nanos: u64| simpler(Duration::from_nanos(nanos)).into_iter().map(show_duration).collect::<Vec<_>>();
        assert_eq!(of(0), [""; 0]);
        assert_eq!(of(1_000_000_000), ["0s"]);
        assert!(of(2_026_448_123).contains(&"2s".to_owned()) && of(2_026_448_123).contains(&"3s".to_owned()));
        assert_eq!(of(2_026_448_123)[0], "0s");
    }

    #[test]
    fn every_key_and_member_is_removed_once() {
        let whole: Value = "{ a = 1, b = [[\"p\", \"q\"], [\"r\"]], c = { d = 2 } }".parse().unwrap();
        let mut left = Vec::new();
        for nth in 0.. {
            let mut value = whole.clone();
            if !remove_nth(&mut value, &mut nth.clone()) {
                break;
            }
            left.push(value.to_string().replace(' ', ""));
        }
        assert_eq!(left.len(), 1 + 1 + 2 + 3 + 1 + 1, "{left:?}");
        assert!(left.contains(&"{a=1,b=[[\"p\",\"q\"],[]],c={d=2}}".to_owned()), "{left:?}");
    }
}
