//! The walk on models that are not ours, and what Stateright 0.31 does with them.
//!
//! Each trap is shown twice: that it is there, so that we notice when it goes, and that we do not fall into it.

mod commit;
#[path = "../examples/any_model.rs"]
mod example;

use std::num::NonZeroUsize;
use std::time::Duration;

use commit::Commit;
use quiesce_model::fair::{Class, Edge, regions};
use quiesce_model::search::{Bounds, Explore, Walk, walk};
use quiesce_model::{Limits, Shortfall};
use stateright::{Checker, Model, Property};

/// A graph as a model: what it may do in each state, and where nothing is owed.
#[derive(Clone)]
struct Plot {
    edges: Vec<Vec<Edge>>,
    done: Vec<u32>,
    properties: Vec<Property<Plot>>,
}

impl Plot {
    fn new(edges: &[&[u32]], done: &[u32]) -> Self {
        let edge = |&to: &u32| Edge { to, class: Class(to + 1) };
        let edges = edges.iter().map(|targets| targets.iter().map(edge).collect()).collect();
        Plot { edges, done: done.to_vec(), properties: Vec::new() }
    }

    fn with(self, property: Property<Plot>) -> Self {
        Plot { properties: [self.properties, vec![property]].concat(), ..self }
    }

    /// A straight line of `count` states.
    fn line(count: u32) -> Self {
        let edges: Vec<Vec<u32>> = (1..=count).map(|next| if next < count { vec![next] } else { vec![] }).collect();
        Plot::new(&edges.iter().map(Vec::as_slice).collect::<Vec<_>>(), &[])
    }
}

impl Model for Plot {
    type State = u32;
    type Action = Edge;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }

    fn actions(&self, state: &u32, actions: &mut Vec<Edge>) {
        actions.extend(&self.edges[*state as usize]);
    }

    fn next_state(&self, _: &u32, action: Edge) -> Option<u32> {
        Some(action.to)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        self.properties.clone()
    }
}

