//! `quiesce replay`: a saved failure, once more.

use super::args::{Replay, Shared};
use super::exit::{Exit, Refusal};
use crate::capsule::{Capsule, Comparison};
use crate::load;
use crate::report::Out;
use crate::run::Run;

pub(super) fn replay(args: &Replay, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let capsule = Capsule::open(&args.capsule)?;
    let scenario = load(&capsule.source())?;
    let prepared = scenario.under(&capsule.choices())?;
    let (run, trace) = prepared.record(capsule.seed);
    if !shared.quiet {
        out.line(&trace.to_string());
    }
    let comparison = capsule.compare(&run);
    for line in verdict(&capsule, &run, &comparison) {
        out.line(&line);
    }
    Ok(exit(&run, &comparison))
}

fn exit(run: &Run, comparison: &Comparison) -> Exit {
    match comparison {
        Comparison::Fixed if run.findings.is_empty() => Exit::Pass,
        Comparison::Reproduced | Comparison::Differs(_) | Comparison::Fixed => Exit::Fail,
    }
}

fn verdict(capsule: &Capsule, run: &Run, comparison: &Comparison) -> Vec<String> {
    let (property, seed) = (&capsule.property, capsule.seed);
    let mut lines = match comparison {
        Comparison::Reproduced => {
            vec![format!("reproduced: {property} fails with seed {seed}"), format!("  {}", capsule.evidence)]
        }
        Comparison::Fixed => vec![format!("fixed: {property} holds with seed {seed}")],
        Comparison::Differs(differences) => {
            let title = format!("differs: {property} fails with seed {seed}, in another run than the one saved");
            [title].into_iter().chain(differences.iter().map(|difference| format!("  {difference}"))).collect()
        }
    };
    for finding in run.findings.iter().filter(|finding| finding.property != *property) {
        lines.push(format!("also fails: {}: {}", finding.property, finding.evidence));
    }
    lines
}
