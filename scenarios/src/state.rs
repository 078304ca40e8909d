//! What a printed state consists of, and in what two of them differ.
//!
//! Nodes are known here only by how they print (`{:?}`), so a state is taken apart as text: every value that can change by
//! itself has a path, like `ic.table.x-p1.1.1.phase`. Text that does not balance its brackets is one value.

use std::collections::BTreeMap;

/// How deep values are taken apart; what lies deeper is one value.
const DEPTH_MOST: usize = 24;

/// The longest list or tuple of plain values that is one value; of a longer list each is, so that one taken from its head
/// moves no other.
const PLAIN_MOST: usize = 80;

/// Every value of a state, by path.
pub type Values = BTreeMap<String, String>;

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it stands.
    pub path: String,
    /// What it was; none if it was not there.
    pub was: Option<String>,
    /// What it is; none if it is gone.
    pub now: Option<String>,
}

/// The values of a state that prints as `text`, under a path that starts with `root`.
#[must_use]
pub fn values(root: &str, text: &str) -> Values {
    let mut values = Values::new();
    take_apart(root, text.trim(), 0, &mut values);
    values
}

/// What differs between two states, ordered by path.
#[must_use]
pub fn changes(before: &Values, after: &Values) -> Vec<Change> {
    let differs = |path: &&String| before.get(*path) != after.get(*path);
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).filter(differs).collect();
    paths.sort_unstable();
    paths.dedup();
    let change =
        |path: &String| Change { path: path.clone(), was: before.get(path).cloned(), now: after.get(path).cloned() };
    paths.into_iter().map(change).collect()
}

fn take_apart(path: &str, text: &str, depth: usize, values: &mut Values) {
    let whole = |values: &mut Values| _ = values.insert(path.to_owned(), text.to_owned());
    let Some(Parts { name, bracket, items }) = parts(text).filter(|_| depth < DEPTH_MOST) else {
        return whole(values);
    };
    let plain = items.iter().all(|item| !item.contains(['(', '[', '{', '"']));
    if bracket != '{' && plain && text.len() <= PLAIN_MOST {
        if !text.ends_with("[]") {
            whole(values);
        }
        return;
    }
    if !name.is_empty() {
        values.insert(path.to_owned(), name.to_owned());
    }
    for (index, item) in items.iter().enumerate() {
        match split_key(item).filter(|_| bracket == '{') {
            Some((key, value)) => take_apart(&format!("{path}.{key}"), value, depth + 1, values),
            None if bracket == '{' => _ = values.insert(format!("{path}.{item}"), "in".to_owned()),
            None if items.len() == 1 && bracket == '(' => {
                take_apart(&format!("{path}.{name}"), item, depth + 1, values);
            }
            None if bracket == '[' && plain => {
                let nth = items[..index].iter().filter(|earlier| *earlier == item).count();
                let again = if nth == 0 { String::new() } else { format!("#{}", nth + 1) };
                values.insert(format!("{path}[{item}{again}]"), "in".to_owned());
            }
            None => take_apart(&format!("{path}[{index}]"), item, depth + 1, values),
        }
    }
}

/// A compound value: `Name { a: 1 }`, `Some(3)`, `[1, 2]`.
struct Parts<'a> {
    name: &'a str,
    bracket: char,
    items: Vec<&'a str>,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let mut scan = Scan::default();
    let (mut opened, mut start, mut items) = (None, 0, Vec::new());
    for (at, c) in text.char_indices() {
        let before = scan.depth;
        scan.take(c)?;
        match opened {
            None if before == 0 && scan.depth == 1 => (opened, start) = (Some((at, c)), at + c.len_utf8()),
            Some(_) if before == 1 && scan.depth == 1 && c == ',' && scan.is_bare() => {
                items.push(text[start..at].trim());
                start = at + 1;
            }
            Some(_) if scan.depth == 0 && before == 1 => {
                items.push(text[start..at].trim());
                start = at + 1;
            }
            Some(_) if scan.depth == 0 => return None,
            None | Some(_) => (),
        }
    }
    let (at, bracket) = opened.filter(|_| scan.depth == 0 && scan.is_bare() && start == text.len())?;
    items.retain(|item| !item.is_empty());
    Some(Parts { name: text[..at].trim(), bracket, items })
}

/// `key: value`, split at the first colon outside of brackets.
fn split_key(item: &str) -> Option<(&str, &str)> {
    let mut scan = Scan::default();
    for (at, c) in item.char_indices() {
        if c == ':' && scan.depth == 0 && scan.is_bare() && item[at..].starts_with(": ") {
            return Some((item[..at].trim(), item[at + 2..].trim()));
        }
        scan.take(c)?;
    }
    None
}

/// Where in a printed value one is: how deep in brackets, and whether in a string.
#[derive(Default)]
struct Scan {
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Scan {
    /// Goes on by a character; `None` if it closes what was never opened.
    fn take(&mut self, c: char) -> Option<()> {
        match c {
            _ if self.escaped => self.escaped = false,
            '\\' if self.quoted => self.escaped = true,
            '"' => self.quoted = !self.quoted,
            _ if self.quoted => (),
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.checked_sub(1)?,
            _ => (),
        }
        Some(())
    }

    fn is_bare(&self) -> bool {
        !self.quoted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn assert_values(text: &str, expected: &[(&str, &str)]) {
        let expected: Values = expected.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
        assert_eq!(values("n", text), expected);
    }

    #[test]
    fn fields_entries_and_members_have_paths() {
        assert_values("Node { up: true, id: 3s }", &[("n", "Node"), ("n.up", "true"), ("n.id", "3s")]);
        let table = "{x-p1.1: Entry { phase: Running, from: {t1, t2} }}";
        let phase = [("n.x-p1.1", "Entry"), ("n.x-p1.1.phase", "Running")];
        assert_values(table, &[phase[0], phase[1], ("n.x-p1.1.from.t1", "in"), ("n.x-p1.1.from.t2", "in")]);
        assert_values("Proxy(Member { up: true })", &[("n", "Proxy"), ("n.Proxy", "Member"), ("n.Proxy.up", "true")]);
    }

    #[test]
    fn short_plain_values_stay_whole_and_empty_ones_are_nothing() {
        assert_values("Some(3)", &[("n", "Some(3)")]);
        assert_values("[t1, t2]", &[("n", "[t1, t2]")]);
        assert_values("Node { jobs: {}, queue: [] }", &[("n", "Node")]);
        let long = format!("[{}, b, b]", "a".repeat(PLAIN_MOST));
        let first = format!("n[{}]", "a".repeat(PLAIN_MOST));
        assert_values(&long, &[(&first, "in"), ("n[b]", "in"), ("n[b#2]", "in")]);
        assert_values("[{a: 1}, {a: 2}]", &[("n[0].a", "1"), ("n[1].a", "2")]);
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
        let before = values("n", "T { a: 1, gone: 2, same: 3 }");
        let after = values("n", "T { a: 9, same: 3, new: {x} }");
        let told: Vec<String> = changes(&before, &after)
            .into_iter()
            .map(|Change { path, was, now }| format!("{path} {was:?} {now:?}"))
            .collect();
        assert_eq!(told, [r#"n.a Some("1") Some("9")"#, r#"n.gone Some("2") None"#, r#"n.new.x None Some("in")"#]);
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart(text in r#"[a:, (){}\[\]"\\é]{0,60}"#) {
            let taken = values("n", &text);
            prop_assert_eq!(changes(&taken, &taken), Vec::new());
        }
    }
}
