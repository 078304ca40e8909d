//! The volume plane under every fault: a crash or a lost message at every step of every request, and a swarm.

#[path = "volume/matrix.rs"]
mod matrix;
#[path = "volume/sweep.rs"]
mod sweep;
#[path = "volume/worlds.rs"]
mod worlds;

use std::time::Instant;

use quiesce_control::volume::{EngineId, PoolId, Request, Uuid, VolumeId, VolumeWant};
use quiesce_machine::Label;
use quiesce_sim::{Verdict, run};
use sweep::{Depth, sweep, undisturbed};
use worlds::want;

const V: VolumeId = VolumeId(1);

fn put(replicas: u8) -> Request {
    Request::PutVolume { volume: V, want: want(replicas) }
}

fn delete() -> Request {
    Request::DeleteVolume { volume: V }
}

fn publish() -> Request {
    Request::Publish { volume: V, node: None }
}

fn unpublish(force: bool) -> Request {
    Request::Unpublish { volume: V, force }
}

fn replicas(replicas: u8) -> Request {
    Request::SetReplicas { volume: V, replicas }
}

fn pool() -> Request {
    Request::PutPool { pool: PoolId(9), node: EngineId(0), size: 1 }
}

fn replica() -> Request {
    Request::PutReplica { replica: 1, pool: PoolId(0), size: 1 }
}

fn nexus() -> Request {
    Request::PutNexus { nexus: 1, node: EngineId(1), children: vec![1] }
}

fn share_replica(on: bool) -> Request {
    Request::ShareReplica { replica: 1, on }
}

fn share_volume(on: bool) -> Request {
    Request::ShareVolume { volume: V, on }
}

fn cordon(on: bool) -> Request {
    Request::Cordon { node: EngineId(0), on }
}

fn assert_recovers(before: &[Request], request: &Request, depth: Depth) {
    let begun = Instant::now();
    let swept = sweep(&undisturbed(before, request), request, depth);
    println!("{}: {swept:?} in {:.1?}", request.label(), begun.elapsed());
    assert_eq!(swept.covered, swept.boundaries, "a boundary was left out");
    assert!(swept.boundaries > 0 && swept.singles > swept.boundaries, "the request has no steps");
    assert_eq!(swept.pairs > swept.singles, depth == Depth::Pairs, "every fault has others after it");
}

/// Every request of the API: what comes before, and the request.
macro_rules! requests {
    ($( $name:ident: $before:expr, $request:expr; )+) => {
        mod every_request_recovers_from_a_fault_at_every_boundary {
            use super::*;
            $( #[test] fn $name() { assert_recovers(&$before, &$request, Depth::Single); } )+
        }

        mod every_request_recovers_from_every_two_faults {
            use super::*;
            $(
                #[test]
                #[ignore = "minutes: cargo test --release -p quiesce --test volume two_faults -- --ignored"]
                fn $name() { assert_recovers(&$before, &$request, Depth::Pairs); }
            )+
        }
    };
}

requests! {
    put_volume: [], put(2);
    delete_volume: [put(2)], delete();
    put_pool: [], pool();
    delete_pool: [pool()], Request::DeletePool { pool: PoolId(9) };
    put_replica: [], replica();
    delete_replica: [replica()], Request::DeleteReplica { replica: Uuid::Given(1) };
    put_nexus: [replica()], nexus();
    delete_nexus: [replica(), nexus()], Request::DeleteNexus { nexus: Uuid::Given(1) };
    put_volume_with_a_target: [], Request::PutVolume { volume: V, want: VolumeWant { nexuses: 1, ..want(2) } };
    delete_volume_with_a_target: [put(2), publish()], delete();
    put_target: [put(2)], publish();
    delete_target: [put(2), publish()], unpublish(false);
    delete_target_by_force: [put(2), publish()], unpublish(true);
    move_target: [put(2), publish()], Request::Republish { volume: V };
    one_replica_more: [put(2), publish()], replicas(3);
    one_replica_less: [put(2), publish()], replicas(1);
    put_share_of_a_replica: [replica()], share_replica(true);
    delete_share_of_a_replica: [replica(), share_replica(true)], share_replica(false);
    put_share_of_a_volume: [put(2), publish(), share_volume(false)], share_volume(true);
    delete_share_of_a_volume: [put(2), publish()], share_volume(false);
    put_cordon: [], cordon(true);
    delete_cordon: [cordon(true)], cordon(false);
    put_drain: [put(2), publish()], Request::Drain { node: EngineId(0) };
}

#[test]
#[should_panic(expected = "after Branch")]
fn a_sweep_finds_that_a_record_left_by_a_dead_agent_is_dropped() {
    let mut plan = undisturbed(&[put(2), publish()], &unpublish(false));
    plan.config.policies.set("pending-operation", "dropped").expect("a policy");
    sweep(&plan, &unpublish(false), Depth::Single);
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
