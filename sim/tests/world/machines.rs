//! Slow processes, wrong clocks and stores that fail: each makes the difference it is named for.

use std::collections::BTreeSet;

use quiesce_machine::{Delay, NodeId};
use quiesce_sim::{Action, FaultKind, Rate, Ratio, Records, Shift, StoreFault, Vacuity, Verdict};

use crate::puppet::{A, B, Op, Puppet, PuppetPlan, Tell, ms, plan, play, told};

/// Kind, site, planned, applied and affected of the only fault.
fn counts(plan: &PuppetPlan) -> (FaultKind, String, u64, u64, u64) {
    let (outcome, _) = play(plan, 1);
    let [fault] = &outcome.faults[..] else { panic!("{:?}", outcome.faults) };
    (fault.kind, fault.site.clone(), fault.planned, fault.applied, fault.affected)
}

fn idle(plan: &PuppetPlan) -> String {
    let verdict = play(plan, 1).0.verdict;
    let Verdict::Vacuous(reasons) = verdict else { panic!("{verdict:?}") };
    reasons.iter().map(Vacuity::to_string).collect()
}

fn slow(node: NodeId) -> Action<Puppet> {
    Action::Slow { node, by: ms(20) }
}

fn ring(alarm: u32, millis: u64) -> Op {
    Op::Arm(alarm, Delay::from(ms(millis)))
}

#[test]
fn a_slow_process_takes_its_time_for_each_event_and_keeps_their_order() {
    let base = plan().tell(10, A, [Op::Say(1), ring(7, 35)]).tell(15, A, [Op::Say(2)]).tell(16, B, [Op::Note(A, 3)]);
    assert_eq!(told(&base, 1), ["10 a said 1", "15 a said 2", "17 a got 3 from n1, heard 1", "45 a alarm 7"]);
    let slowed = base.clone().act(5, slow(A));
    let late = ["30 a said 1", "50 a said 2", "70 a got 3 from n1, heard 1", "90 a alarm 7"];
    assert_eq!(told(&slowed, 1), late);
    assert_eq!(counts(&slowed), (FaultKind::Slow, "a 20ms an event".to_owned(), 1, 1, 4));
    let ended = base.act_for(5, 50, slow(A));
    let caught_up = ["30 a said 1", "50 a said 2", "55 a got 3 from n1, heard 1", "65 a alarm 7"];
    assert_eq!(told(&ended, 1), caught_up);
}

#[test]
fn a_slow_process_that_is_paused_stops_and_goes_on_slowly() {
    let base = plan().act(5, slow(A)).tell(10, A, [Op::Say(1)]).tell(11, A, [Op::Say(2)]);
    let paused = base.act(20, Action::Pause { node: A }).act(100, Action::Resume { node: A });
    assert_eq!(told(&paused, 1), ["120 a said 1", "140 a said 2"]);
}

#[test]
fn a_slow_process_that_dies_forgets_what_waited_and_stays_slow_in_its_next_life() {
    let crash = Action::Crash { node: A, records: Records::Kept, stays_down: false };
    let plan = plan().act(5, slow(A)).tell(10, A, [Op::Say(1)]).act_for(15, 10, crash).tell(26, A, [Op::Say(2)]);
    assert_eq!(told(&plan, 1), ["25 a started #2", "46 a said 2"]);
    assert_eq!(play(&plan, 1).0.unheard.len(), 1);
}

#[test]
fn a_slow_process_that_has_nothing_to_do_is_vacuous() {
    assert_eq!(idle(&plan().act(5, slow(A))), "step 1, slow a 20ms an event, kept nothing waiting");
}

