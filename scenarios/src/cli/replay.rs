//! `quiesce replay`: a saved failure, once more.

use super::args::{Replay, Shared};
use super::exit::{Exit, Refusal};
use super::policies::checked;
use crate::capsule::{Capsule, Comparison};
use crate::load;
use crate::report::{JsonLines, Line, Out};
use crate::run::Run;

pub(super) fn replay(args: &Replay, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let capsule = Capsule::open(&args.capsule)?;
    let choices = checked(shared.choices_over(capsule.choices()))?;
    let prepared = load(&capsule.source())?.under(&choices)?;
    let (run, trace) = prepared.record(capsule.seed);
    let comparison = capsule.compare(&run);
    let exit = exit(&run, &comparison);
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        if !shared.quiet {
            out.line(&trace.to_string());
        }
        verdict(&capsule, &run, &comparison).iter().for_each(|line| out.line(line));
    }
    if let Some(json) = &mut json {
        let name = prepared.head().name.as_str();
        json.line(out, &Line::begin(&choices, vec![name]));
        json.line(out, &Line::replay(name, &capsule, &run, &comparison));
        json.line(out, &Line::end(exit.code()));
    }
    json.map_or(Ok(()), JsonLines::finish)?;
    Ok(exit)
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
