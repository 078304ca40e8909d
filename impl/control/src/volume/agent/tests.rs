//! What an agent does on one event: exact effects, and the idempotency table of the reference's section 5, cell by cell.

use std::sync::Arc;

use quiesce_machine::{CallId, Effect, Event, Incarnation, Node as _, NodeId, step};

use crate::volume::monitor::testing::{A1, E1, U1, V1, WANT, birth};
use crate::volume::spec::{Body, Drain, NodeSet, Operation, Owner, Spec, Status, Target, VolumeWant};
use crate::volume::user::{Reply, Request};
use crate::volume::{
    Cluster, Config, EngineId, EngineOp, Instance, Key, Msg, Node, Object, Objects, Policies, PoolId, Replica, Role,
    Timer, Timing, ToAgent, ToEngine, ToStore, ToUser, Uuid,
};

const V: Key = Key::Volume(V1);
const POOL: Key = Key::Pool(PoolId(0));
const REPLICA: Key = Key::Replica(Uuid::Given(1));

/// An agent that leads epoch 1 with these specs, over two storage nodes that are up and empty.
struct Led {
    agent: Node,
    config: Config,
}

impl Led {
    fn with(specs: Vec<(Key, Spec)>) -> Self {
        let cluster = Cluster::new(1, 2, 1, true).unwrap();
        let config = Config { cluster, timing: Timing::default(), policies: Policies::hardened() };
        let mut led = Led { agent: Node::boot(NodeId(0), &config), config };
        let specs = Arc::new(specs.into_iter().map(|(key, spec)| (key, Arc::new(spec))).collect());
        let stale = Arc::default();
        led.hear(Role::Store, ToAgent::Granted { epoch: 1, life: Incarnation(0), revision: 0, specs, stale });
        for engine in cluster.engines() {
            let objects = Arc::<Objects>::default();
            led.hear(Role::Engine(engine), ToAgent::Listing { epoch: 1, life: Incarnation(1), changes: 0, objects });
        }
        led
    }

    fn hear(&mut self, from: Role, msg: ToAgent) -> Vec<Effect<Node>> {
        let from = self.config.cluster.node(from);
        step(&mut self.agent, NodeId(0), &self.config, Event::Deliver { from, msg: msg.into() }).effects
    }

    fn ask(&mut self, request: Request) -> Vec<Effect<Node>> {
        self.hear(U1, ToAgent::Api { epoch: 1, call: CallId(7), request: Arc::new(request) })
    }

    /// The answer given once the store says that the lease is in force; none if the request is taken up.
    fn answer(&mut self, request: Request) -> Option<Reply> {
        let asked = self.ask(request);
        assert!(!asked.iter().any(is_answer), "answered from memory: {asked:?}");
        self.hear(Role::Store, ToAgent::Confirmed { epoch: 1, user: 0, call: CallId(7) }).iter().find_map(answer_of)
    }

    fn send(&self, to: Role, msg: impl Into<Msg>) -> Effect<Node> {
        Effect::Send { to: self.config.cluster.node(to), msg: msg.into() }
    }
}

fn is_answer(effect: &Effect<Node>) -> bool {
    matches!(effect, Effect::Send { msg: Msg::ToUser(ToUser::Answer { .. }), .. })
}

fn pool_body() -> Body {
    Body::Pool { node: E1, size: 4 }
}

fn body_of(key: Key) -> Body {
    match key {
        Key::Pool(_) => pool_body(),
        Key::Replica(_) => Body::Replica { pool: PoolId(0), node: E1, size: 1, owner: None, shared: false },
        Key::Nexus(_) => nexus_of(None),
        Key::Volume(_) | Key::Node(_) => Body::Volume { want: WANT, target: None },
    }
}

/// The states of the table's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Absent,
    Creating,
    Dirty,
    Created,
    Deleting,
}

