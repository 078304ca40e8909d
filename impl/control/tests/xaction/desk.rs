//! A target whose registry is asked for more than single starts: downloads that share an xaction, a kind that comes round,
//! and what aborts do under its lock.

use std::sync::Arc;
use std::time::Duration;

use quiesce_control::xaction::ask::Question;
use quiesce_control::xaction::bucket::{Bucket, BucketName};
use quiesce_control::xaction::job::SortPhase;
use quiesce_control::xaction::registry::{AbortFilter, Entry, Phase, Query};
use quiesce_control::xaction::{
    DaemonId, Fact, Hosting, Kind, Msg, Node, Periodic, Piece, Refused, Snap, TargetTimer, ToProxy, ToTarget,
    Watermarks, XactError, XactId,
};
use quiesce_machine::{CallId, Effect, Incarnation, Time};

use crate::support::*;

const OTHER: XactId = XactId::minted(C1, Incarnation(1), 1);

fn plain(reference: &[&str]) -> Bench {
    let reference: Vec<&str> = reference.iter().copied().chain(["xact-record"]).collect();
    Bench::hosted(T1, &reference, Hosting { prune: None, ..Hosting::default() })
}

fn start(bench: &mut Bench, job: XactId, kind: Kind) -> Vec<Effect<Node>> {
    bench.deliver(P1, ToTarget::StartXact { job, kind, work: WORK, sources: sources(), manner: None })
}

fn stop(bench: &mut Bench, filter: AbortFilter) -> Vec<Effect<Node>> {
    let question = Arc::new(Question::Stop(filter));
    bench.deliver(P1, ToTarget::Asked { client: C1, call: CallId(9), question })
}

/// The xactions of the target's registry that have not ended.
fn running(bench: &Bench) -> Vec<Entry> {
    let Node::Target(target) = &bench.node else { unreachable!("the bench is a target's") };
    target.desk().registry().running().cloned().collect()
}

fn ends(facts: &[Fact]) -> Vec<(XactId, Snap)> {
    let end = |fact: &Fact| if let &Fact::XactEnded { job, snap } = fact { Some((job, snap)) } else { None };
    facts.iter().filter_map(end).collect()
}

/// A target that does two downloads.
fn downloading() -> Bench {
    let mut target = plain(&[]);
    for job in [JOB, OTHER] {
        let effects = start(&mut target, job, Kind::Download);
        assert!(effects.contains(&target.send(P1, ToProxy::XactStarted { job })), "{effects:?}");
    }
    target
}

#[test]
fn downloads_are_work_of_one_xaction_until_each_has_ended() {
    let mut target = downloading();
    let registered = |fact: &Fact| matches!(fact, Fact::XactRegistered { kind: Kind::Download, .. });
    assert_eq!(target.facts().iter().filter(|fact| registered(fact)).count(), 1);
    let pending = |target: &Bench| running(target).iter().map(|entry| entry.pending).collect::<Vec<_>>();
    assert_eq!(pending(&target), [2]);
    target.fire(TargetTimer::Work(JOB));
    assert_eq!(ends(&target.facts()), [(JOB, Snap::Finished)]);
    assert_eq!(pending(&target), [1]);
    target.fire(TargetTimer::Work(OTHER));
    assert_eq!(pending(&target), [0], "it idles, and has not ended");
}

#[test]
fn a_stop_of_one_download_leaves_the_other_and_one_of_their_xaction_ends_both() {
    let mut target = downloading();
    target.facts();
    let stopped = Snap::Aborted(XactError::UserAbort);
    stop(&mut target, AbortFilter::Id(JOB));
    assert_eq!(ends(&target.facts()), [(JOB, stopped)]);
    assert_eq!(running(&target).len(), 1);
    stop(&mut target, AbortFilter::Kind(Kind::Download));
    assert_eq!(ends(&target.facts()), [(OTHER, stopped)]);
    assert_eq!(running(&target), []);
}

/// The id of the mirroring that a target starts for work on that bucket, at that second by its clock.
fn mirroring(target: &mut Bench, second: u64, call: u32, bucket: u16) -> XactId {
    let bucket = Some(Bucket { name: BucketName(bucket), generation: 1 });
    let piece = Arc::new(Piece { kind: Kind::PutCopies, bucket, takes: Duration::from_secs(1) });
    let now = Time::ZERO + Duration::from_secs(second);
    target.facts();
    target.deliver_at(now, C1, ToTarget::Put { call: CallId(call), piece });
    let registered = |fact: &Fact| if let &Fact::XactRegistered { job, .. } = fact { Some(job) } else { None };
    target.facts().iter().find_map(registered).expect("it starts")
}

fn hosted(me: DaemonId) -> Bench {
    Bench::hosted(me, &[], Hosting { prune: None, ..Hosting::default() })
}

#[test]
fn targets_go_by_one_id_for_what_each_starts_by_itself_in_the_same_minute() {
    let (first, second) = (mirroring(&mut hosted(T1), 61, 0, 3), mirroring(&mut hosted(T2), 119, 0, 3));
    assert_eq!(first, second);
    assert_ne!(first, mirroring(&mut hosted(T2), 61, 0, 4), "it is about another bucket");
}

#[test]
fn targets_whose_clocks_are_in_different_minutes_go_by_different_ids() {
    assert_ne!(mirroring(&mut hosted(T1), 59, 0, 3), mirroring(&mut hosted(T2), 60, 0, 3));
}

