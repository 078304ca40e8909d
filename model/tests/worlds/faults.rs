//! What each fault can do, and no more.

use quiesce_model::{Budget, Verdict};

use crate::toy::{Do, When, Word, rule};
use crate::watcher::Watcher;
use crate::{A, B, C, World, counterexample, lines, run, world};

fn with(budget: Budget, monitors: Vec<Watcher>, world: World) -> World {
    World { budget, monitors, crashable: vec![A], ..world }
}

fn crashes(crashes: u8, record_losses: u8) -> Budget {
    Budget { crashes, record_losses, ..Budget::default() }
}

#[test]
fn a_message_is_lost_only_within_the_budget() {
    let rules = || vec![rule(A, When::Boot, [Do::Send(B, 0), Do::Send(B, 1)]), rule(B, When::Got(0), [Do::Say(1)])];
    let asked = || vec![Watcher::Remembered(0)];
    let states = |losses| run(&with(Budget { losses, ..Budget::default() }, asked(), world(2, rules()))).unique_states;
    assert_eq!(states(0), 4);
    assert_eq!(states(1), 4 + 3, "with one message lost, the other may have arrived or not, or both are gone");
    assert_eq!(states(2), 4 + 3 + 1);
}

#[test]
fn a_duplicate_arrives_twice() {
    let rules = vec![rule(A, When::Boot, [Do::Send(B, 0)]), rule(B, When::Got(0), [Do::Say(2)])];
    let once = vec![Watcher::Once { word: 2, said: false }];
    assert_eq!(run(&with(Budget::default(), once.clone(), world(2, rules.clone()))).verdict, Verdict::Pass);
    let twice = run(&with(Budget { duplicates: 1, ..Budget::default() }, once, world(2, rules)));
    let found = counterexample(&twice, "once");
    assert_eq!(lines(found), ["b will get once more Word(0) from a", "b gets Word(0) from a", "b gets Word(0) from a"]);
    assert_eq!(found.evidence, "2 was said twice");
}

#[test]
fn records_survive_a_crash_unless_it_takes_them() {
    let rules = vec![
        rule(A, When::Boot, [Do::Put(0, 7)]),
        rule(A, When::Stored(0), [Do::Say(5)]),
        rule(A, When::Recover, [Do::If(7, vec![Do::Say(7)])]),
    ];
    let world = world(1, rules);
    let recovered = run(&with(crashes(1, 0), vec![Watcher::Never(7)], world.clone()));
    let texts = lines(counterexample(&recovered, "never"));
    assert_eq!(texts, ["a crashes, 1 of 1 pending writes applied", "a starts, life 2, with 1 records"]);
    let kept = vec![Watcher::Kept { started: 0 }];
    assert_eq!(run(&with(crashes(1, 0), kept.clone(), world.clone())).verdict, Verdict::Pass);
    let lost = run(&with(crashes(1, 1), kept, world));
    assert_eq!(counterexample(&lost, "kept").evidence, "a lost its records");
}

#[test]
fn a_crash_applies_any_number_of_pending_writes_oldest_first() {
    // The last key's value is what it remembers of its records.
    let rules = vec![rule(A, When::Boot, [Do::Put(0, 1), Do::Put(1, 2), Do::Put(2, 3)])];
    let remembers = |value| {
        let world = with(crashes(1, 0), vec![Watcher::True(value)], world(1, rules.clone()));
        let say = rule(A, When::Recover, [Do::If(value, vec![Do::Say(value)])]);
        let probe = World {
            monitors: vec![Watcher::Never(value)],
            config: crate::Rules(rules.iter().cloned().chain([say]).collect(), Vec::new()),
            ..world
        };
        run(&probe).verdict == Verdict::Fail
    };
    assert_eq!([1, 2, 3].map(remembers), [true; 3]);
    let world = with(crashes(1, 0), Vec::new(), world(1, rules));
    // Up with 3, 2, 1 or 0 writes pending; down with 0 to 3 records; up again with 1 to 3, or with none and so as at
    // first.
    assert_eq!(run(&world).unique_states, 4 + 4 + (3 + 4));
}

#[test]
fn a_write_fails_or_its_outcome_is_unknown_within_the_budget() {
    let rules = vec![
        rule(A, When::Boot, [Do::Put(0, 7)]),
        rule(A, When::Failed(0), [Do::Say(1)]),
        rule(A, When::Unsure(0), [Do::Say(2)]),
        rule(A, When::Recover, [Do::Say(7)]),
    ];
    let faults = |store_faults| Budget { store_faults, crashes: 1, ..Budget::default() };
    let texts = |budget, word| {
        let report = run(&with(budget, vec![Watcher::Never(word)], world(1, rules.clone())));
        report.counterexamples.iter().map(lines).collect::<Vec<_>>().concat()
    };
    assert_eq!([1, 2].map(|word| texts(faults(0), word)), [vec![""; 0], vec![]]);
    assert_eq!(texts(faults(1), 1), ["a failed to store operation 0"]);
    assert!(texts(faults(1), 2)[0].starts_with("a does not learn whether operation 0 was stored: it was"));
    let kept = run(&with(faults(1), Vec::new(), world(1, rules.clone())));
    let plain = run(&with(faults(0), Vec::new(), world(1, rules)));
    // Pending or durable, down with a record or without, and in the next life pending, durable or recovered. Once a write
    // has ended badly the same, but for the first life, which has the record or not, and a later one without it.
    assert_eq!((plain.unique_states, kept.unique_states), (7, 7 + 7 + 1));
}

