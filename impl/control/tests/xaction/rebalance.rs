//! A primary's orders to rebalance, and one target's part in them.

use std::sync::Arc;

use quiesce_control::xaction::membership::{Draft, Payload};
use quiesce_control::xaction::rebalance::{Mode, Order, Progress, RebMsg, RebTimer, Stage, Told};
use quiesce_control::xaction::{
    Change, ClusterMsg, Fact, Flags, Kind, Moving, Node, RebEnd, RebId, Record, RecordKey, Smap, StartError, ToClient,
    ToProxy, Upkeep,
};
use quiesce_machine::{CallId, Effect, OpId, Write};

use crate::support::*;

const CALL: CallId = CallId(0);
const MARKER: u32 = u32::MAX - 1;

/// The deployed map with an order, under which `t2` leaves.
fn ordered(bench: &Bench, progress: Progress) -> (Smap, RebId) {
    let mut draft: Draft = bench.map().draft();
    draft.set(T2, Flags::DECOMMISSION);
    let as_of = draft.touch();
    let id = RebId(as_of);
    let (stays, leaves) = (draft.active_targets(), draft.leaving_targets());
    draft.place(Order { id, mode: Mode::Full, as_of, stays, leaves, asked: None, progress });
    (draft.publish(), id)
}

fn go_by(bench: &mut Bench, map: &Smap) -> Vec<Effect<Node>> {
    bench.deliver(
        P1,
        ClusterMsg::Metasync { payload: Arc::new(Payload { action: None, map: map.clone(), known: None }) },
    )
}

/// Only what is sent to a daemon.
fn to(bench: &Bench, daemon: quiesce_control::xaction::DaemonId, effects: &[Effect<Node>]) -> Vec<Effect<Node>> {
    let node = bench.node_of(daemon);
    effects.iter().filter(|effect| matches!(effect, Effect::Send { to, .. } if *to == node)).cloned().collect()
}

/// `t1` with its marker durable and swept: ready for data.
fn ready(reference: &[&str]) -> (Bench, RebId) {
    let mut target = Bench::moving(T1, reference);
    let (map, id) = ordered(&target, Progress::Open);
    go_by(&mut target, &map);
    target.stored(MARKER);
    target.fire(RebTimer::Sweep);
    (target, id)
}

/// The same, whose data have moved and who knows that those of `t2` have.
fn quiet(reference: &[&str]) -> (Bench, RebId) {
    let (mut target, id) = ready(reference);
    target.deliver(T2, RebMsg::Stage { id, stage: Stage::PostTraverse, asks: false });
    target.fire(RebTimer::Moved);
    target.fire(RebTimer::Quiet);
    (target, id)
}

#[test]
fn an_order_that_comes_while_the_last_end_is_written_is_registered_beside_it() {
    let upkeep = Upkeep { rebalance: Some(Moving::default()), ..Upkeep::default() };
    let mut target = Bench::hosted_moving(T1, upkeep);
    let (map, id) = ordered(&target, Progress::Open);
    go_by(&mut target, &map);
    target.stored(MARKER);
    target.fire(RebTimer::Sweep);
    target.deliver(T2, RebMsg::Stage { id, stage: Stage::PostTraverse, asks: false });
    for timer in [RebTimer::Moved, RebTimer::Quiet] {
        target.fire(timer);
    }
    target.stored(MARKER);
    target.fire(RebTimer::Drained);
    let mut draft = map.draft();
    let as_of = draft.touch();
    let (id, stays) = (RebId(as_of), draft.active_targets());
    let (mode, progress) = (Mode::Full, Progress::Open);
    draft.place(Order { id, mode, as_of, stays, leaves: [].into(), asked: None, progress });
    go_by(&mut target, &draft.publish());
    let Node::Target(node) = &target.node else { unreachable!("the bench is a target's") };
    let running: Vec<_> = node.desk().registry().running().map(|entry| entry.id).collect();
    assert_eq!(running, [id.xact()], "what starts now has to see it");
}

#[test]
fn an_order_has_the_marker_written_before_anything_moves() {
    let mut target = Bench::moving(T1, &[]);
    let (map, id) = ordered(&target, Progress::Open);
    let effects = go_by(&mut target, &map);
    assert!(effects.contains(&put(MARKER, Record::Marker(id))), "{effects:?}");
    assert!(target.facts().contains(&Fact::RebalanceBegan { id, mode: Mode::Full }));
    assert_eq!(target.stored(MARKER), [arm(RebTimer::Sweep, 0)]);
}

/// The deployed map with an order of a user, to clean up.
fn cleanup(bench: &Bench) -> (Smap, RebId) {
    let mut draft: Draft = bench.map().draft();
    let as_of = draft.touch();
    let id = RebId(as_of);
    let (stays, mode) = (draft.active_targets(), Mode::Cleanup);
    draft.place(Order { id, mode, as_of, stays, leaves: [].into(), asked: None, progress: Progress::Open });
    (draft.publish(), id)
}

