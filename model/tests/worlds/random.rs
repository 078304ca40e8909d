//! Every trick of the checker against worlds explored without any.

use proptest::prelude::*;
use quiesce_machine::NodeId;
use quiesce_model::{Budget, Limits, PANIC, Report, Search, Verdict, check};

use crate::plain::{Plain, explore};
use crate::toy::{Do, LONG, Rule, TIMEOUT, Toy, When, Word};
use crate::watcher::Watcher;
use crate::{World, world};

/// Worlds of more states are left out.
pub(crate) const MOST: usize = 3_000;

pub(crate) fn node(count: u32) -> impl Strategy<Value = NodeId> {
    (0..count).prop_map(NodeId)
}

fn timer() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0), Just(1), Just(TIMEOUT), Just(LONG)]
}

pub(crate) fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        3 => Just(When::Boot),
        1 => Just(When::Recover),
        3 => (0..3u8).prop_map(When::Got),
        1 => (0..3u8).prop_map(When::Bounced),
        2 => timer().prop_map(When::Fired),
        1 => (0..2u8).prop_map(When::Called),
        1 => (0..2u8).prop_map(When::Stored),
        1 => (0..2u8).prop_map(When::Failed),
        1 => (0..2u8).prop_map(When::Unsure),
    ]
}

pub(crate) fn deed(count: u32) -> impl Strategy<Value = Do> {
    let simple = prop_oneof![
        4 => (node(count), 0..3u8).prop_map(|(to, msg)| Do::Send(to, msg)),
        2 => timer().prop_map(Do::Arm),
        1 => timer().prop_map(Do::Disarm),
        1 => (0..2u8, 0..2u8).prop_map(|(key, value)| Do::Put(key, value)),
        1 => (0..2u8).prop_map(Do::Remove),
        3 => (0..4u8).prop_map(Do::Say),
        2 => (0..3u8).prop_map(Do::Set),
        1 => (1..3u32).prop_map(Do::Draw),
        1 => Just(Do::Reply),
    ];
    simple.prop_recursive(1, 6, 3, |inner| {
        let some = prop::collection::vec(inner, 0..3);
        prop_oneof![
            (0..3u8, some.clone()).prop_map(|(memory, then)| Do::If(memory, then)),
            prop::collection::vec(some, 1..3).prop_map(Do::Either),
        ]
    })
}

pub(crate) fn watchers() -> impl Strategy<Value = Vec<Watcher>> {
    let all = vec![
        Watcher::Never(3),
        Watcher::Once { word: 2, said: false },
        Watcher::answered(0, 1),
        Watcher::Remembered(1),
        Watcher::True(1),
        Watcher::Kept { started: 0 },
        Watcher::Newborn(2),
    ];
    prop::sample::subsequence(all, 1..4)
}

pub(crate) fn budget() -> impl Strategy<Value = Budget> {
    let network = (0..2u8, 0..2u8, 0..2u8);
    (0..3u8, 0..2u8, network, 0..2u8).prop_map(|(crashes, records, (losses, duplicates, partitions), store_faults)| {
        Budget { crashes, record_losses: records.min(crashes), losses, duplicates, partitions, store_faults }
    })
}

pub(crate) fn any_world() -> impl Strategy<Value = World> {
    (2..4u32).prop_flat_map(|count| {
        let rule = (node(count), when(), prop::collection::vec(deed(count), 1..4))
            .prop_map(|(node, when, then)| Rule { node, when, then });
        let calls = prop::collection::vec((node(count), (0..2u8).prop_map(Word)), 0..3);
        (prop::collection::vec(rule, 1..8), calls, watchers(), budget(), any::<(bool, bool, bool)>()).prop_map(
            move |(rules, calls, monitors, budget, (untimed, punctual, absorbs_repeats))| World {
                calls: calls.into(),
                monitors,
                budget,
                untimed,
                punctual,
                absorbs_repeats,
                crashable: vec![NodeId(0), NodeId(1)],
                cuts: vec![vec![NodeId(0)], vec![NodeId(1)]],
                ..world(count, rules)
            },
        )
    })
}

fn failing(report: &Report<Toy>) -> Vec<&'static str> {
    report.properties.iter().filter(|p| p.verdict == Verdict::Fail).map(|p| p.name).collect()
}

fn check_against(plain: &Plain, world: &World) -> Result<(), TestCaseError> {
    let ours = check(world, Search::Bfs, Limits::default(), None).expect("the world makes sense");
    prop_assert_eq!((ours.unique_states, ours.states, ours.depth), (plain.unique, plain.generated, plain.depth));
    let expected: Vec<_> = (ours.properties.iter().map(|p| p.name))
        .filter(|name| plain.violated.contains(name) || plain.owed_for_ever.contains(name))
        .collect();
    prop_assert_eq!(failing(&ours), expected);
    for search in [Search::Dfs, Search::StaterightBfs] {
        let theirs = check(world, search, Limits::default(), None).expect("the world makes sense");
        let violated: Vec<_> =
            theirs.properties.iter().map(|p| p.name).filter(|name| plain.violated.contains(name)).collect();
        prop_assert_eq!(failing(&theirs), violated, "{:?}", search);
        let complete = theirs.properties.iter().any(|p| p.verdict != Verdict::Fail && p.name == PANIC);
        prop_assert!(complete);
        prop_assert_eq!((theirs.unique_states, theirs.states), (plain.unique, plain.generated), "{:?}", search);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_global_rejects: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn counts_and_verdicts_are_those_of_the_plain_world(world in any_world()) {
        let plain = explore(&world, MOST);
        prop_assume!(plain.is_some());
        check_against(&plain.expect("just looked"), &world)?;
    }
}
