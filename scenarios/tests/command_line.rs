//! What the program does: exit codes, what stands on which stream, what it leaves behind.

mod shell;

use std::process::Stdio;

use shell::{Done, Shell, TWICE};

#[test]
fn a_pass_is_silent_on_stderr_and_leaves_nothing() {
    let shell = Shell::new("pass");
    shell.file("twice.toml", TWICE);
    let done = shell.run("run twice.toml");
    done.ends(0).says("scenario  verdict  seeds").says("twice     pass").says("1 of 1 scenarios pass: 4 runs");
    assert_eq!(done.stderr, "");
    assert_eq!(shell.left("."), ["twice.toml"]);
    assert!(!done.stdout.contains('\u{1b}'), "a pipe gets no colours");
}

#[test]
fn a_failure_names_the_property_the_evidence_and_both_commands_that_repeat_it() {
    let shell = Shell::new("failure");
    shell.file("twice.toml", TWICE);
    let capsule = "quiesce-failures/twice.reference.one-start-one-job.seed-3.json";
    let done = shell.run("run twice.toml --profile reference");
    done.ends(1).says("twice     fail").says("one-start-one-job (safety): 4 seeds, first 3");
    done.says("call 1 of c1 is").says("again   quiesce run twice.toml --seed 3 --profile reference\n");
    done.says(&format!("replay  quiesce replay {capsule}\n")).says("0 of 1 scenarios pass");
    shell.run("run twice.toml --seed 3 --profile reference").ends(1).says("1 seed, first 3");
    assert_eq!(shell.left("quiesce-failures"), [".failed-seeds.json", "twice.reference.one-start-one-job.seed-3.json"]);
    let replayed = shell.run(&format!("replay {capsule}"));
    replayed.ends(1).says("start-request from c1").says("reproduced: one-start-one-job fails with seed 3\n");
    assert_eq!(replayed.stdout, shell.run(&format!("replay {capsule}")).stdout, "a replay repeats itself to the byte");
    let mended = shell.run(&format!("replay -q {capsule} --policy job-identity=request"));
    mended.ends(0);
    assert!(mended.stdout.starts_with("fixed: one-start-one-job now holds with seed 3\n  first divergence at step "));
    mended.says("    expected  ").says("    got       ");
}

#[test]
fn verbose_shows_fault_counters_and_the_end_of_the_trace() {
    let shell = Shell::new("verbose");
    shell.file("twice.toml", TWICE);
    let verbose = shell.run("run twice.toml --profile reference -v");
    verbose.ends(1).says("duplicate         start-request * -> *: planned 4, applied 4, messages affected 4");
    verbose.says("trace of seed 3").says("finding  safety one-start-one-job");
    shell.run("run twice.toml --trace").ends(0).says("trace of seed 3:\n").says("0.000000s  p1  start");
}

#[test]
fn a_crash_after_the_end_is_vacuous_and_says_why() {
    let shell = Shell::new("vacuous");
    shell.file("late.toml", &TWICE.replace("timeline = [", "timeline = [\n  { at = \"61s\", crash = \"p2\" },"));
    let done = shell.run("run late.toml");
    done.ends(3)
        .says("twice     vacuous")
        .says("step 1 at 61.000000s never happened: the phase under fire ends at 60.0");
}

#[test]
fn too_few_events_are_incomplete() {
    let shell = Shell::new("incomplete");
    shell.file("short.toml", &format!("events_max = 9\n{TWICE}"));
    shell.run("run short.toml").ends(3).says("incomplete").says("after 9 events");
}

#[test]
fn a_bad_scenario_runs_nothing_and_shows_every_mistake() {
    let shell = Shell::new("bad");
    shell.file("good.toml", TWICE);
    shell.file("bad.toml", &TWICE.replace("duplicate =", "duplicat ="));
    shell.file("worse.toml", &TWICE.replace("\"p1\"", "\"p9\""));
    let done = shell.run("run good.toml bad.toml worse.toml");
    done.ends(2);
    assert_eq!(done.stdout, "");
    for text in ["[bad.toml:8:16]", "did you mean `duplicate`?", "[worse.toml:9:50]", "unknown proxy `p9`"] {
        assert!(done.stderr.contains(text), "`{text}` is not in\n{}", done.stderr);
    }
}

#[test]
fn hostile_capsules_are_refused() {
    let shell = Shell::new("hostile");
    shell.file("empty.json", "");
    shell.file("newer.json", "{\"v\":99}");
    for capsule in ["empty.json", "newer.json", "missing.json", "."] {
        let done = shell.run(&format!("replay {capsule}"));
        done.ends(2);
        assert!(done.stdout.is_empty() && done.stderr.contains(capsule), "{}", done.stderr);
    }
}

