//! A crash at every effect: one run, and a branch of it at every boundary.

use std::collections::BTreeMap;
use std::time::Duration;

use quiesce_machine::{Monitor, Node, Time};
use quiesce_sim::{Blow, Branch, FindingKind, Plan, Verdict};
use rayon::prelude::*;

/// What the branches of one run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashSweep {
    /// The run's seed.
    pub seed: u64,
    /// The run's own judgement; nothing is swept unless it could be run to its end without a failure.
    pub verdict: Verdict,
    /// How many boundaries between effects there are.
    pub boundaries: u64,
    /// How many branches were tried at them, by what went wrong.
    pub branches: BTreeMap<Blow, u64>,
    /// The branches that did not recover, in the order of the run.
    pub fallen: Vec<Fallen>,
}

/// A branch that did not recover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallen {
    /// Where it left the run.
    pub branch: Branch,
    /// The name of the node it struck.
    pub node: String,
    /// The property that failed; none when a bound cut the branch short.
    pub property: Option<&'static str>,
    /// What shows it.
    pub evidence: String,
    /// When it was found.
    pub at: Time,
    /// Whether something that must not happen did, or something owed did not.
    pub kind: Option<FindingKind>,
}

impl CrashSweep {
    /// Surveys the run of `seed` and tries every branch, in parallel; a process that dies is down for `down`. `tried` is
    /// told how many branches there are and, from many threads, of each that was tried.
    ///
    /// The result does not depend on the number of threads.
    pub fn sweep<N: Node, M: Monitor<N>>(
        plan: &Plan<N, M>,
        seed: u64,
        down: Duration,
        tried: &(dyn Fn(Progress) + Sync),
    ) -> CrashSweep {
        let (outcome, found) = quiesce_sim::survey(plan, seed);
        let verdict = outcome.verdict;
        if matches!(verdict, Verdict::Fail | Verdict::Incomplete(_) | Verdict::Error(_)) {
            return CrashSweep { seed, verdict, boundaries: 0, branches: BTreeMap::new(), fallen: Vec::new() };
        }
        tried(Progress::Branches(found.len() as u64));
        let one = |branch: &Branch| {
            let fallen = Fallen::of(plan, seed, branch, down);
            tried(Progress::Tried);
            fallen
        };
        let mut branches = BTreeMap::new();
        for branch in &found {
            *branches.entry(branch.blow).or_default() += 1;
        }
        let boundaries = branches.get(&Blow::Crash).copied().unwrap_or(0);
        let fallen = found.par_iter().filter_map(one).collect();
        CrashSweep { seed, verdict, boundaries, branches, fallen }
    }

    /// How many branches were tried.
    #[must_use]
    pub fn tried(&self) -> u64 {
        self.branches.values().sum()
    }

    /// How many branches failed each property, with the first of each; those cut short stand under `None`.
    #[must_use]
    pub fn by_property(&self) -> BTreeMap<Option<&'static str>, (u64, &Fallen)> {
        let mut by = BTreeMap::new();
        for fallen in &self.fallen {
            by.entry(fallen.property).or_insert((0, fallen)).0 += 1;
        }
        by
    }
}

/// How far a sweep is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many branches will be tried.
    Branches(u64),
    /// One was.
    Tried,
}

impl Fallen {
    /// The branch, if it does not recover.
    fn of<N: Node, M: Monitor<N>>(plan: &Plan<N, M>, seed: u64, at: &Branch, down: Duration) -> Option<Fallen> {
        let (outcome, _) = quiesce_sim::branch(plan, seed, at, down, false);
        let (branch, node) = (at.clone(), plan.nodes[at.node.index()].to_owned());
        if let Some(finding) = outcome.findings.first() {
            let (property, evidence, kind) = (Some(finding.property), finding.evidence.clone(), Some(finding.kind));
            return Some(Fallen { branch, node, property, evidence, at: finding.at, kind });
        }
        match outcome.verdict {
            Verdict::Incomplete(bound) => {
                let (evidence, at) = (bound.to_string(), outcome.now);
                Some(Fallen { branch, node, property: None, evidence, at, kind: None })
            }
            Verdict::Pass | Verdict::Vacuous(_) | Verdict::Fail | Verdict::Error(_) => None,
        }
    }
}
