//! A litmus for every fault: what the cluster states with it differs from what it states without it, and from what it
//! states under every other fault. So each fault does something, and something that no other does.

use std::collections::BTreeMap;

use quiesce_machine::{Delay, Time};
use quiesce_sim::{Action, FaultKind, Outcome, Rate, Ratio, Records, Shift, StoreFault, Swarm, run};

use crate::puppet::{A, B, C, Op, Puppet, PuppetPlan, Tell, ms, plan, told};

/// A little of everything that a fault can touch, in less than half a second; at its end `a` shows what it has kept.
fn base() -> PuppetPlan {
    let mut plan = plan()
        .tell(10, A, [Op::Ping(B, 1), Op::Ping(B, 2), Op::Note(C, 3)])
        .tell(20, A, [Op::Put(1, 1), Op::Put(2, 2)])
        .tell(25, A, [Op::Arm(1, Delay::from(ms(100)))])
        .tell(40, B, [Op::Note(A, 6), Op::Note(C, 7)])
        .tell(60, C, [Op::Note(A, 8)])
        .tell(200, A, [Op::Clock, Op::Note(B, 9)])
        .act_for(400, 50, Action::Crash { node: A, records: Records::Kept, stays_down: false });
    plan.store_latency = ms(2).into();
    plan.until = Time::ZERO + ms(600);
    plan
}

