//! Buckets as daemons see them, and a target whose disks are busy or full.

use std::sync::Arc;
use std::time::Duration;

use quiesce_control::xaction::bucket::{Bucket, BucketName};
use quiesce_control::xaction::buckets::Step;
use quiesce_control::xaction::membership::Payload;
use quiesce_control::xaction::{
    BucketChange, BucketError, ClusterMsg, Fact, JobSpec, Kind, Manner, Node, Refused, Reply, Request, StartError,
    TargetTimer, ToClient, ToProxy, ToTarget,
};
use quiesce_machine::{CallId, Delay, Effect};

use crate::support::*;

const CALL: CallId = CallId(0);
const B1: BucketName = BucketName(0);
const FIRST: Bucket = Bucket { name: B1, generation: 1 };

fn asked(change: BucketChange) -> ToProxy {
    ToProxy::BucketRequest { client: C1, call: CALL, change }
}

/// What is sent to a daemon.
fn to(bench: &Bench, daemon: quiesce_control::xaction::DaemonId, effects: &[Effect<Node>]) -> Vec<Effect<Node>> {
    let node = bench.node_of(daemon);
    effects.iter().filter(|effect| matches!(effect, Effect::Send { to, .. } if *to == node)).cloned().collect()
}

/// A primary that has made `b1`.
fn with_b1() -> Bench {
    let mut primary = Bench::hosting(P1, &[]);
    primary.deliver(C1, asked(BucketChange::Create(B1)));
    agree(&mut primary);
    primary
}

#[test]
fn a_gateway_takes_a_change_of_buckets_to_the_primary_and_no_further() {
    let mut gateway = Bench::hosting(P2, &[]);
    let change = asked(BucketChange::Create(B1));
    assert_eq!(gateway.deliver(C1, change.clone()), [gateway.send(P1, change.clone())]);
    assert_eq!(gateway.deliver(P3, change), []);
}

#[test]
fn a_change_of_buckets_is_answered_when_a_majority_knows_of_it() {
    let mut primary = Bench::hosting(P1, &[]);
    let proposed = primary.deliver(C1, asked(BucketChange::Create(B1)));
    assert_eq!(to(&primary, C1, &proposed), []);
    let settled = agree(&mut primary);
    assert_eq!(to(&primary, C1, &settled), [primary.send(C1, ToClient::BucketAnswer { call: CALL, result: Ok(()) })]);
}

#[test]
fn a_step_makes_the_bucket_that_a_job_fills_and_a_wrong_one_is_refused_at_once() {
    let mut primary = with_b1();
    let step = |from| Arc::new(Step { job: JOB, kind: Kind::CopyBck, from: Some(from), to: Some(BucketName(1)) });
    let nowhere = BucketName(8);
    let effects = primary.deliver(P2, ToProxy::BucketStep { step: step(nowhere) });
    let refused = ToProxy::BucketStepped { job: JOB, result: Err(BucketError::NotThere(nowhere)) };
    assert_eq!(to(&primary, P2, &effects), [primary.send(P2, refused)]);
    primary.deliver(P2, ToProxy::BucketStep { step: step(B1) });
    assert_eq!(map_of(&primary).buckets().makers().collect::<Vec<_>>(), [JOB]);
}

#[test]
fn a_start_on_a_bucket_that_is_not_there_is_refused_by_the_gateway() {
    let mut gateway = Bench::hosting(P2, &[]);
    let manner = Some(Arc::new(Manner { from: Some(FIRST), ..Manner::default() }));
    let spec = Arc::new(JobSpec { manner, ..JobSpec::everywhere(KIND, WORK) });
    let effects = gateway.deliver(C1, ToProxy::StartRequest { call: CALL, request: JOB, spec });
    let result = Err(StartError::Bucket(BucketError::NotThere(B1)));
    assert_eq!(effects, [gateway.send(C1, ToClient::StartAnswer { call: CALL, result })]);
}

#[test]
fn a_target_refuses_a_start_on_a_bucket_that_it_knows_to_be_gone() {
    let mut primary = with_b1();
    primary.deliver(C1, asked(BucketChange::Destroy(B1)));
    let map = map_of(&primary).settled();
    let mut target = Bench::hosting(T1, &[]);
    target.deliver(P1, ClusterMsg::Metasync { payload: Arc::new(Payload { action: None, map, known: None }) });
    let manner = Some(Arc::new(Manner { from: Some(FIRST), ..Manner::default() }));
    let start = ToTarget::StartXact { job: JOB, kind: KIND, work: WORK, sources: sources(), manner };
    let why = Refused::Bucket(BucketError::NotThere(B1));
    assert_eq!(target.deliver(P1, start), [target.send(P1, ToProxy::XactRefused { job: JOB, why })]);
}

/// `t1` at work on a job whose slices are a second at full speed, on disks that users keep so busy.
fn working(users: u8) -> (Bench, Vec<Effect<Node>>) {
    let mut target = Bench::hosting(T1, &["xact-record"]);
    target.call(0, Request::Load { users, used: 50, mountpaths: 4 });
    let work = quiesce_control::xaction::Work { takes: Duration::from_secs(10), ..WORK };
    let start = ToTarget::StartXact { job: JOB, kind: KIND, work, sources: sources(), manner: None };
    target.deliver(P1, start);
    let effects = target.fire(TargetTimer::Admit(JOB));
    (target, effects)
}

#[test]
fn a_slice_takes_the_longer_the_busier_users_keep_the_disks() {
    for (users, seconds) in [(0, 1), (65, 4), (95, 8)] {
        let (_, effects) = working(users);
        let after = Delay::from(Duration::from_secs(seconds));
        let slice = Effect::Arm { timer: TargetTimer::Work(JOB).into(), after };
        assert!(effects.contains(&slice), "{users} %: {effects:?}");
    }
}

#[test]
fn a_job_ends_after_its_last_slice() {
    let (mut target, _) = working(95);
    for _ in 1..quiesce_control::xaction::load::SLICES {
        target.fire(TargetTimer::Work(JOB));
    }
    let ended = |facts: Vec<Fact>| facts.iter().any(|fact| matches!(fact, Fact::XactEnded { .. }));
    assert!(!ended(target.facts()));
    target.fire(TargetTimer::Work(JOB));
    assert!(ended(target.facts()));
}

#[test]
fn a_target_that_finds_itself_full_starts_to_evict() {
    let mut target = Bench::hosting(T1, &[]);
    let effects = target.call(0, Request::Load { users: 0, used: 92, mountpaths: 4 });
    assert_eq!(effects, [reply(0, Reply::Changed)], "it has not looked yet");
    target.fire(TargetTimer::Look);
    assert!(target.facts().contains(&Fact::CapacityKnown { used: 92 }));
    let job = quiesce_control::xaction::XactId::minted(T1, quiesce_machine::Incarnation(1), 0);
    target.fire(TargetTimer::Admit(job));
    let lru = |fact: &Fact| matches!(fact, Fact::XactRegistered { kind: Kind::Lru, .. });
    assert!(target.facts().iter().any(lru));
}
