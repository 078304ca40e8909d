//! What Stateright's Explorer shows of a world.

use quiesce_model::Tour;
use stateright::{Checker, Model, Property};

use crate::toy::{Do, When, rule};
use crate::watcher::Watcher;
use crate::{A, B, World, world};

fn answered() -> World {
    let rules = vec![
        rule(A, When::Boot, [Do::Arm(0)]),
        rule(A, When::Fired(0), [Do::Send(B, 1)]),
        rule(B, When::Got(1), [Do::Say(9), Do::Put(0, 1)]),
    ];
    World { monitors: vec![Watcher::Never(9)], ..world(2, rules) }
}

#[test]
fn steps_and_states_read_as_in_a_counterexample() {
    let tour = Tour::new(&answered()).expect("the world makes sense");
    let first = tour.init_states().remove(0);
    assert!(format!("{first:?}").starts_with("a, life 1\n"), "{first:?}");
    let mut actions = Vec::new();
    tour.actions(&first, &mut actions);
    let fire = actions.remove(0);
    assert!(tour.format_action(&fire).ends_with(" of a"), "{}", tour.format_action(&fire));
    assert!(tour.format_step(&first, fire).is_some_and(|text| text.starts_with("a timer ")));
    let second = tour.next_state(&first, fire).expect("it leads somewhere");
    assert!(format!("{second:?}").contains("a to b, Out: "), "{second:?}");
}

#[test]
fn a_way_is_drawn_as_a_sequence_diagram() {
    let tour = Tour::new(&answered()).expect("the world makes sense");
    let done = tour.checker().spawn_bfs().join();
    let path = done.discovery("never").expect("nine is said");
    let svg = done.model().as_svg(path).expect("a picture");
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
    assert_eq!((svg.matches("svg-actor-label").count(), svg.matches("svg-event-line").count()), (2, 1), "{svg}");
    assert_eq!(svg.matches("<circle").count(), 1, "the timer: {svg}");
}

#[test]
fn a_tour_has_the_world_s_states_and_properties() {
    let tour = Tour::new(&answered()).expect("the world makes sense");
    let names: Vec<_> = tour.properties().iter().map(|property: &Property<_>| property.name).collect();
    assert_eq!(names, ["never", quiesce_model::PANIC]);
    let unique = tour.checker().spawn_bfs().join().unique_state_count() as u64;
    assert_eq!(unique, crate::run(&answered()).unique_states);
}
