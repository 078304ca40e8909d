//! What the plane's README says of properties and hazards, held against the code.

use std::collections::BTreeSet;

use quiesce_control::xaction::{Monitor, Policies};

const README: &str = include_str!("../../src/xaction/README.md");

/// The rows of its tables: the first cell, and the names in the last.
fn rows() -> Vec<(&'static str, BTreeSet<&'static str>)> {
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        let names = cells.last()?.split('`').skip(1).step_by(2).collect();
        Some((*cells.first()?, names))
    };
    README.lines().filter_map(row).filter(|(first, _)| first.chars().any(|c| c.is_ascii_digit())).collect()
}

#[test]
fn every_p_and_every_hazard_has_one_row() {
    let (p, h) = ((1..=15).map(|n| format!("P{n}")), (1..=36).map(|n| format!("H-{n}")));
    let center = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 18, 19, 20, 23, 24, 25, 27, 28, 29, 30, 33, 34, 35];
    let expected: Vec<String> = p.chain(h).chain(center.map(|n| format!("IC-{n}"))).collect();
    assert_eq!(rows().iter().map(|(first, _)| *first).collect::<Vec<_>>(), expected);
}

#[test]
fn every_name_in_it_is_one_of_a_property_or_policy() {
    let properties: BTreeSet<&str> = Monitor::ROWS.iter().map(|(name, _)| *name).collect();
    let policies: BTreeSet<&str> = Policies::ROWS.iter().map(|row| row.name).collect();
    for (first, names) in rows() {
        let known = if first.starts_with('P') { &properties } else { &policies };
        assert!(names.is_subset(known), "{first} names {names:?}");
        assert!(!first.starts_with('P') || !names.is_empty(), "{first} has no property");
    }
}

#[test]
fn a_policy_that_answers_a_hazard_of_rebalance_or_registry_stands_beside_it() {
    for row in Policies::ROWS {
        let hazards = row.about.split(['(', ')', ',', ' ']).filter(|word| word.starts_with("H-"));
        for hazard in hazards {
            let named = rows().into_iter().any(|(first, names)| first == hazard && names.contains(row.name));
            assert!(named, "{hazard} is not said to be answered by {}", row.name);
        }
    }
}
