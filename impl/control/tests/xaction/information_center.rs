//! A member of the Information Center: tracking, pulling, aborting, answering, merging, pruning.

use std::sync::Arc;

use quiesce_control::xaction::ic::{Account, Bundle, Listener};
use quiesce_control::xaction::membership::Payload;
use quiesce_control::xaction::{
    ClusterMsg, DaemonId, Fact, Kind, MemberTimer, Node, QueryError, Select, Snap, Status, ToClient, ToProxy, ToTarget,
    XactError, XactId,
};
use quiesce_machine::{CallId, Effect, Stamp};

use crate::support::*;

const CALL: CallId = CallId(0);

fn watch() -> ToProxy {
    ToProxy::WatchXaction { job: JOB, kind: KIND, starter: P3, sources: sources() }
}

fn notice(snap: Snap) -> ToProxy {
    ToProxy::NotifyFinished { job: JOB, kind: KIND, snap, sources: Some(sources()) }
}

fn stop() -> ToTarget {
    ToTarget::AbortXact { job: JOB, kind: KIND, sources: sources() }
}

fn query() -> ToProxy {
    ToProxy::StatusRequest { call: CALL, select: Select::Id(JOB) }
}

fn answer(result: Result<Status, QueryError>) -> ToClient {
    ToClient::StatusAnswer { call: CALL, result }
}

fn pull(settled: bool) -> ToTarget {
    ToTarget::PullSnap { job: JOB, settled }
}

fn not_found(settled: bool) -> ToProxy {
    ToProxy::SnapAnswer { job: JOB, settled, snap: None }
}

fn running() -> Status {
    Status { kind: KIND, end_time: None, aborted: false, err: None }
}

fn ended(aborted: bool, err: Option<XactError>) -> Status {
    Status { kind: KIND, end_time: Some(Stamp::default()), aborted, err }
}

/// A member, not the primary, that tracks the job.
fn member(reference: &[&str]) -> Bench {
    let mut member = Bench::new(P2, reference);
    member.deliver(P3, watch());
    member.facts();
    member
}

/// What was noticed of the job's end.
fn end_told(bench: &mut Bench) -> Option<Status> {
    bench
        .facts()
        .into_iter()
        .find_map(|fact| if let Fact::JobEnded { status, .. } = fact { Some(status) } else { None })
}

/// The table that a member of its own would send, after these notifications.
fn table(notices: &[(DaemonId, Snap)]) -> Arc<Vec<(XactId, Account)>> {
    let mut other = Bench::new(P1, &[]);
    other.deliver(P3, watch());
    for &(target, snap) in notices {
        other.deliver(target, notice(snap));
    }
    let Node::Proxy(proxy) = &other.node else { unreachable!("p1 is a proxy") };
    Arc::new(proxy.ic().table().iter().map(|(job, listener)| (job, listener.clone().into())).collect())
}

#[test]
fn a_registered_job_has_a_grace_period_and_is_confirmed() {
    let mut member = Bench::new(P2, &[]);
    let effects = member.deliver(P3, watch());
    assert_eq!(
        effects,
        [
            arm(MemberTimer::Grace(JOB), 30),
            member.send(P3, ToProxy::WatchDone { job: JOB, by: sources().as_of(), sources: sources() })
        ]
    );
    assert_eq!(
        member.deliver(P3, watch()),
        [member.send(P3, ToProxy::WatchDone { job: JOB, by: sources().as_of(), sources: sources() })],
        "once is enough"
    );
}

#[test]
fn a_job_ends_with_its_last_target() {
    let mut member = member(&[]);
    let noted = member.deliver(T1, notice(Snap::Finished));
    assert_eq!(noted.last(), Some(&member.send(T1, ToTarget::NotifyDone { job: JOB })));
    assert_eq!(end_told(&mut member), None);
    let effects = member.deliver(T2, notice(Snap::Finished));
    assert!(effects.contains(&arm(MemberTimer::Prune(JOB), 180)), "{effects:?}");
    assert_eq!(end_told(&mut member), Some(ended(false, None)));
}

