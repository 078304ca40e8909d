//! The command line's words.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use thiserror::Error;

use super::check::{Check, Explore};
use super::exit::Refusal;
use super::fanout::Fanout;
use crate::choices::Choices;
use crate::plane::Profile;
use crate::schema::Seeds;
use crate::text::{Mistake, parse_duration};

/// Does your control plane ever come to rest?
///
/// Runs the real code of a control plane through faults, and says whether it can ever say something false, and whether
/// every wait ends and every table converges. Without a command it runs the bundled suite.
#[derive(Debug, Parser)]
#[command(name = "quiesce", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

const EXIT_CODES: &str = "\
Exit codes: 0 every verdict is pass, 1 a property failed, 2 bad usage or bad scenario,
            3 incomplete or vacuous, 4 two runs of one seed differ";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run scenarios: files, or bundled ones by name; all bundled ones if none is given
    Run(Run),
    /// Join the shards of one sweep: what they come to is what one run of all seeds would have
    Merge(Merge),
    /// List what is bundled: scenarios, policies, properties, scopes, kinds
    List(List),
    /// Show every kind of batch job of the xaction plane, with all its columns
    Kinds(Kinds),
    /// Measure what it costs to know that a job has ended, by size of the cluster and by the way clients are told
    Fanout(Fanout),
    /// Search every run of small worlds for a violation
    Check(Check),
    /// Put every policy to the test: what the published choice breaks, and that ours holds in the same space
    Audit(Audit),
    /// Walk through the states of a small world by hand, in a browser
    Explore(Explore),
    /// Run a saved failure again, look at any step of it, and say whether the property now holds
    Replay(Replay),
    /// Show from which step on a saved failure was inevitable, whatever chance did afterwards
    Why(Why),
    /// Make saved failures as small as they get: each becomes a scenario that fails by itself
    Shrink(Shrink),
    /// Turn a saved failure into a scenario of a suite, with the trace it should no longer show
    Keep(Keep),
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Scenario files, or names of bundled scenarios
    pub(crate) scenarios: Vec<String>,
    #[command(flatten)]
    pub(crate) telling: Telling,
    /// Run only the K-th of N shares of each scenario's seeds; `quiesce merge` joins what --resume kept of them
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<Shard>,
    /// Stop after so long, like 5m; a scenario whose seeds were not all run is incomplete
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) budget: Option<Duration>,
    /// Keep what was run in FILE, and go on from what it holds of the same runs
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    /// Instead of all seeds, take one run of each scenario and branch off it at every effect of every node: with a
    /// crash, with the message lost, with the write failed. Whatever does not recover is a failure
    #[arg(long, conflicts_with_all = ["trace", "shrink", "require_reach", "report", "junit", "shard", "budget", "resume"])]
    pub(crate) crash_sweep: bool,
    /// How long a process that --crash-sweep struck is down
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) crash_down: Duration,
}

impl Default for Run {
    /// What the command line means without flags.
    fn default() -> Self {
        let crash_down = Duration::from_secs(1);
        Run {
            scenarios: Vec::new(),
            telling: Telling::default(),
            shard: None,
            budget: None,
            resume: None,
            crash_sweep: false,
            crash_down,
        }
    }
}

/// What to tell of sweeps, beside their verdicts.
#[derive(Debug, Default, Args)]
pub(crate) struct Telling {
    /// Print everything that happened in each scenario's first failing run, or its first run if none fails
    #[arg(long)]
    pub(crate) trace: bool,
    /// Make every failure as small as it gets; the scenario stands beside its capsule
    #[arg(long)]
    pub(crate) shrink: bool,
    /// Fail with exit code 3 if a mark of the code under test is reached by no scenario
    #[arg(long)]
    pub(crate) require_reach: bool,
    /// Write a page SUITE.html for each suite: verdicts, coverage, and a space-time diagram of each failure (with --trace
    /// also of the first run of what does not fail). Beside it each diagram for other viewers: *.perfetto.json
    /// (ui.perfetto.dev, chrome://tracing), *.shiviz.log, *.mermaid.mmd
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// Write results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// Files that `quiesce run --shard K/N --resume FILE` kept
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) telling: Telling,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// What to list
    #[arg(default_value = "scenarios")]
    pub(crate) what: Listed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    Scenarios,
    Policies,
    Properties,
    Scopes,
    Kinds,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// The plane whose policies are audited; of all planes if none is given. `--policy NAME` audits that policy alone
    pub(crate) plane: Option<String>,
    /// Stop after so long, like 20m; what was not audited then makes the result incomplete
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) budget: Option<Duration>,
    /// Instead, search with every policy as published at once: list every property that fails, by its shortest run, and
    /// what no policy explains; exit code 1 if of that nobody has said why it stands
    #[arg(long)]
    pub(crate) unexplained: bool,
    /// Write a page for each policy and an index, each as HTML and as Markdown: the claim, the shortest run step by step
    /// and as a diagram, what it comes to, our change and its price
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Kinds {
    /// Kinds to show, by either name; all if none is given
    pub(crate) kinds: Vec<String>,
}

