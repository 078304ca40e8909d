//! One daemon's part in membership: signs of life, elections, the primary's changes, coming and going.

use quiesce_control::xaction::ic::Bundle;
use quiesce_control::xaction::membership::{Belonging, Draft, Payload};
use quiesce_control::xaction::{
    AdminError, Change, ClusterMsg, ClusterTimer, DaemonId, Fact, Flags, Node, Record, Reply, Request, Smap, ToClient,
    ToProxy, Version,
};
use quiesce_machine::{CallId, Effect};
use std::sync::Arc;

use crate::support::*;

const CALL: CallId = CallId(0);
const FIRST: Version = Version { term: 0, count: 1 };

/// The deployed map, changed.
fn changed(map: &Smap, change: impl FnOnce(&mut Draft)) -> Smap {
    let mut draft = map.draft();
    change(&mut draft);
    draft.publish()
}

/// That change of a map as a proposal.
fn proposed(map: &Smap, change: impl FnOnce(&mut Draft)) -> Smap {
    let mut draft = map.draft();
    change(&mut draft);
    draft.propose_after(map);
    draft.publish()
}

fn metasync(map: &Smap) -> ClusterMsg {
    ClusterMsg::Metasync { payload: Arc::new(Payload { action: None, map: map.clone(), known: None }) }
}

fn done(version: Version) -> ClusterMsg {
    ClusterMsg::MetasyncDone { version, known: None }
}

/// What a member of the Information Center answers to a proposal: that it knows of no job.
fn reported(version: Version) -> ClusterMsg {
    ClusterMsg::MetasyncDone { version, known: Some(Arc::new(Bundle { by: FIRST, ..Bundle::default() })) }
}

fn keepalive(version: Version) -> ClusterMsg {
    ClusterMsg::Keepalive { version }
}

fn kept(map: &Smap, voted: u16) -> Effect<Node> {
    put(u32::MAX, Record::Belonging(Belonging { map: map.clone(), agreed: map.clone(), voted }))
}

/// The same for a proposal after the map of the deployment.
fn kept_proposal(map: &Smap, agreed: &Smap, voted: u16) -> Effect<Node> {
    put(u32::MAX, Record::Belonging(Belonging { map: map.clone(), agreed: agreed.clone(), voted }))
}

fn made(bench: &mut Bench) -> Vec<Smap> {
    let facts = bench.facts().into_iter();
    facts.filter_map(|fact| if let Fact::MapMade { map } = fact { Some(map) } else { None }).collect()
}

fn sends_of(effects: &[Effect<Node>], bench: &Bench, to: DaemonId) -> usize {
    let to = bench.node_of(to);
    effects.iter().filter(|effect| matches!(effect, Effect::Send { to: node, .. } if *node == to)).count()
}

/// A member that has missed its primary in every try.
fn missing(me: DaemonId, reference: &[&str]) -> Bench {
    let mut bench = Bench::kept(me, reference);
    for timer in [ClusterTimer::Tick, ClusterTimer::Tick, ClusterTimer::Retry, ClusterTimer::Retry, ClusterTimer::Retry]
    {
        bench.fire(timer);
    }
    bench
}

/// A proxy that has asked for votes.
fn canvassing(reference: &[&str]) -> (Bench, Vec<Effect<Node>>) {
    let mut heir = missing(P2, reference);
    heir.fire(ClusterTimer::Retry);
    heir.fire(ClusterTimer::Election);
    let effects = heir.fire(ClusterTimer::Election);
    (heir, effects)
}

#[test]
fn a_daemon_without_upkeep_takes_no_step() {
    for me in [P1, P2, T1] {
        let mut bench = Bench::new(me, &[]);
        assert_eq!(bench.deliver(P3, keepalive(FIRST)), []);
    }
}

#[test]
fn a_member_gives_a_sign_of_life_every_period() {
    let mut target = Bench::kept(T1, &[]);
    let expected = [target.send(P1, keepalive(FIRST)), arm(ClusterTimer::Tick, 10)];
    assert_eq!(target.fire(ClusterTimer::Tick), expected);
    assert_eq!(target.deliver(P1, ClusterMsg::KeepaliveDone { version: FIRST }), []);
    assert_eq!(target.fire(ClusterTimer::Tick), expected);
}

