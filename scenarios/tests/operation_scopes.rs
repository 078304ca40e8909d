//! The small worlds of operations: each asks something, so each catches a reference's choice that gives another answer.

use std::ops::ControlFlow;

use quiesce::check::{Adjust, Checked, Checking};
use quiesce::choices::Choices;
use quiesce::plane::Profile;
use quiesce::planes;
use quiesce_model::{Limits, Search, Verdict};

/// By scope: a policy, its reference's choice, and the property that then fails.
const CAUGHT: [(&str, &str, &str, &str); 12] = [
    ("operation", "schedule", "before-commit", "accepted-operations-terminate"),
    ("operation-polled", "own-writes", "awaited", "heard-location-is-used"),
    ("operation-timeout", "timeout-claim", "failed", "failure-means-not-done"),
    ("operation-loss", "webhook-key", "absent", "webhook-effect-at-most-once"),
    ("operation-crash", "webhook-key", "absent", "webhook-effect-at-most-once"),
    ("operation-controller-crash", "webhook-key", "absent", "webhook-effect-at-most-once"),
    ("operation-apiserver-crash", "schedule", "before-commit", "accepted-operations-terminate"),
    ("operation-two", "row-read", "unlocked", "one-operation-at-a-time"),
    ("operation-two-loss", "completion", "unfenced", "terminal-is-absorbing"),
    ("operation-two-crash", "completion", "unfenced", "terminal-is-absorbing"),
    ("operation-two-faults", "row-read", "unlocked", "one-operation-at-a-time"),
    ("operation-handover", "readiness", "hidden", "terminal-is-absorbing"),
];

/// Those that are small enough for a test without optimisation; `quiesce check` exhausts all of them.
const EXHAUSTED: [&str; 7] = [
    "operation",
    "operation-polled",
    "operation-timeout",
    "operation-loss",
    "operation-crash",
    "operation-apiserver-crash",
    "operation-two",
];

fn check(scope: &str, policies: &[(&str, &str)], limits: Limits) -> Checked {
    let policies = policies.iter().map(|&(policy, choice)| (policy.to_owned(), choice.to_owned())).collect();
    let choices = Choices { profile: Profile::Hardened, policies };
    let adjust = Adjust::default();
    let how = Checking {
        choices: &choices,
        adjust: &adjust,
        from: None,
        symmetry: false,
        search: Search::Bfs,
        limits,
        progress: &|_| ControlFlow::Continue(()),
    };
    let found = planes::ALL.iter().find_map(|plane| plane.check(scope, &how));
    found.expect("a listed scope").expect("it makes sense")
}

#[test]
fn every_scope_of_operations_catches_a_choice_of_the_reference() {
    let plane = planes::ALL.into_iter().find(|plane| plane.name() == "operation").expect("a plane");
    let listed: Vec<&str> = plane.scopes().iter().map(|&(name, _)| name).collect();
    assert_eq!(CAUGHT.map(|(scope, ..)| scope).as_slice(), listed, "one row for each scope");
    for (scope, policy, choice, property) in CAUGHT {
        let limits = Limits { max_states: Some(400_000), ..Limits::default() };
        let checked = check(scope, &[(policy, choice)], limits);
        let failing: Vec<&str> = checked.counterexamples.iter().map(|story| story.property).collect();
        assert!(failing.contains(&property), "{scope} with {policy}={choice}: {failing:?}, not {property}");
    }
}

#[test]
fn the_smaller_scopes_are_exhausted_and_nothing_is_owed_for_ever() {
    for scope in EXHAUSTED {
        let checked = check(scope, &[], Limits::default());
        assert_eq!((checked.verdict, checked.counterexamples), (Verdict::Pass, vec![]), "{scope}");
    }
}
