//! A target's part of a job: begin, record, end, tell, stop.

use quiesce_control::xaction::{
    Ending, Fact, PartRecord, Record, RecordKey, Snap, TargetTimer, ToProxy, ToTarget, Work, XactError,
};
use quiesce_machine::{Effect, Event, OpId, StoreError, Write};

use crate::support::*;

fn start() -> ToTarget {
    ToTarget::StartXact { job: JOB, kind: KIND, work: WORK, sources: sources(), manner: None }
}

fn stop() -> ToTarget {
    ToTarget::AbortXact { job: JOB, kind: KIND, sources: sources() }
}

fn record(snap: Snap) -> Record {
    Record::Xact(PartRecord { job: JOB, kind: KIND, sources: sources(), snap, told: false })
}

/// Of an end that every member knows.
fn told_record(snap: Snap) -> Record {
    Record::Xact(PartRecord { job: JOB, kind: KIND, sources: sources(), snap, told: true })
}

fn notice(snap: Snap) -> ToProxy {
    ToProxy::NotifyFinished { job: JOB, kind: KIND, snap, sources: Some(sources()) }
}

/// Tells both members, and again until they answer.
fn told(bench: &Bench, snap: Snap) -> Vec<Effect<quiesce_control::xaction::Node>> {
    vec![bench.send(P1, notice(snap)), bench.send(P2, notice(snap)), arm(TargetTimer::Notify, 5)]
}

/// A target whose part runs.
fn running(reference: &[&str]) -> Bench {
    let mut target = Bench::new(T1, reference);
    target.deliver(P1, start());
    if !reference.contains(&"xact-record") {
        target.stored(0);
    }
    target.facts();
    target
}

#[test]
fn a_part_begins_once_it_is_recorded() {
    let mut target = Bench::new(T1, &[]);
    assert_eq!(target.deliver(P1, start()), [put(0, record(Snap::Running))]);
    assert_eq!(target.facts(), []);
    let began = target.stored(0);
    assert_eq!(began, [arm(TargetTimer::Work(JOB), 7), target.send(P1, ToProxy::XactStarted { job: JOB })]);
    assert_eq!(target.facts(), [Fact::XactBegan { job: JOB }]);
}

#[test]
fn a_volatile_part_begins_at_once() {
    let mut target = Bench::new(T1, &["xact-record"]);
    let began = target.deliver(P1, start());
    assert_eq!(began, [arm(TargetTimer::Work(JOB), 7), target.send(P1, ToProxy::XactStarted { job: JOB })]);
}

#[test]
fn every_gateway_that_asked_while_it_was_recorded_hears_of_the_start() {
    let mut target = Bench::new(T1, &[]);
    target.deliver(P1, start());
    assert_eq!(target.deliver(P3, start()), []);
    let began = target.stored(0);
    for gateway in [P1, P3] {
        assert!(began.contains(&target.send(gateway, ToProxy::XactStarted { job: JOB })));
    }
}

#[test]
fn a_repeated_start_is_confirmed_and_begins_nothing() {
    let mut target = running(&[]);
    assert_eq!(target.deliver(P3, start()), [target.send(P3, ToProxy::XactStarted { job: JOB })]);
    assert_eq!(target.facts(), []);
}

#[test]
fn an_end_is_told_once_it_is_recorded() {
    let mut target = running(&[]);
    let ended = target.fire(TargetTimer::Work(JOB));
    assert_eq!(ended, [disarm(TargetTimer::Work(JOB)), put(0, record(Snap::Finished))]);
    assert_eq!(target.facts(), []);
    assert_eq!(target.stored(0), told(&target, Snap::Finished));
    assert_eq!(target.facts(), [Fact::XactEnded { job: JOB, snap: Snap::Finished }]);
}

#[test]
fn a_write_that_fails_is_written_again() {
    let mut target = running(&[]);
    target.fire(TargetTimer::Work(JOB));
    let failed = target.step(Event::Stored { op: OpId(0), outcome: Err(StoreError::Unknown) });
    assert_eq!(failed, [arm(TargetTimer::Persist(JOB), 5)]);
    assert_eq!(target.fire(TargetTimer::Persist(JOB)), [put(0, record(Snap::Finished))]);
}

