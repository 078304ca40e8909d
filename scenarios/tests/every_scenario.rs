//! The bundled suite keeps its promises: it passes as we ship it, twice alike, and fails where the reference does.

use std::collections::BTreeSet;

use quiesce::choices::Choices;
use quiesce::plane::Profile;
use quiesce::run::{FindingKind, Runnable, Sweep, Sweeping, Verdict, sweep};
use quiesce::{load, planes, suite};

fn scenarios() -> Vec<Box<dyn Runnable>> {
    let open = |source| load(&source).unwrap_or_else(|error| panic!("{error:?}"));
    suite::bundled().into_iter().map(open).collect()
}

fn swept(scenario: &dyn Runnable, profile: Profile, twice: bool) -> Sweep {
    let choices = Choices { profile, policies: Vec::new() };
    let prepared = scenario.under(&choices).expect("the profiles are choices of every plane");
    sweep(prepared.as_ref(), Sweeping { seeds: scenario.head().seeds, twice }, &|_| ())
}

#[test]
fn every_scenario_passes_hardened_and_runs_alike_twice() {
    for scenario in scenarios() {
        let sweep = swept(scenario.as_ref(), Profile::Hardened, true);
        assert_eq!(sweep.verdict, Verdict::Pass, "{}: {:#?} {:?}", sweep.name, sweep.failures, sweep.reasons);
        assert_eq!(sweep.unequal, [], "{} differs from itself", sweep.name);
    }
}

#[test]
fn the_suite_arms_every_property() {
    let mut armed = BTreeSet::new();
    for scenario in scenarios() {
        armed.extend(swept(scenario.as_ref(), Profile::Hardened, false).armed.into_keys());
    }
    for plane in planes::ALL {
        for (property, _) in plane.properties() {
            assert!(armed.contains(property), "no scenario gives {property} anything to judge");
        }
    }
}

#[test]
fn the_reference_breaks_properties_that_the_suite_names() {
    let mut broken = BTreeSet::new();
    for scenario in scenarios() {
        let sweep = swept(scenario.as_ref(), Profile::Reference, false);
        let kept = |kind| matches!(kind, FindingKind::Safety | FindingKind::Owed);
        let findings = sweep.failures.iter().filter(|failure| kept(failure.finding.kind));
        broken.extend(findings.map(|failure| failure.finding.property.clone()));
    }
    assert!(broken.len() >= 3, "the published system breaks only {broken:?}");
}

#[test]
fn names_are_told_apart_and_are_those_of_the_files() {
    for source in suite::bundled() {
        let scenario = load(&source).unwrap_or_else(|error| panic!("{error:?}"));
        let head = scenario.head();
        assert_eq!(source.name(), format!("suites/{}/{}.toml", head.plane, head.name));
    }
}