#[test]
fn a_skewed_clock_shows_in_stamps_and_not_in_timers() {
    let clocks = |shift| {
        let plan = plan().tell(20, A, [Op::Clock, ring(1, 50)]).tell(20, B, [Op::Clock]);
        let plan = plan.act_for(10, 90, Action::Skew { node: A, shift }).tell(150, A, [Op::Clock]);
        told(&plan, 1)
    };
    let around = |shown: &str| {
        ["20 a clock ", "20 b clock 20", "70 a alarm 1", "150 a clock 150"]
            .map(|line| if line.ends_with("clock ") { format!("{line}{shown}") } else { line.to_owned() })
    };
    assert_eq!(clocks(Shift::Ahead(ms(5000))), around("5020"));
    assert_eq!(clocks(Shift::Behind(ms(15))), around("5"));
    assert_eq!(clocks(Shift::Behind(ms(5000))), around("0"));
}

#[test]
fn a_drifting_clock_shows_in_stamps_and_in_timers() {
    let rate = |num, den| Rate::new(num, den).unwrap();
    let drifting = |rate| {
        let plan = plan().act(100, Action::Drift { node: A, rate }).tell(200, A, [Op::Clock, ring(1, 1000)]);
        plan.tell(200, B, [ring(2, 1000)])
    };
    assert_eq!(told(&drifting(rate(5, 4)), 1), ["200 a clock 225", "1000 a alarm 1", "1200 b alarm 2"]);
    assert_eq!(told(&drifting(rate(1, 2)), 1), ["200 a clock 150", "1200 b alarm 2", "2200 a alarm 1"]);
    assert_eq!(counts(&drifting(rate(1, 2))), (FaultKind::Drift, "a at 1/2".to_owned(), 1, 1, 1));
    let ended =
        plan().act_for(100, 100, Action::Drift { node: A, rate: rate(2, 1) }).tell(300, A, [Op::Clock, ring(1, 50)]);
    assert_eq!(told(&ended, 1), ["300 a clock 400", "350 a alarm 1"], "it keeps what it gained");
}

#[test]
fn the_end_of_the_phase_under_fire_sets_clocks_and_slow_processes_right() {
    let late = plan()
        .act(0, Action::Skew { node: A, shift: Shift::Ahead(ms(7)) })
        .act(0, Action::Drift { node: A, rate: Rate::new(2, 1).unwrap() })
        .act(9_995, slow(A))
        .tell(9_998, A, [Op::Later(Delay::from(ms(10)), A, 1), Op::Clock]);
    assert_eq!(told(&late, 1), ["10000 a clock 10000", "10010 a got 1 from n0, heard 1"]);
}

fn writes() -> PuppetPlan {
    let crash = Action::Crash { node: A, records: Records::Kept, stays_down: false };
    plan().tell(10, A, [Op::Put(1, 10), Op::Put(2, 20)]).tell(10, B, [Op::Put(3, 30)]).act_for(100, 100, crash)
}

fn faulty(node: Option<NodeId>, fault: StoreFault) -> PuppetPlan {
    writes().act(5, Action::Store { node, fault, count: 1 })
}

#[test]
fn a_write_that_fails_is_told_and_not_kept() {
    let fine = ["10 a stored 1", "10 a stored 2", "10 b stored 3", "200 a started #2 1=10 2=20"];
    assert_eq!(told(&writes(), 1), fine);
    let failed = faulty(Some(A), StoreFault::Fail);
    let rest = ["10 a not stored 1: Failed", "10 a stored 2", "10 b stored 3", "200 a started #2 2=20"];
    assert_eq!(told(&failed, 1), rest);
    let fault = play(&failed, 1).0.faults[1].clone();
    assert_eq!((fault.kind, fault.site.as_str(), fault.applied, fault.affected), (FaultKind::StoreFail, "a", 1, 1));
}

#[test]
fn a_write_whose_answer_is_lost_may_have_been_applied_or_not() {
    let told_of = |applied| told(&faulty(None, StoreFault::Unknown { applied }), 1);
    let unknown = |reborn| ["10 a not stored 1: Unknown", "10 a stored 2", "10 b stored 3", reborn];
    assert_eq!(told_of(true), unknown("200 a started #2 1=10 2=20"));
    assert_eq!(told_of(false), unknown("200 a started #2 2=20"));
}

