//! The bundled small worlds: exhausted with our policies, and each asks something, so each catches a choice of the
//! reference that gives another answer.

use std::ops::ControlFlow;

use quiesce::check::{Adjust, Checked, Checking};
use quiesce::choices::Choices;
use quiesce::plane::Profile;
use quiesce::planes;
use quiesce_model::{Ending, Limits, Search, Verdict};

/// States that the tests look at in one scope; `quiesce check` has no such patience.
const STATES_MOST: usize = 150_000;

/// A scope, a policy with its reference's choice, and a property that then fails.
type Caught = (&'static str, Option<(&'static str, &'static str)>, &'static str);

/// By scope: a policy, its reference's choice, and a property that then fails. Of `ic` the whole profile, for it asks what
/// no single choice spoils.
const CAUGHT: [Caught; 39] = [
    ("ic", None, "waits-return"),
    ("ic-targets", Some(("job-end", "first-abort")), "finished-means-every-target-finished"),
    ("ic-loss", Some(("start-delivery", "once")), "no-abort-without-cause"),
    ("ic-duplicate", Some(("job-identity", "gateway")), "one-start-one-job"),
    ("target-leaves", Some(("map-change", "aborts-here")), "finished-means-every-target-finished"),
    ("member-restarts", Some(("xact-record", "volatile")), "no-abort-without-cause"),
    ("member-or-target-restarts", Some(("start-delivery", "once")), "no-abort-without-cause"),
    ("demotion", Some(("primary-quorum", "none")), "maps-converge"),
    ("staffing", Some(("ic-staffing", "any-electable")), "ic-members-are-active"),
    ("staffing-loss", Some(("ic-staffing", "any-electable")), "ic-members-are-active"),
    ("staffing-crash", Some(("primary-quorum", "none")), "maps-converge"),
    ("maintenance-loss", Some(("start-delivery", "once")), "no-abort-without-cause"),
    ("maintenance-crash", Some(("primary-quorum", "none")), "maps-converge"),
    ("registry-race", Some(("conflict-rule", "published")), "no-forbidden-pair-runs"),
    ("registry-two-phase", Some(("conflict-rule", "published")), "no-forbidden-pair-runs"),
    ("rebalance-start", Some(("admission", "before")), "nothing-unstable-under-rebalance"),
    ("operation", Some(("schedule", "before-commit")), "accepted-operations-terminate"),
    ("operation-polled", Some(("own-writes", "awaited")), "heard-location-is-used"),
    ("operation-timeout", Some(("timeout-claim", "failed")), "failure-means-not-done"),
    ("operation-loss", Some(("webhook-key", "absent")), "webhook-effect-at-most-once"),
    ("operation-crash", Some(("webhook-key", "absent")), "webhook-effect-at-most-once"),
    ("operation-controller-crash", Some(("webhook-key", "absent")), "webhook-effect-at-most-once"),
    ("operation-apiserver-crash", Some(("schedule", "before-commit")), "accepted-operations-terminate"),
    ("operation-two", Some(("row-read", "unlocked")), "one-operation-at-a-time"),
    ("operation-two-loss", Some(("completion", "unfenced")), "terminal-is-absorbing"),
    ("operation-two-crash", Some(("completion", "unfenced")), "terminal-is-absorbing"),
    ("operation-two-faults", Some(("row-read", "unlocked")), "one-operation-at-a-time"),
    ("operation-handover", Some(("readiness", "hidden")), "terminal-is-absorbing"),
    ("create", Some(("write-guard", "lease-only")), "monotone"),
    ("pool-agent-crash", Some(("engine-epoch", "ignored")), "fence"),
    ("replicas-late", Some(("write-guard", "lease-only")), "monotone"),
    ("replica-crashes", Some(("engine-epoch", "ignored")), "fence"),
    ("replicas-crash", Some(("engine-epoch", "ignored")), "fence"),
    ("replica-crash-late", Some(("write-guard", "lease-only")), "monotone"),
    ("delete-late", Some(("write-guard", "lease-only")), "monotone"),
    ("publish-late", Some(("write-guard", "lease-only")), "monotone"),
    ("replicas-crashes-late", Some(("write-guard", "lease-only")), "monotone"),
    ("delete-crash", Some(("engine-epoch", "ignored")), "fence"),
    ("publish-crash", Some(("engine-epoch", "ignored")), "fence"),
];

fn check(scope: &str, profile: Profile) -> Checked {
    check_with(scope, Choices { profile, policies: Vec::new() }, STATES_MOST)
}

fn check_with(scope: &str, choices: Choices, states: usize) -> Checked {
    let limits = Limits { max_states: Some(states), ..Limits::default() };
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

fn scopes() -> impl Iterator<Item = &'static str> {
    planes::ALL.into_iter().flat_map(|plane| plane.scopes().iter().map(|&(name, _)| name))
}

