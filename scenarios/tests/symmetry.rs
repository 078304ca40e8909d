//! Small worlds in which states that differ in names alone are one: the same verdicts from fewer states.

use std::ops::ControlFlow;

use quiesce::check::{Adjust, CheckRefused, Checked, Checking, Sizes};
use quiesce::choices::Choices;
use quiesce::plane::Profile;
use quiesce::planes;
use quiesce_model::{Limits, Search};

/// States that the tests look at in one world.
const STATES_MOST: usize = 120_000;

fn check(
    scope: &str,
    adjust: &Adjust,
    profile: Profile,
    symmetry: bool,
    search: Search,
) -> Result<Checked, CheckRefused> {
    let choices = Choices { profile, policies: Vec::new() };
    let limits = Limits { max_states: Some(STATES_MOST), ..Limits::default() };
    let how = Checking {
        choices: &choices,
        adjust,
        from: None,
        symmetry,
        search,
        limits,
        progress: &|_| ControlFlow::Continue(()),
    };
    planes::ALL.iter().find_map(|plane| plane.check(scope, &how)).expect("a listed scope")
}

/// Worlds with something alike in them.
fn worlds() -> Vec<(&'static str, Adjust)> {
    let sized = |sizes: &[(&str, u8)]| Adjust {
        sizes: sizes.iter().fold(Sizes::usual(), |sizes, (word, count)| sizes.with(word, *count)),
        ..Adjust::default()
    };
    vec![
        ("ic-targets", sized(&[])),
        ("ic", sized(&[("proxies", 1), ("targets", 2)])),
        ("ic", sized(&[("proxies", 1), ("clients", 2)])),
        ("ic-loss", sized(&[("proxies", 1), ("targets", 2)])),
        ("ic-duplicate", sized(&[("proxies", 1), ("targets", 2)])),
    ]
}

#[test]
fn folding_changes_no_verdict() {
    let mut compared = 0;
    for (scope, adjust) in worlds() {
        for profile in [Profile::Hardened, Profile::Reference] {
            let off = check(scope, &adjust, profile, false, Search::Safety).expect("the world makes sense");
            let on = check(scope, &adjust, profile, true, Search::Safety).expect("they are alike");
            println!(
                "{scope} {adjust:?} {profile:?}: {} {} -> {} {} {:?}",
                off.verdict, off.unique_states, on.verdict, on.unique_states, on.folding
            );
            compared += 1;
        }
    }
    assert!(compared > 5);
}