fn specs(key: Key, column: Column) -> Vec<(Key, Spec)> {
    let fresh = Spec::creating(birth(1), body_of(key));
    let spec = match column {
        Column::Absent => None,
        Column::Creating => Some(fresh.with(None)),
        // A node operation is not resolved by a request, so this dirt stays.
        Column::Dirty => Some(Spec { status: Status::Created, ..fresh }),
        Column::Created => Some(fresh.created()),
        Column::Deleting => Some(fresh.deleting().with(None)),
    };
    let needs_pool = matches!(key, Key::Replica(_) | Key::Nexus(_));
    let pool = needs_pool.then(|| created(POOL, pool_body()));
    let child = matches!(key, Key::Nexus(_)).then(|| created(REPLICA, replica_of(None)));
    pool.into_iter().chain(child).chain(spec.map(|spec| (key, spec))).collect()
}

const COLUMNS: [Column; 5] = [Column::Absent, Column::Creating, Column::Dirty, Column::Created, Column::Deleting];

/// Checks a row: what is answered at once in each column; none is taken up.
fn row(key: Key, request: &Request, expected: [Option<Reply>; 5]) {
    for (column, expected) in COLUMNS.into_iter().zip(expected) {
        let mut led = Led::with(specs(key, column));
        led.config.policies.set("pending-operation", "dropped").unwrap();
        assert_eq!(led.answer(request.clone()), expected, "{request:?} when {column:?}");
    }
}

const NONE: Option<Reply> = None;

fn some(reply: Reply) -> Option<Reply> {
    Some(reply)
}

#[test]
fn a_put_is_taken_up_redriven_or_refused_by_the_state_of_the_resource() {
    let (dirty, exists, leaves) = (some(Reply::StoreDirty), some(Reply::AlreadyExists), some(Reply::Deleting));
    let pool = Request::PutPool { pool: PoolId(0), node: E1, size: 4 };
    row(POOL, &pool, [NONE, NONE, dirty, exists, leaves]);
    let replica = Request::PutReplica { replica: 1, pool: PoolId(0), size: 1 };
    row(REPLICA, &replica, [NONE, NONE, dirty, exists, leaves]);
    row(V, &Request::PutVolume { volume: V1, want: WANT }, [NONE, NONE, dirty, exists, leaves]);
}

#[test]
fn a_put_that_differs_from_the_one_under_way_is_told_of_a_conflict() {
    let want = VolumeWant { size: 2, ..WANT };
    for (key, other) in [
        (V, Request::PutVolume { volume: V1, want }),
        (POOL, Request::PutPool { pool: PoolId(0), node: E1, size: 5 }),
        (REPLICA, Request::PutReplica { replica: 1, pool: PoolId(0), size: 2 }),
        (NEXUS, Request::PutNexus { nexus: 1, node: EngineId(1), children: vec![1] }),
    ] {
        assert_eq!(told(&specs(key, Column::Creating), other), some(Reply::Conflict), "{key}");
    }
}

#[test]
fn a_request_on_a_busy_resource_waits_for_its_guard_and_is_then_told_of_a_conflict() {
    let mut led = Led::with(Vec::new());
    led.ask(Request::PutPool { pool: PoolId(0), node: E1, size: 4 });
    let rival = Request::DeletePool { pool: PoolId(0) };
    let ask = ToAgent::Api { epoch: 1, call: CallId(8), request: Arc::new(rival) };
    let guard = Timer::Guard(0, CallId(8));
    let waits = Effect::Arm { timer: guard, after: led.config.timing.guard_wait.into() };
    assert_eq!(led.hear(U1, ask), std::slice::from_ref(&waits));
    let retry = |led: &mut Led| step(&mut led.agent, NodeId(0), &led.config, Event::Fire { timer: guard }).effects;
    for _ in 1..led.config.timing.guard_tries {
        assert_eq!(retry(&mut led), std::slice::from_ref(&waits));
    }
    let confirm = led.send(Role::Store, ToStore::Confirm { epoch: 1, user: 0, call: CallId(8) });
    assert_eq!(retry(&mut led)[0], confirm);
    let told = led.hear(Role::Store, ToAgent::Confirmed { epoch: 1, user: 0, call: CallId(8) });
    assert!(
        told.contains(&led.send(U1, ToUser::Answer { call: CallId(8), epoch: 1, reply: Reply::Conflict })),
        "{told:?}"
    );
}

