//! Terminal notifications a second through the real Information Center, by targets, members and jobs.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use quiesce_benches::notification::Shape;
use quiesce_sim::run;

const SHAPES: [Shape; 5] = [
    Shape { targets: 16, members: 1, jobs: 100 },
    Shape { targets: 16, members: 3, jobs: 100 },
    Shape { targets: 256, members: 3, jobs: 10 },
    Shape { targets: 1024, members: 3, jobs: 10 },
    Shape { targets: 4096, members: 3, jobs: 1 },
];

fn fan_in(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("notification fan-in");
    group.sample_size(10).measurement_time(Duration::from_secs(4));
    for shape in SHAPES {
        let plan = shape.plan().expect("the shapes of this bench can be");
        let Shape { targets, members, jobs } = shape;
        group.throughput(Throughput::Elements(shape.notifications()));
        group.bench_function(BenchmarkId::from_parameter(format!("{targets}t-{members}m-{jobs}j")), |bencher| {
            bencher.iter(|| {
                let outcome = run(black_box(&plan), 1);
                assert_eq!(outcome.messages["notify-finished"], shape.notifications());
            });
        });
    }
    group.finish();
}

criterion_group!(benches, fan_in);
criterion_main!(benches);