#[test]
fn a_write_that_lands_late_keeps_those_behind_it_waiting() {
    let late = faulty(None, StoreFault::Late { by: ms(50) });
    let lines = ["10 b stored 3", "60 a stored 1", "60 a stored 2", "200 a started #2 1=10 2=20"];
    assert_eq!(told(&late, 1), lines);
    let lost = faulty(None, StoreFault::Late { by: ms(500) });
    let ends: BTreeSet<String> = (0..40).filter_map(|seed| told(&lost, seed).pop()).collect();
    assert_eq!(ends.len(), 3, "a crash comes before it: {ends:?}");
}

#[test]
fn a_store_fault_that_meets_no_write_is_vacuous_and_ends_by_itself() {
    let fault = || Action::Store { node: Some(B), fault: StoreFault::Fail, count: 1 };
    assert_eq!(idle(&plan().act(5, fault())), "step 1, store-fail b, met no write");
    let ended = plan().act_for(5, 10, fault()).tell(20, B, [Op::Put(1, 1)]);
    assert_eq!(told(&ended, 1), ["20 b stored 1"]);
}

#[test]
fn stores_fail_at_random_as_often_as_stated_until_the_phase_under_fire_ends() {
    let mut plan = plan().tell(10, A, (0..1000).map(|key| Op::Put(key, key)));
    let quarter = Ratio::new(1, 4).unwrap();
    plan.store_faults.fail = quarter;
    plan.store_faults.unknown = quarter;
    plan.store_faults.late = Ratio::new(1, 1000).unwrap();
    plan.store_faults.late_by = Delay::from(ms(5)..ms(9));
    let lines = told(&plan, 1);
    let count = |word: &str| lines.iter().filter(|line| line.ends_with(word)).count();
    assert!((200..300).contains(&count("Failed")) && (140..240).contains(&count("Unknown")), "{}", count("Unknown"));
    let faults = play(&plan, 1).0.faults;
    let kinds = [FaultKind::RandomStoreFail, FaultKind::RandomStoreUnknown, FaultKind::RandomStoreLate];
    assert_eq!(faults.iter().map(|fault| fault.kind).collect::<Vec<_>>(), kinds);
    assert_eq!((faults[0].planned, faults[0].affected as usize), (1000, count("Failed")));
    plan.steps.clear();
    let calm = plan.tell(0, A, [Op::Later(Delay::from(ms(10_000)), A, 1)]).tell(1, B, [Op::Put(1, 1)]);
    assert_eq!(play(&calm, 1).0.verdict, Verdict::Pass);
}

#[test]
fn a_crash_and_a_pause_end_by_themselves_unless_something_else_ended_them() {
    let crash = || Action::Crash { node: A, records: Records::Kept, stays_down: true };
    let pause = || Action::Pause { node: B };
    let both = plan().act_for(10, 40, crash()).act_for(10, 40, pause()).tell(20, B, [Op::Say(1)]);
    assert_eq!(told(&both, 1), ["50 a started #2", "50 b said 1"]);
    let other = plan().act_for(10, 40, crash()).act(20, Action::Restart { node: A }).act(30, crash());
    assert_eq!(told(&other, 1), ["20 a started #2"], "the second crash has no end");
    let resumed = plan().act_for(10, 40, pause()).act(20, Action::Resume { node: B }).act(30, pause());
    assert_eq!(told(&resumed.tell(40, B, [Op::Say(1)]), 1), ["10000 b said 1"]);
}

#[test]
fn marks_are_counted_and_say_nothing_else() {
    let base = plan().tell(10, A, [Op::Say(1)]);
    let marked =
        plan().tell(10, A, [Op::Reach("puppet/one"), Op::Say(1), Op::Reach("puppet/two"), Op::Reach("puppet/one")]);
    let outcome = play(&marked, 1).0;
    assert_eq!(outcome.marks.into_iter().collect::<Vec<_>>(), [("puppet/one", 2), ("puppet/two", 1)]);
    assert_eq!(told(&marked, 1), told(&base, 1));
    assert!(play(&base, 1).0.marks.is_empty());
}
