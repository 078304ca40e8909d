//! How far a sweep has come, on standard error, if a person looks at it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::run::{CrashProgress, Run};

/// A progress bar over runs.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    done: Arc<Done>,
}

#[derive(Debug, Default)]
struct Done {
    runs: AtomicU64,
    events: AtomicU64,
    nanos: AtomicU64,
}

impl Progress {
    /// A bar over so many runs; nothing at all if `hidden`, or if standard error is no terminal.
    #[must_use]
    pub fn new(runs: u64, hidden: bool) -> Self {
        Progress::on(if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() }, runs)
    }

    fn on(target: ProgressDrawTarget, runs: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(runs), target);
        let done = Arc::new(Done::default());
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len}  {rates}  {msg}").expect("a legal template");
        bar.set_style(style.with_key("rates", rates(Arc::clone(&done))));
        Progress { bar, done }
    }

    /// A run of a scenario came to its end.
    pub fn ran(&self, scenario: &str, run: &Run) {
        if !self.bar.is_hidden() {
            self.bar.set_message(scenario.to_owned());
        }
        self.done.runs.fetch_add(1, Ordering::Relaxed);
        self.done.events.fetch_add(run.events, Ordering::Relaxed);
        self.done.nanos.fetch_add(run.now.as_nanos(), Ordering::Relaxed);
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// How far a crash sweep has come.
#[derive(Debug)]
pub struct BranchProgress(ProgressBar);

impl BranchProgress {
    /// A bar over branches yet to be counted; nothing at all if `hidden`, or if standard error is no terminal.
    #[must_use]
    pub fn new(scenario: &str, hidden: bool) -> Self {
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(ProgressStyle::with_template("{bar:24} {pos}/{len} branches  {msg}").expect("a legal template"));
        bar.set_message(scenario.to_owned());
        BranchProgress(bar)
    }

    /// Shows one step.
    pub fn show(&self, step: CrashProgress) {
        match step {
            CrashProgress::Branches(count) => self.0.set_length(count),
            CrashProgress::Tried => self.0.inc(1),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// How far an audit has come.
#[derive(Debug)]
pub struct AuditProgress(ProgressBar);

impl AuditProgress {
    /// A bar over so many of something; nothing at all if `hidden`, or if standard error is no terminal.
    #[must_use]
    pub fn new(count: usize, of: &'static str, hidden: bool) -> Self {
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(count as u64), target);
        bar.set_style(ProgressStyle::with_template("{bar:24} {pos}/{len} {prefix}  {msg}").expect("a legal template"));
        AuditProgress(bar.with_prefix(of))
    }

    /// There are so many more.
    pub fn more(&self, count: usize) {
        self.0.inc_length(count as u64);
    }

    /// One is put to the test.
    pub fn begins(&self, name: &str) {
        self.0.set_message(name.to_owned());
    }

    /// It is done.
    pub fn done(&self) {
        self.0.inc(1);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// How far a search has come.
#[derive(Debug)]
pub struct CheckProgress(ProgressBar);

impl CheckProgress {
    /// A spinner over one world; nothing at all if `hidden`, or if standard error is no terminal.
    #[must_use]
    pub fn new(scope: &str, hidden: bool) -> Self {
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template("{spinner} {prefix} {wide_msg}").expect("a legal template");
        let bar = ProgressBar::with_draw_target(None, target).with_style(style);
        CheckProgress(bar.with_prefix(scope.to_owned()))
    }

    /// Shows figures.
    pub fn show(&self, progress: quiesce_model::Progress) {
        let quiesce_model::Progress { unique_states, states, depth, queue, memory, elapsed } = progress;
        let a_second = |count: u64| u128::from(count) * 1000 / elapsed.as_millis().max(1);
        let (unique_rate, rate) = (a_second(unique_states), a_second(states));
        let mut text = format!("{unique_states} unique states ({unique_rate}/s), {states} generated ({rate}/s)");
        text.push_str(&format!(", depth {depth}"));
        if let Some(queue) = queue {
            text.push_str(&format!(", {queue} to expand"));
        }
        if let Some(bytes) = memory {
            text.push_str(&format!(", {} MiB", bytes >> 20));
        }
        self.0.set_message(text);
        self.0.tick();
    }

    /// Takes it away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// Seeds and events a second, and virtual time to real time.
fn rates(done: Arc<Done>) -> impl Fn(&ProgressState, &mut dyn std::fmt::Write) + Send + Sync + Clone + 'static {
    move |state, text| {
        let millis = state.elapsed().as_millis().max(1);
        let per_second = |count: &AtomicU64| u128::from(count.load(Ordering::Relaxed)) * 1000 / millis;
        let (seeds, events) = (per_second(&done.runs), per_second(&done.events));
        let speed = per_second(&done.nanos) / 1_000_000_000;
        _ = write!(text, "{seeds} seeds/s  {events} events/s  {speed}x real time");
    }
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;
    use crate::choices::Choices;
    use crate::run::Prepared;
    use crate::{load, suite};

    fn prepared() -> Box<dyn Prepared> {
        let source = suite::bundled().into_iter().find(|source| source.name().ends_with("/slow-target.toml"));
        let scenario = load(&source.expect("it is bundled")).expect("nothing is wrong");
        scenario.under(&Choices::default()).expect("the default choices")
    }

    #[test]
    fn a_bar_shows_how_many_of_how_many_runs_how_fast_and_of_what() {
        let screen = InMemoryTerm::new(5, 120);
        let progress = Progress::on(ProgressDrawTarget::term_like(Box::new(screen.clone())), 8);
        let prepared = prepared();
        for seed in 1..=2 {
            progress.ran("slow-target", &prepared.run(seed));
        }
        progress.bar.force_draw();
        let shown = screen.contents();
        for text in [" 2/8  ", " seeds/s  ", " events/s  ", "x real time  slow-target"] {
            assert!(shown.contains(text), "`{text}` is not in {shown}");
        }
        assert!(!shown.contains("  0 events/s"), "{shown}");
        progress.finish();
        assert_eq!(screen.contents(), "", "the bar is gone when the table comes");
    }

    #[test]
    fn nobody_sees_a_bar_who_asked_for_quiet() {
        assert!(Progress::new(8, true).bar.is_hidden());
    }
}
