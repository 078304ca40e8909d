//! `quiesce doctor`: what commands could miss here, one line each.
//!
//! `ok` is well; `note` says what is as it is and costs something; `missing` is what a command needs and has not.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use tracing_subscriber::filter::Targets;

use super::args::Shared;
use super::exit::{Exit, Refusal};
use crate::choices::Choices;
use crate::load;
use crate::report::{Look, Out, Rows, words};
use crate::suite::bundled;

/// Free memory below which searches should be bounded, in KiB.
const MEMORY_LEAST: u64 = 2 * 1024 * 1024;

const BROWSERS: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "firefox"];

pub(super) fn doctor(shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    shared.heeded("doctor", &["--json"], "what is there does not depend on it")?;
    let (repeated, exit) = repeats();
    let checks = [
        build(env!("QUIESCE_OPT_LEVEL")),
        repeated,
        cores(std::thread::available_parallelism().map_or(1, NonZeroUsize::get)),
        memory(fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(available)),
        folder(&shared.capsules),
        terminal(out.is_terminal(), out.has_colour()),
        log(std::env::var("RUST_LOG").ok().as_deref()),
        browser(std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()),
    ];
    if let Some(target) = &shared.json {
        Rows::new(&checks.each_ref().map(Check::named)).write(target, out)?;
    }
    if shared.json.as_deref() != Some("-") {
        let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
        out.line(&words(&TITLES, checks.iter().map(Check::cells).collect(), look));
    }
    let lacks = checks.iter().any(|check| check.state == State::Missing).then_some(Exit::Unproven);
    Ok(lacks.into_iter().chain([exit]).max().unwrap_or(Exit::Pass))
}

const TITLES: [&str; 3] = ["check", "state", "what is there"];

/// What was looked for, and what is there.
#[derive(Debug, PartialEq, Eq)]
struct Check {
    what: &'static str,
    state: State,
    found: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ok,
    Note,
    Missing,
}

impl Check {
    fn new(what: &'static str, state: State, found: impl Into<String>) -> Check {
        Check { what, state, found: found.into() }
    }

    fn cells(&self) -> Vec<String> {
        let state = match self.state {
            State::Ok => "ok",
            State::Note => "note",
            State::Missing => "missing",
        };
        vec![self.what.to_owned(), state.to_owned(), self.found.clone()]
    }

    fn named(&self) -> BTreeMap<&'static str, String> {
        TITLES.into_iter().zip(self.cells()).collect()
    }
}

fn build(level: &str) -> Check {
    match level {
        "2" | "3" => Check::new("build", State::Ok, format!("optimized, level {level}")),
        _ => {
            let found = format!("optimized at level {level} only: `cargo build --release` makes a faster program");
            Check::new("build", State::Note, found)
        }
    }
}

/// Runs a bundled scenario twice: the program works here, and equal seeds come to equal digests.
fn repeats() -> (Check, Exit) {
    let source = bundled().into_iter().next().expect("scenarios are bundled");
    let scenario = load(&source).expect("bundled scenarios have no mistake");
    let prepared = scenario.under(&Choices::default()).expect("the default choices");
    let digest = || prepared.run(1).digest;
    match (digest(), digest()) {
        (one, other) if one == other => {
            let found = format!("seed 1 of {} comes to digest {one} twice", prepared.head().name);
            (Check::new("determinism", State::Ok, found), Exit::Pass)
        }
        (one, other) => {
            let found = format!("seed 1 of {} comes to digest {one}, then to {other}", prepared.head().name);
            (Check::new("determinism", State::Missing, found), Exit::Unequal)
        }
    }
}

fn cores(cores: usize) -> Check {
    match cores {
        1 => Check::new("cores", State::Note, "one: seeds run one after the other"),
        _ => Check::new("cores", State::Ok, format!("{cores}: as many seeds run at once")),
    }
}

