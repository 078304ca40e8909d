//! An audit catches published choices, in the checker or in the simulator, and says so of nothing else.

mod shell;

use std::num::NonZeroUsize;

use quiesce::audit::{AuditError, Audited, By, Caught, Mended, Ours, Space, audit, unexplained};
use quiesce::planes::{self, AnyPlane};
use quiesce::suite;
use quiesce::text::Source;
use quiesce_control::policy::Row;
use shell::Shell;

fn row(plane: &str, policy: &str) -> (&'static dyn AnyPlane, &'static Row) {
    let plane = planes::ALL.into_iter().find(|known| known.name() == plane).expect("a plane");
    (plane, plane.policies().iter().find(|row| row.name == policy).expect("a policy"))
}

fn audited(space: &mut Space, plane: &str, policy: &str) -> Audited {
    let (plane, row) = row(plane, policy);
    audit(space, plane, row, &|| false).expect("nobody stops it")
}

#[test]
fn what_a_scope_shows_the_checker_catches_and_what_none_shows_the_simulator() {
    let mut space = Space::new(NonZeroUsize::MIN).expect("the suite has no mistake");
    let by_search = audited(&mut space, "operation", "own-writes");
    let Some(Caught { by: By::Checker { scope, states, steps, .. }, .. }) = &by_search.caught else {
        panic!("{by_search:#?}")
    };
    assert!(*states > 10 && steps.len() > 5, "{by_search:#?}");
    let Ours::HoldsInScope { scope: held, states: all } = &by_search.ours else { panic!("{by_search:#?}") };
    assert!(held == scope && *all > 10 && by_search.is_shown(), "{by_search:#?}");
    let by_runs = audited(&mut space, "operation", "retry-unit");
    let Some(Caught { property, by: By::Simulator { seeds, small, .. }, .. }) = &by_runs.caught else {
        panic!("{by_runs:#?}")
    };
    assert!(
        property == "retries-wait" && seeds.0 > 0 && small.as_ref().is_some_and(|small| small.entries.0 <= 2),
        "{by_runs:#?}"
    );
    assert!(matches!(by_runs.ours, Ours::HoldsInRuns { seeds: 1.., .. }) && by_runs.is_shown());
}

/// A policy whose published choice is ours: nothing can be wrong with it.
const IDLE: Row = Row {
    name: "own-writes",
    about: "",
    reference: "fenced",
    published: "",
    consequence: "",
    hardened: "fenced",
    ours: "",
};

#[test]
fn a_choice_that_breaks_nothing_is_not_caught() {
    let (plane, real) = row("operation", "own-writes");
    let idle: &'static Row = Box::leak(Box::new(Row { reference: real.hardened, ..IDLE }));
    let mut space = Space::new(NonZeroUsize::MIN).expect("the suite has no mistake");
    let told = audit(&mut space, plane, idle, &|| false).expect("nobody stops it");
    assert!(told.caught.is_none() && !told.is_shown(), "{told:#?}");
}

/// These bundled scenarios and no scope, each with some text in place of another.
fn some(names: &[&str], was: &str, now: &str) -> Space {
    let wanted = |source: &Source| names.iter().any(|name| source.name().ends_with(&format!("/{name}.toml")));
    let changed = |source: Source| Source::new(source.name(), source.text().replace(was, now));
    let sources = suite::bundled().into_iter().filter(wanted).map(changed).collect();
    Space::of(sources, NonZeroUsize::MIN).expect("no mistake was made")
}

#[test]
fn a_choice_of_ours_that_fails_is_not_shown() {
    let broken = "policies = { retry-unit = \"nanoseconds\" }\n\n[expect]";
    let mut space = some(&["retry-interval"], "[expect]", broken);
    let told = audited(&mut space, "operation", "retry-unit");
    let Ours::Fails { place, property } = &told.ours else { panic!("{told:#?}") };
    assert_eq!((place.as_str(), property.as_str()), ("retry-interval", "retries-wait"));
    assert!(told.caught.is_some() && !told.is_shown());
}

#[test]
fn an_audit_ends_when_it_is_stopped() {
    let (plane, row) = row("volume", "volume-delete");
    let mut space = Space::new(NonZeroUsize::MIN).expect("the suite has no mistake");
    let late = audit(&mut space, plane, row, &|| true);
    assert!(matches!(&late, Err(AuditError::Stopped { what }) if what == "volume-delete"), "{late:?}");
    let late = unexplained(&mut space, plane, &|| true, &|_| ());
    assert!(matches!(late, Err(AuditError::Stopped { .. })), "{late:?}");
}