#[test]
fn no_scope_finds_fault_with_our_policies() {
    for scope in scopes() {
        let checked = check(scope, Profile::Hardened);
        assert_eq!(checked.counterexamples, [], "{scope}");
        assert!(matches!(checked.verdict, Verdict::Pass | Verdict::Incomplete(_)), "{scope}: {}", checked.verdict);
    }
}

#[test]
fn every_scope_catches_a_choice_of_the_reference() {
    assert_eq!(CAUGHT.map(|(scope, ..)| scope), scopes().collect::<Vec<_>>()[..], "one row for each scope");
    for (scope, policy, property) in CAUGHT {
        let profile = if policy.is_some() { Profile::Hardened } else { Profile::Reference };
        let policies = policy.iter().map(|&(policy, choice)| (policy.to_owned(), choice.to_owned())).collect();
        // With two crashes and a late message, each step on the way to a defect has the more beside it.
        let most = if scope == "replicas-crashes-late" { 1_800_000 } else { 900_000 };
        let checked = check_with(scope, Choices { profile, policies }, most);
        let failing: Vec<&str> = checked.counterexamples.iter().map(|story| story.property).collect();
        assert!(failing.contains(&property), "{scope} with {policy:?}: {failing:?}, not {property}");
    }
}

#[test]
fn every_plane_has_a_scope_that_catches_the_reference() {
    for plane in planes::ALL {
        let failing = plane.scopes().iter().map(|&(name, _)| check(name, Profile::Reference));
        let failing: Vec<_> = failing.filter(|checked| checked.verdict == Verdict::Fail).collect();
        assert!(!failing.is_empty(), "no scope of {} catches the reference", plane.name());
        for checked in failing {
            assert!(checked.counterexamples.iter().all(|story| story.steps.len() > 3), "{}", plane.name());
        }
    }
}

/// Every counterexample of the reference in the smaller part of each scope, as a run of the simulator.
#[test]
fn every_counterexample_is_a_run_of_the_simulator_that_fails_alike() {
    let choices = Choices { profile: Profile::Reference, policies: Vec::new() };
    let (mut violations, mut rests, mut loops) = (0, 0, 0);
    for (plane, scope) in
        planes::ALL.iter().flat_map(|plane| plane.scopes().iter().map(move |(name, _)| (plane, *name)))
    {
        let world = plane.world(scope, &choices, &Adjust::default()).expect("a listed scope").expect("legal choices");
        for story in check(scope, Profile::Reference).counterexamples {
            match story.ending {
                Ending::Violation => violations += 1,
                Ending::Rest => rests += 1,
                Ending::Loop { .. } => loops += 1,
            }
            for rounds in [1, 5] {
                let replayed = world.replay(&story.path.course(rounds));
                let found: Vec<_> = replayed.run.findings.iter().map(|finding| finding.property.as_str()).collect();
                assert!(found.contains(&story.property), "{scope}: {} is not among {found:?}", story.property);
                assert_eq!(
                    (replayed.missed, replayed.unused),
                    (vec![], 0),
                    "{scope}: {} goes another way",
                    story.property
                );
            }
        }
    }
    println!("{violations} violations, {rests} rests, {loops} loops");
    assert!(violations > 3, "{violations} violations");
}

const PAGE: &str = include_str!("../../docs/guide/checker.md");

/// The guide's table of scopes: name, unique states, depth.
fn rows() -> Vec<(String, u64, u64)> {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let number = |cell: &str| cell.replace(',', "").parse::<u64>().ok();
    let row = |line: &str| match &cells(line)[..] {
        [_, name, _, unique, depth, _] => {
            let name = name.strip_prefix('`')?.strip_suffix('`')?;
            Some((name.to_owned(), number(unique)?, number(depth)?))
        }
        _ => None,
    };
    PAGE.lines().filter_map(row).collect()
}

#[test]
fn the_guide_has_a_row_for_every_scope_and_the_counts_it_states() {
    let rows = rows();
    let missing: Vec<_> = scopes().filter(|scope| !rows.iter().any(|(name, ..)| name == scope)).collect();
    assert_eq!(missing, [""; 0], "run `quiesce check NAME` and add its counts to docs/guide/checker.md");
    let mut compared = 0;
    for (name, unique, depth) in rows {
        assert!(scopes().any(|scope| scope == name), "the guide has a row for `{name}`, which is no scope");
        if unique < STATES_MOST as u64 {
            let found = check(&name, Profile::Hardened);
            assert_eq!((found.verdict, found.unique_states, found.depth), (Verdict::Pass, unique, depth), "{name}");
            compared += 1;
        }
    }
    assert!(compared >= 5, "{compared} rows compared");
}
