//! Only a run that tried everything and found nothing passes; every other says why not.

use quiesce_machine::{CallId, Delay, NodeId, Time};
use quiesce_sim::{
    Action, Bound, FaultKind, FindingKind, Names, Outcome, Place, PlanError, Ratio, Records, Vacuity, Verdict,
};

use crate::puppet::{A, B, C, Check, Do, Op, Puppet, PuppetPlan, Tell, ms, plan, play};

fn outcome(plan: &PuppetPlan) -> Outcome<Puppet> {
    play(plan, 1).0
}

fn judged(mut plan: PuppetPlan, monitors: impl Into<Vec<Check>>) -> Outcome<Puppet> {
    plan.monitors = monitors.into();
    outcome(&plan)
}

/// Kind, property, evidence and millisecond of the only finding.
fn finding(outcome: &Outcome<Puppet>) -> (FindingKind, &'static str, &str, u64) {
    assert_eq!(outcome.verdict, Verdict::Fail);
    let [finding] = &outcome.findings[..] else { panic!("{:?}", outcome.findings) };
    (finding.kind, finding.property, &finding.evidence, finding.at.0 / 1_000_000)
}

/// The reasons of a vacuous run, as people read them.
fn reasons(outcome: &Outcome<Puppet>) -> Vec<String> {
    let Verdict::Vacuous(reasons) = &outcome.verdict else { panic!("{:?}", outcome.verdict) };
    reasons.iter().map(Vacuity::to_string).collect()
}

fn crash(node: NodeId) -> Action<Puppet> {
    Action::Crash { node, records: Records::Kept, stays_down: false }
}

#[test]
fn a_run_that_tried_everything_and_found_nothing_passes() {
    let plan = plan().tell(1, A, [Op::Say(7), Op::Note(B, 1)]).tell(2, A, [Op::Say(107)]).act(5, crash(B));
    let outcome = judged(plan, [Check::Never(9), Check::Answered(Vec::new())]);
    assert_eq!((outcome.verdict.clone(), outcome.verdict.word()), (Verdict::Pass, "pass"));
    assert_eq!(outcome.now, Time::ZERO + ms(20_000));
    assert_eq!((outcome.armed, outcome.unarmed), (vec!["never", "answered"], vec![]));
    assert_eq!(outcome.events, 3 + 2 + 1 + 1, "starts, calls, a note, a start");
    assert_eq!(outcome.messages.into_iter().collect::<Vec<_>>(), [("note", 1)]);
    assert_eq!(outcome.facts.into_iter().collect::<Vec<_>>(), [("got", 1), ("said", 2), ("started", 4)]);
}

#[test]
fn a_violation_stops_the_run() {
    let plan = plan().tell(1, A, [Op::Say(9)]).tell(2, A, [Op::Say(9)]);
    let outcome = judged(plan, [Check::Answered(Vec::new()), Check::Never(9)]);
    assert_eq!(finding(&outcome), (FindingKind::Safety, "never", "a said 9", 1));
    assert_eq!((outcome.events, outcome.now), (4, Time::ZERO + ms(1)));
}

#[test]
fn what_is_owed_at_the_end_fails_the_run_and_not_before() {
    let asked = plan().tell(1, A, [Op::Say(7)]);
    let outcome = judged(asked.clone(), [Check::Answered(Vec::new())]);
    assert_eq!(finding(&outcome), (FindingKind::Owed, "answered", "7 is open", 20_000));
    let answered_at_last = asked.tell(10_000, A, [Op::Say(107)]);
    assert_eq!(judged(answered_at_last, [Check::Answered(Vec::new())]).verdict, Verdict::Pass);
}

#[test]
fn a_panic_is_a_finding_that_names_node_event_message_and_place() {
    let outcome = outcome(&plan().tell(3, B, [Op::Say(1), Op::Panic]));
    let (kind, property, evidence, at) = finding(&outcome);
    assert_eq!((kind, property, at), (FindingKind::Panic, "panic", 3));
    assert!(evidence.starts_with("panic while b handled call do: told to ("), "{evidence}");
    assert!(evidence.contains("puppet.rs:"), "{evidence}");
}

