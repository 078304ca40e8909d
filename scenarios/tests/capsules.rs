//! A saved failure replays, says when it is fixed, and is refused when it is not what it claims.

use std::path::PathBuf;
use std::time::Duration;

use quiesce::capsule::{Capsule, CapsuleError, Comparison, Divergence, Fate, World, WorldError};
use quiesce::check::Adjust;
use quiesce::choices::Choices;
use quiesce::load;
use quiesce::plane::Profile;
use quiesce::run::{Prepared, Replayed};
use quiesce::text::Source;
use quiesce_sim::{Course, Turn};

const SCENARIO: &str = r#"
name = "twice"
about = "A start request arrives twice."
plane = "xaction"
cluster = { proxies = 2, targets = 2, ic_size = 2 }
network = { latency = "2ms", jitter = "5ms" }
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

/// The reference.
fn published() -> Choices {
    Choices { profile: Profile::Reference, policies: Vec::new() }
}

fn prepared() -> Box<dyn Prepared> {
    let source = Source::new("twice.toml", SCENARIO);
    load(&source).expect("the scenario is right").under(&published()).expect("a profile")
}

/// The capsule of one of the reference's failures.
fn failure_on(course: &Course, property: &str) -> Capsule {
    let world = World::of(&Source::new("twice.toml", SCENARIO));
    let capsule = Capsule::of(world, prepared().as_ref(), Profile::Reference, course, property);
    capsule.expect("the reference fails there")
}

/// The reference makes two jobs of one request.
fn failure() -> Capsule {
    failure_on(&Course::seed(7), "one-start-one-job")
}

fn replay(capsule: &Capsule) -> Replayed {
    let prepared = capsule.prepare(&capsule.choices()).expect("the world was right when saved");
    prepared.replay(&capsule.course())
}

fn again(capsule: &Capsule) -> Comparison {
    capsule.compare(&replay(capsule))
}

#[test]
fn a_saved_failure_is_reproduced() {
    let scratch = Scratch::new("reproduced");
    let path = failure().save(&scratch.0, "twice").expect("a temporary directory can be written");
    assert!(path.ends_with("twice.reference.one-start-one-job.seed-7.json"), "{}", path.display());
    let capsule = Capsule::open(&path).expect("it was just saved");
    assert_eq!(capsule, failure());
    assert_eq!(again(&capsule), Comparison { fate: Fate::Reproduced, divergence: None, differences: Vec::new() });
}

#[test]
fn decisions_alone_reproduce_a_failure_whatever_the_seed() {
    let capsule = Capsule { seed: 99, ..failure() };
    assert_eq!(again(&capsule).fate, Fate::Reproduced);
}

#[test]
fn what_property_does_not_fail_makes_no_capsule() {
    let world = World::of(&Source::new("twice.toml", SCENARIO));
    let none = Capsule::of(world, prepared().as_ref(), Profile::Reference, &Course::seed(7), "waits-return");
    assert_eq!(none, None);
}

#[test]
fn a_failure_that_a_policy_mends_is_fixed_and_the_first_divergence_is_named() {
    let mut capsule = failure();
    capsule.policies.insert("job-identity".to_owned(), "request".to_owned());
    let comparison = again(&capsule);
    assert_eq!(comparison.fate, Fate::Fixed);
    let Divergence { step, expected, got } = comparison.divergence.expect("the runs differ");
    assert_eq!(expected.as_ref(), capsule.steps.get(step - 1));
    let handled = [expected, got].map(Option::unwrap_or_default);
    assert!(handled.iter().all(|step| step.contains("p1 deliver start-request from c1")), "{handled:?}");
    assert_ne!(handled[0], handled[1], "what p1 states differs");
}

#[test]
fn a_failure_in_another_run_names_what_differs() {
    let mut capsule = failure();
    capsule.digest = "0".repeat(32);
    capsule.events += 1;
    capsule.steps.insert(3, "something that no longer happens".to_owned());
    let Comparison { fate, divergence, differences } = again(&capsule);
    assert_eq!(fate, Fate::Differs);
    assert_eq!(divergence.map(|at| (at.step, at.got)), Some((4, failure().steps.get(3).cloned())));
    assert_eq!(differences.len(), 2, "{differences:?}");
    assert!(differences[0].starts_with("digest: 000") && differences[1].starts_with("events: "), "{differences:?}");
}

#[test]
fn a_run_cut_short_or_without_anything_to_judge_fixes_nothing() {
    let World::Scenario { source, text } = failure().world else { panic!("a scenario") };
    let with = |text: String| Capsule { world: World::Scenario { source: source.clone(), text }, ..failure() };
    let short = again(&with(format!("events_max = 6\n{text}")));
    assert!(matches!(&short.fate, Fate::Unproven(why) if why.contains("after 6 events")), "{:?}", short.fate);
    let idle = text.lines().filter(|line| !line.contains("start =")).collect::<Vec<_>>().join("\n");
    let idle = again(&with(idle));
    assert_eq!(idle.fate, Fate::Unproven("one-start-one-job had nothing to judge".to_owned()));
    assert!(idle.differences[0].ends_with("decisions were never asked for"), "{:?}", idle.differences);
}

