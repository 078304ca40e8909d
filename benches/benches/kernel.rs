//! Events a second of the simulator's loop, beside a bare loop of the same shape.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use quiesce_benches::bare::{self, Heap, Wheel};
use quiesce_benches::kernel::{Nothing, Peer, fan_in, periodic, ping_pong};
use quiesce_sim::{Plan, run};

const EVENTS: u64 = 200_000;

/// A workload without a simulator.
struct Bare {
    heap: fn(u64),
    wheel: fn(u64),
}

/// Measures a workload over a bare heap, over a bare wheel, and in the simulator.
fn measure(criterion: &mut Criterion, name: &str, plan: &Plan<Peer, Nothing>, bare: &Bare) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(EVENTS)).sample_size(20).measurement_time(Duration::from_secs(4));
    for (name, bare) in [("heap", bare.heap), ("wheel", bare.wheel)] {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| bencher.iter(|| bare(black_box(EVENTS))));
    }
    group.bench_function(BenchmarkId::from_parameter("simulated"), |bencher| {
        bencher.iter(|| assert_eq!(run(black_box(plan), 1).events, EVENTS));
    });
    group.finish();
}

fn kernel(criterion: &mut Criterion) {
    let bare = Bare {
        heap: |events| _ = black_box(bare::ping_pong::<Heap>(events)),
        wheel: |events| _ = black_box(bare::ping_pong::<Wheel>(events)),
    };
    measure(criterion, "ping-pong", &ping_pong(EVENTS), &bare);
    let bare = Bare {
        heap: |events| _ = black_box(bare::fan_in::<Heap>(events)),
        wheel: |events| _ = black_box(bare::fan_in::<Wheel>(events)),
    };
    measure(criterion, "fan-in", &fan_in(EVENTS), &bare);
    let bare = Bare {
        heap: |events| _ = black_box(bare::periodic::<Heap>(events)),
        wheel: |events| _ = black_box(bare::periodic::<Wheel>(events)),
    };
    measure(criterion, "periodic", &periodic(EVENTS), &bare);
}

criterion_group!(benches, kernel);
criterion_main!(benches);
