//! `quiesce run`: scenarios over seeds.

use std::path::Path;
use std::time::{Duration, Instant};

use tracing::info;

use super::args::{Run, Shared};
use super::conclude::{self, Setting, conclude};
use super::exit::{Exit, Refusal};
use super::find::find;
use super::interrupt;
use super::policies::checked;
use super::task::Task;
use crate::first::FailedSeeds;
use crate::kept::{Kept, KeptError, Share, Terms};
use crate::report::{Out, Progress};
use crate::run::{Leg, Part, relay};
use crate::schema::Seeds;

/// How often what was run is kept while more is.
const KEEP_EVERY: Duration = Duration::from_secs(2);

pub(super) fn run(args: &Run, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    let choices = checked(shared.choices())?;
    let tasks = find(&args.scenarios)?.into_iter().map(|found| Task::new(found, &choices, shared.seeds()));
    let tasks: Vec<Task> = tasks.collect::<Result<_, _>>()?;
    let terms = Terms { choices: choices.clone(), twice: shared.verify_determinism };
    let mut failed = FailedSeeds::open(&shared.capsules);
    let mut legs = Vec::new();
    for (task, part) in tasks.iter().zip(kept(&tasks, &terms, args)?) {
        let mut leg = Leg::new(task.scenario.as_ref(), share(task, args));
        leg.part = part;
        leg.put_first(failed.of(task.name(), &choices));
        legs.push(leg);
    }
    let progress = Progress::new(legs.iter().map(Leg::left).fold(0, u64::saturating_add), shared.quiet);
    let mut keeper = Keeper { path: args.resume.as_deref(), tasks: &tasks, terms: &terms, last: None };
    interrupt::listen()?;
    let ran = |place: usize, run: &crate::run::Run| progress.ran(tasks[place].name(), run);
    let stop = interrupt::stop(args.budget);
    let cut = relay(&mut legs, terms.twice, &stop, &ran, &mut |legs| keeper.turned(legs))?;
    progress.finish();
    keeper.keep(&legs)?;
    let mut runs = Vec::new();
    for (task, leg) in tasks.iter().zip(legs) {
        failed.note(task.name(), &choices, &leg.part);
        info!(scenario = task.name(), runs = leg.part.done.count(), events = leg.part.events, "swept");
        if leg.seeds.count > 0 {
            runs.push(conclude::Run { task, seeds: leg.seeds, part: leg.part });
        }
    }
    failed.save()?;
    let suite = args.scenarios.is_empty();
    conclude(runs, Setting { choices: &choices, telling: &args.telling, shared, cut, suite }, out)
}

/// The seeds of a task that are to run here.
fn share(task: &Task, args: &Run) -> Seeds {
    args.shard.map_or(task.seeds, |shard| shard.of(task.seeds))
}

/// What a file holds of each task; nothing without one.
fn kept(tasks: &[Task], terms: &Terms, args: &Run) -> Result<Vec<Part>, Refusal> {
    let nothing = || tasks.iter().map(|_| Part::default()).collect();
    let Some(path) = args.resume.as_deref().filter(|path| path.exists()) else { return Ok(nothing()) };
    let kept = Kept::open(path)?;
    let path = path.display().to_string();
    Kept { terms: terms.clone(), shares: shares(tasks, nothing()) }.must_match(&path, &kept)?;
    let strays = |(task, kept): &(&Task, &Share)| !kept.part.done.is_within(share(task, args));
    if let Some((task, _)) = tasks.iter().zip(&kept.shares).find(strays) {
        let what = format!("it holds seeds of `{}` that are not in this shard", task.name());
        return Err(Refusal::Kept(KeptError::Other { path, what }));
    }
    Ok(kept.shares.into_iter().map(|share| share.part).collect())
}

fn shares(tasks: &[Task], parts: Vec<Part>) -> Vec<Share> {
    let share = |(task, part): (&Task, Part)| {
        let (asked, source) = (task.found.asked.clone(), task.found.source.clone());
        Share { asked, source, seeds: task.seeds, part }
    };
    tasks.iter().zip(parts).map(share).collect()
}

/// Keeps what was run in a file, now and then.
struct Keeper<'a> {
    path: Option<&'a Path>,
    tasks: &'a [Task],
    terms: &'a Terms,
    last: Option<Instant>,
}

impl Keeper<'_> {
    fn turned(&mut self, legs: &[Leg<'_>]) -> Result<(), Refusal> {
        match self.last {
            Some(last) if last.elapsed() < KEEP_EVERY => Ok(()),
            Some(_) | None => self.keep(legs),
        }
    }

    fn keep(&mut self, legs: &[Leg<'_>]) -> Result<(), Refusal> {
        let Some(path) = self.path else { return Ok(()) };
        let shares = shares(self.tasks, legs.iter().map(|leg| leg.part.clone()).collect());
        Kept { terms: self.terms.clone(), shares }.save(path)?;
        self.last = Some(Instant::now());
        Ok(())
    }
}
