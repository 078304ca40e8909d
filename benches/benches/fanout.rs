//! The study of fan-out by the clock: whole cells through the simulator, and the Information Center's table alone.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use quiesce::fanout::{Arrivals, Cell, Model, Setting, Way};

fn cells(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fan-out cell");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for model in Model::ALL {
        let waiters = if model.polls() { 10 } else { 0 };
        let cell = Cell { targets: 256, members: 3, jobs: 10, model, reporting: Way::Each, waiters };
        group.throughput(Throughput::Elements(cell.run(&Setting::default()).expect("a cell that can be").events));
        group.bench_function(BenchmarkId::from_parameter(model.word()), |bencher| {
            bencher.iter(|| black_box(cell.run(&Setting::default())));
        });
    }
    group.finish();
}

fn table(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("IC table");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for (targets, jobs) in [(16, 100), (1024, 100), (10_000, 100)] {
        let arrivals = Arrivals::new(targets, jobs);
        group.throughput(Throughput::Elements(arrivals.count() as u64));
        group.bench_function(BenchmarkId::from_parameter(format!("{targets}t-{jobs}j")), |bencher| {
            bencher.iter_batched_ref(|| arrivals.clone(), Arrivals::take, BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(benches, cells, table);
criterion_main!(benches);