#[test]
fn an_error_survives_the_wire_only_if_it_is_carried() {
    for (reference, err) in [(&[][..], Some(XactError::DiskFull)), (&["wire-errors"][..], None)] {
        let mut member = member(reference);
        member.deliver(T1, notice(Snap::Failed(XactError::DiskFull)));
        member.deliver(T2, notice(Snap::Finished));
        assert_eq!(end_told(&mut member), Some(ended(false, err)));
    }
}

#[test]
fn an_abort_is_told_again_until_every_target_has_ended() {
    let mut member = member(&[]);
    let effects = member.deliver(T1, notice(Snap::Aborted(XactError::IoError)));
    assert!(effects.contains(&member.send(T2, stop())) && effects.contains(&arm(MemberTimer::Abort(JOB), 5)));
    assert_eq!(end_told(&mut member), None, "t2 may still run it");
    assert_eq!(member.fire(MemberTimer::Abort(JOB)), [member.send(T2, stop()), arm(MemberTimer::Abort(JOB), 5)]);
    member.deliver(T2, notice(Snap::Aborted(XactError::IcAbort)));
    assert_eq!(end_told(&mut member), Some(ended(true, Some(XactError::IoError))));
    assert_eq!(member.fire(MemberTimer::Abort(JOB)), []);
}

#[test]
fn the_published_abort_ends_the_job_and_only_the_primary_tells_it() {
    let reference = ["abort-delivery", "job-end"];
    let mut secondary = member(&reference);
    let effects = secondary.deliver(T1, notice(Snap::Aborted(XactError::IoError)));
    assert!(!effects.contains(&secondary.send(T2, stop())), "{effects:?}");
    assert_eq!(end_told(&mut secondary), Some(ended(true, Some(XactError::IoError))));
    let mut primary = Bench::new(P1, &reference);
    primary.deliver(P3, watch());
    let effects = primary.deliver(T1, notice(Snap::Aborted(XactError::IoError)));
    assert!(effects.contains(&primary.send(T2, stop())), "{effects:?}");
    assert!(!effects.contains(&arm(MemberTimer::Abort(JOB), 5)), "{effects:?}");
}

#[test]
fn a_query_is_answered_from_the_table_and_pulls_the_tardy() {
    let mut member = member(&[]);
    let effects = member.deliver(C1, query());
    let expected = [member.send(C1, answer(Ok(running()))), member.send(T1, pull(false)), member.send(T2, pull(false))];
    assert_eq!(effects, expected);
    member.deliver(T1, ToProxy::SnapAnswer { job: JOB, settled: false, snap: Some(Snap::Running) });
    assert_eq!(member.deliver(C1, query())[1..], [member.send(T2, pull(false))], "t1 is not tardy");
    member.fire(MemberTimer::Tardy(JOB, T1));
    assert_eq!(member.deliver(C1, query()).len(), 3);
}

#[test]
fn a_404_within_the_grace_period_is_forgiven() {
    assert_eq!(member(&["not-found"]).deliver(T1, not_found(false)), []);
}

#[test]
fn the_published_404_after_the_grace_period_aborts_the_job() {
    let mut member = member(&["not-found"]);
    member.fire(MemberTimer::Grace(JOB));
    member.deliver(T1, not_found(false));
    assert!(member.facts().contains(&Fact::JobAborted { job: JOB }));
}

#[test]
fn a_404_after_the_grace_period_asks_the_starter_first() {
    let mut member = member(&[]);
    member.fire(MemberTimer::Grace(JOB));
    let probe = ToProxy::StarterProbe { job: JOB };
    assert_eq!(member.deliver(T1, not_found(false)), [member.send(P3, probe)]);
    assert_eq!(member.deliver(P3, ToProxy::StarterAnswer { job: JOB, starting: true }), []);
    let settled = member.deliver(P3, ToProxy::StarterAnswer { job: JOB, starting: false });
    assert_eq!(settled, [member.send(T1, pull(true)), member.send(T2, pull(true))], "what t1 said may be old");
    member.deliver(T1, not_found(false));
    assert_eq!(member.facts(), [], "an answer to a pull from before");
    let effects = member.deliver(T1, not_found(true));
    assert_eq!(effects, [member.send(T1, stop()), member.send(T2, stop()), arm(MemberTimer::Abort(JOB), 5)]);
}

#[test]
fn a_starter_whose_process_is_down_starts_no_more() {
    let mut member = member(&[]);
    let settled = member.bounce(P3, ToProxy::StarterProbe { job: JOB });
    assert_eq!(settled, [member.send(T1, pull(true)), member.send(T2, pull(true))]);
}

