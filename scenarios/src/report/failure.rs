//! A failing scenario for people: what failed, what shows it, and the command that repeats it.

use std::path::Path;

use crate::choices::Choices;
use crate::run::Failure;

/// One failure in a few lines; `scenario` is how the scenario was asked for, `capsule` where it is saved.
#[must_use]
pub fn describe(failure: &Failure, scenario: &str, choices: &Choices, capsule: &Path) -> String {
    let Failure { seed, finding, seeds, .. } = failure;
    let (kind, property) = (finding.kind.word(), &finding.property);
    let count = if *seeds == 1 { "1 seed".to_owned() } else { format!("{seeds} seeds") };
    let mut text = format!("  {property} ({kind}): {count}, first {seed}\n");
    text.push_str(&format!("    {} at {}\n", finding.evidence, finding.at));
    for (title, command) in commands(failure, scenario, choices, capsule) {
        text.push_str(&format!(
            "    {title:<6}  {command}
"
        ));
    }
    text
}

/// What to type to see a failure again: from its seed, and from its capsule.
#[must_use]
pub fn commands(failure: &Failure, scenario: &str, choices: &Choices, capsule: &Path) -> [(&'static str, String); 2] {
    let (seed, flags) = (failure.seed, choices.flags());
    let again = format!("quiesce run {} --seed {seed}{flags}", quoted(scenario));
    [("again", again), ("replay", format!("quiesce replay {}", quoted(&capsule.display().to_string())))]
}

/// A word as a shell reads it back.
#[must_use]
pub fn quoted(word: &str) -> String {
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
