//! What is owed for ever, and what only for long.

use quiesce_model::{Budget, Ending, Verdict};

use crate::toy::{Do, LONG, When, Word, rule};
use crate::watcher::Watcher;
use crate::{A, B, World, counterexample, lines, run, verdict, world};

fn asked_at_boot(rules: Vec<crate::Rule>) -> World {
    let ask = rule(A, When::Boot, [Do::Say(0)]);
    World { monitors: vec![Watcher::answered(0, 1)], ..world(2, [vec![ask], rules].concat()) }
}

#[test]
fn a_final_state_that_owes_is_found() {
    let report = run(&asked_at_boot(vec![rule(A, When::Boot, [Do::Send(B, 0)])]));
    let found = counterexample(&report, "answered");
    assert_eq!((found.ending, found.loop_start()), (Ending::Rest, None));
    assert_eq!(lines(found), ["b gets Word(0) from a"]);
    assert_eq!(found.evidence, "0 is not answered");
    assert_eq!(found.steps[0].facts, ["says 0"], "the facts of the first starts are told");
}

#[test]
fn a_lost_answer_is_owed_for_ever_unless_asked_again() {
    let answer = rule(B, When::Got(0), [Do::Send(A, 1)]);
    let hear = rule(A, When::Got(1), [Do::Say(1)]);
    let once = vec![rule(A, When::Boot, [Do::Send(B, 0)]), answer.clone(), hear.clone()];
    let losing = |rules, losses| World { budget: Budget { losses, ..Budget::default() }, ..asked_at_boot(rules) };
    assert_eq!(run(&losing(once.clone(), 0)).verdict, Verdict::Pass);
    let stuck = run(&losing(once, 1));
    assert_eq!(lines(counterexample(&stuck, "answered")), ["b loses, on the way, Word(0) from a"]);
    // Asked without bound, there would be ever more messages.
    let bounded = vec![
        rule(A, When::Boot, [Do::Arm(0)]),
        rule(A, When::Fired(0), [Do::Add(1), Do::Send(B, 0), Do::If(1, vec![Do::Arm(0)]), Do::If(2, vec![Do::Arm(0)])]),
        answer,
        hear,
    ];
    assert_eq!(run(&losing(bounded.clone(), 2)).verdict, Verdict::Pass, "three requests outlive two losses");
    assert_eq!(run(&losing(bounded, 3)).verdict, Verdict::Fail);
}

#[test]
fn a_livelock_is_a_loop_with_its_way_in() {
    // The two hand each other the ball for ever, and `a` answers only a word that nobody says.
    let rules = vec![
        rule(A, When::Boot, [Do::Arm(0)]),
        rule(A, When::Fired(0), [Do::Send(B, 0)]),
        rule(B, When::Got(0), [Do::Send(A, 1)]),
        rule(A, When::Got(1), [Do::Send(B, 0)]),
        rule(A, When::Got(2), [Do::Say(1)]),
    ];
    let report = run(&asked_at_boot(rules));
    let found = counterexample(&report, "answered");
    let start = found.loop_start().expect("a loop");
    assert_eq!(start, found.steps.len() - 2);
    assert_eq!(lines(found), ["a timer Word(0) fires", "b gets Word(0) from a", "a gets Word(1) from b"]);
}

#[test]
fn a_message_cannot_be_put_off_for_ever_behind_others() {
    // The ball goes to and fro; the answer is in flight all the time.
    let rules = vec![
        rule(A, When::Boot, [Do::Send(B, 0), Do::Send(B, 1)]),
        rule(B, When::Got(0), [Do::Send(A, 0)]),
        rule(A, When::Got(0), [Do::Send(B, 0)]),
        rule(B, When::Got(1), [Do::Say(1)]),
    ];
    assert_eq!(run(&asked_at_boot(rules)).verdict, Verdict::Pass);
}

#[test]
fn a_timer_cannot_be_put_off_for_ever_behind_another_timer() {
    let rules = vec![
        rule(A, When::Boot, [Do::Arm(0), Do::Arm(1)]),
        rule(A, When::Fired(0), [Do::Set(1), Do::Arm(2)]),
        rule(A, When::Fired(2), [Do::Set(0), Do::Arm(0)]),
        rule(A, When::Fired(1), [Do::Say(1)]),
    ];
    assert_eq!(run(&asked_at_boot(rules)).verdict, Verdict::Pass);
}