#[test]
fn a_delete_is_taken_up_whatever_the_status_unless_the_resource_is_dirty_or_absent() {
    let (absent, dirty) = (some(Reply::NotFound), some(Reply::StoreDirty));
    row(POOL, &Request::DeletePool { pool: PoolId(0) }, [absent, NONE, dirty, NONE, NONE]);
    row(REPLICA, &Request::DeleteReplica { replica: Uuid::Given(1) }, [absent, NONE, dirty, NONE, NONE]);
    row(V, &Request::DeleteVolume { volume: V1 }, [absent, NONE, dirty, NONE, NONE]);
}

#[test]
fn a_change_needs_a_volume_that_is_created() {
    let (absent, dirty, no) = (some(Reply::NotFound), some(Reply::StoreDirty), some(Reply::FailedPrecondition));
    row(V, &Request::Publish { volume: V1, node: None }, [absent, no, dirty, NONE, no]);
    row(V, &Request::Unpublish { volume: V1, force: false }, [absent, no, dirty, no, no]);
    row(V, &Request::SetReplicas { volume: V1, replicas: 2 }, [absent, no, dirty, no, no]);
}

#[test]
fn a_share_changes_what_is_created_and_not_yet_so() {
    let (absent, dirty, no) = (some(Reply::NotFound), some(Reply::StoreDirty), some(Reply::FailedPrecondition));
    let share = |on| Request::ShareReplica { replica: 1, on };
    row(REPLICA, &share(true), [absent, no, dirty, NONE, no]);
    row(REPLICA, &share(false), [absent, no, dirty, no, no]);
    let shared = [created(POOL, pool_body()), (REPLICA, created(REPLICA, replica_of(None)).1.shared(true))];
    assert_eq!(told(&shared, share(true)), no);
    assert_eq!(told(&shared, share(false)), NONE);
    assert_eq!(told_while_silent(&shared, share(false)), some(Reply::Unavailable));
}

#[test]
fn the_share_of_a_volume_is_that_of_its_target() {
    let (absent, dirty, no) = (some(Reply::NotFound), some(Reply::StoreDirty), some(Reply::FailedPrecondition));
    let share = |on| Request::ShareVolume { volume: V1, on };
    for on in [true, false] {
        row(V, &share(on), [absent, no, dirty, no, no]);
    }
    for shared in [true, false] {
        let target = Some(Target { nexus: Uuid::Minted(birth(2)), node: E1, shared });
        assert_eq!(told(&[volume(target)], share(shared)), no, "it is so already");
        assert_eq!(told(&[volume(target)], share(!shared)), NONE);
        assert_eq!(told_while_silent(&[volume(target)], share(!shared)), some(Reply::Unavailable));
    }
}

#[test]
fn a_share_that_an_engine_does_not_have_as_on_record_is_called_for_again() {
    let mut led =
        Led::with(vec![created(POOL, pool_body()), (REPLICA, created(REPLICA, replica_of(None)).1.shared(true))]);
    let replica = Replica { pool: PoolId(0), size: 1, owner: None, allowed: None, failed: false, shared: false };
    let objects = Arc::new(Objects::from_records([(REPLICA, birth(9), Object::Replica(replica))]));
    led.hear(Role::Engine(E1), ToAgent::Listing { epoch: 1, life: Incarnation(1), changes: 1, objects });
    let effects = step(&mut led.agent, NodeId(0), &led.config, Event::Fire { timer: Timer::Reconcile }).effects;
    let share = EngineOp::Share(Instance { key: REPLICA, birth: birth(9) }, true);
    assert!(calls(&effects).iter().any(|op| **op == share), "{effects:?}");
}

