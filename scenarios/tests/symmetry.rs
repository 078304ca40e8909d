//! Small worlds in which states that differ in names alone are one: the same verdicts from fewer states.

use std::ops::ControlFlow;

use quiesce::check::{Adjust, CheckRefused, Checked, Checking, Scale};
use quiesce::choices::Choices;
use quiesce::plane::Profile;
use quiesce::planes;
use quiesce_model::{CheckError, Limits, Search};

/// More states than any of the worlds has.
const STATES_MOST: usize = 200_000;

fn try_check(scope: &str, adjust: &Adjust, profile: Profile, symmetry: bool) -> Result<Checked, CheckRefused> {
    let choices = Choices { profile, policies: Vec::new() };
    let limits = Limits { max_states: Some(STATES_MOST), ..Limits::default() };
    let (search, progress) = (Search::Safety, &|_| ControlFlow::Continue(()));
    let how = Checking { choices: &choices, adjust, from: None, symmetry, search, limits, progress };
    planes::ALL.iter().find_map(|plane| plane.check(scope, &how)).expect("a listed scope")
}

fn check(scope: &str, adjust: &Adjust, profile: Profile, symmetry: bool) -> Checked {
    let found = try_check(scope, adjust, profile, symmetry);
    found.unwrap_or_else(|refused| panic!("{scope}, symmetry {symmetry}: {refused}"))
}

/// Worlds with something alike in them.
fn worlds() -> Vec<(&'static str, Adjust, Profile)> {
    let calm = |sizes: &[(&str, u8)]| Adjust {
        sizes: sizes.iter().fold(Scale::usual(), |sizes, (word, count)| sizes.with(word, *count)),
        losses: Some(0),
        ..Adjust::default()
    };
    let (targets, clients) = (calm(&[("proxies", 1), ("targets", 2)]), calm(&[("proxies", 1), ("clients", 2)]));
    vec![
        ("ic-loss", targets, Profile::Hardened),
        ("ic-loss", clients, Profile::Reference),
        ("operation-two", calm(&[]), Profile::Hardened),
        ("operation-two", calm(&[]), Profile::Reference),
    ]
}

#[test]
fn folding_changes_no_verdict_and_stands_for_every_state() {
    for (scope, adjust, profile) in worlds() {
        let off = check(scope, &adjust, profile, false);
        let on = check(scope, &adjust, profile, true);
        assert_eq!(on.properties, off.properties, "{scope} {adjust:?} {profile:?}");
        assert_eq!(on.depth, off.depth, "{scope} {adjust:?} {profile:?}");
        assert!(on.unique_states * 3 < off.unique_states * 2, "{scope}: {} of {}", on.unique_states, off.unique_states);
        let lengths = |checked: &Checked| -> Vec<_> {
            checked.counterexamples.iter().map(|story| (story.property, story.steps.len())).collect()
        };
        assert_eq!(lengths(&on), lengths(&off), "{scope} {adjust:?} {profile:?}");
        if off.counterexamples.is_empty() {
            let stands_for = on.folding.and_then(|folding| folding.stands_for);
            assert_eq!(stands_for, Some(off.unique_states), "{scope} {adjust:?} {profile:?}");
        }
    }
}

/// The reference's gateway starts a job on one target after the other, and which is first shows.
#[test]
fn code_that_tells_names_apart_is_named() {
    let sizes = Scale::usual().with("proxies", 1).with("targets", 2);
    let adjust = Adjust { sizes, losses: Some(0), ..Adjust::default() };
    let refused = try_check("ic-loss", &adjust, Profile::Reference, true).expect_err("targets are not alike");
    assert!(matches!(&refused, CheckRefused::Check(CheckError::Asymmetric { who, .. }) if who == "p1"), "{refused}");
}
