//! Processes die, start, stop and go on as documented, and their stores, timers and mail with them.

use std::collections::BTreeSet;

use quiesce_machine::{CallId, Delay, NodeId};
use quiesce_sim::{Action, Records};

use crate::puppet::{A, B, C, Check, Op, PuppetPlan, Tell, WAKES, ms, plan, play, told};

fn crash(node: NodeId) -> Action<crate::puppet::Puppet> {
    Action::Crash { node, records: Records::Kept, stays_down: false }
}

fn ring(alarm: u32, millis: u64) -> Op {
    Op::Arm(alarm, Delay::from(ms(millis)))
}

#[test]
fn a_crash_takes_memory_and_timers_and_a_restart_brings_back_the_records_by_key() {
    let base = plan()
        .tell(10, A, [Op::Put(2, 20), Op::Put(1, 10), Op::Put(3, 30), Op::Remove(3), ring(1, 500)])
        .tell(20, B, [Op::Note(A, 7)])
        .tell(300, B, [Op::Note(A, 8)]);
    let before = ["10 a stored 2", "10 a stored 1", "10 a stored 3", "10 a stored 3", "21 a got 7 from n1, heard 1"];
    let undisturbed = [&before[..], &["301 a got 8 from n1, heard 2", "510 a alarm 1"]].concat();
    assert_eq!(told(&base, 1), undisturbed);
    let crashed = base.act(100, crash(A)).act(200, Action::Restart { node: A });
    let reborn = ["200 a started #2 1=10 2=20", "301 a got 8 from n1, heard 1"];
    assert_eq!(told(&crashed, 1), [&before[..], &reborn].concat());
}

#[test]
fn a_crash_with_its_records_lost_starts_empty() {
    let lost = Action::Crash { node: A, records: Records::Lost, stays_down: false };
    let plan = plan().tell(10, A, [Op::Put(1, 10)]).act(100, lost).act(200, Action::Restart { node: A });
    assert_eq!(told(&plan, 1), ["10 a stored 1", "200 a started #2"]);
}

#[test]
fn a_timer_of_an_earlier_life_does_not_fire_for_one_armed_again() {
    let plan = plan()
        .tell(10, A, [ring(1, 500), ring(2, 600)])
        .act(100, crash(A))
        .act(200, Action::Restart { node: A })
        .tell(300, A, [ring(2, 700)]);
    assert_eq!(told(&plan, 1), ["200 a started #2", "1000 a alarm 2"]);
}

#[test]
fn a_crash_keeps_a_drawn_prefix_of_the_writes_on_their_way() {
    let writes = [Op::Put(1, 10), Op::Put(2, 20), Op::Put(1, 11)];
    let mut plan = plan().tell(10, A, writes).act(15, crash(A)).act(20, Action::Restart { node: A });
    assert_eq!(told(&plan, 1).last().map(String::as_str), Some("20 a started #2 1=11 2=20"));
    plan.store_latency = Delay::from(ms(10));
    let found: BTreeSet<String> = (0..60).flat_map(|seed| told(&plan, seed)).collect();
    let prefixes = ["", " 1=10", " 1=10 2=20", " 1=11 2=20"].map(|rows| format!("20 a started #2{rows}"));
    assert_eq!(found, BTreeSet::from(prefixes), "every prefix, nothing else, and no write is answered");
}

#[test]
fn a_write_of_an_earlier_life_does_not_hasten_a_later_one() {
    let mut plan = plan().tell(10, A, [Op::Put(1, 10)]).act(12, crash(A)).act(13, Action::Restart { node: A }).tell(
        15,
        A,
        [Op::Put(2, 20)],
    );
    plan.store_latency = Delay::from(ms(10));
    assert_eq!(told(&plan, 1)[1..], ["25 a stored 2"]);
}

#[test]
fn what_a_process_does_while_it_starts_belongs_to_its_new_life() {
    let plan = plan().tell(10, A, [Op::Put(WAKES, 1)]).act(20, crash(A)).act(30, Action::Restart { node: A });
    assert_eq!(told(&plan, 1), ["10 a stored 77", "30 a started #2 77=1", "30 a got 77 from n0, heard 1"]);
}

