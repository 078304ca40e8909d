//! Stateright's own checkers, as a second opinion on safety and counts.
//!
//! They run on one thread, so that a counterexample is the same every time. On one thread Stateright 0.31 ignores its
//! time limit, and its state limit counts repeats; so both limits are kept by a [`Brake`] in the model. Its symmetry is
//! not used: with breadth-first search it is silently ignored.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model};

use super::Route;
use super::walk::Bounds;
use crate::report::{Limits, Progress, Search, Shortfall};

/// How often progress is looked at.
const POLL: Duration = Duration::from_millis(5);

/// Makes a model run dry when a limit is hit, and remembers that it did.
#[derive(Debug)]
pub(crate) struct Brake {
    limits: Limits,
    began: Instant,
    expanded: AtomicUsize,
    over_states: AtomicBool,
    over_time: AtomicBool,
    interrupted: AtomicBool,
    /// Paths are rebuilt by asking the model again, after the search.
    released: AtomicBool,
}

impl Brake {
    pub(crate) fn new(limits: Limits) -> Self {
        Brake {
            limits,
            began: Instant::now(),
            expanded: AtomicUsize::new(0),
            over_states: AtomicBool::new(false),
            over_time: AtomicBool::new(false),
            interrupted: AtomicBool::new(false),
            released: AtomicBool::new(false),
        }
    }

    /// Whether one more state may be expanded.
    pub(crate) fn admits(&self) -> bool {
        if self.released.load(Ordering::Relaxed) {
            return true;
        }
        let expanded = self.expanded.fetch_add(1, Ordering::Relaxed);
        let many = self.limits.max_states.is_some_and(|most| expanded >= most);
        let late = expanded.is_multiple_of(256) && self.limits.timeout.is_some_and(|most| self.began.elapsed() >= most);
        self.over_states.fetch_or(many, Ordering::Relaxed);
        self.over_time.fetch_or(late, Ordering::Relaxed);
        !many && !self.over_time.load(Ordering::Relaxed) && !self.interrupted.load(Ordering::Relaxed)
    }

    fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }

    fn release(&self) {
        self.released.store(true, Ordering::Relaxed);
    }

    fn shortfall(&self) -> Option<Shortfall> {
        if self.over_states.load(Ordering::Relaxed) {
            self.limits.max_states.map(Shortfall::States)
        } else if self.over_time.load(Ordering::Relaxed) {
            self.limits.timeout.map(Shortfall::Timeout)
        } else if self.interrupted.load(Ordering::Relaxed) {
            Some(Shortfall::Interrupted)
        } else {
            None
        }
    }
}

/// A model that carries a brake and asks it in `actions`.
pub(crate) trait Braked: Model {
    fn brake(&self) -> Option<&Brake>;
}

/// What Stateright found.
#[derive(Debug)]
pub(crate) struct SecondOpinion<S, A> {
    pub(crate) unique: u64,
    pub(crate) generated: u64,
    pub(crate) depth: u64,
    pub(crate) shortfall: Option<Shortfall>,
    /// A way to a violation, by property.
    pub(crate) found: Vec<Option<Route<S, A>>>,
}

/// Lets Stateright search `model`, and hands it back to `judge` with what was found.
pub(crate) fn second_opinion<E, R>(
    model: E,
    search: Search,
    bounds: Bounds<'_>,
    judge: impl FnOnce(&E, SecondOpinion<E::State, E::Action>) -> R,
) -> R
where
    E: Braked + Send + Sync + 'static,
    E::State: Clone + PartialEq + std::hash::Hash + Send + Sync + 'static,
    E::Action: Clone + PartialEq,
{
    let builder = model.checker().threads(1);
    let builder = match bounds.limits.first_failure {
        true => builder.finish_when(HasDiscoveries::AnyFailures),
        false => builder,
    };
    match search {
        Search::Dfs => conclude(builder.spawn_dfs(), bounds, judge),
        Search::Bfs | Search::Safety | Search::StaterightBfs => conclude(builder.spawn_bfs(), bounds, judge),
    }
}

fn conclude<E, C, R>(
    mut checker: C,
    bounds: Bounds<'_>,
    judge: impl FnOnce(&E, SecondOpinion<E::State, E::Action>) -> R,
) -> R
where
    E: Braked,
    E::State: Clone + PartialEq,
    E::Action: Clone + PartialEq,
    C: Checker<E>,
{
    let began = Instant::now();
    for thread in checker.handles() {
        while !thread.is_finished() {
            std::thread::sleep(POLL);
            tell(&checker, bounds, began);
        }
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
    if let Some(brake) = checker.model().brake() {
        brake.release();
    }
    let opinion = opinion(&checker, bounds.limits);
    judge(checker.model(), opinion)
}

fn tell<E: Braked>(checker: &impl Checker<E>, bounds: Bounds<'_>, began: Instant) {
    if let Some(tell) = bounds.progress {
        let flow = tell(Progress {
            unique_states: checker.unique_state_count() as u64,
            states: checker.state_count() as u64,
            depth: depth(checker),
            queue: None,
            memory: None,
            elapsed: began.elapsed(),
        });
        if let Some(brake) = checker.model().brake().filter(|_| flow.is_break()) {
            brake.interrupt();
        }
    }
}

/// Stateright counts the first state as depth 1.
fn depth<E: Model>(checker: &impl Checker<E>) -> u64 {
    checker.max_depth().saturating_sub(1) as u64
}

fn opinion<E>(checker: &impl Checker<E>, limits: Limits) -> SecondOpinion<E::State, E::Action>
where
    E: Braked,
    E::State: Clone + PartialEq,
    E::Action: Clone + PartialEq,
{
    let model = checker.model();
    let mut discoveries = checker.discoveries();
    let found: Vec<_> = model
        .properties()
        .iter()
        .map(|property| discoveries.remove(property.name).map(|path| route(model, path)))
        .collect();
    let first = limits.first_failure && found.iter().any(Option::is_some);
    let shortfall = model.brake().and_then(Brake::shortfall).or(first.then_some(Shortfall::FirstFailure));
    SecondOpinion {
        unique: checker.unique_state_count() as u64,
        generated: checker.state_count() as u64,
        depth: depth(checker),
        shortfall,
        found,
    }
}

fn route<E>(model: &E, path: stateright::Path<E::State, E::Action>) -> Route<E::State, E::Action>
where
    E: Model,
    E::State: PartialEq,
{
    let (mut states, mut actions) = (Vec::new(), Vec::new());
    for (state, action) in path.into_vec() {
        states.push(state);
        actions.extend(action);
    }
    let start = model.init_states().iter().position(|first| first == &states[0]).unwrap_or(0);
    Route { start, states, actions }
}
