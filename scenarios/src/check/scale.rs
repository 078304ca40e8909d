//! How many of each there are in a small world, where otherwise than its plane made it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Numbers of nodes and jobs by their words, such as `targets`. What is not named stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scale(BTreeMap<String, u8>);

/// Why a world has no such size.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SizeError {
    /// It does not have that many of what it does not have.
    #[error("the size `{found}` is not one of this world; {}", legal(.known))]
    Unknown {
        /// What was asked for.
        found: String,
        /// What the world has sizes of.
        known: &'static [&'static str],
    },
    /// There is no cluster like that.
    #[error("no world has these sizes: {0}")]
    Impossible(String),
}

fn legal(known: &[&str]) -> String {
    match known {
        [] => "it has none".to_owned(),
        known => format!("it has {}", known.join(", ")),
    }
}

impl Scale {
    /// No size but those of the world itself.
    #[must_use]
    pub fn usual() -> Self {
        Scale::default()
    }

    /// The same, with so many of these.
    #[must_use]
    pub fn with(mut self, word: &str, count: u8) -> Self {
        self.0.insert(word.to_owned(), count);
        self
    }

    /// Whether the world is left as it is.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.0.is_empty()
    }

    /// These sizes, and where they say nothing those of `base`.
    #[must_use]
    pub fn over(&self, base: &Scale) -> Scale {
        Scale(base.0.iter().chain(&self.0).map(|(word, count)| (word.clone(), *count)).collect())
    }

    /// How many of these there are, `usual` unless something else is said.
    #[must_use]
    pub fn or(&self, word: &str, usual: u8) -> u8 {
        self.0.get(word).copied().unwrap_or(usual)
    }

    /// Whether all that is asked for is of these words.
    ///
    /// # Errors
    /// With the first that is not.
    pub fn are_of(&self, known: &'static [&'static str]) -> Result<(), SizeError> {
        match self.0.keys().find(|word| !known.contains(&word.as_str())) {
            Some(found) => Err(SizeError::Unknown { found: found.clone(), known }),
            None => Ok(()),
        }
    }
}
