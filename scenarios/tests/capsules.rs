//! A saved failure replays, says when it is fixed, and is refused when it is not what it claims.

use std::path::PathBuf;

use quiesce::capsule::{Capsule, CapsuleError, Comparison};
use quiesce::choices::Choices;
use quiesce::load;
use quiesce::plane::Profile;
use quiesce::run::Run;
use quiesce::text::Source;

const SCENARIO: &str = r#"
name = "twice"
about = "A start request arrives twice."
plane = "xaction"
cluster = { proxies = 2, targets = 2, ic_size = 2 }
timeline = [
  { at = "0s", duplicate = "start-request" },
  { at = "0s", start = "prefetch-objects", via = "p1", as = "job" },
]
"#;

/// A directory of one test, gone when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        Scratch(std::env::temp_dir().join(format!("quiesce-capsules-{test}-{}", std::process::id())))
    }

    fn write(&self, content: &[u8]) -> PathBuf {
        std::fs::create_dir_all(&self.0).expect("a temporary directory can be made");
        let path = self.0.join("capsule.json");
        std::fs::write(&path, content).expect("a temporary file can be written");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The capsule of the reference's failure.
fn failure() -> Capsule {
    let source = Source::new("twice.toml", SCENARIO);
    let choices = Choices { profile: Profile::Reference, policies: Vec::new() };
    let prepared = load(&source).expect("the scenario is right").under(&choices).expect("a profile");
    let run = prepared.run(7);
    let finding = run.findings.first().expect("the reference makes two jobs of one request");
    Capsule::new(&source, prepared.as_ref(), Profile::Reference, &run, finding)
}

fn replay(capsule: &Capsule) -> Run {
    let scenario = load(&capsule.source()).expect("the scenario was right when saved");
    scenario.under(&capsule.choices()).expect("the policies were right when saved").record(capsule.seed).0
}

#[test]
fn a_saved_failure_is_reproduced() {
    let scratch = Scratch::new("reproduced");
    let path = failure().save(&scratch.0, "twice").expect("a temporary directory can be written");
    assert!(path.ends_with("twice.reference.one-start-one-job.seed-7.json"), "{}", path.display());
    let capsule = Capsule::open(&path).expect("it was just saved");
    assert_eq!(capsule, failure());
    assert_eq!(capsule.compare(&replay(&capsule)), Comparison::Reproduced);
}

#[test]
fn a_failure_that_a_policy_mends_is_fixed() {
    let mut capsule = failure();
    capsule.policies.insert("job-identity".to_owned(), "request".to_owned());
    assert_eq!(capsule.compare(&replay(&capsule)), Comparison::Fixed);
}

#[test]
fn a_failure_in_another_run_names_what_differs() {
    let mut capsule = failure();
    capsule.digest = "0".repeat(32);
    capsule.events += 1;
    let Comparison::Differs(differences) = capsule.compare(&replay(&capsule)) else { panic!("the digest differs") };
    assert_eq!(differences.len(), 2, "{differences:?}");
    assert!(differences[0].starts_with("digest: 000"), "{differences:?}");
    assert!(differences[1].starts_with("events: "), "{differences:?}");
}

#[test]
fn what_is_no_capsule_is_refused() {
    let scratch = Scratch::new("refused");
    let right = serde_json::to_string(&failure()).expect("a capsule is JSON");
    let refused = |content: &[u8]| Capsule::open(&scratch.write(content)).expect_err("no capsule");
    for broken in ["", "{", "[]", "null", "{\"v\":1}", "{\"v\":-1}", "{\"v\":\"1\"}", &right[..right.len() - 9]] {
        assert!(matches!(refused(broken.as_bytes()), CapsuleError::Malformed { .. }), "{broken}");
    }
    assert!(matches!(refused(b"{\"v\":1,\xff}"), CapsuleError::Malformed { .. }));
    let newer = right.replacen("\"v\":1", "\"v\":2", 1);
    assert!(matches!(refused(newer.as_bytes()), CapsuleError::Version { found: 2, .. }));
    let stranger = right.replacen("\"v\":1", "\"v\":1,\"extra\":0", 1);
    assert!(refused(stranger.as_bytes()).to_string().contains("unknown field `extra`"));
    assert!(matches!(refused(&vec![b' '; 5 << 20]), CapsuleError::TooLarge { .. }));
    assert!(matches!(Capsule::open(&scratch.0.join("none")), Err(CapsuleError::Unreadable { .. })));
}

#[test]
fn hostile_scenarios_and_policies_inside_are_refused() {
    let mut capsule = failure();
    capsule.scenario = "name = ".to_owned();
    assert!(load(&capsule.source()).is_err());
    let mut capsule = failure();
    capsule.policies.insert("job-identity".to_owned(), "chance".to_owned());
    let scenario = load(&capsule.source()).expect("the scenario is right");
    let refused = scenario.under(&capsule.choices()).expect_err("no such choice");
    assert!(refused.to_string().contains("either `gateway` or `request`, found `chance`"), "{refused}");
}
