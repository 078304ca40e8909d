//! Every flag of the commands that run, replay and shrink has a test that fails without it.
//!
//! The table below names it. This file holds the table to what `quiesce COMMAND -h` offers and to the tests that there
//! are, and tests the flags that no other file is about. That each test fails without its flag is what `.ci/flags` shows:
//! it runs every one of them with `QUIESCE_WITHOUT`, which makes `shell` leave the flag out of every command line.

mod shell;

use std::collections::BTreeSet;

use shell::{Shell, TWICE};

/// Command, flag, how many words follow it, and the test: its file and its name.
#[rustfmt::skip]
const TABLE: &[(&str, &str, usize, &str, &str)] = &[
    ("run", "--trace", 0, "command_line", "verbose_shows_fault_counters_and_the_end_of_the_trace"),
    ("run", "--shrink", 0, "debugging", "a_run_shrinks_what_it_finds_if_asked"),
    ("run", "--require-reach", 0, "command_line", "a_mark_that_no_scenario_reaches_fails_the_suite_that_requires_reach"),
    ("run", "--report", 1, "page", "a_report_has_every_picture_in_every_format"),
    ("run", "--junit", 1, "shards", "an_interrupt_ends_a_sweep_with_what_was_found_so_far"),
    ("run", "--shard", 1, "shards", "a_shard_runs_its_share_alone"),
    ("run", "--budget", 1, "shards", "a_budget_that_is_up_leaves_the_run_incomplete"),
    ("run", "--resume", 1, "shards", "a_run_goes_on_from_what_was_kept"),
    ("run", "--crash-sweep", 0, "command_line", "a_crash_sweep_names_what_does_not_recover_and_where_it_was_struck"),
    ("run", "--crash-down", 1, "flags", "a_process_that_a_crash_sweep_struck_is_down_as_long_as_asked"),
    ("run", "--seed", 1, "command_line", "a_failure_names_the_property_the_evidence_and_both_commands_that_repeat_it"),
    ("run", "--seeds", 1, "shards", "a_shard_runs_its_share_alone"),
    ("run", "--profile", 1, "command_line", "verbose_shows_fault_counters_and_the_end_of_the_trace"),
    ("run", "--policy", 1, "debugging", "a_kept_failure_is_a_scenario_of_the_suite_beside_its_trace"),
    ("run", "--jobs", 1, "flags", "as_many_seeds_run_at_once_as_asked"),
    ("run", "--verify-determinism", 0, "flags", "a_run_that_compares_every_seed_with_itself_says_so_in_what_it_keeps"),
    ("run", "--json", 1, "command_line", "json_lines_begin_with_run_and_end_with_summary"),
    ("run", "--capsules", 1, "command_line", "results_that_cannot_be_written_are_refused"),
    ("run", "--quiet", 0, "flags", "quiet_prints_the_table_alone_and_verbose_more_than_asked"),
    ("run", "--verbose", 0, "flags", "quiet_prints_the_table_alone_and_verbose_more_than_asked"),
    ("merge", "--trace", 0, "flags", "a_merge_tells_what_a_run_tells"),
    ("merge", "--shrink", 0, "flags", "a_merge_tells_what_a_run_tells"),
    ("merge", "--require-reach", 0, "flags", "a_merge_tells_what_a_run_tells"),
    ("merge", "--report", 1, "shards", "the_union_of_shards_equals_the_unsharded_result_to_the_byte"),
    ("merge", "--junit", 1, "shards", "the_union_of_shards_equals_the_unsharded_result_to_the_byte"),
    ("merge", "--json", 1, "shards", "the_union_of_shards_equals_the_unsharded_result_to_the_byte"),
    ("merge", "--policy", 1, "flags", "flags_that_mean_nothing_to_a_command_are_refused"),
    ("replay", "--until", 1, "debugging", "a_replay_stops_behind_a_step_an_instant_or_a_fact"),
    ("replay", "--break", 1, "debugging", "a_replay_stops_behind_a_step_an_instant_or_a_fact"),
    ("replay", "--back", 1, "debugging", "a_replay_stops_behind_a_step_an_instant_or_a_fact"),
    ("replay", "--dump", 1, "debugging", "a_replay_shows_a_nodes_state_where_it_stops_and_what_differs_between_two_steps"),
    ("replay", "--diff", 2, "debugging", "a_replay_shows_a_nodes_state_where_it_stops_and_what_differs_between_two_steps"),
    ("replay", "--times", 1, "debugging", "replays_in_number_print_the_same_bytes"),
    ("replay", "--policy", 1, "command_line", "a_failure_names_the_property_the_evidence_and_both_commands_that_repeat_it"),
    ("replay", "--json", 1, "debugging", "replays_in_number_print_the_same_bytes"),
    ("replay", "--quiet", 0, "flags", "a_quiet_replay_says_its_verdict_alone"),
    ("why", "--futures", 1, "debugging", "why_names_the_step_from_which_a_failure_was_inevitable"),
    ("why", "--policy", 1, "debugging", "why_names_the_step_from_which_a_failure_was_inevitable"),
    ("audit", "--budget", 1, "audit", "the_program_tells_what_is_caught_by_what_and_what_holds"),
    ("audit", "--json", 1, "audit", "the_program_tells_what_is_caught_by_what_and_what_holds"),
    ("audit", "--policy", 1, "audit", "a_report_has_a_page_for_each_policy_and_an_index_in_both_forms"),
    ("audit", "--report", 1, "audit", "a_report_has_a_page_for_each_policy_and_an_index_in_both_forms"),
    ("audit", "--unexplained", 0, "audit", "the_program_tells_what_is_caught_by_what_and_what_holds"),
    ("shrink", "--seed", 1, "flags", "flags_that_mean_nothing_to_a_command_are_refused"),
    ("keep", "--suite", 1, "debugging", "a_kept_failure_is_a_scenario_of_the_suite_beside_its_trace"),
    ("keep", "--name", 1, "debugging", "a_kept_failure_is_a_scenario_of_the_suite_beside_its_trace"),
];

