//! States that differ in names alone are one, and nothing else is.

use std::collections::BTreeSet;

use proptest::prelude::*;
use quiesce_machine::{CallId, NodeId};
use quiesce_model::{
    CheckError, Limits, Member, Report, Search, Symmetry, SymmetryError, System, Verdict, check, check_folded,
};
use stateright::Model as _;

use crate::random::{budget, deed, watchers, when};
use crate::toy::{Do, Rule, Toy, When, Word, rule};
use crate::watcher::Watcher;
use crate::{A, B, C, World, counterexample, lines, search, world};

const D: NodeId = NodeId(3);

/// These nodes may be alike.
fn peers(nodes: impl IntoIterator<Item = NodeId>) -> Symmetry<Toy, Watcher> {
    let member = |node| Member { node: Some(node), numbers: Vec::new() };
    Symmetry::new(vec![nodes.into_iter().map(member).collect()])
}

fn fold(world: &World, symmetry: &Symmetry<Toy, Watcher>) -> Result<Report<Toy>, CheckError> {
    check_folded(world, symmetry, Search::Safety, Limits::default(), None)
}

fn folded(world: &World, symmetry: &Symmetry<Toy, Watcher>) -> Report<Toy> {
    fold(world, symmetry).expect("the nodes are alike")
}

fn stands_for(report: &Report<Toy>) -> Option<u64> {
    report.folding.expect("states were folded").stands_for
}

/// `a` sends a message to each of the others.
fn fan(count: u32) -> World {
    let send = (1..count).map(|to| Do::Send(NodeId(to), 0)).collect::<Vec<_>>();
    let got = (1..count).map(|node| rule(NodeId(node), When::Got(0), [Do::Set(1), Do::Send(A, 1)]));
    world(count, [rule(A, When::Boot, send)].into_iter().chain(got).collect())
}

#[test]
fn alike_nodes_are_counted_and_not_told_apart() {
    // Each of three has its message under way, its answer under way, or neither: 27 states, 10 where only numbers count.
    let fan = fan(4);
    assert_eq!(search(&fan, Search::Safety, Limits::default()).unique_states, 27);
    let report = folded(&fan, &peers([B, C, D]));
    assert_eq!((report.unique_states, stands_for(&report), report.depth), (10, Some(27), 6));
    assert_eq!(report.folding.map(|folding| folding.renamings), Some(6));
    let two = folded(&fan, &peers([B, C]));
    assert_eq!((two.unique_states, stands_for(&two)), (18, Some(27)), "pairs of two, beside the third");
}

#[test]
fn things_that_are_no_nodes_are_exchanged_too() {
    let timers = world(1, vec![rule(A, When::Boot, [Do::Arm(0), Do::Arm(1), Do::Arm(2)])]);
    let word = |word| Member { node: None, numbers: vec![("word", word)] };
    let report = folded(&timers, &Symmetry::new(vec![vec![word(0), word(1), word(2)]]));
    assert_eq!((report.unique_states, stands_for(&report)), (4, Some(8)));
}

#[test]
fn what_users_ask_goes_with_whom_they_ask() {
    let asked = World {
        calls: vec![(B, Word(0)), (B, Word(1)), (C, Word(0)), (C, Word(1))].into(),
        ..world(3, [B, C].map(|node| rule(node, When::Called(1), [Do::Set(1)])).to_vec())
    };
    let report = folded(&asked, &peers([B, C]));
    assert_eq!((report.unique_states, stands_for(&report)), (6, Some(9)), "each was asked not at all, once or twice");
    let unlike = World { calls: vec![(B, Word(0)), (C, Word(1))].into(), ..asked.clone() };
    assert_eq!(fold(&unlike, &peers([B, C])).err(), Some(CheckError::Symmetry(SymmetryError::Nothing)));
    let uneven = World { calls: vec![(B, Word(0))].into(), ..asked };
    assert_eq!(fold(&uneven, &peers([B, C])).err(), Some(CheckError::Symmetry(SymmetryError::Nothing)));
}

#[test]
fn who_may_fail_must_be_alike_too() {
    let nothing = Some(CheckError::Symmetry(SymmetryError::Nothing));
    let crash = |crashable: Vec<NodeId>| World {
        budget: quiesce_model::Budget { crashes: 1, ..Default::default() },
        crashable,
        ..fan(3)
    };
    assert_eq!(fold(&crash(vec![B]), &peers([B, C])).err(), nothing);
    assert!(fold(&crash(vec![B, C]), &peers([B, C])).is_ok());
    let part = |cuts: Vec<Vec<NodeId>>| World {
        budget: quiesce_model::Budget { partitions: 1, ..Default::default() },
        cuts,
        ..fan(3)
    };
    assert_eq!(fold(&part(vec![vec![B]]), &peers([B, C])).err(), nothing);
    assert!(fold(&part(vec![vec![B], vec![A, B]]), &peers([B, C])).is_ok(), "a cut is named by either side");
}