#[test]
fn a_published_volume_is_not_published_again_but_can_be_unpublished() {
    let target = Some(Target { nexus: Uuid::Minted(birth(2)), node: E1, shared: true });
    let volume = Spec::creating(birth(1), Body::Volume { want: WANT, target }).created();
    let mut led = Led::with(vec![(V, volume.clone())]);
    assert_eq!(led.answer(Request::Publish { volume: V1, node: None }), some(Reply::FailedPrecondition));
    let mut led = Led::with(vec![(V, volume)]);
    assert_eq!(led.answer(Request::Unpublish { volume: V1, force: false }), NONE);
}

#[test]
fn node_operations_are_refused_for_unknown_nodes_and_when_nothing_would_change() {
    let mut led = Led::with(Vec::new());
    assert_eq!(led.answer(Request::Cordon { node: EngineId(7), on: true }), some(Reply::NotFound));
    let mut led = Led::with(Vec::new());
    assert_eq!(led.answer(Request::Cordon { node: E1, on: false }), some(Reply::FailedPrecondition));
    let mut led = Led::with(Vec::new());
    assert_eq!(led.answer(Request::Cordon { node: E1, on: true }), NONE);
}

const NEXUS: Key = Key::Nexus(Uuid::Given(1));

fn owned(body: fn(Option<Owner>) -> Body) -> Spec {
    Spec::creating(birth(3), body(Some(Owner { volume: V1, birth: birth(1) }))).created()
}

fn replica_of(owner: Option<Owner>) -> Body {
    Body::Replica { pool: PoolId(0), node: E1, size: 1, owner, shared: false }
}

fn nexus_of(owner: Option<Owner>) -> Body {
    Body::Nexus { node: E1, owner, children: vec![Uuid::Given(1)] }
}

fn created(key: Key, body: Body) -> (Key, Spec) {
    (key, Spec::creating(birth(9), body).created())
}

/// What is answered at once over these specs.
fn told(specs: &[(Key, Spec)], request: Request) -> Option<Reply> {
    Led::with(specs.to_vec()).answer(request)
}

#[test]
fn a_nexus_is_put_and_deleted_like_everything_else() {
    let (dirty, exists, leaves) = (some(Reply::StoreDirty), some(Reply::AlreadyExists), some(Reply::Deleting));
    let put = Request::PutNexus { nexus: 1, node: E1, children: vec![1] };
    row(NEXUS, &put, [NONE, NONE, dirty, exists, leaves]);
    row(NEXUS, &Request::DeleteNexus { nexus: Uuid::Given(1) }, [some(Reply::NotFound), NONE, dirty, NONE, NONE]);
}

#[test]
fn a_nexus_needs_children_that_are_there() {
    assert_eq!(told(&[], Request::PutNexus { nexus: 1, node: E1, children: vec![] }), some(Reply::InvalidArgument));
    assert_eq!(told(&[], Request::PutNexus { nexus: 1, node: E1, children: vec![1] }), some(Reply::NotFound));
}

#[test]
fn what_something_else_needs_is_in_use() {
    let pool = created(POOL, pool_body());
    let delete_pool = Request::DeletePool { pool: PoolId(0) };
    assert_eq!(told(&[pool.clone(), created(REPLICA, replica_of(None))], delete_pool), some(Reply::InUse));
    let delete_replica = || Request::DeleteReplica { replica: Uuid::Given(1) };
    assert_eq!(told(&[pool.clone(), (REPLICA, owned(replica_of))], delete_replica()), some(Reply::InUse));
    let child = [pool, created(REPLICA, replica_of(None)), created(NEXUS, nexus_of(None))];
    assert_eq!(told(&child, delete_replica()), some(Reply::InUse));
    let delete_nexus = Request::DeleteNexus { nexus: Uuid::Given(1) };
    assert_eq!(told(&[(NEXUS, owned(nexus_of))], delete_nexus), some(Reply::InUse));
}