/// The long flags that a command's help offers.
fn offered(command: &str) -> BTreeSet<String> {
    let help = Shell::new(&format!("help-{command}")).run(&format!("{command} -h"));
    let line = |line: &str| {
        let flag = line.trim_start().strip_prefix("-q, ").or(line.trim_start().strip_prefix("-v, ")).unwrap_or(line);
        let flag = flag.trim_start().split([' ', '.']).next()?;
        flag.starts_with("--").then(|| flag.to_owned())
    };
    help.ends(0).stdout.lines().filter_map(line).collect()
}

#[test]
fn every_flag_that_is_offered_is_in_the_table() {
    let known = |command: &str| -> BTreeSet<String> {
        TABLE.iter().filter(|row| row.0 == command).map(|row| row.1.to_owned()).collect()
    };
    let run = offered("run");
    assert_eq!(known("run"), run);
    let shared: BTreeSet<String> = offered("keep").intersection(&run).cloned().collect();
    for command in ["merge", "replay", "why", "audit", "shrink", "keep"] {
        let offered = offered(command);
        let own: Vec<&String> = offered.difference(&shared).collect();
        assert!(own.iter().all(|flag| known(command).contains(*flag)), "{command}: {own:?}");
        assert!(known(command).is_subset(&offered), "{command} has no such flag: {:?}", known(command));
    }
}