/// Free memory in KiB, if it is known.
fn memory(free: Option<u64>) -> Check {
    match free {
        None => Check::new("memory", State::Note, "how much is free is not known here: bound searches with --memory"),
        Some(free) if free < MEMORY_LEAST => {
            Check::new("memory", State::Note, format!("{} MiB are free: bound searches with --memory", free / 1024))
        }
        Some(free) => Check::new("memory", State::Ok, format!("{} MiB are free", free / 1024)),
    }
}

/// `MemAvailable` of `/proc/meminfo`.
fn available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Whether failures can be saved: a file is made where the folder is, or would be, and taken away again.
fn folder(dir: &Path) -> Check {
    let place = dir.ancestors().find(|place| place.exists()).filter(|place| !place.as_os_str().is_empty());
    let probe = place.unwrap_or(Path::new(".")).join(format!(".quiesce-doctor-{}", std::process::id()));
    let tried = fs::File::create_new(&probe).and_then(|_| fs::remove_file(&probe));
    let dir = dir.display();
    match tried {
        Ok(()) => Check::new("failures", State::Ok, format!("{dir} can be written: failing runs are saved there")),
        Err(cause) => {
            let found = format!("{dir} cannot be written ({cause}): name another folder with --capsules");
            Check::new("failures", State::Missing, found)
        }
    }
}

fn terminal(is: bool, colour: bool) -> Check {
    match (is, colour) {
        (true, true) => Check::new("terminal", State::Ok, "tables have frames and colours, sweeps show progress"),
        (true, false) => Check::new("terminal", State::Ok, "tables have frames; colours are off"),
        (false, _) => Check::new("terminal", State::Note, "none: plain lines, no progress"),
    }
}

/// What is not understood would be taken for warnings alone, silently.
fn log(asked: Option<&str>) -> Check {
    match asked.map(|asked| (asked, asked.parse::<Targets>())) {
        None => Check::new("log", State::Ok, "RUST_LOG is not set: warnings go to standard error"),
        Some((asked, Ok(_))) => Check::new("log", State::Ok, format!("RUST_LOG is {asked}")),
        Some((asked, Err(cause))) => {
            Check::new("log", State::Missing, format!("RUST_LOG is `{asked}`, which says nothing: {cause}"))
        }
    }
}

fn browser(path: Vec<PathBuf>) -> Check {
    match BROWSERS.into_iter().find(|name| path.iter().any(|dir| dir.join(name).is_file())) {
        Some(name) => Check::new("browser", State::Ok, format!("{name}: for reports and `quiesce explore`")),
        None => Check::new("browser", State::Note, "none found: reports and `quiesce explore` are for one elsewhere"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_said_and_what_merely_costs_is_a_note() {
        let state = |check: Check| check.state;
        assert_eq!(
            ["3", "2", "1", "0"].map(|level| state(build(level))),
            [State::Ok, State::Ok, State::Note, State::Note]
        );
        assert_eq!([1, 2].map(|count| state(cores(count))), [State::Note, State::Ok]);
        assert_eq!(
            [None, Some(1024), Some(MEMORY_LEAST)].map(|free| state(memory(free))),
            [State::Note, State::Note, State::Ok]
        );
        assert_eq!(
            [None, Some("quiesce=debug,warn"), Some("quiesce=loud")].map(|asked| state(log(asked))),
            [State::Ok, State::Ok, State::Missing]
        );
        assert_eq!(state(terminal(false, true)), State::Note);
        assert_eq!(state(browser(Vec::new())), State::Note);
    }

    #[test]
    fn free_memory_is_read_where_linux_says_it() {
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:   20480 kB\n"), Some(20480));
        assert_eq!(available("MemTotal: 9 kB\n"), None);
    }

    #[test]
    fn a_folder_is_looked_at_and_left_as_it_was() {
        let dir = std::env::temp_dir().join(format!("quiesce-doctor-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("file"), "").unwrap();
        assert_eq!(folder(&dir.join("not/yet/there")).state, State::Ok);
        assert_eq!(folder(&dir.join("file/below")).state, State::Missing);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn this_build_repeats_itself() {
        assert_eq!(repeats().0.state, State::Ok);
    }
}
