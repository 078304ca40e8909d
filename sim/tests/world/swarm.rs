//! A swarm's faults are drawn from the seed, within bounds, and can be written out.

use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{Delay, NodeId, Time};
use quiesce_sim::{Action, Course, Decision, FaultKind, Ratio, Records, Step, Swarm, Verdict, replay, run};

use crate::puppet::{A, B, C, Op, Puppet, PuppetPlan, Tell, ms, plan, play};

/// Everything a swarm can do.
fn everything() -> Swarm {
    let some = Ratio::new(1, 4).unwrap();
    Swarm {
        nodes: Vec::new(),
        down_most: 1,
        lasting: Delay::from(ms(50)..ms(3_000)),
        crash: 4,
        records_lost: some,
        pause: 3,
        partition: 3,
        cut: 3,
        isolate: 3,
        clog: 3,
        slow: 3,
        slow_by: Delay::from(ms(1)..ms(50)),
        skew: 3,
        skew_by: Delay::from(ms(1)..ms(5_000)),
        drift: 3,
        drift_by: some,
        loss: some,
        duplicate: some,
        reorder: some,
        reorder_delay: Delay::from(ms(1)..ms(90)),
        store_fail: some,
        store_unknown: some,
        store_late: some,
        store_late_by: Delay::from(ms(1)..ms(90)),
    }
}

/// Nodes that talk, write and wait all the time.
fn busy(swarm: Swarm) -> PuppetPlan {
    let mut plan = plan();
    for at in (0..100).map(|round| round * 100 + 1) {
        plan = plan.tell(at, A, [Op::Note(B, 1), Op::Note(C, 2), Op::Put(1, 1), Op::Arm(1, Delay::from(ms(20)))]);
        plan = plan.tell(at, B, [Op::Note(A, 3), Op::Note(C, 4), Op::Put(1, 1), Op::Arm(1, Delay::from(ms(20)))]);
        plan = plan.tell(at, C, [Op::Note(A, 5), Op::Note(B, 6), Op::Put(1, 1), Op::Arm(1, Delay::from(ms(20)))]);
    }
    plan.swarm = Some(swarm);
    plan
}

fn drawn(plan: &PuppetPlan, seed: u64) -> PuppetPlan {
    plan.with_swarm_drawn(&Course::seed(seed)).expect("the plan makes sense")
}

fn swarm_steps(plan: &PuppetPlan, seed: u64) -> Vec<Step<Puppet>> {
    drawn(plan, seed).steps.split_off(plan.steps.len())
}

#[test]
fn over_some_seeds_every_kind_strikes_and_every_kind_is_off() {
    let plan = busy(everything());
    let (mut struck, mut off): (BTreeMap<FaultKind, u64>, BTreeSet<FaultKind>) = Default::default();
    for seed in 0..30 {
        let outcome = run(&plan, seed);
        assert_eq!(outcome.verdict, Verdict::Pass, "what the swarm leaves out is no lack");
        assert_eq!(outcome.faults.len(), 15, "the same kinds whatever was drawn");
        for fault in outcome.faults {
            *struck.entry(fault.kind).or_default() += u64::from(!fault.is_idle());
            off.extend((fault.planned == 0).then_some(fault.kind));
            assert!(fault.step.is_none() && fault.site.starts_with("swarm"), "{fault:?}");
        }
    }
    assert!(struck.values().all(|&seeds| seeds > 0), "{struck:?}");
    assert_eq!(off.len(), 15, "{off:?}");
}

#[test]
fn a_swarm_is_the_seeds_and_differs_from_seed_to_seed() {
    let plan = busy(everything());
    let digests: BTreeSet<_> = (0..20).map(|seed| run(&plan, seed).digest).collect();
    assert_eq!(digests.len(), 20);
    assert_eq!(play(&plan, 3), play(&plan, 3));
}

#[test]
fn what_a_swarm_draws_can_be_written_out_and_runs_the_same() {
    let plan = busy(everything());
    for seed in 0..10 {
        let written = drawn(&plan, seed);
        assert!(written.swarm.is_none() && written.check().is_ok());
        assert_eq!(run(&written, seed).digest, run(&plan, seed).digest);
    }
}

#[test]
fn no_more_nodes_are_down_at_once_than_allowed() {
    let crashes = |down_most| Swarm { crash: 9, down_most, ..Swarm::default() };
    let timeline = plan().act_for(2_000, 3_000, Action::Crash { node: C, records: Records::Kept, stays_down: false });
    let most_down = |swarm: Swarm, seed| {
        let steps = drawn(&PuppetPlan { swarm: Some(swarm), ..timeline.clone() }, seed).steps;
        let bouts: Vec<(Time, Time)> = steps.iter().map(|step| (step.at, step.at + step.lasting.unwrap())).collect();
        let down = |at: Time| bouts.iter().filter(|bout| bout.0 <= at && at < bout.1).count();
        bouts.iter().map(|bout| down(bout.0)).max().unwrap_or(0)
    };
    let most = |allowed| (0..40).map(|seed| most_down(crashes(allowed), seed)).max();
    assert_eq!((most(1), most(2), most(3)), (Some(1), Some(2), Some(3)));
}