#[test]
fn every_test_in_the_table_is_there_and_speaks_of_its_flag() {
    for (_, flag, _, file, test) in TABLE {
        let path = format!("{}/tests/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let (_, body) = text.split_once(&format!("#[test]\nfn {test}()")).unwrap_or_else(|| panic!("{test} of {file}"));
        let body = body.split("\n}\n").next().unwrap_or_default();
        let short = if ["--quiet", "--verbose"].contains(flag) { &flag[1..3] } else { flag };
        let helped = text.split("#[test]").next().unwrap_or_default();
        assert!(body.contains(short) || helped.contains(short), "{test} says nothing of {flag}");
    }
}

/// A start that arrives once.
fn once() -> String {
    TWICE.replace("  { at = \"0s\", duplicate = \"start-request\" },\n", "")
}

#[test]
fn a_process_that_a_crash_sweep_struck_is_down_as_long_as_asked() {
    let shell = Shell::new("crash-down");
    shell.file("once.toml", &once());
    shell.run("run once.toml --crash-sweep --crash-down 7s --profile reference -q").ends(1);
    let saved = shell.left("quiesce-failures");
    let read = |name: &String| std::fs::read_to_string(shell.0.join("quiesce-failures").join(name)).expect("saved");
    assert!(!saved.is_empty());
    assert!(saved.iter().all(|name| read(name).contains("\"down_ns\": 7000000000")), "{saved:?}");
}

#[test]
fn as_many_seeds_run_at_once_as_asked() {
    let shell = Shell::new("jobs");
    shell.file("once.toml", &once());
    for jobs in [1, 3, 5] {
        let mut command = shell.command(&format!("run once.toml --jobs {jobs}"));
        let output = command.env("RUST_LOG", "quiesce=debug").output().expect("the program starts");
        let log = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(log.contains(&format!("seeds run at once threads={jobs}")), "{log}");
    }
    shell.run("run once.toml --jobs 0").ends(2);
}

#[test]
fn a_run_that_compares_every_seed_with_itself_says_so_in_what_it_keeps() {
    let shell = Shell::new("twice");
    shell.file("once.toml", &once());
    shell.run("run once.toml --verify-determinism --resume kept.json").ends(0);
    let kept = std::fs::read_to_string(shell.0.join("kept.json")).expect("it was kept");
    assert!(kept.contains("\"twice\":true"), "{kept}");
    let other = shell.run("run once.toml --resume kept.json");
    assert!(other.ends(2).stderr.contains("--verify-determinism"), "{}", other.stderr);
}

#[test]
fn quiet_prints_the_table_alone_and_verbose_more_than_asked() {
    let shell = Shell::new("quiet");
    shell.file("twice.toml", TWICE);
    let quiet = shell.run("run twice.toml --profile reference -q");
    assert_eq!(quiet.ends(1).stdout.lines().count(), 2, "{}", quiet.stdout);
    shell.run("run twice.toml -v").ends(0).says("marks of xaction reached; never: ").says("planned 4, applied 4");
}

#[test]
fn a_quiet_replay_says_its_verdict_alone() {
    let shell = Shell::new("quiet-replay");
    shell.file("twice.toml", TWICE);
    shell.run("run twice.toml --profile reference --seed 3").ends(1);
    let capsule = "quiesce-failures/twice.reference.one-start-one-job.seed-3.json";
    let quiet = shell.run(&format!("replay {capsule} -q"));
    assert!(quiet.ends(1).stdout.starts_with("reproduced: one-start-one-job"), "{}", quiet.stdout);
}

#[test]
fn a_merge_tells_what_a_run_tells() {
    let shell = Shell::new("merge-tells");
    shell.file("twice.toml", TWICE);
    shell.run("run twice.toml --profile reference --resume kept.json -q").ends(1);
    shell.run("merge kept.json --trace").ends(1).says("trace of seed 3:\n").says("0.000000s  p1  start");
    shell.run("merge kept.json --shrink").ends(1).says("    small   quiesce run quiesce-failures/twice.reference.");
    shell.run("run twice.toml --resume clean.json -q").ends(0);
    shell.run("merge clean.json").ends(0);
    shell.run("merge clean.json --require-reach").ends(3).says("marks of xaction reached; never: ");
}

#[test]
fn flags_that_mean_nothing_to_a_command_are_refused() {
    let shell = Shell::new("unheeded");
    shell.file("twice.toml", TWICE);
    shell.run("run twice.toml --profile reference --resume kept.json -q").ends(1);
    let capsule = "quiesce-failures/twice.reference.one-start-one-job.seed-3.json";
    let refused = |words: &str, why: &str| {
        let done = shell.run(words);
        assert!(done.ends(2).stderr.contains(why), "`{why}` is not in\n{}", done.stderr);
    };
    for flag in ["--policy job-identity=request", "--profile hardened", "--seeds 1..3", "--seed 3"] {
        let name = flag.split(' ').next().unwrap_or_default();
        refused(&format!("merge kept.json {flag}"), &format!("`quiesce merge` does nothing with {name}"));
    }
    for (command, flag) in [("replay", "--seed 4"), ("why", "--json -"), ("shrink", "--seed 4"), ("keep", "--seed 4")] {
        refused(&format!("{command} {capsule} {flag}"), &format!("`quiesce {command}` does nothing with --"));
    }
    refused("run twice.toml --crash-sweep --verify-determinism", "`quiesce run --crash-sweep` does nothing with");
    refused("list --profile reference", "`quiesce list` does nothing with --profile");
    refused("kinds --seed 1", "`quiesce kinds` does nothing with --seed");
}

#[test]
fn what_is_bundled_is_json_where_asked() {
    let done = Shell::new("list-json").run("list policies --json -");
    let rows: serde_json::Value = serde_json::from_str(&done.ends(0).stdout).expect("JSON");
    let rows = rows.as_array().expect("a list");
    assert!(rows.iter().any(|row| row["plane"] == "xaction" && row["policy"] == "job-identity"), "{rows:?}");
    assert!(rows.iter().all(|row| ["reference", "hardened", "about"].iter().all(|key| row[key].is_string())));
}
