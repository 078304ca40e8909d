//! A capsule: read, or refused; what is read is prepared, or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quiesce::capsule::Capsule;

fuzz_target!(|bytes: &[u8]| {
    match Capsule::parse("fuzzed.json", bytes) {
        Ok(capsule) => _ = capsule.prepare(&capsule.choices()),
        Err(error) => assert!(error.to_string().contains("fuzzed.json")),
    }
});
