//! From words on the command line to scenarios.

use std::path::Path;

use super::exit::Refusal;
use crate::load;
use crate::run::Runnable;
use crate::suite::bundled;
use crate::text::{LoadError, Source, nearest};

/// A scenario, where it comes from, and how it was asked for.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) asked: String,
    pub(super) source: Source,
    pub(super) scenario: Box<dyn Runnable>,
}

/// The scenarios that the words name; every bundled one if there are none.
pub(super) fn find(words: &[String]) -> Result<Vec<Found>, Refusal> {
    let suite = suite()?;
    if words.is_empty() {
        return Ok(suite);
    }
    let mut found = Vec::new();
    let mut mistakes = Vec::new();
    for word in words {
        if let Some(bundled) = suite.iter().find(|found| found.asked == *word) {
            let source = bundled.source.clone();
            found.push(open(word.clone(), source)?);
            continue;
        }
        if !Path::new(word).exists() && !word.contains(['/', '.']) {
            return Err(unknown(word, &suite));
        }
        match Source::open(Path::new(word)).map_err(LoadError::from).and_then(|source| open(word.clone(), source)) {
            Ok(scenario) => found.push(scenario),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(found) } else { Err(Refusal::Load(mistakes)) }
}

/// Every bundled scenario, asked for by name.
pub(super) fn suite() -> Result<Vec<Found>, Refusal> {
    let mut suite = Vec::new();
    for source in bundled() {
        let mut found = open(String::new(), source)?;
        found.asked.clone_from(&found.scenario.head().name);
        suite.push(found);
    }
    Ok(suite)
}

pub(super) fn open(asked: String, source: Source) -> Result<Found, LoadError> {
    let scenario = load(&source)?;
    Ok(Found { asked, source, scenario })
}

fn unknown(word: &str, suite: &[Found]) -> Refusal {
    let help = match nearest(word, suite.iter().map(|found| found.asked.as_str())) {
        Some(name) => format!("did you mean `{name}`? `quiesce list` shows every bundled scenario"),
        None => "expected a file, or a bundled scenario: `quiesce list` shows them".to_owned(),
    };
    Refusal::Unknown { what: "scenario", found: word.to_owned(), help }
}