#[test]
fn symmetry_never_judges_liveness() {
    let refused = check_folded(&fan(3), &peers([B, C]), Search::Bfs, Limits::default(), None);
    assert_eq!(refused.err(), Some(CheckError::FoldedLiveness));
    let owing = World { monitors: vec![Watcher::Remembered(1)], ..fan(3) };
    let report = folded(&owing, &peers([B, C]));
    assert!(matches!(report.verdict, Verdict::Incomplete(_)), "what was owed was not judged: {}", report.verdict);
}

#[test]
fn a_node_whose_code_tells_names_apart_is_found_out() {
    let mut rules = fan(3).config.0;
    rules.push(rule(C, When::Got(0), [Do::Set(2)]));
    let error = fold(&world(3, rules), &peers([B, C])).err();
    let Some(CheckError::Asymmetric { who, what }) = error else { panic!("{error:?}") };
    assert!(["b", "c"].contains(&&*who) && what.starts_with("deliver Word(0)"), "{who} {what}");
}

#[test]
fn a_monitor_that_tells_names_apart_is_found_out() {
    // It wants to know what the first node remembers whenever somebody says so; here the first two are exchanged.
    let says = [A, B].map(|node| rule(node, When::Boot, [Do::Arm(0)]));
    let fires = [A, B].map(|node| rule(node, When::Fired(0), [Do::Set(1), Do::Say(1)]));
    let told = World { monitors: vec![Watcher::True(1)], ..world(2, [says, fires].concat()) };
    assert!(matches!(fold(&told, &peers([A, B])).err(), Some(CheckError::Asymmetric { .. })));
}

#[test]
fn a_counterexample_is_a_run_in_which_names_stay() {
    // Each of two must have been told twice; folding swaps them on the way.
    let rules = [B, C].into_iter().flat_map(|node| {
        let again = Do::If(1, vec![Do::Say(1), Do::Send(A, 2)]);
        [rule(node, When::Got(0), [again, Do::Set(1)])]
    });
    let boot = rule(A, When::Boot, [Do::Send(B, 0), Do::Send(C, 0), Do::Send(B, 0), Do::Send(C, 0)]);
    let full = rule(A, When::Got(2), [Do::Add(1), Do::If(2, vec![Do::Say(3)])]);
    let told = World { monitors: vec![Watcher::Never(3)], ..world(3, [boot, full].into_iter().chain(rules).collect()) };
    let texts = |report: &Report<Toy>| lines(counterexample(report, "never"));
    let (plain, folded) = (search(&told, Search::Safety, Limits::default()), folded(&told, &peers([B, C])));
    assert_eq!(texts(&folded).len(), texts(&plain).len());
    let gets =
        |node: &str| texts(&folded).iter().filter(|text| text.starts_with(&format!("{node} gets Word(0)"))).count();
    assert_eq!((gets("b"), gets("c")), (2, 2), "{:?}", texts(&folded));
}

#[test]
fn threads_change_no_folded_count() {
    let counts = |node| {
        [
            rule(node, When::Boot, [Do::Arm(0)]),
            rule(node, When::Fired(0), [Do::Add(1), Do::If(40, vec![Do::Set(41)]), Do::Arm(0)]),
        ]
    };
    let counters = world(4, [A, B, C, D].into_iter().flat_map(counts).collect());
    let found = |threads: usize| {
        let limits =
            Limits { threads: threads.try_into().expect("some"), max_states: Some(30_000), ..Limits::default() };
        let report = check_folded(&counters, &peers([B, C, D]), Search::Safety, limits, None).expect("they are alike");
        (report.unique_states, report.states, report.depth, report.cost.places, report.folding.map(|f| f.renamings))
    };
    let one = found(1);
    assert_eq!(one.0, 30_000);
    assert!([2, 5].into_iter().all(|threads| found(threads) == one));
}

/// What one of the alike does, told once: node 0 is the hub, node 1 any peer.
fn spread(what: &[Do], me: NodeId, count: u32) -> Vec<Do> {
    let go = |inner: &[Do]| spread(inner, me, count);
    let each = |what: &Do| match what {
        Do::Send(A, word) => vec![Do::Send(A, *word)],
        Do::Send(_, word) => (1..count).map(NodeId).filter(|&to| to != me).map(|to| Do::Send(to, *word)).collect(),
        Do::If(memory, then) => vec![Do::If(*memory, go(then))],
        Do::Either(ways) => vec![Do::Either(ways.iter().map(|way| go(way)).collect())],
        Do::Arm(_) | Do::Disarm(_) | Do::Put(..) | Do::Remove(_) | Do::Say(_) | Do::Set(_) => vec![what.clone()],
        Do::Add(_) | Do::Draw(_) | Do::Reply | Do::Panic => vec![what.clone()],
    };
    what.iter().flat_map(each).collect()
}