#[test]
fn members_are_told_again_until_each_has_answered() {
    let mut target = running(&[]);
    target.fire(TargetTimer::Work(JOB));
    target.stored(0);
    assert_eq!(target.deliver(P1, ToTarget::NotifyDone { job: JOB }), []);
    let again = target.fire(TargetTimer::Notify);
    assert_eq!(again, [target.send(P2, notice(Snap::Finished)), arm(TargetTimer::Notify, 5)]);
    let done = target.deliver(P2, ToTarget::NotifyDone { job: JOB });
    let known = put(0, told_record(Snap::Finished));
    assert_eq!(done, [disarm(TargetTimer::Notify), arm(TargetTimer::History, 3600), known.clone()]);
    let failed = target.step(Event::Stored { op: OpId(0), outcome: Err(StoreError::Failed) });
    assert_eq!(failed, [arm(TargetTimer::Persist(JOB), 5)]);
    assert_eq!(target.fire(TargetTimer::Persist(JOB)), [known]);
    assert_eq!(target.stored(0), []);
}

#[test]
fn a_notification_told_once_is_not_repeated() {
    let mut target = running(&["notification"]);
    target.fire(TargetTimer::Work(JOB));
    let told = target.stored(0);
    let bare = || ToProxy::NotifyFinished { job: JOB, kind: KIND, snap: Snap::Finished, sources: None };
    let both = [target.send(P1, bare()), target.send(P2, bare())];
    assert_eq!(told, [both[0].clone(), both[1].clone(), arm(TargetTimer::History, 3600)]);
}

#[test]
fn a_stop_ends_a_running_part() {
    let mut target = running(&[]);
    let aborted = Snap::Aborted(XactError::IcAbort);
    assert_eq!(target.deliver(P1, stop()), [disarm(TargetTimer::Work(JOB)), put(0, record(aborted))]);
    assert_eq!(target.stored(0), told(&target, aborted));
}

#[test]
fn a_stop_of_an_ended_part_is_answered_with_its_end() {
    let mut target = running(&[]);
    target.fire(TargetTimer::Work(JOB));
    target.stored(0);
    assert_eq!(target.deliver(P2, stop()), [target.send(P2, notice(Snap::Finished))]);
}

#[test]
fn a_stop_of_an_unknown_part_fences_off_a_late_start() {
    let mut target = Bench::new(T1, &[]);
    let aborted = Snap::Aborted(XactError::IcAbort);
    assert_eq!(target.deliver(P1, stop()), [put(0, record(aborted))]);
    target.stored(0);
    assert_eq!(target.deliver(P1, start()), [target.send(P1, ToProxy::XactStarted { job: JOB })]);
    assert_eq!(target.facts(), [Fact::XactEnded { job: JOB, snap: aborted }], "nothing begins");
}

#[test]
fn the_published_stop_of_an_unknown_part_does_nothing() {
    let mut target = Bench::new(T1, &["stop-unknown"]);
    assert_eq!(target.deliver(P1, stop()), []);
    assert_eq!(target.deliver(P1, start()), [put(0, record(Snap::Running))]);
}

#[test]
fn a_pull_is_answered_with_a_snap_or_with_404() {
    let mut target = Bench::new(T1, &[]);
    let answer = |snap| ToProxy::SnapAnswer { job: JOB, settled: true, snap };
    let pull = || ToTarget::PullSnap { job: JOB, settled: true };
    assert_eq!(target.deliver(P1, pull()), [target.send(P1, answer(None))]);
    target.deliver(P1, start());
    assert_eq!(target.deliver(P1, pull()), [target.send(P1, answer(Some(Snap::Running)))]);
    target.stored(0);
    target.fire(TargetTimer::Work(JOB));
    assert_eq!(target.deliver(P1, pull()), [target.send(P1, answer(Some(Snap::Running)))], "not durable yet");
    target.stored(0);
    assert_eq!(target.deliver(P1, pull()), [target.send(P1, answer(Some(Snap::Finished)))]);
}