#[test]
fn a_long_timer_starves_behind_short_ones_that_never_end() {
    let busy = |short| {
        vec![
            rule(A, When::Boot, [Do::Arm(LONG), Do::Arm(0)]),
            rule(A, When::Fired(0), [Do::Set(1), Do::If(1, if short { vec![Do::Arm(1)] } else { vec![] })]),
            rule(A, When::Fired(1), [Do::Set(0), Do::Arm(0)]),
            rule(A, When::Fired(LONG), [Do::Say(1)]),
        ]
    };
    assert_eq!(run(&asked_at_boot(busy(false))).verdict, Verdict::Pass);
    assert_eq!(run(&asked_at_boot(busy(true))).verdict, Verdict::Fail);
    assert_eq!(run(&World { untimed: true, ..asked_at_boot(busy(true)) }).verdict, Verdict::Pass);
}

#[test]
fn a_long_timer_is_not_put_off_for_ever_by_another() {
    // Both are enabled only while no message is in flight; the first would take every turn.
    let rules = vec![
        rule(A, When::Boot, [Do::Arm(LONG), Do::Arm(LONG + 1)]),
        rule(A, When::Fired(LONG), [Do::Arm(LONG), Do::Send(B, 0)]),
        rule(A, When::Fired(LONG + 1), [Do::Say(1)]),
    ];
    assert_eq!(run(&asked_at_boot(rules)).verdict, Verdict::Pass);
}

#[test]
fn users_may_stay_away_and_then_what_hangs_on_them_is_owed() {
    let rules = vec![rule(A, When::Called(0), [Do::Say(1)])];
    let report = run(&World { calls: vec![(A, Word(0))].into(), ..asked_at_boot(rules) });
    let found = counterexample(&report, "answered");
    assert_eq!((found.ending, lines(found)), (Ending::Rest, vec![]));
}

#[test]
fn the_dead_rise() {
    // `b` asks, and asks again for as long as it is refused.
    let rules = vec![
        rule(B, When::Boot, [Do::Say(0), Do::Send(A, 0)]),
        rule(B, When::Bounced(0), [Do::Send(A, 0)]),
        rule(A, When::Got(0), [Do::Say(1)]),
    ];
    let crashing = World {
        budget: Budget { crashes: 1, ..Budget::default() },
        crashable: vec![A],
        monitors: vec![Watcher::answered(0, 1)],
        ..world(2, rules)
    };
    assert_eq!(run(&crashing).verdict, Verdict::Pass);
}

#[test]
fn partitions_heal() {
    // `b` asks, and asks again while it remembers no answer; a timer stands for its patience.
    let rules = vec![
        rule(B, When::Boot, [Do::Say(0), Do::Arm(LONG)]),
        rule(B, When::Fired(LONG), [Do::Send(A, 0), Do::Arm(LONG)]),
        rule(A, When::Got(0), [Do::Send(B, 1)]),
        rule(B, When::Got(1), [Do::Say(1), Do::Disarm(LONG)]),
    ];
    let parting = World {
        budget: Budget { partitions: 1, ..Budget::default() },
        cuts: vec![vec![A]],
        monitors: vec![Watcher::answered(0, 1)],
        ..world(2, rules)
    };
    assert_eq!(run(&parting).verdict, Verdict::Pass);
}

#[test]
fn what_is_owed_by_looking_at_nodes_is_judged_state_by_state() {
    let rules = vec![rule(A, When::Boot, [Do::Set(1), Do::Send(B, 0)]), rule(B, When::Got(0), [Do::Set(1)])];
    let both = |value| World { monitors: vec![Watcher::Remembered(value)], ..world(2, rules.clone()) };
    let report = run(&both(1));
    assert_eq!(verdict(&report, "remembered"), Verdict::Pass);
    assert_eq!(report.properties[0].owing_states, Some(1), "`b` owes until it hears");
    let never = run(&both(2));
    assert_eq!(counterexample(&never, "remembered").evidence, "a does not remember 2");
}
