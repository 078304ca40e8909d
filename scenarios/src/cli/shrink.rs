//! `quiesce shrink`: saved failures as small as they get.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::args::{self, Shared};
use super::exit::{Exit, Refusal};
use crate::capsule::Capsule;
use crate::files::write_whole;
use crate::report::{Out, quoted};
use crate::shrink::{ShrinkError, Shrunk, shrink as smaller};

/// One capsule's scenario, where it stands, and how long it took.
struct Done {
    small: Shrunk,
    path: PathBuf,
    took: Duration,
}

pub(super) fn shrink(args: &args::Shrink, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let done: Vec<Result<Done, ShrinkError>> =
        args.capsules.par_iter().map(|path| Ok(beside(&Capsule::open(path)?, path))).collect::<Result<_, Refusal>>()?;
    for (path, done) in args.capsules.iter().zip(&done) {
        match done {
            Ok(done) => {
                write_whole(&done.path, &done.small.text)?;
                out.line(&tell(done));
                if !shared.quiet && args.capsules.len() == 1 {
                    out.line(&format!("\n{}", done.small.text));
                }
            }
            Err(error) => out.line(&format!("{}: {error}", path.display())),
        }
    }
    let small: Vec<&Done> = done.iter().flatten().collect();
    if args.capsules.len() > 1 {
        out.line(&sum(&small, done.len()));
    }
    Ok(if small.len() == done.len() { Exit::Pass } else { Exit::Unproven })
}

/// Makes a failure small; its scenario is to stand beside the capsule.
fn beside(capsule: &Capsule, path: &Path) -> Result<Done, ShrinkError> {
    let since = Instant::now();
    let small = smaller(capsule)?;
    Ok(Done { small, path: path.with_extension("toml"), took: since.elapsed() })
}

/// Shrinks what was just saved, and says where the scenario stands.
pub(super) fn after_saving(capsule: &Capsule, path: &Path) -> Result<String, Refusal> {
    match beside(capsule, path) {
        Ok(done) => {
            write_whole(&done.path, &done.small.text)?;
            Ok(format!("    small   {}\n", tell(&done)))
        }
        Err(error) => Ok(format!("    not made smaller: {error}\n")),
    }
}

fn tell(Done { small, path, .. }: &Done) -> String {
    let Shrunk { entries, nodes, active, tried, .. } = small;
    format!(
        "quiesce run {}  ({} of {} entries, {} of {} nodes, {active} of them active; {tried} scenarios tried)",
        quoted(&path.display().to_string()),
        entries.0,
        entries.1,
        nodes.0,
        nodes.1
    )
}

/// What all of it came to. Wall time is for people: nothing depends on it.
fn sum(small: &[&Done], all: usize) -> String {
    let median = |of: &dyn Fn(&Done) -> usize| {
        let mut sizes: Vec<usize> = small.iter().map(|done| of(done)).collect();
        sizes.sort_unstable();
        sizes.get(sizes.len() / 2).copied().unwrap_or(0)
    };
    let longest = small.iter().map(|done| done.took).max().unwrap_or_default();
    format!(
        "{} of {all} failures made small: median {} entries, {} nodes, {} of them active; longest {:.1} s",
        small.len(),
        median(&|done| done.small.entries.0),
        median(&|done| done.small.nodes.0),
        median(&|done| done.small.active),
        longest.as_secs_f64()
    )
}
