//! A printed value, taken apart.

use std::fmt;

/// A value: a leaf, or a head with items in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    Leaf(String),
    Branch { head: String, open: char, items: Vec<Item> },
}

/// One thing in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) key: Option<String>,
    pub(super) value: Tree,
}

/// The widest value that a difference or a look shows on one line.
const WIDTH: usize = 100;

impl Tree {
    pub(super) fn leaf(text: &str) -> Tree {
        Tree::Leaf(text.to_owned())
    }

    pub(super) fn set(items: impl Iterator<Item = Tree>) -> Tree {
        let items = items.map(|value| Item { key: None, value }).collect();
        Tree::Branch { head: String::new(), open: '{', items }
    }

    /// Every place where the two differ, a line each.
    pub(super) fn differences(&self, after: &Tree) -> Vec<String> {
        let mut lines = Vec::new();
        self.compare(after, "", &mut lines);
        lines
    }

    fn compare(&self, after: &Tree, place: &str, lines: &mut Vec<String>) {
        if self == after {
            return;
        }
        match (self, after) {
            (
                Tree::Branch { head, open, items },
                Tree::Branch { head: other_head, open: other_open, items: others },
            ) if (head, open) == (other_head, other_open) => {
                let keyed = items.iter().chain(others).all(|item| item.key.is_some());
                if keyed {
                    by_key(head, items, others, place, lines);
                } else if items.len() == others.len() && *open != '{' {
                    by_place(items, others, place, lines);
                } else {
                    by_value(items, others, place, lines);
                }
            }
            _ => lines.push(format!("{}{} -> {}", label(place), self.brief(), after.brief())),
        }
    }

    fn brief(&self) -> String {
        let text = self.to_string();
        if text.chars().count() <= WIDTH {
            return text;
        }
        let cut: String = text.chars().take(WIDTH).collect();
        format!("{cut}..")
    }

    /// The value with a line for each part that does not fit one.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.indent("", 0, &mut lines);
        lines
    }

    fn indent(&self, title: &str, depth: usize, lines: &mut Vec<String>) {
        let margin = "    ".repeat(depth);
        let text = self.to_string();
        match self {
            Tree::Branch { head, open: '(', items } if items.len() == 1 && text.len() > 40 => {
                items[0].value.indent(&joined(title, head), depth, lines);
            }
            Tree::Branch { head, open, items } if !items.is_empty() && (*open == '{' || text.len() > 40) => {
                lines.push(format!("{margin}{}", joined(title, head)));
                for item in items {
                    let title = item.key.as_ref().map_or(String::new(), |key| format!("{key}:"));
                    item.value.indent(&title, depth + 1, lines);
                }
            }
            Tree::Leaf(_) | Tree::Branch { .. } => {
                lines.push(format!("{margin}{title}{}{text}", if title.is_empty() { "" } else { " " }));
            }
        }
    }
}

/// A title and a head; a title alone needs no colon.
fn joined(title: &str, head: &str) -> String {
    match (title, head) {
        ("", head) => head.to_owned(),
        (title, "") => title.trim_end_matches(':').to_owned(),
        (title, head) => format!("{title} {head}"),
    }
}

fn label(place: &str) -> String {
    let place = place.trim_start_matches('.');
    if place.is_empty() { String::new() } else { format!("{place}: ") }
}

/// A struct field stands behind a dot, a key of a map in brackets.
fn by_key(head: &str, items: &[Item], others: &[Item], place: &str, lines: &mut Vec<String>) {
    let key = |item: &Item| item.key.clone().unwrap_or_default();
    let inner = |key: &str| if head.is_empty() { format!("{place}[{key}]") } else { format!("{place}.{key}") };
    for item in items {
        let place = inner(&key(item));
        match others.iter().find(|other| other.key == item.key) {
            Some(other) => item.value.compare(&other.value, &place, lines),
            None => lines.push(format!("{}{} -> nothing", label(&place), item.value.brief())),
        }
    }
    for other in others.iter().filter(|other| !items.iter().any(|item| item.key == other.key)) {
        lines.push(format!("{}nothing -> {}", label(&inner(&key(other))), other.value.brief()));
    }
}

fn by_place(items: &[Item], others: &[Item], place: &str, lines: &mut Vec<String>) {
    for (index, (item, other)) in items.iter().zip(others).enumerate() {
        let place = if items.len() == 1 { place.to_owned() } else { format!("{place}[{index}]") };
        item.value.compare(&other.value, &place, lines);
    }
}

/// What left and what came, in lists of different length and in sets.
fn by_value(items: &[Item], others: &[Item], place: &str, lines: &mut Vec<String>) {
    let mut came: Vec<&Tree> = others.iter().map(|other| &other.value).collect();
    for item in items {
        match came.iter().position(|other| **other == item.value) {
            Some(at) => _ = came.remove(at),
            None => lines.push(format!("{}- {}", label(place), item.value.brief())),
        }
    }
    lines.extend(came.into_iter().map(|other| format!("{}+ {}", label(place), other.brief())));
}

impl fmt::Display for Tree {
    /// As it was printed, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tree::Branch { head, open, items } = self else {
            let Tree::Leaf(text) = self else { return Ok(()) };
            return f.write_str(text);
        };
        let structure = *open == '{' && !head.is_empty() && !items.is_empty();
        let (gap, close) = match (structure, open) {
            (true, _) => (" ", "}"),
            (false, '{') => ("", "}"),
            (false, '[') => ("", "]"),
            (false, _) => ("", ")"),
        };
        let space = if structure { " " } else { "" };
        write!(f, "{head}{space}{open}{gap}")?;
        for (index, Item { key, value }) in items.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            match key {
                Some(key) => write!(f, "{comma}{key}: {value}")?,
                None => write!(f, "{comma}{value}")?,
            }
        }
        write!(f, "{gap}{close}")
    }
}