#[test]
fn a_member_that_hears_nothing_tries_three_times_more_and_calls_the_heir() {
    let mut target = missing(T1, &[]);
    let map = target.map();
    let calls = [target.send(P2, ClusterMsg::VoteInit { map }), arm(ClusterTimer::Election, 24)];
    assert_eq!(target.fire(ClusterTimer::Retry), calls);
}

#[test]
fn an_heir_that_is_down_is_passed_over() {
    let mut target = missing(T1, &[]);
    target.fire(ClusterTimer::Retry);
    let map = target.map();
    let init = ClusterMsg::VoteInit { map };
    let calls = [target.send(P3, init.clone()), arm(ClusterTimer::Election, 24)];
    assert_eq!(target.bounce(P2, init), calls);
}

#[test]
fn the_heir_asks_the_primary_twice_before_it_stands() {
    let mut heir = missing(P2, &[]);
    let ping = [heir.send(P1, ClusterMsg::Health { version: FIRST }), arm(ClusterTimer::Election, 5)];
    assert_eq!(heir.fire(ClusterTimer::Retry), ping);
    assert_eq!(heir.fire(ClusterTimer::Election), ping);
    let map = heir.map();
    assert_eq!(heir.fire(ClusterTimer::Election), [kept(&map, 1)]);
}

#[test]
fn an_heir_that_hears_the_primary_gives_over() {
    let mut heir = missing(P2, &[]);
    heir.fire(ClusterTimer::Retry);
    let gives_over = [disarm(ClusterTimer::Retry), disarm(ClusterTimer::Election)];
    assert_eq!(heir.deliver(P1, ClusterMsg::HealthDone { version: FIRST }), gives_over);
}

#[test]
fn a_candidate_asks_for_votes_when_its_own_is_durable() {
    let (mut heir, effects) = canvassing(&[]);
    assert_eq!(effects, [kept(&heir.map(), 1)]);
    let asked = heir.stored(u32::MAX);
    let request = ClusterMsg::VoteRequest { term: 1, version: FIRST };
    let mut expected: Vec<_> = [P1, P3, T1, T2].map(|voter| heir.send(voter, request.clone())).to_vec();
    expected.push(arm(ClusterTimer::Election, 5));
    assert_eq!(asked, expected);
}

#[test]
fn a_majority_with_the_candidate_makes_a_primary() {
    let (mut heir, _) = canvassing(&[]);
    heir.stored(u32::MAX);
    assert_eq!(heir.deliver(T1, ClusterMsg::Vote { term: 1, yes: true }), []);
    let before = heir.map();
    let map = proposed(&before, |draft| {
        draft.remove(P1);
        draft.crown(P2, 1, 100);
        draft.staff_ic(2, false);
    });
    let effects = heir.deliver(T2, ClusterMsg::Vote { term: 1, yes: true });
    assert!(effects.contains(&kept_proposal(&map, &before, 1)), "{effects:#?}");
    assert_eq!(heir.facts().last(), Some(&Fact::TookOver { map: map.clone() }));
    let handed = heir.stored(u32::MAX);
    assert!(handed.contains(&heir.send(T2, metasync(&map))), "{handed:#?}");
}

#[test]
fn by_the_published_rule_the_dead_count_as_no_and_the_candidate_not_at_all() {
    let (mut heir, effects) = canvassing(&["electorate"]);
    assert_eq!(sends_of(&effects, &heir, P1), 1);
    heir.deliver(T1, ClusterMsg::Vote { term: 0, yes: true });
    heir.deliver(T2, ClusterMsg::Vote { term: 0, yes: true });
    heir.deliver(P3, ClusterMsg::Vote { term: 0, yes: false });
    assert_eq!(heir.facts(), []);
    heir.bounce(P1, ClusterMsg::VoteRequest { term: 0, version: FIRST });
    assert!(!heir.facts().iter().any(|fact| matches!(fact, Fact::TookOver { .. })), "two to two is no win");
}

#[test]
fn a_vote_is_given_once_a_term_and_only_when_durable() {
    let mut voter = missing(T1, &[]);
    let map = voter.map();
    let request = |version| ClusterMsg::VoteRequest { term: 1, version };
    assert_eq!(voter.deliver(P2, request(FIRST)), [kept(&map, 1)]);
    assert_eq!(voter.stored(u32::MAX), [voter.send(P2, ClusterMsg::Vote { term: 1, yes: true })]);
    assert_eq!(voter.deliver(P3, request(FIRST)), [voter.send(P3, ClusterMsg::Vote { term: 1, yes: false })]);
}

