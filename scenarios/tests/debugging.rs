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
    let shown = fact.stdout.lines().rfind(|line| line.contains(" p1 ")).expect("p1 registers the job");
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
    diff.says("what differs behind step 9, at ").says("    p1  ").says("nothing -> ");
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
