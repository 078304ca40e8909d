//! Standard output and error, which may be a terminal, a file, or a pipe whose reader has left.

use std::io::{self, IsTerminal as _, Write};

use anstream::{AutoStream, ColorChoice};

/// Standard output.
///
/// A reader that has left, as `head` does, is no mistake: what is written then goes nowhere.
#[derive(Debug)]
pub struct Out {
    stream: io::Stdout,
    failed: Option<io::Error>,
}

impl Default for Out {
    fn default() -> Self {
        Out { stream: io::stdout(), failed: None }
    }
}

impl Out {
    /// Writes a text and ends its line.
    pub fn line(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = writeln!(self.stream, "{}", text.trim_end_matches('\n')).err();
        }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When something could not be written, unless it is that the reader has left.
    pub fn finish(mut self) -> io::Result<()> {
        match self.failed.take().map_or_else(|| self.stream.flush(), Err) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Whether a person looks at it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.stream.is_terminal()
    }

    /// Whether colours are wanted: on a terminal, unless `NO_COLOR` says no.
    #[must_use]
    pub fn has_colour(&self) -> bool {
        AutoStream::choice(&self.stream) != ColorChoice::Never
    }
}

/// Writes a line to standard error; if nobody reads it, nothing is lost.
pub fn tell(text: &str) {
    _ = writeln!(io::stderr(), "{}", text.trim_end_matches('\n'));
}

/// Whether colours are wanted on standard error.
#[must_use]
pub fn error_has_colour() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}
