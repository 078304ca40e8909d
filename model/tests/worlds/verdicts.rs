//! What a report says, and what it does not dare to say.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::ops::ControlFlow;
use std::time::Duration;

use quiesce_machine::NodeId;
use quiesce_model::search::Explore;
use quiesce_model::{
    Budget, CheckError, Ending, Limits, PANIC, Progress, ScopeError, Search, Shortfall, System, Verdict, check,
};
use stateright::Model;

use crate::toy::{Do, When, Word, rule};
use crate::watcher::Watcher;
use crate::{A, B, C, World, counterexample, lines, run, search, verdict, world};

/// A timer fires for ever, and a byte counts how often.
fn counter() -> World {
    world(1, vec![rule(A, When::Boot, [Do::Arm(0)]), rule(A, When::Fired(0), [Do::Add(1), Do::Arm(0)])])
}

const EVERY: [Search; 3] = [Search::Bfs, Search::Dfs, Search::StaterightBfs];

#[test]
fn a_panic_is_a_violation_with_its_words() {
    let rules = vec![rule(A, When::Boot, [Do::Send(B, 0)]), rule(B, When::Got(0), [Do::Set(7), Do::Panic])];
    let report = run(&world(2, rules));
    let found = counterexample(&report, PANIC);
    assert!(found.evidence.starts_with("b: memory was 7 ("), "{}", found.evidence);
    assert_eq!((found.ending, lines(found)), (Ending::Violation, vec!["b gets Word(0) from a".to_owned()]));
}

#[test]
fn a_panic_at_the_first_start_is_a_violation() {
    let report = run(&world(2, vec![rule(A, When::Boot, [Do::Panic])]));
    assert_eq!((report.verdict.clone(), report.depth), (Verdict::Fail, 0));
    assert_eq!(counterexample(&report, PANIC).steps.len(), 1, "the second node never starts");
}

#[test]
fn a_panic_of_a_monitor_is_a_violation() {
    let world = World { monitors: vec![Watcher::Fragile(3)], ..world(1, vec![rule(A, When::Boot, [Do::Say(3)])]) };
    let evidence = &counterexample(&run(&world), PANIC).evidence.clone();
    assert!(evidence.starts_with("the monitor fragile panicked: cannot bear 3"), "{evidence}");
}

#[test]
fn a_message_to_nobody_is_a_violation() {
    let report = run(&world(2, vec![rule(A, When::Boot, [Do::Send(C, 0)])]));
    assert_eq!(counterexample(&report, PANIC).evidence, "a: sent Word(0) to n2, and there are 2 nodes");
}

#[test]
fn what_a_monitor_reads_off_the_nodes_is_never_remembered() {
    // `b` says 1 whatever `a` remembers: 1 at first, then 0.
    let rules = vec![
        rule(A, When::Boot, [Do::Set(1), Do::Arm(0)]),
        rule(A, When::Fired(0), [Do::Set(0)]),
        rule(B, When::Boot, [Do::Arm(0)]),
        rule(B, When::Fired(0), [Do::Say(1)]),
    ];
    let report = run(&World { monitors: vec![Watcher::True(1)], ..world(2, rules) });
    let found = counterexample(&report, "true");
    assert_eq!(lines(found), ["a timer Word(0) fires", "b timer Word(0) fires"]);
    assert_eq!(found.evidence, "1 was said of Some(0)");
}

#[test]
fn endless_choices_are_a_violation() {
    let report = run(&world(1, vec![rule(A, When::Boot, [Do::Draw(u32::MAX)])]));
    assert!(counterexample(&report, PANIC).evidence.contains("more than 65536 combinations"));
}

#[test]
fn breadth_first_counterexamples_are_shortest() {
    // Saying 9 takes one step by `b`, or four by `a`; it is also the first to be listed.
    let rules = vec![
        rule(A, When::Boot, [Do::Arm(0)]),
        rule(A, When::Fired(0), [Do::Add(1), Do::Arm(0), Do::If(4, vec![Do::Say(9)])]),
        rule(B, When::Boot, [Do::Arm(0)]),
        rule(B, When::Fired(0), [Do::Say(9)]),
    ];
    let world = World { monitors: vec![Watcher::Never(9)], ..world(2, rules) };
    assert_eq!(lines(counterexample(&run(&world), "never")), ["b timer Word(0) fires"]);
    let deep = search(&world, Search::Dfs, Limits::default());
    assert_eq!(deep.verdict, Verdict::Fail, "depth first finds one too, of any length");
}

#[test]
fn a_truncated_search_passes_nothing() {
    let world = World { monitors: vec![Watcher::answered(0, 1), Watcher::Never(9)], ..counter() };
    let limits = Limits { max_states: Some(100), ..Limits::default() };
    for engine in EVERY {
        let report = search(&world, engine, limits);
        let expected = Verdict::Incomplete(Shortfall::States(100));
        assert_eq!(report.verdict, expected, "{engine:?}");
        assert!(report.properties.iter().all(|p| p.verdict == expected), "{engine:?}");
    }
}