#[test]
fn a_crash_that_is_not_survived_is_saved_and_replays() {
    let shell = Shell::new("crashes");
    shell.file("once.toml", &TWICE.replace("  { at = \"0s\", duplicate = \"start-request\" },\n", ""));
    let swept = shell.run("run once.toml --crash-sweep --profile reference");
    swept.ends(1).says(" boundaries swept in ").says("did not recover").says("  replay  quiesce replay ");
    let saved = shell.left("quiesce-failures");
    assert!(!saved.is_empty() && saved.iter().all(|name| name.starts_with("twice.reference.")), "{saved:?}");
    for capsule in saved {
        let property = capsule.split('.').nth(2).expect("a property");
        let again = shell.run(&format!("replay -q quiesce-failures/{capsule}"));
        again.ends(1).says(&format!("reproduced: {property} fails with seed 3\n"));
    }
}

#[test]
fn json_lines_begin_with_run_and_end_with_summary() {
    let shell = Shell::new("json");
    shell.file("twice.toml", TWICE);
    let done = shell.run("run twice.toml --profile reference --json -");
    let lines = |text: &str| -> Vec<serde_json::Value> {
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    };
    let [run, result, summary] = lines(&done.ends(1).stdout).try_into().expect("three lines");
    assert!([&run, &result, &summary].iter().all(|line| line["v"] == 1));
    assert_eq!((&run["type"], &run["profile"]), (&"run".into(), &"reference".into()));
    assert_eq!((&result["type"], &result["verdict"]), (&"result".into(), &"fail".into()));
    assert_eq!(result["failures"][0]["property"], "one-start-one-job");
    assert_eq!((&summary["type"], &summary["exit"], &summary["runs"]), (&"summary".into(), &1.into(), &4.into()));
    let filed = shell.run("run twice.toml --profile reference --json out.jsonl");
    filed.ends(1).says("twice     fail");
    let file = std::fs::read_to_string(shell.0.join("out.jsonl")).expect("the file is there");
    assert_eq!(file, done.stdout);
    assert!(!shell.left(".").iter().any(|name| name.contains("partial")), "{:?}", shell.left("."));
}

#[test]
fn results_that_cannot_be_written_are_refused() {
    let shell = Shell::new("unwritable");
    shell.file("twice.toml", TWICE);
    shell.file("file", "");
    shell.run("run twice.toml --json no/such/dir/out.jsonl").ends(2);
    shell.run("run twice.toml --profile reference --capsules file").ends(2);
}

#[test]
fn a_reader_that_leaves_is_no_mistake() {
    let shell = Shell::new("pipe");
    let mut command = shell.command("list policies");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stdout.take());
    let done = Done::of(&child.wait_with_output().expect("the program ends"));
    done.ends(0);
    assert_eq!(done.stderr, "");
}

#[test]
fn the_suite_is_deterministic_and_prints_the_same_twice() {
    let shell = Shell::new("suite");
    let once = shell.run("--verify-determinism --seeds 1..3 --jobs 1");
    let twice = shell.run("--seeds 1..3 --jobs 2");
    assert_eq!(once.stdout, twice.stdout);
    assert_eq!(once.code, twice.code);
}

#[test]
fn check_tells_a_shortest_violation_step_by_step() {
    let shell = Shell::new("check");
    let done = shell.run("check ic --profile reference --max-states 200000");
    done.ends(1).says(" fails: ").says("   1  p1        starts, life 1\n").says("-- the last step is the violation");
    done.says("property  ").says("unique states");
    let json = shell.run("check ic --profile reference --max-states 200000 --json -");
    let result = json.ends(1).stdout.lines().nth(1).expect("a result");
    let result: serde_json::Value = serde_json::from_str(result).expect("JSON");
    assert_eq!((&result["scope"], &result["verdict"]), (&"ic".into(), &"fail".into()));
    assert!(result["failures"][0]["steps"].as_array().is_some_and(|steps| steps.len() > 5));
}

#[test]
fn a_check_cut_short_is_incomplete() {
    Shell::new("check-short").run("check ic --max-states 100").ends(3).says("incomplete: stopped at 100 states");
}