#[test]
fn a_panic_of_a_monitor_is_a_finding() {
    let outcome = judged(plan().tell(3, B, [Op::Say(4)]), [Check::Panics(4)]);
    let (kind, _, evidence, _) = finding(&outcome);
    assert!(kind == FindingKind::Panic && evidence.contains("heard 4"), "{evidence}");
}

#[test]
fn a_message_to_a_node_that_does_not_exist_is_a_panic_of_its_sender() {
    let outcome = outcome(&plan().tell(3, B, [Op::Note(NodeId(9), 1)]));
    let (_, _, evidence, _) = finding(&outcome);
    assert!(evidence.contains("n1 sent note to n9, but the nodes are n0 to n2"), "{evidence}");
}

#[test]
fn a_run_that_wants_more_events_than_allowed_is_incomplete() {
    let mut plan = plan().tell(1, A, [Op::Note(B, 1)]);
    assert_eq!(outcome(&plan).events, 5);
    plan.max_events = 5;
    assert_eq!(outcome(&plan).verdict, Verdict::Pass, "as many as allowed");
    plan.max_events = 4;
    let at = Time::ZERO + ms(2);
    assert_eq!(outcome(&plan).verdict, Verdict::Incomplete(Bound::Events { most: 4, at }));
    assert_eq!(Bound::Events { most: 4, at }.to_string(), "stopped at 0.002000s after 4 events");
}

#[test]
fn messages_that_breed_within_one_instant_end_incomplete() {
    let mut plan = plan().tell(1, A, [Op::Echo(A, 1)]);
    plan.max_events = 1000;
    let at = Time::ZERO + ms(1);
    assert_eq!(outcome(&plan).verdict, Verdict::Incomplete(Bound::Events { most: 1000, at }));
}

#[test]
fn a_failure_outranks_a_fault_that_touched_nothing() {
    let plan = plan().tell(1, A, [Op::Say(9)]).act(9_000, crash(B));
    assert_eq!(judged(plan, [Check::Never(9)]).verdict, Verdict::Fail);
}

#[test]
fn a_property_that_had_nothing_to_judge_is_vacuous() {
    let outcome = judged(plan(), [Check::Never(9), Check::Unarmed]);
    assert_eq!(reasons(&outcome), ["unarmed had nothing to judge"]);
    assert_eq!((outcome.armed, outcome.unarmed), (vec!["never"], vec!["unarmed"]));
}

#[test]
fn a_step_after_the_phase_under_fire_is_vacuous() {
    let outcome = outcome(&plan().act(10_000, crash(A)).act(10_001, crash(B)));
    assert_eq!(reasons(&outcome), ["step 2 at 10.001000s never happened: the phase under fire ends at 10.000000s"]);
    assert_eq!(outcome.faults[1].applied, 0);
}

#[test]
fn a_fault_that_touches_nothing_is_vacuous() {
    let rule = "note".to_owned();
    let idle = [
        (Action::Partition { groups: vec![vec![A, B, C]] }, "step 1, partition a b c, blocked no message"),
        (Action::Partition { groups: vec![vec![B], vec![C]] }, "step 1, partition b | c, blocked no message"),
        (Action::Cut { from: B, to: A }, "step 1, cut b -> a, blocked no message"),
        (Action::Restart { node: A }, "step 1, restart a, found the node up"),
        (Action::Resume { node: A }, "step 1, resume a, found the node not paused"),
        (
            Action::Lose { label: rule.clone(), from: Some(B), to: None, count: 1 },
            "step 1, lose note b -> *, matched no message",
        ),
        (
            Action::Duplicate { label: rule.clone(), from: None, to: Some(C), count: 1 },
            "step 1, duplicate note * -> c, matched no message",
        ),
        (
            Action::Delay { label: "nota".into(), from: None, to: None, count: 1, by: ms(1) },
            "step 1, delay nota * -> *, matched no message",
        ),
    ];
    for (action, reason) in idle {
        assert_eq!(reasons(&outcome(&plan().act(5, action).tell(10, A, [Op::Note(B, 1)]))), [reason]);
    }
    let late = plan().tell(10, A, [Op::Note(B, 1)]).act(20, Action::Cut { from: A, to: B });
    assert_eq!(reasons(&outcome(&late)), ["step 2, cut a -> b, blocked no message"]);
}

