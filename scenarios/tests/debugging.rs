//! What a saved failure can be asked: every flag of `replay`, and the commands that take a capsule.

mod shell;

use shell::{Done, Shell, TWICE};

const CAPSULE: &str = "quiesce-failures/twice.reference.one-start-one-job.seed-3.json";

/// A shell in which the reference has failed.
fn failed(test: &str) -> Shell {
    let shell = Shell::new(test);
    shell.file("twice.toml", TWICE);
    shell.run("run twice.toml --profile reference -q").ends(1);
    shell
}

/// The numbers of the steps in a trace.
fn steps(done: &Done) -> Vec<u32> {
    done.stdout.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
}

#[test]
fn a_replay_stops_behind_a_step_an_instant_or_a_fact() {
    let shell = failed("until");
    let all = steps(shell.run(&format!("replay {CAPSULE}")).ends(1));
    let last = *all.last().expect("steps");
    assert_eq!(all, (1..=last).collect::<Vec<_>>());
    let until = |flags: &str| shell.run(&format!("replay {CAPSULE} {flags}"));
    assert_eq!(steps(until("--until 3").says(&format!("stopped behind step 3 of {last}\n"))), [1, 2, 3]);
    assert_eq!(steps(&until("--until 0.0005s")), [1, 2, 3, 4, 5, 6], "what happens at the start");
    assert_eq!(steps(&until("--until 99h")), all);
    let fact = until("--break job-registered");
    assert!(steps(&fact).len() < all.len());
    let stop = steps(&fact).len().to_string();
    let shown = fact.stdout.lines().find(|line| line.trim_start().starts_with(&stop)).expect("the last step");
    assert!(shown.contains("| takes call"), "{shown}");
    let back = until("--break job-registered --back 2");
    assert_eq!(steps(&back).len() + 2, steps(&fact).len());
    assert_eq!(steps(&until("--back 1")).last(), Some(&(last - 1)));
}

#[test]
fn a_replay_shows_a_nodes_state_where_it_stops_and_what_differs_between_two_steps() {
    let shell = failed("state");
    let look = |flags: &str| shell.run(&format!("replay -q {CAPSULE} {flags}"));
    let early = look("--until 1 --dump p2");
    early.says("p2 behind step 1, at 0.000000s\n    down\n");
    let late = look("--dump p1 --dump t1");
    late.says("p1 behind step ").says("t1 behind step ").says("timers:");
    let diff = look("--diff 6 9");
    diff.says("what differs behind step 9, at ").says("    p1  ").says(": + ");
    assert!(!diff.stdout.contains("    t1  "), "t1 has not heard of anything:\n{}", diff.stdout);
    look("--diff 6 6").says("no node differs behind step 6");
}

#[test]
fn what_a_replay_cannot_show_is_refused() {
    let shell = failed("refused");
    let refused = |flags: &str, why: &str| {
        let done = shell.run(&format!("replay {CAPSULE} {flags}"));
        done.ends(2);
        assert!(done.stderr.contains(why), "`{why}` is not in\n{}", done.stderr);
    };
    refused("--dump p9", "unknown node `p9`");
    refused("--break job-registred", "did you mean `job-registered`?");
    refused("--until 3 --break job-registered", "cannot be used with");
    refused("--until soon", "`soon` is not a duration");
    refused("--times 3 --back 1", "cannot be used with");
    refused(&format!("{CAPSULE} --back 1"), "several capsules cannot be looked into at once");
}

#[test]
fn replays_in_number_print_the_same_bytes() {
    let shell = failed("times");
    let many = shell.run(&format!("replay {CAPSULE} {CAPSULE} --times 20 --jobs 2"));
    many.ends(1).says("40 replays of 2 capsules, 0 capsules unequal to themselves\n");
    let prints: Vec<&str> = many.stdout.lines().filter_map(|line| line.split_whitespace().nth(1)).take(2).collect();
    assert!(prints[0].len() == 32 && prints[0] == prints[1], "{}", many.stdout);
    let json = shell.run(&format!("replay {CAPSULE} --times 2 --json -"));
    json.ends(1).says(&format!("\"replays\":2,\"prints\":[\"{}\"]", prints[0]));
    shell.run(&format!("replay {CAPSULE} --times 2 --policy job-identity=request")).ends(0).says("fixed ");
}