/// A duration as people write it.
pub(super) fn duration(text: &str) -> Result<Duration, Mistake> {
    parse_duration(text)
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Capsules that failing runs saved; of several, the verdicts alone are shown
    #[arg(required = true)]
    pub(crate) capsules: Vec<PathBuf>,
    /// Show the run up to this instant, like 2.5s, or this step, like 17
    #[arg(long, value_name = "TIME|STEP", conflicts_with = "fact")]
    pub(crate) until: Option<Until>,
    /// Show the run up to the first step that states this fact: its label, or a part of its text
    #[arg(long = "break", value_name = "FACT")]
    pub(crate) fact: Option<String>,
    /// Stop so many steps earlier
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) back: u32,
    /// Show what this node remembers, keeps and waits for where the run stops; may be repeated
    #[arg(long, value_name = "NODE")]
    pub(crate) dump: Vec<String>,
    /// Show what differs in every node's state between two steps
    #[arg(long, num_args = 2, value_names = ["STEP", "STEP"])]
    pub(crate) diff: Vec<u32>,
    /// Replay each capsule so often and compare every byte; exit code 4 if two replays differ
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(conflicts_with_all = ["until", "fact", "back", "dump", "diff"])]
    pub(crate) times: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// A capsule that a failing run saved
    pub(crate) capsule: PathBuf,
    /// How many futures are drawn behind each step
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) futures: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Shrink {
    /// Capsules that failing runs saved; each scenario stands beside its capsule
    #[arg(required = true)]
    pub(crate) capsules: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Keep {
    /// A capsule that a failing run saved
    pub(crate) capsule: PathBuf,
    /// The suite; the scenario stands in the folder of its plane
    #[arg(long, value_name = "DIR", default_value = "scenarios/suites")]
    pub(crate) suite: PathBuf,
    /// Name the scenario so instead of after what fails
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// Where a replay stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Behind this step.
    Step(u32),
    /// At this instant.
    Time(Duration),
}

impl FromStr for Until {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Until::Step).or_else(|_| parse_duration(text).map(Until::Time))
    }
}

/// Flags that mean the same everywhere.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// Run this seed alone
    #[arg(long, global = true, value_name = "N", conflicts_with = "seeds")]
    pub(crate) seed: Option<u64>,
    /// Run these seeds, B excluded, instead of the scenarios' own
    #[arg(long, global = true, value_name = "A..B")]
    pub(crate) seeds: Option<SeedRange>,
    /// Which choice every policy makes; hardened if not given
    #[arg(long, global = true, value_enum)]
    pub(crate) profile: Option<Profile>,
    /// Make one policy's choice on top of the profile; may be repeated
    #[arg(long = "policy", global = true, value_name = "NAME=CHOICE")]
    pub(crate) policies: Vec<PolicyChoice>,
    /// How many seeds run at once; one per core if not given
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// Run every seed twice and compare
    #[arg(long, global = true)]
    pub(crate) verify_determinism: bool,
    /// Write results as JSON Lines, tables as a JSON array; `-` or nothing for standard output
    #[arg(long, global = true, value_name = "FILE|-", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<String>,
    /// Where failing runs are saved
    #[arg(long, global = true, value_name = "DIR", default_value = "quiesce-failures")]
    pub(crate) capsules: PathBuf,
    /// Print tables and verdicts only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print more: the end of failing traces, fault counters
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Shared {
    /// The policies asked for, on top of those of a profile, ours unless another is given.
    pub(crate) fn choices(&self) -> Choices {
        self.choices_over(Choices::default())
    }

    /// The policies asked for, on top of `base` or of the profile that is given instead.
    pub(crate) fn choices_over(&self, base: Choices) -> Choices {
        let mut choices = self.profile.map_or(base, |profile| Choices { profile, policies: Vec::new() });
        let made = self.policies.iter().map(|made| (made.policy.clone(), made.choice.clone().unwrap_or_default()));
        choices.policies.extend(made);
        choices
    }

    /// The policies named, where no choice is to be made.
    pub(super) fn policy_names(&self) -> Result<Vec<&str>, Refusal> {
        let name = |made: &PolicyChoice| match made.choice {
            None => Ok(()),
            Some(_) => Err(Refusal::Usage {
                message: "an audit tries both choices of a policy",
                help: "name the policy alone, like --policy not-found",
            }),
        };
        self.policies.iter().try_for_each(name)?;
        Ok(self.policies.iter().map(|made| made.policy.as_str()).collect())
    }

    /// Refuses a flag that was given and is none of those which `command` heeds; `help` says why it means nothing there.
    /// How much to say, where to keep failures and how many threads to use is asked of every command.
    pub(super) fn heeded(
        &self,
        command: &'static str,
        heeds: &[&'static str],
        help: &'static str,
    ) -> Result<(), Refusal> {
        let given = [
            ("--seed", self.seed.is_some()),
            ("--seeds", self.seeds.is_some()),
            ("--profile", self.profile.is_some()),
            ("--policy", !self.policies.is_empty()),
            ("--verify-determinism", self.verify_determinism),
            ("--json", self.json.is_some()),
        ];
        match given.into_iter().find(|(flag, given)| *given && !heeds.contains(flag)) {
            Some((flag, _)) => Err(Refusal::Unheeded { command, flag, help }),
            None => Ok(()),
        }
    }

    /// The seeds asked for, if any are.
    pub(crate) fn seeds(&self) -> Option<Seeds> {
        self.seed.map(Seeds::one).or(self.seeds.map(|range| range.0))
    }
}

/// `A..B`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeedRange(Seeds);

/// Why a range of seeds is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum SeedRangeError {
    #[error("expected two whole numbers, like 1..100")]
    Malformed,
    #[error("expected a first seed below the last")]
    Empty,
}