#[test]
fn a_crash_or_pause_of_a_node_that_is_down_is_vacuous() {
    let twice = |action: Action<Puppet>| reasons(&outcome(&plan().act(5, crash(A)).act(6, action)));
    assert_eq!(twice(crash(A)), ["step 2, crash a, found the node down already"]);
    assert_eq!(twice(Action::Pause { node: A }), ["step 2, pause a, found the node down or paused already"]);
    let paused = plan().act(5, Action::Pause { node: A }).act(6, Action::Pause { node: A });
    assert_eq!(reasons(&outcome(&paused)), ["step 2, pause a, found the node down or paused already"]);
}

#[test]
fn a_random_fault_that_hit_nothing_is_left_to_the_caller() {
    let mut plan = plan().tell(1, A, [Op::Note(B, 1)]);
    plan.network.loss = Ratio::new(1, u32::MAX).unwrap();
    let outcome = outcome(&plan);
    assert_eq!(outcome.verdict, Verdict::Pass);
    let loss = &outcome.faults[0];
    assert_eq!((loss.kind, loss.planned, loss.is_idle()), (FaultKind::RandomLoss, 1, true));
}

#[test]
fn a_plan_that_makes_no_sense_is_refused_with_its_place() {
    let call = |call| Action::Call { node: A, request: Do(Vec::new()), call: CallId(call) };
    let nobody = NodeId(3);
    let with = |change: &dyn Fn(&mut PuppetPlan)| {
        let mut plan = plan();
        change(&mut plan);
        plan
    };
    let reversed = Delay { least: 2, most: 1 };
    let cases = [
        (with(&|plan| plan.nodes = Names::default()), "a plan needs at least one node, found none"),
        (
            with(&|plan| plan.nodes = ["a", "b", "a"].into_iter().collect()),
            "nodes have different names, found `a` twice",
        ),
        (
            plan().act(1, Action::Heal).act(2, crash(nobody)),
            "step 2 speaks of node n3, but the plan's nodes are n0 to n2",
        ),
        (
            plan().act(1, Action::Partition { groups: vec![vec![A, B], vec![C, A]] }),
            "step 1 names `a` twice, but a node is in one group of a partition",
        ),
        (plan().act(1, call(7)).act(2, call(7)), "step 2 makes call 7 again, but each call has an id of its own"),
        (
            with(&|plan| plan.network.latency = reversed),
            "network.latency runs from shorter to longer, found 2 ns to 1 ns",
        ),
        (
            with(&|plan| _ = plan.network.links.insert((A, nobody), Delay::from(ms(1)))),
            "network.links from n0 to n3 speaks of node n3, but the plan's nodes are n0 to n2",
        ),
        (
            with(&|plan| plan.network.reorder_delay = reversed),
            "network.reorder_delay runs from shorter to longer, found 2 ns to 1 ns",
        ),
        (with(&|plan| plan.store_latency = reversed), "store_latency runs from shorter to longer, found 2 ns to 1 ns"),
        (with(&|plan| plan.max_events = 1 << 32), "max_events is at most 4294967295, found 4294967296"),
    ];
    for (plan, message) in cases {
        let outcome = outcome(&plan);
        let Verdict::Error(error) = &outcome.verdict else { panic!("{:?} instead of {message}", outcome.verdict) };
        assert_eq!((error.to_string().as_str(), outcome.events), (message, 0));
    }
    let unknown = PlanError::UnknownNode { place: Place::Step(0), node: nobody, count: 3 };
    assert_eq!(plan().act(1, Action::Cut { from: A, to: nobody }).check(), Err(unknown));
}
