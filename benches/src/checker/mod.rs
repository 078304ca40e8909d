//! What the checker costs, beside Stateright on the same models and on the same nodes.

#[path = "../../../model/tests/commit/mod.rs"]
mod commit;
mod pairs;
#[path = "../../../model/examples/any_model.rs"]
mod published;
mod spin;
mod wrap;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quiesce::plane::Plane;
use quiesce::planes::{Operation, Xaction};
use quiesce_machine::{Monitor, Node};
use quiesce_model::search::{Bounds, Explore, walk};
use quiesce_model::{Limits, Observer, Progress, Scope, Search, System, check};
use stateright::{Checker, Model};

pub use commit::Commit;
pub use pairs::pairs;
use published::paxos;
pub use wrap::actors;

/// What one search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Distinct states.
    pub unique: u64,
    /// States generated, repeats included.
    pub generated: u64,
    /// How long it took, on the wall.
    pub took: Duration,
    /// Processor time of all threads.
    pub busy: Duration,
    /// Processor time of the thread that asked: with more than one, what they cannot share.
    pub alone: Duration,
    /// By how many bytes the process grew at most.
    pub bytes: u64,
    /// How many states waited at once, at most, as far as somebody looked.
    pub waiting: u64,
}

/// Every pair of something to search and somebody who searches it, in the order of the table. The first of each is what the
/// others are compared with.
pub const CASES: [(&str, &[&str]); 9] = [
    ("2pc-7", &["ours", "stateright", "spin"]),
    ("2pc-8", &["ours", "ours-2", "stateright", "stateright-2"]),
    ("2pc-9", &["ours", "ours-2", "stateright", "spin"]),
    ("paxos-2", &["ours", "stateright"]),
    ("pairs-8", &["ours", "ours-2", "actor-model"]),
    ("operation-nodes", &["ours", "actor-model"]),
    ("ic-nodes", &["ours", "actor-model"]),
    ("ic-targets", &["safety", "liveness"]),
    ("member-restarts", &["safety", "liveness"]),
];

/// How many states the searches of nodes whose worlds are larger stop at.
const NODES_STATES: usize = 300_000;

/// About how many states are generated for a new one in those worlds.
const REPEATS: usize = 4;

/// Searches once, in this process; none where who is to search is not installed.
///
/// # Panics
/// When there is no such case.
#[must_use]
pub fn measure(case: &str, who: &str) -> Option<Measured> {
    let plane = |name| Xaction::scope(name).expect("a scope");
    Some(match (case, who) {
        ("2pc-7", "spin") => return spin::search(7),
        ("2pc-9", "spin") => return spin::search(9),
        ("2pc-7", _) => plain(Commit { managers: 7 }, who),
        ("2pc-8", _) => plain(Commit { managers: 8 }, who),
        ("2pc-9", _) => plain(Commit { managers: 9 }, who),
        ("paxos-2", _) => plain(paxos(2), who),
        ("pairs-8", _) => nodes(pairs(8), who, None),
        ("operation-nodes", _) => nodes(bare(Operation::scope("operation").expect("a scope")), who, Some(NODES_STATES)),
        ("ic-nodes", _) => nodes(bare(plane("ic-loss")), who, Some(NODES_STATES)),
        ("ic" | "ic-targets" | "member-restarts", _) => whole(&plane(case), who),
        _ => panic!("no such case: {case}"),
    })
}

/// A model that is nobody's nodes.
fn plain<E>(model: E, who: &str) -> Measured
where
    E: Explore + Send + Sync + 'static,
    E::State: std::hash::Hash + Send + Sync + Clone + PartialEq + 'static,
    E::Action: Clone + PartialEq,
{
    match who {
        "ours" | "ours-2" => walked(&model, who, None),
        _ => stateright(model, threads(who), None),
    }
}

fn nodes<N: Node, M: Monitor<N>>(scope: Scope<N, M>, who: &str, most: Option<usize>) -> Measured
where
    N::Msg: Ord,
{
    match who {
        "ours" | "ours-2" => walked(&System::new(scope).expect("the scope makes sense"), who, most),
        _ => stateright(actors(&scope), 1, most),
    }
}

fn walked<E>(model: &E, who: &str, most: Option<usize>) -> Measured
where
    E: Explore + Sync,
    E::State: Send + Sync,
{
    taken(|look| {
        let found = walk(model, Bounds { limits: limits(who, most), safety_only: true, progress: Some(look) });
        (found.unique(), found.generated)
    })
}

fn whole<N: Node, M: Monitor<N>>(scope: &Scope<N, M>, who: &str) -> Measured {
    let search = if who == "safety" { Search::Safety } else { Search::Bfs };
    taken(|look| {
        let found = check(scope, search, Limits::default(), Some(look)).expect("the scope makes sense");
        (found.unique_states, found.states)
    })
}

/// The nodes of a scope alone: no monitors and no faults, timers at any moment, every copy of a message kept.
fn bare<N: Node, M: Monitor<N>>(scope: Scope<N, M>) -> Scope<N, M> {
    Scope { monitors: Vec::new(), budget: Default::default(), untimed: true, absorbs_repeats: false, ..scope }
}

fn stateright<E>(model: E, threads: usize, most: Option<usize>) -> Measured
where
    E: Model + Send + Sync + 'static,
    E::State: std::hash::Hash + Send + Sync + Clone + PartialEq + 'static,
    E::Action: Clone + PartialEq,
{
    taken(|_| {
        let mut checker = model.checker().threads(threads);
        if let Some(most) = most {
            // Stateright's limit counts repeats too.
            checker = checker.target_state_count(most * REPEATS);
        }
        let done = checker.spawn_bfs().join();
        (done.unique_state_count() as u64, done.state_count() as u64)
    })
}

fn limits(who: &str, max_states: Option<usize>) -> Limits {
    let threads = NonZeroUsize::new(threads(who)).expect("some");
    Limits { threads, max_states, ..Limits::default() }
}

fn threads(who: &str) -> usize {
    if who.ends_with("-2") { 2 } else { 1 }
}

fn taken(search: impl FnOnce(Observer<'_>) -> (u64, u64)) -> Measured {
    let waiting = AtomicU64::new(0);
    let look = |progress: Progress| {
        waiting.fetch_max(progress.queue.unwrap_or(0), Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    let (memory, busy, alone) = (status("VmRSS:"), process_time(), thread_time());
    let began = Instant::now();
    let (unique, generated) = search(&look);
    Measured {
        unique,
        generated,
        took: began.elapsed(),
        busy: process_time().saturating_sub(busy),
        alone: thread_time().saturating_sub(alone),
        bytes: status("VmHWM:").saturating_sub(memory),
        waiting: waiting.into_inner(),
    }
}

/// A figure of this process, in bytes; zero where the system does not tell.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Processor time of this process and of those it waited for; zero where the system does not tell.
pub(crate) fn process_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold anything: user and system time in hundredths, of itself, then of its children.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(4);
    Duration::from_millis(fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10)
}

/// Processor time of this thread; zero where the system does not tell.
fn thread_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}
