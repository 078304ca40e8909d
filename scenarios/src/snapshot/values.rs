//! The values of a state by their places, and in what two states differ.
//!
//! Every value that can change by itself has a place, like `table[x-p1.1.1].phase`: a field stands behind a dot, a key of a
//! map and a member of a set or list in brackets.

use std::collections::BTreeMap;
use std::fmt;

use super::parse;
use super::tree::{Item, Tree};

/// The longest list or tuple of plain values that is one value; of a longer list each is, so that one taken from its head
/// moves no other.
const PLAIN_MOST: usize = 80;

/// What a member of a set is worth.
const IN: &str = "in";

/// Every value of a state, by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// The values of what prints as `text`, at `place`.
    pub fn take(&mut self, place: &str, text: &str) {
        self.take_apart(place, "", &parse::tree(text));
    }

    /// A member of the set at `place`.
    pub fn take_member(&mut self, place: &str, text: &str) {
        self.0.insert(format!("{place}[{text}]"), IN.to_owned());
    }

    /// What differs in another state, ordered by place.
    #[must_use]
    pub fn changes(&self, after: &Values) -> Vec<Change> {
        let all = self.0.keys().chain(after.0.keys().filter(|place| !self.0.contains_key(*place)));
        let mut changes: Vec<Change> = all
            .map(|place| Change {
                place: place.clone(),
                was: self.0.get(place).cloned(),
                now: after.0.get(place).cloned(),
            })
            .filter(|change| change.was != change.now)
            .collect();
        changes.sort_unstable_by(|one, other| one.place.cmp(&other.place));
        changes
    }

    /// `before` are the names of the wrappers around this value, such as `Some`.
    fn take_apart(&mut self, place: &str, before: &str, tree: &Tree) {
        let Tree::Branch { head, open, items } = tree else {
            _ = self.0.insert(place.to_owned(), format!("{before}{tree}"));
            return;
        };
        let plain = items.iter().all(Item::is_plain);
        if *open != '{' && plain {
            let text = tree.to_string();
            if text.len() <= PLAIN_MOST {
                if !text.ends_with("[]") {
                    self.0.insert(place.to_owned(), format!("{before}{text}"));
                }
                return;
            }
        }
        if let ('(', [Item { key: None, value }]) = (open, items.as_slice()) {
            return self.take_apart(place, &format!("{before}{head} "), value);
        }
        let named = format!("{before}{head}");
        if !named.is_empty() {
            self.0.insert(place.to_owned(), named.trim_end().to_owned());
        }
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        for (index, Item { key, value }) in items.iter().enumerate() {
            match key {
                Some(key) => self.take_apart(&inside(place, head, key), "", value),
                None if *open == '{' || (*open == '[' && plain) => {
                    let member = value.to_string();
                    let times = seen.entry(member.clone()).and_modify(|times| *times += 1).or_insert(1);
                    let again = if *times == 1 { String::new() } else { format!("#{times}") };
                    self.take_member(place, &format!("{member}{again}"));
                }
                None => self.take_apart(&format!("{place}[{index}]"), "", value),
            }
        }
    }
}

/// The place of a key: what has a name has fields, what has none is a map.
fn inside(place: &str, head: &str, key: &str) -> String {
    match (head, place) {
        ("", _) => format!("{place}[{key}]"),
        (_, "") => key.to_owned(),
        _ => format!("{place}.{key}"),
    }
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it stands; nothing for what the state as a whole is.
    pub place: String,
    /// What it was; none if it was not there.
    pub was: Option<String>,
    /// What it is; none if it is gone.
    pub now: Option<String>,
}

impl fmt::Display for Change {
    /// `table[x-1].phase: Running -> Finished`; what came has a plus, what is gone a minus.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        match (&self.was, &self.now) {
            (Some(was), Some(now)) => write!(f, "{was} -> {now}"),
            (Some(was), None) => write!(f, "- {was}"),
            (None, Some(now)) => write!(f, "+ {now}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Values {
        let mut values = Values::default();
        values.take("n", text);
        values
    }

    #[track_caller]
    fn assert_values(text: &str, expected: &[(&str, &str)]) {
        let expected = expected.iter().map(|&(place, value)| (place.to_owned(), value.to_owned())).collect();
        assert_eq!(values(text), Values(expected));
    }

    #[test]
    fn fields_entries_and_members_have_places() {
        assert_values("Node { up: true, id: 3s }", &[("n", "Node"), ("n.up", "true"), ("n.id", "3s")]);
        let table = "{x-p1.1: Entry { phase: Running, from: {t1, t2} }}";
        let phase = [("n[x-p1.1]", "Entry"), ("n[x-p1.1].phase", "Running")];
        assert_values(table, &[phase[0], phase[1], ("n[x-p1.1].from[t1]", "in"), ("n[x-p1.1].from[t2]", "in")]);
        assert_values("Proxy(Member { up: true })", &[("n", "Proxy Member"), ("n.up", "true")]);
    }

    #[test]
    fn short_plain_values_stay_whole_and_empty_ones_are_nothing() {
        assert_values("Some(3)", &[("n", "Some(3)")]);
        assert_values("[t1, t2]", &[("n", "[t1, t2]")]);
        assert_values("Node { jobs: {}, queue: [] }", &[("n", "Node")]);
        let long = format!("[{}, b, b]", "a".repeat(PLAIN_MOST));
        let first = format!("n[{}]", "a".repeat(PLAIN_MOST));
        assert_values(&long, &[(&first, "in"), ("n[b]", "in"), ("n[b#2]", "in")]);
        assert_values("[{a: 1}, {a: 2}]", &[("n[0][a]", "1"), ("n[1][a]", "2")]);
    }

    #[test]
    fn brackets_and_colons_in_strings_are_text() {
        assert_values(r#"T { s: "a: {\"(, b", t: 1 }"#, &[("n", "T"), ("n.s", r#""a: {\"(, b""#), ("n.t", "1")]);
    }

    #[test]
    fn what_does_not_balance_is_one_value() {
        for text in ["a { b: 1", "a } b", "x) y (z", "(a) b (c)"] {
            assert_values(text, &[("n", text)]);
        }
    }

    #[test]
    fn two_states_differ_in_what_came_went_and_changed() {
        let told = values("T { a: 1, gone: 2, same: 3 }").changes(&values("T { a: 9, same: 3, new: {x} }"));
        let told: Vec<String> = told.iter().map(Change::to_string).collect();
        assert_eq!(told, ["n.a: 1 -> 9", "n.gone: - 2", "n.new[x]: + in"]);
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart(text in r#"[a:, (){}\[\]"\\é]{0,60}"#) {
            let taken = values(&text);
            prop_assert_eq!(taken.changes(&taken), Vec::new());
        }
    }
}
