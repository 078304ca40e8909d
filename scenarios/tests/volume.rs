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
fn two_thousand_seeds_with_every_fault_pass() {
    for seed in 0..2_000 {
        let plan = worlds::swarm(seed);
        let outcome = run(&plan, seed);
        let passes = matches!(outcome.verdict, Verdict::Pass | Verdict::Vacuous(_));
        assert!(passes, "seed {seed}: {:?} {:?}", outcome.verdict, outcome.findings);
    }
}
