//! What the checker costs, beside Stateright on the same models and on the same nodes.

#[path = "../../../model/tests/commit/mod.rs"]
mod commit;
mod pairs;
mod wrap;

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use quiesce::plane::Plane;
use quiesce::planes::{Operation, Xaction};
use quiesce_machine::{Monitor, Node};
use quiesce_model::search::{Bounds, walk};
use quiesce_model::{Limits, Scope, Search, System, check};
use stateright::{Checker, Model};

pub use commit::Commit;
pub use pairs::pairs;
pub use wrap::actors;

/// What one search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Distinct states.
    pub unique: u64,
    /// States generated, repeats included.
    pub generated: u64,
    /// How long it took.
    pub took: Duration,
    /// By how many bytes the process grew at most.
    pub bytes: u64,
}

/// Every pair of something to search and somebody who searches it, in the order of the table.
pub const CASES: [(&str, &[&str]); 6] = [
    ("2pc-7", &["ours", "ours-2", "stateright", "stateright-2"]),
    ("2pc-8", &["ours", "ours-2", "stateright", "stateright-2"]),
    ("pairs-8", &["ours", "ours-2", "actor-model"]),
    ("operation-nodes", &["ours", "actor-model"]),
    ("ic-nodes", &["ours", "ours-2", "actor-model"]),
    ("ic-targets", &["safety", "liveness"]),
];

/// How many states the searches of nodes whose worlds are larger stop at.
const NODES_STATES: usize = 300_000;

/// About how many states are generated for a new one in those worlds.
const REPEATS: usize = 4;

/// Searches once, in this process.
///
/// # Panics
/// When there is no such case.
#[must_use]
pub fn measure(case: &str, who: &str) -> Measured {
    match case {
        "2pc-7" => commit(7, who),
        "2pc-8" => commit(8, who),
        "2pc-9" => commit(9, who),
        "pairs-8" => nodes(pairs(8), who, None),
        "operation-nodes" => nodes(bare(Operation::scope("operation").expect("a scope")), who, Some(NODES_STATES)),
        "ic-nodes" => nodes(bare(Xaction::scope("ic-loss").expect("a scope")), who, Some(NODES_STATES)),
        "ic" => whole(&Xaction::scope("ic").expect("a scope"), who),
        "ic-targets" => whole(&Xaction::scope("ic-targets").expect("a scope"), who),
        _ => panic!("no such case: {case}"),
    }
}

fn commit(managers: u32, who: &str) -> Measured {
    let model = Commit { managers };
    match who {
        "ours" | "ours-2" => taken(|| {
            let found = walk(&model, Bounds { limits: limits(who, None), ..Bounds::default() });
            (found.unique(), found.generated)
        }),
        _ => stateright(model, threads(who), None),
    }
}

fn nodes<N: Node, M: Monitor<N>>(scope: Scope<N, M>, who: &str, most: Option<usize>) -> Measured
where
    N::Msg: Ord,
{
    match who {
        "ours" | "ours-2" => {
            let system = System::new(scope).expect("the scope makes sense");
            taken(|| {
                let found = walk(&system, Bounds { limits: limits(who, most), ..Bounds::default() });
                (found.unique(), found.generated)
            })
        }
        _ => stateright(actors(&scope), 1, most),
    }
}

fn whole<N: Node, M: Monitor<N>>(scope: &Scope<N, M>, who: &str) -> Measured {
    let search = if who == "safety" { Search::Safety } else { Search::Bfs };
    taken(|| {
        let found = check(scope, search, Limits::default(), None).expect("the scope makes sense");
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
    taken(|| {
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

fn taken(search: impl FnOnce() -> (u64, u64)) -> Measured {
    let before = status("VmRSS:");
    let began = Instant::now();
    let (unique, generated) = search();
    Measured { unique, generated, took: began.elapsed(), bytes: status("VmHWM:").saturating_sub(before) }
}

/// A figure of this process, in bytes; zero where the system does not tell.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
