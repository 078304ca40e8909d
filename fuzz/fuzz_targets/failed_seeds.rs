//! The list of seeds that failed: whatever stands there, at most as many seeds go first as are ever kept.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quiesce::choices::Choices;
use quiesce::first::FailedSeeds;
use quiesce::run::FAILED_MOST;

fuzz_target!(|bytes: &[u8]| {
    let failed = FailedSeeds::parse("failed-seeds.json".into(), bytes);
    assert!(failed.of("abort-is-lost", &Choices::default()).len() <= FAILED_MOST);
});
