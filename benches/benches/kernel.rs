//! Events a second of the simulator's loop, beside a bare loop of the same shape.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use quiesce_benches::kernel::{Nothing, Peer, bare_fan_in, bare_periodic, bare_ping_pong, fan_in, periodic, ping_pong};
use quiesce_sim::{Plan, run};

const EVENTS: u64 = 200_000;

fn simulated(criterion: &mut Criterion, name: &str, plan: &Plan<Peer, Nothing>, bare: impl Fn(u64)) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(EVENTS)).sample_size(20).measurement_time(Duration::from_secs(4));
    group.bench_function(BenchmarkId::from_parameter("bare"), |bencher| bencher.iter(|| bare(black_box(EVENTS))));
    group.bench_function(BenchmarkId::from_parameter("simulated"), |bencher| {
        bencher.iter(|| assert_eq!(run(black_box(plan), 1).events, EVENTS));
    });
    group.finish();
}

fn kernel(criterion: &mut Criterion) {
    simulated(criterion, "ping-pong", &ping_pong(EVENTS), |events| _ = black_box(bare_ping_pong(events)));
    simulated(criterion, "fan-in", &fan_in(EVENTS), |events| _ = black_box(bare_fan_in(events)));
    simulated(criterion, "periodic", &periodic(EVENTS), |events| _ = black_box(bare_periodic(events)));
}

criterion_group!(benches, kernel);
criterion_main!(benches);