#[test]
fn a_mark_that_no_scenario_reaches_fails_the_suite_that_requires_reach() {
    let shell = Shell::new("reach");
    shell.file("twice.toml", TWICE);
    let done = shell.run("run twice.toml --require-reach");
    done.ends(3).says("1 of 1 scenarios pass").says("marks of xaction reached; never: ");
    done.says("xaction/restart-found-a-part-cut-short");
    assert!(!shell.run("run twice.toml").ends(0).stdout.contains("marks of"), "asked for or not said");
    let all = quiesce_control::xaction::MARKS.len();
    shell
        .run("run --require-reach")
        .ends(0)
        .says(&format!("{all} of {all} marks of xaction reached"))
        .says("marks of operation reached")
        .says("marks of volume reached");
    let json = shell.run("run twice.toml --require-reach --json -");
    json.ends(3).says("\"unreached\":[\"xaction/").says("\"marks\":{");
}

#[test]
fn a_crash_sweep_names_what_does_not_recover_and_where_it_was_struck() {
    let shell = Shell::new("crash-sweep");
    shell.file("twice.toml", TWICE);
    let clean = shell.run("run twice.toml --crash-sweep");
    clean.ends(0).says("scenario  verdict  seed  boundaries").says("twice     pass     3").says(", 0 did not recover");
    let torn = shell.run("run slow-target --crash-sweep --profile reference");
    torn.ends(1).says("slow-target  fail     1").says("slow-target no-abort-without-cause: ");
    torn.says("p1 loses a message at `send start-xact to n3`").says(" effects of event ").says(" did not recover\n");
    assert_eq!(torn.stdout, shell.run("run slow-target --crash-sweep --profile reference --jobs 1").stdout);
    let failing = shell.run("run twice.toml --crash-sweep --profile reference");
    failing.ends(1).says("twice: the run of seed 3 is fail, so nothing was swept");
    let json = shell.run("run twice.toml --crash-sweep --json - --seeds 3..5");
    json.ends(0).says("\"crash_sweep\":\"twice\",\"seed\":4").says("\"failed\":0").says("\"exit\":0");
    shell.run("run twice.toml --crash-sweep --require-reach").ends(2);
}

#[track_caller]
fn refused(shell: &Shell, words: &str, why: &str) {
    let done = shell.run(words);
    assert!(done.ends(2).stderr.contains(why), "`{why}` is not in\n{}", done.stderr);
}

#[test]
fn worlds_are_checked_otherwise_than_listed_and_summed_up() {
    let shell = Shell::new("check-worlds");
    let both = shell.run("check operation create --threads 2");
    both.ends(0).says("operation pass: 1521 unique states").says("volume     create     pass");
    let lossy = shell.run("check operation --losses 1");
    lossy.ends(0).says("operation pass: 9354 unique states");
    refused(&shell, "check operation --crashes 1 --crashable nobody", "there is no node `nobody`");
    refused(&shell, "check operation --partitions 1", "the budget allows partitions, but no cut is named");
    shell.run("check operation --memory 1KiB").ends(3).says("incomplete: stopped at 0 MiB of memory");
    shell.run("check operation --timeout 0s").ends(3).says("incomplete: stopped after 0ns");
    refused(&shell, "check operation --memory much", "expected a whole number and a unit");
    refused(&shell, "check opperation", "did you mean `operation`?");
}

#[test]
fn a_counterexample_of_the_checker_replays_in_the_simulator() {
    let shell = Shell::new("check-capsule");
    let done = shell.run("check ic --profile reference");
    let said = done.ends(1).stdout.lines().find_map(|line| line.trim().strip_prefix("replay  quiesce "));
    let command = said.expect("a command that replays").to_owned();
    shell.run(&command).ends(1).says("reproduced: ");
    let capsule = command.strip_prefix("replay ").expect("a replay");
    let within = shell.run(&format!("check --from {capsule} --step 8"));
    within.ends(1).says(" fails: ").says("   8  ").says("-- the last step is the violation");
    shell.run(&format!("check ic --from {capsule} --step 8")).ends(2);
    shell.run(&format!("check --from {capsule}")).ends(2);
}

#[test]
fn a_world_is_explored_only_where_somebody_can_listen() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let address = taken.local_addr().expect("it has an address");
    refused(&Shell::new("explore"), &format!("explore operation --address {address}"), "cannot listen on 127.0.0.1:");
}

/// The capsule that the output names first.
fn capsule(done: &Done) -> String {
    let said = done.stdout.lines().find_map(|line| line.trim().split("quiesce replay ").nth(1));
    said.expect("a command that replays").to_owned()
}

