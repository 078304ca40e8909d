//! Fenced blocks of a page, by what the fence says.

use std::ops::Range;

use crate::page::Page;

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The first word behind the fence.
    pub(crate) language: String,
    /// What else stands there: the name of the file that the block is.
    pub(crate) file: Option<String>,
    pub(crate) text: String,
    /// Where the text stands in the page.
    pub(crate) span: Range<usize>,
}

impl Block {
    /// Every block of a page, in order.
    pub(crate) fn all(page: &Page) -> Vec<Block> {
        let mut blocks = Vec::new();
        let (mut at, mut open): (usize, Option<(usize, String)>) = (0, None);
        for line in page.text.split_inclusive('\n') {
            let end = at + line.len();
            match (line.trim_end().strip_prefix("```"), open.take()) {
                (Some(info), None) => open = Some((end, info.to_owned())),
                (Some(""), Some((start, info))) => blocks.push(Block::new(&info, start..at, &page.text)),
                (Some(other), Some(_)) => panic!("{}: a fence within a fence: {other}", page.name),
                (None, still) => open = still,
            }
            at = end;
        }
        assert!(open.is_none(), "{}: a fence that does not end", page.name);
        blocks
    }

    fn new(info: &str, span: Range<usize>, text: &str) -> Block {
        let (language, file) = info.split_once(' ').map_or((info, None), |(language, file)| (language, Some(file)));
        let text = text[span.clone()].to_owned();
        Block { language: language.to_owned(), file: file.map(str::to_owned), text, span }
    }
}
