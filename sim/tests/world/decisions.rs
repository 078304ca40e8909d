//! Every draw that matters has a name; a run can be had from its decisions, with some changed, or with another future.

use quiesce_machine::{Delay, Time};
use quiesce_sim::{Action, Course, Decision, Fork, Ratio, Records, Replay, Swarm, replay, run};

use crate::puppet::{A, B, C, Op, Puppet, PuppetPlan, Tell, ms, plan};

/// Something of everything that draws.
fn eventful() -> PuppetPlan {
    let mut plan = plan()
        .tell(1, A, (0..20).map(|id| Op::Ping(B, id)))
        .tell(2, B, [Op::Choose("back-off"), Op::Choose("back-off"), Op::Note(C, 1)])
        .tell(3, C, (0..5).map(|alarm| Op::Arm(alarm, Delay::from(ms(10)..ms(90)))))
        .tell(40, A, (0..5).map(|key| Op::Put(key, key)))
        .act(42, Action::Crash { node: A, records: Records::Kept, stays_down: false })
        .tell(50, C, (0..10).map(|id| Op::Note(A, id)));
    let some = Ratio::new(1, 10).unwrap();
    plan.network.latency = Delay::from(ms(1)..ms(60));
    (plan.network.loss, plan.network.duplicate, plan.network.reorder) = (some, some, some);
    plan.network.reorder_delay = Delay::from(ms(1)..ms(60));
    plan.store_latency = Delay::from(ms(0)..ms(5));
    (plan.store_faults.fail, plan.store_faults.unknown, plan.store_faults.late) = (some, some, some);
    plan.store_faults.late_by = Delay::from(ms(1)..ms(60));
    plan.swarm = Some(Swarm { pause: 2, loss: some, lasting: Delay::from(ms(1)..ms(60)), ..Swarm::default() });
    plan
}

fn seeded(plan: &PuppetPlan, seed: u64) -> Replay<Puppet> {
    replay(plan, &Course::seed(seed))
}

/// A decision by name; where and of how many does not count.
fn decided(site: &str, label: &str, nth: u32, pick: u64) -> Decision {
    Decision { site: site.to_owned(), label: label.to_owned(), nth, pick, of: 0, step: 0 }
}

#[test]
fn keeping_decisions_changes_nothing() {
    for seed in 0..20 {
        let kept = seeded(&eventful(), seed);
        assert_eq!(kept.outcome, run(&eventful(), seed));
        assert!(kept.unused == 0 && kept.decisions.len() > 60, "{}", kept.decisions.len());
    }
}

#[test]
fn decisions_alone_repeat_the_run_whatever_the_seed() {
    for seed in 0..20 {
        let first = seeded(&eventful(), seed);
        assert_ne!(first.outcome.digest, run(&eventful(), 1000 + seed).digest);
        let source = Course { decided: first.decisions.clone(), ..Course::seed(1000 + seed) };
        assert_eq!(replay(&eventful(), &source), first);
    }
}

#[test]
fn decisions_have_names_numbers_and_bounds() {
    let kept = seeded(&eventful(), 1).decisions;
    let of = |site: &str, label: &str| -> Vec<&Decision> {
        kept.iter().filter(|decision| decision.site == site && decision.label == label).collect()
    };
    let losses = of("a network/loss", "ping to b");
    assert_eq!(
        losses.iter().map(|loss| (loss.nth, loss.of)).collect::<Vec<_>>(),
        (0..20).map(|nth| (nth, 2)).collect::<Vec<_>>()
    );
    assert_eq!(of("b choice", "back-off").iter().map(|choice| choice.of).collect::<Vec<_>>(), [1000, 1000]);
    assert_eq!(of("c timer", "ring").len(), 5);
    assert_eq!(of("a store/latency", "").len(), 5);
    assert_eq!(of("a store/crash", "").len(), 1);
    assert_eq!((of("swarm", "pause").len(), of("swarm", "pause")[0].step), (1, 0));
    assert!(kept.iter().all(|decision| decision.pick < decision.of));
    assert!(kept.is_sorted_by_key(|decision| decision.step));
}

#[test]
fn what_has_one_answer_or_does_not_matter_is_no_decision() {
    let mut plan = plan().tell(1, A, [Op::Note(B, 1), Op::Note(A, 1), Op::Put(1, 1)]);
    assert_eq!(seeded(&plan, 1).decisions, []);
    plan.network.latency = Delay::from(ms(1)..ms(9));
    plan.network.reorder_delay = Delay::from(ms(1)..ms(9));
    let names: Vec<String> = seeded(&plan, 1).decisions.into_iter().map(|decision| decision.site).collect();
    assert_eq!(names, ["a network/latency"], "nothing is copied or held back");
}

#[test]
fn a_decision_can_be_changed_and_moves_no_other() {
    let mut plan = plan().tell(1, A, (0..10).map(|id| Op::Note(B, id)));
    plan.network.latency = Delay::from(ms(1)..ms(60));
    plan.network.loss = Ratio::new(1, 1_000_000).unwrap();
    let base = seeded(&plan, 1);
    let arrivals = |played: &Replay<Puppet>| -> Vec<(Time, String)> {
        let arrived = played.trace.entries.iter().filter(|entry| entry.peer == Some(A) && entry.event.is_some());
        arrived.map(|entry| (entry.at, entry.text.clone())).collect()
    };
    let source = Course { decided: vec![decided("a network/loss", "note to b", 4, 1)], ..Course::seed(1) };
    let mut expected = arrivals(&base);
    expected.retain(|(_, text)| text != "Note(4)");
    assert_eq!((arrivals(&replay(&plan, &source)), expected.len()), (expected, 9));
    let latest = Course { decided: vec![decided("a network/latency", "note to b", 7, u64::MAX)], ..Course::seed(1) };
    let last = arrivals(&replay(&plan, &latest)).pop();
    assert_eq!(last, Some((Time(61_000_000), "Note(7)".to_owned())), "the largest there is");
}

#[test]
fn decisions_that_are_never_asked_for_are_counted() {
    let stray = [decided("a network/loss", "note to b", 4, 1), decided("nobody choice", "", 0, 1)];
    let source = Course { decided: stray.to_vec(), ..Course::seed(1) };
    let played = replay(&plan().tell(1, A, [Op::Note(B, 1)]), &source);
    assert_eq!((played.unused, played.outcome.verdict.word()), (2, "pass"));
}

#[test]
fn a_fork_keeps_the_past_and_redraws_the_future() {
    let base = seeded(&eventful(), 1);
    let after = base.decisions[base.decisions.len() / 2].step;
    let fork = |seed| {
        let source = Course { fork: Some(Fork { after, seed }), ..Course::seed(1) };
        replay(&eventful(), &source)
    };
    let past = |played: &Replay<Puppet>| {
        played.decisions.iter().filter(|decision| decision.step <= after).cloned().collect::<Vec<_>>()
    };
    let (one, other) = (fork(7), fork(8));
    assert_eq!((past(&one), past(&other)), (past(&base), past(&base)));
    assert!(past(&base).len() > 20);
    let digests = [base.outcome.digest, one.outcome.digest, other.outcome.digest];
    assert!(digests[0] != digests[1] && digests[1] != digests[2] && digests[0] != digests[2]);
    assert_eq!(fork(7), one);
    let told = Course { decided: base.decisions.clone(), fork: Some(Fork { after, seed: 7 }), ..Course::seed(99) };
    assert_eq!(replay(&eventful(), &told).outcome, one.outcome, "what was decided for later does not count");
}