#[test]
fn no_vote_for_an_older_map_or_while_the_primary_lives() {
    let mut voter = missing(T1, &[]);
    let old = Version { term: 0, count: 0 };
    let no = voter.send(P2, ClusterMsg::Vote { term: 1, yes: false });
    assert_eq!(voter.deliver(P2, ClusterMsg::VoteRequest { term: 1, version: old }), [no]);
    let mut content = Bench::kept(T1, &[]);
    let no = content.send(P2, ClusterMsg::Vote { term: 1, yes: false });
    assert_eq!(content.deliver(P2, ClusterMsg::VoteRequest { term: 1, version: FIRST }), [no]);
}

#[test]
fn a_primary_leaves_silent_members_out_if_it_hears_of_a_majority() {
    for (heard, left_out) in [(vec![P2, T1], true), (vec![P2], false)] {
        let mut primary = Bench::kept(P1, &[]);
        primary.fire(ClusterTimer::Tick);
        for &member in &heard {
            primary.deliver(member, ClusterMsg::HealthDone { version: FIRST });
        }
        primary.facts();
        for _ in 0..4 {
            primary.fire(ClusterTimer::Retry);
        }
        let Node::Proxy(proxy) = &primary.node else { unreachable!("p1 is a proxy") };
        assert_eq!(!proxy.membership().accepted().is_settled(), left_out, "heard of {heard:?}");
    }
}

#[test]
fn by_the_published_rule_a_primary_needs_nobody() {
    let mut primary = Bench::kept(P1, &["primary-quorum"]);
    primary.fire(ClusterTimer::Tick);
    for _ in 0..4 {
        primary.fire(ClusterTimer::Retry);
    }
    let made = primary
        .facts()
        .into_iter()
        .find_map(|fact| if let Fact::MapMade { map } = fact { Some(map.to_string()) } else { None });
    assert_eq!(made.as_deref(), Some("v5 p1*(ic)"));
}

#[test]
fn a_member_takes_a_later_map_and_refuses_an_older_one() {
    let mut target = Bench::kept(T1, &[]);
    let first = target.map();
    let later = changed(&first, |draft| draft.remove(P3));
    let version = later.version();
    assert_eq!(target.deliver(P1, metasync(&later)), [kept(&later, 0), arm(ClusterTimer::Tick, 10)]);
    assert_eq!(target.stored(u32::MAX), [target.send(P1, done(version))], "a map is acknowledged when it is durable");
    let refused = target.send(P1, ClusterMsg::MetasyncRefused { map: later, voted: 0 });
    assert_eq!(target.deliver(P1, metasync(&first)), [refused]);
}

#[test]
fn a_primary_yields_to_a_later_map_and_asks_back_in_if_it_is_not_in_it() {
    let mut primary = Bench::kept(P1, &[]);
    primary.fire(ClusterTimer::Tick);
    let later = changed(&primary.map(), |draft| {
        draft.remove(P1);
        draft.crown(P2, 1, 100);
    });
    let effects = primary.deliver(P2, ClusterMsg::Map { map: later.clone() });
    assert!(effects.contains(&primary.send(P2, keepalive(later.version()))), "{effects:#?}");
    let mut stands = Bench::kept(P1, &["foreign-primary"]);
    stands.fire(ClusterTimer::Tick);
    assert_eq!(stands.deliver(P2, ClusterMsg::Map { map: later }), []);
}

#[test]
fn a_change_is_proposed_read_loaded_and_settled_before_it_is_answered() {
    let mut primary = Bench::kept(P1, &[]);
    let before = primary.map();
    let map = proposed(&before, |draft| draft.set(T2, Flags::MAINTENANCE | Flags::POST_REBALANCE));
    let version = map.version();
    let effects = primary.deliver(C1, ToProxy::AdminRequest { call: CALL, change: Change::StartMaintenance(T2) });
    assert!(effects.contains(&kept_proposal(&map, &before, 0)), "{effects:#?}");
    assert!(!effects.contains(&primary.send(T1, metasync(&map))), "nobody hears of a map that may be forgotten");
    let handed = primary.stored(u32::MAX);
    assert!(handed.contains(&primary.send(T1, metasync(&map))), "{handed:#?}");
    primary.deliver(T1, done(version));
    let read = primary.deliver(P2, reported(version));
    let known = Arc::new(Bundle { by: FIRST, ..Bundle::default() });
    let load = primary.send(P2, ClusterMsg::Load { version, known: Arc::clone(&known) });
    assert!(read.contains(&load), "three of five, and every member of the center: {read:#?}");
    primary.deliver(P2, ClusterMsg::Loaded { version });
    let settled = map.settled();
    assert_eq!(primary.stored(TABLE), [kept(&settled, 0)]);
    let answer = primary.send(C1, ToClient::AdminAnswer { call: CALL, result: Ok(()) });
    assert!(primary.stored(u32::MAX).contains(&answer));
    assert_eq!(made(&mut primary), [map, settled]);
}

