//! `quiesce shrink`: saved failures as small as they get.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::args::{self, Shared};
use super::exit::{Exit, OF_CAPSULE, Refusal};
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
    shared.heeded("shrink", &[], OF_CAPSULE)?;
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
        sum(&small, done.len()).iter().for_each(|line| out.line(line));
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

/// What all of it came to, and then that of each plane. Wall time is for people: nothing depends on it.
fn sum(small: &[&Done], all: usize) -> Vec<String> {
    let longest = small.iter().map(|done| done.took).max().unwrap_or_default().as_secs_f64();
    let whole = format!("{} of {all} failures made small: {}; longest {longest:.1} s", small.len(), medians(small));
    let mut planes: BTreeMap<&str, Vec<&Done>> = BTreeMap::new();
    for &done in small {
        planes.entry(done.small.plane.as_str()).or_default().push(done);
    }
    let of_plane = |(plane, done): (&str, Vec<&Done>)| format!("  {} of {plane}: {}", done.len(), medians(&done));
    [whole].into_iter().chain(planes.into_iter().map(of_plane)).collect()
}

fn medians(small: &[&Done]) -> String {
    let median = |of: &dyn Fn(&Shrunk) -> usize| {
        let mut sizes: Vec<usize> = small.iter().map(|done| of(&done.small)).collect();
        sizes.sort_unstable();
        sizes.get(sizes.len() / 2).copied().unwrap_or(0)
    };
    let (entries, nodes) = (median(&|small| small.entries.0), median(&|small| small.nodes.0));
    format!("median {entries} entries, {nodes} nodes, {} of them active", median(&|small| small.active))
}
