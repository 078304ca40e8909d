//! Long sweeps from the command line: in shards, within a budget, killed, interrupted, and gone on with.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

mod shell;

use shell::Shell;

impl Shell {
    /// Runs to the end: exit code, standard output, standard error.
    fn told(&self, words: &str) -> (Option<i32>, String, String) {
        let done = self.run(words);
        (done.code, done.stdout, done.stderr)
    }

    /// Starts a run and waits until it has kept something.
    fn begin(&self, words: &str, kept: &str) -> Child {
        let mut child = self.command(words).stdout(Stdio::null()).spawn().expect("the program starts");
        while !self.path(kept).exists() {
            let ended = child.try_wait().expect("the program can be asked");
            assert!(ended.is_none(), "the program ended before it kept anything: {ended:?}");
            std::thread::yield_now();
        }
        child
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    #[track_caller]
    fn refuses(&self, words: &str, text: &str) {
        let (code, stdout, stderr) = self.told(words);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.split_whitespace().collect::<Vec<_>>().join(" ").contains(text), "`{text}` is not in\n{stderr}");
    }
}

/// Scenarios that fail, pass, and are vacuous unless many seeds run.
const WHAT: &str = "abort-is-lost two-members-restart-at-once slow-target swarm --profile reference";

#[test]
fn the_union_of_shards_equals_the_unsharded_result_to_the_byte() {
    let shell = Shell::new("union");
    let whole = shell.told(&format!("run {WHAT} --seeds 0..37 --json whole.jsonl"));
    assert_eq!(whole.0, Some(1));
    for (number, of) in [(2, 3), (1, 3), (3, 3)] {
        shell.told(&format!("run {WHAT} --seeds 0..37 --shard {number}/{of} --resume {number}.json -q"));
    }
    let merged = shell.told("merge 3.json 1.json 2.json --json merged.jsonl --junit merged.xml --report report");
    assert_eq!(merged.0, Some(1), "{}", merged.2);
    assert_eq!(shell.read("merged.jsonl"), shell.read("whole.jsonl"));
    let table = |text: &str| text.split("\n\n").take(2).collect::<String>();
    assert_eq!(table(&merged.1), table(&whole.1));
    assert!(shell.read("merged.xml").contains("<testsuite name=\"xaction\" tests=\"4\""));
    assert!(shell.path("report/xaction.html").exists());
}

#[test]
fn a_shard_runs_its_share_alone() {
    let shell = Shell::new("share");
    let (code, stdout, _) = shell.told("run slow-target --seeds 10..20 --shard 2/3 --json -");
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("\"seeds\":{\"first\":13,\"count\":3},\"runs\":3"), "{stdout}");
    let (_, empty, _) = shell.told("run slow-target abort-is-lost --seed 1 --shard 1/2 --json -");
    assert!(empty.contains("\"scenarios\":0,"), "{empty}");
    assert_eq!(shell.told("run slow-target --shard 3/2").0, Some(2));
}

#[test]
fn shards_that_are_missing_twice_or_of_other_runs_do_not_merge_to_green() {
    let shell = Shell::new("odd");
    for shard in [1, 2] {
        shell.told(&format!("run slow-target --seeds 0..10 --shard {shard}/2 --resume {shard}.json -q"));
    }
    let (code, stdout, _) = shell.told("merge 1.json");
    assert_eq!(code, Some(3));
    assert!(stdout.contains("incomplete") && stdout.contains("there are only 5 of 10 seeds"), "{stdout}");
    shell.refuses("merge 1.json 1.json", "holds runs of `slow-target` that another file holds too, seed 0 among them");
    shell.told("run slow-target --seeds 0..11 --resume other.json -q");
    shell.refuses("merge 1.json other.json", "expected 10 seeds from 0, found 11 seeds from 0");
    shell.told("run slow-target --seeds 0..10 --profile reference --resume published.json -q");
    shell.refuses("merge 1.json published.json", "the profile, the policies or --verify-determinism differ");
    shell.refuses("run slow-target --seeds 0..10 --shard 1/2 --resume 2.json", "that are not in this shard");
    shell.refuses("run abort-is-lost --seeds 0..10 --resume 1.json", "found `slow-target`");
    std::fs::write(shell.path("torn.json"), &shell.read("1.json")[..200]).expect("a temporary file can be written");
    shell.refuses("merge torn.json", "torn.json does not hold what was run: EOF");
    shell.refuses("merge missing.json", "cannot read missing.json");
}

