//! From what `Debug` prints to a tree of brackets.

use super::tree::{Item, Tree};

/// How deep brackets may nest; what nests deeper is one leaf.
const DEPTH_MOST: usize = 100;

/// Takes a printed value apart. What is not balanced is one leaf.
pub(super) fn tree(text: &str) -> Tree {
    let mut reader = Reader { rest: text };
    match reader.value(0) {
        Some(tree) if reader.rest.trim().is_empty() => tree,
        Some(_) | None => Tree::Leaf(text.to_owned()),
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    /// A head, and what stands in brackets behind it; where more follows, as in `v1 p1(ic) p2`, it is all one leaf.
    fn value(&mut self, depth: usize) -> Option<Tree> {
        let start = self.rest;
        let tree = self.branch(depth)?;
        let behind = self.rest.trim_start();
        if matches!(tree, Tree::Leaf(_)) || behind.is_empty() || behind.starts_with([',', ':', '}', ']', ')']) {
            return Some(tree);
        }
        self.rest = start;
        Some(Tree::Leaf(self.whole()))
    }

    fn branch(&mut self, depth: usize) -> Option<Tree> {
        let head = self.head()?;
        let open = self.rest.chars().next().filter(|c| "{[(".contains(*c));
        let Some(open) = open.filter(|_| depth < DEPTH_MOST) else {
            return (!head.is_empty()).then_some(Tree::Leaf(head));
        };
        self.rest = &self.rest[1..];
        let close = match open {
            '{' => '}',
            '[' => ']',
            _ => ')',
        };
        let mut items = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix(close) {
                self.rest = rest;
                return Some(Tree::Branch { head, open, items });
            }
            items.push(self.item(depth + 1)?);
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
            } else if !self.rest.starts_with(close) {
                return None;
            }
        }
    }

    fn item(&mut self, depth: usize) -> Option<Item> {
        let value = self.value(depth)?;
        match self.rest.strip_prefix(": ") {
            None => Some(Item { key: None, value }),
            Some(rest) => {
                self.rest = rest;
                Some(Item { key: Some(value.to_string()), value: self.value(depth)? })
            }
        }
    }

    /// Everything before a comma or the end of the brackets around it, with whatever brackets it has of its own.
    fn whole(&mut self) -> String {
        let mut open = 0_u32;
        for (at, c) in self.rest.char_indices() {
            match c {
                '{' | '[' | '(' => open += 1,
                '}' | ']' | ')' | ',' if open == 0 => return self.take(at),
                '}' | ']' | ')' => open -= 1,
                _ => (),
            }
        }
        self.take(self.rest.len())
    }

    /// Everything before a bracket, a comma or a colon; texts in quotes are skipped over.
    fn head(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        let mut quoted = None;
        let mut escaped = false;
        for (at, c) in self.rest.char_indices() {
            match quoted {
                Some(_) if escaped => escaped = false,
                Some(_) if c == '\\' => escaped = true,
                Some(quote) if c == quote => quoted = None,
                Some(_) => (),
                None if c == '"' => quoted = Some(c),
                None if "{}[](),".contains(c) || self.rest[at..].starts_with(": ") => return Some(self.take(at)),
                None => (),
            }
        }
        (quoted.is_none() && !self.rest.is_empty()).then(|| self.take(self.rest.len()))
    }

    fn take(&mut self, length: usize) -> String {
        let (head, rest) = self.rest.split_at(length);
        self.rest = rest;
        head.trim_end().to_owned()
    }
}