#[test]
fn crashes_keep_to_their_budget_and_their_nodes() {
    let lives = |budget| run(&with(budget, Vec::new(), world(2, Vec::new()))).unique_states;
    assert_eq!(lives(crashes(0, 0)), 1);
    assert_eq!(lives(crashes(1, 0)), 3, "up, down, up again");
    assert_eq!(lives(crashes(3, 0)), 7);
    let nobody_else =
        with(crashes(1, 0), vec![Watcher::Never(9)], world(2, vec![rule(B, When::Recover, [Do::Say(9)])]));
    assert_eq!(run(&nobody_else).verdict, Verdict::Pass);
}

#[test]
fn a_message_to_a_dead_process_comes_back() {
    let rules = vec![rule(B, When::Boot, [Do::Send(A, 0)]), rule(B, When::Bounced(0), [Do::Say(9)])];
    let report = run(&with(crashes(1, 0), vec![Watcher::Never(9)], world(2, rules)));
    let texts = lines(counterexample(&report, "never"));
    assert_eq!(texts, ["a crashes", "a is down and refuses Word(0) from b", "b gets Word(0) back: a was down"]);
}

#[test]
fn nobody_is_told_of_a_refusal_in_a_later_life() {
    // `a` sends, dies, and lives again; `b` dies too. Whatever happens, the second life of `a` hears of no refusal.
    let rules = vec![
        rule(A, When::Boot, [Do::Send(B, 0), Do::Put(0, 1)]),
        rule(A, When::Bounced(0), [Do::If(1, vec![Do::Say(9)]), Do::Say(8)]),
    ];
    let monitors = vec![Watcher::Never(9), Watcher::Never(8)];
    for (monitor, expected) in monitors.into_iter().zip([Verdict::Pass, Verdict::Fail]) {
        let world = World { crashable: vec![A, B], ..with(crashes(3, 0), vec![monitor], world(2, rules.clone())) };
        assert_eq!(run(&world).verdict, expected, "a life hears of its own refusals alone");
    }
}

#[test]
fn a_process_takes_its_messages_to_itself_along() {
    let rules = vec![
        rule(A, When::Boot, [Do::Send(A, 0), Do::Put(0, 1)]),
        rule(A, When::Got(0), [Do::If(1, vec![Do::Say(9)])]),
    ];
    let report = run(&with(crashes(1, 0), vec![Watcher::Never(9)], world(1, rules)));
    assert_eq!(report.verdict, Verdict::Pass);
}

#[test]
fn a_partition_loses_what_crosses_it_and_heals() {
    let rules = vec![
        rule(A, When::Boot, [Do::Send(B, 0)]),
        rule(B, When::Boot, [Do::Send(C, 1)]),
        rule(B, When::Got(0), [Do::Set(1)]),
        rule(C, When::Got(1), [Do::Set(1)]),
    ];
    let cut_off = Budget { partitions: 1, ..Budget::default() };
    let world = World { cuts: vec![vec![A]], ..with(cut_off, Vec::new(), world(3, rules)) };
    assert_eq!(run(&World { budget: Budget::default(), ..world.clone() }).unique_states, 4);
    let report = run(&world);
    // Before the cut 4; during it the first message is under way, arrived or lost, the second under way or arrived;
    // after it the same.
    assert_eq!(report.unique_states, 4 + 6 + 6);
}

#[test]
fn a_call_to_a_dead_process_is_not_heard() {
    let deaf = with(crashes(1, 0), Vec::new(), world(1, Vec::new()));
    let report = run(&World { calls: vec![(A, Word(0)), (A, Word(1))].into(), ..deaf });
    // Up in a first life with 0, 1 or 2 calls made; down with as many; up again with as many, the last of them heard in
    // this life or not.
    assert_eq!(report.unique_states, 3 + 3 + 5);
}

#[test]
fn a_call_is_made_at_most_once() {
    let rules = vec![rule(A, When::Called(0), [Do::Say(2), Do::Reply])];
    let once = with(crashes(2, 0), vec![Watcher::Once { word: 2, said: false }], world(1, rules));
    let asked = run(&World { calls: vec![(A, Word(0))].into(), ..once.clone() });
    assert_eq!(asked.verdict, Verdict::Pass);
    let again = run(&World { calls: vec![(A, Word(0)); 2].into(), ..once });
    let found = counterexample(&again, "once");
    assert_eq!(lines(found), ["a is asked by call 0: Word(0)", "a is asked by call 1: Word(0)"]);
    assert_eq!(found.steps.last().map(|step| &*step.replies), Some(&["answers call 1: Word(0)".to_owned()][..]));
}

#[test]
fn a_process_that_starts_is_shown_before_its_first_event() {
    let rules = vec![
        rule(A, When::Boot, [Do::Set(1), Do::Arm(0)]),
        rule(A, When::Fired(0), [Do::Set(9)]),
        rule(B, When::Boot, [Do::Set(1)]),
    ];
    let started = with(crashes(1, 0), vec![Watcher::Newborn(9)], world(2, rules));
    assert_eq!(run(&started).verdict, Verdict::Pass, "what it remembers comes later");
    let report = run(&World { crashable: vec![B], ..started });
    let texts = lines(counterexample(&report, "newborn"));
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert_eq!(texts[2], "b starts, life 2", "what others remember is looked at each time");
    assert_eq!(report.unique_states, 2 + 2 + 3, "before the crash, after it; a bad start, a good one and what follows");
}