#[test]
fn what_fails_as_published_is_explained_by_the_policy_that_mends_it() {
    let mut space = some(&["retry-interval"], "", "");
    let (plane, _) = row("operation", "retry-unit");
    let finds = unexplained(&mut space, plane, &|| false, &|_| ()).expect("nobody stops it");
    let find = finds.iter().find(|find| find.shortest.property == "retries-wait").expect("it fails");
    let By::Simulator { small: Some(small), .. } = &find.shortest.by else { panic!("{find:#?}") };
    assert!(small.entries.0 <= 2 && find.unexplained().next().is_none(), "{find:#?}");
    assert_eq!(find.places.len(), 1);
    assert_eq!(find.places[0].mended, Mended::ByEach(vec!["retry-unit"]));
}

#[test]
fn a_price_is_measured_in_whole_runs_of_either_choice() {
    let space = some(&["retry-interval"], "", "");
    let (_, row) = row("operation", "retry-unit");
    let price = space.price("operation", row).expect("a scenario names it");
    assert_eq!((price.published.runs, price.ours.runs), (20, 20));
    assert!(price.published.messages > 2 * price.ours.messages, "who never waits asks more often: {price:?}");
    assert!(price.ours.waits.len() as u64 == price.ours.asked && price.ours.median() > Some(0), "{price:?}");
}

#[test]
fn the_program_tells_what_is_caught_by_what_and_what_holds() {
    let shell = Shell::new("audit");
    let done = shell.run("audit operation --policy retry-unit");
    done.ends(0).says("retry-unit  retries-wait  simulator, ").says("  holds: ").says("retry-unit=nanoseconds: ");
    done.says("1 policies audited: the published choice of 1 is caught, ours holds there for 1");
    let json = shell.run("audit operation --policy retry-unit --json -");
    let line: serde_json::Value =
        serde_json::from_str(json.ends(0).stdout.lines().nth(1).expect("a result")).expect("JSON");
    assert_eq!((&line["policy"], &line["caught"]["by"]), (&"retry-unit".into(), &"simulator".into()));
    assert_eq!(line["ours"]["verdict"], "holds");
    shell.run("audit --budget 0s").ends(3).says("stopped before ");
    let refused = |words: &str, why: &str| {
        let done = shell.run(words);
        assert!(done.ends(2).stderr.contains(why), "`{why}` is not in\n{}", done.stderr);
    };
    refused("audit --unexplained --policy retry-unit", "not with one");
    refused("audit xactoin", "did you mean `xaction`?");
    refused("audit volume --policy retry-unit", "unknown policy `retry-unit`");
    refused("audit --policy retry-unit=nanoseconds", "an audit tries both choices of a policy");
    refused("audit --profile reference", "`quiesce audit` does nothing with --profile");
}

#[test]
fn a_report_has_a_page_for_each_policy_and_an_index_in_both_forms() {
    let shell = Shell::new("audit-report");
    shell.run("audit operation --policy retry-unit --report report -q").ends(0);
    let names = ["index.html", "index.md", "operation.retry-unit.html", "operation.retry-unit.md"];
    assert_eq!(shell.left("report"), names);
    let read = |name: &str| std::fs::read_to_string(shell.0.join("report").join(name)).expect("it was written");
    let (page, told) = (read("operation.retry-unit.html"), read("operation.retry-unit.md"));
    let headings: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let expected = ["The claim", "What the published choice comes to", "How it happens", "To see it again"];
    assert_eq!(headings, [&expected[..], &["Our change", "Its price"]].concat());
    for part in ["1. ", "does not hold: safety retries-wait", "```mermaid\nsequenceDiagram", "```toml\n# The smallest"]
    {
        assert!(told.contains(part), "`{part}` is not in\n{told}");
    }
    assert!(
        told.contains("| `nanoseconds` | ") && told.contains(" | 60 of 60 | ") && told.contains("Ours costs "),
        "{told}"
    );
    assert!(page.contains("<h2>The claim</h2>") && page.contains("id=\"run-0\""), "a diagram stands below the text");
    assert!(page.contains("<a href=\"#step="), "steps lead to the diagram");
    assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("http"), "the page needs nothing from elsewhere");
    let index = read("index.md");
    assert!(index.contains("[retry-unit](operation.retry-unit.md)") && index.contains("| operation | 1 | "), "{index}");
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_anything_is_searched() {
    let shell = Shell::new("audit-report-refused");
    shell.file("taken", "a file");
    for dir in ["taken", "taken/below"] {
        let done = shell.run(&format!("audit operation --policy retry-unit --report {dir}"));
        assert!(done.ends(2).stderr.contains("cannot write taken"), "{}", done.stderr);
        assert_eq!(done.stdout, "");
    }
    assert_eq!(std::fs::read_to_string(shell.0.join("taken")).expect("it is there"), "a file");
    assert_eq!(shell.left("."), ["taken"]);
}