impl Explore for Plot {
    fn fingerprint(&self, state: &u32) -> u64 {
        u64::from(*state).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn class(&self, action: &Edge) -> Class {
        action.class
    }

    fn owed(&self, state: &u32, owed: &mut Vec<u32>) {
        if !self.done.contains(state) {
            owed.push(0);
        }
    }
}

fn eventually_done() -> Property<Plot> {
    Property::eventually("done", |plot: &Plot, state| plot.done.contains(state))
}

fn owed_for_ever(plot: &Plot) -> Vec<Vec<u32>> {
    let Walk { debts, .. } = walk(plot, Bounds::default());
    regions(debts.graph(), &debts.owing(&[0])).into_iter().map(|region| region.states).collect()
}

#[test]
fn stateright_misses_what_a_cycle_owes_and_we_do_not() {
    let cycle = Plot::new(&[&[1], &[0]], &[]);
    let checker = cycle.clone().with(eventually_done()).checker().spawn_bfs().join();
    assert!(checker.discovery("done").is_none(), "the trap is gone");
    assert_eq!(owed_for_ever(&cycle), [[0, 1]]);
}

#[test]
fn stateright_misses_what_a_join_owes_and_we_do_not() {
    // By way of 1 it is done, by way of 2 not; both lead to 3.
    let join = Plot::new(&[&[1, 2], &[3], &[3], &[]], &[1]);
    let checker = join.with(eventually_done()).checker().spawn_bfs().join();
    assert!(checker.discovery("done").is_none(), "the trap is gone");
    // What is owed belongs to the state, so that the two ways do not join.
    let apart = Plot::new(&[&[1, 2], &[3], &[4], &[], &[]], &[1, 3]);
    assert_eq!(owed_for_ever(&apart), [[4]]);
}

#[test]
#[should_panic(expected = "say what is owed instead of `eventually`")]
fn the_walk_refuses_eventually() {
    walk(&Plot::line(3).with(eventually_done()), Bounds::default());
}

#[test]
fn stateright_asserts_properties_of_a_truncated_run_and_we_call_it_incomplete() {
    let never_last = Property::always("never-last", |plot: &Plot, state| *state as usize + 1 < plot.edges.len());
    let long = Plot::line(10_000).with(never_last);
    long.clone().checker().target_state_count(2).spawn_bfs().join().assert_properties();
    let limits = Limits { max_states: Some(2), ..Limits::default() };
    let cut_short = walk(&long, Bounds { limits, ..Bounds::default() });
    assert_eq!((cut_short.shortfall, cut_short.found(0)), (Some(Shortfall::States(2)), None));
    assert_eq!(walk(&long, Bounds::default()).found(0), Some(9_999));
}

#[test]
fn stateright_ignores_its_time_limit_on_one_thread_and_we_do_not() {
    let never = Property::always("always", |_: &Plot, _| true);
    let long = Plot::line(5_000).with(never);
    let checker = long.clone().checker().timeout(Duration::ZERO).spawn_bfs();
    let ran_on = checker.join().unique_state_count();
    assert!(ran_on == 5_000 || ran_on == 1, "either it never looked, or it looked only before the start: {ran_on}");
    let limits = Limits { timeout: Some(Duration::ZERO), ..Limits::default() };
    let cut_short = walk(&long, Bounds { limits, ..Bounds::default() });
    assert_eq!((cut_short.shortfall, cut_short.unique()), (Some(Shortfall::Timeout(Duration::ZERO)), 1));
}

#[test]
fn stateright_reports_the_last_violation_of_a_block_and_we_the_first() {
    let early = Property::always("early", |_: &Plot, state| *state < 3);
    let another = Property::always("another", |_: &Plot, _| true);
    let line = Plot::line(100).with(early).with(another);
    let checker = line.clone().checker().spawn_bfs().join();
    let path = checker.discovery("early").expect("a violation");
    assert!(path.into_states().len() > 4, "the trap is gone");
    let found = walk(&line, Bounds::default());
    let route = found.route(&line, found.found(0).expect("a violation"));
    assert_eq!(route.states, [0, 1, 2, 3]);
}

#[test]
fn stateright_ignores_symmetry_in_breadth_first_search() {
    let always = Property::always("always", |_: &Plot, _| true);
    let fan = Plot::new(&[&[1, 2, 3], &[], &[], &[]], &[]).with(always);
    let fold = |state: &u32| (*state).min(1);
    let checker = fan.clone().checker().symmetry_fn(fold).spawn_bfs().join();
    assert_eq!(checker.unique_state_count(), 4, "the trap is gone");
    let deep = fan.checker().symmetry_fn(fold).spawn_dfs().join();
    assert_eq!(deep.unique_state_count(), 2);
}

#[test]
fn stateright_s_own_example_has_its_published_counts() {
    for (managers, published) in [(3, 288), (5, 8_832), (7, 296_448)] {
        let model = Commit { managers };
        let found = walk(&model, Bounds::default());
        assert_eq!((found.unique(), found.shortfall), (published, None), "{managers} resource managers");
        assert!(found.found(0).is_some(), "a commit is possible");
        assert_eq!(found.found(1), None, "and never beside an abort");
        assert_eq!(found.debts.graph().edge_count(), 0, "nothing is owed, so no edge is kept");
    }
}

#[test]
fn stateright_s_paxos_has_its_published_count_and_waits_that_stateright_does_not_judge() {
    let model = example::paxos(2);
    let ours = walk(&model, Bounds::default());
    let theirs = model.checker().spawn_bfs().join();
    assert_eq!((ours.unique(), ours.unique()), (16_668, theirs.unique_state_count() as u64));
    assert_eq!((ours.generated, ours.depth + 1), (theirs.state_count() as u64, theirs.max_depth() as u64));
    assert!(ours.found(0).is_none() && theirs.discovery("linearizable").is_none());
    let chosen = ours.route(theirs.model(), ours.found(1).expect("a value can be chosen")).actions.len();
    let path = theirs.discovery("value chosen").expect("theirs finds it too").into_actions().len();
    assert!(chosen <= path, "ours took {chosen} steps, theirs {path}");
    let stuck = |client| !regions(ours.debts.graph(), &ours.debts.owing(&[client])).is_empty();
    assert!(stuck(3) && stuck(4), "with two leaders, one may never hear of its proposal");
}

#[test]
fn threads_change_nothing_that_is_found() {
    let model = Commit { managers: 6 };
    let found = |threads| {
        let limits = Limits { threads: NonZeroUsize::new(threads).expect("some"), ..Limits::default() };
        let found = walk(&model, Bounds { limits, ..Bounds::default() });
        let route = found.route(&model, found.found(0).expect("a commit is possible"));
        (found.unique(), found.generated, found.depth, found.found(0), route.states)
    };
    let one = found(1);
    assert!([2, 3, 8].into_iter().all(|threads| found(threads) == one));
}

#[test]
fn both_engines_generate_the_same_states() {
    let model = Commit { managers: 5 };
    let ours = walk(&model, Bounds::default());
    let theirs = model.checker().spawn_bfs().join();
    assert_eq!((ours.unique(), ours.generated), (theirs.unique_state_count() as u64, theirs.state_count() as u64));
    assert_eq!(ours.depth + 1, theirs.max_depth() as u64, "Stateright counts the first state as depth 1");
}
