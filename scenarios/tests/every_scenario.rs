//! The bundled suite keeps its promises: it passes as we ship it, twice alike, and fails where the reference does.

use std::collections::BTreeSet;

use quiesce::choices::Choices;
use quiesce::plane::Profile;
use quiesce::run::{FindingKind, Runnable, Sweep, Sweeping, Verdict, sweep};
use quiesce::{load, planes, suite};
use quiesce_control::xaction::Kind;
use quiesce_sim::{Course, FaultKind};

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
            assert!(armed.contains(*property), "no scenario gives {property} anything to judge");
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

/// Not only asked for: in each of its seeds somebody starts, joins, leaves, moves data and crashes.
#[test]
fn the_mixed_hour_has_every_startable_kind_joins_leaves_and_crashes() {
    let source = suite::bundled().into_iter().find(|source| source.name() == "suites/xaction/the-mixed-hour.toml");
    let source = source.expect("the hour is in the suite");
    for kind in Kind::ALL.into_iter().filter(|kind| kind.descriptor().startable) {
        let starts =
            [kind.name(), kind.display_name()].map(|name| source.text().contains(&format!("start = \"{name}\"")));
        assert!(starts.contains(&true), "nobody starts {kind}");
    }
    let scenario = load(&source).unwrap_or_else(|error| panic!("{error:?}"));
    let sweep = swept(scenario.as_ref(), Profile::Hardened, false);
    for (fact, at_least) in [("joined", 2), ("change-made", 4), ("rebalance-done", 4), ("start-answered", 15)] {
        let stated = sweep.facts.iter().find(|(label, _)| **label == *fact).map_or(0, |(_, &stated)| stated);
        assert!(stated >= at_least * sweep.runs, "{fact}: {stated} times in {} runs", sweep.runs);
    }
    let crashes = sweep.faults.iter().filter(|fault| fault.kind == FaultKind::Crash).map(|fault| fault.applied);
    assert!(crashes.sum::<u64>() > 0, "nobody crashes: {:?}", sweep.faults);
}

#[test]
fn names_are_told_apart_and_are_those_of_the_files() {
    for source in suite::bundled() {
        let scenario = load(&source).unwrap_or_else(|error| panic!("{error:?}"));
        let head = scenario.head();
        assert_eq!(source.name(), format!("suites/{}/{}.toml", head.plane, head.name));
    }
}

/// A failure that `quiesce keep` kept stands beside the trace of how it failed. With the published choice of the policy
/// that is guilty, and with everything else ours, it fails like that to the byte; with our policies, as every scenario of
/// the suite, it passes. After a change that is meant to move the trace, `QUIESCE_RENEW=1` writes what it is now.
#[test]
fn every_kept_failure_fails_as_its_golden_trace_says_where_the_published_choice_is_back() {
    let mut kept = 0;
    for source in suite::bundled() {
        let path = format!("{}/{}", env!("CARGO_MANIFEST_DIR"), source.name().replace(".toml", ".trace"));
        let Ok(golden) = std::fs::read_to_string(&path) else { continue };
        let scenario = load(&source).unwrap_or_else(|error| panic!("{error:?}"));
        let ours = scenario.under(&Choices::default()).expect("the default choices");
        let guilty: Vec<_> = ours.expect().reference.iter().collect();
        let [(policy, property)] = guilty[..] else { panic!("{path}: one policy is guilty, found {guilty:?}") };
        let rows = planes::ALL.into_iter().flat_map(|plane| plane.policies());
        let row = rows.into_iter().find(|row| row.name == *policy).expect("a policy of the plane");
        let choices = Choices { policies: vec![(row.name.to_owned(), row.reference.to_owned())], ..Choices::default() };
        let broken = scenario.under(&choices).expect("a choice of the policy");
        let replayed = broken.replay(&Course::seed(scenario.head().seeds.first));
        let failed: Vec<&str> = replayed.run.findings.iter().map(|finding| finding.property.as_str()).collect();
        assert!(failed.contains(property), "{path}: expected {property} to fail, found {failed:?}");
        if std::env::var_os("QUIESCE_RENEW").is_some() {
            std::fs::write(&path, replayed.trace.to_string()).expect("the suite can be written");
            continue;
        }
        assert_eq!(replayed.trace.to_string(), golden, "{path} is another run now");
        kept += 1;
    }
    assert!(kept > 0 || std::env::var_os("QUIESCE_RENEW").is_some(), "no failure is kept in the suite");
}