#[test]
fn a_cleanup_waits_for_nobody_writes_no_marker_and_moves_nothing() {
    let mut target = Bench::moving(T1, &[]);
    let (map, id) = cleanup(&target);
    let began = go_by(&mut target, &map);
    assert!(began.contains(&arm(RebTimer::Moved, 10)), "{began:?}");
    assert!(!began.contains(&put(MARKER, Record::Marker(id))) && to(&target, T2, &began).is_empty(), "{began:?}");
    assert!(target.facts().contains(&Fact::RebalanceBegan { id, mode: Mode::Cleanup }));
    target.fire(RebTimer::Moved);
    assert!(target.stored(0).contains(&target.send(P1, RebMsg::Report { id, told: Told::Moved })));
    let facts = target.facts();
    assert!(facts.contains(&Fact::RebalanceEnded { id, end: RebEnd::Finished }), "{facts:?}");
    assert!(!facts.contains(&Fact::DataMoved { id }), "nothing was to move: {facts:?}");
}

#[test]
fn the_published_target_takes_a_map_that_comes_without_word_for_an_order_to_move_data() {
    for (reference, action, mode) in [
        (&[][..], None, Mode::Cleanup),
        (&["rebalance-mode"][..], None, Mode::Full),
        (&["rebalance-mode"][..], Some(Mode::Cleanup), Mode::Cleanup),
    ] {
        let mut target = Bench::moving(T1, reference);
        let (map, id) = cleanup(&target);
        target.deliver(P1, ClusterMsg::Metasync { payload: Arc::new(Payload { action, map, known: None }) });
        assert!(target.facts().contains(&Fact::RebalanceBegan { id, mode }), "{reference:?}, told {action:?}");
    }
}

#[test]
fn whoever_asks_how_far_a_target_is_hears_when_it_is_as_far() {
    let (mut target, id) = ready(&[]);
    let ask = |stage| RebMsg::Stage { id, stage, asks: true };
    let asked = target.deliver(T2, ask(Stage::PostTraverse));
    assert_eq!(to(&target, T2, &asked), [], "it says so when it is");
    assert!(target.facts().contains(&Fact::RebalanceTraverses { id }), "who is further is as far");
    let moved = target.fire(RebTimer::Moved);
    let tells = [target.send(T2, RebMsg::Stage { id, stage: Stage::PostTraverse, asks: false })];
    assert_eq!(to(&target, T2, &moved), tells);
    assert_eq!(target.deliver(T2, ask(Stage::PostTraverse)), tells, "asked again, it says so again");
}

#[test]
fn data_move_when_every_target_takes_them() {
    let (mut target, id) = ready(&[]);
    assert!(target.facts().iter().all(|fact| !matches!(fact, Fact::RebalanceTraverses { .. })));
    let effects = target.deliver(T2, RebMsg::Stage { id, stage: Stage::Ready, asks: false });
    assert_eq!(effects, [disarm(RebTimer::Poll), disarm(RebTimer::Barrier), arm(RebTimer::Moved, 10)]);
    assert_eq!(target.facts(), [Fact::RebalanceTraverses { id }]);
}

#[test]
fn only_the_published_target_arms_a_time_out_at_a_barrier() {
    for (reference, armed) in [(&[][..], false), (&["rebalance-barrier"][..], true)] {
        let mut target = Bench::moving(T1, reference);
        let (map, _) = ordered(&target, Progress::Open);
        go_by(&mut target, &map);
        target.stored(MARKER);
        let effects = target.fire(RebTimer::Sweep);
        assert_eq!(effects.contains(&arm(RebTimer::Barrier, 180)), armed);
    }
}

#[test]
fn the_marker_goes_before_the_end_and_the_primary_is_told_when_that_is_durable() {
    let (mut target, id) = quiet(&[]);
    target.facts();
    assert_eq!(target.stored(MARKER), [arm(RebTimer::Drained, 10)]);
    let report = target.send(P1, RebMsg::Report { id, told: Told::Moved });
    assert!(!target.fire(RebTimer::Drained).contains(&report));
    assert!(target.facts().contains(&Fact::RebalanceEnded { id, end: RebEnd::Finished }));
    let effects = target.stored(0);
    assert!(effects.contains(&report), "{effects:?}");
    assert!(effects.contains(&arm(RebTimer::Report, 5)));
}

#[test]
fn a_marker_found_at_the_start_is_reported_as_cut_short() {
    let mut target = Bench::moving(T1, &[]);
    let (map, id) = ordered(&target, Progress::Open);
    target.start(2, vec![Record::Marker(id)]);
    let effects = go_by(&mut target, &map);
    assert!(effects.contains(&target.send(P1, RebMsg::Report { id, told: Told::CutShort })), "{effects:?}");
    assert!(target.facts().contains(&Fact::RebalanceEnded { id, end: RebEnd::Interrupted }));
}