#[test]
fn a_limit_that_just_fits_cuts_nothing_off() {
    for engine in EVERY {
        let report = search(&counter(), engine, Limits { max_states: Some(256), ..Limits::default() });
        assert_eq!((report.verdict, report.unique_states), (Verdict::Pass, 256), "{engine:?}");
    }
}

#[test]
fn a_time_limit_holds_for_every_search() {
    for engine in EVERY {
        let limits = Limits { timeout: Some(Duration::ZERO), ..Limits::default() };
        let report = search(&counter(), engine, limits);
        assert_eq!(report.verdict, Verdict::Incomplete(Shortfall::Timeout(Duration::ZERO)), "{engine:?}");
    }
}

#[test]
fn a_violation_found_before_the_limit_still_fails() {
    let world = World {
        monitors: vec![Watcher::Never(9)],
        ..world(
            1,
            vec![
                rule(A, When::Boot, [Do::Arm(0)]),
                rule(A, When::Fired(0), [Do::Add(1), Do::Arm(0), Do::If(5, vec![Do::Say(9)])]),
            ],
        )
    };
    for engine in EVERY {
        let report = search(&world, engine, Limits { max_states: Some(7), ..Limits::default() });
        assert_eq!(report.verdict, Verdict::Fail, "{engine:?}");
        assert_eq!(lines(counterexample(&report, "never")).len(), 5, "{engine:?} can tell it");
    }
}

#[test]
fn what_is_owed_for_ever_within_the_explored_part_fails_though_truncated() {
    // `b` counts without end, nearly; `a` is long at rest with its question open.
    let stuck = [rule(A, When::Boot, [Do::Say(0), Do::Arm(1)]), rule(A, When::Fired(1), [Do::Panic])];
    let world = World { monitors: vec![Watcher::answered(0, 1)], ..world(1, stuck.to_vec()) };
    let report = search(&world, Search::Bfs, Limits { max_states: Some(1), ..Limits::default() });
    assert_eq!(verdict(&report, "answered"), Verdict::Incomplete(Shortfall::States(1)), "its only step is not known");
}

#[test]
fn the_first_failure_stops_the_search_on_demand() {
    let world = World {
        monitors: vec![Watcher::Never(9), Watcher::Once { word: 8, said: false }],
        ..world(
            2,
            vec![
                rule(A, When::Boot, [Do::Say(8), Do::Arm(0)]),
                rule(A, When::Fired(0), [Do::Say(9)]),
                rule(B, When::Boot, [Do::Arm(0)]),
                rule(B, When::Fired(0), [Do::Add(1), Do::Arm(0)]),
            ],
        )
    };
    let limits = Limits { first_failure: true, ..Limits::default() };
    let stopped = search(&world, Search::Bfs, limits);
    assert_eq!(verdict(&stopped, "never"), Verdict::Fail);
    assert_eq!(verdict(&stopped, "once"), Verdict::Incomplete(Shortfall::FirstFailure));
    assert!(stopped.unique_states < 10, "{}", stopped.unique_states);
    let whole = run(&world);
    assert_eq!(whole.unique_states, 2 * 256);
    assert_eq!(verdict(&whole, "once"), Verdict::Incomplete(Shortfall::BehindFailure("never")));
}

#[test]
fn a_property_without_anything_to_judge_is_vacuous() {
    let report = run(&World { monitors: vec![Watcher::Never(9), Watcher::answered(0, 1)], ..counter() });
    assert_eq!(report.verdict, Verdict::Vacuous("answered"));
    assert_eq!(verdict(&report, "never"), Verdict::Pass);
    assert_eq!(verdict(&report, PANIC), Verdict::Pass);
}

#[test]
fn progress_is_told() {
    let told: RefCell<Vec<Progress>> = RefCell::default();
    let rules = [A, B].map(|n| [rule(n, When::Boot, [Do::Arm(0)]), rule(n, When::Fired(0), [Do::Add(1), Do::Arm(0)])]);
    let world = world(2, rules.concat());
    let tell = |progress| {
        told.borrow_mut().push(progress);
        ControlFlow::Continue(())
    };
    let report = check(&world, Search::StaterightBfs, Limits::default(), Some(&tell)).expect("it makes sense");
    assert_eq!(report.unique_states, 256 * 256);
    let last = *told.borrow().last().expect("progress was told");
    assert!(last.unique_states <= report.unique_states && last.states > 0);
}

