//! The program: words in, exit code out.

mod args;
mod audit;
mod check;
mod conclude;
mod crash;
mod doctor;
mod examples;
mod exit;
mod fanout;
mod find;
mod interrupt;
mod keep;
mod kinds;
mod list;
mod manual;
mod merge;
mod new;
mod policies;
mod replay;
mod reports;
mod run;
mod shrink;
mod task;
mod why;

use std::process::ExitCode;

use clap::Parser as _;
use tracing::debug;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::args::{Cli, Command};
use self::exit::{Exit, Refusal};
use crate::report::{Out, error_has_colour, explain, tell};

/// Does what the command line says.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    log();
    let mut out = Out::default();
    let done = dispatch(cli, &mut out).and_then(|exit| out.finish().map(|()| exit).map_err(Refusal::from));
    match done {
        Ok(exit) => exit.into(),
        Err(refusal) => {
            for mistake in refusal.mistakes() {
                tell(&explain(mistake, error_has_colour()));
            }
            Exit::Usage.into()
        }
    }
}

fn dispatch(cli: Cli, out: &mut Out) -> Result<Exit, Refusal> {
    let Cli { command, shared } = cli;
    let jobs = shared.jobs;
    let threads = rayon::ThreadPoolBuilder::new().num_threads(jobs.unwrap_or(0).into()).build_global();
    threads.map_err(|cause| Refusal::Threads { jobs: jobs.unwrap_or(0), cause })?;
    debug!(threads = rayon::current_num_threads(), "seeds run at once");
    match command {
        None => run::run(&args::Run::default(), &shared, out),
        Some(Command::Run(args)) if args.crash_sweep => crash::crash(&args, &shared, out),
        Some(Command::Run(args)) => run::run(&args, &shared, out),
        Some(Command::New(args)) => new::new(&args, &shared, out),
        Some(Command::Merge(args)) => merge::merge(&args, &shared, out),
        Some(Command::List(args)) => list::list(&args, &shared, out),
        Some(Command::Kinds(args)) => kinds::kinds(&args, &shared, out),
        Some(Command::Fanout(args)) => fanout::fanout(&args, &shared, out),
        Some(Command::Check(args)) => check::check(&args, &shared, out),
        Some(Command::Explore(args)) => check::explore(&args, &shared, out),
        Some(Command::Audit(args)) => audit::audit(&args, &shared, out),
        Some(Command::Replay(args)) => replay::replay(&args, &shared, out),
        Some(Command::Why(args)) => why::why(&args, &shared, out),
        Some(Command::Shrink(args)) => shrink::shrink(&args, &shared, out),
        Some(Command::Keep(args)) => keep::keep(&args, &shared, out),
        Some(Command::Doctor) => doctor::doctor(&shared, out),
        Some(Command::Completions(args)) => manual::completions(&args, &shared, out),
        Some(Command::Man(args)) => manual::man(&args, &shared, out),
    }
}

/// Logs go to standard error, as much as `RUST_LOG` asks for: `debug`, or `quiesce=debug,warn`. Warnings if it is not
/// set or not understood.
fn log() {
    let asked = std::env::var("RUST_LOG").ok().and_then(|asked| asked.parse::<Targets>().ok());
    let filter = asked.unwrap_or_else(|| Targets::new().with_default(LevelFilter::WARN));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(error_has_colour());
    tracing_subscriber::registry().with(lines).with(filter).init();
}
