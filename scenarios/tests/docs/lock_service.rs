//! The control plane of `docs/your-own-plane.md`: its bug is found and its repair holds, in simulator and checker.

#[path = "../../examples/lock_service/main.rs"]
#[allow(dead_code, reason = "the program's `main` is not called here")]
mod example;

use example::service::Grant;
use example::{search, simulate, told};
use quiesce_model::Verdict;

use crate::page::Page;

#[test]
fn the_planted_bug_is_found_by_both_drivers() {
    let (_, outcome) = simulate(Grant::AtOnce, 1000).expect("a seed fails");
    assert_eq!(outcome.findings[0].property, "one-writer-a-number");
    let report = search(Grant::AtOnce);
    let found: Vec<&str> = report.counterexamples.iter().map(|found| found.property).collect();
    assert_eq!((report.verdict, found), (Verdict::Fail, vec!["one-writer-a-number"]));
}

#[test]
fn the_repair_holds_in_both_drivers() {
    assert_eq!(simulate(Grant::WhenDurable, 1000).map(|(seed, outcome)| (seed, outcome.findings)), None);
    let report = search(Grant::WhenDurable);
    assert_eq!((report.verdict, report.counterexamples.len()), (Verdict::Pass, 0));
    assert!(report.unique_states > 1000, "{} states", report.unique_states);
}

#[test]
fn the_page_shows_what_the_example_says() {
    let page = Page::open("docs/your-own-plane.md");
    let fenced = |grant| format!("```text\n{}```\n", told(grant));
    let now = page.between("bug", &fenced(Grant::AtOnce));
    let now = Page { text: now, ..page.clone() }.between("repair", &fenced(Grant::WhenDurable));
    page.must_be(&now);
}
