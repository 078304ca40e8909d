//! Which seeds failed last time: they go first next time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::choices::Choices;
use crate::files::{WriteError, make_dir, read_at_most, write_whole};
use crate::run::{FAILED_MOST, Part};

/// The version of the format that is written and read.
const VERSION: u32 = 1;

/// The largest file that is read, in bytes.
const SIZE_MOST: u64 = 16 * 1024 * 1024;

/// The name of the file, among the saved failures.
const NAME: &str = ".failed-seeds.json";

/// Seeds that failed, by scenario and policies. It is a hint: nothing is judged by it.
#[derive(Debug, PartialEq, Eq)]
pub struct FailedSeeds {
    path: PathBuf,
    failed: BTreeMap<String, BTreeSet<u64>>,
    changed: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u32,
    failed: BTreeMap<String, BTreeSet<u64>>,
}

impl FailedSeeds {
    /// What is known in `dir`: nothing where there is no such file or none that can be read, which is then replaced.
    #[must_use]
    pub fn open(dir: &Path) -> FailedSeeds {
        let path = dir.join(NAME);
        let bytes = read_at_most(&path, SIZE_MOST).unwrap_or_default();
        FailedSeeds::parse(path, &bytes)
    }

    /// What the bytes of a file at `path` say: nothing if they are no such file.
    #[must_use]
    pub fn parse(path: PathBuf, bytes: &[u8]) -> FailedSeeds {
        let read = serde_json::from_slice::<File>(bytes).ok().filter(|file| file.v == VERSION);
        FailedSeeds { path, failed: read.map(|file| file.failed).unwrap_or_default(), changed: false }
    }

    /// The seeds of a scenario that failed, at most [`FAILED_MOST`].
    #[must_use]
    pub fn of(&self, scenario: &str, choices: &Choices) -> Vec<u64> {
        self.failed.get(&key(scenario, choices)).into_iter().flatten().copied().take(FAILED_MOST).collect()
    }

    /// Takes note of what came of a scenario: of seeds that ran only those that failed stay.
    pub fn note(&mut self, scenario: &str, choices: &Choices, part: &Part) {
        let key = key(scenario, choices);
        let before = self.failed.remove(&key).unwrap_or_default();
        let still = before.iter().copied().filter(|seed| !part.done.contains(*seed));
        let after: BTreeSet<u64> = part.failed.iter().copied().chain(still).take(FAILED_MOST).collect();
        self.changed |= before != after;
        if !after.is_empty() {
            self.failed.insert(key, after);
        }
    }

    /// Writes the file, if there is news.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn save(&self) -> Result<(), WriteError> {
        if !self.changed {
            return Ok(());
        }
        self.path.parent().map_or(Ok(()), make_dir)?;
        let file = File { v: VERSION, failed: self.failed.clone() };
        let text = serde_json::to_string_pretty(&file).expect("seeds have nothing that JSON cannot say");
        write_whole(&self.path, &format!("{text}\n"))
    }
}

fn key(scenario: &str, choices: &Choices) -> String {
    format!("{scenario}{}", choices.flags())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(done: std::ops::Range<u64>, failed: &[u64]) -> Part {
        let mut part = Part { failed: failed.iter().copied().collect(), ..Part::default() };
        part.done.add(done);
        part
    }

    #[test]
    fn seeds_that_failed_are_known_next_time_until_they_pass() {
        let dir = std::env::temp_dir().join(format!("quiesce-first-{}", std::process::id()));
        let choices = Choices::default();
        let mut failed = FailedSeeds::open(&dir);
        failed.note("clean", &choices, &part(0..10, &[]));
        failed.save().unwrap();
        assert!(!dir.exists(), "nothing failed, nothing is left behind");
        failed.note("a", &choices, &part(0..10, &[3, 7]));
        failed.save().unwrap();
        let mut again = FailedSeeds::open(&dir);
        assert_eq!(again.of("a", &choices), [3, 7]);
        assert!(again.of("b", &choices).is_empty());
        again.note("a", &choices, &part(0..5, &[4]));
        again.save().unwrap();
        assert_eq!(FailedSeeds::open(&dir).of("a", &choices), [4, 7]);
        std::fs::write(dir.join(NAME), "{\"v\":1,\"failed\":{\"a\":[3,").unwrap();
        assert!(FailedSeeds::open(&dir).of("a", &choices).is_empty());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