#[test]
fn a_gateway_that_takes_over_the_start_is_the_one_to_ask() {
    let mut member = member(&[]);
    member.bounce(P3, ToProxy::StarterProbe { job: JOB });
    member.deliver(P1, ToProxy::WatchXaction { job: JOB, kind: KIND, starter: P1, sources: sources() });
    member.fire(MemberTimer::Grace(JOB));
    assert_eq!(member.deliver(T1, not_found(true)), [member.send(P1, ToProxy::StarterProbe { job: JOB })]);
}

#[test]
fn an_unknown_id_is_404_only_when_the_others_do_not_know_it_either() {
    let mut member = Bench::new(P2, &[]);
    let ask = ToProxy::PullTable { about: Select::Id(JOB) };
    assert_eq!(member.deliver(C1, query()), [member.send(P1, ask.clone())]);
    let conclusion = member
        .deliver(P1, ToProxy::OwnershipTable { about: Select::Id(JOB), by: sources().as_of(), table: Arc::default() });
    let expected = [disarm(MemberTimer::Ask(JOB)), member.send(C1, answer(Err(QueryError::NotFound)))];
    assert_eq!(conclusion, expected);
    member.deliver(C1, query());
    assert_eq!(member.bounce(P1, ask), expected);
}

#[test]
fn an_unknown_id_that_another_member_knows_is_answered_with_its_status() {
    let mut member = Bench::new(P2, &[]);
    member.deliver(C1, query());
    let effects = member
        .deliver(P1, ToProxy::OwnershipTable { about: Select::Id(JOB), by: sources().as_of(), table: table(&[]) });
    assert!(effects.contains(&member.send(C1, answer(Ok(running())))), "{effects:?}");
}

#[test]
fn silence_about_an_unknown_id_is_404_only_in_the_published_system() {
    let mut published = Bench::new(P2, &["unknown-id"]);
    let ask = ToProxy::PullTable { about: Select::Id(JOB) };
    assert_eq!(published.deliver(C1, query()), [arm(MemberTimer::Ask(JOB), 2), published.send(P1, ask.clone())]);
    let over = published.fire(MemberTimer::Ask(JOB));
    assert_eq!(over.last(), Some(&published.send(C1, answer(Err(QueryError::NotFound)))));
    let mut hardened = Bench::new(P2, &[]);
    hardened.deliver(C1, query());
    assert_eq!(hardened.deliver(C1, query()), [hardened.send(P1, ask)], "asked again when the client asks again");
}

fn by_kind() -> ToProxy {
    ToProxy::StatusRequest { call: CALL, select: Select::Kind(KIND) }
}

fn has_nothing(about: Select) -> ToProxy {
    ToProxy::OwnershipTable { about, by: sources().as_of(), table: Arc::default() }
}

#[test]
fn a_query_by_kind_finds_a_running_job_or_the_one_that_ended_last() {
    let mut member = member(&["kind-query"]);
    assert_eq!(member.deliver(C1, by_kind()), [member.send(C1, answer(Ok(running())))]);
    member.deliver(T1, notice(Snap::Finished));
    member.deliver(T2, notice(Snap::Finished));
    assert_eq!(member.deliver(C1, by_kind()), [member.send(C1, answer(Ok(ended(false, None))))]);
    let mut empty = Bench::new(P2, &["kind-query"]);
    assert_eq!(empty.deliver(C1, by_kind()), [empty.send(C1, answer(Err(QueryError::NotFound)))]);
}

