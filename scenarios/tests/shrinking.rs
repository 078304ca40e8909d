//! A failure made small still fails, in the same property and in the same way, and is a scenario of its own.

use quiesce::capsule::{Capsule, World};
use quiesce::check::Adjust;
use quiesce::choices::Choices;
use quiesce::keep::keep;
use quiesce::load;
use quiesce::plane::Profile;
use quiesce::run::{FindingKind, Prepared, Verdict};
use quiesce::shrink::{ShrinkError, Shrunk, shrink};
use quiesce::suite::bundled;
use quiesce::text::Source;
use quiesce_sim::{Blow, Course, Turn};

fn published() -> Choices {
    Choices { profile: Profile::Reference, ..Choices::default() }
}

/// The capsule of one of the reference's failures.
fn failure(source: &Source, course: &Course, property: &str) -> Capsule {
    let prepared = load(source).expect("nothing is wrong").under(&published()).expect("a profile");
    let capsule = Capsule::of(World::of(source), prepared.as_ref(), Profile::Reference, course, property);
    capsule.unwrap_or_else(|| panic!("{property} does not fail in {}", source.name()))
}

fn prepared(text: &str) -> Box<dyn Prepared> {
    let scenario = load(&Source::new("small.toml", text)).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    scenario.under(&Choices::default()).expect("the default choices")
}

/// How the small scenario fails, by itself.
fn again(small: &Shrunk) -> Vec<(String, FindingKind)> {
    let prepared = prepared(&small.text);
    let run = prepared.run(prepared.head().seeds.first);
    run.findings.into_iter().map(|finding| (finding.property, finding.kind)).collect()
}

#[test]
fn what_is_left_of_every_scenario_that_the_reference_fails_fails_alike_and_is_small() {
    let (mut entries, mut nodes) = (Vec::new(), Vec::new());
    for source in bundled() {
        let prepared = load(&source).expect("it is bundled").under(&published()).expect("a profile");
        let seeds = prepared.head().seeds;
        let first = seeds.range().take(5).map(|seed| prepared.run(seed)).find(|run| !run.findings.is_empty());
        let Some(run) = first else { continue };
        let capsule = failure(&source, &Course::seed(run.seed), &run.findings[0].property);
        let small = shrink(&capsule).unwrap_or_else(|error| panic!("{}: {error}", source.name()));
        let expected = (capsule.property.clone(), capsule.kind);
        assert!(again(&small).contains(&expected), "{expected:?} is gone from\n{}", small.text);
        assert!(small.entries.0 <= small.entries.1 && small.nodes.0 <= small.nodes.1 && small.active <= small.nodes.0);
        entries.push(small.entries.0);
        nodes.push(small.nodes.0);
    }
    entries.sort_unstable();
    nodes.sort_unstable();
    assert!(entries.len() > 40 && entries[entries.len() / 2] <= 12, "{entries:?}");
    assert!(nodes[nodes.len() / 2] <= 3, "users not counted: {nodes:?}");
}

const BUSY: &str = r#"
# A comment that is gone.
name = "busy"
about = "A start request arrives twice, among other things."
plane = "xaction"
until = "30s"
cluster = { proxies = 3, targets = 4, clients = 2, ic_size = 3 }
network = { latency = "2ms", jitter = "5ms" }
timing = { repeat = "3s" }
timeline = [
  { at = "0s", start = "ec-encode", via = "p1", as = "other" },
  { at = "1s", partition = [["t1", "t2"], ["t3"]], for = "2s" },
  { at = "5s", duplicate = "start-request", from = "c2", count = 3 },
  { at = "6s", crash = "t4", for = "1s" },
  { at = "7123ms", start = "prefetch-objects", via = "p3", client = "c2", as = "job", slow = { t2 = "9s" } },
  { at = "9s", wait = "job", via = "p1", client = "c2", as = "w" },
]
expect = { replies = { w = "finished" } }
"#;

/// The same without the copies.
fn quiet() -> String {
    BUSY.lines().filter(|line| !line.contains("duplicate =")).collect::<Vec<_>>().join("\n")
}

#[test]
fn nothing_is_left_but_what_the_failure_needs() {
    let source = Source::new("busy.toml", BUSY);
    let small = shrink(&failure(&source, &Course::seed(1), "one-start-one-job")).expect("it fails");
    let expected = r#"name = "busy-one-start-one-job"
about = "Shows how one-start-one-job fails."
plane = "xaction"
seeds = { first = 1, count = 1 }
cluster = { proxies = 1, targets = 1, clients = 1, ic_size = 1 }
policies = { job-identity = "gateway" }
expect = { properties = ["one-start-one-job"] }

timeline = [
  { at = "0s", duplicate = "start-request" },
  { at = "0s", start = "prefetch-objects", via = "p1" },
]
"#;
    let (comment, scenario): (Vec<&str>, Vec<&str>) = small.text.lines().partition(|line| line.starts_with('#'));
    assert_eq!(scenario.join("\n") + "\n", expected);
    assert!(
        comment[0].contains("one-start-one-job fails, made by `quiesce shrink` from seed 1 of busy"),
        "{comment:?}"
    );
    assert_eq!((small.entries, small.nodes, small.active), ((2, 6), (2, 7), 1));
}

#[test]
fn an_expectation_that_fails_is_kept_and_so_is_the_call_it_names() {
    let text = quiet().replace("w = \"finished\"", "w = \"aborted\"");
    let small = shrink(&failure(&Source::new("busy.toml", text), &Course::seed(2), "expect.replies.w"));
    let small = small.expect("it fails");
    assert!(small.text.contains("wait = ") && small.text.contains("replies = { "), "{}", small.text);
    assert!(again(&small).iter().any(|(property, _)| property.starts_with("expect.replies.")), "{}", small.text);
}

