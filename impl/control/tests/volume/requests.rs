//! Random sequences of requests to a cluster in which nothing goes wrong, against a small model of the resources that
//! was written separately: every answer exact, and afterwards everything as the model says, on record and on engines.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quiesce_control::volume::{
    Body, Drain, EngineId, Key, Nexus, NodeSet, Object, PoolId, Request, Spec, Status, Uuid, VolumeId, VolumeWant,
};

use crate::cluster::Calm;
use crate::oracle::{Use, Volume, World};

const ENGINES: u8 = 3;

/// One more than there are, so that some requests are about a node that does not exist.
fn node() -> impl Strategy<Value = EngineId> {
    (0..=ENGINES).prop_map(EngineId)
}

fn nodes() -> impl Strategy<Value = NodeSet> {
    prop_oneof![3 => Just(NodeSet(0)), 1 => (1u8..8).prop_map(NodeSet)]
}

fn want() -> impl Strategy<Value = VolumeWant> {
    let (replicas, size) = (prop_oneof![1 => Just(0u8), 20 => 1u8..4], prop_oneof![1 => Just(0u8), 20 => 1u8..3]);
    (replicas, size, prop_oneof![10 => 0u8..2, 1 => Just(2u8)], nodes(), nodes()).prop_map(
        |(replicas, size, nexuses, allowed, preferred)| VolumeWant { size, replicas, nexuses, allowed, preferred },
    )
}

fn request() -> impl Strategy<Value = Request> {
    let volume = || (0u8..2).prop_map(VolumeId);
    let pool = || (0u8..4).prop_map(PoolId);
    prop_oneof![
        4 => (pool(), node(), 2u8..6).prop_map(|(pool, node, size)| Request::PutPool { pool, node, size }),
        1 => pool().prop_map(|pool| Request::DeletePool { pool }),
        4 => (0u8..2, pool(), 1u8..4).prop_map(|(replica, pool, size)| Request::PutReplica { replica, pool, size }),
        1 => (0u8..2).prop_map(|replica| Request::DeleteReplica { replica: Uuid::Given(replica) }),
        5 => (0u8..2, node(), prop::collection::vec(0u8..2, 0..3))
            .prop_map(|(nexus, node, children)| Request::PutNexus { nexus, node, children }),
        2 => (0u8..2).prop_map(|nexus| Request::DeleteNexus { nexus: Uuid::Given(nexus) }),
        12 => (volume(), want()).prop_map(|(volume, want)| Request::PutVolume { volume, want }),
        2 => volume().prop_map(|volume| Request::DeleteVolume { volume }),
        4 => (volume(), prop::option::of(node())).prop_map(|(volume, node)| Request::Publish { volume, node }),
        2 => (volume(), any::<bool>()).prop_map(|(volume, force)| Request::Unpublish { volume, force }),
        3 => volume().prop_map(|volume| Request::Republish { volume }),
        4 => (volume(), 0u8..5).prop_map(|(volume, replicas)| Request::SetReplicas { volume, replicas }),
        2 => (0u8..2, any::<bool>()).prop_map(|(replica, on)| Request::ShareReplica { replica, on }),
        3 => (volume(), any::<bool>()).prop_map(|(volume, on)| Request::ShareVolume { volume, on }),
        2 => (node(), any::<bool>()).prop_map(|(node, on)| Request::Cordon { node, on }),
        1 => node().prop_map(|node| Request::Drain { node }),
    ]
}

/// Pools first, so that most sequences have something to place replicas on.
fn requests() -> impl Strategy<Value = Vec<Request>> {
    let pools = (0..ENGINES).map(|n| Request::PutPool { pool: PoolId(n), node: EngineId(n), size: 5 });
    let pools: Vec<Request> = pools.collect();
    (0..=pools.len(), prop::collection::vec(request(), 1..30))
        .prop_map(move |(some, rest)| pools.iter().take(some).cloned().chain(rest).collect())
}

/// What users can tell of the real cluster. Everything on record is complete, and no operation is open.
fn seen(calm: &Calm) -> World {
    let mut world = World::new(ENGINES);
    let specs: BTreeMap<Key, &Spec> = calm.specs().collect();
    for (&key, spec) in &specs {
        assert_eq!((spec.status, spec.operation), (Status::Created, None), "{key} is at rest");
        match (key, &spec.body) {
            (Key::Pool(pool), &Body::Pool { node, size }) => _ = world.pools.insert(pool, (node, size)),
            (Key::Replica(Uuid::Given(uuid)), &Body::Replica { pool, size, owner: None, shared, .. }) => {
                world.replicas.insert(uuid, (pool, size));
                world.shared.extend(shared.then_some(uuid));
            }
            (Key::Nexus(Uuid::Given(uuid)), Body::Nexus { node, owner: None, children }) => {
                let given = |child: &Uuid| match child {
                    Uuid::Given(child) => *child,
                    Uuid::Minted(_) => panic!("{key} was given its children"),
                };
                world.nexuses.insert(uuid, (*node, children.iter().map(given).collect()));
            }
            (Key::Volume(id), &Body::Volume { want, target }) => {
                let own = |spec: &Spec| spec.owner().is_some_and(|owner| owner.volume == id);
                let on = specs.values().filter(|part| own(part)).filter_map(|part| match part.body {
                    Body::Replica { pool, .. } => Some(pool),
                    Body::Node { .. } | Body::Pool { .. } | Body::Nexus { .. } | Body::Volume { .. } => None,
                });
                let shared = target.is_some_and(|target| target.shared);
                let target = target.map(|target| target.node);
                world.volumes.insert(id, Volume { want, on: on.collect(), target, shared });
            }
            (Key::Node(node), &Body::Node { cordoned, drain }) => {
                let left = specs.iter().any(|(key, spec)| matches!(key, Key::Nexus(_)) && spec.node() == Some(node));
                assert!(drain != Drain::Draining || left, "{node} is on record as drained when no target is left");
                world.nodes.insert(node, Use { cordoned, drains: drain != Drain::Off });
            }
            (Key::Replica(_) | Key::Nexus(_), _) => assert!(spec.owner().is_some(), "{key} belongs to a volume"),
            (key, body) => panic!("{key} is no {body:?}"),
        }
    }
    world
}