#[test]
fn who_is_told_of_progress_can_stop_every_search() {
    // Four counters of a byte each: far more states than any search gets to.
    let rules = [A, B, C, NodeId(3)]
        .map(|n| [rule(n, When::Boot, [Do::Arm(0)]), rule(n, When::Fired(0), [Do::Add(1), Do::Arm(0)])]);
    let world = world(4, rules.concat());
    for engine in EVERY {
        let limits = Limits { max_states: Some(20_000_000), ..Limits::default() };
        let report = check(&world, engine, limits, Some(&|_| ControlFlow::Break(()))).expect("it makes sense");
        assert_eq!(report.verdict, Verdict::Incomplete(Shortfall::Interrupted), "{engine:?}");
    }
}

#[test]
fn equal_scopes_give_equal_reports() {
    let world = World {
        budget: Budget { crashes: 1, losses: 1, ..Budget::default() },
        crashable: vec![A],
        calls: vec![(A, Word(0))].into(),
        monitors: vec![Watcher::answered(0, 1)],
        ..world(
            2,
            vec![
                rule(A, When::Called(0), [Do::Say(0), Do::Send(B, 0)]),
                rule(B, When::Got(0), [Do::Send(A, 1)]),
                rule(A, When::Got(1), [Do::Say(1), Do::Reply]),
            ],
        )
    };
    let (one, two) = (run(&world), run(&world));
    assert_eq!((one.unique_states, one.states, one.depth), (two.unique_states, two.states, two.depth));
    let texts =
        |report: &quiesce_model::Report<crate::Toy>| report.counterexamples.iter().map(lines).collect::<Vec<_>>();
    assert_eq!(texts(&one), texts(&two));
    assert!(!texts(&one).is_empty());
}

/// The fingerprints of every state, found in an order that `last` turns from first come to last come.
fn fingerprints(world: &World, last: bool) -> BTreeSet<u64> {
    let system = System::new(world.clone()).expect("the world makes sense");
    let mut open: VecDeque<_> = system.init_states().into();
    let mut seen = BTreeSet::new();
    while let Some(state) = if last { open.pop_back() } else { open.pop_front() } {
        if seen.insert(system.fingerprint(&state)) {
            open.extend(system.next_states(&state));
        }
    }
    seen
}

#[test]
fn fingerprints_follow_content_and_not_the_order_of_the_search() {
    let world = World {
        budget: Budget { crashes: 2, losses: 1, ..Budget::default() },
        crashable: vec![A],
        monitors: vec![Watcher::answered(0, 1), Watcher::Never(3)],
        ..world(
            2,
            vec![
                rule(A, When::Boot, [Do::Say(0), Do::Put(0, 1), Do::Send(B, 0), Do::Send(B, 1), Do::Arm(0)]),
                rule(A, When::Fired(0), [Do::Draw(3), Do::If(2, vec![Do::Say(3)])]),
                rule(B, When::Got(0), [Do::Send(A, 2)]),
                rule(B, When::Got(1), [Do::Set(1), Do::Send(A, 3)]),
                rule(A, When::Got(2), [Do::Say(1)]),
            ],
        )
    };
    let found = fingerprints(&world, false);
    assert_eq!(found, fingerprints(&world, true));
    assert_eq!(found.len() as u64, run(&world).unique_states);
}

#[test]
fn scopes_that_make_no_sense_are_refused() {
    let refused = |world: World| check(&world, Search::Bfs, Limits::default(), None).map(|_| ()).unwrap_err();
    let scope = |error| CheckError::Scope(error);
    assert_eq!(refused(world(0, Vec::new())), scope(ScopeError::NoNodes));
    let twice = World { monitors: vec![Watcher::Never(1), Watcher::Never(2)], ..counter() };
    assert_eq!(refused(twice), scope(ScopeError::NameTwice { name: "never" }));
    let stranger = World { calls: vec![(B, Word(0))].into(), ..counter() };
    let unknown = refused(stranger);
    assert_eq!(unknown, scope(ScopeError::UnknownNode { place: "a call", node: B, count: 1 }));
    assert_eq!(unknown.to_string(), "a call speaks of node n1, but the scope's nodes are n0 to n0");
    let crashes = World { budget: Budget { crashes: 1, ..Budget::default() }, ..counter() };
    assert!(matches!(refused(crashes), CheckError::Scope(ScopeError::IdleBudget { fault: "crashes", .. })));
    let losing = Budget { crashes: 1, record_losses: 2, ..Budget::default() };
    let losses = World { budget: losing, crashable: vec![A], ..counter() };
    assert!(matches!(refused(losses), CheckError::Scope(ScopeError::IdleBudget { .. })));
    let partitions = World { budget: Budget { partitions: 1, ..Budget::default() }, ..counter() };
    assert!(matches!(refused(partitions), CheckError::Scope(ScopeError::IdleBudget { fault: "partitions", .. })));
    let all = World { cuts: vec![vec![A]], ..counter() };
    assert_eq!(refused(all), scope(ScopeError::EmptyCut { cut: 0 }));
}
