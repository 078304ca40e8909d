//! `quiesce merge`: the shards of one sweep become one.

use super::args::{Merge, Shared};
use super::conclude::{Run, Setting, conclude};
use super::exit::{Exit, Refusal};
use super::find::open;
use super::policies::checked;
use super::task::Task;
use crate::kept::{Kept, Share};
use crate::report::Out;

pub(super) fn merge(args: &Merge, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    shared.heeded("merge", &["--json"], "the files say what was run, with which seeds and under which policies")?;
    let mut whole: Option<Kept> = None;
    for path in &args.files {
        let kept = Kept::open(path)?;
        match &mut whole {
            Some(whole) => whole.join(&path.display().to_string(), kept)?,
            None => whole = Some(kept),
        }
    }
    let Some(Kept { terms, shares }) = whole else { return Ok(Exit::Pass) };
    let choices = checked(terms.choices)?;
    let mut tasks = Vec::new();
    for Share { asked, source, seeds, part } in shares {
        tasks.push((Task::new(open(asked, source)?, &choices, Some(seeds))?, part));
    }
    let runs = tasks.iter().map(|(task, part)| Run { task, seeds: task.seeds, part: part.clone() }).collect();
    conclude(runs, Setting { choices: &choices, telling: &args.telling, shared, cut: None, suite: true }, out)
}
