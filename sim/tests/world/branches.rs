//! Branches leave a run at every boundary between two effects, and nowhere else.

use quiesce_machine::Time;
use quiesce_sim::{Action, Blow, Branch, Records, Verdict, branch, run, survey};

use crate::puppet::{A, B, Check, Op, PuppetPlan, Tell, ms, plan};

/// A stores, sends, says, sends; B answers.
fn small() -> PuppetPlan {
    plan().tell(10, A, [Op::Put(1, 10), Op::Ping(B, 1), Op::Say(7), Op::Ping(B, 2)])
}

fn branches(plan: &PuppetPlan) -> Vec<Branch> {
    survey(plan, 1).1
}

fn names(branches: &[Branch]) -> Vec<String> {
    let name = |found: &Branch| format!("{} {}/{} {} {}", found.event, found.effect, found.of, found.blow, found.next);
    branches.iter().map(name).collect()
}

/// What the nodes stated in one branch after the call, with the millisecond.
fn told(plan: &PuppetPlan, at: &Branch) -> Vec<String> {
    let (outcome, trace) = branch(plan, 1, at, ms(100), true);
    assert_eq!(branch(plan, 1, at, ms(100), false).0, outcome, "recording changes nothing");
    let trace = trace.expect("a trace was asked for");
    let entries = trace.entries.iter().filter(|entry| entry.at > Time::ZERO);
    entries
        .flat_map(|entry| {
            let node = entry.node.map_or("-", |id| &trace.nodes[id.index()]);
            entry.facts.iter().map(move |fact| format!("{} {node} {fact}", entry.at.0 / 1_000_000))
        })
        .collect()
}

#[test]
fn a_survey_finds_every_boundary_and_changes_nothing() {
    let (outcome, found) = survey(&small(), 1);
    assert_eq!(outcome, run(&small(), 1));
    let expected = [
        "4 0/4 crash store",
        "4 0/4 fail-write store",
        "4 1/4 crash send ping to n1",
        "4 1/4 lose-message send ping to n1",
        "4 2/4 crash send ping to n1",
        "4 2/4 lose-message send ping to n1",
        "4 3/4 crash reply done",
        "4 4/4 crash ",
        "6 0/1 crash send pong to n0",
        "6 0/1 lose-message send pong to n0",
        "6 1/1 crash ",
        "7 0/1 crash send pong to n0",
        "7 0/1 lose-message send pong to n0",
        "7 1/1 crash ",
    ];
    assert_eq!(names(&found), expected);
}

#[test]
fn a_crash_at_a_boundary_does_what_is_before_and_nothing_behind() {
    let crashes: Vec<Branch> = branches(&small()).into_iter().filter(|found| found.blow == Blow::Crash).collect();
    let told = |place: usize| told(&small(), &crashes[place]);
    assert_eq!(told(0), ["10 a said 7", "110 a started #2"]);
    assert!(told(1)[1].starts_with("110 a started #2"), "the write was on its way");
    assert_eq!(told(2)[1..2], ["11 b got 1 from n0, heard 1"]);
    assert!(told(2).iter().all(|line| !line.contains("got 2")));
    assert!(told(4).iter().any(|line| line.contains("b got 2")));
    let (outcome, _) = branch(&small(), 1, &crashes[3], ms(100), false);
    assert!(outcome.replies.is_empty(), "the reply is behind the boundary");
    assert_eq!(branch(&small(), 1, &crashes[4], ms(100), false).0.replies.len(), 1);
}

#[test]
fn a_lost_message_or_failed_write_is_all_that_differs() {
    let found = branches(&small());
    let base = ["10 a said 7", "10 a stored 1", "11 b got 1 from n0, heard 1", "11 b got 2 from n0, heard 2"];
    let answers = ["12 a got 1 from n1, heard 1", "12 a got 2 from n1, heard 2"];
    assert_eq!(told(&small(), &found[1]), [&base[..1], &["10 a not stored 1: Failed"], &base[2..], &answers].concat());
    let without_second = [&base[..3], &answers[..1]].concat();
    assert_eq!(told(&small(), &found[5]), without_second);
    assert_eq!(told(&small(), &found[9]), [&base[..], &["12 a got 2 from n1, heard 1"]].concat());
}

#[test]
fn a_branch_has_time_to_come_to_rest_however_late_it_leaves() {
    let late = plan().tell(0, A, [Op::Later(quiesce_machine::Delay::from(ms(19_990)), B, 1)]);
    let found = branches(&late);
    let last = found.last().expect("the timer sends");
    let (outcome, _) = branch(&late, 1, last, ms(100), false);
    assert_eq!((last.at, outcome.now), (Time::ZERO + ms(19_990), Time::ZERO + ms(19_990 + 100 + 10_000)));
    assert_eq!(told(&late, last), ["19991 b got 1 from n0, heard 1", "20090 a started #2"]);
}

#[test]
fn a_crash_of_the_timeline_outranks_the_return_from_a_branch() {
    let dead = Action::Crash { node: A, records: Records::Kept, stays_down: true };
    let plan = small().act(50, Action::Restart { node: A }).act(60, dead);
    let told = told(&plan, &branches(&plan)[0]);
    assert_eq!(told, ["10 a said 7", "50 a started #2"]);
}

#[test]
fn what_does_not_recover_is_found_and_what_does_is_not() {
    let mut plan = plan().tell(10, A, [Op::Say(7), Op::Later(quiesce_machine::Delay::from(ms(5)), B, 1)]);
    plan = plan.tell(20, A, [Op::Say(107)]);
    plan.monitors = vec![Check::Answered(Vec::new())];
    let verdicts: Vec<(Blow, bool)> = branches(&plan)
        .iter()
        .map(|found| (found.blow, branch(&plan, 1, found, ms(5_000), false).0.verdict == Verdict::Fail))
        .collect();
    let crash = |fails| (Blow::Crash, fails);
    let (while_open, lost, answered) = ([crash(true); 5], (Blow::LoseMessage, false), [crash(false); 2]);
    assert_eq!(verdicts, [&while_open[..4], &[lost], &while_open[..1], &answered].concat());
}