#[test]
fn a_kind_of_which_nothing_runs_here_is_called_ended_when_the_others_know_of_nothing_that_runs() {
    let ask = || ToProxy::PullTable { about: Select::Kind(KIND) };
    let mut runs = member(&[]);
    assert_eq!(runs.deliver(C1, by_kind()), [runs.send(C1, answer(Ok(running())))], "nobody is asked");
    let mut over = member(&[]);
    over.deliver(T1, notice(Snap::Finished));
    over.deliver(T2, notice(Snap::Finished));
    assert_eq!(over.deliver(C1, by_kind()), [over.send(P1, ask())]);
    let concluded = over.deliver(P1, has_nothing(Select::Kind(KIND)));
    assert_eq!(concluded, [over.send(C1, answer(Ok(ended(false, None))))]);
    let mut behind = Bench::new(P2, &[]);
    behind.deliver(C1, by_kind());
    let knows = ToProxy::OwnershipTable { about: Select::Kind(KIND), by: sources().as_of(), table: table(&[]) };
    let effects = behind.deliver(P1, knows);
    assert!(effects.contains(&behind.send(C1, answer(Ok(running())))), "{effects:?}");
    let mut alone = Bench::new(P2, &[]);
    alone.deliver(C1, by_kind());
    assert_eq!(alone.bounce(P1, ask()), [alone.send(C1, answer(Err(QueryError::NotFound)))]);
}

#[test]
fn every_job_is_shown_when_the_others_have_told_theirs() {
    let every = |kind| ToProxy::StatusRequest { call: CALL, select: Select::Every(kind) };
    let shown = |jobs: Vec<(XactId, Status)>| ToClient::StatusesAnswer { call: CALL, result: Ok(Arc::new(jobs)) };
    let mut published = member(&["status-all"]);
    assert_eq!(published.deliver(C1, every(None)), [published.send(C1, shown(vec![(JOB, running())]))]);
    assert_eq!(published.deliver(C1, every(Some(Kind::Lru))), [published.send(C1, shown(vec![]))]);
    let mut hardened = Bench::new(P2, &[]);
    let about = Select::Every(Some(KIND));
    assert_eq!(hardened.deliver(C1, every(Some(KIND))), [hardened.send(P1, ToProxy::PullTable { about })]);
    let knows = ToProxy::OwnershipTable { about, by: sources().as_of(), table: table(&[]) };
    let effects = hardened.deliver(P1, knows);
    assert_eq!(effects.last(), Some(&hardened.send(C1, shown(vec![(JOB, running())]))));
}

#[test]
fn a_notice_of_an_unknown_job_is_taken_up_or_dropped() {
    let mut adopts = Bench::new(P2, &[]);
    let effects = adopts.deliver(T1, notice(Snap::Finished));
    assert!(effects.contains(&adopts.send(T1, ToTarget::NotifyDone { job: JOB })));
    assert_eq!(adopts.facts(), [Fact::JobRegistered { job: JOB }]);
    let bare = ToProxy::NotifyFinished { job: JOB, kind: KIND, snap: Snap::Finished, sources: None };
    assert_eq!(Bench::new(P2, &[]).deliver(T1, bare), [], "nothing to take up");
}

#[test]
fn members_offer_their_tables_and_pull_the_tardy_periodically() {
    let mut member = member(&[]);
    let effects = member.fire(MemberTimer::Sync);
    assert!(matches!(&effects[0], Effect::Send { msg, .. } if quiesce_machine::Label::label(msg) == "merge-table"));
    assert_eq!(effects[1..3], [member.send(T1, pull(false)), member.send(T2, pull(false))]);
    assert_eq!(effects[3], arm(MemberTimer::Sync, 10));
    let mut empty = Bench::new(P2, &[]);
    assert_eq!(empty.fire(MemberTimer::Sync), [arm(MemberTimer::Sync, 10)], "nothing to offer");
}

#[test]
fn a_join_takes_over_what_the_other_has_seen() {
    let mut member = member(&[]);
    member.deliver(T2, notice(Snap::Failed(XactError::DiskFull)));
    member.deliver(P1, ToProxy::MergeTable { by: sources().as_of(), table: table(&[(T1, Snap::Finished)]) });
    assert_eq!(end_told(&mut member), Some(ended(false, Some(XactError::DiskFull))));
}

#[test]
fn the_published_merge_ignores_a_running_copy_that_knows_more() {
    let mut member = member(&["merge"]);
    member.deliver(T2, notice(Snap::Finished));
    member.deliver(P1, ToProxy::MergeTable { by: sources().as_of(), table: table(&[(T1, Snap::Finished)]) });
    assert_eq!(end_told(&mut member), None);
    let finished = table(&[(T1, Snap::Finished), (T2, Snap::Finished)]);
    member.deliver(P1, ToProxy::MergeTable { by: sources().as_of(), table: finished });
    assert_eq!(end_told(&mut member), Some(ended(false, None)), "finished beats running");
}

