//! The volume plane under every fault: a crash or a lost message at every step of every request, and a swarm.

#[path = "volume/matrix.rs"]
mod matrix;
#[path = "volume/sweep.rs"]
mod sweep;
#[path = "volume/worlds.rs"]
mod worlds;

use quiesce_control::volume::{EngineId, PoolId, Request, Uuid, VolumeId, VolumeWant};
use quiesce_sim::{Verdict, run};
use sweep::{Depth, Swept, sweep};
use worlds::want;

const V: VolumeId = VolumeId(1);

fn put(replicas: u8) -> Request {
    Request::PutVolume { volume: V, want: want(replicas) }
}

fn assert_recovers(name: &str, before: &[Request], request: Request, depth: Depth) -> Swept {
    let swept = sweep(before, &request, depth);
    println!("{name}: {swept:?}");
    assert_eq!(swept.covered, swept.boundaries, "{name}: a boundary was left out");
    assert!(swept.boundaries > 0 && swept.runs > swept.boundaries, "{name} has no steps");
    swept
}

#[test]
fn create_and_delete_recover_from_a_fault_at_every_boundary_alone_and_in_pairs() {
    assert_recovers("create", &[], put(2), Depth::Pairs);
    assert_recovers("delete", &[put(2)], Request::DeleteVolume { volume: V }, Depth::Pairs);
}

/// Every other request of the API: its name, what comes before, and the request.
fn others() -> Vec<(&'static str, Vec<Request>, Request)> {
    let publish = Request::Publish { volume: V, node: None };
    let unpublish = |force| Request::Unpublish { volume: V, force };
    let pool = Request::PutPool { pool: PoolId(9), node: EngineId(0), size: 1 };
    let replica = Request::PutReplica { replica: 1, pool: PoolId(0), size: 1 };
    let nexus = Request::PutNexus { nexus: 1, node: EngineId(1), children: vec![1] };
    let cordon = |on| Request::Cordon { node: EngineId(0), on };
    let with_target = Request::PutVolume { volume: V, want: VolumeWant { nexuses: 1, ..want(2) } };
    let published = || vec![put(2), publish.clone()];
    vec![
        ("put pool", vec![], pool.clone()),
        ("delete pool", vec![pool], Request::DeletePool { pool: PoolId(9) }),
        ("put replica", vec![], replica.clone()),
        ("delete replica", vec![replica.clone()], Request::DeleteReplica { replica: Uuid::Given(1) }),
        ("put nexus", vec![replica.clone()], nexus.clone()),
        ("delete nexus", vec![replica, nexus], Request::DeleteNexus { nexus: Uuid::Given(1) }),
        ("put a volume with a target", vec![], with_target),
        ("delete a published volume", published(), Request::DeleteVolume { volume: V }),
        ("publish", vec![put(2)], publish.clone()),
        ("unpublish", published(), unpublish(false)),
        ("unpublish by force", published(), unpublish(true)),
        ("republish", published(), Request::Republish { volume: V }),
        ("grow", published(), Request::SetReplicas { volume: V, replicas: 3 }),
        ("shrink", published(), Request::SetReplicas { volume: V, replicas: 1 }),
        ("cordon", vec![], cordon(true)),
        ("uncordon", vec![cordon(true)], cordon(false)),
        ("drain", published(), Request::Drain { node: EngineId(0) }),
    ]
}

#[test]
fn every_other_request_recovers_from_a_fault_at_every_boundary() {
    for (name, before, request) in others() {
        assert_recovers(name, &before, request, Depth::Single);
    }
}

#[test]
#[ignore = "minutes: cargo test --release --test volume -- --ignored"]
fn every_other_request_recovers_from_every_two_faults() {
    for (name, before, request) in others() {
        assert_recovers(name, &before, request, Depth::Pairs);
    }
}

#[test]
#[ignore = "a long run for releases: QUIESCE_SEEDS=first..last cargo test --release --test volume -- --ignored"]
fn as_many_seeds_as_asked_for_pass() {
    let asked = std::env::var("QUIESCE_SEEDS").unwrap_or_else(|_| "0..20000".to_owned());
    let (first, last) = asked.split_once("..").expect("first..last");
    let seeds = first.parse::<u64>().expect("a number")..last.parse().expect("a number");
    let fails = |seed: u64| {
        let outcome = run(&worlds::swarm(seed), seed);
        let passes = matches!(outcome.verdict, Verdict::Pass | Verdict::Vacuous(_));
        (!passes).then(|| format!("seed {seed}: {:?} {:?}", outcome.verdict, outcome.findings))
    };
    let failing: Vec<String> = seeds.filter_map(fails).collect();
    assert!(failing.is_empty(), "{} seeds fail:\n{}", failing.len(), failing.join("\n"));
}

#[test]
fn two_thousand_seeds_with_every_fault_pass() {
    for seed in 0..2_000 {
        let plan = worlds::swarm(seed);
        let outcome = run(&plan, seed);
        let passes = matches!(outcome.verdict, Verdict::Pass | Verdict::Vacuous(_));
        assert!(passes, "seed {seed}: {:?} {:?}", outcome.verdict, outcome.findings);
    }
}