#[test]
fn nothing_is_made_on_a_node_that_is_unknown_cordoned_or_silent() {
    let put = |node| Request::PutPool { pool: PoolId(0), node, size: 4 };
    assert_eq!(told(&[], put(EngineId(7))), some(Reply::NotFound));
    let cordoned = created(Key::Node(E1), Body::Node { cordoned: true, drain: Drain::Off });
    assert_eq!(told(&[cordoned], put(E1)), some(Reply::FailedPrecondition));
    let mut led = Led::with(vec![created(POOL, pool_body())]);
    step(&mut led.agent, NodeId(0), &led.config, Event::Fire { timer: Timer::NodeDeadline(E1) });
    assert_eq!(led.answer(Request::PutPool { pool: PoolId(3), node: E1, size: 4 }), some(Reply::FailedPrecondition));
}

/// What is answered at once over these specs while nothing is heard of `e1`.
fn told_while_silent(specs: &[(Key, Spec)], request: Request) -> Option<Reply> {
    let mut led = Led::with(specs.to_vec());
    step(&mut led.agent, NodeId(0), &led.config, Event::Fire { timer: Timer::NodeDeadline(E1) });
    led.answer(request)
}

#[test]
fn nothing_is_deleted_from_a_silent_node_and_no_target_there_is_changed() {
    let (pool, replica) = (created(POOL, pool_body()), created(REPLICA, replica_of(None)));
    let refused = some(Reply::FailedPrecondition);
    assert_eq!(told_while_silent(std::slice::from_ref(&pool), Request::DeletePool { pool: PoolId(0) }), refused);
    let delete_replica = Request::DeleteReplica { replica: Uuid::Given(1) };
    assert_eq!(told_while_silent(&[pool.clone(), replica.clone()], delete_replica), refused);
    let nexus = created(NEXUS, nexus_of(None));
    let delete_nexus = Request::DeleteNexus { nexus: Uuid::Given(1) };
    assert_eq!(told_while_silent(&[pool, replica, nexus], delete_nexus), refused);
    let publish = Request::Publish { volume: V1, node: Some(E1) };
    assert_eq!(told_while_silent(&[volume(None)], publish), refused);
    let target = Some(Target { nexus: Uuid::Minted(birth(2)), node: E1, shared: true });
    let mut whole = members();
    whole.push(volume(target));
    let shrink = Request::SetReplicas { volume: V1, replicas: 1 };
    assert_eq!(told_while_silent(&whole, shrink), some(Reply::Unavailable), "503 until the target is known");
}

/// The replicas of the volume, each on its node.
fn members() -> Vec<(Key, Spec)> {
    let owner = Some(Owner { volume: V1, birth: birth(1) });
    let member = |node: EngineId| {
        let birth = birth(20 + u16::from(node.0));
        let body = Body::Replica { pool: PoolId(node.0), node, size: 1, owner, shared: false };
        (Key::Replica(Uuid::Minted(birth)), Spec::creating(birth, body).created())
    };
    [E1, EngineId(1)].map(member).to_vec()
}

#[test]
fn a_replica_is_put_only_where_there_is_room_that_nobody_was_promised() {
    let pool = created(POOL, pool_body());
    let put = |size| Request::PutReplica { replica: 2, pool: PoolId(0), size };
    assert_eq!(told(std::slice::from_ref(&pool), put(4)), NONE);
    assert_eq!(told(std::slice::from_ref(&pool), put(5)), some(Reply::ResourceExhausted));
    let promised = (REPLICA, Spec::creating(birth(3), replica_of(None)));
    assert_eq!(told(&[pool, promised], put(4)), some(Reply::ResourceExhausted));
}

#[test]
fn a_drain_needs_the_watcher() {
    let mut led = Led::with(Vec::new());
    led.config.cluster = Cluster::new(1, 2, 1, false).unwrap();
    assert_eq!(led.answer(Request::Drain { node: E1 }), some(Reply::FailedPrecondition));
}

