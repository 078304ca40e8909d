//! An audit catches published choices, in the checker or in the simulator, and says so of nothing else.

mod shell;

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use quiesce::audit::{AuditError, Audited, By, Caught, Ours, Space, audit};
use quiesce::planes::{self, AnyPlane};
use quiesce_control::policy::Row;
use shell::Shell;

fn row(plane: &str, policy: &str) -> (&'static dyn AnyPlane, &'static Row) {
    let plane = planes::ALL.into_iter().find(|known| known.name() == plane).expect("a plane");
    (plane, plane.policies().iter().find(|row| row.name == policy).expect("a policy"))
}

fn audited(space: &mut Space, plane: &str, policy: &str) -> Audited {
    let (plane, row) = row(plane, policy);
    audit(space, plane, row, None).expect("there is time")
}

#[test]
fn what_a_scope_shows_the_checker_catches_and_what_none_shows_the_simulator() {
    let mut space = Space::new(NonZeroUsize::MIN).expect("the suite has no mistake");
    let by_search = audited(&mut space, "operation", "own-writes");
    let Some(Caught { by: By::Checker { scope, states, steps, .. }, .. }) = &by_search.caught else {
        panic!("{by_search:#?}")
    };
    assert!(*states > 10 && steps.len() > 5, "{by_search:#?}");
    let Ours::HoldsInScope { scope: held, states: all } = &by_search.ours else { panic!("{by_search:#?}") };
    assert!(held == scope && *all > 10 && by_search.is_shown(), "{by_search:#?}");
    let by_runs = audited(&mut space, "operation", "retry-unit");
    let Some(Caught { property, by: By::Simulator { seeds, small, .. }, .. }) = &by_runs.caught else {
        panic!("{by_runs:#?}")
    };
    assert!(
        property == "retries-wait" && seeds.0 > 0 && small.is_some_and(|(entries, _)| entries <= 2),
        "{by_runs:#?}"
    );
    assert!(matches!(by_runs.ours, Ours::HoldsInRuns { seeds: 1.., .. }) && by_runs.is_shown());
}

/// A policy whose published choice is ours: nothing can be wrong with it.
const IDLE: Row =
    Row { name: "own-writes", about: "", reference: "fenced", published: "", hardened: "fenced", ours: "" };

#[test]
fn a_choice_that_breaks_nothing_is_not_caught() {
    let (plane, real) = row("operation", "own-writes");
    let idle: &'static Row = Box::leak(Box::new(Row { reference: real.hardened, ..IDLE }));
    let mut space = Space::new(NonZeroUsize::MIN).expect("the suite has no mistake");
    let told = audit(&mut space, plane, idle, None).expect("there is time");
    assert!(told.caught.is_none() && !told.is_shown(), "{told:#?}");
}

#[test]
fn an_audit_ends_when_its_time_is_up() {
    let (plane, row) = row("volume", "volume-delete");
    let mut space = Space::new(NonZeroUsize::MIN).expect("the suite has no mistake");
    let late = audit(&mut space, plane, row, Instant::now().checked_sub(Duration::from_nanos(1)));
    assert!(matches!(late, Err(AuditError::Late { policy: "volume-delete" })), "{late:?}");
}

#[test]
fn the_program_tells_what_is_caught_by_what_and_what_holds() {
    let shell = Shell::new("audit");
    let done = shell.run("audit operation --policy retry-unit");
    done.ends(0).says("retry-unit  retries-wait  simulator, ").says("  holds: ").says("retry-unit=nanoseconds: ");
    done.says("1 policies audited: the published choice of 1 is caught, ours holds there for 1");
    let json = shell.run("audit operation --policy retry-unit --json -");
    let line: serde_json::Value =
        serde_json::from_str(json.ends(0).stdout.lines().nth(1).expect("a result")).expect("JSON");
    assert_eq!((&line["policy"], &line["caught"]["by"]), (&"retry-unit".into(), &"simulator".into()));
    assert_eq!(line["ours"]["verdict"], "holds");
    shell.run("audit --budget 0s").ends(3).says("time was up before ");
    let refused = |words: &str, why: &str| {
        let done = shell.run(words);
        assert!(done.ends(2).stderr.contains(why), "`{why}` is not in\n{}", done.stderr);
    };
    refused("audit xactoin", "did you mean `xaction`?");
    refused("audit volume --policy retry-unit", "unknown policy `retry-unit`");
    refused("audit --policy retry-unit=nanoseconds", "an audit tries both choices of a policy");
    refused("audit --profile reference", "`quiesce audit` does nothing with --profile");
}
