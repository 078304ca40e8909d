//! Capsules replayed in number: each as often as asked for, every byte compared.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use super::{exit, verdict};
use crate::capsule::Capsule;
use crate::cli::args::{Replay, Shared};
use crate::cli::exit::{Exit, Refusal};
use crate::cli::policies::checked;
use crate::report::{JsonLines, Line, Out};

/// What the replays of one capsule came to.
struct Told {
    word: &'static str,
    exit: Exit,
    /// Fingerprints of all that a replay prints: one, if every replay prints the same.
    prints: BTreeSet<u128>,
}

pub(super) fn many(args: &Replay, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let told: Result<Vec<Told>, Refusal> =
        args.capsules.par_iter().map(|path| replays(path, args.times, shared)).collect();
    let told = told?;
    let exit = told.iter().map(|told| told.exit).max().unwrap_or(Exit::Pass);
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        for (path, told) in args.capsules.iter().zip(&told) {
            out.line(&format!("{:<10}  {}  {}", told.word, prints(told), path.display()));
        }
        let unequal = told.iter().filter(|told| told.prints.len() > 1).count();
        let replays = told.len() as u64 * u64::from(args.times);
        out.line(&format!("{replays} replays of {} capsules, {unequal} capsules unequal to themselves", told.len()));
    }
    if let Some(json) = &mut json {
        let paths: Vec<String> = args.capsules.iter().map(|path| path.display().to_string()).collect();
        json.line(out, &Line::begin(&shared.choices(), paths.iter().map(String::as_str).collect()));
        for (path, told) in args.capsules.iter().zip(&told) {
            json.line(out, &Line::replays(path, told.word, args.times, told.prints.iter().copied()));
        }
        json.line(out, &Line::end(exit.code()));
    }
    json.map_or(Ok(()), JsonLines::finish)?;
    Ok(exit)
}

fn replays(path: &Path, times: u32, shared: &Shared) -> Result<Told, Refusal> {
    let capsule = Capsule::open(path)?;
    let choices = checked(shared.choices_over(capsule.choices()))?;
    let prepared = capsule.prepare(&choices)?;
    let course = capsule.course();
    let mut prints = BTreeSet::new();
    let mut last = ("", Exit::Pass);
    for _ in 0..times {
        let replayed = prepared.replay(&course);
        let comparison = capsule.compare(&replayed);
        let text = format!("{}{}", replayed.trace, verdict(&capsule, &replayed.run, &comparison).join("\n"));
        prints.insert(xxh3_128(text.as_bytes()));
        last = (comparison.fate.word(), exit(&replayed.run, &comparison));
    }
    let (word, exit) = last;
    Ok(Told { word, exit: if prints.len() > 1 { Exit::Unequal } else { exit }, prints })
}

fn prints(told: &Told) -> String {
    told.prints.iter().map(|print| format!("{print:032x}")).collect::<Vec<_>>().join(" ")
}
