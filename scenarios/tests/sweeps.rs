//! What a sweep concludes: from expectations, from faults that touch nothing, from bounds, from runs that differ.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quiesce::check::{CheckRefused, Checked, Checking};
use quiesce::choices::Choices;
use quiesce::load;
use quiesce::plane::Sizes;
use quiesce::run::{Cost, CrashProgress, CrashSweep, Prepared, Reach, Replayed, Run, Sweep, Sweeping, Verdict, sweep};
use quiesce::schema::{Drawn, Expect, Head, Seeds};
use quiesce::text::Source;
use quiesce_machine::NodeId;
use quiesce_sim::{Course, Digest, Snapshot, Trace};

/// A job, a wait, and room for what the tests add.
fn scenario(top: &str, entries: &str, expect: &str) -> String {
    format!(
        r#"
name = "small"
about = "A job ends and a wait returns."
plane = "xaction"
seeds = {{ first = 1, count = 8 }}
until = "60s"
cluster = {{ proxies = 2, targets = 2, ic_size = 2 }}
{top}
timeline = [
  {{ at = "0s", start = "prefetch-objects", via = "p1", as = "job", work = "2s" }},
  {{ at = "1s", wait = "job", via = "p2", as = "w" }},
  {entries}
]
[expect]
{expect}
"#
    )
}

fn prepared(text: &str) -> Box<dyn Prepared> {
    let loaded = load(&Source::new("small.toml", text)).unwrap_or_else(|error| panic!("{error:?}"));
    loaded.under(&Choices::default()).expect("the default choices are choices of every plane")
}

fn swept(text: &str) -> Sweep {
    let prepared = prepared(text);
    let seeds = prepared.head().seeds;
    sweep(prepared.as_ref(), Sweeping { seeds, twice: false }, &|_| ())
}

#[track_caller]
fn assert_vacuous(text: &str, reason: &str) {
    let sweep = swept(text);
    assert_eq!(sweep.verdict, Verdict::Vacuous, "{sweep:#?}");
    assert_eq!(sweep.reasons.len(), 1, "{:?}", sweep.reasons);
    assert!(sweep.reasons.iter().all(|found| found.contains(reason)), "{:?}", sweep.reasons);
}

#[track_caller]
fn assert_fails(text: &str, property: &str, evidence: &str) {
    let sweep = swept(text);
    assert_eq!(sweep.verdict, Verdict::Fail, "{sweep:#?}");
    assert_eq!(sweep.failing, 8);
    let [failure] = sweep.failures.as_slice() else { panic!("one failure, found {:#?}", sweep.failures) };
    assert_eq!((failure.seeds, failure.seed), (8, 1));
    assert_eq!(failure.finding.property, property);
    assert!(failure.finding.evidence.contains(evidence), "{}", failure.finding.evidence);
}

#[test]
fn a_scenario_that_keeps_its_promises_passes() {
    let text =
        scenario("", "", "replies = { job = \"started\", w = [\"aborted\", \"finished\"] }\nfacts = [\"job-ended\"]");
    let sweep = swept(&text);
    assert_eq!((sweep.verdict, sweep.failing), (Verdict::Pass, 0));
    assert!(sweep.reasons.is_empty() && sweep.events > 0 && sweep.nanos > 0);
}

#[test]
fn an_unexpected_reply_fails_and_is_named() {
    assert_fails(
        &scenario("", "", "replies = { w = \"aborted\" }"),
        "expect.replies.w",
        "expected aborted, got finished",
    );
}

#[test]
fn a_reply_that_never_comes_fails() {
    let entries =
        r#"{ at = "2s", crash = "c1", stays_down = true }, { at = "3s", status = "job", via = "p1", as = "s" },"#;
    let text = scenario("", entries, "properties = [\"one-start-one-job\"]\nreplies = { s = \"finished\" }");
    assert_fails(&text, "expect.replies.s", "got no answer");
}

#[test]
fn too_many_and_too_few_messages_fail() {
    let most = "messages = { notify-finished = { max = 3 } }";
    assert_fails(&scenario("", "", most), "expect.messages.notify-finished", "at most 3");
    let least = "messages = { abort-xact = { min = 1 } }";
    assert_fails(&scenario("", "", least), "expect.messages.abort-xact", "at least 1, 0 were sent");
}

#[test]
fn a_fact_that_is_never_stated_makes_the_sweep_vacuous() {
    assert_vacuous(&scenario("", "", "facts = [\"job-aborted\"]"), "nothing ever stated job-aborted");
}