#[test]
fn a_run_goes_on_from_what_was_kept() {
    let shell = Shell::new("resume");
    let whole = shell.told(&format!("run {WHAT} --seeds 0..37 --json whole.jsonl"));
    shell.told(&format!("run {WHAT} --seeds 0..37 --shard 2/3 --resume kept.json -q"));
    let log = "--json resumed.jsonl --resume kept.json";
    let resumed = shell.told(&format!("run {WHAT} --seeds 0..37 {log}"));
    assert_eq!((resumed.0, &resumed.1), (whole.0, &whole.1));
    assert_eq!(shell.read("resumed.jsonl"), shell.read("whole.jsonl"));
    let kept = shell.read("kept.json");
    assert_eq!(shell.told(&format!("run {WHAT} --seeds 0..37 {log}")).1, whole.1, "nothing is left to run");
    assert_eq!(shell.read("kept.json"), kept);
}

#[test]
fn a_killed_run_goes_on_where_it_was() {
    let shell = Shell::new("killed");
    let what = "run slow-target --seeds 0..600 --jobs 1";
    let whole = shell.told(&format!("{what} --json whole.jsonl"));
    let mut child = shell.begin(&format!("{what} --resume kept.json"), "kept.json");
    _ = child.kill();
    child.wait().expect("the program ends");
    let resumed = shell.told(&format!("{what} --resume kept.json --json resumed.jsonl"));
    assert_eq!((resumed.0, resumed.1), (whole.0, whole.1));
    assert_eq!(shell.read("resumed.jsonl"), shell.read("whole.jsonl"));
    assert!(!shell.left(".").iter().any(|name| name.contains("partial")), "{:?}", shell.left("."));
}

#[test]
fn a_budget_that_is_up_leaves_the_run_incomplete() {
    let shell = Shell::new("budget");
    let (code, stdout, _) = shell.told("run slow-target --seeds 0..5000 --budget 1ms --jobs 1");
    assert_eq!(code, Some(3), "{stdout}");
    assert!(stdout.contains("incomplete") && stdout.contains("time was up after"), "{stdout}");
    assert!(stdout.contains("/5000"), "{stdout}");
    assert_eq!(shell.told("run slow-target --seeds 0..5 --budget 1h").0, Some(0));
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("there is a kill");
    assert!(status.success());
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_sweep_with_what_was_found_so_far() {
    let shell = Shell::new("interrupt");
    let files = "--resume kept.json --json out.jsonl --junit out.xml --report report";
    let mut child = shell
        .begin(&format!("run abort-is-lost slow-target --seeds 0..100000000 --profile reference {files}"), "kept.json");
    interrupt(&child);
    assert_eq!(child.wait().expect("the program ends").code(), Some(1), "something was found before");
    let lines: Vec<serde_json::Value> =
        shell.read("out.jsonl").lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert_eq!(
        (&lines[0]["type"], &lines[3]["type"], &lines[3]["exit"]),
        (&"run".into(), &"summary".into(), &1.into())
    );
    assert_eq!(lines[1]["verdict"], "fail");
    let reason = lines[1]["reasons"][0].as_str().expect("a reason");
    assert!(reason.starts_with("interrupted after ") && reason.ends_with(" of 100000000 seeds"), "{reason}");
    assert!(shell.read("out.xml").ends_with("</testsuites>\n"));
    let page = shell.read("report/xaction.html");
    assert!(page.ends_with("</html>\n") && page.contains("\"interrupted\":true"));
}

#[cfg(unix)]
#[test]
fn an_interrupted_sweep_that_found_nothing_is_not_green() {
    let shell = Shell::new("interrupt-clean");
    let mut child = shell.begin("run slow-target --seeds 0..100000000 --resume kept.json", "kept.json");
    interrupt(&child);
    assert_eq!(child.wait().expect("the program ends").code(), Some(3));
}

#[test]
fn seeds_that_failed_are_remembered_beside_the_capsules() {
    let shell = Shell::new("failed");
    shell.told("run abort-is-lost --seeds 5..8 --profile reference -q");
    let remembered = shell.read("quiesce-failures/.failed-seeds.json");
    let json: serde_json::Value = serde_json::from_str(&remembered).expect("JSON");
    assert_eq!(json["failed"]["abort-is-lost --profile reference"], serde_json::json!([5, 6, 7]));
    std::fs::write(shell.path("quiesce-failures/.failed-seeds.json"), "[").expect("a temporary file can be written");
    assert_eq!(shell.told("run abort-is-lost --seeds 5..8 --profile reference -q").0, Some(1));
    assert_eq!(shell.read("quiesce-failures/.failed-seeds.json"), remembered);
}