#[test]
fn a_failure_is_shrunk_to_a_scenario_that_fails_by_itself() {
    let shell = failed("shrink");
    let small = "quiesce-failures/twice.reference.one-start-one-job.seed-3.toml";
    let done = shell.run(&format!("shrink {CAPSULE}"));
    done.ends(0).says(&format!("quiesce run {small}  (2 of 2 entries, 2 of 4 nodes, 1 of them active; "));
    done.says("\ncluster = { proxies = 1, targets = 1, ic_size = 1");
    shell.run(&format!("run {small}")).ends(1).says("one-start-one-job (safety): 1 seed");
    let two = shell.run(&format!("shrink {CAPSULE} {CAPSULE}"));
    two.ends(0).says("2 of 2 failures made small: median 2 entries, 2 nodes, 1 of them active; longest ");
    two.says("\n  2 of xaction: median 2 entries, 2 nodes, 1 of them active\n");
    let mended = std::fs::read_to_string(shell.0.join(CAPSULE)).expect("it was saved");
    shell.file("mended.json", &mended.replace("\"job-identity\": \"gateway\"", "\"job-identity\": \"request\""));
    shell.run("shrink mended.json").ends(3).says("one-start-one-job does not fail any more");
}

#[test]
fn a_run_shrinks_what_it_finds_if_asked() {
    let shell = Shell::new("run-shrink");
    shell.file("twice.toml", TWICE);
    let done = shell.run("run twice.toml --profile reference --shrink");
    done.ends(1)
        .says("    small   quiesce run quiesce-failures/twice.reference.one-start-one-job.seed-3.toml  (2 of 2");
    let left = shell.left("quiesce-failures");
    assert_eq!(left.len(), 3, "the capsule, what it shrank to and the seeds that failed: {left:?}");
}

#[test]
fn a_kept_failure_is_a_scenario_of_the_suite_beside_its_trace() {
    let shell = failed("keep");
    let name = "twice-one-start-one-job";
    let done = shell.run(&format!("keep {CAPSULE} --suite suite"));
    done.ends(0).says(&format!("kept suite/xaction/{name}.toml and suite/xaction/{name}.trace\n"));
    done.says("it passes with our policies and fails with the reference's choice of job-identity\n");
    shell.run(&format!("run suite/xaction/{name}.toml")).ends(0);
    let broken = shell.run(&format!("run suite/xaction/{name}.toml --policy job-identity=gateway --trace"));
    let golden = std::fs::read_to_string(shell.0.join(format!("suite/xaction/{name}.trace"))).expect("it was kept");
    broken.ends(1);
    assert!(golden.lines().count() > 5 && golden.lines().all(|line| broken.stdout.contains(line)), "{golden}");
    let again = shell.run(&format!("keep {CAPSULE} --suite suite"));
    again.ends(2);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
    shell.run(&format!("keep {CAPSULE} --suite suite --name other -q")).ends(0);
    assert_eq!(shell.left("suite/xaction").len(), 4);
    shell.run(&format!("keep {CAPSULE} --name No")).ends(2);
}

#[test]
fn why_names_the_step_from_which_a_failure_was_inevitable() {
    let shell = failed("why");
    let given = shell.run(&format!("why {CAPSULE}"));
    given.ends(0).says("inevitable from the start, the timeline alone brings it about: 20 of 20 (above 86 %)\n");
    let chance =
        TWICE.replace("  { at = \"0s\", duplicate = \"start-request\" },\n", "").replace("\"twice\"", "\"chance\"");
    let chance = chance.replace("timeline = [", "network = { duplicate = \"1/3\" }\ntimeline = [");
    shell.file("chance.toml", &chance);
    shell.run("run chance.toml --profile reference --seeds 1..30 -q").ends(1);
    let saved = shell.left("quiesce-failures");
    let capsule = saved.iter().find(|name| name.starts_with("chance.reference.one-start-one-job.")).expect("saved");
    let why = shell.run(&format!("why quiesce-failures/{capsule} --futures 40 --jobs 1"));
    why.ends(0).says("one-start-one-job: inevitable from step ").says(": 40 of 40 (above 93 %) futures fail\n");
    let start = why.stdout.lines().find(|line| line.starts_with("0 ")).expect("the futures of the start");
    assert!(start.contains(" of 40 (") && !start.contains("40 of 40"), "{start}");
    assert_eq!(shell.run(&format!("why quiesce-failures/{capsule} --futures 40 --jobs 2")).stdout, why.stdout);
    shell.run(&format!("why {CAPSULE} --policy job-identity=request")).ends(2);
}

#[test]
fn a_sweep_says_how_likely_and_how_sure() {
    let shell = Shell::new("odds");
    shell.file("twice.toml", TWICE);
    let failing = shell.run("run twice.toml --profile reference");
    failing.ends(1).says("    rate    4 of 4 (above 47 %), 95 % sure\n");
    let clean = shell.run("run twice.toml -v --seeds 1..101");
    clean.ends(0).says("  one-start-one-job: 100 clean seeds bound its rate below 3.0 %, 95 % sure\n");
    assert!(!shell.run("run twice.toml").stdout.contains("95 % sure"), "asked for with -v");
}
