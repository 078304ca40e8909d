//! `--report DIR`: a page for each suite, and each failure in the formats of other viewers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::task::Task;
use crate::choices::Choices;
use crate::files::{WriteError, make_dir, write_whole};
use crate::report::page::{Page, RunPart, ScenarioPart};
use crate::report::picture::Picture;
use crate::report::{ScenarioResult, commands, mermaid, perfetto, shiviz};
use crate::run::{Failure, Reach, Sweep};

/// A scenario with what it came to.
pub(super) struct Swept<'a> {
    pub(super) task: &'a Task,
    pub(super) sweep: &'a Sweep,
    /// Where its failures are saved, in their order.
    pub(super) capsules: &'a [PathBuf],
}

/// What a report is about beside its scenarios.
pub(super) struct About<'a> {
    pub(super) choices: &'a Choices,
    pub(super) reach: &'a [Reach],
    /// Whether a scenario without a failure has a picture of its first run.
    pub(super) all: bool,
    /// Whether somebody interrupted before all was run.
    pub(super) interrupted: bool,
}

/// Writes `DIR/SUITE.html` for each plane among the scenarios, and beside them each picture for other viewers.
pub(super) fn write(dir: &Path, all: &[Swept<'_>], about: &About<'_>) -> Result<(), WriteError> {
    make_dir(dir)?;
    let mut pages: BTreeMap<&str, Page<'_>> = BTreeMap::new();
    for swept in all {
        let plane = swept.task.scenario.head().plane.as_str();
        let page = pages.entry(plane).or_insert_with(|| Page::new(plane, about.choices));
        let result = ScenarioResult::new(swept.sweep, swept.capsules);
        page.scenarios.push(ScenarioPart { about: &swept.task.scenario.head().about, result });
        for (failure, capsule) in swept.sweep.failures.iter().zip(swept.capsules) {
            let picture = Picture::new(&swept.task.scenario.watch(failure.seed).1, Some(&failure.finding));
            let stem = capsule.file_stem().and_then(|stem| stem.to_str()).unwrap_or("failure");
            beside(&dir.join(stem), &picture)?;
            page.runs.push(run_part(swept, failure, about.choices, capsule));
            page.pictures.push(picture);
        }
        if about.all && swept.sweep.failures.is_empty() {
            let (name, seed) = (swept.task.name(), swept.sweep.seeds.first);
            let picture = Picture::new(&swept.task.scenario.watch(seed).1, None);
            beside(&dir.join(format!("{name}.{}.seed-{seed}", about.choices.profile.word())), &picture)?;
            page.runs.push(RunPart::new(name, seed, None, Vec::new()));
            page.pictures.push(picture);
        }
    }
    for (plane, mut page) in pages {
        page.interrupted = about.interrupted;
        page.marks =
            about.reach.iter().find(|reach| reach.plane == plane).map_or_else(BTreeMap::new, |r| r.marks.clone());
        write_whole(&dir.join(format!("{plane}.html")), &page.render())?;
    }
    Ok(())
}

fn run_part(swept: &Swept<'_>, failure: &Failure, choices: &Choices, capsule: &Path) -> RunPart {
    let commands = commands(failure, &swept.task.found.asked, choices, capsule);
    RunPart::new(swept.task.name(), failure.seed, Some(&failure.finding), commands.into())
}

/// The picture in the formats of other viewers: `STEM.perfetto.json`, `STEM.shiviz.log`, `STEM.mermaid.mmd`.
fn beside(stem: &Path, picture: &Picture) -> Result<(), WriteError> {
    let named = |ending: &str| {
        let mut path = stem.as_os_str().to_owned();
        path.push(ending);
        PathBuf::from(path)
    };
    let title = stem.file_name().and_then(|name| name.to_str()).unwrap_or("quiesce");
    write_whole(&named(".perfetto.json"), &perfetto(picture, title))?;
    write_whole(&named(".shiviz.log"), &shiviz(picture))?;
    write_whole(&named(".mermaid.mmd"), &mermaid(picture))
}