#[test]
fn what_chance_drew_is_written_down() {
    let swarm = bundled().into_iter().find(|source| source.name().ends_with("xaction/swarm.toml")).expect("bundled");
    let prepared = load(&swarm).expect("it is bundled").under(&published()).expect("a profile");
    let mut shrunk = 0;
    for seed in 1..12 {
        let run = prepared.run(seed);
        let Some(finding) = run.findings.first() else { continue };
        let small = shrink(&failure(&swarm, &Course::seed(seed), &finding.property)).expect("it fails");
        assert!(!small.text.contains("swarm = "), "{}", small.text);
        assert!(again(&small).iter().any(|(property, _)| *property == finding.property), "{}", small.text);
        shrunk += 1;
    }
    assert!(shrunk >= 3, "{shrunk}");
    let text = quiet().replace("jitter = \"5ms\"", "jitter = \"5ms\", duplicate = \"1/2\"");
    let drawn = shrink(&failure(&Source::new("busy.toml", text), &Course::seed(1), "one-start-one-job"));
    let drawn = drawn.expect("it fails").text;
    assert!(drawn.contains("duplicate = \"start-request\"") && !drawn.contains("1/2"), "{drawn}");
}

#[test]
fn a_blow_between_effects_becomes_an_entry_where_one_says_the_same() {
    let source = Source::new("quiet.toml", quiet());
    let prepared = load(&source).expect("nothing is wrong").under(&published()).expect("a profile");
    let sweep = prepared.crash_sweep(1, std::time::Duration::from_secs(1), &|_| ());
    let struck = |blow| sweep.fallen.iter().find(move |fallen| fallen.branch.blow == blow && fallen.property.is_some());
    let mut shrunk = 0;
    for fallen in [Blow::Crash, Blow::LoseMessage].into_iter().filter_map(struck) {
        let strike = Some(fallen.branch.strike(std::time::Duration::from_secs(1)));
        let course = Course { strike, ..Course::seed(1) };
        let property = fallen.property.expect("a property failed");
        match shrink(&failure(&source, &course, property)) {
            Ok(small) => {
                assert!(again(&small).iter().any(|(found, _)| found == property), "{}", small.text);
                shrunk += 1;
            }
            Err(error) => assert!(matches!(error, ShrinkError::Between { .. }), "{error}"),
        }
    }
    assert!(shrunk > 0, "{:?}", sweep.by_property());
}

#[test]
fn a_blow_behind_the_phase_under_fire_becomes_an_entry_of_a_longer_one() {
    let text = quiet().replace("until = \"30s\"", "until = \"9s\"");
    let source = Source::new("short.toml", text);
    let down = std::time::Duration::from_secs(1);
    let prepared = load(&source).expect("nothing is wrong").under(&published()).expect("a profile");
    let sweep = prepared.crash_sweep(1, down, &|_| ());
    let late = |fallen: &&quiesce::run::Fallen| {
        let branch = &fallen.branch;
        branch.blow == Blow::Crash && branch.at.since_start() > 9 * down && fallen.property.is_some()
    };
    let fallen = sweep.fallen.iter().find(late).expect("a crash that late is not survived");
    let (strike, property) = (Some(fallen.branch.strike(down)), fallen.property.expect("a property failed"));
    let small = shrink(&failure(&source, &Course { strike, ..Course::seed(1) }, property)).expect("an entry says it");
    assert!(again(&small).iter().any(|(found, _)| found == property), "{}", small.text);
}

#[test]
fn what_cannot_shrink_says_why() {
    let source = Source::new("busy.toml", BUSY);
    let capsule = failure(&source, &Course::seed(1), "one-start-one-job");
    let path = World::Scope { plane: "xaction".to_owned(), name: "ic".to_owned(), adjust: Adjust::default() };
    let path = Capsule { world: path, turns: Some(vec![Turn::Rest]), ..capsule.clone() };
    assert!(matches!(shrink(&path), Err(ShrinkError::Shortest)));
    let mut mended = capsule;
    mended.policies.insert("job-identity".to_owned(), "request".to_owned());
    assert!(matches!(shrink(&mended), Err(ShrinkError::Gone { property }) if property == "one-start-one-job"));
}

#[test]
fn a_kept_failure_passes_with_our_policies_and_names_what_the_published_choice_breaks() {
    let source = Source::new("busy.toml", BUSY);
    let capsule = failure(&source, &Course::seed(1), "one-start-one-job");
    let kept = keep(&capsule, Some("twice")).expect("it fails");
    assert_eq!(
        (kept.name.as_str(), kept.plane.as_str(), kept.guilty.as_deref()),
        ("twice", "xaction", Some("job-identity"))
    );
    let ours = prepared(&kept.scenario);
    assert_eq!((ours.head().name.as_str(), ours.run(1).verdict), ("twice", Verdict::Pass));
    assert_eq!(ours.expect().reference.get("job-identity"), Some(&"one-start-one-job"));
    assert!(kept.trace.contains("finding  safety one-start-one-job"), "{}", kept.trace);
    let broken = Capsule { policies: Default::default(), ..capsule };
    let text =
        BUSY.replace("timeline = [", "policies = { job-identity = \"gateway\", merge = \"first-wins\" }\ntimeline = [");
    let hardened =
        load(&Source::new("b.toml", text.clone())).expect("right").under(&Choices::default()).expect("right");
    let world = World::of(&Source::new("b.toml", text));
    let own = Capsule::of(world, hardened.as_ref(), Profile::Hardened, &broken.course(), "one-start-one-job");
    let own = keep(&own.expect("it fails"), None).expect("it fails");
    assert_eq!(own.guilty.as_deref(), Some("job-identity"), "the other policy is not guilty");
}