#[test]
fn writes_never_overtake_each_other_whatever_their_latency() {
    let mut plan = plan().tell(10, A, (0..50).map(|value| Op::Put(value, value)));
    plan.store_latency = Delay::from(ms(1)..ms(100));
    let stored: Vec<String> =
        told(&plan, 1).iter().map(|line| line.split(' ').next_back().unwrap().to_owned()).collect();
    assert_eq!(stored, (0..50).map(|value: u32| value.to_string()).collect::<Vec<_>>());
    let (_, trace) = play(&plan, 1);
    let last = trace.entries.iter().rfind(|entry| entry.event.is_some()).map(|entry| entry.at.0 / 1_000_000);
    assert!(last.is_some_and(|millis| (80..=110).contains(&millis)), "{trace}");
}

#[test]
fn a_message_to_a_dead_process_bounces_to_its_sender() {
    let plan = plan().act(5, crash(B)).tell(10, A, [Op::Note(B, 1)]);
    assert_eq!(told(&plan, 1), ["12 a 1 refused by n1", "10000 b started #2"]);
    let faults = play(&plan, 1).0.faults;
    assert_eq!((faults[0].site.as_str(), faults[0].applied, faults[0].affected), ("b", 1, 1));
}

#[test]
fn nothing_bounces_over_a_cut_link_to_a_dead_sender_or_to_its_next_life() {
    let base = plan().act(5, crash(B)).tell(10, A, [Op::Note(B, 1)]);
    let refused = |plan: PuppetPlan| told(&plan, 1).iter().any(|line| line.contains("refused"));
    assert!(refused(base.clone()));
    assert!(!refused(base.clone().act(10, Action::Cut { from: B, to: A })), "the way back is cut");
    assert!(!refused(base.clone().act(11, Action::Cut { from: A, to: B })), "the way there is cut meanwhile");
    assert!(!refused(base.clone().act(11, crash(A))), "the sender is down when its message is refused");
    assert!(!refused(base.clone().act(12, crash(A))), "the sender is down when the refusal arrives");
    let reborn = |at| base.clone().act(at, crash(A)).act(at, Action::Restart { node: A });
    assert!(!refused(reborn(11)) && !refused(reborn(12)), "another life never sent it");
}

#[test]
fn what_a_process_sent_itself_dies_with_it() {
    let send = plan().tell(10, A, [Op::Note(A, 1)]);
    assert_eq!(told(&send, 1), ["10 a got 1 from n0, heard 1"]);
    let dead = send.act(10, crash(A)).act(10, Action::Restart { node: A });
    assert_eq!(told(&dead, 1), ["10 a started #2"]);
}

#[test]
fn a_message_of_a_dead_sender_still_arrives() {
    let plan = plan().tell(10, A, [Op::Note(B, 1)]).act(10, crash(A));
    assert_eq!(told(&plan, 1)[0], "11 b got 1 from n0, heard 1");
}

#[test]
fn a_call_to_a_dead_process_is_not_heard_and_the_outcome_says_so() {
    let plan = plan().tell(10, A, [Op::Say(1)]).act(15, crash(A)).tell(20, A, [Op::Say(2)]);
    let (outcome, _) = play(&plan, 1);
    assert_eq!(outcome.unheard, [CallId(200)]);
    assert_eq!(outcome.replies.iter().map(|answer| answer.call).collect::<Vec<_>>(), [CallId(100)]);
    assert_eq!(told(&plan, 1), ["10 a said 1", "10000 a started #2"]);
}

/// Node a gets a note, a refusal, an alarm, the answer of its store and a call, in this order.
fn busy() -> PuppetPlan {
    let mut plan = plan()
        .act(5, crash(C))
        .tell(10, A, [Op::Put(1, 10), ring(1, 3), Op::Note(C, 8)])
        .tell(10, B, [Op::Note(A, 7)])
        .tell(15, A, [Op::Say(5), ring(2, 100)]);
    plan.store_latency = Delay::from(ms(4));
    plan
}

