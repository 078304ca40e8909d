//! Worlds whose states can be counted by hand.

use crate::toy::{Do, LONG, TIMEOUT, When, Word, rule};
use crate::{A, B, C, World, run, world};
use quiesce_model::Verdict;

fn figures(world: &World) -> (u64, u64, u64) {
    let report = run(world);
    assert_eq!(report.verdict, Verdict::Pass);
    (report.unique_states, report.states, report.depth)
}

#[test]
fn ping_pong_has_a_state_per_message() {
    // One message is always in flight, one of two, and `a` remembers one byte of how many it got.
    let rules = vec![
        rule(A, When::Boot, [Do::Send(B, 0)]),
        rule(B, When::Got(0), [Do::Send(A, 1)]),
        rule(A, When::Got(1), [Do::Add(1), Do::Send(B, 0)]),
    ];
    assert_eq!(figures(&world(2, rules)), (2 * 256, 1 + 2 * 256, 2 * 256 - 1));
}

#[test]
fn messages_in_flight_are_a_set_without_order() {
    let three = |x, y, z| vec![rule(A, When::Boot, [Do::Send(B, x), Do::Send(B, y), Do::Send(B, z)])];
    assert_eq!(figures(&world(2, three(0, 1, 2))), (8, 1 + 12, 3), "each arrived or not");
    assert_eq!(figures(&world(2, three(0, 0, 0))), (4, 1 + 3, 3), "copies are not told apart");
    let absorbing = World { absorbs_repeats: true, ..world(2, three(0, 0, 1)) };
    assert_eq!(figures(&absorbing), (4, 1 + 4, 2), "a repeat is absorbed");
}

#[test]
fn independent_nodes_multiply() {
    let counts_to_two = |node| {
        [rule(node, When::Boot, [Do::Arm(0)]), rule(node, When::Fired(0), [Do::Add(1), Do::If(1, vec![Do::Arm(0)])])]
    };
    let rules = [A, B, C].into_iter().flat_map(counts_to_two).collect();
    assert_eq!(figures(&world(3, rules)), (27, 1 + 3 * 2 * 9, 6));
}

#[test]
fn every_answer_to_a_choice_is_tried() {
    let rules = vec![
        rule(A, When::Boot, [Do::Arm(0)]),
        rule(A, When::Fired(0), [Do::Either(vec![vec![Do::Draw(3)], vec![Do::Set(9)]])]),
    ];
    assert_eq!(figures(&world(1, rules)), (1 + 3 + 1, 1 + 4, 1));
}

#[test]
fn choices_at_the_first_start_are_first_states() {
    let rules = vec![rule(A, When::Boot, [Do::Draw(3)]), rule(B, When::Boot, [Do::Draw(2)])];
    assert_eq!(figures(&world(2, rules)), (6, 6, 0));
    let alike = vec![rule(A, When::Boot, [Do::Either(vec![vec![], vec![]])])];
    assert_eq!(figures(&world(1, alike)), (1, 1, 0), "equal first states are one");
}

#[test]
fn a_message_is_consumed_though_nothing_changes() {
    assert_eq!(figures(&world(2, vec![rule(A, When::Boot, [Do::Send(B, 0)])])), (2, 2, 1));
}

#[test]
fn arming_an_armed_timer_arms_it_once() {
    let rules = vec![rule(A, When::Boot, [Do::Arm(0), Do::Arm(0), Do::Arm(1), Do::Disarm(1)])];
    assert_eq!(figures(&world(1, rules)), (2, 2, 1));
}

#[test]
fn long_timers_wait_for_everything_short() {
    let rules = vec![
        rule(A, When::Boot, [Do::Arm(LONG), Do::Arm(0), Do::Put(0, 0), Do::Send(B, 0)]),
        rule(A, When::Fired(LONG), [Do::Set(1)]),
    ];
    let timed = world(2, rules);
    assert_eq!(figures(&timed).0, 8 + 1, "the long timer comes last");
    let untimed = World { untimed: true, ..timed };
    assert_eq!(figures(&untimed).0, 16, "or at any moment");
}

#[test]
fn timeouts_wait_for_what_is_under_way_where_that_is_punctual() {
    let rules = vec![
        rule(A, When::Boot, [Do::Arm(TIMEOUT), Do::Arm(0), Do::Put(0, 0), Do::Send(B, 0)]),
        rule(A, When::Fired(TIMEOUT), [Do::Set(1)]),
    ];
    let late = world(2, rules);
    assert_eq!(figures(&late).0, 16, "it may run out at any moment");
    let punctual = World { punctual: true, ..late };
    assert_eq!(figures(&punctual).0, 8 + 2, "or when message and write are through, the short timer armed or not");
}

#[test]
fn calls_to_one_node_come_in_order_and_to_others_at_any_moment() {
    let calls = vec![(A, Word(0)), (A, Word(1)), (B, Word(0))];
    let world = World { calls: calls.into(), ..world(2, Vec::new()) };
    // What a toy remembers of a call is its id: three states of `a`, two of `b`.
    assert_eq!(figures(&world), (6, 1 + 7, 3));
}