#[test]
fn a_partition_that_separates_nobody_makes_the_sweep_vacuous() {
    assert_vacuous(&scenario("", r#"{ at = "1s", partition = [["p1", "p2"]] },"#, ""), "blocked no message");
}

#[test]
fn a_crash_after_the_end_makes_the_sweep_vacuous() {
    assert_vacuous(&scenario("", r#"{ at = "61s", crash = "p2" },"#, ""), "step 3 at 61.000000s never happened");
}

#[test]
fn a_ratio_that_hits_nothing_makes_the_sweep_vacuous() {
    assert_vacuous(
        &scenario("network = { loss = \"1/1000000000\" }", "", ""),
        "random-loss 1/1000000000 hit no message",
    );
}

#[test]
fn a_named_property_with_nothing_to_judge_makes_the_sweep_vacuous() {
    let text = scenario("", "", "properties = [\"waits-return\", \"aborted-jobs-stop\"]");
    assert_vacuous(&text, "aborted-jobs-stop had nothing to judge");
}

#[test]
fn a_fault_that_some_seed_feels_was_tried() {
    let text = scenario("network = { loss = \"1/60\" }", "", "");
    assert_eq!(swept(&text).verdict, Verdict::Pass);
    let prepared = prepared(&text);
    let one = |seed| sweep(prepared.as_ref(), Sweeping { seeds: Seeds::one(seed), twice: false }, &|_| ()).verdict;
    let verdicts: Vec<Verdict> = (1..9).map(one).collect();
    assert!(verdicts.contains(&Verdict::Vacuous), "some seed alone proves nothing about loss: {verdicts:?}");
}

#[test]
fn a_cut_that_some_seed_feels_was_tried() {
    let entries = r#"{ at = "1s", cut = ["p2", "c1"] }, { at = "1005ms", heal = true },"#;
    let text = scenario("network = { latency = \"1ms\", jitter = \"8ms\" }", entries, "");
    let prepared = prepared(&text);
    let idle: Vec<bool> = (1..9).map(|seed| prepared.run(seed).verdict == Verdict::Vacuous).collect();
    assert!(idle.contains(&true) && idle.contains(&false), "the cut must meet the answer of some seeds only: {idle:?}");
    assert_eq!(swept(&text).verdict, Verdict::Pass);
}

#[test]
fn a_run_that_wants_too_many_events_is_incomplete() {
    let sweep = swept(&scenario("events_max = 20", "", ""));
    assert_eq!(sweep.verdict, Verdict::Incomplete);
    assert!(sweep.reasons.iter().all(|reason| reason.contains("after 20 events")), "{:?}", sweep.reasons);
}

#[test]
fn a_sweep_does_not_depend_on_the_number_of_threads() {
    let text = scenario(
        "network = { loss = \"1/20\", jitter = \"9ms\" }",
        r#"{ at = "1s", crash = "t1" },"#,
        "replies = { w = \"finished\" }",
    );
    let prepared = prepared(&text);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a few threads");
        let how = Sweeping { seeds: Seeds { first: 5, count: 40 }, twice: false };
        pool.install(|| sweep(prepared.as_ref(), how, &|_| ()))
    };
    let one = on(1);
    assert!(one.failing > 0, "the test needs failures to fold");
    assert_eq!(one, on(3));
}

/// A scenario whose every run differs from all others.
#[derive(Debug)]
struct Moody {
    inner: Box<dyn Prepared>,
    runs: AtomicU64,
}

impl Prepared for Moody {
    fn head(&self) -> &Head {
        self.inner.head()
    }

    fn expect(&self) -> &Expect {
        self.inner.expect()
    }

    fn policies(&self) -> Vec<(&'static str, &'static str)> {
        self.inner.policies()
    }

    fn nodes(&self) -> Vec<String> {
        self.inner.nodes()
    }

    fn sizes(&self) -> Sizes {
        self.inner.sizes()
    }

    fn is_user(&self, node: NodeId) -> bool {
        self.inner.is_user(node)
    }

    fn drawn(&self, course: &Course) -> Drawn {
        self.inner.drawn(course)
    }

    fn judged_by(&self, keep: &dyn Fn(&str) -> bool) -> Box<dyn Prepared> {
        self.inner.judged_by(keep)
    }

    fn cost(&self, seed: u64) -> Cost {
        self.inner.cost(seed)
    }

    fn run(&self, seed: u64) -> Run {
        let digest = Digest(self.runs.fetch_add(1, Ordering::Relaxed).into());
        Run { digest, ..self.inner.run(seed) }
    }

    fn record(&self, seed: u64) -> (Run, Trace) {
        self.inner.record(seed)
    }

    fn watch(&self, seed: u64) -> (Run, Trace) {
        self.inner.watch(seed)
    }

    fn inspect(&self, course: &Course, steps: &[u32]) -> (Replayed, Vec<Snapshot>) {
        self.inner.inspect(course, steps)
    }

    fn check_after(&self, course: &Course, events: u32, how: &Checking<'_>) -> Result<Checked, CheckRefused> {
        self.inner.check_after(course, events, how)
    }

    fn crash_sweep(&self, seed: u64, down: Duration, tried: &(dyn Fn(CrashProgress) + Sync)) -> CrashSweep {
        self.inner.crash_sweep(seed, down, tried)
    }
}

#[test]
fn two_runs_of_one_seed_that_differ_are_reported() {
    let moody = Moody { inner: prepared(&scenario("", "", "")), runs: AtomicU64::new(0) };
    let seeds = Seeds { first: 3, count: 2 };
    let sweep = sweep(&moody, Sweeping { seeds, twice: true }, &|_| ());
    assert_eq!(sweep.unequal.iter().map(|unequal| unequal.seed).collect::<Vec<_>>(), [3, 4]);
    assert!(sweep.unequal.iter().all(|unequal| unequal.first != unequal.second));
}

/// A crash of the client would take its wait with it; that every part of the job ends is what has to survive.
const JOBS: &str = "properties = [\"started-jobs-stay-known\"]";

#[test]
fn a_crash_sweep_tries_every_boundary_and_does_not_depend_on_the_number_of_threads() {
    let prepared = prepared(&scenario("", "", JOBS));
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a few threads");
        let (expected, tried) = (AtomicU64::new(0), AtomicU64::new(0));
        let sweep = pool.install(|| {
            prepared.crash_sweep(1, Duration::from_secs(1), &|step| match step {
                CrashProgress::Branches(count) => expected.store(count, Ordering::Relaxed),
                CrashProgress::Tried => _ = tried.fetch_add(1, Ordering::Relaxed),
            })
        });
        assert_eq!(expected.into_inner(), tried.into_inner());
        sweep
    };
    let one = on(1);
    assert_eq!(one, on(3));
    assert!(one.boundaries > 50 && one.tried() > one.boundaries, "{one:#?}");
    assert_eq!(one.fallen, []);
}

#[test]
fn a_crash_sweep_finds_what_the_references_choices_do_not_survive() {
    let loaded = load(&Source::new("small.toml", scenario("", "", ""))).expect("nothing is wrong");
    let choices = Choices { profile: quiesce::plane::Profile::Reference, ..Choices::default() };
    let sweep = loaded.under(&choices).expect("a profile").crash_sweep(1, Duration::from_secs(1), &|_| ());
    assert!(!sweep.fallen.is_empty());
    let by = sweep.by_property();
    assert_eq!(by.values().map(|(count, _)| count).sum::<u64>(), sweep.fallen.len() as u64);
    assert!(sweep.fallen.iter().all(|fallen| fallen.property.is_some() && !fallen.evidence.is_empty()));
}

#[test]
fn a_run_that_fails_by_itself_is_not_swept() {
    let entries = r#"{ at = "2s", crash = "c1", stays_down = true },"#;
    let sweep = prepared(&scenario("events_max = 20", entries, "")).crash_sweep(1, Duration::from_secs(1), &|_| ());
    assert_eq!((sweep.verdict.word(), sweep.boundaries, sweep.tried()), ("incomplete", 0, 0));
}

#[test]
fn marks_of_several_sweeps_add_up_and_those_never_reached_are_named() {
    let plain = swept(&scenario("", "", ""));
    let torn = swept(&scenario("", r#"{ at = "1s", crash = "t1", for = "2s" },"#, ""));
    let [alone] = &Reach::of(&[("xaction", &plain)])[..] else { panic!("one plane") };
    let [both] = &Reach::of(&[("xaction", &plain), ("xaction", &torn)])[..] else { panic!("one plane") };
    let cut_short = "xaction/restart-found-a-part-cut-short";
    assert!(alone.missed().any(|mark| mark == cut_short) && !alone.is_whole());
    assert!(both.missed().all(|mark| mark != cut_short) && both.marks[cut_short] == torn.marks[cut_short]);
    assert!(alone.to_string().contains(&format!("of {} marks of xaction reached; never: ", alone.marks.len())));
    assert!(Reach::of(&[("another", &plain)]).is_empty());
}

#[test]
fn every_run_of_the_swarm_can_be_had_from_its_decisions_alone() {
    let source = quiesce::suite::bundled().into_iter().find(|source| source.name().contains("swarm"));
    let loaded = load(&source.expect("it is bundled")).expect("nothing is wrong");
    let swarm = loaded.under(&Choices::default()).expect("the default choices");
    for seed in 1..6 {
        let first = swarm.replay(&Course::seed(seed));
        assert_eq!(first.run, swarm.run(seed));
        assert!(first.decisions.len() > 300 && first.decisions.iter().any(|decision| decision.site == "swarm"));
        let text = serde_json::to_string(&first.decisions).expect("decisions can be written");
        let decided = serde_json::from_str(&text).expect("and read");
        let again = swarm.replay(&Course { decided, ..Course::seed(seed + 1000) });
        assert_eq!((again.run.digest, again.unused, again.decisions), (first.run.digest, 0, first.decisions));
        assert_eq!(again.trace, first.trace);
    }
}

#[test]
fn seeds_that_failed_go_first_and_change_nothing() {
    use quiesce::run::{Cut, Leg, relay};
    use std::sync::Mutex;

    let prepared = prepared(&scenario("", "", ""));
    let seeds = Seeds { first: 1, count: 500 };
    let order = Mutex::new(Vec::new());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    let whole = |first: &[u64]| {
        order.lock().expect("unpoisoned").clear();
        let mut legs = [Leg::new(prepared.as_ref(), seeds)];
        legs[0].put_first(first.iter().copied());
        let ran = |_: usize, run: &Run| order.lock().expect("unpoisoned").push(run.seed);
        let cut = pool.install(|| relay(&mut legs, false, &|| None::<Cut>, &ran, &mut |_| Ok::<(), ()>(())));
        assert_eq!(cut, Ok(None));
        let [leg] = legs;
        leg.part
    };
    let plain = whole(&[]);
    assert_eq!(order.lock().expect("unpoisoned")[..3], [1, 2, 3]);
    let reordered = whole(&[490, 7, 9999]);
    assert_eq!(order.lock().expect("unpoisoned")[..4], [7, 490, 1, 2]);
    assert_eq!(order.lock().expect("unpoisoned").len(), 500);
    assert_eq!(plain, reordered);
}

#[test]
fn a_sweep_cut_short_is_incomplete_and_takes_turns() {
    use quiesce::run::{Cut, Leg, relay};

    let prepared = prepared(&scenario("", "", ""));
    let seeds = Seeds { first: 1, count: 1_000_000 };
    let mut legs = [Leg::new(prepared.as_ref(), seeds), Leg::new(prepared.as_ref(), seeds)];
    let turns = AtomicU64::new(0);
    let stop = || (turns.load(Ordering::Relaxed) >= 2).then_some(Cut::Budget);
    let cut = relay(&mut legs, false, &stop, &|_, _| (), &mut |_| {
        turns.fetch_add(1, Ordering::Relaxed);
        Ok::<(), ()>(())
    });
    assert_eq!(cut, Ok(Some(Cut::Budget)));
    for leg in legs {
        let runs = leg.part.done.count();
        assert!((1..1_000_000).contains(&runs), "{runs}");
        let sweep = Sweep::conclude(leg.part, prepared.as_ref(), seeds, Some(Cut::Budget));
        assert_eq!((sweep.verdict, sweep.runs), (Verdict::Incomplete, runs));
        assert!(sweep.reasons.contains(&format!("time was up after {runs} of 1000000 seeds")), "{:?}", sweep.reasons);
    }
}

#[test]
fn parts_join_in_any_order_to_the_same_whole() {
    use quiesce::run::Part;

    let text = scenario("network = { loss = \"1/3\" }", "", "replies = { w = \"aborted\" }");
    let prepared = prepared(&text);
    let part = |seed| Part::of(prepared.run(seed), (seed % 3 == 0).then_some(Digest(seed.into())));
    let joined = |seeds: &[u64]| seeds.iter().map(|&seed| part(seed)).reduce(Part::join).expect("some seeds");
    let all = joined(&[1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(joined(&[7, 3, 5, 1, 6, 2, 4]), all);
    assert_eq!(joined(&[4, 5]).join(joined(&[7, 6])).join(joined(&[1, 3, 2])), all);
    assert_eq!(all.failures[0].seed, 1);
    assert_eq!(all.unequal.iter().map(|unequal| unequal.seed).collect::<Vec<_>>(), [3, 6]);
}