#[test]
fn an_order_that_is_done_takes_the_marker_away() {
    let mut target = Bench::moving(T1, &[]);
    let (map, id) = ordered(&target, Progress::Done);
    target.start(2, vec![Record::Marker(id)]);
    let remove = Effect::Store { op: OpId(MARKER), write: Write::Remove(RecordKey::Marker) };
    assert!(go_by(&mut target, &map).contains(&remove));
}

#[test]
fn a_stop_by_another_target_ends_it_only_while_it_may_be_stopped() {
    for (reference, ends) in [(&[][..], false), (&["late-stop"][..], true)] {
        let mut target = Bench::moving(T1, reference);
        let mut draft = target.map().draft();
        let as_of = draft.touch();
        let id = RebId(as_of);
        let stays = draft.active_targets();
        draft.place(Order {
            id,
            mode: Mode::Full,
            as_of,
            stays,
            leaves: [].into(),
            asked: None,
            progress: Progress::Open,
        });
        go_by(&mut target, &draft.publish());
        target.stored(MARKER);
        target.fire(RebTimer::Sweep);
        target.deliver(T2, RebMsg::Stage { id, stage: Stage::PostTraverse, asks: false });
        target.fire(RebTimer::Moved);
        target.fire(RebTimer::Quiet);
        target.deliver(T2, RebMsg::Abort { id });
        assert_eq!(target.facts().contains(&Fact::RebalanceEnded { id, end: RebEnd::Stopped }), ends);
    }
}

#[test]
fn a_primary_orders_a_rebalance_with_the_change_that_asks_for_it() {
    let mut primary = Bench::moving(P1, &[]);
    primary.facts();
    primary.deliver(C1, ToProxy::AdminRequest { call: CALL, change: Change::Decommission(T2) });
    let order = map_of(&primary).order().cloned().expect("an order");
    assert_eq!((order.stays, order.leaves, order.progress), ([T1].into(), [T2].into(), Progress::Open));
    assert_eq!(order.id, RebId(order.as_of));
}

#[test]
fn a_target_leaves_when_every_part_has_ended_well() {
    let (mut primary, id) = leaving(&[]);
    primary.deliver(T1, RebMsg::Report { id, told: Told::Moved });
    assert_eq!(primary.facts(), []);
    primary.deliver(T2, RebMsg::Report { id, told: Told::Moved });
    let facts = primary.facts();
    assert!(facts.contains(&Fact::RebalanceDone { id }));
    assert!(map_of(&primary).has_left(T2));
}

#[test]
fn a_part_that_was_cut_short_is_ordered_again_or_the_target_leaves_all_the_same() {
    for (reference, leaves) in [(&[][..], false), (&["decommission-end"][..], true)] {
        let (mut primary, id) = leaving(reference);
        primary.deliver(T2, RebMsg::Report { id, told: Told::CutShort });
        let map = map_of(&primary);
        assert_eq!(map.has_left(T2), leaves);
        assert_eq!(map.order().is_some_and(|order| order.is_open() && order.id > id), !leaves);
    }
}

#[test]
fn a_user_is_answered_when_a_majority_knows_of_the_rebalance_and_refused_while_one_is_open() {
    let mut primary = Bench::moving(P1, &[]);
    let ask = |request| ToProxy::StartRequest { call: CALL, request, spec: spec(Kind::Rebalance) };
    let effects = primary.deliver(C1, ask(JOB));
    assert_eq!(to(&primary, C1, &effects), []);
    let order = map_of(&primary).order().cloned().expect("an order");
    let effects = agree(&mut primary);
    let answers = to(&primary, C1, &effects);
    let answer = ToClient::StartAnswer { call: CALL, result: Ok(order.id.xact()) };
    assert_eq!(answers, [primary.send(C1, answer.clone())]);
    let effects = primary.deliver(C1, ask(JOB));
    assert_eq!(to(&primary, C1, &effects), [primary.send(C1, answer)], "a repeated request is the same one");
    let effects = primary.deliver(C1, ask(JOB.with_number(9)));
    let busy = ToClient::StartAnswer { call: CALL, result: Err(StartError::Busy) };
    assert_eq!(to(&primary, C1, &effects), [primary.send(C1, busy)]);
}

#[test]
fn a_gateway_takes_a_users_rebalance_to_the_primary() {
    let mut gateway = Bench::moving(P2, &[]);
    let asked = ToProxy::StartRequest { call: CALL, request: JOB, spec: spec(Kind::Rebalance) };
    let passed = ToProxy::RebalanceRequest { client: C1, call: CALL, request: JOB, mode: Mode::Full };
    assert_eq!(gateway.deliver(C1, asked), [gateway.send(P1, passed)]);
}

/// A primary that has been asked to decommission `t2`, with the order for it.
fn leaving(reference: &[&str]) -> (Bench, RebId) {
    let mut primary = Bench::moving(P1, reference);
    primary.deliver(C1, ToProxy::AdminRequest { call: CALL, change: Change::Decommission(T2) });
    primary.facts();
    let id = map_of(&primary).order().expect("an order").id;
    (primary, id)
}
