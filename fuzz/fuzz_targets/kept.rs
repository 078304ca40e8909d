//! What a run kept: read, or refused; what is read joins or is refused, can be judged, and is written as it was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quiesce::choices::Choices;
use quiesce::kept::{Kept, Share};
use quiesce::load;
use quiesce::run::Sweep;

fuzz_target!(|bytes: &[u8]| {
    let Ok(kept) = Kept::parse("fuzzed.json", bytes) else { return };
    _ = kept.clone().join("again.json", kept.clone());
    for Share { source, seeds, part, .. } in kept.shares {
        let Ok(scenario) = load(&source) else { continue };
        let prepared = scenario.under(&Choices::default()).expect("the default choices are choices of every plane");
        let sweep = Sweep::conclude(part, prepared.as_ref(), seeds, None);
        assert!(sweep.runs <= seeds.count);
    }
});
