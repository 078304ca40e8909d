//! The words of `quiesce check`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use quiesce_model::{Limits, Search};
use thiserror::Error;

use super::super::args::duration;
use crate::check::{Adjust, Scale};

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The worlds to search; `quiesce list scopes` names them. All if none is given
    pub(super) scopes: Vec<String>,
    /// Begin inside a saved failure, whatever found it: after --step steps of a counterexample, or of a simulated run
    /// (its events), with the faults it had by then and those allowed beside
    #[arg(long, value_name = "CAPSULE", conflicts_with = "scopes", requires = "step")]
    pub(super) from: Option<PathBuf>,
    /// How many of its steps are taken before the search begins
    #[arg(long, value_name = "N", requires = "from")]
    pub(super) step: Option<usize>,
    #[command(flatten)]
    adjusted: Adjusted,
    /// Take states that differ in names alone, of targets or clients that are alike, for one: safety only
    #[arg(long, conflicts_with = "from")]
    pub(super) symmetry: bool,
    /// Write results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// How to search
    #[arg(long, value_enum, default_value_t)]
    pub(super) search: SearchWord,
    /// Give up after so many states
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_states: Option<u64>,
    /// Give up after so long, like 5m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(super) timeout: Option<Duration>,
    /// Give up when the process holds so much memory, like 512MiB
    #[arg(long, value_name = "SIZE", default_value = "12GiB")]
    pub(super) memory: Bytes,
    /// How often a saved failure that ends in a loop goes round it
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=LOOPS_MOST))]
    pub(super) loops: u16,
    /// How many threads search; one per core if not given. What is found does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=THREADS_MOST))]
    pub(super) threads: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct Explore {
    /// The world to walk through; `quiesce list scopes` names them
    pub(super) scope: String,
    /// Where the browser finds it
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3000")]
    pub(super) address: SocketAddr,
    #[command(flatten)]
    adjusted: Adjusted,
}

impl Explore {
    pub(super) fn adjust(&self) -> Adjust {
        self.adjusted.adjust()
    }
}

/// What is to be otherwise in the worlds.
#[derive(Debug, Args)]
struct Adjusted {
    /// Allow so many crashes
    #[arg(long, value_name = "N", help_heading = WORLD)]
    crashes: Option<u8>,
    /// Let so many crashes take the records along
    #[arg(long, value_name = "N", help_heading = WORLD)]
    record_losses: Option<u8>,
    /// Allow so many lost messages
    #[arg(long, value_name = "N", help_heading = WORLD)]
    losses: Option<u8>,
    /// Allow so many messages that come twice
    #[arg(long, value_name = "N", help_heading = WORLD)]
    duplicates: Option<u8>,
    /// Allow so many partitions, where the world names ways to part
    #[arg(long, value_name = "N", help_heading = WORLD)]
    partitions: Option<u8>,
    /// Allow so many writes that fail, or of which their process never learns whether they were applied
    #[arg(long, value_name = "N", help_heading = WORLD)]
    store_faults: Option<u8>,
    /// Who may crash, instead of whom the world says
    #[arg(long, value_name = "NODE,...", value_delimiter = ',', help_heading = WORLD)]
    crashable: Vec<String>,
    /// Let long timers fire at any moment
    #[arg(long, help_heading = WORLD)]
    untimed: bool,
    #[command(flatten)]
    sizes: Sized,
}

/// How many of each there are. What a world has no sizes of is refused.
#[derive(Debug, Args)]
struct Sized {
    /// Gateways, of xaction
    #[arg(long, value_name = "N", help_heading = SIZES)]
    proxies: Option<u8>,
    /// Storage nodes, of xaction
    #[arg(long, value_name = "N", help_heading = SIZES)]
    targets: Option<u8>,
    /// Clients, of xaction
    #[arg(long, value_name = "N", help_heading = SIZES)]
    clients: Option<u8>,
    /// Jobs that each client starts, of xaction; --jobs is taken by the number of threads that run scenarios
    #[arg(long, value_name = "N", help_heading = SIZES)]
    batch_jobs: Option<u8>,
    /// Replicas of the controller, of operation
    #[arg(long, value_name = "N", help_heading = SIZES)]
    controllers: Option<u8>,
    /// Users, of operation
    #[arg(long, value_name = "N", help_heading = SIZES)]
    users: Option<u8>,
    /// Storage nodes with a pool each, of volume
    #[arg(long, value_name = "N", help_heading = SIZES)]
    engines: Option<u8>,
    /// Replicas of the volume, of volume
    #[arg(long, value_name = "N", help_heading = SIZES)]
    replicas: Option<u8>,
}

