//! The same plan and seed make the same things happen; what is added elsewhere moves nothing.

use quiesce_machine::{CallId, Delay};
use quiesce_sim::{Action, Outcome, Ratio, Records, run};

use crate::puppet::{A, B, C, Do, Op, Puppet, PuppetPlan, Tell, ms, plan, play, told};

/// Something of everything.
fn eventful() -> PuppetPlan {
    let choose = |count: usize| (0..count).map(|_| Op::Choose("back-off"));
    let mut plan = plan()
        .tell(1, A, (0..50).map(|id| Op::Ping(B, id)))
        .tell(2, B, choose(5).chain((0..50).map(|id| Op::Note(C, id))))
        .tell(3, C, (0..20).map(|alarm| Op::Arm(alarm, Delay::from(ms(10)..ms(90)))))
        .tell(4, A, (0..20).map(|key| Op::Put(key, key)))
        .act(5, Action::Crash { node: A, records: Records::Kept, stays_down: false })
        .act(50, Action::Pause { node: B });
    plan.network.latency = Delay::from(ms(1)..ms(60));
    plan.network.loss = Ratio::new(1, 10).unwrap();
    plan.network.duplicate = Ratio::new(1, 10).unwrap();
    plan.network.reorder = Ratio::new(1, 10).unwrap();
    plan.network.reorder_delay = Delay::from(ms(1)..ms(60));
    plan.store_latency = Delay::from(ms(0)..ms(5));
    plan
}

fn lines(plan: &PuppetPlan, about: &str) -> Vec<String> {
    told(plan, 1).into_iter().filter(|line| line.contains(about)).collect()
}

#[test]
fn a_seed_yields_the_same_outcome_and_trace_every_time() {
    for seed in 0..20 {
        assert_eq!(play(&eventful(), seed), play(&eventful(), seed));
    }
}

#[test]
fn seeds_differ_in_what_happens_and_in_the_digest() {
    let mut digests: Vec<_> = (0..50).map(|seed| run(&eventful(), seed).digest).collect();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 50);
}

#[test]
fn the_digest_sees_who_when_what_and_what_was_said() {
    let digest = |plan: PuppetPlan, seed| run(&plan, seed).digest;
    let cut_off = |node, ops: Vec<Op>| plan().act(0, Action::Cut { from: A, to: B }).tell(10, node, ops);
    let base = || cut_off(A, vec![Op::Note(B, 1)]);
    assert_eq!(digest(base(), 1), digest(base(), 2), "nothing is drawn that shows");
    assert_ne!(digest(base(), 1), digest(cut_off(A, vec![Op::Note(B, 2)]), 1), "another call");
    assert_ne!(digest(base(), 1), digest(base().act(20, Action::Heal), 1), "a step more");
    let called = |node| plan().act(10, Action::Call { node, request: Do(Vec::new()), call: CallId(1) });
    assert_ne!(digest(called(A), 1), digest(called(B), 1), "another node");

    let differs = |ops: Vec<Op>| digest(cut_off(A, ops.clone()), 1) != digest(cut_off(A, ops), 2);
    assert!(!differs(vec![Op::Say(1)]));
    assert!(differs(vec![Op::Choose("back-off")]), "another fact");
    assert!(differs(vec![Op::Draw]), "another reply");
    assert!(differs(vec![Op::Later(Delay::from(ms(1)..ms(9)), B, 1)]), "another time");
}

