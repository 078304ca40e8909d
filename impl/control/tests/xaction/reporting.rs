//! News told together, and by way of other targets.

use std::sync::Arc;
use std::time::Duration;

use quiesce_control::xaction::{
    Batch, DaemonId, Fact, News, Node, PartRecord, Record, Reporting, Snap, TargetTimer, ToProxy, ToTarget, XactId,
};
use quiesce_machine::Effect;

use crate::support::*;

const EVERY: Duration = Duration::from_secs(1);
const COALESCED: Reporting = Reporting::Coalesced { every: EVERY };
const RELAYED: Reporting = Reporting::Relayed { every: EVERY, fan: 1 };

fn other() -> XactId {
    JOB.with_number(JOB.number + 1)
}

fn news(target: DaemonId, job: XactId) -> News {
    News { target, job, kind: KIND, snap: Snap::Finished, sources: Some(sources()) }
}

fn batch(news: impl IntoIterator<Item = News>) -> Batch {
    Arc::new(news.into_iter().collect())
}

/// A target whose parts of two jobs run.
fn working(me: DaemonId, reporting: Reporting) -> Bench {
    let mut target = Bench::reporting(me, reporting);
    for job in [JOB, other()] {
        target.deliver(P1, ToTarget::StartXact { job, kind: KIND, work: WORK, sources: sources(), manner: None });
        target.stored(0);
    }
    target
}

/// Its part of a job ends.
fn end(target: &mut Bench, job: XactId) -> Vec<Effect<Node>> {
    target.fire(TargetTimer::Work(job));
    target.stored(0)
}

#[test]
fn ends_of_an_interval_are_told_together_and_acknowledged_together() {
    let mut target = working(T1, COALESCED);
    assert_eq!(end(&mut target, JOB), [arm(TargetTimer::Gather, 1)]);
    assert_eq!(end(&mut target, other()), []);
    let told = batch([news(T1, JOB), news(T1, other())]);
    let tell = |member| target_send(&target, member, &told);
    let expected = [tell(P1), tell(P2), arm(TargetTimer::Notify, 6)];
    assert_eq!(target.fire(TargetTimer::Gather), expected);
    let done = |member| ToTarget::NotifyManyDone { member, batch: Arc::clone(&told) };
    assert_eq!(target.deliver(P1, done(P1)), []);
    let told = |op, job| {
        let told = PartRecord { job, kind: KIND, sources: sources(), snap: Snap::Finished, told: true };
        put(op, Record::Xact(told))
    };
    let rest = [arm(TargetTimer::History, 3600), told(0, JOB), disarm(TargetTimer::Notify), told(1, other())];
    assert_eq!(target.deliver(P2, done(P2)), rest);
}

fn target_send(target: &Bench, member: DaemonId, told: &Batch) -> Effect<Node> {
    target.send(member, ToProxy::NotifyMany { batch: Arc::clone(told) })
}

#[test]
fn what_nobody_acknowledges_is_told_again_one_by_one() {
    let mut target = working(T1, COALESCED);
    end(&mut target, JOB);
    target.fire(TargetTimer::Gather);
    let notice = ToProxy::NotifyFinished { job: JOB, kind: KIND, snap: Snap::Finished, sources: Some(sources()) };
    let again = [target.send(P1, notice.clone()), target.send(P2, notice), arm(TargetTimer::Notify, 5)];
    assert_eq!(target.fire(TargetTimer::Notify), again);
}