#[test]
fn a_volume_without_a_replica_that_a_target_could_use_is_not_published() {
    let mut led = Led::with(vec![volume(None)]);
    let mut effects = led.ask(Request::Publish { volume: V1, node: None });
    for revision in 1..10 {
        if let Some(reply) = effects.iter().find_map(answer_of) {
            assert_eq!((reply, revision), (Reply::FailedPrecondition, 6), "operation, nexus, its end, its key, record");
            return;
        }
        if let Some(op) = calls(&effects).pop() {
            let done = ToAgent::CallDone { epoch: 1, op, changes: 0, result: Ok(()) };
            effects = led.hear(Role::Engine(E1), done);
        }
        if !effects.iter().any(is_answer) {
            let stale = Arc::default();
            effects = led.hear(Role::Store, ToAgent::WriteDone { epoch: 1, revision, applied: true, stale });
        }
    }
    panic!("nothing is answered");
}

#[test]
fn a_volume_and_a_part_that_wait_for_one_call_both_go_on_when_it_is_answered() {
    let gone = |(key, spec): (Key, Spec)| (key, spec.deleting());
    let specs = members().into_iter().take(1).chain([volume(None)]).map(gone).collect();
    let mut led = Led::with(specs);
    let reconcile = Event::Fire { timer: Timer::Reconcile };
    let effects = step(&mut led.agent, NodeId(0), &led.config, reconcile).effects;
    let calls = calls(&effects);
    assert!(calls.len() == 2 && calls[0] == calls[1], "{calls:?}");
    let op = Arc::clone(&calls[0]);
    led.hear(Role::Engine(E1), ToAgent::CallDone { epoch: 1, op, changes: 0, result: Ok(()) });
    let written = (1..4).flat_map(|revision| {
        led.hear(Role::Store, ToAgent::WriteDone { epoch: 1, revision, applied: true, stale: Arc::default() })
    });
    let ends = |effect: &Effect<Node>| {
        matches!(effect, Effect::Send { msg: Msg::ToStore(ToStore::Write { key: V, spec: None, .. }), .. })
    };
    assert!(written.into_iter().any(|effect| ends(&effect)), "the volume goes, and not only its replica");
}

/// What engines are called for.
fn calls(effects: &[Effect<Node>]) -> Vec<Arc<EngineOp>> {
    let call = |effect: &Effect<Node>| {
        let Effect::Send { msg: Msg::ToEngine(ToEngine::Call { op, .. }), .. } = effect else { return None };
        Some(Arc::clone(op))
    };
    effects.iter().filter_map(call).collect()
}

fn answer_of(effect: &Effect<Node>) -> Option<Reply> {
    match effect {
        Effect::Send { msg: Msg::ToUser(ToUser::Answer { reply, .. }), .. } => Some(*reply),
        Effect::Send { .. }
        | Effect::Arm { .. }
        | Effect::Disarm { .. }
        | Effect::Store { .. }
        | Effect::Reply { .. } => None,
    }
}

#[test]
fn a_volume_that_makes_no_sense_is_refused() {
    let put = |want| Request::PutVolume { volume: V1, want };
    let few = VolumeWant { allowed: NodeSet::of([E1]), ..WANT };
    for want in
        [few, VolumeWant { replicas: 0, ..WANT }, VolumeWant { size: 0, ..WANT }, VolumeWant { nexuses: 2, ..WANT }]
    {
        assert_eq!(told(&[], put(want)), some(Reply::InvalidArgument), "{want:?}");
    }
}

fn volume(target: Option<Target>) -> (Key, Spec) {
    (V, Spec::creating(birth(1), Body::Volume { want: WANT, target }).created())
}

#[test]
fn the_replica_count_moves_by_one_and_only_if_there_is_room() {
    let set = |replicas| Request::SetReplicas { volume: V1, replicas };
    let mut whole = members();
    whole.push(volume(None));
    for replicas in [0, 2, 4] {
        assert_eq!(told(&whole, set(replicas)), some(Reply::FailedPrecondition), "to {replicas}");
    }
    assert_eq!(told(&whole, set(3)), some(Reply::ResourceExhausted));
    let room = created(Key::Pool(PoolId(7)), Body::Pool { node: EngineId(1), size: 4 });
    whole.push(room);
    assert_eq!(told(&whole, set(3)), some(Reply::ResourceExhausted), "a node has one replica at most");
    let lacking = [whole[0].clone(), whole[2].clone(), whole[3].clone()];
    assert_eq!(told(&lacking, set(3)), some(Reply::FailedPrecondition), "it is not whole");
    assert_eq!(told(&lacking, set(1)), NONE, "one is lacking already");
}

