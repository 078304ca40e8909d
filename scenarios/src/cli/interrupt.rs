//! When a sweep stops before its end: Ctrl-C, or the time is up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::exit::Refusal;
use crate::run::Cut;

/// What the shell expects of a program that an interrupt ends.
const KILLED: i32 = 130;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Makes the first Ctrl-C a wish to stop, and the second the end.
pub(super) fn listen() -> Result<(), Refusal> {
    ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(KILLED);
        }
    })
    .map_err(Refusal::Interrupt)
}

/// Whether to stop, and why.
pub(super) fn stop(budget: Option<Duration>) -> impl Fn() -> Option<Cut> + Sync {
    let begun = Instant::now();
    move || match budget {
        _ if INTERRUPTED.load(Ordering::SeqCst) => Some(Cut::Interrupted),
        Some(budget) if begun.elapsed() >= budget => Some(Cut::Budget),
        Some(_) | None => None,
    }
}
