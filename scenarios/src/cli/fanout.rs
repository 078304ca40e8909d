//! `quiesce fanout`: the study of notification fan-out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::args::{Shared, duration};
use super::exit::{Exit, Refusal};
use crate::fanout::{Model, Row, Setting, Study, TITLES, Way, chart, csv, page};
use crate::files::write_whole;
use crate::report::{Look, Out, Rows, words};

#[derive(Debug, Args)]
pub(crate) struct Fanout {
    /// Numbers of targets, 1 to 16384
    #[arg(long, value_name = "N,..", value_delimiter = ',', default_value = "4,64,1024")]
    pub(crate) targets: Vec<u32>,
    /// Numbers of members of the Information Center, 1 to 5
    #[arg(long, value_name = "N,..", value_delimiter = ',', default_value = "3")]
    pub(crate) members: Vec<u32>,
    /// Numbers of jobs that run at once, 1 to 1000
    #[arg(long, value_name = "N,..", value_delimiter = ',', default_value = "1,10")]
    pub(crate) concurrent: Vec<u32>,
    /// How targets tell and clients ask; all models if not given
    #[arg(long, value_name = "MODEL,..", value_delimiter = ',', value_enum)]
    pub(crate) models: Vec<Model>,
    /// How targets report to the Information Center
    #[arg(long, value_name = "WAY,..", value_delimiter = ',', value_enum, default_value = "each")]
    pub(crate) reporting: Vec<Way>,
    /// Numbers of waiting clients, 1 to 10000; each waits for one job
    #[arg(long, value_name = "N,..", value_delimiter = ',', default_value = "1,10")]
    pub(crate) waiters: Vec<u32>,
    /// How long the quickest part of a job takes
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) work: Duration,
    /// How much longer the slowest part takes
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(crate) spread: Duration,
    /// How often targets tell their progress
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) progress: Duration,
    /// How long a target gathers news where they are coalesced or relayed
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) every: Duration,
    /// How many targets hand their news to one where they are relayed
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) fan: u16,
    /// How long a client sleeps after its first poll; half as long again after each
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(crate) poll_first: Duration,
    /// How long a client sleeps between two polls at most
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) poll_most: Duration,
    /// How long the quickest message takes
    #[arg(long, value_name = "TIME", default_value = "200us", value_parser = duration)]
    pub(crate) latency: Duration,
    /// How much longer the slowest message takes
    #[arg(long, value_name = "TIME", default_value = "800us", value_parser = duration)]
    pub(crate) jitter: Duration,
    /// Leave out what is measured by the clock: what is printed depends on the flags alone
    #[arg(long)]
    pub(crate) no_clock: bool,
    /// Write every figure as comma-separated values
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Write charts over the number of targets as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) chart: Option<PathBuf>,
    /// Write charts and table as a page fanout.html
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
}

impl Fanout {
    fn study(&self, shared: &Shared) -> Study {
        let setting = Setting {
            work: self.work,
            spread: self.spread,
            progress: self.progress,
            every: self.every,
            fan: self.fan,
            poll_first: self.poll_first,
            poll_most: self.poll_most,
            latency: self.latency,
            jitter: self.jitter,
            seed: shared.seed.unwrap_or(1),
            choices: shared.choices(),
        };
        let models = if self.models.is_empty() { Model::ALL.to_vec() } else { self.models.clone() };
        Study {
            targets: self.targets.clone(),
            members: self.members.clone(),
            jobs: self.concurrent.clone(),
            models,
            reporting: self.reporting.clone(),
            waiters: self.waiters.clone(),
            setting,
        }
    }
}

pub(super) fn fanout(args: &Fanout, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    shared.heeded("fanout", &["--seed", "--profile", "--policy", "--json"], "each cell is run once, with one seed")?;
    let rows = args.study(shared).run(!args.no_clock)?;
    write(args, &rows)?;
    let to_stdout = shared.json.as_deref() == Some("-");
    if let Some(target) = &shared.json {
        Rows::new(&rows).write(target, out)?;
    }
    if !to_stdout {
        let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
        out.line(&words(&TITLES, rows.iter().map(Row::words).collect(), look));
    }
    Ok(if rows.iter().all(|row| row.measured.whole) { Exit::Pass } else { Exit::Unproven })
}

fn write(args: &Fanout, rows: &[Row]) -> Result<(), Refusal> {
    if let Some(path) = &args.csv {
        write_whole(path, &csv(rows))?;
    }
    if let Some(path) = &args.chart {
        write_whole(path, &chart(rows)?)?;
    }
    if let Some(folder) = &args.report {
        write_whole(&folder.join(Path::new("fanout.html")), &page(rows, &command()))?;
    }
    Ok(())
}

/// What was typed.
fn command() -> String {
    let words: Vec<String> = std::env::args().skip(1).collect();
    format!("quiesce {}", words.join(" "))
}