#[test]
fn an_id_that_is_taken_is_passed_over_and_after_three_a_target_goes_by_one_of_its_own() {
    let (mut target, mut other) = (hosted(T1), hosted(T2));
    let again = |target: &mut Bench, call| {
        let id = mirroring(target, 61, call, 3);
        stop(target, AbortFilter::All);
        id
    };
    let ids: Vec<XactId> = (0..4).map(|call| again(&mut target, call)).collect();
    let others: Vec<XactId> = (0..4).map(|call| again(&mut other, call)).collect();
    assert_eq!(ids[..3], others[..3]);
    assert_eq!([ids[3], others[3]], [T1, T2].map(|me| XactId::minted(me, Incarnation(1), 0)));
    assert!((0..3).all(|at| !ids[..at].contains(&ids[at])), "{ids:?}");
}

#[test]
fn what_was_begun_and_not_committed_ends_when_it_is_stopped() {
    for filter in [AbortFilter::NewRebalance, AbortFilter::All] {
        let mut target = plain(&[]);
        target.deliver(P1, ToTarget::BeginXact { job: JOB, kind: Kind::MoveBck, manner: None });
        target.fire(TargetTimer::Admit(JOB));
        assert_eq!(running(&target).iter().map(|entry| entry.phase).collect::<Vec<_>>(), [Phase::Begun]);
        assert!(stop(&mut target, filter).contains(&disarm(TargetTimer::Transaction(JOB))));
        let Node::Target(node) = &target.node else { unreachable!("the bench is a target's") };
        assert!(node.desk().registry().entry(JOB).is_some_and(Entry::is_finished), "{filter:?}");
        let refused = ToProxy::XactRefused { job: JOB, why: Refused::NotBegun };
        assert_eq!(start(&mut target, JOB, Kind::MoveBck), [target.send(P1, refused)], "a commit comes too late");
    }
}

#[test]
fn a_kind_that_comes_round_is_started_each_period_unless_it_still_runs() {
    let (kind, every) = (Kind::Lru, Duration::from_secs(20));
    let periodic = Some(Periodic { kind, every });
    let mut target = Bench::hosted(T1, &["xact-record"], Hosting { prune: None, periodic, ..Hosting::default() });
    let job = XactId::minted(T1, Incarnation(1), 0);
    assert!(target.start(1, Vec::new()).contains(&arm(TargetTimer::Period, 20)));
    assert_eq!(target.fire(TargetTimer::Period).last(), Some(&arm(TargetTimer::Period, 20)));
    target.fire(TargetTimer::Admit(job));
    assert_eq!(running(&target).iter().map(|entry| (entry.id, entry.kind)).collect::<Vec<_>>(), [(job, kind)]);
    assert_eq!(target.fire(TargetTimer::Period), [arm(TargetTimer::Period, 20)], "it still runs");
    target.fire(TargetTimer::Work(job));
    assert_eq!(running(&target), []);
    assert!(target.fire(TargetTimer::Period).len() > 1, "another starts");
}

#[test]
fn a_sort_goes_through_three_phases_and_says_in_which_it_is() {
    let load = Watermarks::default();
    for load in [None, Some(load)] {
        let mut target = Bench::hosted(T1, &["xact-record"], Hosting { prune: None, load, ..Hosting::default() });
        start(&mut target, JOB, Kind::Dsort);
        target.fire(TargetTimer::Admit(JOB));
        let mut phases = Vec::new();
        while !running(&target).is_empty() {
            phases.push(shown(&mut target));
            target.fire(TargetTimer::Work(JOB));
        }
        assert_eq!(shown(&mut target), None, "it has ended");
        assert!(phases.is_sorted() && phases.len() >= 3, "{phases:?}");
        phases.dedup();
        let all = [SortPhase::Extraction, SortPhase::Sorting, SortPhase::Creation];
        assert_eq!(phases, all.map(Some), "paced: {}", load.is_some());
        assert_eq!(ends(&target.facts()), [(JOB, Snap::Finished)]);
    }
}

/// The phase of [`JOB`] as the target shows it.
fn shown(target: &mut Bench) -> Option<SortPhase> {
    let question = Arc::new(Question::Snaps { query: Query::id(JOB), recent: false });
    let effects = target.deliver(P1, ToTarget::Asked { client: C1, call: CallId(8), question });
    let [Effect::Send { msg: Msg::ToProxy(ToProxy::Answered { answer: Ok(lines), .. }), .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    lines.iter().find(|line| line.id == JOB).expect("it is there").sort
}

/// A target that has an inline transformation and is told to stop it.
fn stopping(reference: &[&str]) -> (Bench, Vec<Effect<Node>>) {
    let mut target = plain(reference);
    start(&mut target, JOB, Kind::EtlInline);
    target.fire(TargetTimer::Admit(JOB));
    assert_eq!(running(&target).iter().map(|entry| entry.phase).collect::<Vec<_>>(), [Phase::Running]);
    let effects = stop(&mut target, AbortFilter::All);
    (target, effects)
}

#[test]
fn a_start_behind_a_slow_abort_goes_ahead_unless_the_abort_holds_the_registry() {
    let (mut target, effects) = stopping(&[]);
    assert!(!effects.contains(&arm(TargetTimer::Unlock, 5)));
    assert!(!start(&mut target, OTHER, KIND).is_empty());
    let (mut target, effects) = stopping(&["abort-body"]);
    assert!(effects.contains(&arm(TargetTimer::Unlock, 5)), "{effects:?}");
    assert_eq!(start(&mut target, OTHER, KIND), [disarm(TargetTimer::Unlock)], "neither gets the lock");
    assert_eq!(start(&mut target, OTHER, KIND), []);
}

#[test]
fn an_abort_that_holds_the_registry_lets_go_if_nobody_comes() {
    let (mut target, _) = stopping(&["abort-body"]);
    target.fire(TargetTimer::Unlock);
    assert!(!start(&mut target, OTHER, KIND).is_empty());
}
