//! Audits as pages: one for each policy, one for what no policy explains, and an index; each in HTML and in Markdown.
//!
//! A page is written once, as a [`Document`]; the HTML page has the diagram of the run besides, which can be walked through.

mod figures;
mod index;
mod policy;
mod unexplained;

pub use figures::{caught_by, held, pages, shortest};
pub use index::{index, summary};
pub use policy::policy;
pub use unexplained::{find_row, mended, unexplained};

use super::document::Document;
use super::page::{Page, RunPart};
use super::picture::Picture;
use crate::choices::Choices;

/// A page in both forms, to stand in files of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The name of its files, without ending.
    pub stem: String,
    /// The page as HTML.
    pub html: String,
    /// The page as Markdown.
    pub markdown: String,
}

impl Written {
    /// A document, and the runs that its page shows as diagrams.
    fn new(stem: &str, document: &Document, choices: &Choices, runs: Vec<(RunPart, Picture)>) -> Written {
        let mut page = Page::new(document.title(), choices);
        page.article = document.html();
        (page.runs, page.pictures) = runs.into_iter().unzip();
        Written { stem: stem.to_owned(), html: page.render(), markdown: document.markdown() }
    }
}