#[test]
fn runs_on_several_threads_do_not_disturb_each_other() {
    let plan = eventful();
    let alone: Vec<Outcome<Puppet>> = (0..8).map(|seed| run(&plan, seed)).collect();
    let together = std::thread::scope(|scope| {
        let plan = &plan;
        let threads: Vec<_> = (0..8).map(|seed| scope.spawn(move || run(plan, seed))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(alone, together);
}

#[test]
fn a_choice_more_at_one_node_moves_no_other_draw() {
    let base = eventful();
    let mut more = eventful();
    let Action::Call { request, .. } = &mut more.steps[1].action else { panic!("the second step is a call") };
    request.0.insert(0, Op::Choose("pick-peer"));
    assert_eq!(lines(&more, "pick-peer").len(), 1);
    let rest =
        |plan: &PuppetPlan| told(plan, 1).into_iter().filter(|line| !line.contains("pick-peer")).collect::<Vec<_>>();
    assert_eq!(rest(&more), rest(&base));
}

#[test]
fn jitter_more_moves_no_other_draw() {
    let mut more = eventful();
    let Action::Call { request, .. } = &mut more.steps[0].action else { panic!("the first step is a call") };
    request.0.insert(0, Op::Later(Delay::from(ms(10)..ms(19)), A, 1));
    assert_eq!(told(&more, 1), told(&eventful(), 1), "the crash disarms it");
}

#[test]
fn a_node_more_moves_no_other_draw() {
    let mut more = eventful();
    more.nodes = ["a", "b", "c", "d"].into_iter().collect();
    assert_eq!(told(&more, 1), told(&eventful(), 1));
}

#[test]
fn draws_hang_on_names_not_on_places() {
    let chosen = |names: [&str; 3]| {
        let mut plan = plan().tell(1, A, [Op::Choose("back-off")]).tell(1, B, [Op::Choose("back-off")]);
        plan.nodes = names.into_iter().collect();
        let mut lines = told(&plan, 1);
        lines.sort();
        lines
    };
    assert_eq!(chosen(["a", "b", "c"]), chosen(["b", "a", "c"]));
    assert_ne!(chosen(["a", "b", "c"]), chosen(["a", "x", "c"]));
}

#[test]
fn jitter_stays_within_its_bounds_and_uses_them() {
    let plan = plan().tell(0, A, (0..300).map(|alarm| Op::Arm(alarm, Delay::from(ms(100)..ms(109)))));
    let (_, trace) = play(&plan, 1);
    let fired: Vec<u64> = trace.entries.iter().filter(|entry| entry.label == "ring").map(|entry| entry.at.0).collect();
    assert_eq!(fired.len(), 300);
    assert!(fired.iter().all(|at| (100_000_000..=109_000_000).contains(at)));
    assert!(fired[0] < 101_000_000 && fired[299] > 108_000_000);
}

#[test]
fn arming_again_replaces_the_deadline_and_disarming_removes_it() {
    let ring = |alarm, millis| Op::Arm(alarm, Delay::from(ms(millis)));
    let plan = plan().tell(0, A, [ring(1, 100), ring(2, 100), ring(3, 100), ring(4, 100)]).tell(
        50,
        A,
        [ring(1, 10), ring(2, 90), Op::Disarm(3)],
    );
    assert_eq!(told(&plan, 1), ["60 a alarm 1", "100 a alarm 4", "140 a alarm 2"]);
}

#[test]
fn a_trace_is_one_aligned_line_an_event() {
    let plan = plan()
        .tell(10, A, [Op::Ping(B, 7), Op::Put(1, 5)])
        .act(12, Action::Lose { label: "note".into(), from: None, to: Some(C), count: 1 })
        .tell(13, A, [Op::Note(C, 8), Op::Arm(1, Delay::from(ms(1)))])
        .act(15, Action::Crash { node: C, records: Records::Lost, stays_down: true });
    let (_, trace) = play(&plan, 1);
    let expected = [
        "1   0.000000s  a  start    #1 []                | started #1",
        "2   0.000000s  b  start    #1 []                | started #1",
        "3   0.000000s  c  start    #1 []                | started #1",
        "4   0.010000s  a  call     do #100 Do([Ping(NodeId(1), 7), Put(1, 5)])",
        "    0.010000s  a  reply    done #100 Done(0)",
        "5   0.010000s  a  stored   #1 Ok(())            | stored 1",
        "6   0.011000s  b  deliver  ping from a Ping(7)  | got 7 from n0, heard 1",
        "    0.012000s  -  fault    lose note * -> c",
        "7   0.012000s  a  deliver  pong from b Pong(7)  | got 7 from n1, heard 1",
        "8   0.013000s  a  call     do #130 Do([Note(NodeId(2), 8), Arm(1, Delay { least: 1000000, most: 1000000 })])",
        "    0.013000s  a  lost     note to c Note(8): lost as planned",
        "    0.013000s  a  reply    done #130 Done(0)",
        "9   0.014000s  a  fire     ring Ring(1)         | alarm 1",
        "    0.015000s  c  crash    records lost",
        "   10.000000s  -  heal     the phase under fire ends",
    ];
    assert_eq!(trace.to_string().lines().collect::<Vec<_>>(), expected);
    let causes: Vec<_> = trace.entries.iter().map(|entry| (entry.event, entry.cause)).collect();
    let (call, later_call) = (Some(4), Some(8));
    let number = |event| (Some(event), None);
    let caused = |event, cause| (Some(event), cause);
    let expected = [
        number(1),
        number(2),
        number(3),
        number(4),
        (None, call),
        caused(5, call),
        caused(6, call),
        (None, None),
        caused(7, Some(6)),
        number(8),
        (None, later_call),
        (None, later_call),
        caused(9, later_call),
        (None, None),
        (None, None),
    ];
    assert_eq!(causes, expected);
}
