//! Whatever stands in a file from elsewhere, a scenario, a capsule or what was run before, reading it ends, and never in a
//! panic.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use quiesce::capsule::Capsule;
use quiesce::choices::Choices;
use quiesce::first::FailedSeeds;
use quiesce::kept::{Kept, Share, Terms};
use quiesce::plane::Profile;
use quiesce::report::explain;
use quiesce::run::{FAILED_MOST, Leg, Sweep, relay};
use quiesce::schema::Seeds;
use quiesce::text::Source;
use quiesce::{load, suite};

/// A bundled scenario with a few pieces put elsewhere, doubled, dropped or replaced.
fn mangled() -> impl Strategy<Value = String> {
    mangled_of(suite::bundled().iter().map(|source| source.text().to_owned()).collect())
}

fn mangled_of(texts: Vec<String>) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,6}",
        "[0-9]{1,20}",
        Just("18446744073709551615".into()),
        Just("null".into()),
        Just("-1".into()),
        Just("99999999999999999999h".into()),
        "\\PC{0,3}"
    ];
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

const ABORT: &str = "abort-is-lost";

const FAILED: &str = "{\"v\":1,\"failed\":{\"abort-is-lost\":[5,6,7]}}";

/// What a small failing sweep keeps, as a run of it.
fn kept() -> Kept {
    let source = suite::bundled().into_iter().find(|source| source.name().contains(ABORT)).expect("it is bundled");
    let choices = Choices { profile: Profile::Reference, policies: Vec::new() };
    let prepared = load(&source).expect("it is a scenario").under(&choices).expect("no policy is named");
    let seeds = Seeds { first: 1, count: 9 };
    let mut legs = [Leg::new(prepared.as_ref(), Seeds { first: 3, count: 4 })];
    relay(&mut legs, false, &|| None, &|_, _| (), &mut |_| Ok::<(), ()>(())).expect("nothing is refused");
    let [leg] = legs;
    let share = Share { asked: ABORT.to_owned(), source, seeds, part: leg.part };
    Kept { terms: Terms { choices, twice: false }, shares: vec![share] }
}

/// A file of one test, gone when the test ends.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> File {
        static FILES: AtomicU64 = AtomicU64::new(0);
        let unique = FILES.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("quiesce-hostile-{name}-{}-{unique}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a temporary directory can be made");
        File(dir.join("file"))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        _ = self.0.parent().map(std::fs::remove_dir_all);
    }
}

fn text_of(kept: &Kept) -> String {
    let file = File::new("kept");
    kept.save(&file.0).expect("a temporary file can be written");
    std::fs::read_to_string(&file.0).expect("it was written")
}

#[test]
fn what_was_kept_is_read_back() {
    let kept = kept();
    assert_eq!(Kept::parse("a", text_of(&kept).as_bytes()).expect("it is sound"), kept);
}

#[test]
fn what_contradicts_itself_is_refused_with_what_does() {
    let text = text_of(&kept());
    let refused = |from: &str, to: &str, what: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let error = Kept::parse("a.json", changed.as_bytes()).expect_err(what).to_string();
        assert!(error.contains("a.json") && error.contains(what), "{error}");
    };
    refused("\"done\":[[3,6]]", "\"done\":[[3,99]]", "seeds were run that were not to run");
    refused("\"done\":[[3,6]]", "\"done\":[[6,3]]", "not in order");
    refused("\"done\":[[3,6]]", "\"done\":[[4,7]]", "was never run");
    refused("\"failing\":4", "\"failing\":5", "cannot fail");
    refused("\"failing\":4", "\"failing\":0", "verdicts do not go with the runs");
    refused("\"kind\":\"safety\"", "\"kind\":\"sadness\"", "no such sort of failure");
    refused("\"kind\":\"lose\"", "\"kind\":\"loose\"", "no such fault");
    refused("\"verdicts\":[\"fail\"]", "\"verdicts\":[\"fine\"]", "no such verdict");
    refused("\"count\":9", "\"count\":0", "at least one seed");
    refused("\"first\":1", "\"first\":18446744073709551615", "beyond 2^64");
    refused("\"v\":1", "\"v\":7", "version 7");
    refused("\"twice\":false", "\"twice\":false,\"more\":1", "unknown field `more`");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_run_is_read_or_refused_and_what_is_read_can_be_judged(text in mangled_of(vec![text_of(&kept())])) {
        match Kept::parse("mangled.json", text.as_bytes()) {
            Err(error) => prop_assert!(error.to_string().contains("mangled.json")),
            Ok(read) => {
                let mut whole = read.clone();
                _ = whole.join("other.json", kept());
                for Share { source, seeds, part, .. } in whole.shares {
                    let Ok(scenario) = load(&source) else { continue };
                    let prepared = scenario.under(&Choices::default()).expect("the default choices are choices of all");
                    let sweep = Sweep::conclude(part, prepared.as_ref(), seeds, None);
                    prop_assert!(sweep.runs <= seeds.count);
                }
            }
        }
    }

    #[test]
    fn a_mangled_capsule_is_read_or_refused_and_what_is_read_can_be_prepared(text in mangled_of(vec![capsule()])) {
        match Capsule::parse("mangled.json", text.as_bytes()) {
            Ok(capsule) => _ = capsule.prepare(&capsule.choices()),
            Err(error) => prop_assert!(error.to_string().contains("mangled.json")),
        }
    }

    #[test]
    fn a_mangled_list_of_seeds_is_read_or_empty(text in mangled_of(vec![FAILED.to_owned()])) {
        let failed = FailedSeeds::parse("failed-seeds.json".into(), text.as_bytes());
        prop_assert!(failed.of(ABORT, &Choices::default()).len() <= FAILED_MOST);
    }

    #[test]
    fn any_bytes_are_no_capsule_and_nothing_that_was_run(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Kept::parse("any", &bytes).is_err());
        prop_assert!(Capsule::parse("any", &bytes).is_err());
    }
}

/// A capsule as a failing run saves it.
fn capsule() -> String {
    let shell = File::new("capsule");
    let dir = shell.0.parent().expect("a file is in a directory").to_owned();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quiesce"));
    command.args(["run", ABORT, "--seed", "1", "--profile", "reference", "-q", "--capsules", "."]).current_dir(&dir);
    command.output().expect("the program starts");
    let entries = std::fs::read_dir(&dir).expect("it is there").map(|entry| entry.expect("readable").path());
    let found = entries.into_iter().find(|path| path.to_string_lossy().contains("seed-1.json"));
    std::fs::read_to_string(found.expect("the run failed")).expect("a capsule is UTF-8")
}

#[test]
fn nested_json_is_refused() {
    let deep = format!("{{\"v\":1,\"quiesce\":\"0.1.0\",\"scenarios\":{}", "[".repeat(500_000));
    assert!(Kept::parse("deep", deep.as_bytes()).is_err());
    assert!(Capsule::parse("deep", deep.as_bytes()).is_err());
}