#[test]
fn everything_waits_for_a_paused_process_and_happens_in_order_when_it_resumes() {
    let free = told(&busy(), 1);
    let what = ["11 a got 7 from n1, heard 1", "12 a 8 refused by n2", "13 a alarm 1", "14 a stored 1", "15 a said 5"];
    assert_eq!(free[..5], what);
    let paused = busy().act(10, Action::Pause { node: A }).act(50, Action::Resume { node: A });
    let mut late: Vec<String> = what.iter().map(|line| format!("50{}", &line[2..])).collect();
    late.extend(["150 a alarm 2".to_owned(), "10000 c started #2".to_owned()]);
    assert_eq!(told(&paused, 1), late);
    let faults = play(&paused, 1).0.faults;
    assert_eq!((faults[1].site.as_str(), faults[1].applied, faults[1].affected), ("a", 1, 2));
    assert_eq!((faults[2].site.as_str(), faults[2].applied), ("a", 1));
}

#[test]
fn a_timer_that_waits_for_a_paused_process_can_still_be_disarmed_or_armed_again() {
    let paused = |ops: Vec<Op>| {
        let plan = plan().tell(10, A, [ring(1, 20)]).act(15, Action::Pause { node: A }).tell(20, A, ops);
        told(&plan.act(50, Action::Resume { node: A }), 1)
    };
    assert_eq!(paused(vec![]), ["50 a alarm 1"]);
    assert_eq!(paused(vec![Op::Disarm(1)]), [""; 0]);
    assert_eq!(paused(vec![ring(1, 7)]), ["57 a alarm 1"]);
    assert_eq!(paused(vec![Op::Disarm(1), ring(1, 0)]), ["50 a alarm 1"]);
}

#[test]
fn a_paused_process_that_dies_refuses_what_waited() {
    let plan = busy().act(10, Action::Pause { node: A }).act(30, crash(A)).act(40, Action::Restart { node: A }).tell(
        50,
        A,
        [Op::Say(6)],
    );
    let lines = ["31 b 7 refused by n0", "40 a started #2 1=10", "50 a said 6", "10000 c started #2"];
    assert_eq!(told(&plan, 1), lines);
    assert_eq!(play(&plan, 1).0.unheard, [CallId(150)]);
}

#[test]
fn when_everything_heals_the_paused_resume_and_the_dead_start_unless_they_stay_down() {
    let plan = plan()
        .act(10, Action::Crash { node: A, records: Records::Kept, stays_down: false })
        .act(10, Action::Crash { node: B, records: Records::Kept, stays_down: true })
        .act(10, Action::Pause { node: C })
        .tell(20, C, [Op::Say(1)]);
    assert_eq!(told(&plan, 1), ["10000 c said 1", "10000 a started #2"]);
    let brought_back = plan.act(30, Action::Restart { node: B });
    assert_eq!(told(&brought_back, 1), ["30 b started #2", "10000 c said 1", "10000 a started #2"]);
}

#[test]
fn steps_of_one_instant_keep_their_order_and_precede_what_arrives_in_it() {
    let plan = plan()
        .tell(9, B, [Op::Note(A, 7)])
        .tell(10, A, [Op::Say(1)])
        .act(10, crash(A))
        .act(10, Action::Restart { node: A })
        .act(10, Action::Pause { node: A })
        .act(10, Action::Resume { node: A });
    assert_eq!(told(&plan, 1), ["10 a said 1", "10 a started #2", "10 a got 7 from n1, heard 1"]);
    let mut shuffled = plan.clone();
    let first = shuffled.steps.remove(0);
    shuffled.steps.push(first);
    assert_eq!(told(&shuffled, 1), told(&plan, 1), "steps happen by time, wherever they stand");
}

#[test]
fn monitors_hear_of_starts_crashes_and_facts_in_order() {
    let lost = Action::Crash { node: A, records: Records::Lost, stays_down: false };
    let mut plan = plan().tell(5, A, [Op::Say(1)]).act(10, lost).act(20, Action::Restart { node: A });
    plan.monitors = vec![Check::Log(Vec::new())];
    let (outcome, _) = play(&plan, 1);
    let log = [
        "a up #1 +--",
        "a started #1 +--",
        "b up #1 ++-",
        "b started #1 ++-",
        "c up #1 +++",
        "c started #1 +++",
        "a said 1 +++",
        "a down true -++",
        "a up #2 +++",
        "a started #2 +++",
    ];
    assert_eq!(outcome.findings[0].evidence, log.join("; "));
}