#[test]
fn a_failure_of_a_crash_between_effects_is_reproduced() {
    let sweep = prepared_quiet().crash_sweep(1, Duration::from_secs(1), &|_| ());
    let fallen = sweep.fallen.first().expect("the reference does not survive every crash");
    let strike = Some(fallen.branch.strike(Duration::from_secs(1)));
    let property = fallen.property.expect("a property failed");
    let world = World::of(&Source::new("once.toml", once()));
    let course = Course { strike, ..Course::seed(1) };
    let capsule = Capsule::of(world, prepared_quiet().as_ref(), Profile::Reference, &course, property).expect("fails");
    assert_eq!((capsule.strike, &capsule.evidence), (strike, &fallen.evidence));
    let json = serde_json::to_string(&capsule).expect("JSON");
    let read: Capsule = serde_json::from_str(&json).expect("the same");
    assert_eq!((again(&read).fate, &read), (Fate::Reproduced, &capsule));
    let unharmed = Capsule { strike: None, ..read };
    assert_eq!(again(&unharmed).fate, Fate::Fixed);
}

/// The scenario without its fault.
fn once() -> String {
    SCENARIO.lines().filter(|line| !line.contains("duplicate =")).collect::<Vec<_>>().join("\n")
}

fn prepared_quiet() -> Box<dyn Prepared> {
    let source = Source::new("once.toml", once());
    load(&source).expect("the scenario is right").under(&published()).expect("a profile")
}

#[test]
fn a_small_world_replays_in_the_order_of_its_turns() {
    let start = |node: &str| Turn::Start { node: node.to_owned() };
    let turns: Vec<Turn> = ["p1", "p2", "t1", "c1"].map(start).into_iter().chain([Turn::Call { call: 0 }]).collect();
    let world = World::Scope { plane: "xaction".to_owned(), name: "ic".to_owned(), adjust: Adjust::default() };
    let capsule = Capsule { world, turns: Some(turns), steps: Vec::new(), ..failure() };
    let replayed = replay(&capsule);
    assert_eq!((replayed.run.events, replayed.missed), (5, Vec::new()));
    assert!(replayed.trace.to_string().contains("c1  call     start"), "{}", replayed.trace);
    let nowhere = World::Scope { plane: "xaction".to_owned(), name: "icc".to_owned(), adjust: Adjust::default() };
    let refused = Capsule { world: nowhere, ..capsule }.prepare(&Choices::default()).expect_err("no such world");
    assert!(refused.to_string().contains("`icc` of `xaction`"), "{refused}");
}

#[test]
fn what_is_no_capsule_is_refused() {
    let scratch = Scratch::new("refused");
    let right = serde_json::to_string(&failure()).expect("a capsule is JSON");
    let refused = |content: &[u8]| Capsule::open(&scratch.write(content)).expect_err("no capsule");
    for broken in ["", "{", "[]", "null", "{\"v\":2}", "{\"v\":-1}", "{\"v\":\"1\"}", &right[..right.len() - 9]] {
        assert!(matches!(refused(broken.as_bytes()), CapsuleError::Malformed { .. }), "{broken}");
    }
    assert!(matches!(refused(b"{\"v\":2,\xff}"), CapsuleError::Malformed { .. }));
    let newer = right.replacen("\"v\":2", "\"v\":3", 1);
    assert!(matches!(refused(newer.as_bytes()), CapsuleError::Version { found: 3, .. }));
    let stranger = right.replacen("\"v\":2", "\"v\":2,\"extra\":0", 1);
    assert!(refused(stranger.as_bytes()).to_string().contains("unknown field `extra`"));
    assert!(matches!(refused(&vec![b' '; 65 << 20]), CapsuleError::TooLarge { .. }));
    assert!(matches!(Capsule::open(&scratch.0.join("none")), Err(CapsuleError::Unreadable { .. })));
}

#[test]
fn hostile_scenarios_and_policies_inside_are_refused() {
    let world = World::Scenario { source: "bad.toml".to_owned(), text: "name = ".to_owned() };
    let bad = Capsule { world, ..failure() };
    assert!(matches!(bad.prepare(&bad.choices()), Err(WorldError::Load(_))));
    let mut capsule = failure();
    capsule.policies.insert("job-identity".to_owned(), "chance".to_owned());
    let refused = capsule.prepare(&capsule.choices()).expect_err("no such choice");
    assert!(refused.to_string().contains("either `gateway` or `request`, found `chance`"), "{refused}");
}