/// What engines hold is what is on record, shared or not, and each target has the replicas of its volume.
fn assert_paired(calm: &Calm) {
    let on_record = calm.specs().filter_map(|(key, spec)| Some((spec.node()?, key))).collect::<BTreeSet<_>>();
    let held = calm.objects().map(|(node, key, _)| (node, key)).collect::<BTreeSet<_>>();
    assert_eq!(held, on_record);
    let specs: BTreeMap<Key, &Spec> = calm.specs().collect();
    let replica = |key: Key| matches!(key, Key::Replica(_)).then(|| specs[&key].is_shared());
    for (_, key, object) in calm.objects() {
        let on_record = match (key, object) {
            (_, Object::Nexus(Nexus { owner: Some(owner), .. })) => specs[&Key::Volume(owner.volume)].is_shared(),
            _ => replica(key).flatten(),
        };
        assert_eq!(object.is_shared().filter(|_| on_record.is_some()), on_record, "{key}");
        let Object::Nexus(Nexus { owner: Some(owner), children, .. }) = object else { continue };
        let own = calm.specs().filter(|(key, spec)| matches!(key, Key::Replica(_)) && spec.owner() == Some(*owner));
        let own: BTreeSet<Key> = own.map(|(key, _)| key).collect();
        let children: BTreeSet<Key> = children.keys().map(|&child| Key::Replica(child)).collect();
        assert_eq!(children, own, "{key} has every replica");
    }
}

/// Targets leave a node that is drained by themselves: each is where it may have gone, and the model takes note of that.
fn follow_drains(model: &mut World, seen: &World) {
    let before = model.clone();
    for (id, volume) in &mut model.volumes {
        let (Some(from), Some(now)) = (volume.target, seen.volumes.get(id).and_then(|volume| volume.target)) else {
            continue;
        };
        let may = before.may_move(volume, from);
        assert_eq!(may.is_empty(), now == from, "the target of volume {} is on {now}, and was on {from}", id.0);
        assert!(now == from || may.contains(&now), "the target of volume {} went to {now}", id.0);
        volume.target = Some(now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_and_what_is_there_afterwards_is_as_a_model_of_the_resources_says(requests in requests()) {
        let (mut calm, mut model) = (Calm::new(ENGINES), World::new(ENGINES));
        for request in requests {
            let expected = model.ask(&request);
            prop_assert_eq!(calm.ask(request.clone()), expected, "{:?} in {:?}", request, model);
            let seen = seen(&calm);
            follow_drains(&mut model, &seen);
            prop_assert_eq!(&seen, &model, "after {:?}", request);
            assert_paired(&calm);
        }
    }
}

/// What a calm cluster answers.
const ANSWERS: [&str; 16] = [
    "cordon [200, 404, 412]",
    "delete-nexus [204, 404]",
    "delete-pool [204, 404, 409]",
    "delete-replica [204, 404, 409]",
    "delete-volume [204, 404]",
    "drain [200, 404, 412]",
    "publish [200, 404, 412]",
    "put-nexus [200, 400, 404, 412, 422]",
    "put-pool [200, 404, 412, 422]",
    "put-replica [200, 404, 412, 422, 507]",
    "put-volume [200, 400, 422, 507]",
    "republish [200, 404, 412, 507]",
    "set-replicas [200, 404, 412, 507]",
    "share-replica [200, 404, 412]",
    "share-volume [200, 404, 412]",
    "unpublish [200, 404, 412]",
];

/// How often each answer is given over many sequences: what the sequences do not reach they say nothing about.
#[test]
fn the_sequences_reach_every_answer_that_a_calm_cluster_gives() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut counts: BTreeMap<(&'static str, u16), u32> = BTreeMap::new();
    for _ in 0..2_000 {
        let mut model = World::new(ENGINES);
        for request in requests().new_tree(&mut runner).expect("a sequence").current() {
            let reply = model.ask(&request);
            *counts.entry((quiesce_machine::Label::label(&request), reply.code())).or_default() += 1;
        }
    }
    let rare: Vec<_> = counts.iter().filter(|(_, count)| **count < 3).collect();
    assert!(rare.is_empty(), "hardly reached: {rare:?}");
    let mut told: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
    counts.keys().for_each(|&(label, code)| told.entry(label).or_default().push(code));
    let told: Vec<String> = told.into_iter().map(|(label, codes)| format!("{label} {codes:?}")).collect();
    assert_eq!(told, ANSWERS);
}