/// A hub and two or three peers that do the same.
fn alike() -> impl Strategy<Value = World> {
    let rule = ((0..2u32).prop_map(NodeId), when(), prop::collection::vec(deed(2), 1..4));
    let rules = prop::collection::vec(rule, 1..7);
    let calls = prop::collection::vec((0..2u8).prop_map(Word), 0..2);
    let shape = (3..5u32, any::<(bool, bool, bool)>(), any::<bool>());
    (shape, rules, calls, watchers(), budget()).prop_map(|(shape, rules, calls, monitors, budget)| {
        let (count, (untimed, punctual, absorbs_repeats), hub_dies) = shape;
        let peers = || (1..count).map(NodeId);
        let of = |node: NodeId| if node == A { vec![A] } else { peers().collect() };
        let rules = rules.iter().flat_map(|(node, when, then)| {
            of(*node).into_iter().map(|me| Rule { node: me, when: *when, then: spread(then, me, count) })
        });
        World {
            calls: peers().flat_map(|peer| calls.iter().map(move |call| (peer, *call))).collect(),
            monitors,
            budget,
            untimed,
            punctual,
            absorbs_repeats,
            crashable: if hub_dies { vec![A] } else { peers().collect() },
            cuts: peers().map(|peer| vec![peer]).collect(),
            ..world(count, rules.collect())
        }
    })
}

/// Larger worlds are left out.
const STATES_MOST: usize = 4_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_global_rejects: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn folding_changes_no_verdict_and_stands_for_every_state(world in alike()) {
        let limits = Limits { max_states: Some(STATES_MOST), ..Limits::default() };
        let plain = check(&world, Search::Safety, limits, None).expect("the world makes sense");
        prop_assume!((plain.unique_states as usize) < STATES_MOST);
        let symmetry = peers((1..world.nodes.len() as u32).map(NodeId));
        let folded = check_folded(&world, &symmetry, Search::Safety, limits, None).expect("the peers are alike");
        prop_assert_eq!(&folded.properties, &plain.properties);
        prop_assert_eq!(folded.depth, plain.depth);
        prop_assert!(folded.unique_states <= plain.unique_states);
        let lengths = |report: &Report<Toy>| -> Vec<_> {
            report.counterexamples.iter().map(|found| (found.property, found.steps.len())).collect()
        };
        prop_assert_eq!(lengths(&folded), lengths(&plain));
        if plain.counterexamples.is_empty() {
            prop_assert_eq!(stands_for(&folded), Some(plain.unique_states));
        }
        let theirs = check_folded(&world, &symmetry, Search::StaterightBfs, limits, None).expect("the peers are alike");
        prop_assert_eq!((theirs.unique_states, theirs.states), (folded.unique_states, folded.states));
    }

    #[test]
    fn however_names_are_exchanged_the_folded_bytes_are_equal(world in alike(), walk in prop::collection::vec(any::<usize>(), 1..30)) {
        let symmetry = peers((1..world.nodes.len() as u32).map(NodeId));
        let system = System::new(world).expect("the world makes sense").folded(&symmetry).expect("the peers are alike");
        let mut state = system.init_states().swap_remove(0);
        for step in walk {
            let mut actions = Vec::new();
            system.actions(&state, &mut actions);
            prop_assume!(!actions.is_empty());
            let next = system.next_state(&state, actions[step % actions.len()]).expect("every action leads somewhere");
            let all = system.alike(&next);
            let words = |states: &[quiesce_model::State]| states.iter().map(|s| format!("{s:?}")).collect::<BTreeSet<_>>();
            for one in &all {
                prop_assert_eq!(format!("{:?}", system.fold(one.clone())), format!("{:?}", system.fold(next.clone())));
                prop_assert_eq!(words(&system.alike(one)), words(&all), "an orbit is one from wherever it is seen");
            }
            state = all[step % all.len()].clone();
        }
    }
}

#[test]
fn a_call_goes_with_its_number() {
    let asked = World { calls: vec![(B, Word(0)), (C, Word(0))].into(), ..world(3, Vec::new()) };
    let system = System::new(asked).expect("the world makes sense").folded(&peers([B, C])).expect("they are alike");
    let first = system.init_states().swap_remove(0);
    let mut actions = Vec::new();
    system.actions(&first, &mut actions);
    let called: Vec<_> = actions.iter().map(|&action| system.next_state(&first, action)).collect();
    assert_eq!((called.len(), &called[0]), (2, &called[1]), "{:?} and {:?} are one", CallId(0), CallId(1));
}
