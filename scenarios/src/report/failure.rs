//! A failing scenario for people: what failed, what shows it, and the command that repeats it.

use std::path::Path;

use crate::choices::Choices;
use crate::run::{Finding, Run, Sweep};

/// One property's failures in a sweep.
#[derive(Clone, Debug)]
pub struct Failure<'s> {
    /// The first run that fails so.
    pub run: &'s Run,
    /// What failed there.
    pub finding: &'s Finding,
    /// How many seeds fail so.
    pub seeds: usize,
}

/// A sweep's failures, one per property, in the order in which they first happened.
#[must_use]
pub fn failures(sweep: &Sweep) -> Vec<Failure<'_>> {
    let mut failures: Vec<Failure<'_>> = Vec::new();
    for run in &sweep.failures {
        let mut counted: Vec<&str> = Vec::new();
        for finding in &run.findings {
            if counted.contains(&finding.property.as_str()) {
                continue;
            }
            counted.push(&finding.property);
            match failures.iter_mut().find(|failure| failure.finding.property == finding.property) {
                Some(failure) => failure.seeds += 1,
                None => failures.push(Failure { run, finding, seeds: 1 }),
            }
        }
    }
    failures
}

/// One failure in a few lines; `scenario` is how the scenario was asked for, `capsule` where it is saved.
#[must_use]
pub fn describe(failure: &Failure<'_>, scenario: &str, choices: &Choices, capsule: &Path) -> String {
    let Failure { run, finding, seeds } = failure;
    let (kind, property, seed) = (finding.kind.word(), &finding.property, run.seed);
    let count = if *seeds == 1 { "1 seed".to_owned() } else { format!("{seeds} seeds") };
    let flags = choices.flags();
    let mut text = format!("  {property} ({kind}): {count}, first {seed}\n");
    text.push_str(&format!("    {} at {}\n", finding.evidence, finding.at));
    text.push_str(&format!("    again   quiesce run {} --seed {seed}{flags}\n", quoted(scenario)));
    text.push_str(&format!("    replay  quiesce replay {}\n", quoted(&capsule.display().to_string())));
    text
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=+:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_blanks_are_quoted_for_the_shell() {
        assert_eq!(quoted("suites/a.toml"), "suites/a.toml");
        assert_eq!(quoted("my file's.toml"), r"'my file'\''s.toml'");
    }
}
