//! Whatever stands in a scenario file, reading it ends, and never in a panic.

use proptest::prelude::*;
use quiesce::report::explain;
use quiesce::text::Source;
use quiesce::{load, suite};

/// A bundled scenario with a few pieces put elsewhere, doubled, dropped or replaced.
fn mangled() -> impl Strategy<Value = String> {
    let texts: Vec<String> = suite::bundled().iter().map(|source| source.text().to_owned()).collect();
    let piece = prop_oneof!["[ -~]{0,6}", Just("-1".into()), Just("99999999999999999999h".into()), "\\PC{0,3}"];
    let edit = (any::<prop::sample::Index>(), 0..12_usize, piece);
    (prop::sample::select(texts), prop::collection::vec(edit, 1..6)).prop_map(|(mut text, edits)| {
        for (at, length, piece) in edits {
            let chars: Vec<char> = text.chars().collect();
            let from = at.index(chars.len() + 1);
            let to = (from + length).min(chars.len());
            text = chars[..from].iter().copied().chain(piece.chars()).chain(chars[to..].iter().copied()).collect();
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mangled_scenario_is_read_or_refused(text in mangled()) {
        if let Err(error) = load(&Source::new("mangled.toml", text)) {
            prop_assert!(!explain(&error, false).is_empty());
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        if let Err(error) = load(&Source::new("any.toml", text)) {
            prop_assert!(!explain(&error, false).is_empty());
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{ a = ", " }")] {
        let text = format!("timeline = {}{}", open.repeat(200_000), close.repeat(200_000));
        assert!(load(&Source::new("deep.toml", text)).is_err());
    }
}
