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

impl Item {
    /// Whether it is a value without parts and without a key.
    pub(super) fn is_plain(&self) -> bool {
        self.key.is_none() && matches!(&self.value, Tree::Leaf(text) if !text.contains(['"', '(', '[', '{']))
    }
}

impl Tree {
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
