//! One check: search, judge, tell.

use std::time::Instant;

use quiesce_machine::{Monitor, Node, Obligation};

use crate::fair::{Finder, Lasso, Region, lasso};
use crate::judge::{Figures, Judge, Way};
use crate::report::{Limits, Observer, Report, Search, Shortfall};
use crate::scope::{Scope, ScopeError};
use crate::search::{Bounds, Brake, SecondOpinion, Walk, second_opinion, walk};
use crate::symmetry::{Symmetry, SymmetryError};
use crate::system::{Action, Guide, State, System};

/// Why a check gave no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The scope makes no sense.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The way that a guide knows cannot be gone: the scope, the policies or the code are other than they were.
    #[error("step {step} of the way cannot be taken here")]
    Strayed {
        /// The step, counted from 1.
        step: usize,
    },
    /// Nothing can be folded.
    #[error(transparent)]
    Symmetry(#[from] SymmetryError),
    /// Liveness was to be judged on folded states.
    #[error("symmetry is for safety alone: what is owed for ever is owed to one name, and folding mixes names")]
    FoldedLiveness,
    /// Somebody's code depends on what a name is, so that states which differ in names alone are not alike.
    #[error("{who} tells names apart: with names exchanged it differs, when it {what}")]
    Asymmetric {
        /// Whose code.
        who: String,
        /// What it does differently.
        what: String,
    },
    /// Somebody does something about a message that it said it would ignore, so that states were left out wrongly.
    #[error("{who} does not ignore what it said it would: {what}")]
    Heeded {
        /// Its name.
        who: String,
        /// The event, for people.
        what: String,
    },
    /// A node's code depends on more than its state and the event, so that nothing found can be trusted.
    #[error("{node} is not a pure state machine: run twice from one state it differs, when it {event}")]
    Impure {
        /// Its name.
        node: String,
        /// The event, for people.
        event: String,
    },
}

/// Explores every world of `scope` and judges every property in it.
///
/// A property passes only if every state was looked at, no run violates it, no fair run owes it for ever, and it had
/// something to judge. Runs are fair to every message, timer, store and restart: none is put off for ever while it
/// could be taken; a long timer not even if it could be taken only now and then. Losses, duplicates, crashes,
/// partitions and users may strike or not; their budgets bound them, so that in every run the faults stop.
///
/// # Errors
/// When the scope makes no sense, or a node turns out not to be a pure function.
///
/// # Panics
/// When a monitor panics while it says what is owed. A panic in a node, or in a monitor's `observe`, is a finding.
pub fn check<N, M>(
    scope: &Scope<N, M>,
    search: Search,
    limits: Limits,
    progress: Option<Observer<'_>>,
) -> Result<Report<N>, CheckError>
where
    N: Node,
    M: Monitor<N>,
{
    explore(System::new(scope.clone())?, search, limits, progress)
}

/// [`check`] of everything that can happen once `guide` has led to where it leads.
///
/// # Errors
/// As [`check`], and when the way cannot be gone.
///
/// # Panics
/// As [`check`].
pub fn check_after<N, M>(
    scope: &Scope<N, M>,
    guide: &mut dyn Guide<N>,
    search: Search,
    limits: Limits,
    progress: Option<Observer<'_>>,
) -> Result<Report<N>, CheckError>
where
    N: Node,
    M: Monitor<N>,
{
    let mut system = System::new(scope.clone())?;
    system.begin_after(guide)?;
    explore(system, search, limits, progress)
}

/// [`check`] of safety in a scope, in which states that differ only in names which `symmetry` says are alike count as one.
///
/// Nobody is trusted to be alike: every step of a node or monitor is also taken with names exchanged, once, and must come
/// to the same.
///
/// # Errors
/// As [`check`]; when liveness is to be judged, nothing is alike, or somebody's code tells names apart.
///
/// # Panics
/// As [`check`].
pub fn check_folded<N, M>(
    scope: &Scope<N, M>,
    symmetry: &Symmetry<N, M>,
    search: Search,
    limits: Limits,
    progress: Option<Observer<'_>>,
) -> Result<Report<N>, CheckError>
where
    N: Node,
    M: Monitor<N>,
{
    if search == Search::Bfs {
        return Err(CheckError::FoldedLiveness);
    }
    explore(System::new(scope.clone())?.folded(symmetry)?, search, limits, progress)
}

fn explore<N, M>(
    system: System<N, M>,
    search: Search,
    limits: Limits,
    progress: Option<Observer<'_>>,
) -> Result<Report<N>, CheckError>
where
    N: Node,
    M: Monitor<N>,
{
    let system = system.dropping_ignored();
    let began = Instant::now();
    let bounds = Bounds { limits, safety_only: search == Search::Safety, progress };
    match search {
        Search::Bfs => {
            let mut walk = walk(&system, bounds);
            for class in system.patient_classes() {
                walk.debts.declare_strong(class);
            }
            judge_walk(&system, &walk, began)
        }
        Search::Safety => judge_safety(&system, &walk(&system, bounds), began),
        Search::Dfs | Search::StaterightBfs => {
            let system = system.with_brake(Brake::new(limits));
            second_opinion(system, search, bounds, |system, opinion| judge_opinion(system, opinion, began))
        }
    }
}

