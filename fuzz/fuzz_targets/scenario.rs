//! A scenario file: read, or refused with a place; what is read can be put under policies.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quiesce::choices::Choices;
use quiesce::load;
use quiesce::report::explain;
use quiesce::text::Source;

fuzz_target!(|text: &str| {
    match load(&Source::new("fuzzed.toml", text)) {
        Ok(scenario) => _ = scenario.under(&Choices::default()).expect("the default choices are choices of every plane"),
        Err(mistake) => assert!(!explain(&mistake, false).is_empty()),
    }
});