impl Sized {
    fn sizes(&self) -> Scale {
        let Sized { proxies, targets, clients, batch_jobs, controllers, users, engines, replicas } = *self;
        let all = [
            ("proxies", proxies),
            ("targets", targets),
            ("clients", clients),
            ("jobs", batch_jobs),
            ("controllers", controllers),
            ("users", users),
            ("engines", engines),
            ("replicas", replicas),
        ];
        let asked = all.into_iter().filter_map(|(word, count)| Some((word, count?)));
        asked.fold(Scale::usual(), |sizes, (word, count)| sizes.with(word, count))
    }
}

impl Adjusted {
    fn adjust(&self) -> Adjust {
        let Adjusted { crashes, record_losses, losses, duplicates, partitions, store_faults, untimed, .. } = *self;
        let (sizes, crashable) = (self.sizes.sizes(), self.crashable.clone());
        Adjust { sizes, crashes, record_losses, losses, duplicates, partitions, store_faults, crashable, untimed }
    }
}

const SIZES: &str = "How many of each, where a world has sizes";
const WORLD: &str = "The worlds, otherwise than `quiesce list scopes` says";

/// The most rounds of a loop that are saved.
const LOOPS_MOST: i64 = 1000;

/// More threads than any search has a use for.
const THREADS_MOST: i64 = 1024;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SearchWord {
    /// Breadth first: shortest counterexamples, safety and liveness
    #[default]
    Bfs,
    /// Breadth first for safety alone: less memory
    Safety,
    /// Depth first: safety only, by Stateright; long runs take much memory
    Dfs,
    /// Stateright's own breadth-first search: safety only, a second opinion
    Stateright,
}

impl Check {
    pub(super) fn adjust(&self) -> Adjust {
        self.adjusted.adjust()
    }

    pub(super) fn search(&self) -> Search {
        match self.search {
            SearchWord::Bfs => Search::Bfs,
            SearchWord::Safety => Search::Safety,
            SearchWord::Dfs => Search::Dfs,
            SearchWord::Stateright => Search::StaterightBfs,
        }
    }

    pub(super) fn limits(&self) -> Limits {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let asked = self.threads.and_then(|threads| NonZeroUsize::new(threads.into()));
        Limits {
            threads: asked.unwrap_or_else(cores),
            max_states: self.max_states.map(|states| usize::try_from(states).unwrap_or(usize::MAX)),
            timeout: self.timeout,
            memory: Some(self.memory.0),
            first_failure: false,
        }
    }
}

/// An amount of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bytes(usize);

/// Why an amount of memory is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected a whole number and a unit of KiB, MiB, GiB, like 512MiB")]
pub(crate) struct BytesError;

impl FromStr for Bytes {
    type Err = BytesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = |(unit, shift): &(&str, u32)| text.strip_suffix(unit).map(|number| (number, *shift));
        let (number, shift) = [("KiB", 10), ("MiB", 20), ("GiB", 30)].iter().find_map(unit).ok_or(BytesError)?;
        let number: usize = number.parse().map_err(|_| BytesError)?;
        number.checked_mul(1 << shift).filter(|&bytes| bytes > 0).map(Bytes).ok_or(BytesError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_a_whole_number_and_a_unit() {
        assert_eq!("512MiB".parse(), Ok(Bytes(512 << 20)));
        assert_eq!("12GiB".parse(), Ok(Bytes(12 << 30)));
        for text in
            ["", "MiB", "0GiB", "-1MiB", "1.5GiB", "12", "12GB", "99999999999999999999GiB", "18446744073709551615KiB"]
        {
            assert_eq!(text.parse::<Bytes>(), Err(BytesError), "{text}");
        }
    }
}
