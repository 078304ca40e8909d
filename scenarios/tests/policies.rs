//! Every policy is there for something: with the reference's choice of it alone, a named property fails in a bundled
//! scenario that holds with ours, and the failure replays from its capsule.

use std::collections::BTreeSet;

use quiesce::capsule::{Capsule, Fate, World};
use quiesce::choices::Choices;
use quiesce::plane::Profile;
use quiesce::run::{FindingKind, Prepared, Runnable, Sweeping, sweep};
use quiesce::text::Source;
use quiesce::{load, planes, suite};
use quiesce_sim::Course;

/// A bundled scenario with its file.
struct Bundled {
    source: Source,
    scenario: Box<dyn Runnable>,
    prepared: Box<dyn Prepared>,
}

/// Bundled scenarios as shipped.
fn scenarios() -> Vec<Bundled> {
    let hardened = Choices { profile: Profile::Hardened, policies: Vec::new() };
    let prepare = |source: Source| {
        let scenario = load(&source).unwrap_or_else(|error| panic!("{error:?}"));
        let prepared = scenario.under(&hardened).expect("a profile is a choice of every plane");
        Bundled { source, scenario, prepared }
    };
    suite::bundled().into_iter().map(prepare).collect()
}

/// The reference's choice of that policy of that plane.
fn reference(plane: &str, policy: &str) -> &'static str {
    let plane = planes::ALL.into_iter().find(|known| known.name() == plane).expect("a scenario's plane is known");
    plane.policies().iter().find(|row| row.name == policy).expect("a scenario's policy is known").reference
}

#[test]
fn the_references_choice_breaks_the_property_that_the_scenario_names() {
    for Bundled { source, scenario, prepared } in scenarios() {
        let head = scenario.head();
        for (&policy, &property) in &prepared.expect().reference {
            let choice = (policy.to_owned(), reference(&head.plane, policy).to_owned());
            let choices = Choices { profile: Profile::Hardened, policies: vec![choice] };
            let published = scenario.under(&choices).expect("a policy takes its reference's choice");
            let swept = sweep(published.as_ref(), Sweeping { seeds: head.seeds, twice: false }, &|_| ());
            let judged = |kind| matches!(kind, FindingKind::Safety | FindingKind::Owed);
            let findings = swept.failures.iter().map(|failure| &failure.finding);
            let broken: Vec<_> = findings.filter(|finding| judged(finding.kind)).map(|f| &f.property).collect();
            assert!(broken.iter().any(|name| *name == property), "{}: {policy} breaks {broken:?}", head.name);
            let failure = swept.failures.iter().find(|failure| failure.finding.property == property);
            let seed = failure.expect("it is among those broken").seed;
            assert_eq!(replayed(&source, published.as_ref(), seed, property), Fate::Reproduced, "{}", head.name);
        }
    }
}

/// What becomes of that failure when it is saved and run again from the file alone.
fn replayed(source: &Source, published: &dyn Prepared, seed: u64, property: &str) -> Fate {
    let course = Course::seed(seed);
    let capsule = Capsule::of(World::of(source), published, Profile::Hardened, &course, property);
    let capsule = capsule.expect("the seed fails again");
    let prepared = capsule.prepare(&capsule.choices()).expect("the world was right when saved");
    capsule.compare(&prepared.replay(&capsule.course())).fate
}

#[test]
fn every_policy_is_there_for_something() {
    let shown: BTreeSet<_> =
        scenarios().iter().flat_map(|bundled| bundled.prepared.expect().reference.clone()).collect();
    for plane in planes::ALL {
        for row in plane.policies() {
            let named = shown.iter().any(|&(policy, _)| policy == row.name);
            assert!(named, "no scenario of {} shows what {} is there for", plane.name(), row.name);
        }
    }
}

/// The figures behind a table row's first cell.
fn figures(row: &str) -> Vec<usize> {
    row.split('|').skip(2).filter_map(|cell| cell.trim().parse().ok()).collect()
}

#[test]
fn the_readmes_table_of_the_audit_has_every_policy_caught_and_held() {
    let readme = include_str!("../../README.md");
    assert!(readme.contains("](scenarios/POLICIES.md)"), "the catalogue is linked");
    let (_, table) = readme.split_once("| plane | policies | caught by the checker |").expect("the table is there");
    let row = |name: &str| table.lines().find(|row| row.starts_with(&format!("| {name} |"))).map(figures);
    let mut sum = vec![0; 4];
    for plane in planes::ALL {
        let figures = row(plane.name()).unwrap_or_else(|| panic!("{} has no row", plane.name()));
        let [all, searched, simulated, held] = figures[..] else { panic!("{figures:?}") };
        let policies = plane.policies().len();
        assert_eq!((all, searched + simulated, held), (policies, policies, policies), "{}", plane.name());
        sum.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure);
    }
    assert_eq!(row("all"), Some(sum));
}

#[test]
fn the_catalogue_of_policies_says_what_the_code_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/POLICIES.md");
    let now = quiesce::audit::catalogue().expect("the bundled scenarios have no mistake");
    if std::env::var_os("QUIESCE_RENEW").is_some() {
        std::fs::write(path, &now).expect("the catalogue can be written");
    }
    assert_eq!(std::fs::read_to_string(path).expect("it is there"), now, "{path} is stale: QUIESCE_RENEW=1 renews it");
}