#[test]
fn a_target_is_put_where_there_is_a_node_and_moved_only_if_there_is_one() {
    let publish = |node| Request::Publish { volume: V1, node };
    assert_eq!(told(&[volume(None)], publish(Some(EngineId(7)))), some(Reply::FailedPrecondition));
    let cordon = |node| created(Key::Node(node), Body::Node { cordoned: true, drain: Drain::Off });
    let nowhere = [cordon(E1), cordon(EngineId(1)), volume(None)];
    assert_eq!(told(&nowhere, publish(None)), some(Reply::ResourceExhausted));
    let republish = || Request::Republish { volume: V1 };
    assert_eq!(told(&[], republish()), some(Reply::NotFound));
    assert_eq!(told(&[volume(None)], republish()), some(Reply::FailedPrecondition));
    let target = Some(Target { nexus: Uuid::Minted(birth(2)), node: E1, shared: true });
    assert_eq!(told(&[volume(target)], republish()), NONE);
    assert_eq!(told(&[cordon(EngineId(1)), volume(target)], republish()), some(Reply::ResourceExhausted));
}

#[test]
fn a_node_is_drained_once_and_an_uncordon_cancels_that() {
    let drain = || Request::Drain { node: E1 };
    let node = |drain| created(Key::Node(E1), Body::Node { cordoned: true, drain });
    assert_eq!(told(&[], Request::Drain { node: EngineId(7) }), some(Reply::NotFound));
    assert_eq!(told(&[], drain()), NONE);
    assert_eq!(told(&[node(Drain::Off)], drain()), NONE);
    for state in [Drain::Draining, Drain::Drained] {
        assert_eq!(told(&[node(state)], drain()), some(Reply::FailedPrecondition), "{state:?}");
        assert_eq!(told(&[node(state)], Request::Cordon { node: E1, on: false }), NONE, "{state:?}");
    }
    let mut dirty = node(Drain::Off);
    dirty.1.operation = Some(Operation::Cordon(true));
    let mut led = Led::with(vec![dirty]);
    led.config.policies.set("pending-operation", "dropped").unwrap();
    assert_eq!(led.answer(drain()), some(Reply::StoreDirty));
}

#[test]
fn a_node_without_targets_is_on_record_as_drained_after_a_pass() {
    let draining = |drain| Body::Node { cordoned: true, drain };
    let mut led = Led::with(vec![created(Key::Node(E1), draining(Drain::Draining))]);
    let effects = step(&mut led.agent, NodeId(0), &led.config, Event::Fire { timer: Timer::Reconcile }).effects;
    let spec = Some(Arc::new(created(Key::Node(E1), draining(Drain::Drained)).1));
    let write = ToStore::Write { epoch: 1, revision: 1, key: Key::Node(E1), spec };
    assert!(effects.contains(&led.send(Role::Store, write)), "{effects:?}");
}