#[test]
fn a_pruned_job_is_not_taken_up_again_until_nobody_has_spoken_of_it_for_long() {
    let mut member = member(&[]);
    member.deliver(T1, notice(Snap::Finished));
    member.deliver(T2, notice(Snap::Finished));
    assert_eq!(member.fire(MemberTimer::Prune(JOB)), [arm(MemberTimer::Tombstone(JOB), 360)]);
    member.facts();
    let finished = table(&[(T1, Snap::Finished), (T2, Snap::Finished)]);
    let spoken_of = member.deliver(P1, ToProxy::MergeTable { by: sources().as_of(), table: Arc::clone(&finished) });
    assert_eq!(spoken_of, [arm(MemberTimer::Tombstone(JOB), 360)]);
    assert_eq!(member.deliver(T1, notice(Snap::Finished)), [member.send(T1, ToTarget::NotifyDone { job: JOB })]);
    assert_eq!(member.facts(), []);
    member.fire(MemberTimer::Tombstone(JOB));
    member.deliver(P1, ToProxy::MergeTable { by: sources().as_of(), table: finished });
    assert!(member.facts().contains(&Fact::JobRegistered { job: JOB }));
}

#[test]
fn a_target_that_tells_progress_is_not_pulled_for_a_while() {
    let mut member = member(&[]);
    let tardy = MemberTimer::Tardy(JOB, T1);
    assert_eq!(member.deliver(T1, ToProxy::NotifyProgress { job: JOB }), [arm(tardy, 30)]);
    assert_eq!(member.deliver(C1, query())[1..], [member.send(T2, pull(false))], "t1 is not tardy");
    assert_eq!(member.deliver(T1, ToProxy::NotifyProgress { job: JOB }), [arm(tardy, 30)], "again from now");
    assert!(member.deliver(T1, notice(Snap::Finished)).contains(&disarm(tardy)));
    assert_eq!(member.deliver(T1, ToProxy::NotifyProgress { job: JOB }), [], "late news of a part that has ended");
}

/// A member, not the primary, where membership is kept, that has confirmed the job.
fn keeper() -> Bench {
    let mut member = Bench::kept(P2, &[]);
    member.deliver(P3, watch());
    member.stored(TABLE);
    member.facts();
    member
}

/// What another member says of the job when it knows these ends.
fn sealed(notices: &[(DaemonId, Snap)], answer: bool) -> ToProxy {
    let mut listener = Listener::clone(&table(notices)[0].1);
    listener.end_time = None;
    ToProxy::Sealed { job: JOB, by: sources().as_of(), listener: Arc::new(listener), answer }
}

/// Has a member accept that t2 be left out.
fn proposal(member: &mut Bench) -> Vec<Effect<Node>> {
    let before = member.map();
    let mut draft = before.draft();
    draft.remove(T2);
    draft.propose_after(&before);
    member.deliver(
        P1,
        ClusterMsg::Metasync { payload: Arc::new(Payload { action: None, map: draft.publish(), known: None }) },
    )
}

const BOTH: [(DaemonId, Snap); 2] = [(T1, Snap::Finished), (T2, Snap::Finished)];

#[test]
fn where_membership_is_kept_a_registration_is_confirmed_when_it_is_durable() {
    let mut member = Bench::kept(P2, &[]);
    let confirmed = member.send(P3, ToProxy::WatchDone { job: JOB, by: sources().as_of(), sources: sources() });
    assert!(!member.deliver(P3, watch()).contains(&confirmed));
    assert_eq!(member.stored(TABLE), [confirmed]);
}

#[test]
fn a_member_says_how_a_job_ended_when_more_than_half_know_it_durably() {
    let mut member = keeper();
    for (target, snap) in BOTH {
        member.deliver(target, notice(snap));
    }
    assert_eq!(end_told(&mut member), None, "it is not durable here");
    let told = member.stored(TABLE);
    assert!(told.contains(&member.send(P1, sealed(&BOTH, false))), "{told:#?}");
    assert_eq!(end_told(&mut member), None, "one of two is not more than half");
    member.deliver(P1, sealed(&BOTH, false));
    assert_eq!(end_told(&mut member), Some(ended(false, None)));
    let answer = member.deliver(P1, sealed(&BOTH, true));
    assert_eq!(answer, [member.send(P1, sealed(&BOTH, false))], "whoever asks later is told");
}