#[test]
fn a_world_has_the_sizes_it_has() {
    let shell = Shell::new("check-sizes");
    refused(
        &shell,
        "check create --proxies 2",
        "the size `proxies` is not one of this world; it has engines, replicas",
    );
    refused(&shell, "check registry-race --clients 3", "it has targets");
    refused(&shell, "check ic --targets 0", "a cluster needs at least one target");
    let two = shell.run("check ic --targets 2 --max-states 20000 --search safety");
    two.ends(3).says("stopped at 20000 states");
}

#[test]
fn a_capsule_keeps_what_was_otherwise_in_its_world_and_replays_without_flags() {
    let shell = Shell::new("check-adjusted");
    let found = shell.run("check ic --profile reference --targets 2 --losses 1 --max-states 60000");
    found.ends(1).says("t2        starts, life 1");
    let capsule = capsule(&found);
    shell.run(&format!("replay {capsule}")).ends(1).says("reproduced: ");
    let within = shell.run(&format!("check --from {capsule} --step 9 --max-states 60000"));
    within.ends(1).says("t2        starts, life 1").says(" fails: ");
}

#[test]
fn a_write_that_fails_replays_as_it_was_found() {
    let shell = Shell::new("check-store");
    shell.run("check operation --store-faults 1").ends(0).says("operation pass: 5135 unique states");
    let found = shell.run("check operation --profile reference --store-faults 1");
    found.ends(1).says("  director  failed to store operation 0").says("  apiserver  failed to store operation 0");
    let capsules = found.stdout.lines().filter_map(|line| line.trim().split("quiesce replay ").nth(1));
    for capsule in capsules {
        shell.run(&format!("replay {capsule}")).ends(1).says("reproduced: ");
    }
}

#[test]
fn a_loop_is_saved_and_goes_round_as_often_as_asked() {
    let shell = Shell::new("check-loop");
    let events = |loops: u64| {
        let found = shell.run(&format!("check create --losses 1 --loops {loops}"));
        found.ends(1).says("-- from here on, again and again for ever:").says("-- and so on for ever");
        let capsule = capsule(&found);
        shell.run(&format!("replay {capsule}")).ends(1).says("reproduced: ");
        let text = std::fs::read_to_string(shell.0.join(capsule)).expect("it was saved");
        let saved: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        saved["events"].as_u64().expect("a number of events")
    };
    let (once, twice, often) = (events(1), events(2), events(7));
    assert!(twice > once, "a round has events");
    assert_eq!(often - once, 6 * (twice - once), "every round is alike");
}

#[test]
fn symmetry_is_refused_where_it_could_mislead() {
    let shell = Shell::new("check-symmetry");
    refused(&shell, "check ic-targets --symmetry", "symmetry is for safety alone");
    refused(&shell, "check ic --symmetry --search safety", "nothing in this scope is alike");
    refused(&shell, "check create --symmetry --search safety", "plane `volume` has none yet");
}

#[test]
fn a_check_begins_at_any_moment_of_a_simulated_failure() {
    let shell = Shell::new("check-from-run");
    let failed = shell.run("run everybody-restarts --profile reference --seeds 1..3");
    let capsule = capsule(failed.ends(1));
    for step in [0, 6, 25] {
        let within = shell.run(&format!("check --from {capsule} --step {step} --max-states 3000"));
        within.ends(3).says("everybody-restarts incomplete: stopped at 3000 states");
    }
}

#[test]
fn a_check_begins_inside_a_run_whose_timeline_opens_with_a_fault() {
    let shell = Shell::new("check-from-fault");
    let failed = shell.run("run abort-is-lost --profile reference --seed 1");
    let capsule = capsule(failed.ends(1));
    for step in [5, 12] {
        let within = shell.run(&format!("check --from {capsule} --step {step} --max-states 3000"));
        within.says("\nabort-is-lost ").says(": 3000 unique states");
    }
}

#[test]
fn results_are_junit_too() {
    let shell = Shell::new("check-junit");
    shell.run("check ic operation --profile reference --junit checks.xml").ends(1);
    let xml = std::fs::read_to_string(shell.0.join("checks.xml")).expect("it was written");
    assert!(xml.contains("<testsuite name=\"xaction.ic\" tests=\"7\" failures="), "{xml}");
    assert!(
        xml.contains("<testcase classname=\"xaction.ic\" name=\"waits-return\">\n      <failure type=\"waits-return\""),
        "{xml}"
    );
    assert!(xml.contains("<testsuite name=\"operation.operation\""), "{xml}");
    assert!(xml.contains("gets ToProxy("), "the steps are in it\n{xml}");
}
