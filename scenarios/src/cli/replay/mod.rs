//! `quiesce replay`: a saved failure, once more.

mod look;
mod many;

use super::args::{Replay, Shared};
use super::exit::{Exit, OF_CAPSULE, Refusal};
use super::policies::checked;
use crate::capsule::{Capsule, Comparison, Divergence, Fate};
use crate::report::{JsonLines, Line, Out};
use crate::run::Run;

pub(super) fn replay(args: &Replay, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    shared.heeded("replay", &["--profile", "--policy", "--json"], OF_CAPSULE)?;
    match args.capsules.as_slice() {
        [capsule] if args.times == 1 => one(&Capsule::open(capsule)?, args, shared, out),
        _ if look::is_asked(args) => Err(Refusal::Usage {
            message: "several capsules cannot be looked into at once",
            help: "name one capsule with --until, --break, --back, --dump and --diff",
        }),
        _ => many::many(args, shared, out),
    }
}

fn one(capsule: &Capsule, args: &Replay, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let choices = checked(shared.choices_over(capsule.choices()))?;
    let prepared = capsule.prepare(&choices)?;
    let replayed = prepared.replay(&capsule.course());
    let comparison = capsule.compare(&replayed);
    let exit = exit(&replayed.run, &comparison);
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        look::look(capsule, prepared.as_ref(), &replayed, args, shared, out)?;
        verdict(capsule, &replayed.run, &comparison).iter().for_each(|line| out.line(line));
    }
    if let Some(json) = &mut json {
        let name = prepared.head().name.as_str();
        json.line(out, &Line::begin(&choices, vec![name]));
        json.line(out, &Line::replay(name, capsule, &replayed.run, &comparison));
        json.line(out, &Line::end(exit.code()));
    }
    json.map_or(Ok(()), JsonLines::finish)?;
    Ok(exit)
}

fn exit(run: &Run, comparison: &Comparison) -> Exit {
    match comparison.fate {
        Fate::Fixed if run.findings.is_empty() => Exit::Pass,
        Fate::Unproven(_) if run.findings.is_empty() => Exit::Unproven,
        Fate::Reproduced | Fate::Differs | Fate::Fixed | Fate::Unproven(_) => Exit::Fail,
    }
}

fn verdict(capsule: &Capsule, run: &Run, comparison: &Comparison) -> Vec<String> {
    let (property, seed) = (&capsule.property, capsule.seed);
    let mut lines = match &comparison.fate {
        Fate::Reproduced => {
            vec![format!("reproduced: {property} fails with seed {seed}"), format!("  {}", capsule.evidence)]
        }
        Fate::Fixed => vec![format!("fixed: {property} now holds with seed {seed}")],
        Fate::Unproven(why) => vec![format!("unproven: {property} does not fail with seed {seed}, but {why}")],
        Fate::Differs => {
            vec![format!("differs: {property} fails with seed {seed}, in another run than the one saved")]
        }
    };
    if let Some(Divergence { step, expected, got }) = &comparison.divergence {
        let told = |side: &Option<String>| side.clone().unwrap_or_else(|| "the run is over".to_owned());
        lines.push(format!("  first divergence at step {step}"));
        lines.push(format!("    expected  {}", told(expected)));
        lines.push(format!("    got       {}", told(got)));
    }
    lines.extend(comparison.differences.iter().map(|difference| format!("  {difference}")));
    for finding in run.findings.iter().filter(|finding| finding.property != *property) {
        lines.push(format!("also fails: {}: {}", finding.property, finding.evidence));
    }
    lines
}