/// Whom a crash, a pause, a slow node or a clog strikes; none for anything else.
fn struck(action: &Action<Puppet>) -> Option<Vec<NodeId>> {
    if let &Action::Crash { node, .. } | &Action::Pause { node } | &Action::Slow { node, .. } = action {
        return Some(vec![node]);
    }
    if let &Action::Clog { from, to } = action { Some(vec![from, to]) } else { None }
}

#[test]
fn no_node_is_crashed_while_it_is_down() {
    let mut plan = busy(Swarm { crash: 9, down_most: 3, ..Swarm::default() });
    plan.until = Time::ZERO + ms(60_000);
    for seed in 0..20 {
        let [crashes] = &run(&plan, seed).faults[..] else { panic!("only crashes are drawn") };
        assert_eq!(crashes.applied, crashes.planned, "seed {seed}");
    }
}

#[test]
fn only_the_nodes_named_are_struck() {
    let swarm = Swarm { nodes: vec![B], crash: 3, pause: 3, slow: 3, clog: 3, ..Swarm::default() };
    let plan = busy(Swarm { partition: 0, ..swarm });
    let steps: Vec<_> = (0..20).flat_map(|seed| swarm_steps(&plan, seed)).collect();
    let strikes = |action: &Action<Puppet>| match struck(action) {
        Some(nodes) => nodes.contains(&B) && (nodes.len() == 1 || nodes[0] != nodes[1]),
        None => panic!("{action:?} was not asked for"),
    };
    assert!(steps.len() > 40 && steps.iter().all(|step| strikes(&step.action)), "{steps:?}");
    let clogs = steps.iter().filter(|step| matches!(step.action, Action::Clog { .. }));
    let froms: BTreeSet<NodeId> = clogs.filter_map(|step| struck(&step.action)).map(|link| link[0]).collect();
    assert_eq!(froms, BTreeSet::from([A, B, C]), "either way");
}

#[test]
fn a_partition_has_two_sides_with_everybody_on_one() {
    let plan = busy(Swarm { partition: 5, ..Swarm::default() });
    for step in (0..20).flat_map(|seed| swarm_steps(&plan, seed)) {
        let Action::Partition { groups } = step.action else { panic!("{step:?}") };
        let everybody: BTreeSet<NodeId> = groups.concat().into_iter().collect();
        assert!(groups.len() == 2 && !groups[0].is_empty() && !groups[1].is_empty(), "{groups:?}");
        assert_eq!(everybody, BTreeSet::from([A, B, C]));
    }
}

#[test]
fn a_kind_can_be_decided_off_and_nothing_else_of_the_swarm_moves() {
    let plan = busy(everything());
    let seed =
        (0..).find(|&seed| swarm_steps(&plan, seed).iter().any(|step| matches!(step.action, Action::Pause { .. })));
    let seed = seed.expect("half of all seeds pause");
    let off = Decision { site: "swarm".into(), label: "pause".into(), nth: 0, pick: 0, of: 2, step: 0 };
    let source = Course { decided: vec![off], ..Course::seed(seed) };
    let without = plan.with_swarm_drawn(&source).expect("the plan makes sense").steps;
    let mut rest = drawn(&plan, seed).steps;
    rest.retain(|step| !matches!(step.action, Action::Pause { .. }));
    assert_eq!(without, rest);
    assert!(replay(&plan, &source).unused == 0);
}

#[test]
fn a_swarm_that_makes_no_sense_is_refused() {
    let refused = |swarm: Swarm| {
        let verdict = run(&busy(swarm), 1).verdict;
        let Verdict::Error(error) = verdict else { panic!("{verdict:?}") };
        error.to_string()
    };
    let reversed = Delay { least: 2, most: 1 };
    assert_eq!(
        refused(Swarm { nodes: vec![NodeId(9)], ..Swarm::default() }),
        "swarm.nodes speaks of node n9, but the plan's nodes are n0 to n2"
    );
    assert_eq!(
        refused(Swarm { lasting: reversed, ..Swarm::default() }),
        "swarm.lasting runs from shorter to longer, found 2 ns to 1 ns"
    );
    assert_eq!(refused(Swarm { drift_by: Ratio::ONE, ..Swarm::default() }), "swarm.drift_by is below 1, found 1/1");
}

#[test]
fn a_swarm_among_too_few_nodes_draws_what_it_can() {
    let mut alone = plan();
    alone.nodes = ["a"].into_iter().collect();
    alone.swarm = Some(everything());
    for seed in 0..20 {
        assert!(!matches!(run(&alone, seed).verdict, Verdict::Error(_) | Verdict::Fail));
    }
}
