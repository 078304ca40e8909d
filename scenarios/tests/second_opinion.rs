//! Stateright on our scopes: equal counts, equal verdicts, and no counterexample shorter than ours.

use quiesce::plane::{Plane, Profile};
use quiesce::planes::{Operation, Volume, Xaction};
use quiesce_model::{Budget, Ending, Limits, Report, Scope, Search, System, check};
use stateright::{Checker as _, Model as _};

/// Larger scopes are compared by `quiesce check --search stateright`.
const STATES_MOST: usize = 40_000;

fn search<P: Plane>(scope: &Scope<P::Node, P::Monitor>, search: Search) -> Report<P::Node> {
    let limits = Limits { max_states: Some(STATES_MOST), ..Limits::default() };
    check(scope, search, limits, None).expect("the scope makes sense")
}

fn scopes<P: Plane>(profile: Profile) -> impl Iterator<Item = (&'static str, Scope<P::Node, P::Monitor>)> {
    P::SCOPES.iter().map(move |&(name, _)| {
        let mut scope = P::scope(name).expect("a listed scope");
        P::set_profile(&mut scope.config, profile);
        (name, scope)
    })
}

/// The scopes, and each of them without faults.
fn smaller<P: Plane>(profile: Profile) -> impl Iterator<Item = (&'static str, Scope<P::Node, P::Monitor>)> {
    scopes::<P>(profile).flat_map(|(name, scope)| {
        let calm = Scope { budget: Budget::default(), ..scope.clone() };
        [(name, scope), (name, calm)]
    })
}

/// How many of the plane's scopes, with or without faults, were small enough to compare.
fn agrees<P: Plane>(profile: Profile) -> usize {
    let mut compared = 0;
    for (name, scope) in smaller::<P>(profile) {
        let ours = search::<P>(&scope, Search::Safety);
        if ours.unique_states as usize >= STATES_MOST {
            continue;
        }
        let theirs = search::<P>(&scope, Search::StaterightBfs);
        let counts = |report: &Report<P::Node>| (report.unique_states, report.states, report.depth);
        assert_eq!(counts(&ours), counts(&theirs), "{name}");
        let verdicts = |report: &Report<P::Node>| -> Vec<_> {
            report.properties.iter().map(|property| (property.name, property.verdict.clone())).collect()
        };
        assert_eq!(verdicts(&ours), verdicts(&theirs), "{name}");
        compared += 1;
    }
    compared
}

#[test]
fn every_small_scope_has_the_counts_and_verdicts_of_stateright() {
    for profile in [Profile::Hardened, Profile::Reference] {
        assert!(agrees::<Xaction>(profile) >= 1);
        assert!(agrees::<Operation>(profile) >= 2);
        assert!(agrees::<Volume>(profile) >= 1);
    }
}

/// How many violations of the reference were compared.
fn is_minimal<P: Plane>() -> usize {
    let mut compared = 0;
    for (name, scope) in scopes::<P>(Profile::Reference) {
        let found = search::<P>(&scope, Search::Bfs);
        for example in found.counterexamples.iter().filter(|example| example.ending == Ending::Violation) {
            let actions = example.steps.len() - scope.nodes.len();
            // Stateright looks at states below this depth, the first state being at 1.
            let finds = |depth: usize| {
                let system = System::new(scope.clone()).expect("the scope makes sense");
                system.checker().target_max_depth(depth).spawn_bfs().join().discovery(example.property).is_some()
            };
            assert!(finds(actions + 2), "{name}: {} is violated after {actions} steps", example.property);
            assert!(!finds(actions + 1), "{name}: {} is violated before {actions} steps", example.property);
            compared += 1;
        }
    }
    compared
}

#[test]
fn no_counterexample_of_the_reference_is_longer_than_need_be() {
    let compared = is_minimal::<Xaction>() + is_minimal::<Operation>() + is_minimal::<Volume>();
    assert!(compared >= 3, "{compared} violations compared");
}

#[test]
fn threads_change_no_report() {
    for (name, scope) in scopes::<Operation>(Profile::Reference).chain(scopes::<Operation>(Profile::Hardened)) {
        let report = |threads: usize| {
            let threads = threads.try_into().expect("some threads");
            let limits = Limits { threads, max_states: Some(STATES_MOST), ..Limits::default() };
            let report = check(&scope, Search::Bfs, limits, None).expect("the scope makes sense");
            let told: Vec<Vec<String>> =
                report.counterexamples.iter().map(|e| e.steps.iter().map(ToString::to_string).collect()).collect();
            let cost = (report.cost.places, report.cost.messages, report.cost.handled, report.cost.edges);
            (report.verdict, report.unique_states, report.states, report.depth, report.properties, told, cost)
        };
        let one = report(1);
        assert_eq!(one, report(2), "{name}");
        assert_eq!(one, report(5), "{name}");
    }
}