#[test]
fn by_the_published_rule_a_member_says_so_by_itself() {
    let mut member = Bench::kept(P2, &["verdict"]);
    member.deliver(P3, watch());
    for (target, snap) in BOTH {
        member.deliver(target, notice(snap));
    }
    assert_eq!(end_told(&mut member), Some(ended(false, None)));
}

#[test]
fn while_the_members_agree_on_a_map_none_confirms_anything_or_hears_a_target_that_is_to_go() {
    let mut member = keeper();
    proposal(&mut member);
    assert_eq!(member.deliver(P3, watch()), [], "no registration");
    assert_eq!(member.deliver(T2, notice(Snap::Finished)), [], "no word, and no acknowledgement");
    member.deliver(T1, notice(Snap::Finished));
    member.deliver(P1, sealed(&BOTH, false));
    assert_eq!(end_told(&mut member), None, "no end");
}

#[test]
fn with_the_settled_map_a_member_goes_on_with_what_was_collected() {
    for (known, expected) in [(table(&[(T2, Snap::Finished)]), false), (table(&[]), true)] {
        let mut member = keeper();
        proposal(&mut member);
        let Node::Proxy(proxy) = &member.node else { unreachable!("p2 is a proxy") };
        let map = proxy.membership().accepted().settled();
        let bundle = Bundle { by: map.version(), jobs: known.to_vec(), ..Bundle::default() };
        member.deliver(
            P1,
            ClusterMsg::Metasync { payload: Arc::new(Payload { action: None, map, known: Some(Arc::new(bundle)) }) },
        );
        member.facts();
        member.stored(TABLE);
        let lost = member.facts().iter().any(|fact| matches!(fact, Fact::JobAborted { .. }));
        assert_eq!(lost, expected, "the part of a target that is gone is lost unless somebody knew its end");
    }
}

#[test]
fn with_the_settled_map_a_member_forgets_what_the_others_have_forgotten() {
    for ended in [false, true] {
        let mut member = keeper();
        if ended {
            for (target, snap) in BOTH {
                member.deliver(target, notice(snap));
            }
            member.stored(TABLE);
            member.deliver(P1, sealed(&BOTH, false));
        }
        proposal(&mut member);
        let Node::Proxy(proxy) = &member.node else { unreachable!("p2 is a proxy") };
        assert!(proxy.ic().table().entry(JOB).is_some_and(|listener| listener.end_time.is_some() == ended));
        let map = proxy.membership().accepted().settled();
        let known = Some(Arc::new(Bundle { by: map.version(), ..Bundle::default() }));
        member.deliver(P1, ClusterMsg::Metasync { payload: Arc::new(Payload { action: None, map, known }) });
        let Node::Proxy(proxy) = &member.node else { unreachable!("p2 is a proxy") };
        assert!(proxy.ic().table().entry(JOB).is_none(), "ended: {ended}");
    }
}

/// A primary has proposed to leave t1 out, and p2 reports that it knew of a job under that map.
#[test]
fn a_primary_believes_a_report_of_unknown_jobs_unless_its_author_missed_a_change_of_the_map() {
    use quiesce_control::xaction::{Change, Version};
    for (by, believed) in [(sources().as_of(), true), (Version::default(), false)] {
        let mut primary = Bench::kept(P1, &[]);
        primary.deliver(C1, ToProxy::AdminRequest { call: CALL, change: Change::Leave(T1) });
        primary.stored(u32::MAX);
        let accepted = |primary: &Bench| match &primary.node {
            Node::Proxy(proxy) => proxy.membership().accepted().version(),
            Node::Target(_) | Node::Client(_) => unreachable!("p1 is a proxy"),
        };
        let known = Bundle { by, jobs: table(&[]).to_vec(), ..Bundle::default() };
        let version = accepted(&primary);
        for (from, known) in [(P2, Some(Arc::new(known))), (P3, Some(Arc::default())), (T2, None)] {
            primary.deliver(from, ClusterMsg::MetasyncDone { version, known });
        }
        let Node::Proxy(proxy) = &primary.node else { unreachable!("p1 is a proxy") };
        assert_eq!(proxy.ic().table().entry(JOB).is_some(), believed);
    }
}
