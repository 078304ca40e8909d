//! Texts with a name, and mistakes with a place in one.

use std::io::{self, Read as _};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use miette::{Diagnostic, NamedSource};
use thiserror::Error;

use super::{Misread, Mistake};

/// The largest scenario file that is read, in bytes.
pub const SIZE_MOST: u64 = 1 << 20;

/// A text and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: Arc<str>,
}

impl Source {
    /// A text that is already in memory.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Source { name: name.into(), text: text.into() }
    }

    /// Reads a file of at most [`SIZE_MOST`] bytes.
    ///
    /// # Errors
    /// When the file cannot be read, is too large, or is not UTF-8.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let bytes = read_bounded(path).map_err(|cause| SourceError::Unreadable { name: name.clone(), cause })?;
        if bytes.len() as u64 > SIZE_MOST {
            return Err(SourceError::TooLarge { name });
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source::new(name, text)),
            Err(error) => Err(not_utf8(name, error.as_bytes(), error.utf8_error().valid_up_to())),
        }
    }

    /// What it is called: a path, or a bundled scenario's path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives a mistake its place in this text.
    #[must_use]
    pub fn problem(&self, misread: Misread) -> LoadError {
        let Misread { mistake, span } = misread;
        let text = NamedSource::new(&self.name, Arc::clone(&self.text));
        LoadError::Problem(Box::new(Problem {
            expected: mistake.expected(),
            help: mistake.help(),
            mistake,
            span,
            text,
        }))
    }
}

/// Reads one byte more than allowed at most, so that an endless file ends.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(SIZE_MOST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn not_utf8(name: String, bytes: &[u8], at: usize) -> SourceError {
    let before = &bytes[..at];
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|&&byte| byte != b'\n').count();
    SourceError::NotUtf8 { name, line, column, byte: bytes[at] }
}

/// Why a text could not be had.
#[derive(Debug, Error, Diagnostic)]
pub enum SourceError {
    /// The file system says no.
    #[error("cannot read {name}: {cause}")]
    Unreadable {
        /// The file.
        name: String,
        /// What the file system said.
        cause: io::Error,
    },
    /// Too large to be what it is taken for.
    #[error("{name} is larger than 1 MiB, the most that is read")]
    TooLarge {
        /// The file.
        name: String,
    },
    /// TOML and JSON are UTF-8.
    #[error("{name}:{line}:{column}: expected UTF-8 text, found the byte 0x{byte:02x}")]
    NotUtf8 {
        /// The file.
        name: String,
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
        /// The offending byte.
        byte: u8,
    },
}

/// Why a scenario could not be loaded.
#[derive(Debug, Error, Diagnostic)]
pub enum LoadError {
    /// The text could not be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Source(#[from] SourceError),
    /// The text has a mistake.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Problem(Box<Problem>),
}

/// A mistake with its place; prints with an excerpt of the text.
#[derive(Debug, Error, Diagnostic)]
#[error("{mistake}")]
pub struct Problem {
    /// What is wrong.
    pub mistake: Mistake,
    /// Where, in bytes of the text.
    #[label("{expected}")]
    pub span: Range<usize>,
    #[source_code]
    text: NamedSource<Arc<str>>,
    expected: String,
    #[help]
    help: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_bad_byte_is_counted_from_one() {
        let error = not_utf8("f".into(), b"ab\ncd\xff", 5);
        assert_eq!(error.to_string(), "f:2:3: expected UTF-8 text, found the byte 0xff");
    }
}