#[test]
fn a_restart_aborts_what_was_cut_short() {
    let mut target = Bench::new(T1, &[]);
    let aborted = Snap::Aborted(XactError::Restarted);
    assert_eq!(target.start(2, vec![record(Snap::Running)]), [put(0, record(aborted))]);
    assert_eq!(target.stored(0), told(&target, aborted));
}

#[test]
fn a_restart_tells_again_what_had_ended() {
    let mut target = Bench::new(T1, &[]);
    assert_eq!(target.start(2, vec![record(Snap::Finished)]), told(&target, Snap::Finished));
    assert_eq!(target.facts(), [Fact::XactEnded { job: JOB, snap: Snap::Finished }]);
}

#[test]
fn a_restart_tells_nobody_what_every_member_knew_before_it() {
    let mut target = Bench::new(T1, &[]);
    let started = target.start(2, vec![told_record(Snap::Finished)]);
    assert_eq!(started, [arm(TargetTimer::History, 3600)]);
    assert_eq!(target.facts(), [Fact::XactEnded { job: JOB, snap: Snap::Finished }]);
    let pull = ToTarget::PullSnap { job: JOB, settled: true };
    let answer = ToProxy::SnapAnswer { job: JOB, settled: true, snap: Some(Snap::Finished) };
    assert_eq!(target.deliver(P1, pull), [target.send(P1, answer)], "whoever asks is told");
}

#[test]
fn history_is_forgotten_with_its_record() {
    let mut target = running(&[]);
    target.fire(TargetTimer::Work(JOB));
    target.stored(0);
    target.deliver(P1, ToTarget::NotifyDone { job: JOB });
    target.deliver(P2, ToTarget::NotifyDone { job: JOB });
    target.stored(0);
    let period = arm(TargetTimer::History, 3600);
    assert_eq!(target.fire(TargetTimer::History), [period], "it has been history for less than a period, perhaps");
    let forgets = Effect::Store { op: OpId(0), write: Write::Remove(RecordKey::Xact(JOB)) };
    assert_eq!(target.fire(TargetTimer::History), [forgets]);
    assert_eq!(target.stored(0), []);
}

#[test]
fn a_part_ends_as_its_work_says() {
    for (ends, snap) in [
        (Ending::Fails(XactError::DiskFull), Snap::Failed(XactError::DiskFull)),
        (Ending::Aborts(XactError::IoError), Snap::Aborted(XactError::IoError)),
        (Ending::Any, Snap::Finished),
    ] {
        let mut target = Bench::new(T1, &["xact-record"]);
        let work = Work { ends, ..WORK };
        target.deliver(P1, ToTarget::StartXact { job: JOB, kind: KIND, work, sources: sources(), manner: None });
        target.facts();
        target.fire(TargetTimer::Work(JOB));
        assert_eq!(target.facts(), [Fact::XactEnded { job: JOB, snap }]);
    }
}

#[test]
fn a_kind_that_tells_progress_tells_every_member_each_period_until_it_ends() {
    let kind = quiesce_control::xaction::Kind::Download;
    let mut target = Bench::new(T1, &["xact-record"]);
    let start = ToTarget::StartXact { job: JOB, kind, work: WORK, sources: sources(), manner: None };
    let progress = TargetTimer::Progress(JOB);
    assert_eq!(target.deliver(P1, start).last(), Some(&arm(progress, 10)));
    let news = ToProxy::NotifyProgress { job: JOB };
    assert_eq!(target.fire(progress), [target.send(P1, news.clone()), target.send(P2, news), arm(progress, 10)]);
    assert!(target.fire(TargetTimer::Work(JOB)).contains(&disarm(progress)));
    assert_eq!(target.fire(progress), []);
    assert!(!running(&[]).fire(TargetTimer::Work(JOB)).contains(&disarm(progress)), "other kinds tell none");
}
