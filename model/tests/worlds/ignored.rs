//! Messages that nodes say they will ignore are left out of states: the same verdicts from fewer of them, or a complaint.

use proptest::prelude::*;
use quiesce_machine::NodeId;
use quiesce_model::{Budget, CheckError, Limits, Search, Verdict, check};

use crate::plain::explore;
use crate::random::{MOST, any_world};
use crate::toy::{Do, Ignored, Rule, When, rule};
use crate::watcher::Watcher;
use crate::{A, B, World, run, world};

fn ignoring(world: &World, ignored: impl IntoIterator<Item = Ignored>) -> World {
    let mut deaf = world.clone();
    deaf.config.1.extend(ignored);
    deaf
}

fn got(word: u8, memory: u8) -> Ignored {
    Ignored { node: B, when: When::Got(word), memory }
}

/// `a` tells `b` three things, of which `b` takes note of one.
fn told() -> World {
    let rules = vec![
        rule(A, When::Boot, [Do::Send(B, 0), Do::Send(B, 1), Do::Send(B, 2)]),
        rule(B, When::Got(0), [Do::If(0, vec![Do::Set(1), Do::Say(1)])]),
    ];
    World { monitors: vec![Watcher::Never(9)], ..world(2, rules) }
}

fn refusal(world: &World) -> Option<CheckError> {
    check(world, Search::Bfs, Limits::default(), None).err()
}

#[test]
fn what_will_be_ignored_is_in_no_state() {
    assert_eq!(run(&told()).unique_states, 8, "each of three messages is under way or was taken");
    // What the first start sends is left out from the first step on.
    let deaf = ignoring(&told(), [got(1, 0), got(2, 0), got(1, 1), got(2, 1)]);
    assert_eq!(run(&deaf).unique_states, 3, "the first state, and with and without the message that counts");
    let later = ignoring(&told(), [got(0, 1)]);
    assert_eq!(run(&later).unique_states, 8, "a message that was never sent again is not missed");
}

#[test]
fn who_heeds_what_it_said_it_would_ignore_is_found_out() {
    let deaf = ignoring(&told(), [got(0, 0), got(1, 0)]);
    let Some(CheckError::Heeded { who, what }) = refusal(&deaf) else { panic!("nobody complains") };
    assert_eq!((who.as_str(), what.as_str()), ("b", "Word(0)"));
}

#[test]
fn a_message_ignored_now_must_be_ignored_ever_after() {
    // Word 1 does nothing to who remembers nothing, and something after word 0.
    let mut rules = told().config.0;
    rules.push(rule(B, When::Got(1), [Do::If(1, vec![Do::Say(9)])]));
    let fails = World { monitors: vec![Watcher::Never(9)], ..world(2, rules) };
    assert_eq!(run(&fails).verdict, Verdict::Fail);
    assert!(matches!(refusal(&ignoring(&fails, [got(1, 0)])), Some(CheckError::Heeded { .. })));
}

#[test]
fn a_message_may_be_ignored_in_the_next_life_too_only() {
    let mut rules = told().config.0;
    rules.push(rule(B, When::Got(1), [Do::If(0, vec![Do::Say(9)])]));
    let calm = World { monitors: vec![Watcher::Never(8)], ..world(2, rules) };
    let crash = World { budget: Budget { crashes: 1, ..Budget::default() }, crashable: vec![B], ..calm.clone() };
    assert_eq!(refusal(&ignoring(&calm, [got(1, 1)])), None);
    assert!(matches!(refusal(&ignoring(&crash, [got(1, 1)])), Some(CheckError::Heeded { .. })));
}

#[test]
fn a_message_that_comes_back_must_be_ignored_by_its_sender() {
    let mut rules = told().config.0;
    rules.push(rule(A, When::Bounced(1), [Do::Say(9)]));
    let crash = World {
        budget: Budget { crashes: 1, ..Budget::default() },
        crashable: vec![B],
        monitors: vec![Watcher::Never(8)],
        ..world(2, rules)
    };
    let Some(CheckError::Heeded { who, .. }) = refusal(&ignoring(&crash, [got(1, 0), got(1, 1)])) else {
        panic!("nobody complains")
    };
    assert_eq!(who, "a");
}

fn any_claim() -> impl Strategy<Value = Ignored> {
    let when = prop_oneof![(0..3u8).prop_map(When::Got), (0..3u8).prop_map(When::Bounced)];
    (prop_oneof![Just(A), Just(B)], when, 0..3u8).prop_map(|(node, when, memory)| Ignored { node, when, memory })
}

/// Claims that are so: nothing is done on that occasion, whatever is remembered, nor by whoever gets the message back.
fn true_claims(world: &World) -> Vec<Ignored> {
    let occasions = (0..3u8).flat_map(|word| [When::Got(word), When::Bounced(word)]);
    let idle = occasions.flat_map(|when| [A, B].map(|node| (node, when)));
    let rules = &world.config.0;
    let heeds = |node: NodeId, when: When| rules.iter().any(|rule| rule.node == node && rule.when == when);
    let comes_back = |when: When| {
        let word = |rule: &Rule| matches!((when, rule.when), (When::Got(word), When::Bounced(back)) if word == back);
        rules.iter().any(word)
    };
    let idle = idle.filter(|&(node, when)| !heeds(node, when) && !comes_back(when));
    idle.flat_map(|(node, when)| (0..4).map(move |memory| Ignored { node, when, memory })).collect()
}

fn verdicts(world: &World, search: Search) -> Result<(u64, Vec<Verdict>), CheckError> {
    let report = check(world, search, Limits::default(), None)?;
    Ok((report.unique_states, report.properties.into_iter().map(|property| property.verdict).collect()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn leaving_out_what_is_ignored_changes_no_verdict(world in any_world()) {
        prop_assume!(explore(&world, MOST).is_some());
        let (all, expected) = verdicts(&world, Search::Bfs).expect("nothing is ignored");
        let deaf = ignoring(&world, true_claims(&world));
        let (fewer, found) = verdicts(&deaf, Search::Bfs).expect("the claims are true");
        prop_assert_eq!(found, expected);
        prop_assert!(fewer <= all, "{} of {}", fewer, all);
        let theirs = check(&deaf, Search::StaterightBfs, Limits::default(), None).expect("the claims are true");
        prop_assert_eq!(theirs.unique_states, fewer);
    }

    #[test]
    fn a_false_claim_changes_no_verdict_unnoticed(world in any_world(), claims in prop::collection::vec(any_claim(), 1..6)) {
        prop_assume!(explore(&world, MOST).is_some());
        let (_, expected) = verdicts(&world, Search::Bfs).expect("nothing is ignored");
        if let Ok((_, found)) = verdicts(&ignoring(&world, claims), Search::Bfs) {
            prop_assert_eq!(found, expected);
        }
    }
}
