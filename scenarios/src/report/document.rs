//! A text with headings, lists and tables, written once and rendered as HTML or Markdown.

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// Words.
    Text(String),
    /// Words of code.
    Code(String),
    /// Words that lead to another page beside this one, named without its ending.
    Page(String, String),
    /// Words that lead to a step of the diagram on this page; Markdown has none to lead to.
    Step(String, String),
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading; 1 is the title.
    Heading(usize, String),
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// A list, numbered or not.
    List {
        /// Whether its entries have numbers.
        numbered: bool,
        /// Each entry.
        entries: Vec<Vec<Span>>,
    },
    /// A table.
    Table {
        /// The titles of its columns.
        titles: Vec<&'static str>,
        /// Its rows.
        rows: Vec<Vec<Vec<Span>>>,
    },
    /// A text as it stands.
    Listing {
        /// What it is written in.
        language: &'static str,
        /// The text.
        text: String,
    },
    /// A diagram for Markdown, as Mermaid; a page of HTML draws its own.
    Mermaid(String),
}

/// A text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document(pub Vec<Block>);

impl Document {
    /// Adds a heading.
    pub fn heading(&mut self, level: usize, text: impl Into<String>) {
        self.0.push(Block::Heading(level, text.into()));
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, spans: impl IntoIterator<Item = Span>) {
        self.0.push(Block::Paragraph(spans.into_iter().collect()));
    }

    /// The title, if there is one.
    #[must_use]
    pub fn title(&self) -> &str {
        let title = |block: &Block| matches!(block, Block::Heading(1, _));
        match self.0.iter().find(|block| title(block)) {
            Some(Block::Heading(_, text)) => text,
            Some(_) | None => "",
        }
    }

    /// The document as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let blocks: Vec<String> = self.0.iter().map(markdown).collect();
        format!("{}\n", blocks.join("\n\n"))
    }

    /// The document as HTML without its title, for the inside of a page.
    #[must_use]
    pub fn html(&self) -> String {
        self.0.iter().map(html).collect()
    }
}

/// Words.
#[must_use]
pub fn text(words: impl Into<String>) -> Span {
    Span::Text(words.into())
}

/// Words of code.
#[must_use]
pub fn code(words: impl Into<String>) -> Span {
    Span::Code(words.into())
}

/// A sentence in which code stands between backticks.
#[must_use]
pub fn prose(sentence: &str) -> Vec<Span> {
    let parts = sentence.split('`').enumerate();
    parts.map(|(place, part)| if place % 2 == 1 { code(part) } else { text(part) }).collect()
}

fn markdown(block: &Block) -> String {
    match block {
        Block::Heading(level, text) => format!("{} {}", "#".repeat(*level), plain(text)),
        Block::Paragraph(spans) => marked(spans),
        Block::List { numbered, entries } => {
            let sign = |place: usize| if *numbered { format!("{}.", place + 1) } else { "-".to_owned() };
            let line = |(place, spans): (usize, &Vec<Span>)| format!("{} {}", sign(place), marked(spans));
            entries.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
        }
        Block::Table { titles, rows } => {
            let cells = |row: &Vec<Vec<Span>>| row.iter().map(|cell| cellular(cell)).collect::<Vec<_>>().join(" | ");
            let rule = vec!["---"; titles.len()].join("|");
            let rows: String = rows.iter().map(|row| format!("\n| {} |", cells(row))).collect();
            format!("| {} |\n|{rule}|{rows}", titles.join(" | "))
        }
        Block::Listing { language, text } => format!("```{language}\n{}\n```", text.trim_end()),
        Block::Mermaid(text) => format!("```mermaid\n{}\n```", text.trim_end()),
    }
}

fn marked(spans: &[Span]) -> String {
    let one = |span: &Span| match span {
        Span::Text(words) | Span::Step(words, _) => plain(words),
        Span::Code(words) => format!("`{}`", words.replace('`', "'")),
        Span::Page(words, page) => format!("[{}]({page}.md)", plain(words)),
    };
    spans.iter().map(one).collect()
}

/// What stands in a cell of a table, where `|` ends it.
fn cellular(spans: &[Span]) -> String {
    marked(spans).replace("\\|", "|").replace('|', "\\|")
}