#[test]
fn an_agent_that_gets_the_lease_lists_every_engine_before_it_takes_requests() {
    let cluster = Cluster::new(1, 1, 1, false).unwrap();
    let timing = Timing { lease: None, node_deadline: None, ..Timing::default() };
    let config = Config { cluster, timing, policies: Policies::hardened() };
    let mut led = Led { agent: Node::boot(NodeId(0), &config), config };
    let (specs, stale) = Default::default();
    let granted = ToAgent::Granted { epoch: 3, life: Incarnation(0), revision: 0, specs, stale };
    let effects = led.hear(Role::Store, granted);
    assert!(effects.contains(&led.send(Role::Engine(E1), ToEngine::List { epoch: 3 })));
    let request = Arc::new(Request::DeleteVolume { volume: V1 });
    let early = led.hear(U1, ToAgent::Api { epoch: 3, call: CallId(7), request: Arc::clone(&request) });
    assert_eq!(early, [led.send(U1, ToUser::NotLeading { call: CallId(7) })]);
    let objects = Arc::default();
    let heard = ToAgent::Listing { epoch: 3, life: Incarnation(1), changes: 0, objects };
    assert_eq!(led.hear(Role::Engine(E1), heard), [led.send(U1, ToUser::Leading { epoch: 3 })]);
    let stale = led.hear(U1, ToAgent::Api { epoch: 2, call: CallId(7), request });
    assert_eq!(stale, [led.send(U1, ToUser::Connect { call: CallId(7), epoch: 3 })]);
}

#[test]
fn an_answer_from_memory_waits_until_the_lease_is_known_to_be_in_force() {
    let mut led = Led::with(Vec::new());
    let ask = led.send(Role::Store, ToStore::Confirm { epoch: 1, user: 0, call: CallId(7) });
    let effects = led.ask(Request::DeleteVolume { volume: V1 });
    assert_eq!(effects[0], ask);
    assert_eq!(effects.len(), 2, "the question and the timer that asks again: {effects:?}");
    let fire = Event::Fire { timer: Timer::Confirm(0, CallId(7)) };
    assert_eq!(step(&mut led.agent, NodeId(0), &led.config, fire).effects[0], ask);
    let deposed = led.hear(Role::Store, ToAgent::LeaseGone { epoch: 1 });
    assert!(deposed.contains(&led.send(U1, ToUser::NotLeading { call: CallId(7) })), "{deposed:?}");
    assert!(!deposed.iter().any(is_answer), "{deposed:?}");
}

#[test]
fn the_reference_answers_from_memory_at_once() {
    let mut led = Led::with(Vec::new());
    led.config.policies.set("memory-answer", "at-once").unwrap();
    let answer = led.send(U1, ToUser::Answer { call: CallId(7), epoch: 1, reply: Reply::NotFound });
    assert!(led.ask(Request::DeleteVolume { volume: V1 }).contains(&answer));
}

#[test]
fn a_create_is_written_down_before_the_engine_is_called() {
    let mut led = Led::with(Vec::new());
    let effects = led.ask(Request::PutPool { pool: PoolId(0), node: E1, size: 4 });
    let spec = Some(Arc::new(Spec::creating(birth(1), pool_body())));
    let write = ToStore::Write { epoch: 1, revision: 1, key: POOL, spec };
    assert_eq!(effects[0], led.send(Role::Store, write));
    assert_eq!(effects.len(), 2, "the write and the timer that sends it again: {effects:?}");
    let effects =
        led.hear(Role::Store, ToAgent::WriteDone { epoch: 1, revision: 1, applied: true, stale: Arc::default() });
    let called = effects.iter().any(
        |effect| matches!(effect, Effect::Send { to, msg: Msg::ToEngine(ToEngine::Call { .. }) } if *to == led.config.cluster.node(Role::Engine(E1))),
    );
    assert!(called, "{effects:?}");
}

#[test]
fn a_create_whose_first_write_is_refused_leaves_nothing_and_says_so() {
    let mut led = Led::with(Vec::new());
    led.ask(Request::PutPool { pool: PoolId(0), node: E1, size: 4 });
    let effects =
        led.hear(Role::Store, ToAgent::WriteDone { epoch: 1, revision: 1, applied: false, stale: Arc::default() });
    let answer = led.send(U1, ToUser::Answer { call: CallId(7), epoch: 1, reply: Reply::FailedPersist });
    assert!(effects.contains(&answer), "{effects:?}");
    let Node::Agent(agent) = &led.agent else { panic!("{A1} is an agent") };
    assert_eq!(agent.leader().unwrap().specs().count(), 0);
}