fn judge_walk<N: Node, M: Monitor<N>>(
    system: &System<N, M>,
    walk: &Walk,
    began: Instant,
) -> Result<Report<N>, CheckError> {
    system.heeds_nothing_ignored()?;
    let mut stuck = Stuck::new(system, walk);
    let mut judge = Judge::new(system, walk.shortfall);
    for property in 0..judge.len() {
        judge.owing_states(property, stuck.owing_states(property));
        if let Some(state) = walk.found(property) {
            judge.violated(property, walk.route(system, state))?;
        } else if let Some((obligation, region)) = stuck.for_ever(property) {
            let (route, length) = stay(system, walk, &region);
            judge.owes_for_ever(property, obligation, route, length);
        }
    }
    let edges = walk.debts.graph().edge_count() as u64;
    judge.report(Figures { unique: walk.unique(), generated: walk.generated, depth: walk.depth, edges, began })
}

fn judge_safety<N: Node, M: Monitor<N>>(
    system: &System<N, M>,
    walk: &Walk,
    began: Instant,
) -> Result<Report<N>, CheckError> {
    system.asymmetry()?;
    system.heeds_nothing_ignored()?;
    let mut judge = Judge::new(system, walk.shortfall);
    for property in 0..judge.len() {
        if let Some(state) = walk.found(property) {
            judge.violated(property, walk.route(system, state))?;
        } else if system.was_owing(property) {
            judge.unjudged(property, Shortfall::SafetyOnly);
        }
    }
    judge.report(Figures { unique: walk.unique(), generated: walk.generated, depth: walk.depth, edges: 0, began })
}

/// A shortest way into a region and once around a fair loop in it, and the loop's length.
fn stay<N: Node, M: Monitor<N>>(system: &System<N, M>, walk: &Walk, region: &Region) -> (Way, usize) {
    let Lasso { entry, steps } = lasso(walk.debts.graph(), region);
    let mut route = walk.route(system, entry);
    for step in &steps {
        walk.follow(system, &mut route, *step);
    }
    (route, steps.len())
}

fn judge_opinion<N: Node, M: Monitor<N>>(
    system: &System<N, M>,
    opinion: SecondOpinion<State, Action>,
    began: Instant,
) -> Result<Report<N>, CheckError> {
    system.asymmetry()?;
    system.heeds_nothing_ignored()?;
    let SecondOpinion { unique, generated, depth, shortfall, found } = opinion;
    let mut judge = Judge::new(system, shortfall);
    for (property, route) in found.into_iter().enumerate() {
        match route {
            Some(route) => judge.violated(property, route)?,
            None if system.was_owing(property) => judge.unjudged(property, Shortfall::SafetyOnly),
            None => (),
        }
    }
    judge.report(Figures { unique, generated, depth, edges: 0, began })
}

/// What can be owed for ever, by property.
struct Stuck<'a> {
    walk: &'a Walk,
    finder: Finder<'a>,
    /// Everything ever owed: its number in the walk, the property, the obligation.
    owed: Vec<(u32, usize, Obligation)>,
    /// The states in which a fair run might stay, whatever it owes.
    candidates: Vec<u32>,
}

impl<'a> Stuck<'a> {
    fn new<N: Node, M: Monitor<N>>(system: &System<N, M>, walk: &'a Walk) -> Self {
        let number = |id| {
            let (property, obligation) = system.obligation(id);
            (id, property, obligation)
        };
        let owed = walk.debts.all().into_iter().map(number).collect();
        let mut finder = Finder::new(walk.debts.graph());
        let candidates = finder.candidates(&walk.debts.owing_anything());
        Stuck { walk, finder, owed, candidates }
    }

    fn of(&self, property: usize) -> Vec<(u32, Obligation)> {
        let its = self.owed.iter().filter(|(_, of, _)| *of == property);
        its.map(|&(id, _, obligation)| (id, obligation)).collect()
    }

    fn owing_states(&self, property: usize) -> u64 {
        let ids: Vec<_> = self.of(property).into_iter().map(|(id, _)| id).collect();
        self.walk.debts.count_owing(&ids) as u64
    }

    /// The nearest region in which a fair run can owe one and the same thing for ever.
    fn for_ever(&mut self, property: usize) -> Option<(Obligation, Region)> {
        let mut nearest: Option<(Obligation, Region)> = None;
        for (id, obligation) in self.of(property) {
            let owing = self.walk.debts.owing_among(&self.candidates, &[id]);
            let region = self.finder.find(&owing).into_iter().next();
            let nearer = |region: &Region| nearest.as_ref().is_none_or(|(_, best)| region.first() < best.first());
            if let Some(region) = region.filter(nearer) {
                nearest = Some((obligation, region));
            }
        }
        nearest
    }
}