impl FromStr for SeedRange {
    type Err = SeedRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, end) = text.split_once("..").ok_or(SeedRangeError::Malformed)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| SeedRangeError::Malformed);
        let (first, end) = (number(first)?, number(end)?);
        match end.checked_sub(first) {
            None | Some(0) => Err(SeedRangeError::Empty),
            Some(count) => Ok(SeedRange(Seeds { first, count })),
        }
    }
}

/// `K/N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// Which, from 1.
    number: u64,
    /// Of how many.
    of: u64,
}

/// Why a shard is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected K/N with K from 1 to N, like 2/4")]
pub(crate) struct ShardError;

impl Shard {
    /// Its share of `seeds`, perhaps empty: neighbours, so that all shares together are all seeds.
    pub(crate) fn of(self, seeds: Seeds) -> Seeds {
        let (count, number, of) = (u128::from(seeds.count), u128::from(self.number), u128::from(self.of));
        let before = |number: u128| u64::try_from(count * number / of).unwrap_or(seeds.count);
        let (from, to) = (before(number - 1), before(number));
        Seeds { first: seeds.first + from, count: to - from }
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, of) = text.split_once('/').ok_or(ShardError)?;
        let shard = Shard { number: number.parse().map_err(|_| ShardError)?, of: of.parse().map_err(|_| ShardError)? };
        if (1..=shard.of).contains(&shard.number) { Ok(shard) } else { Err(ShardError) }
    }
}

/// `name=choice`, or for an audit `name`.
#[derive(Clone, Debug)]
pub(crate) struct PolicyChoice {
    policy: String,
    choice: Option<String>,
}

/// Why a policy's choice is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected NAME=CHOICE, like not-found=aborts-job, or for an audit a NAME")]
pub(crate) struct PolicyChoiceError;

impl FromStr for PolicyChoice {
    type Err = PolicyChoiceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (policy, choice) = text.split_once('=').map_or((text, None), |(policy, choice)| (policy, Some(choice)));
        if policy.is_empty() || choice == Some("") {
            return Err(PolicyChoiceError);
        }
        Ok(PolicyChoice { policy: policy.to_owned(), choice: choice.map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_range_of_seeds_leaves_out_its_end() {
        let seeds = "3..7".parse::<SeedRange>().unwrap().0;
        assert_eq!(seeds, Seeds { first: 3, count: 4 });
        assert_eq!(seeds.range().collect::<Vec<_>>(), [3, 4, 5, 6]);
    }

    #[test]
    fn shards_are_neighbours_and_together_everything() {
        for of in 1..=9 {
            let all = Seeds { first: 3, count: 7 };
            let share = |number| Shard { number, of }.of(all).range();
            assert!((1..=of).flat_map(share).eq(all.range()), "{of} shards");
        }
        assert_eq!("2/4".parse::<Shard>(), Ok(Shard { number: 2, of: 4 }));
        for text in ["", "1", "0/2", "3/2", "1/0", "-1/2", "a/b", "1/2/3"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError), "{text}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "3", "3..", "..7", "a..b", "-1..4", "1..=4"] {
            assert_eq!(text.parse::<SeedRange>().unwrap_err(), SeedRangeError::Malformed, "{text}");
        }
        assert_eq!("7..7".parse::<SeedRange>().unwrap_err(), SeedRangeError::Empty);
    }
}