#[test]
fn news_goes_up_the_tree_with_what_the_relay_has_and_its_answer_down_again() {
    let mut below = working(T2, RELAYED);
    end(&mut below, JOB);
    let of_two = batch([news(T2, JOB)]);
    let up = below.send(T1, ToTarget::Relay { batch: Arc::clone(&of_two) });
    assert_eq!(below.fire(TargetTimer::Gather), [up, arm(TargetTimer::Notify, 7)]);

    let mut relay = working(T1, RELAYED);
    assert_eq!(relay.deliver(T2, ToTarget::Relay { batch: Arc::clone(&of_two) }), [arm(TargetTimer::Gather, 1)]);
    assert_eq!(end(&mut relay, JOB), []);
    let both = batch([news(T1, JOB), news(T2, JOB)]);
    let tell = |member| target_send(&relay, member, &both);
    let expected = [tell(P1), tell(P2), arm(TargetTimer::Notify, 6)];
    assert_eq!(relay.fire(TargetTimer::Gather), expected);
    let down = ToTarget::NotifyManyDone { member: P1, batch: of_two };
    let answered = relay.deliver(P1, ToTarget::NotifyManyDone { member: P1, batch: both });
    assert_eq!(answered, [relay.send(T2, down.clone())]);
    assert_eq!(below.deliver(T1, down), [], "p2 has not answered");
}

#[test]
fn a_member_takes_note_of_all_and_answers_once() {
    let mut member = Bench::reporting(P2, RELAYED);
    member.deliver(P3, ToProxy::WatchXaction { job: JOB, kind: KIND, starter: P3, sources: sources() });
    member.facts();
    let both = batch([news(T1, JOB), news(T2, JOB)]);
    let effects = member.deliver(T1, ToProxy::NotifyMany { batch: Arc::clone(&both) });
    let answer = member.send(T1, ToTarget::NotifyManyDone { member: P2, batch: both });
    assert_eq!(effects.last(), Some(&answer));
    let sent = effects.iter().filter(|effect| matches!(effect, Effect::Send { .. })).count();
    assert_eq!(sent, 1, "{effects:?}");
    assert!(matches!(member.facts()[..], [Fact::JobEnded { job: JOB, .. }]));
}

#[test]
fn progress_in_a_batch_keeps_a_target_from_being_pulled() {
    let mut member = Bench::reporting(P2, COALESCED);
    member.deliver(P3, ToProxy::WatchXaction { job: JOB, kind: KIND, starter: P3, sources: sources() });
    let goes_on = batch([News { snap: Snap::Running, ..news(T1, JOB) }]);
    let effects = member.deliver(T1, ToProxy::NotifyMany { batch: goes_on });
    assert_eq!(effects[0], arm(quiesce_control::xaction::MemberTimer::Tardy(JOB, T1), 30));
}

#[test]
fn a_member_acknowledges_only_what_is_to_be_told_no_more() {
    let mut member = Bench::reporting(P2, COALESCED);
    let unknown = News { sources: None, ..news(T1, JOB) };
    let goes_on = News { snap: Snap::Running, ..news(T1, other()) };
    assert_eq!(member.deliver(T1, ToProxy::NotifyMany { batch: batch([unknown.clone(), goes_on.clone()]) }), []);
    let known = news(T1, other());
    let effects = member.deliver(T1, ToProxy::NotifyMany { batch: batch([unknown, known.clone(), goes_on]) });
    let answer = member.send(T1, ToTarget::NotifyManyDone { member: P2, batch: batch([known]) });
    assert_eq!(effects.last(), Some(&answer));
}

#[test]
fn a_relay_that_is_down_is_passed_over() {
    let mut below = working(T2, RELAYED);
    end(&mut below, JOB);
    below.fire(TargetTimer::Gather);
    let of_two = batch([news(T2, JOB)]);
    let expected = [P1, P2].map(|member| target_send(&below, member, &of_two));
    assert_eq!(below.bounce(T1, ToTarget::Relay { batch: of_two }), expected);
}

#[test]
fn an_end_is_not_overtaken_by_what_was_said_before_it() {
    let mut relay = Bench::reporting(T1, RELAYED);
    let ended = batch([news(T2, JOB)]);
    relay.deliver(T2, ToTarget::Relay { batch: Arc::clone(&ended) });
    relay.deliver(T2, ToTarget::Relay { batch: batch([News { snap: Snap::Running, ..news(T2, JOB) }]) });
    assert_eq!(relay.fire(TargetTimer::Gather), [P1, P2].map(|member| target_send(&relay, member, &ended)));
}
