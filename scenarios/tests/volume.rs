//! The volume plane under every fault: a crash or a lost message at every step of every request, and a swarm.

#[path = "volume/sweep.rs"]
mod sweep;
#[path = "volume/worlds.rs"]
mod worlds;

use quiesce_control::volume::{EngineId, PoolId, Request, VolumeId};
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

#[test]
fn every_other_request_recovers_from_a_fault_at_every_boundary() {
    let publish = Request::Publish { volume: V, node: None };
    let pool = Request::PutPool { pool: PoolId(9), node: EngineId(0), size: 1 };
    let grow = Request::SetReplicas { volume: V, replicas: 3 };
    let shrink = Request::SetReplicas { volume: V, replicas: 1 };
    for (name, before, request) in [
        ("publish", vec![put(2)], publish.clone()),
        ("unpublish", vec![put(2), publish.clone()], Request::Unpublish { volume: V, force: false }),
        ("republish", vec![put(2), publish.clone()], Request::Republish { volume: V }),
        ("grow", vec![put(2), publish.clone()], grow),
        ("shrink", vec![put(2), publish], shrink),
        ("put pool", vec![], pool.clone()),
        ("delete pool", vec![pool], Request::DeletePool { pool: PoolId(9) }),
        ("put replica", vec![], Request::PutReplica { replica: 1, pool: PoolId(0), size: 1 }),
        ("cordon", vec![], Request::Cordon { node: EngineId(0), on: true }),
    ] {
        assert_recovers(name, &before, request, Depth::Single);
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
