//! The fair search against brute force on small random graphs.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Class, Edge, Fairness, Finder, Graph, Lasso, OUTSIDE, lasso, regions};

/// At most this many states: brute force tries every subset.
const STATES_MAX: u32 = 6;
const CLASSES: u32 = 4;

#[derive(Clone, Debug)]
struct Case {
    graph: Graph,
    owing: Vec<u32>,
}

fn case() -> impl Strategy<Value = Case> {
    (1..=STATES_MAX).prop_flat_map(|states| {
        let to = prop_oneof![4 => 0..states, 1 => Just(OUTSIDE)];
        let edges = prop::collection::vec((0..states, to, 0..CLASSES), 0..=(3 * states as usize));
        let fairness = prop::collection::vec(
            prop_oneof![Just(Fairness::Unfair), Just(Fairness::Weak), Just(Fairness::Strong)],
            CLASSES as usize - 1,
        );
        let owing = prop::collection::vec(prop::bool::weighted(0.8), states as usize);
        (edges, fairness, owing).prop_map(move |(edges, fairness, owing)| build(states, &edges, &fairness, &owing))
    })
}

fn build(states: u32, edges: &[(u32, u32, u32)], fairness: &[Fairness], owing: &[bool]) -> Case {
    let mut graph = Graph::default();
    for state in 0..states {
        let of_state = edges.iter().filter(|&&(from, ..)| from == state);
        graph.push(of_state.map(|&(_, to, class)| Edge { to, class: Class(class) }));
    }
    for (class, &fairness) in (1..).zip(fairness) {
        graph.declare(Class(class), fairness);
    }
    Case { graph, owing: (0..states).filter(|&s| owing[s as usize]).collect() }
}

/// Every set of owing states that a fair run can visit for ever, by trying them all.
fn stays(case: &Case) -> Vec<BTreeSet<u32>> {
    let subsets = 1u32..1 << case.owing.len();
    let subset = |bits: u32| -> BTreeSet<u32> {
        case.owing.iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0).map(|(_, &s)| s).collect()
    };
    subsets.map(subset).filter(|set| connected(&case.graph, set) && is_fair(&case.graph, set)).collect()
}

fn connected(graph: &Graph, set: &BTreeSet<u32>) -> bool {
    set.iter().all(|&from| {
        let mut reached = BTreeSet::from([from]);
        for _ in 0..set.len() {
            let next: Vec<u32> = reached.iter().flat_map(|&s| graph.edges(s)).map(|edge| edge.to).collect();
            reached.extend(next.into_iter().filter(|to| set.contains(to)));
        }
        reached.len() == set.len()
    })
}

fn is_fair(graph: &Graph, set: &BTreeSet<u32>) -> bool {
    let taken: BTreeSet<Class> =
        set.iter().flat_map(|&s| graph.edges(s)).filter(|e| set.contains(&e.to)).map(|e| e.class).collect();
    (1..CLASSES).map(Class).all(|class| fair_to(graph, class, set, taken.contains(&class)))
}

fn fair_to(graph: &Graph, class: Class, visited: &BTreeSet<u32>, taken: bool) -> bool {
    let enabled = |state: &u32| graph.edges(*state).any(|edge| edge.class == class);
    match graph.fairness(class) {
        Fairness::Unfair => true,
        Fairness::Weak => taken || !visited.iter().all(enabled),
        Fairness::Strong => taken || !visited.iter().any(enabled),
    }
}

/// Whether a loop can be walked, stays among the owing and starves no class.
fn check_loop(case: &Case, Lasso { entry, steps }: &Lasso) -> Result<(), TestCaseError> {
    let mut at = *entry;
    let mut visited = BTreeSet::from([at]);
    for step in steps {
        prop_assert!(case.graph.edges(at).any(|edge| edge == *step), "no such step from {at}: {step:?}");
        at = step.to;
        visited.insert(at);
    }
    prop_assert_eq!(at, *entry, "a loop ends where it began");
    prop_assert!(visited.iter().all(|state| case.owing.contains(state)));
    for class in (1..CLASSES).map(Class) {
        let taken = steps.iter().any(|step| step.class == class);
        prop_assert!(fair_to(&case.graph, class, &visited, taken), "{class:?} is starved");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn regions_are_exactly_the_greatest_sets_that_brute_force_finds(case in case()) {
        let found: BTreeSet<BTreeSet<u32>> =
            regions(&case.graph, &case.owing).into_iter().map(|r| r.states.into_iter().collect()).collect();
        let stays = stays(&case);
        let greatest = stays.iter().filter(|set| !stays.iter().any(|other| set.is_subset(other) && *set != other));
        prop_assert_eq!(found, greatest.cloned().collect());
    }

    #[test]
    fn nothing_is_lost_by_looking_among_candidates_alone(case in case(), of_all in prop::collection::vec(any::<bool>(), STATES_MAX as usize)) {
        let mut finder = Finder::new(&case.graph);
        let all: Vec<u32> = (0..case.graph.len()).filter(|&s| of_all[s as usize] || case.owing.contains(&s)).collect();
        let candidates = finder.candidates(&all);
        let among: Vec<u32> = candidates.into_iter().filter(|state| case.owing.contains(state)).collect();
        prop_assert_eq!(finder.find(&among), regions(&case.graph, &case.owing));
    }

    #[test]
    fn every_region_has_a_loop_that_is_fair(case in case()) {
        for region in regions(&case.graph, &case.owing) {
            check_loop(&case, &lasso(&case.graph, &region))?;
        }
    }
}