/// Words that Markdown takes for nothing else.
fn plain(words: &str) -> String {
    let mut plain = String::new();
    for c in words.chars() {
        match c {
            '\n' | '\r' => plain.push(' '),
            '*' | '_' | '<' | '>' | '[' | ']' | '`' | '\\' | '|' => plain.extend(['\\', c]),
            other => plain.push(other),
        }
    }
    plain
}

fn html(block: &Block) -> String {
    match block {
        Block::Heading(1, _) | Block::Mermaid(_) => String::new(),
        Block::Heading(level, text) => format!("<h{level}>{}</h{level}>\n", escaped(text)),
        Block::Paragraph(spans) => format!("<p>{}</p>\n", tagged(spans)),
        Block::List { numbered, entries } => {
            let tag = if *numbered { "ol" } else { "ul" };
            let entries: String = entries.iter().map(|spans| format!("<li>{}</li>\n", tagged(spans))).collect();
            format!("<{tag}>\n{entries}</{tag}>\n")
        }
        Block::Table { titles, rows } => {
            let titles: String =
                titles.iter().map(|title| format!("<th scope=\"col\">{}</th>", escaped(title))).collect();
            let cells =
                |row: &Vec<Vec<Span>>| row.iter().map(|cell| format!("<td>{}</td>", tagged(cell))).collect::<String>();
            let rows: String = rows.iter().map(|row| format!("<tr>{}</tr>\n", cells(row))).collect();
            format!(
                "<div class=\"wide\"><table><thead><tr>{titles}</tr></thead><tbody>\n{rows}</tbody></table></div>\n"
            )
        }
        Block::Listing { text, .. } => format!("<pre><code>{}</code></pre>\n", escaped(text.trim_end())),
    }
}

fn tagged(spans: &[Span]) -> String {
    let one = |span: &Span| match span {
        Span::Text(words) => escaped(words),
        Span::Code(words) => format!("<code>{}</code>", escaped(words)),
        Span::Page(words, page) => format!("<a href=\"{}.html\">{}</a>", escaped(page), escaped(words)),
        Span::Step(words, step) => format!("<a href=\"#step={}\">{}</a>", escaped(step), escaped(words)),
    };
    spans.iter().map(one).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Document {
        let mut document = Document::default();
        document.heading(1, "a_b & c");
        document.paragraph([text("see "), code("x < y"), text(" in "), Span::Page("the <page>".into(), "p".into())]);
        document.0.push(Block::List { numbered: true, entries: vec![vec![Span::Step("7".into(), "7.1".into())]] });
        document.0.push(Block::Table { titles: vec!["one"], rows: vec![vec![vec![text("a|b")]]] });
        document.0.push(Block::Listing { language: "toml", text: "k = \"<v>\"\n".into() });
        document.0.push(Block::Mermaid("sequenceDiagram\n".into()));
        document
    }

    #[test]
    fn markdown_has_every_part_and_takes_no_word_for_a_sign() {
        let expected = "# a\\_b & c\n\nsee `x < y` in [the \\<page\\>](p.md)\n\n1. 7\n\n| one |\n|---|\n| a\\|b |\n\n\
                        ```toml\nk = \"<v>\"\n```\n\n```mermaid\nsequenceDiagram\n```\n";
        assert_eq!(sample().markdown(), expected);
    }

    #[test]
    fn html_has_every_part_but_title_and_mermaid_and_takes_no_word_for_a_tag() {
        let html = sample().html();
        assert!(html.starts_with("<p>see <code>x &lt; y</code> in <a href=\"p.html\">the &lt;page&gt;</a></p>\n"));
        assert!(html.contains("<ol>\n<li><a href=\"#step=7.1\">7</a></li>\n</ol>"), "{html}");
        assert!(html.contains("<td>a|b</td>") && html.contains("k = &quot;&lt;v&gt;&quot;"), "{html}");
        assert_eq!(prose("a `b` c"), [text("a "), code("b"), text(" c")]);
        assert!(!html.contains("sequenceDiagram") && sample().title() == "a_b & c");
    }
}
