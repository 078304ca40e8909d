//! An hour of the whole protocol of the Information Center: without faults, under every fault, and with every property
//! judged at every step. What is under way when the hour is over counts as owed there, and does not matter here.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use quiesce_benches::protocol::protocol;
use quiesce_control::xaction::Monitor;
use quiesce_sim::run;

fn hour(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("protocol hour");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    for (name, fire, judged) in [("calm", false, false), ("under-fire", true, false), ("under-fire-judged", true, true)]
    {
        let mut plan = protocol(Duration::from_secs(3600), fire);
        if judged {
            plan.monitors = Monitor::all();
        }
        group.throughput(Throughput::Elements(run(&plan, 1).events));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| run(black_box(&plan), 1).events);
        });
    }
    group.finish();
}

criterion_group!(benches, hour);
criterion_main!(benches);