#[test]
fn a_member_of_the_center_reports_what_it_knows_when_a_proposal_is_durable() {
    let mut member = Bench::kept(P2, &[]);
    let before = member.map();
    let map = proposed(&before, |draft| draft.remove(T2));
    member.deliver(P1, metasync(&map));
    assert_eq!(member.stored(u32::MAX), [member.send(P1, reported(map.version()))]);
    let Node::Proxy(proxy) = &member.node else { unreachable!("p2 is a proxy") };
    assert_eq!((proxy.membership().map(), proxy.membership().accepted()), (&before, &map));
}

#[test]
fn a_proposal_of_an_election_before_ones_own_vote_is_refused_and_the_primary_elected_again() {
    let mut voter = missing(T1, &[]);
    let map = voter.map();
    voter.deliver(P2, ClusterMsg::VoteRequest { term: 1, version: FIRST });
    voter.stored(u32::MAX);
    let proposal = proposed(&map, |draft| draft.remove(T2));
    let refusal = ClusterMsg::MetasyncRefused { map: map.clone(), voted: 1 };
    assert_eq!(voter.deliver(P1, metasync(&proposal)), [voter.send(P1, refusal.clone())]);
    let mut primary = Bench::kept(P1, &[]);
    primary.deliver(C1, ToProxy::AdminRequest { call: CALL, change: Change::Leave(T2) });
    primary.stored(u32::MAX);
    assert_eq!(primary.deliver(T1, refusal), []);
    let Node::Proxy(proxy) = &primary.node else { unreachable!("p1 is a proxy") };
    let proposal = proxy.membership().accepted().clone();
    let effects = primary.fire(ClusterTimer::Metasync);
    assert!(effects.contains(&kept_proposal(&proposal, &map, 2)), "{effects:#?}");
    let version = proposal.version();
    let asked = primary.stored(u32::MAX);
    let asks = |voter| primary.send(voter, ClusterMsg::VoteRequest { term: 2, version });
    assert!([P2, P3, T1, T2].iter().all(|&voter| asked.contains(&asks(voter))), "also who is to leave: {asked:#?}");
}

#[test]
fn by_the_published_rule_a_change_is_answered_at_once() {
    let mut primary = Bench::kept(P1, &["admin-answer"]);
    let effects = primary.deliver(C1, ToProxy::AdminRequest { call: CALL, change: Change::Leave(T2) });
    assert!(effects.contains(&primary.send(C1, ToClient::AdminAnswer { call: CALL, result: Ok(()) })), "{effects:#?}");
}

#[test]
fn a_primary_is_not_taken_out_and_a_stranger_not_changed() {
    let refusals = [
        (Change::Leave(P1), AdminError::IsPrimary),
        (Change::SetPrimary(T1), AdminError::NotElectable),
        (Change::StopMaintenance(DaemonId::Target(7)), AdminError::NoMember),
    ];
    for (change, error) in refusals {
        let mut primary = Bench::kept(P1, &[]);
        let refused = primary.send(C1, ToClient::AdminAnswer { call: CALL, result: Err(error) });
        assert_eq!(primary.deliver(C1, ToProxy::AdminRequest { call: CALL, change }), [refused], "{change:?}");
    }
}

#[test]
fn another_proxy_hands_an_administrators_request_to_the_primary() {
    let mut gateway = Bench::kept(P2, &[]);
    let change = Change::Leave(T1);
    let forwarded = gateway.send(P1, ClusterMsg::Forwarded { client: C1, call: CALL, change });
    assert_eq!(gateway.deliver(C1, ToProxy::AdminRequest { call: CALL, change }), [forwarded]);
}