/// A fault, the plan without it, and the plan with it.
type Row = (&'static str, FaultKind, PuppetPlan, PuppetPlan);

fn rows() -> Vec<Row> {
    let with = |at, action| base().act_for(at, 300, action);
    let crash = |records| Action::Crash { node: A, records, stays_down: false };
    let store = |fault| Action::Store { node: Some(A), fault, count: 1 };
    let lose = |label: &str| Action::Lose { label: label.to_owned(), from: None, to: None, count: 1 };
    let ping = || "ping".to_owned();
    let apart = |groups: [Vec<_>; 2]| Action::Partition { groups: groups.to_vec() };
    let row = |name, kind, action| (name, kind, base(), with(5, action));
    let then = |name, kind, first: Action<Puppet>, second| {
        let without = base().act(9, first);
        (name, kind, without.clone(), without.act(50, second))
    };
    let random = |name, kind, set: fn(&mut PuppetPlan)| {
        let mut plan = base();
        set(&mut plan);
        (name, kind, base(), plan)
    };
    vec![
        ("crash", FaultKind::Crash, base(), with(22, crash(Records::Kept))),
        ("crash with its disk", FaultKind::Crash, base(), with(30, crash(Records::Lost))),
        then("restart", FaultKind::Restart, crash(Records::Kept), Action::Restart { node: A }),
        row("pause", FaultKind::Pause, Action::Pause { node: A }),
        then("resume", FaultKind::Resume, Action::Pause { node: A }, Action::Resume { node: A }),
        row("partition", FaultKind::Partition, apart([vec![A], vec![B, C]])),
        row("bridge", FaultKind::Partition, apart([vec![A], vec![C]])),
        row("one way", FaultKind::Cut, Action::Cut { from: B, to: A }),
        row("isolate", FaultKind::Isolate, Action::Isolate { node: B }),
        row("clog", FaultKind::Clog, Action::Clog { from: A, to: B }),
        then("release", FaultKind::Release, Action::Clog { from: A, to: B }, Action::Release { from: A, to: B }),
        row("slow", FaultKind::Slow, Action::Slow { node: A, by: ms(7) }),
        row("skew", FaultKind::Skew, Action::Skew { node: A, shift: Shift::Ahead(ms(5000)) }),
        row("drift", FaultKind::Drift, Action::Drift { node: A, rate: Rate::new(2, 1).expect("a rate") }),
        row("a write fails", FaultKind::StoreFail, store(StoreFault::Fail)),
        row("applied, answer lost", FaultKind::StoreUnknown, store(StoreFault::Unknown { applied: true })),
        row("not applied, answer lost", FaultKind::StoreUnknown, store(StoreFault::Unknown { applied: false })),
        row("a write lands late", FaultKind::StoreLate, store(StoreFault::Late { by: ms(50) })),
        row("a request is lost", FaultKind::Lose, lose("ping")),
        row("applied, reply lost", FaultKind::Lose, lose("pong")),
        row("duplicate", FaultKind::Duplicate, Action::Duplicate { label: ping(), from: None, to: None, count: 1 }),
        row("delay", FaultKind::Delay, Action::Delay { label: ping(), from: None, to: None, count: 1, by: ms(30) }),
        random("loss", FaultKind::RandomLoss, |plan| plan.network.loss = half()),
        random("copies", FaultKind::RandomDuplicate, |plan| plan.network.duplicate = half()),
        random("disorder", FaultKind::RandomReorder, |plan| {
            (plan.network.reorder, plan.network.reorder_delay) = (half(), Delay::from(ms(5)..ms(9)));
        }),
        random("writes fail", FaultKind::RandomStoreFail, |plan| plan.store_faults.fail = Ratio::ONE),
        random("writes unanswered", FaultKind::RandomStoreUnknown, |plan| plan.store_faults.unknown = Ratio::ONE),
        random("writes late", FaultKind::RandomStoreLate, |plan| {
            (plan.store_faults.late, plan.store_faults.late_by) = (Ratio::ONE, Delay::from(ms(5)..ms(9)));
        }),
    ]
}

fn half() -> Ratio {
    Ratio::new(1, 2).expect("a ratio")
}

/// Planned, applied and affected, added up over all faults of a kind.
fn counted(outcome: &Outcome<Puppet>, kind: FaultKind) -> [u64; 3] {
    let counts = outcome.faults.iter().filter(|count| count.kind == kind);
    counts.fold([0; 3], |sum, count| [sum[0] + count.planned, sum[1] + count.applied, sum[2] + count.affected])
}

#[test]
fn every_fault_makes_a_difference_that_no_other_makes() {
    let mut stated: BTreeMap<Vec<String>, &str> = BTreeMap::from([(told(&base(), 1), "no fault")]);
    for (name, _, without, with) in rows() {
        assert_ne!(told(&without, 1), told(&with, 1), "{name} makes no difference");
        if let Some(other) = stated.insert(told(&with, 1), name) {
            panic!("{name} and {other} look the same");
        }
    }
}

#[test]
fn every_fault_is_counted_as_planned_and_applied_and_by_what_it_touched() {
    for (name, kind, without, with) in rows() {
        let (before, after) = (counted(&run(&without, 1), kind), counted(&run(&with, 1), kind));
        let [planned, applied, affected] = [0, 1, 2].map(|of| after[of] - before[of]);
        assert!(planned > 0 && applied > 0 && applied <= planned.max(1), "{name}: {before:?}, then {after:?}");
        let touches_nothing =
            matches!(kind, FaultKind::Restart | FaultKind::Resume | FaultKind::Release | FaultKind::Skew);
        assert!(affected > 0 || touches_nothing, "{name}: {after:?}");
    }
    let kinds: std::collections::BTreeSet<FaultKind> = rows().iter().map(|row| row.1).collect();
    assert_eq!(kinds.len(), 24, "every kind there is");
}

#[test]
fn skew_reaches_stamps_and_drift_reaches_timers_as_well() {
    let lines = |name: &str, word: &str| -> Vec<String> {
        let rows = rows();
        let row = rows.iter().find(|row| row.0 == name).expect("a row");
        told(&row.3, 1).into_iter().filter(|line| line.contains(word)).collect()
    };
    assert_eq!(lines("one way", "clock"), ["200 a clock 200"]);
    assert_eq!(lines("skew", "clock"), ["200 a clock 5200"]);
    assert_eq!(lines("drift", "clock"), ["200 a clock 395"], "twice the pace since 5");
    assert_eq!(lines("one way", "alarm"), ["125 a alarm 1"]);
    assert_eq!(lines("skew", "alarm"), ["125 a alarm 1"], "a timer counts from when it is armed");
    assert_eq!(lines("drift", "alarm"), ["75 a alarm 1"], "half as long");
}

/// A swarm of one fault alone.
fn swarms() -> Vec<(FaultKind, Swarm)> {
    let base = Swarm { lasting: Delay::from(ms(20)..ms(200)), ..Swarm::default() };
    let by = Delay::from(ms(5)..ms(50));
    vec![
        (FaultKind::Crash, Swarm { crash: 3, down_most: 2, ..base.clone() }),
        (FaultKind::Pause, Swarm { pause: 3, ..base.clone() }),
        (FaultKind::Partition, Swarm { partition: 3, ..base.clone() }),
        (FaultKind::Cut, Swarm { cut: 3, ..base.clone() }),
        (FaultKind::Isolate, Swarm { isolate: 3, ..base.clone() }),
        (FaultKind::Clog, Swarm { clog: 3, ..base.clone() }),
        (FaultKind::Slow, Swarm { slow: 3, slow_by: by, ..base.clone() }),
        (FaultKind::Skew, Swarm { skew: 3, skew_by: by, ..base.clone() }),
        (FaultKind::Drift, Swarm { drift: 3, drift_by: half(), ..base.clone() }),
        (FaultKind::RandomLoss, Swarm { loss: half(), ..base.clone() }),
        (FaultKind::RandomDuplicate, Swarm { duplicate: half(), ..base.clone() }),
        (FaultKind::RandomReorder, Swarm { reorder: half(), reorder_delay: by, ..base.clone() }),
        (FaultKind::RandomStoreFail, Swarm { store_fail: half(), ..base.clone() }),
        (FaultKind::RandomStoreUnknown, Swarm { store_unknown: half(), ..base.clone() }),
        (FaultKind::RandomStoreLate, Swarm { store_late: half(), store_late_by: by, ..base }),
    ]
}

#[test]
fn every_fault_of_a_swarm_is_drawn_counted_and_makes_a_difference() {
    let plain = told(&base(), 1);
    for (kind, swarm) in swarms() {
        let mut plan = base();
        plan.swarm = Some(swarm);
        let own = |outcome: &Outcome<Puppet>| outcome.faults.iter().rfind(|count| count.kind == kind).cloned();
        let counts: Vec<_> = (1..=40).filter_map(|seed| own(&run(&plan, seed))).collect();
        assert_eq!(counts.len(), 40, "{kind}: counted in every run, drawn or not");
        assert!(counts.iter().all(|count| count.step.is_none() && count.site.starts_with("swarm")), "{kind}");
        assert!(counts.iter().any(|count| count.planned == 0), "{kind} is off in some runs");
        assert!(counts.iter().any(|count| count.planned > 0 && count.applied > 0), "{kind} strikes in some");
        assert!((1..=40).any(|seed| told(&plan, seed) != plain), "{kind} makes no difference");
    }
}
