//! SPIN's breadth-first search of the packed two-phase commit, where SPIN and a C compiler are installed.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Measured, process_time};

/// The model, in SPIN's language: as many states and steps as [`Commit`](super::Commit).
const MODEL: &str = include_str!("../../peers/spin/2pc.pml");

/// Searches two-phase commit of so many managers; none where SPIN or the compiler is missing.
///
/// # Panics
/// When they are there and do not do what they are asked for.
pub(super) fn search(managers: u32) -> Option<Measured> {
    let folder = std::env::temp_dir().join(format!("quiesce-spin-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder to work in");
    let found = build(&folder, managers).map(|()| run(&folder, managers));
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    found
}

fn build(folder: &Path, managers: u32) -> Option<()> {
    std::fs::write(folder.join("2pc.pml"), MODEL).expect("the folder is ours");
    let defined = format!("-DMANAGERS={managers}");
    called(folder, "spin", &["-a", &defined, "2pc.pml"])?;
    // Nothing but the search: no reduction, no stack, no statistics of time.
    let flags = ["-O2", "-DBFS", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=8000", "-o", "pan", "pan.c"];
    called(folder, "cc", &flags).map(|_| ())
}

fn run(folder: &Path, managers: u32) -> Measured {
    let slots = if managers > 8 { "-w24" } else { "-w19" };
    let (busy, began) = (process_time(), Instant::now());
    let text = called(folder, "./pan", &[slots]).expect("what was built runs");
    let (took, busy) = (began.elapsed(), process_time().saturating_sub(busy));
    let number = |words: &str| {
        let line = text.lines().find(|line| line.contains(words)).expect("SPIN tells of it");
        line.split_whitespace().next().expect("a figure").parse::<f64>().expect("a figure")
    };
    Measured {
        unique: number("states, stored") as u64,
        generated: number("transitions (=") as u64,
        took,
        busy,
        alone: Duration::ZERO,
        bytes: (number("total actual memory usage") * 1048576.0) as u64,
        waiting: 0,
    }
}

/// What a program says; none if there is no such program.
fn called(folder: &Path, program: &str, args: &[&str]) -> Option<String> {
    let at = if program.starts_with('.') { folder.join(program) } else { program.into() };
    let done = Command::new(at).args(args).current_dir(folder).output().ok()?;
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    Some(String::from_utf8_lossy(&done.stdout).into_owned())
}