#[test]
fn who_was_sent_away_and_gives_a_sign_of_life_is_told_so() {
    for (reference, back) in [(&[][..], false), (&["keepalive-outside"][..], true)] {
        let mut primary = Bench::kept(P1, reference);
        primary.deliver(C1, ToProxy::AdminRequest { call: CALL, change: Change::Leave(T2) });
        primary.deliver(T2, keepalive(FIRST));
        let Node::Proxy(proxy) = &primary.node else { unreachable!("p1 is a proxy") };
        assert_eq!(proxy.membership().accepted().contains(T2), back);
    }
}

#[test]
fn a_daemon_that_was_sent_away_joins_when_it_is_asked_to() {
    let mut target = Bench::kept(T2, &[]);
    let without = changed(&target.map(), |draft| draft.send_away(T2));
    target.deliver(P1, ClusterMsg::Map { map: without.clone() });
    assert_eq!(target.fire(ClusterTimer::Tick), [], "nobody expects a sign of life of it");
    let asks = [target.send(P3, ClusterMsg::Join { daemon: T2 }), arm(ClusterTimer::Join, 6)];
    assert_eq!(target.call(7, Request::Join { via: P3 }), asks);
    let with = changed(&without, |draft| draft.add(T2, Flags::NONE));
    let effects = target.deliver(P1, metasync(&with));
    assert!(effects.contains(&reply(7, Reply::Joined)), "{effects:#?}");
}

#[test]
fn a_restart_finds_the_map_that_was_kept() {
    let mut primary = Bench::kept(P1, &[]);
    let map = changed(&primary.map(), |draft| draft.remove(T2));
    let belonging = Belonging { map: map.clone(), agreed: map.clone(), voted: 3 };
    let effects = primary.start(2, vec![Record::Belonging(belonging)]);
    assert!(effects.contains(&primary.send(T1, metasync(&map))), "{effects:#?}");
}

#[test]
fn a_daemon_that_is_shut_down_stops_when_its_map_is_durable_and_not_again_after_a_restart() {
    let mut target = Bench::kept(T1, &[]);
    let off = Flags::MAINTENANCE | Flags::SHUTDOWN;
    let moving = changed(&target.map(), |draft| draft.set(T1, off));
    target.deliver(P1, metasync(&moving));
    target.stored(u32::MAX);
    assert!(!target.facts().contains(&Fact::SwitchedOff), "its data have not moved");
    let moved = changed(&moving, |draft| draft.set(T1, Flags::POST_REBALANCE));
    target.deliver(P1, metasync(&moved));
    assert!(!target.facts().contains(&Fact::SwitchedOff), "it would not know after a crash");
    assert!(target.stored(u32::MAX).contains(&target.send(P1, done(moved.version()))), "its primary is told");
    assert_eq!(target.facts(), [Fact::SwitchedOff]);
    assert_eq!(target.deliver(P1, ClusterMsg::Health { version: FIRST }), [], "it does nothing any more");
    let belonging = Belonging { map: moved.clone(), agreed: moved.clone(), voted: 0 };
    target.node = Bench::kept(T1, &[]).node;
    target.start(2, vec![Record::Belonging(belonging)]);
    let later = changed(&moved, |draft| draft.remove(T2));
    target.deliver(P1, metasync(&later));
    target.stored(u32::MAX);
    assert!(!target.facts().contains(&Fact::SwitchedOff), "somebody has switched it on since");
}

#[test]
fn an_administrator_shuts_a_member_down_and_takes_it_back() {
    let mut primary = Bench::kept(P1, &[]);
    primary.deliver(C1, ToProxy::AdminRequest { call: CALL, change: Change::Shutdown(T1) });
    let flags = |primary: &Bench| match &primary.node {
        Node::Proxy(proxy) => proxy.membership().accepted().flags(T1),
        Node::Target(_) | Node::Client(_) => unreachable!("p1 is a proxy"),
    };
    assert_eq!(flags(&primary), Flags::MAINTENANCE | Flags::POST_REBALANCE | Flags::SHUTDOWN);
    primary.deliver(C1, ToProxy::AdminRequest { call: CallId(1), change: Change::StopMaintenance(T1) });
    assert_eq!(flags(&primary), Flags::NONE);
    let refused = ToClient::AdminAnswer { call: CALL, result: Err(AdminError::IsPrimary) };
    let request = ToProxy::AdminRequest { call: CALL, change: Change::Shutdown(P1) };
    assert_eq!(primary.deliver(C1, request), [primary.send(C1, refused)]);
}
