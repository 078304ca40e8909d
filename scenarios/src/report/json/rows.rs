//! Rows of a table as one JSON array, a row on each line.

use std::path::Path;

use serde::Serialize;

use crate::files::{WriteError, write_whole};
use crate::report::Out;

/// A table as a JSON array.
#[derive(Debug)]
pub struct Rows(String);

impl Rows {
    /// These rows, in order.
    ///
    /// # Panics
    /// When a row holds what JSON cannot say.
    #[must_use]
    pub fn new<T: Serialize>(rows: &[T]) -> Self {
        let row = |row| serde_json::to_string(row).expect("a row has nothing that JSON cannot say");
        Rows(format!("[\n  {}\n]", rows.iter().map(row).collect::<Vec<_>>().join(",\n  ")))
    }

    /// Writes them; `-` is standard output, all else a path.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn write(self, target: &str, out: &mut Out) -> Result<(), WriteError> {
        if target == "-" {
            out.line(&self.0);
            return Ok(());
        }
        write_whole(Path::new(target), &(self.0 + "\n"))
    }
}
